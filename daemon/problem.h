/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a text that somebody wrote: where, and which word was probably meant. */
#ifndef ESAFE_PROBLEM_H
#define ESAFE_PROBLEM_H

#include <stdarg.h>
#include <stddef.h>

#define PROBLEMS_MAX 100 /* more are only counted */

struct problem {
	char *file;
	int line, column; /* from 1; 0: none */
	char *text;
};

struct problems {
	unsigned n;
	unsigned dropped; /* seen, but not kept */
	struct problem *item;
};

void problem_add(struct problems *problems, const char *file, int line, int column, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void problem_vadd(struct problems *problems, const char *file, int line, int column, const char *fmt, va_list args)
	__attribute__((format(printf, 5, 0)));
void problems_free(struct problems *problems);

/* The known word that `word` was probably meant to be, or NULL if none is near. */
const char *nearest(const char *word, const char *const *known, size_t n);

#endif
