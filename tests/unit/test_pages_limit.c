/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "limit.h"

static const uint8_t key[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void source(uint8_t out[16], uint32_t n)
{
	memset(out, 0, 16);
	memcpy(out + 12, &n, sizeof(n));
}

Test(limit, burst_and_one_more_with_time)
{
	struct limit *limit;
	uint8_t one[16], two[16];
	unsigned wait = 0;

	source(one, 1);
	source(two, 2);
	cr_assert_eq(limit_new(16, 3, 1000, key, &limit), 0);
	for (int i = 0; i < 3; i++)
		cr_expect(limit_take(limit, one, 5000, NULL));
	cr_expect_not(limit_take(limit, one, 5000, &wait));
	cr_expect_eq(wait, 1000);
	cr_expect(limit_take(limit, two, 5000, NULL), "another source has its own");
	cr_expect_not(limit_take(limit, one, 5999, &wait));
	cr_expect_eq(wait, 1);
	cr_expect(limit_take(limit, one, 6000, NULL));
	cr_expect_not(limit_take(limit, one, 6000, NULL), "trying in vain costs nothing, and brings nothing");
	cr_expect(limit_take(limit, one, 7000, NULL));
	for (int i = 0; i < 3; i++)
		cr_expect(limit_take(limit, one, 60000, NULL));
	cr_expect_not(limit_take(limit, one, 60000, NULL), "no more than a burst is saved up");
	limit_free(limit);
}

Test(limit, what_is_left_can_be_looked_at)
{
	struct limit *limit;
	uint8_t one[16], two[16];

	source(one, 1);
	source(two, 2);
	cr_assert_eq(limit_new(16, 2, 1000, key, &limit), 0);
	for (int i = 0; i < 9; i++)
		cr_expect(limit_has(limit, one, 5000), "looking takes none");
	limit_take(limit, one, 5000, NULL);
	cr_expect(limit_has(limit, one, 5000));
	limit_take(limit, one, 5000, NULL);
	cr_expect_not(limit_has(limit, one, 5000));
	cr_expect(limit_has(limit, two, 5000));
	cr_expect_not(limit_has(limit, one, 5999));
	cr_expect(limit_has(limit, one, 6000));
	limit_free(limit);
}

Test(limit, who_is_slowed_stays_so_among_many)
{
	struct limit *limit;
	uint8_t one[16], other[16];

	source(one, 0);
	cr_assert_eq(limit_new(64, 4, 1000, key, &limit), 0);
	for (int i = 0; i < 4; i++)
		limit_take(limit, one, 1000, NULL);
	for (uint32_t n = 1; n < 10000; n++) {
		source(other, n);
		cr_expect(limit_take(limit, other, 1000, NULL), "a new one is always let in");
	}
	cr_expect_not(limit_take(limit, one, 1000, NULL), "those with most to wait are not the ones forgotten");
	limit_free(limit);
}

Test(limit, sizes_make_sense)
{
	struct limit *limit;

	cr_expect_eq(limit_new(0, 1, 1, key, &limit), -EINVAL);
	cr_expect_eq(limit_new(1, 0, 1, key, &limit), -EINVAL);
	cr_expect_eq(limit_new(1, 1, 0, key, &limit), -EINVAL);
}
