/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "roster_csv.h"
#include "told.h"

static int read_text(const char *text, size_t len, struct roster *out, struct problems *problems)
{
	char *copy = exact(text, len);
	int err = roster_csv_read("roster.csv", copy, len, out, problems);

	free(copy);
	return err;
}

Test(roster_csv, a_sheet)
{
	static const char text[] = "\xef\xbb\xbf" "Form,Full Name,LOGIN,Group\r\n"
				   "4B,\"Twelve, Pupil\",pupil12,\r\n"
				   "\r\n"
				   ",Teacher 3, teacher3 ,staff\r\n"
				   "4b,caf\xc3\xa9,'=pupil13";
	struct problems problems = { 0 };
	struct roster roster;

	cr_assert_eq(read_text(text, sizeof(text) - 1, &roster, &problems), 0, "%s",
		     problems.n ? problems.item[0].text : "");
	cr_assert_eq(roster.n, 3);
	cr_expect_str_eq(roster.item[0].name, "pupil12");
	cr_expect_str_eq(roster.item[0].full, "Twelve, Pupil");
	cr_expect_str_eq(roster.item[0].group, "");
	cr_expect_str_eq(roster.item[0].class_name, "4B");
	cr_expect_str_eq(roster.item[1].name, "teacher3");
	cr_expect_eq(roster.line[1], 4);
	cr_expect_str_eq(roster.item[2].name, "=pupil13", "the mark against formulas is taken off");
	cr_expect_str_eq(roster.item[2].group, "", "a value that is not there is empty");
	roster_free(&roster);
}

static const struct wrong_text wrong[] = {
	{ "", 1, 0, "\"user\" is missing" },
	{ "name,group\n", 1, 0, "\"user\" is missing" },
	{ "user,gruop\n", 1, 6, "is it \"group\"?" },
	{ "user;group\n", 1, 1, "commas between" },
	{ "user,date of birth\n", 1, 6, "unknown column \"date of birth\"" },
	{ "user,login\n", 1, 6, "second time" },
	{ "user,group\n,ks1\n", 2, 1, "the user is missing" },
	{ "group,user\nks1\n", 2, 0, "\"user\" is missing" },
	{ "user,group\na,b,c\n", 2, 5, "more values" },
	{ "user,group\na,\"b\n", 2, 3, "never closed" },
	{ "user\na\x1b[2J\n", 2, 1, "control" },
	{ "user\na\xc2\x85\n", 2, 1, "control" },
	{ "user\na\xe2\x80\xae\n", 2, 1, "invisible" },
	{ "user\ncaf\xe9\n", 2, 1, "UTF-8" },
	{ "user,name\npupil12,a\nx,y\nPupil12,b\n", 4, 0, "the same user stands in line 2" },
};

Test(roster_csv, what_is_wrong_and_where)
{
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct problems problems = { 0 };
		struct roster roster = { .n = 77 };

		cr_expect_eq(read_text(wrong[i].text, strlen(wrong[i].text), &roster, &problems), -EINVAL, "%s",
			     wrong[i].text);
		cr_expect_eq(roster.n, 77, "untouched");
		told(&problems, &wrong[i]);
	}
}

Test(roster_csv, every_wrong_line_is_told)
{
	static const char text[] = "user,name\n,a\npupil1,b\n,c\n\"z\n";
	struct problems problems = { 0 };
	struct roster roster;

	cr_expect_eq(read_text(text, sizeof(text) - 1, &roster, &problems), -EINVAL);
	told_lines(&problems, (const int[]){ 2, 4, 5, 0 });
}

Test(roster_csv, every_part_of_a_sheet)
{
	static const char text[] = "user,name,class\r\n\"pupil12\",\"a\"\"b\",c\r\n'+x,d,\xc3\xa9\r\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		struct problems problems = { 0 };
		struct roster roster;

		if (!read_text(text, len, &roster, &problems))
			roster_free(&roster);
		problems_free(&problems);
	}
}

/* A huge value, a million columns, more lines than any school has users: told, and not kept. */
Test(roster_csv, bombs, .timeout = 60)
{
	size_t room = 8 << 20, len;
	char *text = malloc(room);
	struct problems problems = { 0 };
	struct roster roster;

	len = (size_t)sprintf(text, "user\n\"");
	memset(text + len, 'x', room - len);
	cr_expect_eq(read_text(text, room, &roster, &problems), -EINVAL);
	cr_expect(strstr(problems.item[0].text, "too long"), "%s", problems.item[0].text);
	problems_free(&problems);

	memset(text, ',', room);
	cr_expect_eq(read_text(text, room, &roster, &problems), -EINVAL);
	cr_expect(problems.n < 20 && strstr(problems.item[problems.n - 1].text, "too many columns"), "%s",
		  problems.item[problems.n - 1].text);
	problems_free(&problems);
	problems = (struct problems){ 0 };

	len = (size_t)sprintf(text, "user\n");
	for (unsigned i = 0; i < 1000000; i++)
		len += (size_t)sprintf(text + len, "%x\n", i);
	cr_expect_eq(read_text(text, len, &roster, &problems), -EINVAL);
	cr_expect(strstr(problems.item[problems.n - 1].text, "too many users"), "%s", problems.item[problems.n - 1].text);
	problems_free(&problems);
	free(text);
}

static int add_line(void *ctx, const struct roster_line *line)
{
	char *out = ctx;

	sprintf(out + strlen(out), "%c%s%s%s|", line->sign, (line->new ?: line->old)->name, *line->text ? ": " : "",
		line->text);
	return 0;
}

Test(roster_csv, difference)
{
	static const char old[] = "user,name,group,class\na,A,ks1,4B\nb,B,ks1,4B\nc,C,ks2,\ng,G,,\n";
	static const char new[] = "user,class\nC,4B\na,4B\nd,5A\ng,\n";
	struct problems problems = { 0 };
	struct roster have, want;
	char out[500] = "";

	cr_assert_eq(read_text(old, sizeof(old) - 1, &have, &problems), 0);
	cr_assert_eq(read_text(new, sizeof(new) - 1, &want, &problems), 0);
	have.item[3].gone = 5;
	cr_assert_eq(roster_diff(&have, &want, add_line, out), 0);
	cr_expect_str_eq(out, "~C: user \"c\" -> \"C\", class \"\" -> \"4B\"|=a|+d: class \"\" -> \"5A\"|"
			      "~g: left \"yes\" -> \"no\"|-b|");
	out[0] = '\0';
	have.item[1].gone = 5;
	cr_assert_eq(roster_diff(&have, &have, add_line, out), 0);
	cr_expect_str_eq(out, "=a|~b: left \"yes\" -> \"no\"|=c|~g: left \"yes\" -> \"no\"|");
	roster_free(&have);
	roster_free(&want);
}
