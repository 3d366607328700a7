/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moments when named times begin and end. Wall-clock times become UTC by the rules of the zone: a time that the
 * clocks skip is the moment of the change; of one that comes twice a beginning takes the first and an end the second.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "times.h"

#define DAY 86400
#define EDGES_MAX (1u << 20)

struct edge {
	__s64 at;
	__u8 window;
	__s8 step; /* +1 begins, -1 ends */
};

struct edges {
	struct edge *item;
	size_t n, room;
	__s64 before; /* later ones are not wanted */
};

bool times_zone_known(const char *zone)
{
	char path[256];

	if (!zone[0] || zone[0] == '/' || strstr(zone, "..") || strlen(zone) > 64 ||
	    strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") != strlen(zone))
		return false;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	return !access(path, R_OK);
}

/* The C library knows one zone at a time: the daemon's own is put back. *saved is NULL when there was nothing to do. */
static int zone_enter(const char *zone, char **saved, bool *changed)
{
	const char *now = getenv("TZ");

	*saved = NULL;
	*changed = !now || strcmp(now, zone);
	if (!*changed) {
		tzset();
		return 0;
	}
	if (now) {
		*saved = strdup(now);
		if (!*saved)
			return -ENOMEM;
	}
	if (setenv("TZ", zone, 1)) {
		free(*saved);
		return -errno;
	}
	tzset();
	return 0;
}

static void zone_leave(char *saved, bool changed)
{
	if (!changed)
		return;
	if (saved)
		setenv("TZ", saved, 1);
	else
		unsetenv("TZ");
	free(saved);
	tzset();
}

long times_offset(__s64 at)
{
	time_t t = at;
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

__s64 times_first_other(__s64 low, __s64 high, long (*of)(__s64 at))
{
	long before = of(low);

	while (high - low > 1) {
		__s64 middle = low + (high - low) / 2;

		if (of(middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* wall: seconds since 1970 as the clock on the wall counts them */
static __s64 moment(__s64 wall, bool last)
{
	long before = times_offset(wall - DAY), after = times_offset(wall + DAY);
	__s64 first = wall - before, second = wall - after;
	bool first_fits = times_offset(first) == before, second_fits = times_offset(second) == after;

	if (first_fits && second_fits)
		return (first < second) == last ? second : first;
	if (first_fits || second_fits)
		return first_fits ? first : second;
	return times_first_other(first < second ? first : second, first < second ? second : first, times_offset);
}

static int add_edge(struct edges *edges, __s64 at, size_t window, int step)
{
	struct edge *grown;
	size_t room;

	if (edges->n == edges->room) {
		room = edges->room ? edges->room * 2 : 256;
		grown = room > EDGES_MAX ? NULL : reallocarray(edges->item, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		edges->item = grown;
		edges->room = room;
	}
	edges->item[edges->n++] = (struct edge){ .at = at, .window = window, .step = step };
	return 0;
}

static int add_range(struct edges *edges, const struct times_range *range, size_t window, int day)
{
	__s64 midnight = (__s64)day * DAY;
	__s64 start = moment(midnight + range->start * 60, false);
	__s64 end = moment(midnight + range->end * 60 + (range->end <= range->start ? DAY : 0), true);
	int err;

	if (end <= start || start >= edges->before) /* the clocks went over it */
		return 0;
	err = add_edge(edges, start, window, 1);
	return err ? err : add_edge(edges, end, window, -1);
}

static int add_day(struct edges *edges, const struct times_window *window, size_t n,
		   const struct times_calendar *calendar, int day)
{
	enum times_kind kind = times_day_kind(calendar, day);
	unsigned weekday = 1u << (((day + 3) % 7 + 7) % 7); /* 1 January 1970 was a Thursday */
	int err = 0;

	for (size_t w = 0; w < n && !err; w++) {
		for (size_t i = 0; i < window[w].n && !err; i++) {
			const struct times_range *range = &window[w].range[i];

			if ((range->kind == TIMES_ANY || range->kind == kind) && range->days & weekday)
				err = add_range(edges, range, w, day);
		}
	}
	return err;
}

static int by_time(const void *a, const void *b)
{
	const struct edge *left = a, *right = b;

	return (left->at > right->at) - (left->at < right->at);
}

/* Sums the edges of one moment, so that times that touch do not flicker. */
static int collect(const struct edges *edges, __s64 now, __s64 *until, struct times_change *out, size_t room)
{
	unsigned open[64] = { 0 };
	__u64 windows = 0;
	size_t n = 1;

	out[0] = (struct times_change){ .at = INT64_MIN };
	for (size_t i = 0; i < edges->n;) {
		__s64 at = edges->item[i].at;
		__u64 before = windows;

		for (; i < edges->n && edges->item[i].at == at; i++)
			open[edges->item[i].window] += edges->item[i].step;
		windows = 0;
		for (int w = 0; w < 64; w++)
			windows |= (__u64)!!open[w] << w;
		if (windows == before || at >= *until)
			continue;
		if (at > now && n == room) {
			*until = at;
			break;
		}
		if (at > now)
			out[n++] = (struct times_change){ .at = at, .windows = windows };
		else
			out[0].windows = windows;
	}
	return n;
}

int times_changes(const struct times_window *window, size_t n, const struct times_calendar *calendar, const char *zone,
		  __s64 now, unsigned days, struct times_change *out, size_t room, __s64 *until)
{
	struct edges edges = { .before = now + (__s64)days * DAY };
	bool changed;
	char *saved;
	int first, err;

	if (n > 64 || !room || days > 3660 || now < 0 || now > INT32_MAX * 8LL || !times_zone_known(zone))
		return -EINVAL;
	err = zone_enter(zone, &saved, &changed);
	if (err)
		return err;
	first = (int)((now + times_offset(now)) / DAY);
	/* from two days back: a time that began before midnight may still be open */
	for (int day = first - 2; day <= first + (int)days + 1 && !err; day++)
		err = add_day(&edges, window, n, calendar, day);
	zone_leave(saved, changed);
	if (!err) {
		if (edges.n)
			qsort(edges.item, edges.n, sizeof(*edges.item), by_time);
		*until = edges.before;
		err = collect(&edges, now, until, out, room);
	}
	free(edges.item);
	return err;
}
