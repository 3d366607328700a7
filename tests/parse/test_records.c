// SPDX-License-Identifier: GPL-2.0-or-later
/* Records and compressed names of DNS answers, on blocks of exactly their size. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "parse.h"
#include "records.h"

#define NAME "\3www\6school\7example" /* the question; "school" stands at 16, "example" at 23 */
#define END (DNS_HEADER + sizeof(NAME) + 4)
#define BEYOND 8 /* bytes that may be read behind the message, and do not matter */

static __u8 msg[1024];
static __u32 len;

static void put(const void *bytes, size_t n)
{
	memcpy(msg + len, bytes, n);
	len += n;
}

static void start(unsigned answers)
{
	len = 0;
	put("\x12\x34\x81\x80\0\1\0\0\0\0\0\0", DNS_HEADER);
	msg[7] = answers;
	put(NAME "\0\0\1\0\1", sizeof(NAME) + 4);
	cr_assert_eq(len, END);
}

static void record(const void *owner, size_t owner_len, unsigned type, const void *rdata, size_t n)
{
	put(owner, owner_len);
	put((__u8[]){ 0, type, 0, 1, 0, 0, 0, 60, n >> 8, n }, 10);
	put(rdata, n);
}

#define RECORD(owner, type, rdata) record(owner, sizeof(owner) - 1, type, rdata, sizeof(rdata) - 1)

/* The first `cut` bytes on a block of their own; what is behind them is `fill`. */
static struct dns_message *block(__u32 cut, __u8 fill)
{
	__u8 *b = malloc(cut + BEYOND);

	memcpy(b, msg, cut);
	memset(b + cut, fill, BEYOND);
	return (struct dns_message *)b;
}

Test(records, walked)
{
	struct dns_records r;
	struct dns_message *m;

	start(3);
	RECORD("\xc0\x0c", 5, "\3cdn\xc0\x17");
	RECORD("\3cdn\7example\0", 1, "\1\2\3\4");
	RECORD("\0", 41, "");
	r.len = len;
	m = block(len, 0xff);
	cr_assert_eq(dns_records_open(m, &r), 0);
	cr_assert(r.left == 3 && r.at == END);
	cr_assert_eq(dns_records_next(m, &r), 0);
	cr_assert(r.type == 5 && r.rdata == END + 12 && r.rdata_len == 6 && r.left == 2);
	cr_assert_eq(dns_records_next(m, &r), 0);
	cr_assert(r.type == 1 && r.rdata_len == 4 && !memcmp(m->byte + r.rdata, "\1\2\3\4", 4));
	cr_assert_eq(dns_records_next(m, &r), 0);
	cr_assert(r.type == 41 && r.rdata_len == 0 && r.at == len && r.left == 0);
	cr_assert_eq(dns_records_next(m, &r), -1, "there is no fourth");
	free(m);
}

Test(records, every_prefix)
{
	start(2);
	RECORD("\xc0\x0c", 5, "\3cdn\xc0\x17");
	RECORD("\3cdn\7example\0", 1, "\1\2\3\4");
	for (__u32 cut = 0; cut <= len; cut++) {
		struct dns_message *m = block(cut, 0);
		struct dns_records r = { .len = cut };
		__u32 first = END + 18;

		cr_assert_eq(dns_records_open(m, &r), cut < END ? -1 : 0, "%u", cut);
		if (cut >= END) {
			cr_assert_eq(dns_records_next(m, &r), cut < first ? -1 : 0, "%u", cut);
			if (cut >= first)
				cr_assert_eq(dns_records_next(m, &r), cut < len ? -1 : 0, "%u", cut);
		}
		free(m);
	}
}

Test(records, header)
{
	static const struct { int at; __u8 value; int result; const char *what; } rows[] = {
		{ 2, 0x01, 1, "a question" }, { 2, 0xa9, 1, "of UPDATE" }, { 2, 0x87, 0, "AA, TC" }, { 3, 3, 0, "NXDOMAIN" },
		{ 5, 0, -1, "no question" }, { 5, 2, -1, "two" }, { 4, 1, -1, "257" }, { 7, 0, 1, "no record" },
		{ 6, 1, 0, "257 records" }, { 12, 0x40, -1, "label type 01" }, { 12, 0x80, -1, "label type 10" },
		{ 12, 63, -1, "beyond the end" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dns_message *m;
		struct dns_records r;

		start(1);
		msg[rows[i].at] = rows[i].value;
		m = block(len, 0);
		r.len = len;
		cr_expect_eq(dns_records_open(m, &r), rows[i].result, "%s", rows[i].what);
		free(m);
	}
}

/* The name at `from` of the first `cut` bytes. Its length, or -1. */
static int expand(__u32 cut, __u32 from, struct esafe_name *name, __u8 fill)
{
	struct dns_expansion e = { .len = cut, .from = from };
	struct dns_message *m = block(cut, fill);
	int rc;

	memset(name, 0xee, sizeof(*name));
	rc = dns_expand(m, &e, name);
	free(m);
	if (rc)
		return -1;
	cr_assert(e.to <= ESAFE_NAME_MAX);
	return e.to;
}

Test(records, names_expanded)
{
#define ROW(bytes, name) { bytes, sizeof(bytes) - 1, name, sizeof(name) }
	static const struct { const char *bytes; __u32 len; const char *name; int name_len; } rows[] = {
		ROW("\0", ""), ROW("\1a\0", "\1a"), ROW("\3cdn\7example\0", "\3cdn\7example"),
		ROW("\xc0\x0c", NAME), ROW("\xc0\x17", "\7example"), ROW("\5GaMeS\xc0\x17", "\5GaMeS\7example"),
		ROW("\1a\1b\1c\xc0\x10", "\1a\1b\1c\6school\7example"), ROW("\xc0\x1f", ""),
	};
#undef ROW
	struct esafe_name name;

	for (size_t i = 0; i < ROWS(rows); i++) {
		start(0);
		put(rows[i].bytes, rows[i].len);
		for (__u32 cut = END; cut <= len; cut++) {
			int want = cut < len ? -1 : rows[i].name_len;

			cr_assert_eq(expand(cut, END, &name, cut & 1 ? 0 : 0xc0), want, "row %zu, %u", i, cut);
			if (want > 0)
				cr_assert(!memcmp(name.wire, rows[i].name, want), "row %zu", i);
		}
	}
}

Test(records, pointers_lead_backwards)
{
	static const struct { const char *bytes; __u32 len, from; int result; const char *what; } rows[] = {
		{ "\xc0\x23", 2, 0, -1, "to itself" },
		{ "\1a\xc0\x23", 4, 0, -1, "to the start of its own name" },
		{ "\1a\xc0\x25", 4, 0, -1, "to itself, behind a label" },
		{ "\xc0\x25\xc0\x23", 4, 0, -1, "to and fro" },
		{ "\xc0\x25\xc0\x23", 4, 2, -1, "fro and to" },
		{ "\xc0\x25\0", 3, 0, -1, "forwards" },
		{ "\xc0\x0b", 2, 0, -1, "into the header" },
		{ "\xc0\x00", 2, 0, -1, "to the id" },
		{ "\xff\xff", 2, 0, -1, "out of the message" },
		{ "\x80\x0c", 2, 0, -1, "label type 10" },
		{ "\x40\x0c", 2, 0, -1, "label type 01" },
		{ "\1a\xc0\x17\1b\xc0\x23", 8, 4, 13, "by way of another" },
		{ "\xc0\x17\xc0\x23\xc0\x25\xc0\x27", 8, 6, 9, "by way of four" },
	};
	struct esafe_name name;

	cr_assert_eq(END, 0x23 + 1);
	for (size_t i = 0; i < ROWS(rows); i++) {
		start(0);
		len--; /* so that the names begin at 0x23 */
		put(rows[i].bytes, rows[i].len);
		cr_expect_eq(expand(len, 0x23 + rows[i].from, &name, 0), rows[i].result, "%s", rows[i].what);
	}
}

Test(records, longest_names)
{
	struct esafe_name name;

	for (int extra = 0; extra < 2; extra++) { /* 254 bytes and the root label, and one more */
		start(0);
		for (int i = 0; i < 3; i++)
			put("\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64);
		put(extra ? "\76" : "\75", 1);
		put("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", extra ? 62 : 61);
		put("", 1);
		cr_expect_eq(expand(len, END, &name, 0xee), extra ? -1 : 255);
	}
	start(0);
	for (int i = 0; i < 127; i++)
		put("\1a", 2);
	put("", 1);
	cr_expect_eq(expand(len, END, &name, 0), 255);
	msg[len - 1] = 1;
	put("a", 2);
	cr_expect_eq(expand(len, END, &name, 0), -1, "128 labels");
}

/* A ladder of pointers, each to the one before: so many are followed, and no more. */
Test(records, ladder_of_pointers)
{
	struct esafe_name name;

	for (__u32 rungs = 1; rungs < 300; rungs++) {
		__u32 from = 0;
		int want = rungs + 1 <= DNS_EXPAND_STEPS ? 1 : -1;

		start(0);
		put("", 1);
		for (__u32 i = 0; i < rungs; i++) {
			__u32 to = i ? from : END;

			from = len;
			put((__u8[]){ 0xc0 | to >> 8, to }, 2);
		}
		cr_assert_eq(expand(len, from, &name, 0), want, "%u rungs", rungs);
	}
}

/* A reader of its own, that may look at every byte and takes its time. */
static int reference(__u32 cut, __u32 from, __u8 *out)
{
	__u32 before = from, to = 0;

	for (int steps = 0; steps < DNS_EXPAND_STEPS && from < cut; steps++) {
		unsigned c = msg[from];

		if (c >= 0xc0) {
			__u32 target = from + 1 < cut ? (c & 0x3f) << 8 | msg[from + 1] : 0xffff;

			if (target >= before || target < 12)
				return -1;
			from = before = target;
			continue;
		}
		if (c > 63 || from + c >= cut || to + c + 1 + (c ? 1 : 0) > 255)
			return -1;
		memcpy(out + to, msg + from, c + 1);
		to += c + 1;
		from += c + 1;
		if (!c)
			return to;
	}
	return -1;
}

Test(records, noise_against_a_reference)
{
	static const __u8 usual[] = { 0, 0, 1, 2, 3, 0xc0, 0xc0, 0xc1, 12, 20, 40, 63, 64, 5, 'a', 'B' };
	int names = 0;

	for (int turn = 0; turn < 200000; turn++) {
		struct esafe_name name;
		__u8 want[512];
		__u32 from;
		int n;

		start(0);
		for (int i = 40 + dice() % 200; i; i--)
			put(&usual[dice() % sizeof(usual)], 1);
		from = END + dice() % (len - END);
		n = reference(len, from, want);
		cr_assert_eq(expand(len, from, &name, dice()), n, "turn %d", turn);
		if (n > 0)
			cr_assert(!memcmp(name.wire, want, n), "turn %d", turn);
		names += n > 1;
	}
	cr_assert_gt(names, 20000, "%d names: nothing was tried", names);
}
