/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mark.h"
#include "signedin.h"

static const uint8_t secret[32] = "thirty-two bytes, nobody's guess";
static const uint8_t other_secret[32] = "another start of the process....";
static const uint8_t device[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, neighbour[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
static const char cookie[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char another[] = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#define NOW 1760000400 /* the first second of an hour */

Test(mark, whose)
{
	static const struct { const uint8_t *secret, *source; const char *cookie; bool fits; } rows[] = {
		{ secret, device, "", true },          { other_secret, device, "", false }, { secret, neighbour, "", false },
		{ secret, device, cookie, false },
	};
	char mark[MARK_TEXT];

	mark_make(secret, device, "", NOW, mark);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(mark_fits(rows[i].secret, rows[i].source, rows[i].cookie, NOW, mark), rows[i].fits, "row %zu", i);
	mark_make(secret, device, cookie, NOW, mark);
	cr_expect(mark_fits(secret, device, cookie, NOW, mark));
	cr_expect(!mark_fits(secret, device, "", NOW, mark), "signed out");
	cr_expect(!mark_fits(secret, device, another, NOW, mark), "another person");
}

Test(mark, how_long)
{
	static const struct { int later; bool fits; } rows[] = {
		{ 0, true }, { MARK_S - 1, true }, { MARK_S, true }, { 2 * MARK_S - 1, true }, { 2 * MARK_S, false },
		{ 24 * MARK_S, false }, { -1, false }, { -MARK_S, false },
	};
	char mark[MARK_TEXT];

	mark_make(secret, device, "", NOW, mark);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(mark_fits(secret, device, "", NOW + rows[i].later, mark), rows[i].fits, "%d s later", rows[i].later);
	mark_make(secret, device, "", NOW + MARK_S - 1, mark);
	cr_expect(mark_fits(secret, device, "", NOW + 2 * MARK_S - 2, mark), "an hour at the least");
}

Test(mark, what_is_none)
{
	char mark[MARK_TEXT], wrong[MARK_TEXT + 1];

	mark_make(secret, device, "", NOW, mark);
	for (size_t i = 0; i < MARK_TEXT - 1; i++) {
		strcpy(wrong, mark);
		wrong[i] ^= 1;
		cr_expect(!mark_fits(secret, device, "", NOW, wrong), "letter %zu", i);
		wrong[i] = '\0';
		cr_expect(!mark_fits(secret, device, "", NOW, wrong), "%zu letters", i);
	}
	sprintf(wrong, "%s0", mark);
	cr_expect(!mark_fits(secret, device, "", NOW, wrong), "one more");
}

/* ---- who is signed in ---- */

#define MINUTE 60000u

Test(signed_in, comes_and_goes)
{
	char first[65], second[65], account[SIGNED_IN_ACCOUNT] = "";
	struct signed_in *table;

	cr_assert_eq(signed_in_new(15 * MINUTE, &table), 0);
	cr_assert_eq(signed_in_add(table, "teacher3", 1, first), 0);
	cr_assert_eq(signed_in_add(table, "teacher4", 1, second), 0);
	cr_expect_str_neq(first, second);
	cr_expect(signed_in_find(table, first, 1, account));
	cr_expect_str_eq(account, "teacher3");
	cr_expect(!signed_in_find(table, another, 1, account), "nobody's cookie");
	cr_expect(!signed_in_find(table, "", 1, account), "none");
	signed_in_end(table, first);
	signed_in_end(table, another);
	cr_expect(!signed_in_find(table, first, 1, account), "signed out");
	cr_expect(signed_in_find(table, second, 1, account));
	cr_expect_str_eq(account, "teacher4", "whoever else is there stays");
	signed_in_free(table);
}

Test(signed_in, idle_and_overnight)
{
	char cookie[65], account[SIGNED_IN_ACCOUNT];
	struct signed_in *table;
	uint64_t now = 5;

	cr_assert_eq(signed_in_new(15 * MINUTE, &table), 0);
	cr_assert_eq(signed_in_add(table, "teacher3", now, cookie), 0);
	for (now += 15 * MINUTE; now <= 10 * 60 * MINUTE; now += 15 * MINUTE)
		cr_expect(signed_in_find(table, cookie, now, account), "used all the time");
	cr_expect(!signed_in_find(table, cookie, 5 + 10 * 60 * MINUTE + 1, account), "another day");
	cr_assert_eq(signed_in_add(table, "teacher3", now, cookie), 0);
	cr_expect(!signed_in_find(table, cookie, now + 15 * MINUTE + 1, account), "idle");
	signed_in_free(table);
}

Test(signed_in, is_full)
{
	char cookie[65], first[65], account[SIGNED_IN_ACCOUNT];
	struct signed_in *table;
	int n = 0;

	cr_assert_eq(signed_in_new(15 * MINUTE, &table), 0);
	cr_assert_eq(signed_in_add(table, "teacher3", 1, first), 0);
	while (!signed_in_add(table, "teacher4", 1, cookie))
		n++;
	cr_expect_eq(n, 255);
	signed_in_end(table, first);
	cr_expect_eq(signed_in_add(table, "teacher5", 2, cookie), 0, "a place is free again");
	cr_expect(!signed_in_find(table, first, 2, account), "and is not that of the one before");
	signed_in_free(table);
}
