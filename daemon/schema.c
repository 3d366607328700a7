/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"
#include "schema.h"

#define WORDS_MAX 64 /* rows or words in one table */
#define PATH_TEXT_MAX 240

int reader_problem(struct reader *reader, const struct node *node, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	problem_vadd(reader->problems, reader->file, node->line, node->column, fmt, args);
	va_end(args);
	return -EINVAL;
}

int reader_expect(struct reader *reader, const struct node *node, enum node_kind kind, const char *what)
{
	static const char *const kinds[] = {
		[NODE_SCALAR] = "a word",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a map of keys and values",
	};

	if (node->kind == kind)
		return 0;
	if (node->kind == NODE_SCALAR && !node->quoted && !node->text[0])
		return 0; /* nothing behind the colon: an empty list or map */
	return reader_problem(reader, node, "%s is %s here, where it must be %s", what, kinds[node->kind], kinds[kind]);
}

static void unknown_key(struct reader *reader, const struct node *child, const struct row *rows)
{
	const char *known[WORDS_MAX];
	const char *near;
	size_t n = 0;

	while (rows[n].key && n < WORDS_MAX) {
		known[n] = rows[n].key;
		n++;
	}
	near = nearest(child->key, known, n);
	if (near)
		problem_add(reader->problems, reader->file, child->key_line, child->key_column,
			    "unknown key \"%s\"; did you mean \"%s\"?", child->key, near);
	else
		problem_add(reader->problems, reader->file, child->key_line, child->key_column,
			    "unknown key \"%s\"", child->key);
}

static bool is_known(const struct row *rows, const char *key)
{
	for (; rows->key; rows++)
		if (!strcmp(rows->key, key))
			return true;
	return false;
}

int schema_map(struct reader *reader, const struct node *node, const struct row *rows, void *base)
{
	int err = reader_expect(reader, node, NODE_MAP, node->key ? node->key : "this");

	if (err)
		return err;
	for (const struct node *child = node->first; child; child = child->next) {
		if (is_known(rows, child->key))
			continue;
		unknown_key(reader, child, rows);
		err = -EINVAL;
	}
	for (const struct row *row = rows; row->key; row++) {
		const struct node *child = node_get(node, row->key);

		if (child && row->read(reader, child, row, base ? (char *)base + row->offset : NULL))
			err = -EINVAL;
		if (!child && row->required)
			err = reader_problem(reader, node, "\"%s\" is missing here", row->key);
	}
	return err;
}

int row_text(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	char **text = field;
	char *copy;
	int err = reader_expect(reader, node, NODE_SCALAR, row->key);

	if (err)
		return err;
	if (!node->text[0])
		return reader_problem(reader, node, "%s is empty", row->key);
	copy = strdup(node->text);
	if (!copy)
		return reader_problem(reader, node, "out of memory");
	free(*text);
	*text = copy;
	return 0;
}

const char *word_text(const struct word *words, int value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return "?";
}

/* "strict, moderate or off" */
static void join_words(const char *const *known, size_t n, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (size_t i = 0; i < n && at < size; i++)
		at += snprintf(out + at, size - at, "%s%s", !i ? "" : i + 1 == n ? " or " : ", ", known[i]);
}

int row_word(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const struct word *words = row->arg;
	const char *known[WORDS_MAX];
	const char *near;
	char all[256];
	size_t n = 0;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	for (; words[n].text && n < WORDS_MAX; n++) {
		if (!strcmp(words[n].text, node->text)) {
			*(int *)field = words[n].value;
			return 0;
		}
		known[n] = words[n].text;
	}
	near = nearest(node->text, known, n);
	if (near)
		return reader_problem(reader, node, "%s cannot be \"%s\"; did you mean \"%s\"?", row->key, node->text,
				      near);
	join_words(known, n, all, sizeof(all));
	return reader_problem(reader, node, "%s cannot be \"%s\": it is %s", row->key, node->text, all);
}

int row_flag(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	static const struct word words[] = { { "yes", 1 }, { "no", 0 }, { "true", 1 }, { "false", 0 }, { 0 } };
	const struct row flag = { .key = row->key, .arg = words };
	int value, err = row_word(reader, node, &flag, &value);

	if (!err)
		*(bool *)field = value;
	return err;
}

int number_from_text(const char *text, unsigned min, unsigned max, unsigned *out)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 10)
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int row_number(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const struct limits *limits = row->arg;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (number_from_text(node->text, limits->min, limits->max, field))
		return reader_problem(reader, node, "%s must be a whole number from %u to %u, not \"%s\"", row->key,
				      limits->min, limits->max, node->text);
	return 0;
}

int row_map(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	return schema_map(reader, node, row->arg, field);
}

int row_path(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	size_t most = row->arg ? *(const size_t *)row->arg : PATH_TEXT_MAX;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (node->text[0] != '/')
		return reader_problem(reader, node, "%s must be a whole path, that begins with /", row->key);
	if (strlen(node->text) > most || strchr(node->text, '\n'))
		return reader_problem(reader, node, "%s is too long, or no path", row->key);
	return row_text(reader, node, row, field);
}

int row_prefix(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (prefix_parse(node->text, field))
		return reader_problem(reader, node, "\"%s\" is neither an address nor a subnet such as 10.0.8.0/24",
				      node->text);
	return 0;
}

int row_list(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const struct array *array = row->arg;
	const struct row one = { .key = array->one };
	size_t *n = (size_t *)((char *)field + array->count);
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		if (*n == array->most)
			return reader_problem(reader, child, "more than %zu %s", array->most, array->many);
		if (array->read(reader, child, &one, (char *)field + array->at + *n * array->size))
			err = -EINVAL;
		else
			++*n;
	}
	if (!err && !*n && array->none)
		err = reader_problem(reader, node, "%s", array->none);
	return err;
}
