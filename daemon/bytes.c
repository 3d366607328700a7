/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "bytes.h"

static const struct {
	char letter;
	__u64 bytes;
} units[] = { { 'T', 1000000000000ull }, { 'G', 1000000000 }, { 'M', 1000000 }, { 'k', 1000 } };
#define UNITS (sizeof(units) / sizeof(units[0]))

int bytes_parse(const char *text, __u64 *bytes)
{
	__u64 number = 0, unit = 1;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		number = number > BYTES_MAX ? number : number * 10 + (*text - '0');
	if (*text) {
		size_t i = 0;

		while (i < UNITS && toupper((unsigned char)units[i].letter) != toupper((unsigned char)*text))
			i++;
		if (i == UNITS || text[1])
			return -EINVAL;
		unit = units[i].bytes;
	}
	if (!number || number > BYTES_MAX / unit)
		return -ERANGE;
	*bytes = number * unit;
	return 0;
}

void bytes_text(__u64 bytes, char *out, size_t size)
{
	for (size_t i = 0; i < UNITS; i++) {
		__u64 unit = units[i].bytes;

		if (bytes < unit)
			continue;
		if (bytes % unit && bytes / unit < 100)
			snprintf(out, size, "%.1f%c", bytes / (double)unit, units[i].letter);
		else
			snprintf(out, size, "%llu%c", (unsigned long long)(bytes / unit), units[i].letter);
		return;
	}
	snprintf(out, size, "%llu", (unsigned long long)bytes);
}
