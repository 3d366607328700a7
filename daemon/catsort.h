/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between catbuild.c, which collects records and fills the table, and catsort.c, which unites those of one name. */
#ifndef CATSORT_H
#define CATSORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "catbuild.h"
#include "catset.h"

#define CAT_SHARES 256 /* by the first 8 bits of the key */
#define CAT_FLAG_BITS 3

struct cat_record { /* 12 bytes: the key is cut in two so that nothing is padded */
	__u32 low, high; /* key */
	__u32 info;      /* source and flags; after sorting: flags and id as in a slot */
};
_Static_assert(sizeof(struct cat_record) == 12, "memory");

struct cat_chunk {
	struct cat_chunk *next;
	size_t n;
	struct cat_record record[];
};

struct catsort {
	struct cat_chunk *share[CAT_SHARES];
	__u8 category[CATBUILD_SOURCES_MAX];
	bool dropped[CATBUILD_SOURCES_MAX]; /* sources whose records do not count */
	struct catsets sets;
	atomic_uint next_share;
};

static inline __u64 cat_key(const struct cat_record *r)
{
	return (__u64)r->high << 32 | r->low;
}

/* Of each share: sorted by key, one record for each name. 0, -ENOMEM, -EOVERFLOW. */
int catsort_run(struct catsort *all, unsigned long records, struct catbuild_stats *stats);

#endif
