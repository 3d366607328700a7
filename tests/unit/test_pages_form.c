/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "pagetext.h"
#include "parse.h"

/* On a heap block with room for the one byte that it may touch behind the text. */
static int parse(const char *text, size_t len, struct form *form, char **room)
{
	*room = malloc(len + 1);
	memcpy(*room, text, len);
	return form_parse(*room, len, form);
}

Test(form, fields)
{
	static const struct { const char *text, *name, *value; unsigned n; } rows[] = {
		{ "", "a", "", 0 },
		{ "a=b", "a", "b", 1 },
		{ "a", "a", "", 1 },
		{ "a=", "a", "", 1 },
		{ "&&a=b&", "a", "b", 1 },
		{ "a=b=c", "a", "b=c", 1 },
		{ "a=one+two%20three", "a", "one two three", 1 },
		{ "a=%c3%bc%C3%BC", "a", "\xc3\xbc\xc3\xbc", 1 },
		{ "a=1%0d%0a2", "a", "1\r\n2", 1 },
		{ "%61=%26%3d", "a", "&=", 1 },
		{ "x=1&a=%3Cscript%3E", "a", "<script>", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct form form;
		char *room;

		cr_expect_eq(parse(rows[i].text, strlen(rows[i].text), &form, &room), 0, "%s", rows[i].text);
		cr_expect_eq(form.n, rows[i].n, "%s", rows[i].text);
		cr_expect_str_eq(form_get(&form, rows[i].name), rows[i].value, "%s", rows[i].text);
		free(room);
	}
}

Test(form, refused)
{
	static const struct { const char *text; size_t len; } rows[] = {
		{ "a=%", 3 }, { "a=%4", 4 }, { "a=%zz", 5 }, { "a=%0", 4 }, { "a=%00", 5 }, { "a=\0b", 4 },
		{ "=b", 2 }, { "a=1&a=2", 7 }, { "a=%ff", 5 }, { "a=%c3", 5 }, { "a=%c0%80", 8 }, { "a=%1b", 5 },
		{ "a=%ed%a0%80", 11 }, { "a=%7f", 5 }, { "a=%c2%9b", 8 }, { "a=%e2%80%ae", 11 }, { "a=%f4%90%80%80", 14 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct form form = { .n = 99 };
		char *room;

		cr_expect_eq(parse(rows[i].text, rows[i].len, &form, &room), -EINVAL, "row %zu", i);
		cr_expect_eq(form.n, 99, "row %zu: nothing is told of it", i);
		free(room);
	}
}

Test(form, bounds)
{
	char text[FORM_FIELDS * 8 + 8] = "", *room, *large = calloc(1, FORM_BYTES + 2);
	struct form form;

	for (int i = 0; i < FORM_FIELDS; i++)
		sprintf(text + strlen(text), "f%d=1&", i);
	cr_expect_eq(parse(text, strlen(text), &form, &room), 0);
	cr_expect_eq(form.n, FORM_FIELDS);
	free(room);
	strcat(text, "one=2");
	cr_expect_eq(parse(text, strlen(text), &form, &room), -EINVAL, "one field too many");
	free(room);
	memset(large, 'a', FORM_BYTES + 1);
	cr_expect_eq(parse(large, FORM_BYTES, &form, &room), 0);
	free(room);
	cr_expect_eq(parse(large, FORM_BYTES + 1, &form, &room), -EINVAL, "one byte too many");
	free(room);
	free(large);
}

Test(form, keep)
{
	static const char *const names[] = { "b", "none", "d", NULL };
	struct form form;
	char *room;

	cr_assert_eq(parse("a=1&b=2&c=3&d=4&mark=5", 22, &form, &room), 0);
	form_keep(&form, names);
	cr_expect_eq(form.n, 2);
	cr_expect_str_eq(form_get(&form, "b"), "2");
	cr_expect_str_eq(form_get(&form, "d"), "4");
	cr_expect(!form_has(&form, "a") && !form_has(&form, "mark"));
	free(room);
}

Test(text, line)
{
	static const struct { const char *text, *line; } rows[] = {
		{ "plain", "plain" }, { "ends\n", "ends" }, { "a\r\nb\tc", "a??b?c" }, { "\x1b[2J\x7f", "?[2J?" },
		{ "\xc3\xbc", "??" }, { "longer than it may be", "longer than it m" },
	};
	char line[17];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		text_line(rows[i].text, line, sizeof(line));
		cr_expect_str_eq(line, rows[i].line);
	}
}

static void escaped(const char *text, char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");

	text_escape(file, text);
	fclose(file);
}

Test(text, escape)
{
	char out[256];

	escaped("<a href=\"x\" title='y'>&amp;\xc3\xbc", out, sizeof(out));
	cr_expect_str_eq(out, "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;\xc3\xbc");
}

Test(text, clean_for_every_prefix)
{
	static const char good[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";
	static const size_t whole[] = { 0, 1, 3, 6, 10 };

	for (size_t len = 0, at = 0; len < sizeof(good); len++) {
		char *copy = exact(good, len);
		bool is_whole = len == whole[at];

		cr_expect_eq(text_is_clean(copy, len), is_whole, "%zu bytes", len);
		at += is_whole;
		free(copy);
	}
}
