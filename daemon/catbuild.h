/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the category map (esafe/catmap.h) from hashes of names. Pure: no file, clock or map; may use a second thread.
 *
 * Names are collected by source (one list = one source), so that a list that turns out to be bad can be taken out
 * again. Several threads may collect at once, each into a part of its own.
 */
#ifndef CATBUILD_H
#define CATBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "esafe/abi.h"
#include "esafe/catmap.h"
#include "esafe/hash.h"

#define CATBUILD_RECORDS_MAX (64u << 20)
#define CATBUILD_SOURCES_MAX 4096

struct catbuild;
struct catbuild_part;

struct catmap_image { /* one array of 64-byte elements, as the kernel reads it */
	struct catmap_header *header;
	struct catmap_set *sets;
	struct catmap_bucket *buckets;
	size_t elements;
};

struct catmap_target {
	/* Memory for so many elements of 64 bytes, NULL: none to be had. Called again if the first proves too small:
	 * what was given before is then forgotten. It need not be zero. */
	void *(*alloc)(void *ctx, size_t elements);
	void *ctx;
};

struct catbuild_stats {
	unsigned long records; /* collected from sources that were not dropped */
	unsigned long names;   /* distinct */
	unsigned long merged;  /* names for which several sources, or both kinds of a zone record, said something */
	unsigned long blurred; /* names whose categories differ for itself and for those below: see catsort.c */
	unsigned sets;
	unsigned kicks, fills; /* slots moved; tries, 1 unless a salt or a size was bad */
};

struct catbuild *catbuild_new(__u64 salt); /* any number; secret as the hash keys are */
void catbuild_free(struct catbuild *build);

/* A number for a list of this category, -ENOSPC or -EINVAL. Not while parts are being filled by other threads. */
int catbuild_source(struct catbuild *build, unsigned category);
void catbuild_drop(struct catbuild *build, unsigned source);

/* A collector for one thread, owned by the builder. NULL: no memory. Any thread. */
struct catbuild_part *catbuild_part(struct catbuild *build);
/* hash as name_hash(); flags LIST_EXACT, LIST_BELOW, LIST_EXCEPT of listfmt.h. 0, -ENOMEM or -E2BIG. */
int catbuild_add(struct catbuild_part *part, __u64 hash, unsigned source, unsigned flags);

/*
 * The finished table in memory from the target; generation and loaded_ns of the header are left to the caller (0). The
 * collected names are used up, whatever the result. 0, -ENOMEM, -EOVERFLOW (more than 65,535 different sets).
 */
int catbuild_finish(struct catbuild *build, const struct catmap_target *target, struct catmap_image *image,
		    struct catbuild_stats *stats);

/* The slot of the suffix with this hash, 0 if there is none. */
__u64 catbuild_probe(const struct catmap_header *header, const struct catmap_bucket *buckets, __u64 hash);
/* All categories of a scanned name, as the kernel finds them. Returns the labels of the longest suffix listed. */
unsigned catbuild_lookup(const struct catmap_header *header, const struct catmap_set *sets,
			 const struct catmap_bucket *buckets, const struct esafe_name *name, __u64 categories[4]);
/* Whether an array of so many elements is a table that may be read without looking outside it. */
bool catbuild_valid(const struct catmap_header *header, size_t elements);

#endif
