/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>

#include "duration.h"

struct row {
	char text[24];
	int err;
	__s64 seconds;
};

ParameterizedTestParameters(duration, read)
{
	static struct row rows[] = {
		{ "50m", 0, 3000 }, { "1h30m", 0, 5400 }, { "12h", 0, 43200 }, { "2d", 0, 172800 }, { "90s", 0, 90 },
		{ "1d2h3m4s", 0, 93784 }, { "366d", 0, DURATION_MAX },
		{ "", -EINVAL, 0 }, { "50", -EINVAL, 0 }, { "m", -EINVAL, 0 }, { "-5m", -EINVAL, 0 }, { "5 m", -EINVAL, 0 },
		{ "5m1h", -EINVAL, 0 }, { "5m5m", -EINVAL, 0 }, { "5y", -EINVAL, 0 }, { "0m", -ERANGE, 0 },
		{ "367d", -ERANGE, 0 }, { "366d1s", -ERANGE, 0 }, { "99999999999999999999s", -ERANGE, 0 },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, duration, read)
{
	__s64 seconds = -7;

	cr_expect_eq(duration_parse(row->text, &seconds), row->err, "%s", row->text);
	cr_expect_eq(seconds, row->err ? -7 : row->seconds, "%s", row->text);
}

Test(duration, written)
{
	char text[24];

	duration_text(5400, text, sizeof(text));
	cr_expect_str_eq(text, "1h30m");
	duration_text(93784, text, sizeof(text));
	cr_expect_str_eq(text, "1d2h3m4s");
	duration_text(0, text, sizeof(text));
	cr_expect_str_eq(text, "0s");
}
