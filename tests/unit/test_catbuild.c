/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catbuild.h"
#include "catfill.h"
#include "listfmt.h"
#include "names.h"

#define K1 0x9e3779b97f4a7c15ULL
#define K2 0xbf58476d1ce4e5b9ULL
#define SALT 0x123456789abcdefULL

static int calls; /* of alloc */

static void *alloc(void *ctx, size_t elements)
{
	void **memory = ctx;

	free(*memory);
	calls++;
	*memory = aligned_alloc(64, elements * 64);
	memset(*memory, 0xaa, elements * 64); /* need not be zero */
	return *memory;
}

struct table {
	void *memory;
	struct catmap_image image;
	struct catbuild_stats stats;
};

static int finish(struct catbuild *build, struct table *table)
{
	struct catmap_target target = { alloc, &table->memory };
	int rc = catbuild_finish(build, &target, &table->image, &table->stats);

	if (!rc)
		cr_assert(catbuild_valid(table->image.header, table->image.elements));
	return rc;
}

static __u64 hash(const char *text)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text(text, strlen(text), wire);

	cr_assert_gt(len, 0, "%s", text);
	return name_hash(wire, len, K1, K2);
}

/* Categories of a name as "1 5 200". */
static const char *categories(const struct table *table, const char *text)
{
	static char out[1024];
	struct esafe_name name = { 0 };
	__u64 bits[4];
	size_t at = 0;

	cr_assert_gt(name_from_text(text, strlen(text), name.wire), 0);
	cr_assert_eq(esafe_name_scan(&name, K1, K2), 0);
	catbuild_lookup(table->image.header, table->image.sets, table->image.buckets, &name, bits);
	out[0] = '\0';
	for (unsigned i = 0; i < ESAFE_CATEGORIES; i++)
		if (bits[i / 64] >> i % 64 & 1)
			at += sprintf(out + at, "%s%u", at ? " " : "", i);
	return out;
}

struct entry {
	const char *name;
	unsigned category, flags;
};

static void build(const struct entry *entries, size_t n, struct table *table)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *part = catbuild_part(b);

	for (unsigned category = 0; category < ESAFE_CATEGORIES; category++)
		cr_assert_eq(catbuild_source(b, category), (int)category);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(catbuild_add(part, hash(entries[i].name), entries[i].category, entries[i].flags), 0);
	cr_assert_eq(finish(b, table), 0);
	catbuild_free(b);
}
#define BUILD(entries, table) build(entries, sizeof(entries) / sizeof((entries)[0]), table)

Test(catbuild, union_over_suffixes)
{
	static const struct entry entries[] = {
		{ "example.com", 3, 0 }, { "example.com", 3, 0 }, { "example.com", 200, 0 }, { "a.example.com", 64, 0 },
		{ "b.example.com", 3, 0 }, { "com", 0, 0 }, { "other.org", 255, 0 },
	};
	struct table t = { 0 };

	BUILD(entries, &t);
	cr_expect_str_eq(categories(&t, "example.com"), "0 3 200");
	cr_expect_str_eq(categories(&t, "x.y.a.example.com"), "0 3 64 200");
	cr_expect_str_eq(categories(&t, "b.example.com"), "0 3 200");
	cr_expect_str_eq(categories(&t, "ample.com"), "0");
	cr_expect_str_eq(categories(&t, "org"), "");
	cr_expect_str_eq(categories(&t, "www.other.org"), "255");
	cr_expect_eq(t.stats.records, 7);
	cr_expect_eq(t.stats.names, 5);
	cr_expect_eq(t.image.header->names, 5);
	cr_expect_eq(t.stats.merged, 1);
	cr_expect_eq(t.stats.sets, 6, "the empty one, {3 200} {64} {3} {0} {255}: %u", t.stats.sets);
	free(t.memory);
}

Test(catbuild, exact_below_and_exceptions)
{
	static const struct entry entries[] = {
		{ "exact.com", 1, LIST_EXACT },
		{ "below.com", 2, LIST_BELOW },
		{ "both.com", 3, LIST_EXACT }, { "both.com", 3, LIST_BELOW },
		{ "all.com", 4, LIST_EXACT | LIST_BELOW },
		{ "blocked.com", 5, 0 }, { "blocked.com", 6, 0 },
		{ "free.blocked.com", 5, LIST_EXCEPT }, { "again.free.blocked.com", 5, 0 },
		{ "self.com", 7, 0 }, { "self.com", 7, LIST_EXCEPT },
		{ "one.blocked.com", 6, LIST_EXCEPT | LIST_EXACT },
		{ "inside.blocked.com", 6, LIST_EXCEPT | LIST_BELOW },
	};
	static const struct { const char *name, *categories; } rows[] = {
		{ "exact.com", "1" }, { "www.exact.com", "" },
		{ "below.com", "" }, { "www.below.com", "2" }, { "a.b.below.com", "2" },
		{ "both.com", "3" }, { "www.both.com", "3" },
		{ "all.com", "4" }, { "www.all.com", "4" },
		{ "blocked.com", "5 6" }, { "free.blocked.com", "6" }, { "www.free.blocked.com", "6" },
		{ "again.free.blocked.com", "5 6" }, { "x.again.free.blocked.com", "5 6" },
		{ "self.com", "" }, { "www.self.com", "" },
		{ "one.blocked.com", "5" }, { "www.one.blocked.com", "5 6" },
		{ "inside.blocked.com", "5 6" }, { "www.inside.blocked.com", "5" },
	};
	struct table t = { 0 };

	BUILD(entries, &t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(categories(&t, rows[i].name), rows[i].categories, "%s: %s", rows[i].name,
				 categories(&t, rows[i].name));
	cr_expect_eq(t.stats.blurred, 0);
	free(t.memory);
}

/* One slot cannot tell the name from those below in two categories: too much rather than too little. */
Test(catbuild, blurred)
{
	static const struct entry entries[] = {
		{ "a.com", 1, LIST_EXACT }, { "a.com", 2, 0 },
		{ "b.com", 1, LIST_BELOW }, { "b.com", 1, LIST_EXCEPT | LIST_EXACT },
		{ "c.com", 1, LIST_EXACT }, { "c.com", 1, LIST_EXCEPT | LIST_BELOW },
		{ "d.com", 1, LIST_EXACT }, { "d.com", 2, LIST_BELOW }, { "d.com", 3, LIST_EXCEPT },
		{ "p.com", 3, 0 }, { "e.p.com", 1, LIST_EXACT }, { "e.p.com", 2, LIST_BELOW },
		{ "e.p.com", 3, LIST_EXCEPT | LIST_EXACT },
	};
	struct table t = { 0 };

	BUILD(entries, &t);
	cr_expect_eq(t.stats.blurred, 5, "%lu", t.stats.blurred);
	cr_expect_str_eq(categories(&t, "a.com"), "1 2");
	cr_expect_str_eq(categories(&t, "www.a.com"), "1 2");
	cr_expect_str_eq(categories(&t, "b.com"), "");
	cr_expect_str_eq(categories(&t, "www.b.com"), "1");
	cr_expect_str_eq(categories(&t, "c.com"), "1");
	cr_expect_str_eq(categories(&t, "www.c.com"), "");
	cr_expect_str_eq(categories(&t, "www.d.com"), "1 2");
	cr_expect_str_eq(categories(&t, "e.p.com"), "1 2 3");
	free(t.memory);
}

Test(catbuild, nothing_and_one)
{
	struct entry one = { "a.com", 9, 0 };
	struct table t = { 0 };

	build(NULL, 0, &t);
	cr_expect_str_eq(categories(&t, "a.com"), "");
	cr_expect_eq(t.image.header->names, 0);
	build(&one, 1, &t);
	cr_expect_str_eq(categories(&t, "a.com"), "9");
	free(t.memory);
}

Test(catbuild, dropped_sources_do_not_count)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *part = catbuild_part(b);
	struct table t = { 0 };

	cr_assert_eq(catbuild_source(b, 1), 0);
	cr_assert_eq(catbuild_source(b, 2), 1);
	catbuild_add(part, hash("a.com"), 0, 0);
	catbuild_add(part, hash("a.com"), 1, 0);
	catbuild_add(part, hash("b.com"), 1, 0);
	catbuild_drop(b, 1);
	cr_assert_eq(finish(b, &t), 0);
	cr_expect_str_eq(categories(&t, "a.com"), "1");
	cr_expect_str_eq(categories(&t, "b.com"), "");
	cr_expect_eq(t.stats.names, 1);
	cr_expect_eq(catbuild_source(b, ESAFE_CATEGORIES), -EINVAL);
	catbuild_free(b);
	free(t.memory);
}

/* Enough names for two threads, late slots and kicks; every one is found, and those not listed are not. */
Test(catbuild, half_a_million)
{
	enum { N = 500000 };
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *parts[2] = { catbuild_part(b), catbuild_part(b) };
	struct table t = { 0 };
	unsigned wrong = 0, overflow = 0;
	char name[64];

	for (unsigned category = 0; category < ESAFE_CATEGORIES; category++)
		catbuild_source(b, category);
	for (unsigned i = 0; i < N; i++) {
		__u64 h = hash((sprintf(name, "n%u.example.com", i), name));

		cr_assert_eq(catbuild_add(parts[i & 1], h, i % 256, 0), 0);
		if (i % 3 == 0)
			cr_assert_eq(catbuild_add(parts[~i & 1], h, (i + 1) % 256, 0), 0);
	}
	cr_assert_eq(finish(b, &t), 0);
	cr_assert_eq(t.stats.names, N);
	cr_expect_eq(t.stats.sets, 1 + 256 + 256);
	cr_expect_lt(t.image.elements * 64.0 / N, 11.5, "bytes a name");
	for (unsigned i = 0; i < N; i++) {
		__u64 slot = catbuild_probe(t.image.header, t.image.buckets, hash((sprintf(name, "n%u.example.com", i), name)));
		const struct catmap_set *set = &t.image.sets[slot & CATMAP_ID_MASK];
		bool both = i % 3 == 0;
		unsigned a = i % 256, c = (i + 1) % 256;

		wrong += !slot || !(set->add[a / 64] >> a % 64 & 1) || (set->add[c / 64] >> c % 64 & 1) != both;
		wrong += !!catbuild_probe(t.image.header, t.image.buckets, hash((sprintf(name, "n%u.example.org", i), name)));
	}
	cr_expect_eq(wrong, 0);
	for (unsigned i = 0; i < t.image.header->buckets; i++)
		overflow += !!(t.image.buckets[i].slot[7] & CATMAP_OVERFLOW);
	cr_expect(overflow && overflow < t.image.header->buckets * 60 / 100, "%u of %u buckets are marked", overflow,
		  t.image.header->buckets);
	catbuild_free(b);
	free(t.memory);
}

/* The hash that has this mixed value under SALT: the steps of catmap_place() backwards. */
static __u64 hash_for(__u64 mixed)
{
	__u64 inverse = 0xd6e8feb86659fd93ULL;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - 0xd6e8feb86659fd93ULL * inverse;
	return ((mixed ^ mixed >> 32) * inverse) ^ SALT;
}

Test(catbuild, equal_tags_get_another_salt)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *part = catbuild_part(b);
	struct table t = { 0 };
	__u64 one = hash_for(0xabcdef12345ULL << 20 | 1), two = hash_for(0xabcdef12345ULL << 20 | 2);

	cr_assert_eq(catmap_place(one, SALT, 1).tag, catmap_place(two, SALT, 1).tag, "the test itself");
	calls = 0;
	catbuild_source(b, 1);
	catbuild_source(b, 2);
	catbuild_add(part, one, 0, 0);
	catbuild_add(part, two, 1, 0);
	cr_assert_eq(finish(b, &t), 0);
	cr_expect_neq(t.image.header->salt, SALT);
	cr_expect_eq(calls, 2);
	cr_expect_eq(t.stats.fills, 2);
	for (int i = 0; i < 2; i++) {
		__u64 slot = catbuild_probe(t.image.header, t.image.buckets, i ? two : one);

		cr_expect_eq(t.image.sets[slot & CATMAP_ID_MASK].add[0], 2ULL << i);
	}
	catbuild_free(b);
	free(t.memory);
}

/* The hash whose place in the order of the table is this. */
static __u64 hash_in_order(__u64 key)
{
	__u64 inverse = 0x9fb21c651e98df25ULL;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - 0x9fb21c651e98df25ULL * inverse;
	return hash_for(key * inverse);
}

/* Names whose two buckets are both the first one of seven, more than it holds: the table must grow. */
Test(catbuild, table_too_small)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *part = catbuild_part(b);
	struct table t = { 0 };
	__u64 stuck[40];
	unsigned n = 0;

	catbuild_source(b, 1);
	for (__u64 i = 0; n < 12; i++) {
		struct catmap_place place = catmap_place(hash_in_order(i << 40), SALT, 7);

		if (!place.first && !place.second)
			stuck[n++] = hash_in_order(i << 40);
	}
	for (__u64 i = 1; n < 40; i++)
		stuck[n++] = hash_in_order(i << 58 | 1 << 20);
	for (unsigned i = 0; i < n; i++)
		catbuild_add(part, stuck[i], 0, 0);
	cr_assert_eq(finish(b, &t), 0);
	cr_expect_gt(t.stats.fills, 1);
	cr_expect_gt(t.image.header->buckets, 7);
	for (unsigned i = 0; i < n; i++)
		cr_expect(catbuild_probe(t.image.header, t.image.buckets, stuck[i]), "%u", i);
	catbuild_free(b);
	free(t.memory);
}

/* All in one bucket, far more than it holds: none is lost. */
Test(catbuild, crowded_bucket)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_part *part = catbuild_part(b);
	struct table t = { 0 };
	__u64 crowd[40];

	catbuild_source(b, 1);
	for (unsigned i = 0; i < 40; i++) {
		/* mixed values next to each other in the order of the table: the same first bucket in any small one */
		crowd[i] = hash_in_order((__u64)i << 20);
		cr_assert_eq(catmap_place(crowd[i], SALT, 64).first, 0, "the test itself");
		catbuild_add(part, crowd[i], 0, 0);
	}
	cr_assert_eq(finish(b, &t), 0);
	for (unsigned i = 0; i < 40; i++)
		cr_expect(catbuild_probe(t.image.header, t.image.buckets, crowd[i]), "%u", i);
	catbuild_free(b);
	free(t.memory);
}

/* The same tag in both buckets of a pair must be seen whichever comes first, or a question gets the other's answer. */
Test(catbuild, equal_tags_across_a_pair)
{
	struct catmap_bucket buckets[4] = { 0 };
	__u64 filter[4] = { 0 };
	struct catfill fill;
	__u64 tag = 0x777, first = 0, hashes[2] = { 0 };
	struct catmap_place place;

	catfill_begin(&fill, buckets, filter, 4, SALT);
	for (__u64 low = 0; low < 1 << 20 && !hashes[1]; low++) {
		place = catmap_place(hash_for(tag << 20 | low), SALT, 4);
		if (!hashes[0]) {
			hashes[0] = hash_for(tag << 20 | low);
			first = place.first;
		} else if (place.first != first && place.second == first) {
			hashes[1] = hash_for(tag << 20 | low);
		}
	}
	cr_assert(hashes[1]);
	for (int i = 0; i < 8; i++) /* the first one's bucket is full, it must go to the bucket of the other */
		buckets[first].slot[i] = (__u64)(i + 1) << CATMAP_TAG_SHIFT | 1;
	cr_assert_eq(catfill_put(&fill, hashes[0], 1), 0);
	cr_assert_eq(catfill_put(&fill, hashes[1], 2), 0);
	cr_expect_eq(catfill_settle(&fill), -EEXIST);
	catfill_end(&fill);
}

/* The other one was moved into the first bucket of a late slot meanwhile. */
Test(catbuild, equal_tag_in_the_first_bucket)
{
	struct catmap_bucket buckets[4] = { 0 };
	__u64 filter[4] = { 0 };
	struct catfill fill;
	struct catmap_place place;
	__u64 low = 0;

	do /* one with two different buckets */
		place = catmap_place(hash_for(0x777ULL << 20 | low++), SALT, 4);
	while (place.first == place.second);
	catfill_begin(&fill, buckets, filter, 4, SALT);
	for (int i = 0; i < 8; i++)
		buckets[place.first].slot[i] = (__u64)(i + 1) << CATMAP_TAG_SHIFT | 1;
	cr_assert_eq(catfill_put(&fill, hash_for(0x777ULL << 20 | (low - 1)), 1), 0);
	buckets[place.first].slot[3] = 0x777ULL << CATMAP_TAG_SHIFT | 2;
	cr_expect_eq(catfill_settle(&fill), -EEXIST);
	catfill_end(&fill);
}

Test(catbuild, a_table_is_looked_at_before_it_is_read)
{
	struct catmap_header header = { .magic = CATMAP_MAGIC, .buckets = 9, .sets = 3, .first_bucket = 4,
					.first_filter = 13 };

	cr_expect(catbuild_valid(&header, 15)); /* nine words of the filter take two elements */
	cr_expect_not(catbuild_valid(&header, 14));
	header.first_bucket = 5;
	cr_expect_not(catbuild_valid(&header, 100));
	header.first_bucket = 4;
	header.first_filter = 14;
	cr_expect_not(catbuild_valid(&header, 100));
	header.first_filter = 13;
	header.buckets = 0;
	cr_expect_not(catbuild_valid(&header, 100));
	header.buckets = ~0u;
	cr_expect_not(catbuild_valid(&header, 100));
	header.buckets = 9;
	header.magic++;
	cr_expect_not(catbuild_valid(&header, 100));
	cr_expect_not(catbuild_valid(&header, 0));
}

static void *no_memory(void *ctx, size_t elements)
{
	return NULL;
}

Test(catbuild, no_memory_leaves_the_outputs)
{
	struct catbuild *b = catbuild_new(SALT);
	struct catbuild_stats stats = { .names = 77 };
	struct catmap_image image = { .elements = 78 };
	struct catmap_target target = { no_memory, NULL };

	cr_expect_eq(catbuild_finish(b, &target, &image, &stats), -ENOMEM);
	cr_expect_eq(stats.names, 77);
	cr_expect_eq(image.elements, 78);
	catbuild_free(b);
}
