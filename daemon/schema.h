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

/* Fields: char *, bool, unsigned, int (a value of the words in arg), a structure (rows in arg). */
int row_text(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_flag(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_number(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_word(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_map(struct reader *reader, const struct node *node, const struct row *row, void *field);
/* A char * that begins with /; arg: the most letters (size_t), or NULL. A struct esafe_prefix. */
int row_path(struct reader *reader, const struct node *node, const struct row *row, void *field);
int row_prefix(struct reader *reader, const struct node *node, const struct row *row, void *field);

/* A list that goes into an array of the structure: arg of row_list, whose offset is that of the structure. */
struct array {
	row_fn *read;           /* of one */
	const char *one, *many; /* what they are called */
	const char *none;       /* what is wrong with an empty list; NULL: nothing */
	size_t at, count;       /* offsets of the array, and of the number of them (size_t) */
	size_t size, most;
};

#define ARRAY(type, array, number) \
	.at = offsetof(type, array), .count = offsetof(type, number), .size = sizeof(((type *)0)->array[0]), \
	.most = sizeof(((type *)0)->array) / sizeof(((type *)0)->array[0])

int row_list(struct reader *reader, const struct node *node, const struct row *row, void *field);

const char *word_text(const struct word *words, int value);
int number_from_text(const char *text, unsigned min, unsigned max, unsigned *out);

#endif
