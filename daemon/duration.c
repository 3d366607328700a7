/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "duration.h"

static const struct {
	char letter;
	__s64 seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
#define UNITS (sizeof(units) / sizeof(units[0]))

int duration_parse(const char *text, __s64 *seconds)
{
	__s64 sum = 0;
	size_t unit = 0;

	if (!*text)
		return -EINVAL;
	while (*text) { /* the greater unit first, each once */
		__s64 number = 0;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		for (; isdigit((unsigned char)*text); text++)
			number = number > DURATION_MAX ? number : number * 10 + (*text - '0');
		while (unit < UNITS && units[unit].letter != *text)
			unit++;
		if (unit == UNITS)
			return -EINVAL;
		if (number > DURATION_MAX)
			return -ERANGE;
		sum += number * units[unit++].seconds;
		text++;
	}
	if (sum < 1 || sum > DURATION_MAX)
		return -ERANGE;
	*seconds = sum;
	return 0;
}

void duration_text(__s64 seconds, char *out, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < UNITS; i++) {
		__s64 number = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (number && at < size)
			at += snprintf(out + at, size - at, "%lld%c", (long long)number, units[i].letter);
	}
	if (!at)
		snprintf(out, size, "0s");
}
