/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parse.h"
#include "esafe/hash.h"

static int parse(const char *text, size_t len, __u8 *wire)
{
	char *copy = exact(text, len);
	int rc = name_from_text(copy, len, wire);

	free(copy);
	return rc;
}

Test(names, text_to_wire)
{
	static const struct { const char *text, *wire; int len; } rows[] = {
		{ ".", "", 1 },
		{ "com", "\3com", 5 },
		{ "Example.COM", "\7example\3com", 13 },
		{ "example.com.", "\7example\3com", 13 },
		{ "_dns.resolver.arpa", "\4_dns\10resolver\4arpa", 20 },
		{ "a-b.1", "\3a-b\0011", 7 },
		{ "w-.com", "\2w-\3com", 8 },
		{ "a\\.b.com", "\3a.b\3com", 9 },
		{ "a\\046b.com", "\3a.b\3com", 9 },
		{ "\\065b.com", "\2ab\3com", 8 },
		{ "a\\\\.com", "\2a\\\3com", 8 },
		{ "a\\..", "\2a.", 4 },
		{ "\\255.x", "\1\xff\1x", 5 },
		{ "b\xc3\xbc" "cher.de", "\15xn--bcher-kva\2de", 18 },
		{ "B\xc3\x9c" "CHER.de", "\15xn--bcher-kva\2de", 18 },
		{ "\xd1\x80\xd1\x84", "\10xn--p1ai", 10 },
		{ "stra\xc3\x9f" "e.de", "\15xn--strae-oqa\2de", 18 },
		{ "b\xc3\xbc" "cher\xe3\x80\x82" "de", "\15xn--bcher-kva\2de", 18 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u8 wire[ESAFE_NAME_MAX];

		cr_expect_eq(parse(rows[i].text, strlen(rows[i].text), wire), rows[i].len, "%s", rows[i].text);
		cr_expect_arr_eq(wire, rows[i].wire, rows[i].len, "%s", rows[i].text);
	}
}

Test(names, refused_text)
{
	static const struct { const char *text; size_t len; enum name_fault fault; } rows[] = {
		{ "", 0, NAME_LABEL },
		{ "..", 2, NAME_LABEL },
		{ ".com", 4, NAME_LABEL },
		{ "a..b", 4, NAME_LABEL },
		{ "a.b..", 5, NAME_LABEL },
		{ "a b.com", 7, NAME_CHARACTER },
		{ "a\0b.com", 7, NAME_CHARACTER },
		{ "*.com", 5, NAME_CHARACTER },
		{ "a/b", 3, NAME_CHARACTER },
		{ "a\\", 2, NAME_CHARACTER },
		{ "a\\1", 3, NAME_CHARACTER },
		{ "a\\12", 4, NAME_CHARACTER },
		{ "a\\256b", 6, NAME_CHARACTER },
		{ "a\\ b", 4, NAME_CHARACTER },
		{ "\xff\xfe.com", 6, NAME_IDN },
		{ "\xc3.com", 5, NAME_IDN },
		{ "\xc3\xbc\\046.com", 10, NAME_CHARACTER },
		{ "\xc3\xbc .com", 7, NAME_CHARACTER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum name_fault fault = 99;
		__u8 wire[ESAFE_NAME_MAX];

		memset(wire, 0xaa, sizeof(wire));
		cr_expect_eq(name_parse(rows[i].text, rows[i].len, wire, &fault), -EINVAL, "%zu", i);
		cr_expect_eq(fault, rows[i].fault, "%zu: %d", i, fault);
		for (size_t j = 0; j < sizeof(wire); j++)
			cr_assert_eq(wire[j], 0xaa, "row %zu wrote", i);
	}
}

Test(names, text_as_it_was_shown)
{
	static const struct { const char *text; int len; } rows[] = {
		{ "*.com", 7 }, { "a=b.c+", 8 }, { "a\\=b.c", 7 }, { "a\\042.c", 6 }, { "b\xc3\xbc" "cher.de", 18 },
		{ "a b", -EINVAL }, { "a;b", -EINVAL }, { "a@b", -EINVAL }, { "a\"b", -EINVAL }, { "a\nb", -EINVAL },
		{ "a..b", -EINVAL }, { "a\x7f", -EINVAL }, { "\xc3\xbc=", -EINVAL },
	};
	__u8 wire[ESAFE_NAME_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(name_from_shown(rows[i].text, strlen(rows[i].text), wire), rows[i].len, "%s", rows[i].text);
}

Test(names, limits)
{
	char text[300];
	__u8 wire[ESAFE_NAME_MAX];

	memset(text, 'a', sizeof(text));
	cr_expect_eq(parse(text, 63, wire), 65);
	cr_expect_eq(parse(text, 64, wire), -EINVAL);
	for (int i = 63; i < 300; i += 64)
		text[i] = '.';
	cr_expect_eq(parse(text, 253, wire), 255); /* 63.63.63.61 */
	cr_expect_eq(parse(text, 254, wire), -ENAMETOOLONG);
	text[253] = '.';
	cr_expect_eq(parse(text, 254, wire), 255, "a final dot is not counted");
	text[252] = '.';
	cr_expect_eq(parse(text, 253, wire), 254);
	for (int i = 1; i < 300; i += 2)
		text[i - 1] = 'a', text[i] = '.';
	cr_expect_eq(parse(text, 253, wire), 255, "127 labels");
	cr_expect_eq(parse(text, 255, wire), -ENAMETOOLONG);
}

Test(names, wire_to_text)
{
	static const struct { const char *wire; size_t len; const char *text; } rows[] = {
		{ "", 1, "." },
		{ "\3com", 5, "com" },
		{ "\7example\3com", 13, "example.com" },
		{ "\3a.b\3com", 9, "a\\.b.com" },
		{ "\3a\nb\1c", 7, "a\\010b.c" },
		{ "\3\x1b[m", 5, "\\027[m" },
		{ "\4a=b*\2+/\2<'", 12, "a=b*.+/.<'" },
		{ "\11.\\\";()@$ ", 11, "\\.\\\\\\\"\\;\\(\\)\\@\\$\\032" },
		{ "\1\xff", 3, "\\255" },
		{ "\1\"", 3, "\\\"" },
	};
	char out[NAME_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int len = name_to_text((const __u8 *)rows[i].wire, rows[i].len, out, sizeof(out));

		cr_expect_eq(len, (int)strlen(rows[i].text), "%s: %d", rows[i].text, len);
		cr_expect_str_eq(out, rows[i].text);
	}
}

Test(names, wire_refused)
{
	static const struct { const char *wire; size_t len; } rows[] = {
		{ "", 0 }, { "\3com", 4 }, { "\3com", 3 }, { "\3com\0x", 6 }, { "\100aaa", 5 }, { "\300\14", 2 }, { "\1", 1 },
	};
	char out[NAME_TEXT_MAX] = "untouched";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u8 *copy = malloc(rows[i].len ? rows[i].len : 1);

		memcpy(copy, rows[i].wire, rows[i].len);
		cr_expect_eq(name_to_text(copy, rows[i].len, out, sizeof(out)), -EINVAL, "%zu", i);
		free(copy);
	}
	cr_expect_eq(name_to_text((const __u8 *)"\3com", 5, out, 3), -ENOSPC);
	cr_expect_str_eq(out, "untouched");
	cr_expect_eq(name_to_text((const __u8 *)"\3com", 5, out, 4), 3);
}

Test(names, text_of_any_bytes_reads_back)
{
	__u8 wire[ESAFE_NAME_MAX] = { 0 }, back[ESAFE_NAME_MAX];
	char text[NAME_TEXT_MAX];

	for (int byte = 0; byte < 256; byte++) {
		int len;

		memset(wire, 0, sizeof(wire));
		for (int at = 0; at < 192; at += 64) { /* the longest text there is */
			wire[at] = 63;
			memset(wire + at + 1, byte, 63);
		}
		wire[192] = 61;
		memset(wire + 193, byte, 61);
		len = name_to_text(wire, 255, text, sizeof(text));
		cr_assert_gt(len, 0, "%d", byte);
		for (int i = 0; i < len; i++)
			cr_assert(text[i] > ' ' && text[i] < 0x7f, "%d", byte);
		cr_assert_eq(name_from_shown(text, len, back), 255, "%d", byte);
		cr_assert_eq(back[1], byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
	}
}

Test(names, hash_is_that_of_the_scan)
{
	struct esafe_name name = { 0 };
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text("www.Example.com", 15, wire);

	memcpy(name.wire, wire, len);
	cr_assert_eq(esafe_name_scan(&name, K1, K2), 0);
	cr_expect_eq(name_hash(wire, len, K1, K2), name.suffix[2]);
	cr_expect_eq(name_hash(wire + 4, len - 4, K1, K2), name.suffix[1], "a parent has the hash of that suffix");
	cr_expect_neq(name_hash(wire, len, K1, K2 + 2), name.suffix[2], "the keys count");
	cr_expect_eq(name_hash((const __u8 *)"", 1, K1, K2), 0);
	cr_expect_eq(name_hash(wire, len - 1, K1, K2), 0);
	cr_expect_eq(name_hash(wire, 0, K1, K2), 0);
}
