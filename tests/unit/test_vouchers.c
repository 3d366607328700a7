/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "register_vouchers.h"
#include "scratch_register.h"
#include "vouchercode.h"

/* ---- codes ---- */

Test(code, text)
{
	static const __u8 zeros[8], ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	char text[VOUCHER_TEXT];

	voucher_code(zeros, text);
	cr_expect_str_eq(text, "0000-0000-0000");
	voucher_code(ones, text);
	cr_expect_str_eq(text, "ZZZZ-ZZZZ-ZZZZ");
}

Test(code, every_bit_counts)
{
	char text[VOUCHER_TEXT], other[VOUCHER_TEXT];
	__u8 bytes[8] = { 1, 35, 69, 103, 137, 171, 205, 239 };

	voucher_code(bytes, text);
	for (unsigned bit = 0; bit < 60; bit++) {
		bytes[bit / 8] ^= 1u << bit % 8;
		voucher_code(bytes, other);
		cr_expect_str_neq(text, other, "bit %u", bit);
		bytes[bit / 8] ^= 1u << bit % 8;
	}
}

Test(code, read)
{
	static const struct { const char *text, *code; } rows[] = {
		{ "7KQ2-M9XD-4HTP", "7KQ2M9XD4HTP" }, { "7kq2m9xd4htp", "7KQ2M9XD4HTP" },
		{ " 7KQ2 M9XD 4HTP ", "7KQ2M9XD4HTP" }, { "OoIiLl-000000", "001111000000" },
		{ "7KQ2-M9XD-4HT", NULL }, { "7KQ2-M9XD-4HTPX", NULL }, { "7KQ2-M9XD-4HTU", NULL }, { "", NULL },
		{ "7KQ2-M9XD-4H\xc3\xbc", NULL }, { "7KQ2/M9XD/4HTP", NULL },
	};
	char code[VOUCHER_LETTERS + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(voucher_read(rows[i].text, code), rows[i].code ? 0 : -EINVAL, "%s", rows[i].text);
		if (rows[i].code)
			cr_expect_str_eq(code, rows[i].code);
	}
}

/* ---- the register ---- */

TestSuite(vouchers, .init = open_register, .fini = close_register);

static __u32 add(const char *code)
{
	struct reg_voucher voucher = { .group = "guests", .sponsor = "teacher3", .made = 1000, .seconds = 600,
				       .expires = 5000 };
	__u32 id = 0;

	cr_assert_eq(register_voucher_add(reg, &voucher, code, &id), 0);
	return id;
}

static void see(void *ctx, const struct reg_voucher *voucher)
{
	*(__s64 *)ctx = voucher->until;
	cr_expect_str_eq(voucher->group, "guests");
}

static int use(const char *code, const char *device, __s64 now, __s64 *until)
{
	return register_voucher_use(reg, code, device, strlen(device), now, see, until);
}

static int count(void *ctx, const struct reg_voucher *voucher)
{
	++*(unsigned *)ctx;
	return 0;
}

static unsigned usable(bool past, __s64 now)
{
	unsigned n = 0;

	cr_assert_eq(register_vouchers(reg, past, now, 0, count, &n), 0);
	return n;
}

Test(vouchers, one_device_from_first_use)
{
	struct reg_voucher twin = { .group = "guests" };
	__s64 until = 0;
	__u32 id;

	add("AAAA");
	cr_expect_eq(register_voucher_add(reg, &twin, "AAAA", &id), -EEXIST);
	cr_expect_eq(use("BBBB", "one", 2000, &until), -ENOENT);
	cr_expect_eq(use("AAAA", "one", 2000, &until), 0);
	cr_expect_eq(until, 2600);
	cr_expect_eq(use("AAAA", "two", 2001, &until), -EBUSY);
	cr_expect_eq(use("AAAA", "on", 2001, &until), -EBUSY);
	until = 0;
	cr_expect_eq(use("AAAA", "one", 2599, &until), 0);
	cr_expect_eq(until, 2600, "coming back does not make it longer");
	cr_expect_eq(use("AAAA", "one", 2600, &until), -ETIME);
}

Test(vouchers, unused_for_too_long)
{
	__s64 until;

	add("AAAA");
	cr_expect_eq(usable(false, 4999), 1);
	cr_expect_eq(usable(false, 5000), 0);
	cr_expect_eq(usable(true, 5000), 1);
	cr_expect_eq(use("AAAA", "one", 5000, &until), -ETIME);
	cr_expect_eq(use("AAAA", "one", 4999, &until), 0);
	cr_expect_eq(usable(false, 5100), 1, "in use beyond the day by which it had to be used");
}

Test(vouchers, taken_back)
{
	__u32 id = add("AAAA");
	__s64 until;

	cr_expect_eq(register_voucher_revoke(reg, id + 1), -ENOENT);
	cr_expect_eq(register_voucher_revoke(reg, id), 0);
	cr_expect_eq(register_voucher_revoke(reg, id), -EALREADY);
	cr_expect_eq(use("AAAA", "one", 2000, &until), -EKEYREVOKED);
	cr_expect_eq(usable(false, 2000), 0);
}

static int accepted(void *ctx, const struct reg_acceptance *acceptance)
{
	cr_expect_str_eq(acceptance->who, "voucher 1");
	cr_expect_eq(acceptance->sha256[31], 7);
	++*(unsigned *)ctx;
	return 0;
}

Test(vouchers, terms_are_kept_with_who_accepted_them)
{
	struct reg_acceptance acceptance = { .time = 1000, .sha256 = { [31] = 7 }, .how = "voucher", .who = "voucher 1",
					     .device = "one" };
	char *text = NULL;
	unsigned n = 0;

	cr_expect_eq(register_terms(reg, acceptance.sha256, &text), -ENOENT);
	cr_expect_eq(register_accept(reg, &acceptance, "Be kind."), 0);
	cr_expect_eq(register_accept(reg, &acceptance, "Be kind."), 0);
	cr_expect_eq(register_acceptances(reg, 0, accepted, &n), 0);
	cr_expect_eq(n, 2);
	cr_expect_eq(register_terms(reg, acceptance.sha256, &text), 0);
	cr_expect_str_eq(text, "Be kind.");
	free(text);
}
