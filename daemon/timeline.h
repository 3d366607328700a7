/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a group may do in the time to come, moment by moment. Pure but for the zone database, whose zone is TZ's. */
#ifndef ESAFE_TIMELINE_H
#define ESAFE_TIMELINE_H

#include "policy.h"

#define TIMELINE_DAYS 366
#define TIMELINE_TEXT 4096

struct timeline_row {
	__s64 at;           /* seconds since 1970 */
	const char *day;    /* "term", "holiday" or "inset" */
	const char *about;  /* "the clocks go back by 1 h", "holiday begins"; "" */
	char open[TIMELINE_TEXT];    /* named times, with commas */
	char change[TIMELINE_TEXT];  /* "games allowed, chat blocked"; of the first row what depends on time; "" */
	char allowed[TIMELINE_TEXT]; /* every category that is allowed from then on, with commas */
};

/* Rows from `now` on; anything but 0 from `row` ends it with that. -EINVAL: the zone is not known, or too many days. */
int policy_timeline(const struct policy *policy, size_t group, const char *zone, __s64 now, unsigned days,
		    int (*row)(void *ctx, const struct timeline_row *row), void *ctx);

#endif
