/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The category map: a flat hash table of 64-byte buckets, eight slots each, that the daemon fills through mmap and the
 * programs read. One cache line answers most questions.
 *
 * Elements of the array (64 bytes each): 0 the header, then the sets, then the buckets, then the filter: a word for
 * each bucket, with a bit for every name whose first bucket it is. Most names that are asked about are not listed; the
 * filter is an eighth as big as the buckets, stays in the processor's caches, and says so for nine in ten of them.
 *
 * A slot: bits 63..20 tag, 19..16 flags, 15..0 id. A slot of zero tag is empty. The id names a set (category map) or a
 * site (policy map). A name has two buckets, the second computed from the first and the tag alone (partial-key cuckoo
 * hashing, Fan et al. 2014), so that a slot can move without its name. Slot 7 of a bucket carries CATMAP_OVERFLOW when
 * a slot that belongs here stands in its other bucket.
 *
 * A name that is not listed matches by chance with probability 16 / 2^44 = 9.1e-13 per suffix asked at the most.
 */
#ifndef ESAFE_CATMAP_H
#define ESAFE_CATMAP_H

#include <linux/types.h>

#define CATMAP_MAGIC 0x3170616d74616365ULL
#define CATMAP_SLOTS 8
#define CATMAP_TAG_SHIFT 20
#define CATMAP_ID_MASK 0xffffULL
#define CATMAP_EXACT (1ULL << 16)    /* the name itself, not those below */
#define CATMAP_BELOW (1ULL << 17)    /* those below, not the name itself */
#define CATMAP_OVERFLOW (1ULL << 19) /* in slot 7, says something of the bucket */

struct catmap_header {
	__u64 magic;
	__u64 salt;
	__u64 names;        /* slots in use */
	__u32 buckets;      /* at least 1 */
	__u32 first_bucket; /* element number */
	__u32 sets;         /* set n is element 1 + n; set 0 is empty */
	__u32 generation;
	__u64 loaded_ns;    /* CLOCK_REALTIME of the load */
	__u32 first_filter; /* element number */
	__u8 pad[12];
};
_Static_assert(sizeof(struct catmap_header) == 64, "abi");

struct catmap_set {
	__u64 add[4];  /* categories of the name and those below */
	__u64 drop[4]; /* exceptions: categories of a parent that do not hold from here down */
};
_Static_assert(sizeof(struct catmap_set) == 64, "abi");

struct catmap_bucket {
	__u64 slot[CATMAP_SLOTS];
};
_Static_assert(sizeof(struct catmap_bucket) == 64, "abi");

struct catmap_place {
	__u64 tag;     /* 44 bits, never 0 */
	__u32 first, second; /* buckets */
	__u32 bit;     /* in the first one's word of the filter */
};

static inline __u32 catmap_other(__u64 tag, __u32 bucket, __u32 buckets)
{
	__u64 mixed = tag * 0x9e3779b97f4a7c15ULL;
	__u32 sum = ((mixed >> 32) * buckets) >> 32;

	return sum >= bucket ? sum - bucket : sum + buckets - bucket;
}

/* Where the name of this hash (hash.h) stands in a table of so many buckets. */
static inline struct catmap_place catmap_place(__u64 hash, __u64 salt, __u32 buckets)
{
	struct catmap_place place;
	__u64 x = (hash ^ salt) * 0xd6e8feb86659fd93ULL, at;

	x ^= x >> 32;
	place.tag = x >> CATMAP_TAG_SHIFT;
	if (!place.tag)
		place.tag = 1;
	at = ((x * 0x9fb21c651e98df25ULL) >> 32) * buckets;
	place.first = at >> 32;
	place.bit = at >> 26 & 63;
	place.second = catmap_other(place.tag, place.first, buckets);
	return place;
}

/* Elements that the filter of so many buckets takes. */
static inline __u32 catmap_filter_elements(__u32 buckets)
{
	return (buckets + CATMAP_SLOTS - 1) / CATMAP_SLOTS;
}

/* The bit of a name in a filter of so many bits, a power of two. */
static inline __u32 catmap_bit(__u64 hash, __u32 bits)
{
	return hash >> 40 & (bits - 1);
}

/* The slot with this tag, or 0. */
static inline __u64 catmap_find(const struct catmap_bucket *bucket, __u64 tag)
{
	for (int i = 0; i < CATMAP_SLOTS; i++) {
		__u64 slot = bucket->slot[i];

		if (slot >> CATMAP_TAG_SHIFT == tag)
			return slot;
	}
	return 0;
}

#endif
