/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows on paper: text in columns, CSV, or JSON lines. What came from the network never reaches the terminal raw. */
#ifndef ESAFECTL_PRINT_H
#define ESAFECTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum print_style { PRINT_TEXT, PRINT_CSV, PRINT_JSON };

struct column {
	const char *key;  /* of the row; NULL ends the table */
	const char *head;
	int width;        /* in text; longer values push the rest aside. 0: the last column. Negative: CSV and JSON only */
};

struct printer {
	enum print_style style;
	const struct column *columns; /* NULL: every key of a row on a line of its own */
	FILE *to;
	bool headed; /* the heading was printed */
};

/* 0, or -1 if nobody reads any more. */
int print_row(struct printer *printer, const json_t *row);

/* Text with everything escaped that could move a cursor, change its direction or hide. Returns columns taken. */
int print_safe(FILE *to, const char *text);

/* One CSV field (RFC 4180); text that a spreadsheet would run as a formula is quoted with an apostrophe. */
void print_csv_field(FILE *to, const char *text, bool is_text);

#endif
