/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "times.h"

#define ROOM 4096
#define DAY 86400

static struct times_window window_of(const char *a, const char *b)
{
	struct times_window window = { .n = b ? 2 : 1 };
	const char *why;
	size_t where;

	cr_assert_eq(times_range_parse(a, &window.range[0], &why, &where), 0, "%s: %s", a, why);
	if (b)
		cr_assert_eq(times_range_parse(b, &window.range[1], &why, &where), 0, "%s: %s", b, why);
	return window;
}

static __s64 utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute
	};

	return timegm(&tm);
}

static __u64 open_at(const struct times_change *change, int n, __s64 at)
{
	int i = n - 1;

	while (i && change[i].at > at)
		i--;
	return change[i].windows;
}

Test(times, ranges_are_read_and_written)
{
	static const char *const same[][2] = {
		{ "Mon-Fri 12:00-13:00", "weekdays 12:00-13:00" },
		{ "term Mon,Wed,Fri 09:00-12:00", "term Mon,Wed,Fri 09:00-12:00" },
		{ "  holiday   sat-mon 22:00 - 06:00 ", "holiday Mon,Sat,Sun 22:00-06:00" },
		{ "08:00-24:00", "daily 08:00-24:00" },
		{ "inset", "inset daily 00:00-24:00" },
		{ "weekends", "weekends 00:00-24:00" },
		{ "weekdays,Sun 00:00-00:01", "Mon,Tue,Wed,Thu,Fri,Sun 00:00-00:01" },
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct times_window window = window_of(same[i][0], NULL);
		char text[128];

		times_range_text(&window.range[0], text, sizeof(text));
		cr_expect_str_eq(text, same[i][1]);
	}
}

Test(times, wrong_ranges_say_where)
{
	static const struct {
		const char *text;
		size_t where;
		const char *says;
	} wrong[] = {
		{ "", 0, "no time" },		   { "Mun-Fri 12:00-13:00", 0, "a day is missing" },
		{ "Mon-Fro 12:00-13:00", 4, "day" }, { "Mon 25:00-26:00", 4, "no such time" },
		{ "Mon 12:00", 9, "from when" },   { "Mon 12:00-12:00", 15, "no time at all" },
		{ "Mon 12:00-13:60", 10, "no such time" }, { "Mon 9:00-10:00", 4, "08:30" },
		{ "Mon 12:00-13:00 daily", 16, "not understood" }, { "Mon 24:00-01:00", 15, "no time at all" },
		{ "term term Mon", 5, "a day is missing" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct times_range range = { .days = 99 };
		const char *why = "";
		size_t where = 99;

		cr_expect_eq(times_range_parse(wrong[i].text, &range, &why, &where), -EINVAL, "%s", wrong[i].text);
		cr_expect_eq(where, wrong[i].where, "%s: %zu", wrong[i].text, where);
		cr_expect(strstr(why, wrong[i].says), "%s: %s", wrong[i].text, why);
		cr_expect_eq(range.days, 99, "touched on failure");
	}
}

Test(times, dates_are_read_and_written)
{
	static const char *const wrong[] = { "", "2026-2-1", "2026-13-01", "2026-02-29", "2026-04-31", "1969-12-31",
					     "2026-01-02 to 2026-01-01", "2026-01-01 to", "2026-01-01 2026-01-02" };
	struct times_span span;
	const char *why;
	char text[64];

	cr_assert_eq(times_span_parse("2028-02-29 to 2028-03-01", &span, &why), 0);
	cr_expect_eq(span.last - span.first, 1);
	cr_expect_eq(span.first, utc(2028, 2, 29, 0, 0) / DAY);
	times_span_text(&span, text, sizeof(text));
	cr_expect_str_eq(text, "2028-02-29 to 2028-03-01");
	for (int day = 0; day < 200 * 366; day += 13) {
		char date[64];

		span.first = span.last = day;
		times_span_text(&span, date, sizeof(date));
		cr_assert_eq(times_span_parse(date, &span, &why), 0, "%s", date);
		cr_assert_eq(span.first, day, "%s", date);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(times_span_parse(wrong[i], &span, &why), -EINVAL, "%s", wrong[i]);
}

/* Every quarter of an hour of a year, both changes of the clock among them, against the C library's calendar. */
Test(times, keep_to_the_clock_on_the_wall_for_a_year)
{
	struct times_window window[] = {
		window_of("Mon-Fri 09:00-12:00", "Mon-Fri 13:00-15:15"),
		window_of("daily 22:00-06:00", NULL),
	};
	struct times_calendar calendar = { 0 };
	struct times_change *change = calloc(ROOM, sizeof(*change));
	__s64 now = utc(2026, 1, 7, 10, 30), until;
	int n = times_changes(window, 2, &calendar, "Europe/London", now, 366, change, ROOM, &until);

	cr_assert_gt(n, 1000);
	cr_expect_eq(change[0].at, INT64_MIN);
	cr_expect_eq(until, now + 366LL * DAY);
	setenv("TZ", "Europe/London", 1);
	tzset();
	for (__s64 at = now; at < until; at += 900) {
		time_t t = at;
		struct tm tm;
		int minute, weekday;
		__u64 expected = 0;

		localtime_r(&t, &tm);
		minute = tm.tm_hour * 60 + tm.tm_min;
		weekday = tm.tm_wday >= 1 && tm.tm_wday <= 5;
		if (weekday && ((minute >= 540 && minute < 720) || (minute >= 780 && minute < 915)))
			expected |= 1;
		if (minute >= 1320 || minute < 360)
			expected |= 2;
		cr_assert_eq(open_at(change, n, at), expected, "%s", asctime(&tm));
	}
	free(change);
}

Test(times, change_at_the_very_minute)
{
	struct times_window window = window_of("Mon-Fri 12:00-13:00", NULL);
	struct times_calendar calendar = { 0 };
	struct times_change change[ROOM];
	__s64 until;
	/* Friday before the clocks go forward, in winter time; the Monday after is in summer time. */
	int n = times_changes(&window, 1, &calendar, "Europe/London", utc(2026, 3, 27, 0, 0), 5, change, ROOM, &until);

	cr_assert_eq(n, 7);
	cr_expect_eq(change[0].windows, 0);
	cr_expect_eq(change[1].at, utc(2026, 3, 27, 12, 0));
	cr_expect_eq(change[1].windows, 1);
	cr_expect_eq(change[2].at, utc(2026, 3, 27, 13, 0));
	cr_expect_eq(change[2].windows, 0);
	cr_expect_eq(change[3].at, utc(2026, 3, 30, 11, 0));
	cr_expect_eq(change[4].at, utc(2026, 3, 30, 12, 0));
}

Test(times, hour_that_is_skipped_and_hour_that_comes_twice)
{
	struct times_window window[] = { window_of("Sun 01:30-03:00", NULL), window_of("Sun 01:10-01:50", NULL) };
	struct times_calendar calendar = { 0 };
	struct times_change change[ROOM];
	__s64 until;
	int n = times_changes(window, 2, &calendar, "Europe/London", utc(2026, 3, 28, 12, 0), 1, change, ROOM, &until);

	/* 01:30 does not exist: it begins with the change, at 01:00 UTC; the second one falls into the gap altogether
	 */
	cr_assert_eq(n, 3);
	cr_expect_eq(change[1].at, utc(2026, 3, 29, 1, 0));
	cr_expect_eq(change[1].windows, 1);
	cr_expect_eq(change[2].at, utc(2026, 3, 29, 2, 0));

	/* 01:10 comes twice: from the first to the second 01:50 */
	n = times_changes(window, 2, &calendar, "Europe/London", utc(2026, 10, 24, 12, 0), 1, change, ROOM, &until);
	cr_assert_eq(open_at(change, n, utc(2026, 10, 25, 0, 9)), 0);
	cr_expect_eq(open_at(change, n, utc(2026, 10, 25, 0, 10)), 2);
	cr_expect_eq(open_at(change, n, utc(2026, 10, 25, 1, 49)), 3);
	cr_expect_eq(open_at(change, n, utc(2026, 10, 25, 1, 50)), 1);
}

Test(times, over_midnight_belongs_to_the_day_it_began)
{
	struct times_window window = window_of("Fri 22:00-06:00", "Sat 06:00-08:00");
	struct times_calendar calendar = { 0 };
	struct times_change change[ROOM];
	__s64 until;
	int n = times_changes(&window, 1, &calendar, "Europe/London", utc(2026, 1, 10, 2, 0), 6, change, ROOM, &until);

	cr_assert_eq(n, 2, "touching times flicker: %d", n); /* now is Saturday 02:00 */
	cr_expect_eq(change[0].windows, 1);
	cr_expect_eq(change[1].at, utc(2026, 1, 10, 8, 0));
	cr_expect_eq(change[1].windows, 0);
}

Test(times, school_year)
{
	struct times_window window[] = {
		window_of("term Mon-Fri 09:00-15:00", NULL), window_of("holiday 10:00-11:00", NULL),
		window_of("inset 09:00-15:00", NULL), window_of("daily 09:00-09:30", NULL),
	};
	struct times_span terms[1], holidays[1], inset[1];
	struct times_calendar calendar = { terms, holidays, inset, 1, 1, 1 };
	struct times_change change[ROOM];
	const char *why;
	__s64 until;
	int n;

	times_span_parse("2026-09-02 to 2026-12-18", &terms[0], &why);
	times_span_parse("2026-10-26 to 2026-10-30", &holidays[0], &why);
	times_span_parse("2026-09-03", &inset[0], &why);
	n = times_changes(window, 4, &calendar, "Europe/London", utc(2026, 8, 30, 0, 0), 120, change, ROOM, &until);
	cr_assert_gt(n, 0);
	cr_expect_eq(open_at(change, n, utc(2026, 9, 1, 8, 15)), 8, "before term");
	cr_expect_eq(open_at(change, n, utc(2026, 9, 1, 9, 15)), 2, "before term is holiday");
	cr_expect_eq(open_at(change, n, utc(2026, 9, 2, 9, 15)), 1, "first day");
	cr_expect_eq(open_at(change, n, utc(2026, 9, 3, 9, 15)), 4, "inset day");
	cr_expect_eq(open_at(change, n, utc(2026, 9, 5, 9, 15)), 0, "Saturday");
	cr_expect_eq(open_at(change, n, utc(2026, 10, 27, 10, 15)), 2, "half term, winter time");
	cr_expect_eq(open_at(change, n, utc(2026, 12, 19, 10, 15)), 2, "after term");
}

Test(times, stop_where_the_room_ends)
{
	struct times_window window = window_of("daily 12:00-13:00", NULL);
	struct times_calendar calendar = { 0 };
	struct times_change change[5];
	__s64 now = utc(2026, 1, 1, 0, 0), until;

	cr_expect_eq(times_changes(&window, 1, &calendar, "Europe/London", now, 30, change, 5, &until), 5);
	cr_expect_eq(change[4].at, utc(2026, 1, 2, 13, 0));
	cr_expect_eq(until, utc(2026, 1, 3, 12, 0));
	cr_expect_eq(times_changes(&window, 1, &calendar, "Mars/Phobos", now, 30, change, 5, &until), -EINVAL);
	cr_expect_eq(times_changes(&window, 1, &calendar, "/etc/passwd", now, 30, change, 5, &until), -EINVAL);
}

Test(times, other_zones_and_the_zone_of_the_process_stays)
{
	struct times_window window = window_of("daily 12:00-13:00", NULL);
	struct times_calendar calendar = { 0 };
	struct times_change change[8];
	__s64 until;

	setenv("TZ", "UTC", 1);
	tzset();
	cr_assert_gt(
		times_changes(&window, 1, &calendar, "America/New_York", utc(2026, 7, 1, 0, 0), 1, change, 8, &until),
		1);
	cr_expect_eq(change[1].at, utc(2026, 7, 1, 16, 0));
	cr_expect_str_eq(getenv("TZ"), "UTC");
}
