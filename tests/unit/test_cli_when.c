/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "when.h"

/* Wednesday 28 October 2026, 15:30:20 in London: the clocks went back three days before. */
#define NOW 1793201420

static void in_london(void)
{
	setenv("TZ", "Europe/London", 1);
	tzset();
}

TestSuite(when, .init = in_london);

Test(when, forms)
{
	static const struct {
		const char *text, *expected; /* local time */
	} rows[] = {
		{ "now", "2026-10-28 15:30:20 +0000" },
		{ "-15m", "2026-10-28 15:15:20 +0000" },
		{ "-2h", "2026-10-28 13:30:20 +0000" },
		{ "+1d", "2026-10-29 15:30:20 +0000" },
		{ "-1w", "2026-10-21 16:30:20 +0100" },
		{ "today", "2026-10-28 00:00:00 +0000" },
		{ "today 09:00", "2026-10-28 09:00:00 +0000" },
		{ "Today  9:05:06", "2026-10-28 09:05:06 +0000" },
		{ "yesterday", "2026-10-27 00:00:00 +0000" },
		{ "yesterday 23:59", "2026-10-27 23:59:00 +0000" },
		{ "tomorrow 08:00", "2026-10-29 08:00:00 +0000" },
		{ "mon 09:00", "2026-10-26 09:00:00 +0000" },
		{ "wed", "2026-10-28 00:00:00 +0000" },
		{ "thursday", "2026-10-22 00:00:00 +0100" },
		{ "12:30", "2026-10-28 12:30:00 +0000" },
		{ "24:00", "2026-10-29 00:00:00 +0000" },
		{ "2026-10-24", "2026-10-24 00:00:00 +0100" },
		{ "2026-10-24 09:00", "2026-10-24 09:00:00 +0100" },
		{ "2026-10-24T09:00:30", "2026-10-24 09:00:30 +0100" },
		{ "2026-10-24T09:00Z", "2026-10-24 10:00:00 +0100" },
		{ "2026-10-24T09:00:00+02:00", "2026-10-24 08:00:00 +0100" },
		{ "2026-10-24 09:00:00-0500", "2026-10-24 15:00:00 +0100" },
		{ "2028-02-29", "2028-02-29 00:00:00 +0000" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		time_t when = 0;
		char text[64];

		cr_expect_eq(when_parse(rows[i].text, NOW, &when), 0, "%s", rows[i].text);
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", localtime(&when));
		cr_expect_str_eq(text, rows[i].expected, "%s gave %s", rows[i].text, text);
	}
}

Test(when, nonsense)
{
	static const char *const rows[] = {
		"", " ", "x", "-", "-5", "-5x", "-m", "-5mm", "9", "9:5", "25:00", "24:01", "12:60", "today 9", "todayx",
		"today09:00", "2026-13-01", "2026-02-30", "2026-1-1", "2026-10-24X09:00", "2026-10-24 09:00x",
		"2026-10-24T09:00+1", "m 09:00", "mo", "-9999999999999999999d", "12:30 today",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		time_t when = 7;

		cr_expect_eq(when_parse(rows[i], NOW, &when), -1, "\"%s\"", rows[i]);
		cr_expect_eq(when, 7);
	}
}
