/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

static const struct column columns[] = {
	{ "time", "TIME", 19 }, { "who", "WHO", 8 }, { "n", "N", -1 }, { "name", "NAME", 0 }, { .key = NULL }
};

/* What rows look like; to be freed. */
static char *printed(enum print_style style, const struct column *with, const char *const *rows, size_t n)
{
	char *out = NULL;
	size_t size = 0;
	struct printer printer = { .style = style, .columns = with, .to = open_memstream(&out, &size) };

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_loads(rows[i], 0, NULL);

		cr_assert(row, "%s", rows[i]);
		cr_expect_eq(print_row(&printer, row), 0);
		json_decref(row);
	}
	fclose(printer.to);
	return out;
}

static const char *const rows[] = {
	"{\"time\":\"2026-10-26T09:00:01.123+00:00\",\"who\":\"pupil\",\"n\":3,\"name\":\"a.example\"}",
	"{\"who\":\"a-very-long-name\",\"name\":\"b\\u001b[2J\\u202e\\u00e9\"}",
};

Test(print, text)
{
	char *out = printed(PRINT_TEXT, columns, rows, 2);

	cr_expect_str_eq(out, "TIME                WHO      NAME\n"
			      "2026-10-26 09:00:01 pupil    a.example\n"
			      "                    a-very-long-name b\\x1b[2J\\u202e\u00e9\n", "%s", out);
	free(out);
}

Test(print, csv)
{
	static const char *const evil[] = {
		"{\"time\":\"=1+1\",\"who\":\"@x\",\"n\":-3,\"name\":\"a \\\"b\\\"\\r\\n,c\"}",
	};
	char *out = printed(PRINT_CSV, columns, evil, 1);

	cr_expect_str_eq(out, "time,who,n,name\r\n\"'=1+1\",\"'@x\",\"-3\",\"a \"\"b\"\"  ,c\"\r\n", "%s", out);
	free(out);
}

Test(print, csv_formulas)
{
	static const struct { const char *text, *cell; } cases[] = {
		{ "=1", "\"'=1\"" }, { "+1", "\"'+1\"" }, { "-1", "\"'-1\"" }, { "@A", "\"'@A\"" }, { "|x", "\"'|x\"" },
		{ " =1", "\"' =1\"" }, { "\t=1", "\"' =1\"" }, { "\r\n@A", "\"'  @A\"" }, { "\u200b=1", "\"' =1\"" },
		{ "\uff1d1", "\"'\uff1d1\"" }, { "\uff201", "\"'\uff201\"" }, { "a=1", "\"a=1\"" }, { "", "\"\"" },
		{ "  ", "\"  \"" }, { "'=1", "\"'=1\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[64] = "";
		FILE *to = fmemopen(out, sizeof(out), "w");

		print_csv_field(to, cases[i].text, true);
		fclose(to);
		cr_expect_str_eq(out, cases[i].cell, "%s", out);
	}
}

Test(print, json)
{
	char *out = printed(PRINT_JSON, columns, rows + 1, 1);

	cr_expect_str_eq(out, "{\"who\":\"a-very-long-name\",\"name\":\"b\\u001B[2J\\u202E\\u00E9\"}\n", "%s", out);
	free(out);
}

Test(print, tree)
{
	static const char *const status[] = {
		"{\"version\":\"0.1\",\"policy\":{\"version\":3,\"ok\":true},\"lists\":[{\"name\":\"a\",\"n\":1},\"x\\ty\"]}",
	};
	char *out = printed(PRINT_TEXT, NULL, status, 1);

	cr_expect_str_eq(out, "version:           0.1\n"
			      "policy:\n"
			      "  version:         3\n"
			      "  ok:              yes\n"
			      "lists:\n"
			      "  name a  n 1  \n"
			      "  x\\x09y\n", "%s", out);
	free(out);
}

/* Whatever the row says, no control byte, no DEL and no C1 character comes out. */
Test(print, no_control_byte_ever)
{
	char row[64];

	for (int style = PRINT_TEXT; style <= PRINT_JSON; style++) {
		for (unsigned c = 1; c < 0xa0; c++) {
			const char *one = row;
			char *out;

			sprintf(row, "{\"name\":\"\\u%04x\"}", c);
			out = printed(style, columns, &one, 1);
			for (const char *at = strchr(out, '\n') + (style != PRINT_JSON); *at && *at != '\n' && *at != '\r'; at++)
				cr_expect((unsigned char)*at >= ' ' && *at != 0x7f, "style %d lets %#x through", style, c);
			cr_expect(style == PRINT_CSV || !strstr(out, "\xc2\x80"));
			free(out);
		}
	}
}
