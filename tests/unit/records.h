/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of store and query: records to put into a store, and how many are found again. */
#ifndef TESTS_RECORDS_H
#define TESTS_RECORDS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "query.h"
#include "record.h"
#include "scratch.h"
#include "store.h"

#define NOON 1780000000LL /* 2026-05-28 21:26:40 in London; seconds */
#define DAY 86400LL

/* Record number n of a school: 7 devices, 3 groups, 5 sites, every tenth blocked. */
static inline void sample(unsigned n, __s64 at_s, struct record *out)
{
	static const char *const devices[] = { "", "reading-1", "reading-2", "library", "office", "trolley-a", "trolley-b" };
	static const char *const groups[] = { "ks1", "ks2", "staff" };
	static const char *const sites[] = { "www.example.org", "example.org", "notexample.org", "games.example.net",
					     "a.b.example.org" };

	*out = (struct record){
		.at_us = at_s * 1000000 + n,
		.device_id = n % 7,
		.user_id = n % 3 ? 0 : 40 + n % 2,
		.policy = 12,
		.line = n % 5 ? 0 : 33,
		.qtype = n % 2 ? 28 : 1,
		.sport = (__u16)(1024 + n),
		.dport = 53,
		.vlan_outer = 0,
		.vlan_inner = n % 7 < 3 ? 20 : 0,
		.src = { [10] = 0xff, 0xff, 10, 0, 0, (__u8)(n % 7 + 1) },
		.dst = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		.mac = { 2, 0, 0, 0, 0, (__u8)(n % 7 + 1) },
		.proto = 1,
		.verdict = n % 10 ? 0 : 1,
		.reason = n % 10 ? 16 : 13,
		.how = n % 7 ? 1 : 7,
		.confidence = n % 7 ? 3 : 0,
		.device = devices[n % 7],
		.user = n % 3 ? "" : n % 2 ? "teacher" : "pupil",
		.class_id = n % 4 ? 0 : 9,
		.class_name = n % 4 ? "" : "4B",
		.rule = n % 8 ? 0 : 70,
		.known = n % 4,
		.group = groups[n % 3],
		.category = n % 10 ? "" : "games",
		.iface = "lan0",
	};
	strcpy(out->name, sites[n % 5]);
}

static inline struct store *open_store(void)
{
	struct store *store;

	cr_assert_eq(store_open(scratch, &store), 0);
	return store;
}

static inline void append(struct store *store, unsigned from, unsigned n, __s64 at_s)
{
	struct record record;

	for (unsigned i = from; i < from + n; i++) {
		sample(i, at_s, &record);
		cr_assert_eq(store_append(store, &record), 0);
	}
}

static inline int count_row(void *ctx, const struct record *record)
{
	++*(unsigned *)ctx;
	return 0;
}

/* Number of rows that a filter finds in all days; every step of the search is bounded by itself. */
static inline unsigned count_rows(const struct query_filter *filter)
{
	struct query *query;
	unsigned rows = 0;
	int state;

	cr_assert_eq(query_open(scratch, filter, &query), 0);
	while ((state = query_step(query, count_row, &rows)) == QUERY_MORE)
		;
	cr_assert_eq(state, QUERY_END, "state %d", state);
	query_close(query);
	return rows;
}

static inline unsigned count_all(void)
{
	struct query_filter all = QUERY_FILTER_ALL;

	return count_rows(&all);
}

#endif
