/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spreadsheet saved as CSV: a heading that names the columns, in any order, then a record a line; pure. What is wrong
 * is told with its line and column; everything that is wrong, not only the first.
 */
#ifndef ESAFE_SHEET_H
#define ESAFE_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "csv.h"
#include "problem.h"

#define SHEET_TEXT_MAX 255 /* bytes of a value */
#define SHEET_COLUMNS 12

struct sheet_column {
	const char *name;
	const char *also; /* other names of it, "|" between; NULL: none. Case, spaces, - and _ do not count */
	bool needed;      /* in the heading, and a value in each record */
	const char *missing; /* said where a value is; NULL: "the NAME is missing" */
};

/* One record's value: its text without spaces round it; NULL: the sheet has no such column. */
struct sheet_value {
	const char *text;
	int line, column;
};

struct sheet;

struct sheet_kind {
	const struct sheet_column *column;
	int columns;
	size_t most;      /* records */
	const char *what; /* "devices" */
	/* One whole record, value[] as column[]. 0, or -errno to end it all; what is wrong is told with sheet_wrong(). */
	int (*record)(void *ctx, struct sheet *sheet, int line, const struct sheet_value *value);
};

/* 0; -EINVAL: problems were told; or what `record` returned. */
int sheet_read(const struct sheet_kind *kind, const char *file, const char *text, size_t len, struct problems *problems,
	       void *ctx);

void sheet_wrong(struct sheet *sheet, int line, int column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Tells of records that are the same by `by`: index[] as they stand in the file, line[] theirs. 0 or -ENOMEM. */
struct sheet_twice {
	const char *file, *what; /* "MAC or address" */
	const void *item;
	size_t n, size;
	const int *line;
	int (*by)(const void *a, const void *b); /* of pointers to pointers to items */
};
int sheet_check_twice(const struct sheet_twice *twice, struct problems *problems);

/* Room for one more item and its line; n of *room are taken. 0 or -ENOMEM. */
int sheet_room(void **item, size_t size, int **line, size_t n, size_t *room);

/* Pointers to n items in the order of `by`, for bsearch(); the caller frees. */
const void **sheet_sorted(const void *item, size_t n, size_t size, int (*by)(const void *a, const void *b));

/* "name "a" -> "b", group ..." of what differs; `to` NULL: not spoken of. */
struct sheet_field {
	const char *what, *from, *to;
};
void sheet_changes(const struct sheet_field *field, size_t n, char *out, size_t size);

#endif
