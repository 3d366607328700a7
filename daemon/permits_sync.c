/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps scope and grant as a whole against what is in force: after a start, and when numbers or the clock changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "maps.h"
#include "permits.h"

struct stale {
	const struct permits *open;
	__s64 now, tai_ns;
	void *key;
	size_t n, room, size;
};

static int add_stale(struct stale *stale, const void *key)
{
	if (stale->n == stale->room) {
		size_t room = stale->room ? stale->room * 2 : 64;
		void *bigger = realloc(stale->key, room * stale->size);

		if (!bigger)
			return -ENOMEM;
		stale->key = bigger;
		stale->room = room;
	}
	memcpy((char *)stale->key + stale->n++ * stale->size, key, stale->size);
	return 0;
}

static int look_at_scope(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope)
{
	struct stale *stale = ctx;
	struct esafe_scope wanted;

	return permits_scope(stale->open, key, stale->now, stale->tai_ns, &wanted) ? 0 : add_stale(stale, key);
}

static int look_at_grant(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant)
{
	struct stale *stale = ctx;
	struct esafe_grant wanted;

	return permits_grant(stale->open, key, stale->now, stale->tai_ns, &wanted) ? 0 : add_stale(stale, key);
}

static int set_grants(struct esafed *esafed, const struct stale *look)
{
	struct esafe_grant_key key;
	struct esafe_grant grant;
	int err = 0;

	for (size_t i = 0; i < look->open->n && !err; i++) {
		for (unsigned j = 0; j < permit_grants(look->open->item[i]) && !err; j++) {
			permit_grant_key(look->open->item[i], j, &key);
			if (permits_grant(look->open, &key, look->now, look->tai_ns, &grant))
				err = maps_grant_set(esafed->maps, &key, &grant);
		}
	}
	return err;
}

static int set_scopes(struct esafed *esafed, const struct stale *look)
{
	struct esafe_scope scope;
	int err = 0;

	for (size_t i = 0; i < look->open->n && !err; i++) {
		const struct permit *permit = look->open->item[i];

		if (permit->kind < PERMIT_SUSPEND &&
		    permits_scope(look->open, &permit->scope, look->now, look->tai_ns, &scope))
			err = maps_scope_set(esafed->maps, &permit->scope, &scope);
	}
	return err;
}

static int drop_scopes(struct esafed *esafed, struct stale *stale)
{
	int err;

	stale->size = sizeof(struct esafe_scope_key);
	err = maps_scope_each(esafed->maps, look_at_scope, stale);
	for (size_t i = 0; i < stale->n && !err; i++)
		err = maps_scope_del(esafed->maps, (struct esafe_scope_key *)stale->key + i);
	return err;
}

static int drop_grants(struct esafed *esafed, struct stale *stale)
{
	int err;

	stale->size = sizeof(struct esafe_grant_key);
	err = maps_grant_each(esafed->maps, look_at_grant, stale);
	for (size_t i = 0; i < stale->n && !err; i++)
		err = maps_grant_del(esafed->maps, (struct esafe_grant_key *)stale->key + i);
	return err;
}

/* Categories are known by number to the kernel, and the numbers are the policy's. */
static void find_categories(struct esafed *esafed, const struct permits *open)
{
	for (size_t i = 0; i < open->n; i++) {
		int number = open->item[i]->by_category ? idtable_get(&esafed->categories, open->item[i]->what) : -ENOENT;

		open->item[i]->category = number < 0 ? ESAFE_NO_CATEGORY : number;
	}
}

int permits_sync(struct esafed *esafed)
{
	const struct stale look = {
		.open = permits_open(esafed), .now = clock_seconds(), .tai_ns = clock_tai_offset_ns(),
	};
	struct stale scopes = look, grants = look;
	int err;

	find_categories(esafed, look.open);
	err = set_grants(esafed, &look);
	if (!err)
		err = set_scopes(esafed, &look);
	if (!err)
		err = drop_scopes(esafed, &scopes);
	if (!err)
		err = drop_grants(esafed, &grants);
	free(scopes.key);
	free(grants.key);
	return err ? log_errno(err, "the maps of what is open for a while could not be brought up to date") : 0;
}
