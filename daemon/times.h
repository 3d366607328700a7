/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named times of the week, school terms and holidays, and the moments when they begin and end. All in local time of a
 * zone; changes of the clock are worked out ahead. Knows the zone database, no clock. If the zone is not that of TZ,
 * TZ is changed for a moment: call from one thread only, or set TZ at start as the daemon does.
 */
#ifndef ESAFE_TIMES_H
#define ESAFE_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define TIMES_RANGES 32 /* in one named time */
#define TIMES_SPANS 256 /* terms, holidays or inset days */

enum times_kind { TIMES_ANY, TIMES_TERM, TIMES_HOLIDAY, TIMES_INSET };

struct times_range {
	enum times_kind kind; /* on which days of the school year */
	__u8 days;            /* bit 0 is Monday */
	__u16 start, end;     /* minutes of the day, 0 to 1440; end <= start: ends on the day after */
};

struct times_window {
	struct times_range range[TIMES_RANGES];
	size_t n;
};

struct times_span { /* days since 1 January 1970, both included */
	int first, last;
};

struct times_calendar {
	struct times_span *terms, *holidays, *inset; /* no terms: every day that is no holiday and no inset day */
	size_t terms_n, holidays_n, inset_n;
};

struct times_change {
	__s64 at;      /* seconds since 1970, UTC; the first is the least that there is */
	__u64 windows; /* bit n: window[n] is open from then on */
};

/* "[term|holiday|inset] Mon-Fri 12:00-13:00"; on failure *why says what is wrong, *where at which byte. */
int times_range_parse(const char *text, struct times_range *out, const char **why, size_t *where);
/* "2026-10-26" or "2026-10-26 to 2026-10-30" */
int times_span_parse(const char *text, struct times_span *out, const char **why);
int times_range_text(const struct times_range *range, char *out, size_t size);
int times_span_text(const struct times_span *span, char *out, size_t size);

long times_offset(__s64 at); /* seconds east of Greenwich at this moment, by TZ */
/* The first second after `low` for which `of` says something else; both ends differ. */
__s64 times_first_other(__s64 low, __s64 high, long (*of)(__s64 at));

enum times_kind times_day_kind(const struct times_calendar *calendar, int day);
bool times_zone_known(const char *zone);

/*
 * What is open from `now` on and every change until `days` later, or until room is used up. Returns the number of
 * changes, or -errno. *until is the moment up to which the changes are complete.
 */
int times_changes(const struct times_window *window, size_t n, const struct times_calendar *calendar, const char *zone,
		  __s64 now, unsigned days, struct times_change *out, size_t room, __s64 *until);

#endif
