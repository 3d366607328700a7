/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "suggest.h"

#define WORD_MAX 64

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters differ, or more than `limit` if a word is too long for that. */
static unsigned distance_of(const char *a, const char *b, unsigned limit)
{
	unsigned row[WORD_MAX + 1];
	size_t len = strlen(b);

	if (len > WORD_MAX || strlen(a) > WORD_MAX)
		return limit + 1;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned corner = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= len; j++) {
			unsigned changed = corner + (a[i] != b[j - 1]);

			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[len];
}

void suggest_weigh(const char *word, const char *known, const char **best, unsigned *far)
{
	unsigned distance = distance_of(word, known, *far);

	if (distance < *far) {
		*far = distance;
		*best = known;
	}
}
