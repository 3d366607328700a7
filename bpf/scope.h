/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody opened or closed for a while. A device belongs to up to five scopes: itself, its user, class, room and
 * group. All that are alive are read, whatever was found in those before: denied anywhere outranks granted anywhere.
 */
#ifndef ESAFE_SCOPE_H
#define ESAFE_SCOPE_H

#include "lookup.h"
#include "maps.h"

enum scoped { /* bits of scratch.scoped, index of scratch.scoped_rule */
	SCOPED_DENIED,
	SCOPED_GRANTED, /* by name; categories are in scratch.lifted */
	SCOPED_LESSON,  /* the name is on the list of a lesson */
	SCOPED_ONLY,    /* a lesson allows only its list */
	SCOPED_SUPERVISED,
	SCOPED_COUNT,
};

#define SCOPE_CATEGORIES 16 /* of one name, that are asked for in one scope */

static __always_inline void scope_forget(struct scratch *s)
{
	s->scoped = 0;
	s->lifted[0] = s->lifted[1] = s->lifted[2] = s->lifted[3] = 0;
	s->lifted_category = s->denied_category = ESAFE_NO_CATEGORY;
}

static __always_inline int is_scoped(const struct scratch *s, enum scoped what)
{
	return s->scoped >> what & 1;
}

/* The first that says so is the rule that is named. */
static __always_inline void scope_note(struct scratch *s, enum scoped what, __u32 rule)
{
	if (is_scoped(s, what))
		return;
	s->scoped |= 1 << what;
	s->scoped_rule[what & 7] = rule;
}

static __always_inline int is_over(__u64 until_ns, __u64 now)
{
	return until_ns && now >= until_ns;
}

static __always_inline const struct esafe_grant *grant_find(const struct scratch *s, const struct esafe_grant_key *key)
{
	const struct esafe_grant *g = bpf_map_lookup_elem(&grant, key);

	return g && !is_over(g->until_ns, s->now_ns) ? g : 0;
}

/* Does the scope, or with kind LESSON the lesson, speak of the name or one above it? `depths`: of how many labels. */
PART int scope_sites(struct scratch *s, __u32 kind, __u32 id, __u32 depths)
{
	struct esafe_grant_key key = { .id = id, .kind = kind };

	if (!s)
		return 0;
	for (__u32 depth = 1; depth <= ESAFE_GRANT_LABELS; depth++) {
		const struct esafe_grant *g;

		if (depth > s->name.labels)
			break;
		if (!(depths & ESAFE_DEPTH_BIT(depth)))
			continue;
		key.what = s->name.suffix[(depth - 1) & (ESAFE_LABEL_ROOM - 1)];
		g = grant_find(s, &key);
		if (!g)
			continue;
		if (kind == ESAFE_SCOPE_LESSON)
			scope_note(s, SCOPED_LESSON, id);
		else
			scope_note(s, g->verdict == ESAFE_ALLOW ? SCOPED_GRANTED : SCOPED_DENIED, g->rule);
	}
	return 0;
}

/* Number of the first category in scratch.asked, which is taken out of it, or ESAFE_NO_CATEGORY. */
static __always_inline __u32 scope_next_category(struct scratch *s)
{
	for (__u32 i = 0; i < 4; i++) {
		__u64 word = s->asked[i];

		if (word) {
			s->asked[i] = word & (word - 1);
			return i * 64 + lowest_bit(word);
		}
	}
	return ESAFE_NO_CATEGORY;
}

/* What the scope says of the first category that is asked for. 0: there is none. */
PART int scope_category(struct scratch *s, __u32 kind, __u32 id)
{
	struct esafe_grant_key key = { .id = id, .kind = kind, .category = 1 };
	const struct esafe_grant *g;
	__u32 category;

	if (!s)
		return 0;
	category = scope_next_category(s);
	if (category == ESAFE_NO_CATEGORY)
		return 0;
	key.what = category;
	g = grant_find(s, &key);
	if (!g)
		return 1;
	if (g->verdict != ESAFE_ALLOW) {
		if (!is_scoped(s, SCOPED_DENIED))
			s->denied_category = category;
		scope_note(s, SCOPED_DENIED, g->rule);
		return 1;
	}
	s->lifted[category >> 6 & 3] |= 1ULL << (category & 63);
	if (category < s->lifted_category) {
		s->lifted_category = category;
		s->lifted_rule = g->rule;
	}
	return 1;
}

/* Which of a kind the device of scratch belongs to; 0 and not *any: none. */
static __always_inline __u32 scope_id(const struct scratch *s, __u32 kind, int *any)
{
	__u32 id = 0;

	switch (kind) {
	case ESAFE_SCOPE_DEVICE:
		id = s->device.id;
		break;
	case ESAFE_SCOPE_USER:
		id = s->device.user;
		break;
	case ESAFE_SCOPE_CLASS:
		id = s->device.class;
		break;
	case ESAFE_SCOPE_ROOM:
		id = s->device.room;
		break;
	default:
		*any = 1;
		return s->group;
	}
	*any = !!id;
	return id;
}

/* The device's scope of this kind, if it is alive. */
static __always_inline const struct esafe_scope *scope_find(const struct scratch *s, __u32 kind, __u32 *id)
{
	struct esafe_scope_key key = { .kind = kind };
	const struct esafe_scope *scope_now;
	int any;

	key.id = scope_id(s, kind, &any);
	if (!any)
		return 0;
	*id = key.id;
	scope_now = bpf_map_lookup_elem(&scope, &key);
	return scope_now && s->now_ns < scope_now->until_ns ? scope_now : 0;
}

/* What the device's scope of this kind says of the name in scratch, with no labels of none, and of its categories. */
PART int scope_read(struct scratch *s, __u32 kind)
{
	const struct esafe_scope *found;
	__u32 id = 0;

	if (!s)
		return 0;
	found = scope_find(s, kind, &id);
	if (!found)
		return 0;
	if (s->now_ns < found->supervised_until_ns)
		scope_note(s, SCOPED_SUPERVISED, found->supervision);
	if (s->now_ns < found->lesson_until_ns) {
		if (found->flags & ESAFE_SCOPE_LESSON_ONLY)
			scope_note(s, SCOPED_ONLY, found->lesson);
		if (found->lesson_sites)
			scope_sites(s, ESAFE_SCOPE_LESSON, found->lesson, found->lesson_sites);
	}
	if (found->sites)
		scope_sites(s, kind, id, found->sites);
	for (int i = 0; i < 4; i++)
		s->asked[i] = s->categories[i] & found->categories[i];
	for (int i = 0; i < SCOPE_CATEGORIES; i++)
		if (!scope_category(s, kind, id))
			break;
	return 0;
}

/* Reads every scope of the device that there may be any of. */
static __always_inline void scope_read_all(struct scratch *s)
{
	struct esafe_config *c = config_get();

	if (!c || !c->scopes)
		return;
	for (__u32 kind = ESAFE_SCOPE_DEVICE; kind <= ESAFE_SCOPE_GROUP; kind++)
		if (c->scopes >> kind & 1)
			scope_read(s, kind);
}

#endif
