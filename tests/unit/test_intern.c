/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "intern.h"

static __u32 get(const struct intern *intern, const char *key)
{
	__u64 hash;

	return intern_get(intern, key, strlen(key), &hash);
}

static void put(struct intern *intern, const char *key, __u32 number)
{
	__u64 hash;

	cr_assert_eq(intern_get(intern, key, strlen(key), &hash), 0);
	intern_put(intern, key, strlen(key), hash, number);
}

Test(intern, remembers)
{
	struct intern intern;

	cr_assert_eq(intern_init(&intern, 16, 1000, 1), 0);
	put(&intern, "", 1);
	put(&intern, "a", 2);
	put(&intern, "a long key with more than eight bytes", 3);
	put(&intern, "a long key with more than eight bytez", 4);
	cr_expect_eq(get(&intern, ""), 1);
	cr_expect_eq(get(&intern, "a"), 2);
	cr_expect_eq(get(&intern, "a long key with more than eight bytes"), 3);
	cr_expect_eq(get(&intern, "a long key with more than eight bytez"), 4);
	cr_expect_eq(get(&intern, "b"), 0);
	intern_clear(&intern);
	cr_expect_eq(get(&intern, "a"), 0);
	intern_free(&intern);
}

/* Whatever it forgets, it never gives a number of another key. */
static void check_bounded(size_t most, size_t bytes)
{
	struct intern intern;
	char key[32];
	__u32 got;

	cr_assert_eq(intern_init(&intern, most, bytes, 7), 0);
	for (unsigned i = 1; i <= 5000; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		put(&intern, key, i);
		cr_expect_eq(get(&intern, key), i);
		snprintf(key, sizeof(key), "key %u", i / 2 + 1);
		got = get(&intern, key);
		cr_expect(got == 0 || got == i / 2 + 1);
		cr_assert_leq(intern.used, most);
		cr_assert_leq(intern.bytes_used, bytes);
	}
	intern_free(&intern);
}

Test(intern, has_its_bounds, .timeout = 20)
{
	check_bounded(16, 100000);
	check_bounded(4096, 100);
}

Test(intern, a_key_without_room_is_not_kept)
{
	struct intern intern;

	cr_assert_eq(intern_init(&intern, 16, 10, 1), 0);
	put(&intern, "a key of many bytes", 5);
	cr_expect_eq(get(&intern, "a key of many bytes"), 0);
	intern_free(&intern);
}
