/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First every slot goes to its first bucket as long as there is room; at a load of 0.9 some 10 % are left over. Those
 * go to their second one, moving others out of the way (Fan et al. 2014): a slot can be moved knowing only itself. A
 * bucket that something was kept or moved out of is marked, so that only a question that ends there reads two lines.
 *
 * Two names with the same tag and the same pair of buckets cannot be told apart once either leaves its first bucket.
 * The pair of a tag is the same from both its buckets, so looking for the tag wherever a slot is put finds them all.
 */
#include "catfill.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "catbuild.h"

#define KICKS_MAX 500
#define AHEAD 16

void catfill_begin(struct catfill *fill, struct catmap_bucket *buckets, __u64 *filter, __u32 n, __u64 salt)
{
	memset(fill, 0, sizeof(*fill));
	fill->buckets = buckets;
	fill->filter = filter;
	fill->n = n;
	fill->salt = salt;
	fill->dice = salt | 1;
}

void catfill_end(struct catfill *fill)
{
	free(fill->late);
	fill->late = NULL;
}

/* 0, -EEXIST: the tag is there already, -ENOSPC: full. */
static int put(struct catmap_bucket *bucket, __u64 slot)
{
	for (int i = 0; i < CATMAP_SLOTS; i++) {
		if (!bucket->slot[i]) {
			bucket->slot[i] = slot;
			return 0;
		}
		if (bucket->slot[i] >> CATMAP_TAG_SHIFT == slot >> CATMAP_TAG_SHIFT)
			return -EEXIST;
	}
	return -ENOSPC;
}

static int put_late(struct catfill *fill, __u64 slot, __u32 second)
{
	if (fill->n_late == fill->room_late) {
		size_t room = fill->room_late ? fill->room_late * 2 : 1024;
		struct catfill_late *late = realloc(fill->late, room * sizeof(*late));

		if (!late)
			return -ENOMEM;
		fill->late = late;
		fill->room_late = room;
	}
	fill->late[fill->n_late++] = (struct catfill_late){ slot, second };
	return 0;
}

int catfill_put(struct catfill *fill, __u64 hash, __u32 low)
{
	struct catmap_place place = catmap_place(hash, fill->salt, fill->n);
	struct catmap_bucket *first = &fill->buckets[place.first];
	__u64 slot = place.tag << CATMAP_TAG_SHIFT | low;
	int rc = put(first, slot);

	fill->filter[place.first] |= 1ULL << place.bit;
	if (rc != -ENOSPC)
		return rc;
	first->slot[CATMAP_SLOTS - 1] |= CATMAP_OVERFLOW;
	return put_late(fill, slot, place.second);
}

/* Puts the slot in a full bucket in place of another, which is returned. */
static __u64 swap_in(struct catfill *fill, struct catmap_bucket *bucket, __u64 slot)
{
	unsigned at;
	__u64 out;

	fill->dice = fill->dice * 6364136223846793005ULL + 1442695040888963407ULL;
	at = fill->dice >> 61;
	out = bucket->slot[at] & ~CATMAP_OVERFLOW; /* the mark is the bucket's, not the slot's */
	bucket->slot[at] = slot;
	bucket->slot[CATMAP_SLOTS - 1] |= CATMAP_OVERFLOW;
	return out;
}

static int settle_one(struct catfill *fill, __u64 slot, __u32 at)
{
	__u64 tag = slot >> CATMAP_TAG_SHIFT;

	/* Its first bucket, too: another that looks the same may have been moved there meanwhile. */
	if (catmap_find(&fill->buckets[catmap_other(tag, at, fill->n)], tag))
		return -EEXIST;
	for (int i = 0; i < KICKS_MAX; i++) {
		int rc = put(&fill->buckets[at], slot);

		if (rc != -ENOSPC)
			return rc;
		slot = swap_in(fill, &fill->buckets[at], slot);
		at = catmap_other(slot >> CATMAP_TAG_SHIFT, at, fill->n);
		fill->kicks++;
	}
	return -ENOSPC;
}

int catfill_settle(struct catfill *fill)
{
	for (size_t i = 0; i < fill->n_late; i++) {
		int rc;

		if (i + AHEAD < fill->n_late) { /* anywhere in the table: have it fetched meanwhile */
			const struct catfill_late *ahead = &fill->late[i + AHEAD];

			__builtin_prefetch(&fill->buckets[ahead->second], 1);
		}
		rc = settle_one(fill, fill->late[i].slot, fill->late[i].second);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- reading, as the kernel does ---- */

bool catbuild_valid(const struct catmap_header *header, size_t elements)
{
	return elements > 1 && header->magic == CATMAP_MAGIC && header->buckets && header->sets &&
	       header->first_bucket == header->sets + 1ULL && header->sets <= 65536 &&
	       (__u64)header->first_bucket + header->buckets == header->first_filter &&
	       (__u64)header->first_filter + catmap_filter_elements(header->buckets) <= elements;
}

__u64 catbuild_probe(const struct catmap_header *header, const struct catmap_bucket *buckets, __u64 hash)
{
	struct catmap_place place = catmap_place(hash, header->salt, header->buckets);
	const __u64 *filter = buckets[header->buckets].slot;
	__u64 slot;

	if (!(filter[place.first] >> place.bit & 1))
		return 0;
	slot = catmap_find(&buckets[place.first], place.tag);
	if (!slot && (buckets[place.first].slot[CATMAP_SLOTS - 1] & CATMAP_OVERFLOW))
		slot = catmap_find(&buckets[place.second], place.tag);
	return slot;
}

unsigned catbuild_lookup(const struct catmap_header *header, const struct catmap_set *sets,
			 const struct catmap_bucket *buckets, const struct esafe_name *name, __u64 categories[4])
{
	unsigned matched = 0;

	memset(categories, 0, 4 * sizeof(*categories));
	for (__u32 i = 0; i < name->labels; i++) {
		__u64 slot = catbuild_probe(header, buckets, name->suffix[i]);
		bool whole = i + 1 == name->labels;
		const struct catmap_set *set;

		if (!slot || ((slot & CATMAP_EXACT) && !whole) || ((slot & CATMAP_BELOW) && whole))
			continue;
		set = &sets[slot & CATMAP_ID_MASK];
		for (int j = 0; j < 4; j++)
			categories[j] = (categories[j] & ~set->drop[j]) | set->add[j];
		matched = i + 1;
	}
	return matched;
}
