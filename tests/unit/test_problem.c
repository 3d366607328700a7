/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "problem.h"

Test(problem, nearest_word)
{
	static const char *const known[] = { "allow", "block", "supervised", "rewrite", "chat rooms" };
	static const struct {
		const char *word, *expected;
	} rows[] = {
		{ "blok", "block" }, { "blcok", "block" }, { "alow", "allow" }, { "superviesd", "supervised" },
		{ "rewrites", "rewrite" }, { "chat_rooms", "chat rooms" }, { "", NULL }, { "x", NULL },
		{ "quarantine", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *found = nearest(rows[i].word, known, 5);

		if (!rows[i].expected)
			cr_expect_null(found, "\"%s\" gave %s", rows[i].word, found);
		else
			cr_expect(found && !strcmp(found, rows[i].expected), "\"%s\" gave %s", rows[i].word, found);
	}
}

Test(problem, long_words_are_nobodys_slip)
{
	char word[5000];
	const char *const known[] = { word, "block" };

	memset(word, 'b', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	cr_expect_null(nearest(word, known, 2));
	cr_expect_str_eq(nearest("bloc", known, 2), "block");
}

Test(problem, keeps_so_many_and_counts_the_rest)
{
	struct problems problems = { 0 };

	for (int i = 1; i <= PROBLEMS_MAX + 5; i++)
		problem_add(&problems, "policy.yaml", i, 3, "no such %s", "group");
	problem_add(&problems, NULL, 0, 0, "x");
	cr_expect_eq(problems.n, PROBLEMS_MAX);
	cr_expect_eq(problems.dropped, 6);
	cr_expect_str_eq(problems.item[0].file, "policy.yaml");
	cr_expect_eq(problems.item[0].line, 1);
	cr_expect_eq(problems.item[0].column, 3);
	cr_expect_str_eq(problems.item[0].text, "no such group");
	problems_free(&problems);
	cr_expect_eq(problems.n, 0);
	problem_add(&problems, NULL, 0, 0, "x");
	cr_expect_str_eq(problems.item[0].file, "");
	problems_free(&problems);
}
