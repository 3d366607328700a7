/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "permit.h"

#define SECOND 1000000000ll

static const char *const kinds[PERMIT_KINDS] = {
	[PERMIT_LESSON] = "lesson", [PERMIT_SUPERVISE] = "supervision", [PERMIT_GRANT] = "grant",
	[PERMIT_DENY] = "deny",     [PERMIT_SUSPEND] = "suspension",    [PERMIT_QUARANTINE] = "quarantine",
};

static const char *const scopes[] = {
	[ESAFE_SCOPE_DEVICE] = "device", [ESAFE_SCOPE_USER] = "user", [ESAFE_SCOPE_CLASS] = "class",
	[ESAFE_SCOPE_ROOM] = "room",     [ESAFE_SCOPE_GROUP] = "group",
};

const char *permit_kind_name(unsigned kind)
{
	return kind < PERMIT_KINDS && kinds[kind] ? kinds[kind] : "?";
}

const char *permit_scope_word(unsigned scope_kind)
{
	return scope_kind < sizeof(scopes) / sizeof(scopes[0]) && scopes[scope_kind] ? scopes[scope_kind] : "device";
}

void permit_free(struct permit *permit)
{
	if (!permit)
		return;
	free(permit->site);
	free(permit->scope_name);
	free(permit->what);
	free(permit->who);
	free(permit->reason);
	free(permit);
}

bool permit_alive(const struct permit *permit, __s64 now)
{
	return !permit->until || permit->until > now;
}

void permit_text(const struct permit *permit, char *out, size_t size)
{
	int at = snprintf(out, size, "%s #%u for %s %s", permit_kind_name(permit->kind), permit->id,
			  permit_scope_word(permit->scope.kind), permit->scope_name);

	if (at < 0 || (size_t)at >= size)
		return;
	if (permit->kind == PERMIT_LESSON)
		at += snprintf(out + at, size - at, ": %u sites%s", permit->sites, permit->only ? ", nothing else" : "");
	else if (*permit->what)
		at += snprintf(out + at, size - at, ": %s %s", permit->by_category ? "category" : "site", permit->what);
	if (*permit->reason && (size_t)at < size)
		snprintf(out + at, size - at, " (%s)", permit->reason);
}

/* ---- sites ---- */

static int add_site(struct permit *permit, const char *name, size_t len, __u64 k1, __u64 k2)
{
	__u8 wire[ESAFE_NAME_MAX];
	int bytes = name_from_shown(name, len, wire);
	struct permit_site *site = &permit->site[permit->sites];

	if (bytes < 2)
		return -EINVAL;
	site->labels = 0;
	for (int i = 0; wire[i]; i += wire[i] + 1)
		site->labels++;
	site->hash = name_hash(wire, (size_t)bytes, k1, k2);
	if (site->labels > ESAFE_GRANT_LABELS)
		return -EINVAL;
	permit->sites++;
	return 0;
}

int permit_read_sites(struct permit *permit, __u64 k1, __u64 k2)
{
	const char *at = permit->what;
	size_t lines = 1;
	int err = 0;

	permit->sites = 0;
	if (permit->by_category || !*at)
		return 0;
	for (const char *c = at; *c; c++)
		lines += *c == '\n';
	permit->site = calloc(lines, sizeof(*permit->site));
	if (!permit->site)
		return -ENOMEM;
	while (*at && !err) {
		size_t len = strcspn(at, "\n");

		err = add_site(permit, at, len, k1, k2);
		at += len + (at[len] == '\n');
	}
	return err;
}

/* ---- those that are alive ---- */

int permits_add(struct permits *permits, struct permit *permit)
{
	if (permits->n >= PERMITS_MAX)
		return -ENOSPC;
	if (permits->n == permits->room) {
		size_t room = permits->room ? permits->room * 2 : 32;
		struct permit **bigger = realloc(permits->item, room * sizeof(struct permit *));

		if (!bigger)
			return -ENOMEM;
		permits->item = bigger;
		permits->room = room;
	}
	permits->item[permits->n++] = permit;
	return 0;
}

void permits_remove(struct permits *permits, const struct permit *permit)
{
	for (size_t i = 0; i < permits->n; i++) {
		if (permits->item[i] != permit)
			continue;
		permits->n--;
		memmove(&permits->item[i], &permits->item[i + 1], (permits->n - i) * sizeof(struct permit *));
		return;
	}
}

void permits_free(struct permits *permits)
{
	for (size_t i = 0; i < permits->n; i++)
		permit_free(permits->item[i]);
	free(permits->item);
	*permits = (struct permits){ 0 };
}

struct permit *permits_get(const struct permits *permits, __u32 id)
{
	for (size_t i = 0; i < permits->n; i++)
		if (permits->item[i]->id == id)
			return permits->item[i];
	return NULL;
}

static bool same_scope(const struct permit *a, const struct permit *b)
{
	if (a->by_addr)
		return b->by_addr && !memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return !b->by_addr && !memcmp(&a->scope, &b->scope, sizeof(a->scope));
}

static bool same_thing(const struct permit *a, const struct permit *b)
{
	if (a->kind != PERMIT_GRANT && a->kind != PERMIT_DENY)
		return true; /* a scope has one lesson, one supervision, one suspension */
	return a->by_category == b->by_category && !strcmp(a->what, b->what);
}

struct permit *permits_twin(const struct permits *permits, const struct permit *fresh)
{
	for (size_t i = 0; i < permits->n; i++) {
		struct permit *old = permits->item[i];

		if (old != fresh && old->kind == fresh->kind && same_scope(old, fresh) && same_thing(old, fresh))
			return old;
	}
	return NULL;
}

__s64 permits_deadline(const struct permits *permits)
{
	__s64 first = 0;

	for (size_t i = 0; i < permits->n; i++)
		if (permits->item[i]->until && (!first || permits->item[i]->until < first))
			first = permits->item[i]->until;
	return first;
}

/* ---- for the maps ---- */

unsigned permit_grants(const struct permit *permit)
{
	switch (permit->kind) {
	case PERMIT_LESSON:
		return permit->sites;
	case PERMIT_GRANT:
	case PERMIT_DENY:
		return permit->by_category ? permit->category != ESAFE_NO_CATEGORY : permit->sites;
	default:
		return 0;
	}
}

void permit_grant_key(const struct permit *permit, unsigned i, struct esafe_grant_key *key)
{
	bool lesson = permit->kind == PERMIT_LESSON;

	*key = (struct esafe_grant_key){
		.what = permit->by_category ? permit->category : permit->site[i].hash,
		.id = lesson ? permit->id : permit->scope.id,
		.kind = lesson ? ESAFE_SCOPE_LESSON : permit->scope.kind,
		.category = permit->by_category,
	};
}

static bool asks_for(const struct permit *permit, const struct esafe_grant_key *key)
{
	struct esafe_grant_key own;

	if (permit->kind == PERMIT_LESSON ? key->kind != ESAFE_SCOPE_LESSON || key->id != permit->id :
					    key->kind != permit->scope.kind || key->id != permit->scope.id)
		return false;
	for (unsigned i = 0; i < permit_grants(permit); i++) {
		permit_grant_key(permit, i, &own);
		if (!memcmp(&own, key, sizeof(own)))
			return true;
	}
	return false;
}

static __u64 tai(__s64 seconds, __s64 tai_ns)
{
	return seconds ? (__u64)(seconds * SECOND + tai_ns) : 0;
}

static bool outlasts(const struct permit *a, const struct permit *b)
{
	return b->until && (!a->until || a->until > b->until);
}

bool permits_grant(const struct permits *permits, const struct esafe_grant_key *key, __s64 now, __s64 tai_ns,
		   struct esafe_grant *out)
{
	const struct permit *holds = NULL;

	for (size_t i = 0; i < permits->n; i++) {
		const struct permit *permit = permits->item[i];
		bool denies = permit->kind == PERMIT_DENY;

		if (!permit_alive(permit, now) || !asks_for(permit, key))
			continue;
		if (!holds || (denies && holds->kind != PERMIT_DENY) ||
		    (denies == (holds->kind == PERMIT_DENY) && outlasts(permit, holds)))
			holds = permit;
	}
	if (!holds)
		return false;
	*out = (struct esafe_grant){
		.until_ns = holds->kind == PERMIT_LESSON ? 0 : tai(holds->until, tai_ns), /* a lesson has its own */
		.rule = holds->id,
		.verdict = holds->kind == PERMIT_DENY ? ESAFE_BLOCK : ESAFE_ALLOW,
	};
	return true;
}

static __u16 depths(const struct permit *permit)
{
	__u16 bits = 0;

	for (unsigned i = 0; i < permit->sites; i++)
		bits |= ESAFE_DEPTH_BIT(permit->site[i].labels);
	return bits;
}

/* Deadlines of the kernel are times, and none is the last of all. */
static __u64 deadline(const struct permit *permit, __s64 tai_ns)
{
	return permit->until ? tai(permit->until, tai_ns) : ~0ull;
}

static void add_to_scope(const struct permit *permit, __s64 tai_ns, struct esafe_scope *out)
{
	__u64 until = deadline(permit, tai_ns);

	if (until > out->until_ns)
		out->until_ns = until;
	switch (permit->kind) {
	case PERMIT_LESSON:
		out->lesson_until_ns = until;
		out->lesson = permit->id;
		out->lesson_sites = depths(permit);
		out->flags |= permit->only ? ESAFE_SCOPE_LESSON_ONLY : 0;
		break;
	case PERMIT_SUPERVISE:
		out->supervised_until_ns = until;
		out->supervision = permit->id;
		break;
	default:
		if (permit->by_category && permit->category < ESAFE_CATEGORIES)
			out->categories[permit->category / 64] |= 1ull << permit->category % 64;
		out->sites |= depths(permit);
	}
}

bool permits_scope(const struct permits *permits, const struct esafe_scope_key *key, __s64 now, __s64 tai_ns,
		   struct esafe_scope *out)
{
	*out = (struct esafe_scope){ 0 };
	for (size_t i = 0; i < permits->n; i++) {
		const struct permit *permit = permits->item[i];

		if (permit->kind < PERMIT_SUSPEND && permit_alive(permit, now) &&
		    !memcmp(&permit->scope, key, sizeof(*key)))
			add_to_scope(permit, tai_ns, out);
	}
	return out->until_ns != 0;
}

static bool is_about(const struct permit *permit, const struct esafe_device_key *key, const __u8 *mac,
		     const struct esafe_device *value)
{
	if (!permit->by_addr)
		return permit->scope.id == (permit->scope.kind == ESAFE_SCOPE_USER ? value->user : value->id) &&
		       permit->scope.id;
	if (permit->addr.kind == ESAFE_BY_MAC)
		return mac && !memcmp(permit->addr.addr, mac, 6);
	return !memcmp(&permit->addr, key, sizeof(*key));
}

bool permits_device(const struct permits *permits, const struct esafe_device_key *key, const __u8 *mac, __s64 now,
		    __s64 tai_ns, struct esafe_device *value)
{
	bool any = false, for_ever = false;

	for (size_t i = 0; i < permits->n; i++) {
		const struct permit *permit = permits->item[i];

		if (permit->kind < PERMIT_SUSPEND || !permit_alive(permit, now) || !is_about(permit, key, mac, value))
			continue;
		any = true;
		if (permit->kind == PERMIT_QUARANTINE) {
			value->flags |= ESAFE_DEVICE_QUARANTINED;
			continue;
		}
		value->flags |= ESAFE_DEVICE_SUSPENDED;
		for_ever = for_ever || !permit->until;
		if (tai(permit->until, tai_ns) > value->suspended_until_ns)
			value->suspended_until_ns = tai(permit->until, tai_ns);
	}
	if (for_ever)
		value->suspended_until_ns = 0;
	return any;
}
