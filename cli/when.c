/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "when.h"

static const char *const weekdays[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

static const char *skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* Reads from `least` to `most` digits; NULL if they are not there. */
static const char *digits(const char *at, int least, int most, int *out)
{
	int n = 0, value = 0;

	while (n < most && isdigit((unsigned char)at[n]))
		value = value * 10 + at[n++] - '0';
	if (n < least)
		return NULL;
	*out = value;
	return at + n;
}

/* "-15m", "+2h" */
static int parse_distance(const char *text, time_t now, time_t *out)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };
	int amount;
	const char *at = digits(text + 1, 1, 6, &amount);

	if (!at || !*at || at[1])
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].unit != *at)
			continue;
		*out = now + (*text == '-' ? -1 : 1) * (time_t)amount * units[i].seconds;
		return 0;
	}
	return -1;
}

/* "09:00" or "09:00:30" */
static const char *parse_clock(const char *at, struct tm *tm)
{
	int hour, minute, second = 0;

	at = digits(at, 1, 2, &hour);
	if (!at || *at != ':')
		return NULL;
	at = digits(at + 1, 2, 2, &minute);
	if (at && *at == ':')
		at = digits(at + 1, 2, 2, &second);
	if (!at || hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second)))
		return NULL;
	tm->tm_hour = hour;
	tm->tm_min = minute;
	tm->tm_sec = second;
	return at;
}

static bool day_exists(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12 };

	return month >= 1 && timegm(&tm) != (time_t)-1 && tm.tm_mon == month - 1 && tm.tm_mday == day;
}

/* "2026-10-26" */
static const char *parse_date(const char *at, struct tm *tm)
{
	int year, month, day;

	at = digits(at, 4, 4, &year);
	if (!at || *at != '-')
		return NULL;
	at = digits(at + 1, 2, 2, &month);
	if (!at || *at != '-')
		return NULL;
	at = digits(at + 1, 2, 2, &day);
	if (!at || !day_exists(year, month, day))
		return NULL;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return at;
}

/* "today", "yesterday", "mon": the last such day, today included */
static const char *parse_day_word(const char *at, struct tm *tm)
{
	size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (len == 5 && !strncasecmp(at, "today", 5))
		return at + len;
	if (len == 9 && !strncasecmp(at, "yesterday", 9)) {
		tm->tm_mday--;
		return at + len;
	}
	if (len == 8 && !strncasecmp(at, "tomorrow", 8)) {
		tm->tm_mday++;
		return at + len;
	}
	for (int day = 0; day < 7; day++) {
		if (len < 3 || len > strlen(weekdays[day]) || strncasecmp(at, weekdays[day], len))
			continue;
		tm->tm_mday -= (tm->tm_wday + 7 - day) % 7;
		return at + len;
	}
	return NULL;
}

/* "Z", "+01:00", "-0500" or nothing; *offset in seconds */
static const char *parse_zone(const char *at, bool *given, int *offset)
{
	int sign, hours, minutes = 0;

	*given = *at != '\0';
	*offset = 0;
	if (!*at)
		return at;
	if (*at == 'Z' || *at == 'z')
		return at + 1;
	if (*at != '+' && *at != '-')
		return NULL;
	sign = *at == '-' ? -1 : 1;
	at = digits(at + 1, 2, 2, &hours);
	if (at && *at == ':')
		at++;
	if (at && *at)
		at = digits(at, 2, 2, &minutes);
	if (!at || hours > 15 || minutes > 59)
		return NULL;
	*offset = sign * (hours * 3600 + minutes * 60);
	return at;
}

/* A day, a time of day, or both with 'T' or a blank between them, and a zone behind. */
static const char *parse_moment(const char *text, struct tm *tm, bool *zoned, int *offset)
{
	const char *at = parse_date(text, tm) ?: parse_day_word(text, tm);

	if (at && !*skip_blanks(at))
		return skip_blanks(at);
	if (at)
		at = *at == 'T' || *at == 't' ? at + 1 : *at == ' ' ? skip_blanks(at) : NULL;
	else
		at = text; /* a time of today */
	at = at ? parse_clock(at, tm) : NULL;
	return at ? parse_zone(at, zoned, offset) : NULL;
}

int when_parse(const char *text, time_t now, time_t *out)
{
	bool zoned = false;
	int offset = 0;
	struct tm tm;

	text = skip_blanks(text);
	if (!strcasecmp(text, "now")) {
		*out = now;
		return 0;
	}
	if (*text == '-' || *text == '+')
		return parse_distance(text, now, out);
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	text = parse_moment(text, &tm, &zoned, &offset);
	if (!text || *text)
		return -1;
	*out = zoned ? timegm(&tm) - offset : mktime(&tm);
	return 0;
}
