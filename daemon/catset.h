/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Different sets of categories, each stored once: most of five million names share a few hundred. */
#ifndef CATSET_H
#define CATSET_H

#include <pthread.h>
#include <stdbool.h>
#include "esafe/catmap.h"

#define CATSET_MAX 65536 /* ids are 16 bits wide */
#define CATSET_CACHE 1024

struct catsets { /* shared by threads */
	pthread_mutex_t lock;
	struct catmap_set *set; /* set 0 is empty */
	unsigned n, room;
	__u32 *index; /* of ids by hash, 0: free; room * 2 of them */
};

struct catset_cache { /* of one thread */
	struct {
		struct catmap_set set;
		unsigned id;
	} item[CATSET_CACHE];
};

int catsets_init(struct catsets *sets);
void catsets_free(struct catsets *sets);
/* The id of this set, made if it is new: 1 .. 65535, -EOVERFLOW, -ENOMEM. */
int catset_id(struct catsets *sets, struct catset_cache *cache, const struct catmap_set *set);

static inline void catset_bit(__u64 bits[4], unsigned category)
{
	bits[category / 64 & 3] |= 1ULL << category % 64;
}

#endif
