/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies written in tests: read them, or see them refused in the right place. */
#ifndef ESAFE_TEST_POLICY_TEXT_H
#define ESAFE_TEST_POLICY_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyfile.h"

/* What every policy needs, in nine lines; more can follow. */
#define SCHOOL                                             \
	"times:\n"                                         \
	"  lunch: Mon-Fri 12:00-13:00\n"                   \
	"  lessons: [Mon-Fri 09:00-12:00, Mon-Fri 13:00-15:15]\n" \
	"categories: { games: Games, social: Social networks, adult: Adult }\n" \
	"groups:\n"                                        \
	"  pupils:\n"                                      \
	"    default: allow\n"                             \
	"    categories: { games: { allow: lunch }, social: block, adult: block }\n" \
	"  staff: { default: allow, categories: { adult: block } }\n"
#define SCHOOL_LINES 9

static inline struct policy *read_text(const char *text)
{
	struct problems problems = { 0 };
	struct policy *policy = policy_read("p.yaml", text, strlen(text), "/data", &problems);

	cr_assert_eq(problems.n, 0, "line %d: %s", problems.n ? problems.item[0].line : 0,
		     problems.n ? problems.item[0].text : "");
	cr_assert_not_null(policy);
	return policy;
}

/* One of the problems told stands here and says this; column 0: any. */
static inline void refused(const char *text, int line, int column, const char *says)
{
	struct problems problems = { 0 };
	struct policy *policy = policy_read("p.yaml", text, strlen(text), "/data", &problems);
	int found = 0;

	cr_assert_null(policy, "taken, where it should say: %s", says);
	for (unsigned i = 0; i < problems.n; i++) {
		const struct problem *p = &problems.item[i];

		cr_expect_str_eq(p->file, "p.yaml");
		found |= p->line == line && (!column || p->column == column) && strstr(p->text, says);
	}
	cr_expect(found, "not told in %d:%d: %s; told in %d:%d: %s", line, column, says,
		  problems.n ? problems.item[0].line : 0, problems.n ? problems.item[0].column : 0,
		  problems.n ? problems.item[0].text : "nothing");
	problems_free(&problems);
}

/* The whole of a file of the source tree. */
static inline char *source_file(const char *path, size_t *len)
{
	char full[512];
	char *text;
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", ESAFE_SOURCE, path);
	file = fopen(full, "r");
	cr_assert_not_null(file, "%s", full);
	text = malloc(1 << 20);
	*len = fread(text, 1, (1 << 20) - 1, file);
	text[*len] = 0;
	fclose(file);
	return text;
}

/* The policy that is shipped, with all that belongs to it. */
static inline struct policy *shipped_policy(struct problems *problems)
{
	size_t len;
	char *text = source_file("daemon/share/policy.yaml", &len);
	struct policy *policy = policy_load("policy.yaml", text, len, ESAFE_SOURCE "/daemon/share", problems);

	free(text);
	return policy;
}

#endif
