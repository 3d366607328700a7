/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching the event databases. A query runs in steps of bounded work, so that the event loop is never held up, and
 * keeps no transaction open between two of them, so that a slow client holds up no one else either.
 */
#ifndef ESAFE_QUERY_H
#define ESAFE_QUERY_H

#include <stdbool.h>
#include <linux/types.h>
#include "record.h"

/* NULL, negative or 0 as said: not asked for. Strings are copied. */
struct query_filter {
	const char *device;   /* name, MAC, address or number in the register */
	const char *user;     /* name or number */
	const char *class_name; /* name or number */
	const char *group;
	const char *category;
	const char *name;     /* this name and those below it */
	int verdict;          /* enum esafe_verdict; negative: any */
	int reason;           /* enum esafe_reason; negative: any */
	__s64 since_us;       /* 0: from the first day on */
	__s64 until_us;       /* first moment that is too late; 0: to the last day */
	__u64 limit;          /* 0: all */
	bool oldest_first;    /* else the newest first */
	bool follow;          /* goes on for ever: starts at the end unless since_us is given; oldest first */
};
#define QUERY_FILTER_ALL { .verdict = -1, .reason = -1 }

struct query;

enum query_state {
	QUERY_END = 0,  /* that was all */
	QUERY_MORE = 1, /* step again soon */
	QUERY_WAIT = 2, /* nothing new now; step again later (only with follow) */
};

/* Called for each row; the record lasts until it returns. Anything but 0 ends the query with that result. */
typedef int query_row(void *ctx, const struct record *record);

int query_open(const char *dir, const struct query_filter *filter, struct query **query);
int query_step(struct query *query, query_row *row, void *ctx); /* enum query_state or -errno */
void query_close(struct query *query);

/* Days that could not be read to their end, as YYYYMMDD: say so beside the rows. */
unsigned query_damaged(const struct query *query, unsigned *day); /* their number; *day: the last one */

#endif
