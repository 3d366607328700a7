/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each share, small enough for the cache, is sorted by key, and the records of one name are made one. Two threads take
 * share after share.
 *
 * A slot has one set of categories. Where a zone says one thing of a name itself and another of those below
 * ("blurred"), the slot holds the side that lists if the other only exempts, else the categories of both sides: too
 * much rather than too little.
 */
#include "catsort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listfmt.h"

#define THREAD_RECORDS 200000 /* fewer are sorted by one thread */
#define RADIX_BITS 12
#define RADIX (1 << RADIX_BITS)

struct sorter { /* of one thread */
	struct catsort *all;
	struct cat_record *from, *to;
	size_t room;
	struct catset_cache cache;
	__u16 plain[ESAFE_CATEGORIES][2]; /* ids of the sets of one category: taken, exempted */
	struct catbuild_stats stats;
	int rc;
};

/* The records of a share that count, in one piece: how many, or -ENOMEM. */
static long gather(struct sorter *s, const struct cat_chunk *chunks)
{
	size_t n = 0;

	for (const struct cat_chunk *c = chunks; c; c = c->next)
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
	for (const struct cat_chunk *c = chunks; c; c = c->next)
		for (size_t i = 0; i < c->n; i++)
			if (!s->all->dropped[c->record[i].info >> CAT_FLAG_BITS])
				s->from[n++] = c->record[i];
	return n;
}

static void radix_pass(struct sorter *s, size_t n, unsigned shift)
{
	__u32 at[RADIX] = { 0 }, sum = 0;
	struct cat_record *swap;

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
		struct cat_record r = s->from[i];
		size_t j = i;

		for (; j && cat_key(&s->from[j - 1]) > cat_key(&r); j--)
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
static __u32 merge(struct sorter *s, const struct cat_record *run, size_t n, struct catmap_set *set)
{
	struct catmap_set below;

	memset(set, 0, sizeof(*set));
	memset(&below, 0, sizeof(below));
	for (size_t i = 0; i < n; i++) {
		unsigned category = s->all->category[run[i].info >> CAT_FLAG_BITS];
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
static long slot_of(struct sorter *s, const struct cat_record *run, size_t n)
{
	unsigned category = s->all->category[run->info >> CAT_FLAG_BITS], flags = run->info & ((1 << CAT_FLAG_BITS) - 1);
	__u16 *plain = &s->plain[category][!!(flags & LIST_EXCEPT)];
	struct catmap_set set = { 0 };
	__u32 slot_flags = 0;
	int id;

	for (size_t i = 1; i < n; i++) {
		if (run[i].info != run->info) {
			slot_flags = merge(s, run, n, &set);
			id = catset_id(&s->all->sets, &s->cache, &set);
			return id < 0 ? id : (long)(slot_flags | id);
		}
	}
	if (!*plain) {
		catset_bit(flags & LIST_EXCEPT ? set.drop : set.add, category);
		id = catset_id(&s->all->sets, &s->cache, &set);
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

		for (run = 1; i + run < n && cat_key(&s->from[i + run]) == cat_key(&s->from[i]); run++)
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

static void put_back(struct cat_chunk *chunks, const struct cat_record *from, size_t n)
{
	for (struct cat_chunk *c = chunks; c; c = c->next) {
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

	while (!s->rc && (share = atomic_fetch_add(&s->all->next_share, 1)) < CAT_SHARES) {
		n = gather(s, s->all->share[share]);
		if (n > 0) {
			sort(s, n);
			n = unite(s, n);
		}
		if (n < 0)
			s->rc = n;
		else
			put_back(s->all->share[share], s->from, n);
	}
	return NULL;
}

int catsort_run(struct catsort *all, unsigned long records, struct catbuild_stats *stats)
{
	struct sorter *sorters = calloc(2, sizeof(*sorters));
	bool second = false;
	pthread_t thread;
	int rc;

	if (!sorters)
		return -ENOMEM;
	atomic_store(&all->next_share, 0);
	sorters[0].all = sorters[1].all = all;
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
