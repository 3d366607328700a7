/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "letter.h"

struct letter {
	char *text;
	size_t len;
	bool full;
};

static void put(struct letter *letter, char c)
{
	if (letter->len >= LETTER_MAX)
		letter->full = true;
	else
		letter->text[letter->len++] = c;
}

static const struct letter_word *find(const struct letter_word *words, const char *at)
{
	for (; words->word; words++) {
		size_t len = strlen(words->word);

		if (!strncmp(at, words->word, len) && at[len] == '}')
			return words;
	}
	return NULL;
}

/* Returns what follows. */
static const char *put_word(struct letter *letter, const char *at, const struct letter_word *words)
{
	const struct letter_word *word = *at == '{' ? find(words, at + 1) : NULL;

	if (!word) {
		put(letter, *at);
		return at + 1;
	}
	for (const char *c = word->text; *c; c++)
		put(letter, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
	return at + strlen(word->word) + 2;
}

char *letter_write(const char *template, const struct letter_word *words)
{
	struct letter letter = { .text = malloc(LETTER_MAX + 1) };

	if (!letter.text)
		return NULL;
	while (*template) {
		if (*template == '#') {
			template += strcspn(template, "\n");
			template += *template == '\n';
			continue;
		}
		while (*template && *template != '\n')
			template = put_word(&letter, template, words);
		if (*template) {
			put(&letter, '\n');
			template++;
		}
	}
	letter.text[letter.len] = '\0';
	if (!letter.full)
		return letter.text;
	free(letter.text);
	return NULL;
}
