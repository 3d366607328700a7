/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that somebody wrote and that are refused: the problem must be told where it is, and in the right words. */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include <criterion/criterion.h>
#include <string.h>

#include "problem.h"

struct wrong_text {
	const char *text;
	int line, column;
	const char *says;
};

/* The first problem is the one of the row. Frees the problems, so that the next row can begin anew. */
static inline void told(struct problems *problems, const struct wrong_text *wrong)
{
	const struct problem *first = problems->item;

	cr_assert_geq(problems->n, 1, "nothing is told of: %s", wrong->text);
	cr_expect_eq(first->line, wrong->line, "%s: line %d", wrong->text, first->line);
	cr_expect_eq(first->column, wrong->column, "%s: column %d", wrong->text, first->column);
	cr_expect(strstr(first->text, wrong->says), "%s: %s", wrong->text, first->text);
	problems_free(problems);
}

/* One problem a line, in this order; line 0 ends them. Frees them. */
static inline void told_lines(struct problems *problems, const int *lines)
{
	unsigned n = 0;

	for (; lines[n]; n++)
		cr_expect(n < problems->n && problems->item[n].line == lines[n], "problem %u is not of line %d", n, lines[n]);
	cr_expect_eq(problems->n, n);
	problems_free(problems);
}

#endif
