/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scopes, grants, lessons and devices for the tests: written as the daemon writes them. */
#ifndef SCOPED_H
#define SCOPED_H

#include "lab.h"

enum { USER = 7, CLASS = 8, ROOM = 9, LESSON = 50, SUPERVISION = 60 };

/* A device of host 1 to 250, which belongs to one scope of each kind, nobody else's. */
static inline struct esafe_device scoped_device(struct lab *lab, const char *group, __u8 host)
{
	return (struct esafe_device){ .id = 100 + host, .user = USER + host * 100, .class = CLASS + host * 100,
				      .base_class = CLASS + host * 100, .room = ROOM + host * 100,
				      .group = idtable_get(&lab->groups, group), .base_group = ESAFE_NONE,
				      .how = ESAFE_HOW_USER };
}

static inline void scoped_put_device(struct lab *lab, __u8 host, const struct esafe_device *device)
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, host } };

	LAB_CHECK(!maps_device_set(&lab->maps, &key, device));
}

static inline struct esafe_scope_key scoped_key(const struct esafe_device *d, __u8 kind)
{
	const __u32 ids[] = { [ESAFE_SCOPE_DEVICE] = d->id, [ESAFE_SCOPE_USER] = d->user, [ESAFE_SCOPE_CLASS] = d->class,
			      [ESAFE_SCOPE_ROOM] = d->room, [ESAFE_SCOPE_GROUP] = d->group };

	return (struct esafe_scope_key){ .id = ids[kind], .kind = kind };
}

/* Grants or denies a site in the scope, or puts it on the list of its lesson, which then has the row `id`. */
static inline void scoped_site(struct lab *lab, __u8 kind, __u32 id, const char *name, __u8 verdict, __u32 rule,
			       __u64 until, __u16 *depths)
{
	struct esafe_grant_key key = { .id = id, .kind = kind };
	struct esafe_grant grant = { .until_ns = until, .rule = rule, .verdict = verdict };
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text(name, strlen(name), wire);
	unsigned labels = 0;

	LAB_CHECK(len > 0);
	for (const __u8 *at = wire; *at; at += *at + 1)
		labels++;
	*depths |= ESAFE_DEPTH_BIT(labels);
	key.what = name_hash(wire, len, LAB_K1, LAB_K2);
	LAB_CHECK(!maps_grant_set(&lab->maps, &key, &grant));
}

static inline void scoped_category(struct lab *lab, struct esafe_scope_key at, const char *name, __u8 verdict,
				   __u32 rule, __u64 until, __u64 categories[4])
{
	int category = idtable_get(&lab->categories, name);
	struct esafe_grant_key key = { .what = category, .id = at.id, .kind = at.kind, .category = 1 };
	struct esafe_grant grant = { .until_ns = until, .rule = rule, .verdict = verdict };

	LAB_CHECK(category >= 0);
	categories[category / 64] |= 1ULL << category % 64;
	LAB_CHECK(!maps_grant_set(&lab->maps, &key, &grant));
}

enum scoped_act { NOTHING, GRANT, DENY, GRANT_CATEGORY, DENY_CATEGORY, LESSON_LIST, LESSON_ONLY, SUPERVISE };

/* One act in a scope until then. Its rule has the number `rule`. What else the scope says stays. */
static inline void scoped_act(struct lab *lab, struct esafe_scope_key at, enum scoped_act act, const char *what,
			      __u64 until, __u32 rule)
{
	struct esafe_scope scope = { 0 };
	__u8 verdict = act == GRANT || act == GRANT_CATEGORY ? ESAFE_ALLOW : ESAFE_BLOCK;

	bpf_map_lookup_elem(lab->maps.scope, &at, &scope);
	if (act == GRANT || act == DENY)
		scoped_site(lab, at.kind, at.id, what, verdict, rule, until, &scope.sites);
	if (act == GRANT_CATEGORY || act == DENY_CATEGORY)
		scoped_category(lab, at, what, verdict, rule, until, scope.categories);
	if (act == LESSON_LIST || act == LESSON_ONLY) {
		scope.lesson = rule;
		scope.lesson_until_ns = until;
		scope.flags = act == LESSON_ONLY ? ESAFE_SCOPE_LESSON_ONLY : 0;
		scoped_site(lab, ESAFE_SCOPE_LESSON, rule, what, ESAFE_ALLOW, 0, 0, &scope.lesson_sites);
	}
	if (act == SUPERVISE) {
		scope.supervision = rule;
		scope.supervised_until_ns = until;
	}
	if (until > scope.until_ns)
		scope.until_ns = until;
	LAB_CHECK(!maps_scope_set(&lab->maps, &at, &scope));
}

static inline int scoped_forget_grant(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant)
{
	*(struct esafe_grant_key *)ctx = *key;
	return 1;
}

static inline int scoped_forget_scope(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope)
{
	*(struct esafe_scope_key *)ctx = *key;
	return 1;
}

/* Everything that was opened or closed is so no longer. */
static inline void scoped_forget(struct lab *lab)
{
	struct esafe_scope_key scope;
	struct esafe_grant_key grant;

	while (maps_scope_each(&lab->maps, scoped_forget_scope, &scope) == 1)
		LAB_CHECK(!maps_scope_del(&lab->maps, &scope));
	while (maps_grant_each(&lab->maps, scoped_forget_grant, &grant) == 1)
		LAB_CHECK(!maps_grant_del(&lab->maps, &grant));
}

#endif
