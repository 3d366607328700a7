/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are collected as records of 12 bytes, spread over 256 shares by the first bits of a key in the order of which
 * they will fill the table: key and hash can be computed from each other, and the number of buckets need not be known.
 * At the end the shares are sorted (catsort.c), and the table is filled from front to back (catfill.c).
 */
#include "catbuild.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "catfill.h"
#include "catsort.h"
#include "listfmt.h"

#define CHUNK_SIZE 16384
#define CHUNK_RECORDS ((CHUNK_SIZE - sizeof(struct cat_chunk)) / sizeof(struct cat_record))
#define BLOCK_SIZE (4 << 20)
#define FILLS_MAX 16

struct block { /* of memory for chunks */
	struct block *next;
};

struct cursor { /* where the next record of a share goes */
	struct cat_record *at, *end;
};

struct catbuild_part {
	struct cursor cursor[CAT_SHARES];
	__u64 salt;
	struct catbuild *build;
	struct catbuild_part *next;
	struct cat_chunk *chunks[CAT_SHARES]; /* the one being filled first */
	struct block *blocks;
	char *free_at, *free_end;
};

struct catbuild {
	__u64 salt;
	pthread_mutex_t lock;
	struct catbuild_part *parts;
	atomic_ulong chunks; /* in all parts */
	unsigned n_sources;
	struct catsort sort;
	struct cat_chunk *flat; /* all records, after a change of salt */
};

/* The constants are those of catmap_place(): a key in this order fills the buckets in theirs. If they ever differ,
 * filling is slower and nothing else. */
#define ORDER_1 0xd6e8feb86659fd93ULL
#define ORDER_2 0x9fb21c651e98df25ULL

static __u64 inverse(__u64 odd)
{
	__u64 x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

static __u64 key_of(__u64 hash, __u64 salt)
{
	__u64 x = (hash ^ salt) * ORDER_1;

	return (x ^ x >> 32) * ORDER_2;
}

static __u64 hash_of(__u64 key, __u64 salt)
{
	__u64 x = key * inverse(ORDER_2);

	return ((x ^ x >> 32) * inverse(ORDER_1)) ^ salt;
}

/* ---- collecting ---- */

struct catbuild *catbuild_new(__u64 salt)
{
	struct catbuild *build = calloc(1, sizeof(*build));

	if (!build)
		return NULL;
	if (catsets_init(&build->sort.sets)) {
		free(build);
		return NULL;
	}
	build->salt = salt;
	pthread_mutex_init(&build->lock, NULL);
	return build;
}

static void free_records(struct catbuild *build)
{
	while (build->parts) {
		struct catbuild_part *part = build->parts;

		build->parts = part->next;
		while (part->blocks) {
			struct block *block = part->blocks;

			part->blocks = block->next;
			munmap(block, BLOCK_SIZE);
		}
		free(part);
	}
	free(build->flat);
	build->flat = NULL;
	memset(build->sort.share, 0, sizeof(build->sort.share));
}

void catbuild_free(struct catbuild *build)
{
	if (!build)
		return;
	free_records(build);
	catsets_free(&build->sort.sets);
	pthread_mutex_destroy(&build->lock);
	free(build);
}

int catbuild_source(struct catbuild *build, unsigned category)
{
	if (category >= ESAFE_CATEGORIES)
		return -EINVAL;
	if (build->n_sources == CATBUILD_SOURCES_MAX)
		return -ENOSPC;
	build->sort.category[build->n_sources] = category;
	return build->n_sources++;
}

void catbuild_drop(struct catbuild *build, unsigned source)
{
	if (source < build->n_sources)
		build->sort.dropped[source] = true;
}

struct catbuild_part *catbuild_part(struct catbuild *build)
{
	struct catbuild_part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	part->build = build;
	part->salt = build->salt;
	pthread_mutex_lock(&build->lock);
	part->next = build->parts;
	build->parts = part;
	pthread_mutex_unlock(&build->lock);
	return part;
}

static struct cat_chunk *new_chunk(struct catbuild_part *part)
{
	struct cat_chunk *chunk;

	if (part->free_end - part->free_at < CHUNK_SIZE) {
		struct block *block = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (block == MAP_FAILED)
			return NULL;
		block->next = part->blocks;
		part->blocks = block;
		part->free_at = (char *)block + 64;
		part->free_end = (char *)block + BLOCK_SIZE;
	}
	chunk = (struct cat_chunk *)part->free_at;
	part->free_at += CHUNK_SIZE;
	return chunk;
}

static int open_chunk(struct catbuild_part *part, unsigned share)
{
	struct cat_chunk *chunk;

	if (atomic_fetch_add(&part->build->chunks, 1) >= CATBUILD_RECORDS_MAX / CHUNK_RECORDS)
		return -E2BIG;
	chunk = new_chunk(part);
	if (!chunk)
		return -ENOMEM;
	if (part->chunks[share])
		part->chunks[share]->n = CHUNK_RECORDS;
	chunk->next = part->chunks[share];
	part->chunks[share] = chunk;
	part->cursor[share] = (struct cursor){ chunk->record, chunk->record + CHUNK_RECORDS };
	return 0;
}

int catbuild_add(struct catbuild_part *part, __u64 hash, unsigned source, unsigned flags)
{
	__u64 key = key_of(hash, part->salt);
	struct cursor *cursor = &part->cursor[key >> 56];

	if ((flags & (LIST_EXACT | LIST_BELOW)) == (LIST_EXACT | LIST_BELOW))
		flags &= ~(LIST_EXACT | LIST_BELOW);
	if (cursor->at == cursor->end) {
		int rc = open_chunk(part, key >> 56);

		if (rc)
			return rc;
	}
	*cursor->at++ = (struct cat_record){ key, key >> 32, source << CAT_FLAG_BITS | flags };
	return 0;
}

/* Puts what the parts collected together, share by share. Returns the number of records. */
static unsigned long join_parts(struct catbuild *build)
{
	unsigned long records = 0;

	for (struct catbuild_part *part = build->parts; part; part = part->next) {
		for (unsigned i = 0; i < CAT_SHARES; i++) {
			if (part->chunks[i])
				part->chunks[i]->n = part->cursor[i].at - part->chunks[i]->record;
			while (part->chunks[i]) {
				struct cat_chunk *chunk = part->chunks[i];

				part->chunks[i] = chunk->next;
				chunk->next = build->sort.share[i];
				build->sort.share[i] = chunk;
				records += chunk->n;
			}
			part->cursor[i] = (struct cursor){ NULL, NULL };
		}
	}
	return records;
}

/* ---- filling ---- */

static int put_all(const struct catbuild *build, struct catfill *fill)
{
	for (unsigned i = 0; i < CAT_SHARES; i++) {
		for (const struct cat_chunk *c = build->sort.share[i]; c; c = c->next) {
			for (size_t j = 0; j < c->n; j++) {
				__u64 hash = hash_of(cat_key(&c->record[j]), build->salt);
				int rc = catfill_put(fill, hash, c->record[j].info);

				if (rc)
					return rc;
			}
		}
	}
	return catfill_settle(fill);
}

static int by_key(const void *a, const void *b)
{
	__u64 x = cat_key(a), y = cat_key(b);

	return x < y ? -1 : x > y;
}

/* Another salt: other keys, another order. Rare enough (see catmap.h) to be done the simple way. */
static int change_salt(struct catbuild *build, unsigned long names)
{
	__u64 salt = build->salt * 6364136223846793005ULL + 1442695040888963407ULL;
	struct cat_chunk *flat = malloc(sizeof(*flat) + names * sizeof(struct cat_record));

	if (!flat)
		return -ENOMEM;
	flat->next = NULL;
	flat->n = 0;
	for (unsigned i = 0; i < CAT_SHARES; i++) {
		for (const struct cat_chunk *c = build->sort.share[i]; c; c = c->next) {
			for (size_t j = 0; j < c->n; j++) {
				__u64 key = key_of(hash_of(cat_key(&c->record[j]), build->salt), salt);

				flat->record[flat->n++] = (struct cat_record){ key, key >> 32, c->record[j].info };
			}
		}
	}
	qsort(flat->record, flat->n, sizeof(struct cat_record), by_key);
	free_records(build);
	build->flat = build->sort.share[0] = flat;
	build->salt = salt;
	return 0;
}

static int fill_table(struct catbuild *build, const struct catmap_target *target, __u32 buckets,
		      struct catmap_image *image, struct catbuild_stats *stats)
{
	unsigned sets = build->sort.sets.n;
	size_t elements = 1 + sets + (size_t)buckets + catmap_filter_elements(buckets);
	struct catmap_header *header = target->alloc(target->ctx, elements);
	struct catfill fill;
	int rc;

	if (!header)
		return -ENOMEM;
	image->header = header;
	image->sets = (struct catmap_set *)(header + 1);
	image->buckets = (struct catmap_bucket *)(image->sets + sets);
	image->elements = elements;
	memcpy(image->sets, build->sort.sets.set, sets * sizeof(*image->sets));
	memset(image->buckets, 0, (elements - 1 - sets) * sizeof(*image->buckets));
	catfill_begin(&fill, image->buckets, image->buckets[buckets].slot, buckets, build->salt);
	rc = put_all(build, &fill);
	stats->kicks = fill.kicks;
	catfill_end(&fill);
	*header = (struct catmap_header){ .magic = CATMAP_MAGIC, .salt = build->salt, .names = stats->names,
					  .buckets = buckets, .first_bucket = 1 + sets, .sets = sets,
					  .first_filter = 1 + sets + buckets };
	return rc;
}

static int build_table(struct catbuild *build, const struct catmap_target *target, struct catmap_image *image,
		       struct catbuild_stats *stats)
{
	int rc = catsort_run(&build->sort, join_parts(build), stats);
	__u32 buckets = stats->names * 10 / (9 * CATMAP_SLOTS) + 1; /* 0.9 full */

	stats->sets = build->sort.sets.n;
	for (stats->fills = 1; !rc; stats->fills++) {
		rc = fill_table(build, target, buckets, image, stats);
		if (!rc || stats->fills == FILLS_MAX)
			break;
		if (rc == -EEXIST)
			rc = change_salt(build, stats->names);
		else if (rc == -ENOSPC)
			rc = 0;
		buckets += buckets / 16 + 1;
	}
	return rc;
}

int catbuild_finish(struct catbuild *build, const struct catmap_target *target, struct catmap_image *image,
		    struct catbuild_stats *stats)
{
	struct catbuild_stats counted = { 0 };
	struct catmap_image made = { 0 };
	int rc = build_table(build, target, &made, &counted);

	free_records(build);
	if (rc)
		return rc;
	*image = made;
	if (stats)
		*stats = counted;
	return 0;
}
