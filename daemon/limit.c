/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"

#define WAYS 8 /* places where a source may stand */

struct source {
	uint8_t addr[16];
	uint64_t full_ms; /* when the bucket will be full again; 0: free */
};

struct limit {
	unsigned sets;
	unsigned burst, every_ms;
	uint64_t key[2];
	struct source source[];
};

int limit_new(unsigned sources, unsigned burst, unsigned every_ms, const uint8_t key[16], struct limit **out)
{
	unsigned sets = (sources + WAYS - 1) / WAYS;
	struct limit *limit;

	if (!sets || !burst || !every_ms)
		return -EINVAL;
	limit = calloc(1, sizeof(*limit) + (size_t)sets * WAYS * sizeof(*limit->source));
	if (!limit)
		return -ENOMEM;
	limit->sets = sets;
	limit->burst = burst;
	limit->every_ms = every_ms;
	memcpy(limit->key, key, sizeof(limit->key));
	*out = limit;
	return 0;
}

void limit_free(struct limit *limit)
{
	free(limit);
}

/* Keyed, so that nobody can choose addresses that push another one out. */
static unsigned set_of(const struct limit *limit, const uint8_t source[16])
{
	uint64_t half[2], hash;

	memcpy(half, source, sizeof(half));
	hash = (half[0] ^ limit->key[0]) * 0x9e3779b97f4a7c15ull;
	hash ^= hash >> 32;
	hash = (hash ^ half[1] ^ limit->key[1]) * 0xbf58476d1ce4e5b9ull;
	return (unsigned)((hash >> 32) % limit->sets);
}

/* The place of the source, or that of whom it is least harm to forget: the one whose bucket is full first. */
static struct source *find(struct limit *limit, const uint8_t source[16])
{
	struct source *set = &limit->source[set_of(limit, source) * WAYS], *least = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].full_ms && !memcmp(set[i].addr, source, sizeof(set[i].addr)))
			return &set[i];
		if (set[i].full_ms < least->full_ms)
			least = &set[i];
	}
	memcpy(least->addr, source, sizeof(least->addr));
	least->full_ms = 0;
	return least;
}

bool limit_take(struct limit *limit, const uint8_t source[16], uint64_t now_ms, unsigned *wait_ms)
{
	struct source *at = find(limit, source);
	uint64_t full = (at->full_ms > now_ms ? at->full_ms : now_ms) + limit->every_ms;
	uint64_t most = now_ms + (uint64_t)limit->burst * limit->every_ms;

	if (full > most) {
		if (wait_ms)
			*wait_ms = (unsigned)(full - most);
		return false;
	}
	at->full_ms = full;
	return true;
}

bool limit_has(const struct limit *limit, const uint8_t source[16], uint64_t now_ms)
{
	const struct source *set = &limit->source[set_of(limit, source) * WAYS];

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].full_ms && !memcmp(set[i].addr, source, sizeof(set[i].addr)))
			return set[i].full_ms + limit->every_ms <= now_ms + (uint64_t)limit->burst * limit->every_ms;
	return true;
}
