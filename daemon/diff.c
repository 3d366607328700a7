/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

struct flat_line {
	char *path, *text;
};

struct flat {
	struct flat_line *item;
	size_t n, room;
};

static int keep(void *ctx, const char *path, const char *text)
{
	struct flat *flat = ctx;
	struct flat_line *line;

	if (flat->n == flat->room) {
		size_t room = flat->room ? flat->room * 2 : 256;

		line = reallocarray(flat->item, room, sizeof(*line));
		if (!line)
			return -ENOMEM;
		flat->item = line;
		flat->room = room;
	}
	line = &flat->item[flat->n];
	line->path = strdup(path);
	line->text = strdup(text);
	if (line->path && line->text) {
		flat->n++;
		return 0;
	}
	free(line->path);
	free(line->text);
	return -ENOMEM;
}

static void flat_free(struct flat *flat)
{
	for (size_t i = 0; i < flat->n; i++) {
		free(flat->item[i].path);
		free(flat->item[i].text);
	}
	free(flat->item);
}

static int by_path(const void *a, const void *b)
{
	const struct flat_line *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	return order ? order : strcmp(left->text, right->text);
}

static int flatten(const struct policy *policy, struct flat *flat)
{
	int err = policy ? policy_flatten(policy, keep, flat) : 0;

	if (!err && flat->n)
		qsort(flat->item, flat->n, sizeof(*flat->item), by_path);
	return err;
}

static int compare(const struct flat *old, const struct flat *new,
		   void (*line)(void *ctx, char sign, const char *path, const char *text), void *ctx)
{
	size_t i = 0, j = 0;
	int n = 0;

	while (i < old->n || j < new->n) {
		const struct flat_line *a = &old->item[i], *b = &new->item[j];
		int order = i == old->n ? 1 : j == new->n ? -1 : strcmp(a->path, b->path);
		char *both;

		i += order <= 0;
		j += order >= 0;
		if (!order && !strcmp(a->text, b->text))
			continue;
		n++;
		if (order) {
			line(ctx, order < 0 ? '-' : '+', order < 0 ? a->path : b->path, order < 0 ? a->text : b->text);
			continue;
		}
		if (asprintf(&both, "%s -> %s", a->text, b->text) < 0)
			return -ENOMEM;
		line(ctx, '~', a->path, both);
		free(both);
	}
	return n;
}

int policy_diff(const struct policy *old, const struct policy *new,
		void (*line)(void *ctx, char sign, const char *path, const char *text), void *ctx)
{
	struct flat before = { 0 }, after = { 0 };
	int err = flatten(old, &before);

	if (!err)
		err = flatten(new, &after);
	if (!err)
		err = compare(&before, &after, line, ctx);
	flat_free(&before);
	flat_free(&after);
	return err;
}
