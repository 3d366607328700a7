/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

#define WORD_MAX 64 /* longer words are nobody's slip of the finger */

static struct problem *problem_slot(struct problems *problems)
{
	struct problem *item;

	if (problems->n >= PROBLEMS_MAX)
		return NULL;
	item = realloc(problems->item, (problems->n + 1) * sizeof(*item));
	if (!item)
		return NULL;
	problems->item = item;
	return &item[problems->n];
}

void problem_vadd(struct problems *problems, const char *file, int line, int column, const char *fmt, va_list args)
{
	struct problem *item = problem_slot(problems);
	char *text;

	if (!item) {
		problems->dropped++;
		return;
	}
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	item->file = strdup(file ? file : "");
	item->line = line;
	item->column = column;
	item->text = text;
	if (item->file && item->text) {
		problems->n++;
		return;
	}
	free(item->file);
	free(item->text);
	problems->dropped++;
}

void problem_add(struct problems *problems, const char *file, int line, int column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	problem_vadd(problems, file, line, column, fmt, args);
	va_end(args);
}

void problems_free(struct problems *problems)
{
	for (unsigned i = 0; i < problems->n; i++) {
		free(problems->item[i].file);
		free(problems->item[i].text);
	}
	free(problems->item);
	*problems = (struct problems){ 0 };
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned low = a < b ? a : b;

	return low < c ? low : c;
}

/* Edit distance where two neighbours that changed places count once (Damerau). Both words are under WORD_MAX. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned len = strlen(b), i, j;

	for (j = 0; j <= len; j++)
		row[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		unsigned *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= len; j++) {
			unsigned differs = a[i - 1] != b[j - 1];

			now[j] = min3(now[j - 1] + 1, above[j] + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return row[strlen(a) % 3][len];
}

const char *nearest(const char *word, const char *const *known, size_t n)
{
	size_t len = strlen(word);
	unsigned best = (len + 2) / 3 + 1; /* a third of the letters may be wrong */
	const char *found = NULL;

	if (!len || len >= WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned far;

		if (!known[i] || strlen(known[i]) >= WORD_MAX)
			continue;
		far = distance(word, known[i]);
		if (far < best) {
			best = far;
			found = known[i];
		}
	}
	return found;
}
