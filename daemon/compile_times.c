/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each group means in each slot of time, and when one slot follows another. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compile_part.h"

#define SECOND 1000000000LL
#define DAY 86400

enum now { NOW_ALLOW, NOW_BLOCK, NOW_SUPERVISED, NOW_TIMED };

/* windows: as the kernel has them, bit 0 always, bit n+1 policy->time[n] */
static enum now rule_now(const struct rule *rule, __u64 windows)
{
	switch (rule_then(rule, windows >> 1)) {
	case RULE_BLOCK:
		return rule->kind == RULE_BLOCK ? NOW_BLOCK : NOW_TIMED;
	case RULE_SUPERVISED:
		return NOW_SUPERVISED;
	default:
		return NOW_ALLOW;
	}
}

static void set_bit(__u64 *words, unsigned bit)
{
	words[bit / 64] |= 1ULL << bit % 64;
}

static __u16 service_answer(const struct compiling *c, const struct group *group, size_t index)
{
	const struct service *service = &c->policy->service[index];
	int mode = service->kind == SERVICE_CANARY ? LOCK_STRICT
		   : service->kind == SERVICE_VIDEO ? group->set[SET_YOUTUBE]
						    : group->set[SET_SAFESEARCH];
	__u16 answer;

	if (mode == LOCK_OFF)
		return 0;
	answer = c->service_answer[index + 1][mode];
	if (!answer && mode == LOCK_MODERATE) /* it has none: the stricter one */
		answer = c->service_answer[index + 1][LOCK_STRICT];
	return answer ? answer : c->block_answer[group->set[SET_ANSWER]];
}

static void make_profile(const struct compiling *c, const struct group *group, __u64 windows,
			 struct esafe_profile *out)
{
	static const __u8 reasons[] = {
		[NOW_ALLOW] = ESAFE_R_DEFAULT, [NOW_BLOCK] = ESAFE_R_DEFAULT,
		[NOW_SUPERVISED] = ESAFE_R_SUPERVISED, [NOW_TIMED] = ESAFE_R_TIME,
	};
	enum now standard = rule_now(&group->standard, windows);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < c->policy->categories; i++) {
		enum now now = rule_now(&group->category[i], windows);

		if (now == NOW_SUPERVISED)
			set_bit(out->supervised, c->category[i]);
		if (now == NOW_BLOCK || now == NOW_TIMED)
			set_bit(out->block, c->category[i]);
		if (now == NOW_TIMED)
			set_bit(out->timed, c->category[i]);
	}
	if (policy_category(c->policy, POLICY_DOH) == SIZE_MAX && c->out->doh != ESAFE_NO_CATEGORY)
		set_bit(out->block, c->out->doh);
	for (size_t i = 0; i < c->policy->services; i++)
		out->service_answer[i + 1] = service_answer(c, group, i);
	out->block_answer = c->block_answer[group->set[SET_ANSWER]];
	out->default_verdict = standard == NOW_ALLOW ? ESAFE_ALLOW : ESAFE_BLOCK;
	out->default_reason = reasons[standard];
}

static int take_profile(struct compiling *c, const struct group *group, __u64 windows, unsigned *used)
{
	struct esafe_profile *profile = c->out->profiles;
	struct esafe_profile made;

	make_profile(c, group, windows, &made);
	for (unsigned i = 0; i < *used; i++)
		if (!memcmp(&profile[i], &made, sizeof(made)))
			return i;
	if (*used == ESAFE_PROFILES)
		return compile_problem(c, group->at, "groups and times together make more than %d different levels",
				       ESAFE_PROFILES);
	profile[*used] = made;
	return (*used)++;
}

/* The same set of open windows means the same again: most weeks are alike. */
static const struct esafe_transition *seen_before(const struct esafe_policy *out, __u64 windows)
{
	for (__u32 i = 0; i < out->transitions_count; i++)
		if (out->transitions[i].windows == windows)
			return &out->transitions[i];
	return NULL;
}

static int add_transition(struct compiling *c, __u64 at_ns, __u64 windows, unsigned *used)
{
	struct esafe_transition *to = &c->out->transitions[c->out->transitions_count];
	const struct esafe_transition *same = seen_before(c->out, windows);

	to->at_ns = at_ns;
	to->windows = windows;
	if (same)
		memcpy(to->profile, same->profile, sizeof(to->profile));
	for (size_t i = 0; !same && i < c->policy->groups; i++) {
		int profile = take_profile(c, &c->policy->group[i], windows, used);

		if (profile < 0)
			return profile;
		to->profile[c->group[i]] = profile;
	}
	c->out->transitions_count++;
	return 0;
}

static int find_changes(struct compiling *c, struct times_change *change)
{
	const struct policy *p = c->policy;
	unsigned days = c->env->days ? c->env->days : COMPILE_DAYS;
	__s64 now = c->env->now_realtime_ns / SECOND, until = 0;
	struct times_window *window = calloc(p->times + 1, sizeof(*window));
	int n;

	if (!window)
		return -ENOMEM;
	for (size_t i = 0; i < p->times; i++)
		window[i] = p->time[i].window;
	n = times_changes(window, p->times, &p->calendar, c->env->zone, now, days, change, ESAFE_TRANSITIONS, &until);
	free(window);
	if (n == -EINVAL)
		return compile_problem(c, (struct at){ p->files[0], 0, 0 },
				       "\"%s\" is not a time zone that is known here", c->env->zone);
	if (n >= 0 && days >= COMPILE_DAYS_MIN && until < now + COMPILE_DAYS_MIN * DAY)
		return compile_problem(c, p->time[0].at, "the times change too often to be laid out %d days ahead",
				       COMPILE_DAYS_MIN);
	return n;
}

int compile_times(struct compiling *c)
{
	struct times_change *change = calloc(ESAFE_TRANSITIONS, sizeof(*change));
	unsigned used = 0;
	int n, err = 0;

	if (!change)
		return -ENOMEM;
	n = find_changes(c, change);
	for (int i = 0; i < n && !err; i++)
		err = add_transition(c, i ? change[i].at * SECOND + c->env->tai_offset_ns : 0,
				     change[i].windows << 1 | 1, &used);
	free(change);
	return n < 0 ? n : err;
}
