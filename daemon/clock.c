/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <time.h>

#include "clock.h"

#define NS 1000000000ll

static __s64 read_ns(clockid_t which)
{
	struct timespec now = { 0 };

	clock_gettime(which, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

__s64 clock_seconds(void)
{
	return read_ns(CLOCK_REALTIME) / NS;
}

__u64 clock_realtime_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

__u64 clock_monotonic_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}

/* The two are read one after the other: the offset is a whole number of seconds, so rounding takes the gap away. */
__s64 clock_tai_offset_ns(void)
{
	__s64 realtime = read_ns(CLOCK_REALTIME);
	__s64 offset = read_ns(CLOCK_TAI) - realtime;

	return (offset + (offset < 0 ? -NS / 2 : NS / 2)) / NS * NS;
}

void clock_text(__s64 seconds, char out[CLOCK_TEXT_SIZE])
{
	char date[20], zone[8];
	time_t when = seconds;
	struct tm tm;

	out[0] = '\0';
	if (!seconds || !localtime_r(&when, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		return;
	snprintf(out, CLOCK_TEXT_SIZE, "%s%.3s:%.2s", date, zone, zone + 3);
}
