/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "timeline.h"

#define DAY 86400
#define CHANGES_MAX 65536

struct moment {
	__s64 at;
	__u64 windows;
	bool has_windows; /* else those before hold on */
	const char *about;
};

struct timeline {
	const struct policy *policy;
	const struct group *group;
	struct moment *moment;
	size_t n, room;
	struct timeline_row row;
};

static void append(char out[TIMELINE_TEXT], const char *fmt, ...)
{
	size_t at = strlen(out);
	va_list args;

	if (at)
		at += snprintf(out + at, TIMELINE_TEXT - at, ", ");
	va_start(args, fmt);
	if (at < TIMELINE_TEXT)
		vsnprintf(out + at, TIMELINE_TEXT - at, fmt, args);
	va_end(args);
}

/* ---- moments ---- */

static int add_moment(struct timeline *t, const struct moment *moment)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct moment *bigger = room > CHANGES_MAX * 2 ? NULL : realloc(t->moment, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		t->moment = bigger;
		t->room = room;
	}
	t->moment[t->n++] = *moment;
	return 0;
}

static int add_windows(struct timeline *t, const char *zone, __s64 now, unsigned days)
{
	struct times_window *window = calloc(t->policy->times + 1, sizeof(*window));
	struct times_change *change = calloc(CHANGES_MAX, sizeof(*change));
	__s64 until;
	int n = -ENOMEM, err = 0;

	for (size_t i = 0; window && i < t->policy->times; i++)
		window[i] = t->policy->time[i].window;
	if (window && change)
		n = times_changes(window, t->policy->times, &t->policy->calendar, zone, now, days, change, CHANGES_MAX,
				  &until);
	for (int i = 0; i < n && !err; i++)
		err = add_moment(t, &(struct moment){ i ? change[i].at : now, change[i].windows, true, "" });
	free(window);
	free(change);
	return n < 0 ? n : err;
}

/* Since 1970, on the wall. */
static long day_of(__s64 at)
{
	return (at + times_offset(at)) / DAY;
}

static const char *clock_words(long by)
{
	return by == 3600 ? "the clocks go forward by an hour" : by == -3600 ? "the clocks go back by an hour" :
		by > 0	  ? "the clocks go forward" : "the clocks go back";
}

static int add_day(struct timeline *t, __s64 noon)
{
	static const char *const begins[] = {
		[TIMES_ANY] = "", [TIMES_TERM] = "term time begins", [TIMES_HOLIDAY] = "holiday begins",
		[TIMES_INSET] = "inset day",
	};
	int day = day_of(noon);
	enum times_kind kind = times_day_kind(&t->policy->calendar, day);
	__s64 before = noon - DAY;
	long by = times_offset(noon) - times_offset(before);
	int err = 0;

	if (kind != times_day_kind(&t->policy->calendar, day - 1))
		err = add_moment(t, &(struct moment){ times_first_other(before, noon, day_of), 0, false, begins[kind] });
	if (!err && by)
		err = add_moment(t, &(struct moment){ times_first_other(before, noon, times_offset), 0, false, clock_words(by) });
	return err;
}

static int by_time(const void *a, const void *b)
{
	const struct moment *left = a, *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return right->has_windows - left->has_windows;
}

static int gather(struct timeline *t, const char *zone, __s64 now, unsigned days)
{
	int err = add_windows(t, zone, now, days);
	/* noon of the first day: a day is never a whole day from noon to noon when the clocks change, but never two */
	__s64 noon = now - (now + times_offset(now)) % DAY + DAY / 2;

	for (unsigned i = 0; i <= days && !err; i++)
		err = add_day(t, noon + (__s64)i * DAY);
	if (!err)
		qsort(t->moment, t->n, sizeof(*t->moment), by_time);
	return err;
}

/* ---- what holds ---- */

static const char *word_of(const struct rule *rule, __u64 windows)
{
	switch (rule_then(rule, windows)) {
	case RULE_BLOCK:
		return "blocked";
	case RULE_SUPERVISED:
		return "supervised";
	default:
		return "allowed";
	}
}

static bool by_the_clock(const struct rule *rule)
{
	return rule->kind == RULE_ALLOW_AT || rule->kind == RULE_BLOCK_AT;
}

/* before NULL: all that depends on time. */
static void add_change(char out[TIMELINE_TEXT], const char *name, const struct rule *rule, const __u64 *before,
		       __u64 windows)
{
	if (by_the_clock(rule) && (!before || rule_then(rule, *before) != rule_then(rule, windows)))
		append(out, "%s %s", name, word_of(rule, windows));
}

static void describe(struct timeline *t, const __u64 *before, __u64 windows)
{
	const struct policy *policy = t->policy;
	const struct group *group = t->group;
	char name[NAME_TEXT_MAX];

	t->row.change[0] = t->row.allowed[0] = t->row.open[0] = '\0';
	add_change(t->row.change, "everything else", &group->standard, before, windows);
	for (size_t i = 0; i < policy->categories; i++) {
		const struct rule *rule = &group->category[i];

		if (policy->category[i].floor)
			continue;
		add_change(t->row.change, policy->category[i].name, rule, before, windows);
		if (rule_then(rule, windows) == RULE_ALLOW)
			append(t->row.allowed, "%s", policy->category[i].name);
	}
	for (size_t i = 0; i < group->sites; i++) {
		const struct site_rule *site = &group->site[i];

		if (name_to_text(site->name->wire, site->name->len, name, sizeof(name)) >= 0)
			add_change(t->row.change, name, &site->rule, before, windows);
	}
	for (size_t i = 0; i < policy->times; i++)
		if (windows >> i & 1)
			append(t->row.open, "%s", policy->time[i].name);
}

int policy_timeline(const struct policy *policy, size_t group, const char *zone, __s64 now, unsigned days,
		    int (*row)(void *ctx, const struct timeline_row *row), void *ctx)
{
	static const char *const kinds[] = {
		[TIMES_ANY] = "", [TIMES_TERM] = "term", [TIMES_HOLIDAY] = "holiday", [TIMES_INSET] = "inset",
	};
	struct timeline *t;
	__u64 windows = 0;
	int result;

	if (days > TIMELINE_DAYS)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->policy = policy;
	t->group = &policy->group[group];
	result = gather(t, zone, now, days);
	for (size_t i = 0; i < t->n && !result; i++) {
		const struct moment *moment = &t->moment[i];
		__u64 before = windows;

		if (moment->at < now || moment->at >= now + (__s64)days * DAY)
			continue;
		windows = moment->has_windows ? moment->windows : windows;
		describe(t, i ? &before : NULL, windows);
		t->row.at = moment->at;
		t->row.about = moment->about;
		t->row.day = kinds[times_day_kind(&policy->calendar, day_of(moment->at))];
		if (!i || *moment->about || *t->row.change)
			result = row(ctx, &t->row);
	}
	free(t->moment);
	free(t);
	return result;
}
