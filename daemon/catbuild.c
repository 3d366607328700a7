/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are collected as records of 12 bytes, spread over 256 shares by the first bits of a key in the order of which
 * they will fill the table: key and hash can be computed from each other, and the number of buckets need not be known.
 * At the end each share, small enough for the cache, is sorted, names that stand there several times are made one,
 * and the table is filled from front to back. Sorting runs in two threads.
 *
 * A slot has one set of categories. Where a zone lists a name itself in one way and those below in another ("blurred"),
 * the slot holds what stands for both if the one only exempts, else all categories of either: too much rather than
 * too little.
 */
#include "catbuild.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "catfill.h"
#include "catset.h"
#include "listfmt.h"

#define SHARES 256
#define CHUNK_RECORDS 1364 /* of 16 KB */
#define BLOCK_SIZE (4 << 20)
#define FILLS_MAX 16
#define THREAD_RECORDS 200000 /* fewer are sorted by one thread */
#define RADIX_BITS 12
#define RADIX (1 << RADIX_BITS)
#define FLAG_BITS 3

struct record { /* 12 bytes: the key is cut in two so that nothing is padded */
	__u32 low, high; /* key */
	__u32 info;      /* source and flags; after sorting: flags and id as in a slot */
};
_Static_assert(sizeof(struct record) == 12, "memory");

struct chunk {
	struct chunk *next;
	size_t n;
	struct record record[];
};
_Static_assert(sizeof(struct chunk) + CHUNK_RECORDS * sizeof(struct record) == 16384, "memory");

struct block { /* of memory for chunks */
	struct block *next;
};

struct catbuild_part {
	struct catbuild_part *next;
	struct catbuild *build;
	__u64 salt;
	struct chunk *open[SHARES]; /* the latest first */
	struct block *blocks;
	char *free_at, *free_end;
	unsigned long since; /* records not told to the builder yet */
};

struct catbuild {
	__u64 salt;
	pthread_mutex_t lock;
	struct catbuild_part *parts;
	atomic_ulong records;
	unsigned n_sources;
	__u8 category[CATBUILD_SOURCES_MAX];
	bool dropped[CATBUILD_SOURCES_MAX];
	struct catsets sets;
	struct chunk *share[SHARES]; /* all parts', once collecting is over */
	struct chunk *flat;          /* all records, after a change of salt */
	atomic_uint next_share;
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

static __u64 key(const struct record *r)
{
	return (__u64)r->high << 32 | r->low;
}

/* ---- collecting ---- */

struct catbuild *catbuild_new(__u64 salt)
{
	struct catbuild *build = calloc(1, sizeof(*build));

	if (!build)
		return NULL;
	if (catsets_init(&build->sets)) {
		free(build);
		return NULL;
	}
	build->salt = salt;
	pthread_mutex_init(&build->lock, NULL);
	return build;
}

static void free_parts(struct catbuild *build)
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
	memset(build->share, 0, sizeof(build->share));
}

void catbuild_free(struct catbuild *build)
{
	if (!build)
		return;
	free_parts(build);
	catsets_free(&build->sets);
	pthread_mutex_destroy(&build->lock);
	free(build);
}

int catbuild_source(struct catbuild *build, unsigned category)
{
	if (category >= ESAFE_CATEGORIES)
		return -EINVAL;
	if (build->n_sources == CATBUILD_SOURCES_MAX)
		return -ENOSPC;
	build->category[build->n_sources] = category;
	return build->n_sources++;
}

void catbuild_drop(struct catbuild *build, unsigned source)
{
	if (source < build->n_sources)
		build->dropped[source] = true;
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

static struct chunk *new_chunk(struct catbuild_part *part)
{
	const size_t size = sizeof(struct chunk) + CHUNK_RECORDS * sizeof(struct record);
	struct chunk *chunk;

	if ((size_t)(part->free_end - part->free_at) < size) {
		struct block *block = mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (block == MAP_FAILED)
			return NULL;
		block->next = part->blocks;
		part->blocks = block;
		part->free_at = (char *)block + 64;
		part->free_end = (char *)block + BLOCK_SIZE;
	}
	chunk = (struct chunk *)part->free_at;
	part->free_at += size;
	return chunk;
}

static int open_chunk(struct catbuild_part *part, unsigned share)
{
	struct chunk *chunk;

	if (atomic_fetch_add(&part->build->records, part->since) + part->since > CATBUILD_RECORDS_MAX)
		return -E2BIG;
	part->since = 0;
	chunk = new_chunk(part);
	if (!chunk)
		return -ENOMEM;
	chunk->next = part->open[share];
	chunk->n = 0;
	part->open[share] = chunk;
	return 0;
}

int catbuild_add(struct catbuild_part *part, __u64 hash, unsigned source, unsigned flags)
{
	__u64 k = key_of(hash, part->salt);
	unsigned share = k >> 56;
	struct chunk *chunk = part->open[share];

	if ((flags & (LIST_EXACT | LIST_BELOW)) == (LIST_EXACT | LIST_BELOW))
		flags &= ~(LIST_EXACT | LIST_BELOW);
	if (!chunk || chunk->n == CHUNK_RECORDS) {
		int rc = open_chunk(part, share);

		if (rc)
			return rc;
		chunk = part->open[share];
	}
	part->since++;
	chunk->record[chunk->n++] = (struct record){ k, k >> 32, source << FLAG_BITS | flags };
	return 0;
}

/* ---- sorting and merging, one share at a time ---- */

struct sorter { /* of one thread */
	struct catbuild *build;
	struct record *from, *to;
	size_t room;
	struct catset_cache cache;
	__u16 plain[ESAFE_CATEGORIES][2]; /* ids of the sets of one category: taken, exempted */
	struct catbuild_stats stats;
	int rc;
};

/* The records of a share that count, in one piece: how many, or -ENOMEM. */
static long gather(struct sorter *s, const struct chunk *chunks)
{
	size_t n = 0;

	for (const struct chunk *c = chunks; c; c = c->next)
		n += c->n;
	if (n > s->room) {
		free(s->from);
		free(s->to);
		s->room = n + n / 4;
		s->from = malloc(s->room * sizeof(*s->from));
		s->to = malloc(s->room * sizeof(*s->to));
		if (!s->from || !s->to)
			return -ENOMEM;
	}
	n = 0;
	for (const struct chunk *c = chunks; c; c = c->next)
		for (size_t i = 0; i < c->n; i++)
			if (!s->build->dropped[c->record[i].info >> FLAG_BITS])
				s->from[n++] = c->record[i];
	return n;
}

static void radix_pass(struct sorter *s, size_t n, unsigned shift)
{
	__u32 at[RADIX] = { 0 }, sum = 0;
	struct record *swap;

	for (size_t i = 0; i < n; i++)
		at[s->from[i].high >> shift & (RADIX - 1)]++;
	for (unsigned i = 0; i < RADIX; i++) {
		__u32 count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		s->to[at[s->from[i].high >> shift & (RADIX - 1)]++] = s->from[i];
	swap = s->from;
	s->from = s->to;
	s->to = swap;
}

/* The share fixed the first 8 bits of the key, two passes sort by the next 24; few are left to be put right. */
static void sort(struct sorter *s, size_t n)
{
	if (n > 64) {
		radix_pass(s, n, 0);
		radix_pass(s, n, RADIX_BITS);
	}
	for (size_t i = 1; i < n; i++) {
		struct record r = s->from[i];
		size_t j = i;

		for (; j && key(&s->from[j - 1]) > key(&r); j--)
			s->from[j] = s->from[j - 1];
		s->from[j] = r;
	}
}

static bool is_empty(const struct catmap_set *set)
{
	static const struct catmap_set empty;

	return !memcmp(set, &empty, sizeof(empty));
}

static bool adds_nothing(const struct catmap_set *set)
{
	return !(set->add[0] | set->add[1] | set->add[2] | set->add[3]);
}

/* What the name itself and those below are to be, in one set; the flags of the slot. */
static __u32 one_set(struct catmap_set *own, const struct catmap_set *below, struct catbuild_stats *stats)
{
	if (!memcmp(own, below, sizeof(*own)))
		return 0;
	if (is_empty(below))
		return CATMAP_EXACT;
	if (is_empty(own)) {
		*own = *below;
		return CATMAP_BELOW;
	}
	stats->blurred++;
	if (adds_nothing(below))
		return CATMAP_EXACT;
	if (adds_nothing(own)) {
		*own = *below;
		return CATMAP_BELOW;
	}
	for (int i = 0; i < 4; i++) {
		own->add[i] |= below->add[i];
		own->drop[i] &= below->drop[i] & ~own->add[i];
	}
	return 0;
}

/* Several lists, or several kinds of records, for one name. An exception outranks an entry for the same name. */
static __u32 merge(struct sorter *s, const struct record *run, size_t n, struct catmap_set *set)
{
	struct catmap_set below;

	memset(set, 0, sizeof(*set));
	memset(&below, 0, sizeof(below));
	for (size_t i = 0; i < n; i++) {
		unsigned category = s->build->category[run[i].info >> FLAG_BITS];
		unsigned flags = run[i].info;

		if (!(flags & LIST_BELOW))
			catset_bit(flags & LIST_EXCEPT ? set->drop : set->add, category);
		if (!(flags & LIST_EXACT))
			catset_bit(flags & LIST_EXCEPT ? below.drop : below.add, category);
	}
	for (int i = 0; i < 4; i++) {
		set->add[i] &= ~set->drop[i];
		below.add[i] &= ~below.drop[i];
	}
	s->stats.merged++;
	return one_set(set, &below, &s->stats);
}

/* Flags and id of the slot for a run of records with the same key, or -errno. */
static long slot_of(struct sorter *s, const struct record *run, size_t n)
{
	unsigned category = s->build->category[run->info >> FLAG_BITS], flags = run->info & ((1 << FLAG_BITS) - 1);
	__u16 *plain = &s->plain[category][!!(flags & LIST_EXCEPT)];
	struct catmap_set set = { 0 };
	__u32 slot_flags = 0;
	int id;

	for (size_t i = 1; i < n; i++) {
		if (run[i].info != run->info) {
			slot_flags = merge(s, run, n, &set);
			id = catset_id(&s->build->sets, &s->cache, &set);
			return id < 0 ? id : (long)(slot_flags | id);
		}
	}
	if (!*plain) {
		catset_bit(flags & LIST_EXCEPT ? set.drop : set.add, category);
		id = catset_id(&s->build->sets, &s->cache, &set);
		if (id < 0)
			return id;
		*plain = id;
	}
	slot_flags = flags & LIST_EXACT ? CATMAP_EXACT : flags & LIST_BELOW ? CATMAP_BELOW : 0;
	return slot_flags | *plain;
}

/* One record for each name, at the front. */
static long unite(struct sorter *s, size_t n)
{
	size_t out = 0;

	s->stats.records += n;
	for (size_t i = 0, run; i < n; i += run) {
		long slot;

		for (run = 1; i + run < n && key(&s->from[i + run]) == key(&s->from[i]); run++)
			;
		slot = slot_of(s, &s->from[i], run);
		if (slot < 0)
			return slot;
		s->from[out] = s->from[i];
		s->from[out++].info = slot;
	}
	s->stats.names += out;
	return out;
}

static void put_back(struct chunk *chunks, const struct record *from, size_t n)
{
	for (struct chunk *c = chunks; c; c = c->next) {
		c->n = n < c->n ? n : c->n;
		memcpy(c->record, from, c->n * sizeof(*from));
		from += c->n;
		n -= c->n;
	}
}

static void *sort_shares(void *arg)
{
	struct sorter *s = arg;
	unsigned share;
	long n;

	while (!s->rc && (share = atomic_fetch_add(&s->build->next_share, 1)) < SHARES) {
		n = gather(s, s->build->share[share]);
		if (n > 0) {
			sort(s, n);
			n = unite(s, n);
		}
		if (n < 0)
			s->rc = n;
		else
			put_back(s->build->share[share], s->from, n);
	}
	return NULL;
}

static void join_parts(struct catbuild *build, unsigned long *records)
{
	*records = 0;
	for (struct catbuild_part *part = build->parts; part; part = part->next) {
		for (unsigned i = 0; i < SHARES; i++) {
			while (part->open[i]) {
				struct chunk *chunk = part->open[i];

				part->open[i] = chunk->next;
				chunk->next = build->share[i];
				build->share[i] = chunk;
				*records += chunk->n;
			}
		}
	}
}

static int sort_all(struct catbuild *build, struct catbuild_stats *stats)
{
	struct sorter *sorters = calloc(2, sizeof(*sorters));
	unsigned long records;
	bool second = false;
	pthread_t thread;
	int rc;

	if (!sorters)
		return -ENOMEM;
	join_parts(build, &records);
	atomic_store(&build->next_share, 0);
	sorters[0].build = sorters[1].build = build;
	if (records > THREAD_RECORDS)
		second = !pthread_create(&thread, NULL, sort_shares, &sorters[1]);
	sort_shares(&sorters[0]);
	if (second)
		pthread_join(thread, NULL);
	rc = sorters[0].rc ? sorters[0].rc : sorters[1].rc;
	for (int i = 0; i < 2; i++) {
		stats->records += sorters[i].stats.records;
		stats->names += sorters[i].stats.names;
		stats->merged += sorters[i].stats.merged;
		stats->blurred += sorters[i].stats.blurred;
		free(sorters[i].from);
		free(sorters[i].to);
	}
	free(sorters);
	return rc;
}

/* ---- filling ---- */

static int put_all(const struct catbuild *build, struct catfill *fill)
{
	for (unsigned i = 0; i < SHARES; i++) {
		for (const struct chunk *c = build->share[i]; c; c = c->next) {
			for (size_t j = 0; j < c->n; j++) {
				int rc = catfill_put(fill, hash_of(key(&c->record[j]), build->salt), c->record[j].info);

				if (rc)
					return rc;
			}
		}
	}
	return catfill_settle(fill);
}

static int by_key(const void *a, const void *b)
{
	__u64 x = key(a), y = key(b);

	return x < y ? -1 : x > y;
}

/* Another salt: other keys, another order. Rare enough (see catmap.h) to be done the simple way. */
static int change_salt(struct catbuild *build, unsigned long names)
{
	__u64 salt = build->salt * 6364136223846793005ULL + 1442695040888963407ULL;
	struct chunk *flat = malloc(sizeof(*flat) + names * sizeof(struct record));

	if (!flat)
		return -ENOMEM;
	flat->next = NULL;
	flat->n = 0;
	for (unsigned i = 0; i < SHARES; i++) {
		for (const struct chunk *c = build->share[i]; c; c = c->next) {
			for (size_t j = 0; j < c->n; j++) {
				__u64 k = key_of(hash_of(key(&c->record[j]), build->salt), salt);

				flat->record[flat->n++] = (struct record){ k, k >> 32, c->record[j].info };
			}
		}
	}
	qsort(flat->record, flat->n, sizeof(struct record), by_key);
	free_parts(build);
	build->flat = build->share[0] = flat;
	build->salt = salt;
	return 0;
}

static int fill_table(struct catbuild *build, const struct catmap_target *target, __u32 buckets,
		      struct catmap_image *image, struct catbuild_stats *stats)
{
	size_t elements = 1 + build->sets.n + (size_t)buckets;
	struct catmap_header *header = target->alloc(target->ctx, elements);
	struct catfill fill;
	int rc;

	if (!header)
		return -ENOMEM;
	image->header = header;
	image->sets = (struct catmap_set *)(header + 1);
	image->buckets = (struct catmap_bucket *)(image->sets + build->sets.n);
	image->elements = elements;
	memcpy(image->sets, build->sets.set, build->sets.n * sizeof(*image->sets));
	memset(image->buckets, 0, buckets * sizeof(*image->buckets));
	catfill_begin(&fill, image->buckets, buckets, build->salt);
	rc = put_all(build, &fill);
	stats->kicks = fill.kicks;
	catfill_end(&fill);
	*header = (struct catmap_header){ .magic = CATMAP_MAGIC, .salt = build->salt, .names = stats->names,
					  .buckets = buckets, .first_bucket = 1 + build->sets.n,
					  .sets = build->sets.n };
	return rc;
}

static int build_table(struct catbuild *build, const struct catmap_target *target, struct catmap_image *image,
		       struct catbuild_stats *stats)
{
	int rc = sort_all(build, stats);
	__u32 buckets = stats->names * 10 / (8 * CATMAP_SLOTS) + 1; /* 0.8 full */

	stats->sets = build->sets.n;
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

	free_parts(build);
	if (rc)
		return rc;
	*image = made;
	if (stats)
		*stats = counted;
	return 0;
}
