/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of times: ranges of the week and days of the school year. When they begin and end: see changes.c. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "times.h"

#define MINUTES 1440
#define EVERY_DAY 0x7f

static const struct {
	const char *text;
	__u8 days;
} day_words[] = {
	{ "mon", 1 },	{ "tue", 2 },  { "wed", 4 },	{ "thu", 8 },	    { "fri", 16 },
	{ "sat", 32 },	{ "sun", 64 }, { "daily", 0x7f }, { "weekdays", 0x1f }, { "weekends", 0x60 },
};
#define SINGLE_DAYS 7

static const struct {
	const char *text;
	enum times_kind kind;
} kind_words[] = {
	{ "term", TIMES_TERM },
	{ "holiday", TIMES_HOLIDAY },
	{ "inset", TIMES_INSET },
};

struct cursor {
	const char *text, *at;
	const char *why;
};

static int fail(struct cursor *c, const char *why)
{
	c->why = why;
	return -EINVAL;
}

static void spaces(struct cursor *c)
{
	while (*c->at == ' ')
		c->at++;
}

static size_t letters(const struct cursor *c)
{
	size_t n = 0;

	while (isalpha((unsigned char)c->at[n]))
		n++;
	return n;
}

static void take_kind(struct cursor *c, struct times_range *out)
{
	size_t n = letters(c);

	for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++) {
		if (strlen(kind_words[i].text) != n || strncasecmp(c->at, kind_words[i].text, n))
			continue;
		out->kind = kind_words[i].kind;
		c->at += n;
		spaces(c);
		return;
	}
}

static int take_day(struct cursor *c, size_t *day)
{
	size_t n = letters(c);

	for (size_t i = 0; n && i < sizeof(day_words) / sizeof(day_words[0]); i++) {
		if (strlen(day_words[i].text) != n || strncasecmp(c->at, day_words[i].text, n))
			continue;
		c->at += n;
		*day = i;
		return 0;
	}
	return fail(c, "a day is missing: Mon Tue Wed Thu Fri Sat Sun, daily, weekdays or weekends");
}

/* One day, or from one to another: Sat-Mon goes over the end of the week. */
static int take_days_part(struct cursor *c, __u8 *days)
{
	size_t first, last;

	if (take_day(c, &first))
		return -EINVAL;
	if (first >= SINGLE_DAYS || *c->at != '-') {
		*days |= day_words[first].days;
		return 0;
	}
	c->at++;
	if (take_day(c, &last))
		return -EINVAL;
	if (last >= SINGLE_DAYS)
		return fail(c, "behind the dash stands one day");
	for (size_t day = first;; day = (day + 1) % SINGLE_DAYS) {
		*days |= day_words[day].days;
		if (day == last)
			return 0;
	}
}

static int take_days(struct cursor *c, struct times_range *out)
{
	if (!isalpha((unsigned char)*c->at)) {
		out->days = EVERY_DAY;
		return 0;
	}
	for (;;) {
		if (take_days_part(c, &out->days))
			return -EINVAL;
		if (*c->at != ',')
			return 0;
		c->at++;
		spaces(c);
	}
}

static int take_clock(struct cursor *c, __u16 *minute)
{
	const char *t = c->at;
	unsigned hour, min;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? t[i] != ':' : !isdigit((unsigned char)t[i]))
			return fail(c, "a time of day is written 08:30");
	hour = (t[0] - '0') * 10 + t[1] - '0';
	min = (t[3] - '0') * 10 + t[4] - '0';
	if (min > 59 || hour * 60 + min > MINUTES)
		return fail(c, "there is no such time of day");
	c->at += 5;
	*minute = hour * 60 + min;
	return 0;
}

static int take_hours(struct cursor *c, struct times_range *out)
{
	if (take_clock(c, &out->start))
		return -EINVAL;
	spaces(c);
	if (*c->at != '-')
		return fail(c, "from when to when? 08:30-12:00");
	c->at++;
	spaces(c);
	if (take_clock(c, &out->end))
		return -EINVAL;
	if (out->start == MINUTES || out->start == out->end || (!out->end && !out->start))
		return fail(c, "this lasts no time at all; the whole day is 00:00-24:00");
	return 0;
}

static int take_range(struct cursor *c, struct times_range *out)
{
	spaces(c);
	if (!*c->at)
		return fail(c, "no time is given");
	take_kind(c, out);
	if (take_days(c, out))
		return -EINVAL;
	spaces(c);
	if (!*c->at)
		out->end = MINUTES;
	else if (take_hours(c, out))
		return -EINVAL;
	spaces(c);
	return *c->at ? fail(c, "not understood from here on") : 0;
}

int times_range_parse(const char *text, struct times_range *out, const char **why, size_t *where)
{
	struct cursor c = { .text = text, .at = text };
	struct times_range range = { 0 };

	if (take_range(&c, &range)) {
		*why = c.why;
		*where = c.at - c.text;
		return -EINVAL;
	}
	*out = range;
	return 0;
}

/* Days since 1970 of the civil calendar, and back: exact for every year that four digits can say. */
static int day_from_civil(int year, int month, int day)
{
	int era, of_era, of_year;

	year -= month <= 2;
	era = year / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (!(year % 4) && year % 100) || !(year % 400);

	return days[month - 1] + (month == 2 && leap);
}

static const char *take_date(const char *text, int *out)
{
	int year, month, day;

	for (int i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return NULL;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	month = (text[5] - '0') * 10 + text[6] - '0';
	day = (text[8] - '0') * 10 + text[9] - '0';
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return NULL;
	*out = day_from_civil(year, month, day);
	return text + 10;
}

int times_span_parse(const char *text, struct times_span *out, const char **why)
{
	struct times_span span;
	const char *at = take_date(text, &span.first);

	*why = "a date is written 2026-10-26, a time 2026-10-26 to 2026-10-30";
	if (!at)
		return -EINVAL;
	span.last = span.first;
	if (*at && (strncmp(at, " to ", 4) || !(at = take_date(at + 4, &span.last)) || *at))
		return -EINVAL;
	if (span.last < span.first) {
		*why = "this ends before it begins";
		return -EINVAL;
	}
	*out = span;
	return 0;
}

static void day_text(int day, char out[48])
{
	int z = day + 719468, era = z / 146097, of_era = z - era * 146097;
	int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100), mp = (5 * of_year + 2) / 153;
	int month = mp + (mp < 10 ? 3 : -9);

	snprintf(out, 48, "%04d-%02d-%02d", (year + era * 400 + (month <= 2)) % 10000, month,
		 of_year - (153 * mp + 2) / 5 + 1);
}

int times_span_text(const struct times_span *span, char *out, size_t size)
{
	char first[48], last[48];

	day_text(span->first, first);
	day_text(span->last, last);
	return span->first == span->last ? snprintf(out, size, "%s", first)
					 : snprintf(out, size, "%s to %s", first, last);
}

static int days_text(__u8 days, char *out, size_t size)
{
	int at = 0;

	for (size_t i = SINGLE_DAYS; i < sizeof(day_words) / sizeof(day_words[0]); i++)
		if (day_words[i].days == days)
			return snprintf(out, size, "%s", day_words[i].text);
	for (size_t i = 0; i < SINGLE_DAYS; i++)
		if (days & day_words[i].days)
			at += snprintf(out + at, size - at, "%s%c%s", at ? "," : "", toupper(day_words[i].text[0]),
				       day_words[i].text + 1);
	return at;
}

int times_range_text(const struct times_range *range, char *out, size_t size)
{
	const char *kind = "";
	char days[32];

	for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
		if (kind_words[i].kind == range->kind)
			kind = kind_words[i].text;
	days_text(range->days, days, sizeof(days));
	return snprintf(out, size, "%s%s%s %02u:%02u-%02u:%02u", kind, *kind ? " " : "", days, range->start / 60,
			range->start % 60, range->end / 60, range->end % 60);
}

static bool in_spans(const struct times_span *span, size_t n, int day)
{
	for (size_t i = 0; i < n; i++)
		if (day >= span[i].first && day <= span[i].last)
			return true;
	return false;
}

enum times_kind times_day_kind(const struct times_calendar *calendar, int day)
{
	if (in_spans(calendar->inset, calendar->inset_n, day))
		return TIMES_INSET;
	if (in_spans(calendar->holidays, calendar->holidays_n, day))
		return TIMES_HOLIDAY;
	if (calendar->terms_n && !in_spans(calendar->terms, calendar->terms_n, day))
		return TIMES_HOLIDAY;
	return TIMES_TERM;
}
