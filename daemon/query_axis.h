/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table that the events of a day refer to by number, and the set of its rows that a filter wants, as bits. The
 * set is made a few thousand rows at a time and grows with the table.
 */
#ifndef ESAFE_QUERY_AXIS_H
#define ESAFE_QUERY_AXIS_H

#include <stdbool.h>
#include <sqlite3.h>
#include "query_day.h"

enum { AXIS_WHO, AXIS_WHAT, AXIS_NAME, AXES };

struct axis {
	const struct axis_kind *kind;
	const struct query_match *match;
	bool all;               /* the filter does not ask for anything here */
	sqlite3_stmt *rows;     /* from a number on */
	sqlite3_stmt *events;   /* numbers of the events that refer to a row; NULL until needed */
	__u64 *bits;
	size_t words;
	sqlite3_int64 seen;     /* rows up to this number were looked at */
	sqlite3_int64 wanted;   /* bits set */
};

int axis_open(struct axis *axis, int which, sqlite3 *db, const struct query_match *match);
void axis_close(struct axis *axis);

/* QUERY_END: all rows were looked at; QUERY_MORE: call again; -errno */
int axis_extend(struct axis *axis);

static inline bool axis_has(const struct axis *axis, sqlite3_int64 number)
{
	return axis->all || (number > 0 && (__u64)number / 64 < axis->words &&
			     (axis->bits[number / 64] >> (number % 64) & 1));
}

/* The numbers of all events that refer to a wanted row, not sorted. -EFBIG: not worth while. */
int axis_pick(struct axis *axis, size_t most, sqlite3_int64 **picked, size_t *n);

#endif
