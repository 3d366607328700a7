/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

static __u64 set_hash(const struct catmap_set *set)
{
	const __u64 *word = (const __u64 *)set;
	__u64 hash = 0;

	for (unsigned i = 0; i < sizeof(*set) / sizeof(*word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

int catsets_init(struct catsets *sets)
{
	memset(sets, 0, sizeof(*sets));
	sets->set = calloc(ROOM_FIRST, sizeof(*sets->set));
	sets->index = calloc(ROOM_FIRST * 2, sizeof(*sets->index));
	if (!sets->set || !sets->index) {
		free(sets->set);
		free(sets->index);
		return -ENOMEM;
	}
	sets->room = ROOM_FIRST;
	sets->n = 1;
	pthread_mutex_init(&sets->lock, NULL);
	return 0;
}

void catsets_free(struct catsets *sets)
{
	pthread_mutex_destroy(&sets->lock);
	free(sets->set);
	free(sets->index);
}

/* Where the set stands in the index, or where it would. */
static __u32 *index_of(const struct catsets *sets, const struct catmap_set *set, __u64 hash)
{
	unsigned mask = sets->room * 2 - 1;

	for (unsigned i = hash & mask;; i = (i + 1) & mask)
		if (!sets->index[i] || !memcmp(&sets->set[sets->index[i]], set, sizeof(*set)))
			return &sets->index[i];
}

static int grow(struct catsets *sets)
{
	unsigned room = sets->room * 2;
	struct catmap_set *set = realloc(sets->set, room * sizeof(*set));
	__u32 *index;

	if (!set)
		return -ENOMEM;
	sets->set = set;
	index = calloc(room * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(sets->index);
	sets->index = index;
	sets->room = room;
	for (unsigned id = 1; id < sets->n; id++)
		*index_of(sets, &set[id], set_hash(&set[id])) = id;
	return 0;
}

static int find_or_add(struct catsets *sets, const struct catmap_set *set, __u64 hash)
{
	__u32 *index = index_of(sets, set, hash);
	int rc;

	if (*index)
		return *index;
	if (sets->n == CATSET_MAX)
		return -EOVERFLOW;
	if (sets->n == sets->room) {
		rc = grow(sets);
		if (rc)
			return rc;
		index = index_of(sets, set, hash);
	}
	sets->set[sets->n] = *set;
	*index = sets->n;
	return sets->n++;
}

int catset_id(struct catsets *sets, struct catset_cache *cache, const struct catmap_set *set)
{
	__u64 hash = set_hash(set);
	unsigned at = (hash >> 32) % CATSET_CACHE;
	int id;

	if (cache->item[at].id && !memcmp(&cache->item[at].set, set, sizeof(*set)))
		return cache->item[at].id;
	pthread_mutex_lock(&sets->lock);
	id = find_or_add(sets, set, hash);
	pthread_mutex_unlock(&sets->lock);
	if (id > 0) {
		cache->item[at].set = *set;
		cache->item[at].id = id;
	}
	return id;
}
