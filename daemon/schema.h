/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps of a YAML text read by tables: a row says the key, how its value is read, and where the value goes. */
#ifndef ESAFE_SCHEMA_H
#define ESAFE_SCHEMA_H

#include "yamltree.h"

struct reader {
	const char *file;
	struct problems *problems;
	void *ctx;
};

struct row;
typedef int row_fn(struct reader *reader, const struct node *node, const struct row *row, void *field);

struct row {
	const char *key; /* NULL ends a table */
	row_fn *read;
	size_t offset;   /* of the field in the structure */
	const void *arg; /* for read: a table of words, limits, rows */
	bool required;
};

struct word {
	const char *text; /* NULL ends a table */
	int value;
};

struct limits {
	unsigned min, max;
};

/* Tells a problem at the node; returns -EINVAL so that it can be returned in one expression. */
int reader_problem(struct reader *reader, const struct node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int reader_expect(struct reader *reader, const struct node *node, enum node_kind kind, const char *what);

/* Reads a map in the order of the rows, whatever the order of the text. Goes on after a problem, to tell them all. */
int schema_map(struct reader *reader, const struct node *node, const struct row *rows, void *base);

/* Fields: char *, bool, unsigned, int (a value of the words in arg), a structure (rows in arg), unsigned. */
int row_text(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_flag(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_number(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_word(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_map(struct reader *reader, const struct node *node, const struct row *row, void *field);

const char *word_text(const struct word *words, int value);
int number_from_text(const char *text, unsigned min, unsigned max, unsigned *out);

#endif
