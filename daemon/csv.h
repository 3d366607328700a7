/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comma-separated values as RFC 4180 has them, field by field; pure. */
#ifndef ESAFE_CSV_H
#define ESAFE_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct csv {
	const char *at, *end;
	const char *line_start;
	int line;         /* from 1 */
	const char *wrong; /* what is wrong, after csv_field() returned -EINVAL */
};

struct csv_field {
	char *text;       /* in the room of the caller */
	size_t len;
	int line, column; /* where it begins */
	bool last;        /* of its record */
};

/* Passes over a byte order mark. */
void csv_open(struct csv *csv, const char *text, size_t len);

/*
 * The next field, put into room[size] with a final zero byte. 1: a field; 0: the text is over; -EINVAL: csv->wrong says
 * why, field->line and ->column where; the rest of the record is passed over.
 */
int csv_field(struct csv *csv, char *room, size_t size, struct csv_field *field);

#endif
