/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "esafe/hash.h"
#include "hello.h"
#include "hostname.h"
#include "parse.h"

/* A name on the heap: what is read behind the structure is seen. The bytes behind the name are garbage. */
static struct esafe_name *scan(const void *wire, size_t len, int *rc)
{
	struct esafe_name *name = malloc(sizeof(*name));

	memset(name, 0x5a + dice() % 7, sizeof(*name));
	memcpy(name->wire, wire, len);
	*rc = esafe_name_scan(name, K1, K2);
	return name;
}

static __u64 hash(const void *wire, size_t len)
{
	int rc;
	struct esafe_name *name = scan(wire, len, &rc);
	__u64 hash = name->labels ? name->suffix[name->labels - 1] : 0;

	cr_assert_eq(rc, 0, "%zu", len);
	cr_assert_eq(name->len, len);
	free(name);
	return hash;
}

#define HASH(text) hash(text, sizeof(text))

/* The hash once more, a byte at a time. */
static __u64 plain_mix(__u64 h, __u64 word, __u64 k1, __u64 k2)
{
	h = (h ^ word) * k1;
	h = (h ^ h >> 32) * k2;
	return h ^ h >> 29;
}

static __u64 plain_label(const __u8 *label, size_t len)
{
	__u64 h = len * K2, word = 0;

	for (size_t i = 0; i < len; i++) {
		__u64 c = label[i] >= 'A' && label[i] <= 'Z' ? label[i] + 32 : label[i];

		word |= c << i % 8 * 8;
		if (i % 8 == 7 || i + 1 == len) {
			h = plain_mix(h, word, K1, K2);
			word = 0;
		}
	}
	return h;
}

static __u64 plain_hash(const __u8 *wire)
{
	const __u8 *label[128];
	__u64 above = 0;
	size_t n = 0;

	for (; *wire; wire += 1 + *wire)
		label[n++] = wire;
	while (n--)
		above = plain_mix(above, plain_label(label[n] + 1, *label[n]), K2, K1);
	return above;
}

/* Random labels of length `low` to `high` until the name has `len` bytes. */
static size_t random_name(__u8 *wire, size_t len, size_t low, size_t high, int text_only)
{
	size_t at = 0;

	while (at + 1 < len) {
		size_t n = low + dice() % (high - low + 1);

		if (n > len - at - 2)
			n = len - at - 2;
		if (!n)
			break;
		wire[at++] = n;
		while (n--)
			wire[at++] = text_only ? (__u8)"abcxyzABCXYZ09-_"[dice() % 16] : (__u8)dice();
	}
	wire[at++] = 0;
	return at;
}

Test(hash, known_answers)
{
	__u8 label63[65], labels127[255], long255[255];

	cr_expect_eq(HASH("\3com"), 0xece6dc4601e014cfULL, "%llx", HASH("\3com"));
	cr_expect_eq(HASH("\7example\3com"), 0xe9e7683a78bf5775ULL, "%llx", HASH("\7example\3com"));
	cr_expect_eq(HASH("\3www\7example\3com"), 0xb071d9a0bd90c7daULL, "%llx", HASH("\3www\7example\3com"));
	cr_expect_eq(HASH("\4_dns\10resolver\4arpa"), 0xd05e315598f30e91ULL, "%llx", HASH("\4_dns\10resolver\4arpa"));
	cr_expect_eq(HASH("\011" "123456789\2uk"), 0x85e7eb91127452c0ULL, "%llx", HASH("\011" "123456789\2uk"));
	memset(label63, 'x', sizeof(label63));
	label63[0] = 63;
	label63[64] = 0;
	cr_expect_eq(hash(label63, 65), 0xf274f2aed6f97dc0ULL, "%llx", hash(label63, 65));
	for (int i = 0; i < 254; i++)
		labels127[i] = i % 2 ? 'a' + i % 26 : 1;
	labels127[254] = 0;
	cr_expect_eq(hash(labels127, 255), 0x74835399b8c093d7ULL, "%llx", hash(labels127, 255));
	for (int i = 0; i < 254; i++)
		long255[i] = i % 64 ? 'A' + i % 26 : i == 192 ? 61 : 63;
	long255[254] = 0;
	cr_expect_eq(hash(long255, 255), 0xb7b0e38a949f0ea2ULL, "%llx", hash(long255, 255));
}

Test(hash, as_byte_by_byte)
{
	for (int round = 0; round < 20000; round++) {
		__u8 wire[256];
		size_t high = 1 + dice() % 63, len = random_name(wire, 2 + dice() % 254, 1 + dice() % high, high, 0);

		cr_assert_eq(hash(wire, len), plain_hash(wire), "round %d", round);
	}
}

Test(hash, every_parent_in_one_pass)
{
	static const __u8 wire[] = "\3www\6school\3sch\2uk";
	int rc;
	struct esafe_name *name = scan(wire, sizeof(wire), &rc);

	cr_assert_eq(rc, 0);
	cr_assert_eq(name->labels, 4);
	cr_expect_eq(name->suffix[0], HASH("\2uk"));
	cr_expect_eq(name->suffix[1], HASH("\3sch\2uk"));
	cr_expect_eq(name->suffix[2], HASH("\6school\3sch\2uk"));
	cr_expect_eq(name->suffix[3], HASH("\3www\6school\3sch\2uk"));
	free(name);
}

Test(hash, case_is_nothing)
{
	for (int round = 0; round < 2000; round++) {
		__u8 wire[256] = { 0 }, other[256] = { 0 }, lower[256];
		size_t len = random_name(wire, 2 + dice() % 254, 1, 63, 1);

		memcpy(other, wire, len);
		for (size_t at = 0; other[at]; at += 1 + wire[at])
			for (size_t i = 1; i <= wire[at]; i++)
				if ((other[at + i] | 0x20) >= 'a' && (other[at + i] | 0x20) <= 'z' && dice() % 2)
					other[at + i] ^= 0x20;
		cr_assert_eq(hash(wire, len), hash(other, len), "round %d", round);
		esafe_lower_wire(lower, other);
		for (size_t i = 0; i < len; i++)
			cr_assert_eq(lower[i], other[i] >= 'A' && other[i] <= 'Z' ? other[i] | 0x20 : other[i],
				     "round %d: %zu", round, i);
	}
}

/* Of the 256 bytes only the 26 capital letters change, wherever they stand in the word. */
Test(hash, lower_case_of_every_byte)
{
	for (int place = 0; place < 8; place++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			__u64 around = 0x8081405b5a41ff00ULL & ~(0xffULL << place * 8);
			__u64 lower = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
			__u64 got = esafe_lower8(around | (__u64)byte << place * 8);

			cr_assert_eq(got >> place * 8 & 0xff, lower, "%u at %d", byte, place);
		}
	}
	cr_expect_eq(esafe_lower8(0x8081405b5a41ff00ULL), 0x8081405b7a61ff00ULL);
}

Test(hash, length_bytes_are_not_letters)
{
	/* a label of 63 bytes whose length is no letter; one whose content looks like lengths */
	cr_expect_neq(HASH("\3a.b\3com"), HASH("\1a\1b\3com"), "a dot inside a label");
	cr_expect_neq(HASH("\3a\1b\3com"), HASH("\1a\1b\3com"), "a length inside a label");
	cr_expect_neq(HASH("\7example\3com"), HASH("\13example\3com"), "joined labels");
	cr_expect_neq(HASH("\2ab\1c"), HASH("\1a\2bc"), "the same letters cut elsewhere");
	cr_expect_neq(HASH("\1a\1b"), HASH("\1b\1a"), "another order");
	cr_expect_neq(HASH("\1a\1a"), HASH("\1a"), "twice");
}

/* Whoever knows this file but not the keys must not be able to write two labels of one hash. */
Test(hash, zero_bytes_and_lengths_make_no_twins)
{
	static const __u8 lengths[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 62, 63 };

	for (size_t i = 0; i < sizeof(lengths); i++) {
		for (unsigned longer = lengths[i] + 1U; longer <= (lengths[i] + 7U) / 8 * 8 && longer < 64; longer++) {
			__u8 one[66] = { 0 }, two[66] = { 0 };

			one[0] = lengths[i];
			memset(one + 1, 'c', lengths[i]);
			two[0] = longer;
			memset(two + 1, 'c', lengths[i]);
			two[1] ^= lengths[i] ^ longer;
			cr_expect_neq(hash(one, lengths[i] + 2), hash(two, longer + 2), "%u and %u", lengths[i], longer);
		}
	}
}

Test(hash, not_names)
{
	static const struct { const char *wire; size_t len; const char *what; } rows[] = {
		{ "\100", 1, "a label of 64" },
		{ "\1a\300\14", 4, "compression" },
		{ "\377", 1, "255" },
	};
	__u8 wire[256];
	int rc;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct esafe_name *name = scan(rows[i].wire, rows[i].len, &rc);

		cr_expect(rc == -1 && !name->len, "%s", rows[i].what);
		free(name);
	}
	for (size_t over = 0; over < 64; over++) {
		struct esafe_name *name;

		for (size_t at = 0; at < 256; at++)
			wire[at] = at % 64 ? 'a' : 63;
		wire[192] = over;
		if (over < 63)
			wire[193 + over] = 0;
		name = scan(wire, 256, &rc);
		cr_expect_eq(rc, over <= 61 ? 0 : -1, "a name of %zu bytes", 194 + over);
		cr_expect_eq(name->len, over <= 61 ? (over ? 194 + over : 193) : 0);
		free(name);
	}
	memset(wire, 1, sizeof(wire)); /* no end at all */
	free(scan(wire, sizeof(wire), &rc));
	cr_expect_eq(rc, -1);
}

Test(hash, root)
{
	int rc;
	struct esafe_name *name = scan("", 1, &rc);

	cr_expect_eq(rc, 0);
	cr_expect_eq(name->len, 1);
	cr_expect_eq(name->labels, 0);
	free(name);
}

Test(hash, step_limit_is_enough)
{
	for (size_t low = 1; low <= 63; low++) {
		__u8 wire[256];
		int rc;

		free(scan(wire, random_name(wire, 255, low, low, 0), &rc));
		cr_expect_eq(rc, 0, "labels of %zu", low);
	}
}

/* ---- names spelt with dots ---- */

static int spell(struct hostname *h, const char *text, size_t len)
{
	hostname_start(h);
	for (size_t i = 0; i < len; i++)
		hostname_add(h, text[i]);
	return hostname_end(h);
}

/* Whatever was read: nothing of what stood there before, and no more than there is room for. */
static void spelling_stays_within(const struct hostname *h)
{
	__u8 wire[256];
	__u32 len;

	memset(wire, 0xee, sizeof(wire));
	len = hostname_spelling(h, wire);
	if (h->len < 2)
		cr_assert(!len && wire[0] == 0xee);
	else
		cr_assert(len >= h->len && len <= 256 && !wire[len - 1], "it ends");
}

/* The same with up to `step` bytes at a time: the result must be. */
static void spell_alike(const char *text, size_t len, size_t step)
{
	struct hostname one, many;
	int rc = spell(&one, text, len);

	hostname_start(&many);
	for (size_t at = 0; at < len;) {
		size_t n = len - at < step ? len - at : step;
		__u64 word = 0xa5a5a5a5a5a5a5a5ULL; /* what is behind the name does not count */

		memcpy(&word, text + at, n);
		if (hostname_has_room(&many)) {
			n = hostname_add8(&many, word, n);
			cr_assert(n && n <= step);
			at += n;
		} else {
			hostname_add(&many, text[at++]);
		}
	}
	cr_assert_eq(hostname_end(&many), rc, "%.*s by %zu", (int)len, text, step);
	spelling_stays_within(&one);
	spelling_stays_within(&many);
	if (rc)
		return;
	cr_assert_eq(many.len, one.len);
	cr_assert_arr_eq(many.wire, one.wire, one.len, "%.*s by %zu", (int)len, text, step);
}

Test(hostname, spelt)
{
	static const struct { const char *text, *wire; int len; } rows[] = {
		{ "com", "\3com", 5 },
		{ "com.", "\3com", 5 },
		{ "Example.COM", "\7Example\3COM", 13 },
		{ "_dns.resolver.arpa", "\4_dns\10resolver\4arpa", 20 },
		{ "a-b.1", "\3a-b\0011", 7 },
		{ "-.x", "\1-\1x", 5 },
		{ "xn--bcher-kva.de", "\15xn--bcher-kva\2de", 18 },
		{ "127.0.0.1", "\003127\0010\0010\0011", 11 },
		{ "", "", -1 }, { ".", "", -1 }, { "..", "", -1 }, { ".com", "", -1 }, { "a..b", "", -1 },
		{ "a..", "", -1 }, { "a b", "", -1 }, { "a:443", "", -1 }, { "[::1]", "", -1 }, { "a/b", "", -1 },
		{ "b\xc3\xbc" "cher.de", "", -1 }, { "a\\.b", "", -1 }, { "*.com", "", -1 }, { "@", "", -1 },
		{ "a`b", "", -1 }, { "a{", "", -1 }, { "a\x7f", "", -1 }, { "a\xc1", "", -1 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct hostname h;
		int rc = spell(&h, rows[i].text, strlen(rows[i].text));

		cr_expect_eq(rc, rows[i].len < 0 ? -1 : 0, "%s", rows[i].text);
		if (rc)
			continue;
		cr_expect_eq(h.len, (__u32)rows[i].len, "%s: %u", rows[i].text, h.len);
		cr_expect_arr_eq(h.wire, rows[i].wire, rows[i].len, "%s", rows[i].text);
	}
}

Test(hostname, words_as_bytes)
{
	static const char *const texts[] = {
		"www.example.org", "a.b.c.d.e.f.g.h", "a.b.c.d.e.f.g.h.", "abcdefgh.ijklmnop.", ".abcdefg", "abcdefg..",
		"........", "a......b", "www.site-not_listed.example", "under_score", "UPPER.Case.ORG", "1234567.9",
	};
	char text[300];

	for (size_t step = 1; step <= 8; step++) {
		for (size_t i = 0; i < ROWS(texts); i++)
			spell_alike(texts[i], strlen(texts[i]), step);
		for (size_t at = 0; at < 16; at++) /* every byte in every place */
			for (int c = 0; c < 256; c++) {
				memcpy(text, "abcdefgh1jklm-op", 16);
				text[at] = c;
				spell_alike(text, 16, step);
			}
		for (size_t len = 1; len < 300; len++) /* labels and names that are too long */
			for (size_t label = 61; label < 66; label++) {
				for (size_t i = 0; i < len; i++)
					text[i] = i % (label + 1) == label ? '.' : 'x';
				spell_alike(text, len, step);
			}
	}
}

Test(hostname, every_byte)
{
	for (int c = 0; c < 256; c++) {
		char text[3] = { 'a', c, 'b' };
		struct hostname h;
		int good = c == '.' || whole_label_ok(text, 3);

		cr_expect_eq(spell(&h, text, 3), good ? 0 : -1, "%d", c);
	}
}

Test(hostname, longest)
{
	for (int last = 55; last <= 64; last++) {
		char text[300];
		struct hostname h;
		int len = 192 + last;

		for (int i = 0; i < len; i++)
			text[i] = i % 64 == 63 && i < 192 ? '.' : 'a';
		text[len] = '.';
		cr_expect_eq(spell(&h, text, len), last <= 61 ? 0 : -1, "%d", len);
		cr_expect_eq(spell(&h, text, len + 1), last <= 61 ? 0 : -1, "%d and a dot", len);
	}
	for (int len = 60; len < 70; len++) {
		char text[80];
		struct hostname h;

		memset(text, 'a', sizeof(text));
		cr_expect_eq(spell(&h, text, len), len <= 63 ? 0 : -1, "%d", len);
		text[len] = '.';
		cr_expect_eq(spell(&h, text, len + 2), len <= 63 ? 0 : -1, "%d, then a label", len);
	}
}

Test(hostname, as_the_reader_of_the_whole)
{
	unsigned good = 0;

	for (int round = 0; round < 50000; round++) {
		char text[300];
		size_t len = dice() % 270, expected;
		__u32 dots = 2 + dice() % 40;
		struct hostname h;
		__u8 wire[256];
		int rc;

		for (size_t i = 0; i < len; i++)
			text[i] = dice() % dots ? "abcABC01-_"[dice() % 10] : '.';
		if (len && dice() % 8 == 0)
			text[dice() % len] = dice();
		expected = whole_name(text, len, wire);
		rc = spell(&h, text, len);
		cr_assert_eq(!rc, !!expected, "round %d: %d", round, rc);
		if (rc)
			continue;
		good++;
		cr_assert_eq(h.len, expected, "round %d", round);
		cr_assert_arr_eq(h.wire, wire, expected, "round %d", round);
		hash(h.wire, h.len);
	}
	cr_expect_gt(good, 5000);
}
