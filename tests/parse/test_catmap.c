/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "parse.h"
#include "esafe/catmap.h"

static __u64 random64(void)
{
	__u64 high = dice();

	return high << 32 | dice();
}

Test(catmap, other_bucket_of_the_other_is_the_first)
{
	static const __u32 sizes[] = { 1, 2, 3, 7, 8, 1000, 65536, 781250, 0x7fffffff, 0x80000001, 0xffffffff };

	for (size_t i = 0; i < ROWS(sizes); i++) {
		for (int round = 0; round < 20000; round++) {
			__u64 tag = random64() >> 20;
			__u32 bucket = round < 2 ? round * (sizes[i] - 1) : dice() % sizes[i];
			__u32 other = catmap_other(tag, bucket, sizes[i]);

			cr_assert_lt(other, sizes[i], "%u", sizes[i]);
			cr_assert_eq(catmap_other(tag, other, sizes[i]), bucket, "%u", sizes[i]);
		}
	}
}

Test(catmap, place)
{
	for (int round = 0; round < 100000; round++) {
		__u32 buckets = 1 + dice() % (round % 2 ? 50 : 5000000);
		__u64 hash = random64(), salt = random64();
		struct catmap_place place = catmap_place(hash, salt, buckets);

		cr_assert(place.tag && !(place.tag >> 44));
		cr_assert_lt(place.first, buckets);
		cr_assert_lt(place.second, buckets);
		cr_assert_eq(catmap_other(place.tag, place.second, buckets), place.first);
	}
	cr_expect_eq(catmap_place(5, 5, 9).tag, 1, "a tag is never that of an empty slot");
}

Test(catmap, places_are_spread)
{
	unsigned first[16] = { 0 }, second[16] = { 0 };

	for (__u64 hash = 0; hash < 160000; hash++) {
		struct catmap_place place = catmap_place(hash, 77, 16);

		first[place.first]++;
		second[place.second]++;
	}
	for (int i = 0; i < 16; i++) {
		cr_expect(first[i] > 9500 && first[i] < 10500, "%d: %u", i, first[i]);
		cr_expect(second[i] > 9500 && second[i] < 10500, "%d: %u", i, second[i]);
	}
}

Test(catmap, find)
{
	struct catmap_bucket *bucket = exact(&(struct catmap_bucket){ 0 }, sizeof(*bucket));

	for (__u64 i = 0; i < CATMAP_SLOTS; i++)
		cr_expect_eq(catmap_find(bucket, i + 1), 0, "empty");
	bucket->slot[7] = CATMAP_OVERFLOW;
	cr_expect_eq(catmap_find(bucket, 1), 0, "a flag alone is no slot");
	for (__u64 i = 0; i < CATMAP_SLOTS; i++)
		bucket->slot[i] = (0xfffffffff00ULL + i) << CATMAP_TAG_SHIFT | CATMAP_EXACT | (0xfff0 + i);
	bucket->slot[7] |= CATMAP_OVERFLOW;
	for (__u64 i = 0; i < CATMAP_SLOTS; i++) {
		cr_expect_eq(catmap_find(bucket, 0xfffffffff00ULL + i), bucket->slot[i], "%llu", i);
		cr_expect_eq(catmap_find(bucket, 0xfffffffff00ULL + i) & CATMAP_ID_MASK, 0xfff0 + i);
	}
	cr_expect_eq(catmap_find(bucket, 0xfffffffff08ULL), 0);
	cr_expect_eq(catmap_find(bucket, 0xffffffff00ULL), 0, "the low bits of a tag are not the tag");
	free(bucket);
}

Test(catmap, bit_of_the_filter)
{
	unsigned seen[64] = { 0 };

	for (int round = 0; round < 64000; round++) {
		__u64 hash = random64();

		cr_assert_lt(catmap_bit(hash, 1 << 16), 1U << 16);
		cr_assert_eq(catmap_bit(hash, 64), catmap_bit(hash, 1 << 16) % 64);
		seen[catmap_bit(hash, 64)]++;
	}
	for (int i = 0; i < 64; i++)
		cr_expect(seen[i] > 800 && seen[i] < 1200, "%d: %u", i, seen[i]);
}
