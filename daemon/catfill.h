/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts slots into the buckets of a category map. */
#ifndef CATFILL_H
#define CATFILL_H

#include <stddef.h>
#include "esafe/catmap.h"

struct catfill_late { /* a slot whose first bucket was full */
	__u64 slot;
	__u32 second;
};

struct catfill {
	struct catmap_bucket *buckets;
	__u64 *filter; /* a word for each of them */
	__u32 n; /* of buckets */
	__u64 salt;
	struct catfill_late *late;
	size_t n_late, room_late;
	unsigned kicks;
	__u64 dice;
};

/* The buckets and the filter, n words of it, must be zero. Call catfill_end() in any case. */
void catfill_begin(struct catfill *fill, struct catmap_bucket *buckets, __u64 *filter, __u32 n, __u64 salt);
/* low: flags and id. -EEXIST: another name looks the same there, try another salt. -ENOMEM. Fastest if the hashes come
 * in the order of their first buckets. */
int catfill_put(struct catfill *fill, __u64 hash, __u32 low);
/* Finds room for those left over. -ENOSPC: try more buckets; -EEXIST as above. */
int catfill_settle(struct catfill *fill);
void catfill_end(struct catfill *fill);

#endif
