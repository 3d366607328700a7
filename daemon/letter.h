/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A letter from a text with {words} in it; pure. */
#ifndef ESAFE_LETTER_H
#define ESAFE_LETTER_H

#include <stddef.h>

struct letter_word {
	const char *word; /* without the braces; NULL ends a table */
	const char *text;
};

/*
 * The letter, to be freed; NULL: out of memory, or longer than LETTER_MAX. Lines that begin with '#' are remarks of the
 * template. What is no word of ours stays as it is, for people to see. Control characters of the texts become spaces.
 */
#define LETTER_MAX 65536
char *letter_write(const char *template, const struct letter_word *words);

#endif
