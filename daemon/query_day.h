/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searching one day's event database, step by step. */
#ifndef ESAFE_QUERY_DAY_H
#define ESAFE_QUERY_DAY_H

#include <stdbool.h>
#include <linux/types.h>
#include "query.h"

/* A filter made ready: words understood, names canonical. */
struct query_match {
	char *device, *user, *class_name, *group, *category, *name; /* NULL: any */
	size_t name_len;
	bool device_is_key;
	__u8 device_kind, device_addr[16];
	__s64 device_id, user_id, class_id; /* negative: not a number */
	int verdict, reason;
	__s64 since_us, until_us; /* until: the first moment that is too late */
	bool backwards;
};

struct query_day;

/* `from_end`: only what is written from now on. */
int query_day_open(const char *path, const struct query_match *match, bool from_end, struct query_day **day);
void query_day_close(struct query_day *day);

/*
 * Yields at most `most` rows and counts them in *rows. QUERY_END: no more for now; with new rows written it goes on
 * (forwards only). *stop: what `row` returned if not 0.
 */
int query_day_step(struct query_day *day, __u64 most, query_row *row, void *ctx, __u64 *rows, int *stop);

/* Whether another file has taken the place of the one that is open. */
bool query_day_replaced(const struct query_day *day);

#endif
