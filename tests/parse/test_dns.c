/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>

#include "parse.h"
#include "dns.h"

#define NAME "\3www\6school\7example"

/* Header, one question for NAME, and `opt` as the additional section. Returns the length. */
static __u32 question(__u8 *msg, __u16 type, const void *opt, __u32 opt_len)
{
	static const __u8 header[] = { 0x12, 0x34, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 0 };

	memcpy(msg, header, DNS_HEADER);
	memcpy(msg + DNS_HEADER, NAME, sizeof(NAME));
	msg[DNS_HEADER + sizeof(NAME)] = type >> 8;
	msg[DNS_HEADER + sizeof(NAME) + 1] = type;
	msg[DNS_HEADER + sizeof(NAME) + 2] = 0;
	msg[DNS_HEADER + sizeof(NAME) + 3] = 1;
	msg[11] = !!opt_len;
	if (opt_len)
		memcpy(msg + DNS_HEADER + sizeof(NAME) + 4, opt, opt_len);
	return DNS_HEADER + sizeof(NAME) + 4 + opt_len;
}

static const __u8 opt_plain[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0 };
static const __u8 opt_do[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, 0, 4, 0, 12, 0, 0 };

Test(dns, header)
{
	static const struct { int at; __u8 value; int ok; const char *what; } rows[] = {
		{ 0, 0xff, 1, "any id" }, { 2, 0x01, 1, "a query" }, { 2, 0x81, 0, "an answer" }, { 2, 0x29, 1, "UPDATE" },
		{ 2, 0x7f, 1, "all but QR" }, { 3, 0xff, 1, "the other flags" }, { 5, 0, 0, "no question" },
		{ 5, 2, 0, "two questions" }, { 4, 1, 0, "257 questions" }, { 7, 1, 1, "with an answer" },
	};
	__u8 msg[64];
	__u32 len = question(msg, 1, NULL, 0);

	for (size_t i = 0; i < ROWS(rows); i++) {
		__u8 old = msg[rows[i].at], *block;

		msg[rows[i].at] = rows[i].value;
		block = exact(msg, len);
		cr_expect_eq(!!dns_header_ok(block, len), rows[i].ok, "%s", rows[i].what);
		free(block);
		msg[rows[i].at] = old;
	}
	for (__u32 cut = 0; cut <= DNS_HEADER; cut++) {
		__u8 *block = exact(msg, cut);

		cr_expect_eq(!!dns_header_ok(block, cut), cut == DNS_HEADER, "%u", cut);
		free(block);
	}
}

static void every_prefix(const void *opt, __u32 opt_len, int has_opt, int dnssec_ok)
{
	__u8 msg[128];
	__u32 len = question(msg, DNS_TYPE_HTTPS, opt, opt_len), end = len - opt_len;

	for (__u32 cut = 0; cut <= len; cut++) {
		struct dns_question q;
		__u8 *block = exact(msg, cut);
		int rc;

		memset(&q, 0x5a, sizeof(q));
		rc = dns_question_rest(block, cut, sizeof(NAME), &q);
		cr_assert_eq(rc, cut < end ? -1 : 0, "%u", cut);
		if (rc) {
			cr_assert_eq(q.end, 0x5a5a5a5a, "%u: changed", cut);
		} else {
			int whole = cut >= end + 11;

			cr_assert(q.end == end && q.qtype == DNS_TYPE_HTTPS && q.qclass == 1, "%u", cut);
			cr_assert_eq(q.has_opt, has_opt && whole, "%u", cut);
			cr_assert_eq(q.dnssec_ok, dnssec_ok && whole, "%u", cut);
		}
		free(block);
	}
}

Test(dns, every_prefix)
{
	static const __u8 tsig[] = { 0, 0, 250, 0, 255, 0, 0, 0x80, 0, 0, 0 };
	static const __u8 named[] = { 1, 'a', 0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, 0, 0 };

	every_prefix(NULL, 0, 0, 0);
	every_prefix(opt_plain, sizeof(opt_plain), 1, 0);
	every_prefix(opt_do, sizeof(opt_do), 1, 1);
	every_prefix(tsig, sizeof(tsig), 0, 0);
	every_prefix(named, sizeof(named), 0, 0);
}

Test(dns, opt_only_where_it_is_first)
{
	for (int at = 6; at <= 11; at++) {
		struct dns_question q;
		__u8 msg[128], *block;
		__u32 len = question(msg, 1, opt_do, sizeof(opt_do));

		msg[at] = at == 11 ? 0 : 1;
		block = exact(msg, len);
		cr_expect_eq(dns_question_rest(block, len, sizeof(NAME), &q), 0);
		cr_expect_eq(q.has_opt, at == 10, "%d", at); /* 257 additional records: OPT is first of them */
		free(block);
	}
}

/* ---- answers, read back with a reader of its own ---- */

struct record {
	__u32 type, class_, ttl, len, at;
};

/* Moves over a name that is one pointer, or the root. Returns where it points, 0 for the root. */
static __u32 read_owner(const __u8 *msg, __u32 len, __u32 *at)
{
	__u32 to;

	cr_assert_lt(*at, len);
	if (!msg[*at]) {
		(*at)++;
		return 0;
	}
	cr_assert_lt(*at + 1, len);
	cr_assert_eq(msg[*at] & 0xc0, 0xc0);
	to = (msg[*at] & 0x3f) << 8 | msg[*at + 1];
	cr_assert_lt(to, *at, "points forward");
	*at += 2;
	return to;
}

static __u32 number(const __u8 *msg, __u32 len, __u32 at, __u32 size)
{
	__u32 value = 0;

	cr_assert_leq(at + size, len);
	while (size--)
		value = value << 8 | msg[at++];
	return value;
}

static struct record read_record(const __u8 *msg, __u32 len, __u32 *at, __u32 owner)
{
	struct record r;

	cr_expect_eq(read_owner(msg, len, at), owner);
	r.type = number(msg, len, *at, 2);
	r.class_ = number(msg, len, *at + 2, 2);
	r.ttl = number(msg, len, *at + 4, 4);
	r.len = number(msg, len, *at + 8, 2);
	r.at = *at + 10;
	*at = r.at + r.len;
	cr_assert_leq(*at, len);
	return r;
}

static void expect_soa(const __u8 *msg, __u32 len, __u32 *at)
{
	struct record r = read_record(msg, len, at, 12);

	cr_expect(r.type == 6 && r.class_ == 1 && r.ttl == 70000 && r.len == 22);
	cr_expect(msg[r.at] == 0 && msg[r.at + 1] == 0, "the root twice");
	cr_expect_eq(number(msg, len, r.at + 2, 4), 1, "serial");
	cr_expect_eq(number(msg, len, r.at + 6, 4), 3600, "refresh");
	cr_expect_eq(number(msg, len, r.at + 10, 4), 600, "retry");
	cr_expect_eq(number(msg, len, r.at + 14, 4), 86400, "expire");
	cr_expect_eq(number(msg, len, r.at + 18, 4), 70000, "minimum");
}

static void expect_opt(const __u8 *msg, __u32 len, __u32 *at, int dnssec_ok, __u32 ede)
{
	struct record r = read_record(msg, len, at, 0);

	cr_expect(r.type == 41 && r.class_ == 1232 && r.ttl == (dnssec_ok ? 0x8000 : 0));
	if (ede == ESAFE_NO_EDE) {
		cr_expect_eq(r.len, 0);
		return;
	}
	cr_expect_eq(number(msg, len, r.at, 2), 15);
	cr_expect_eq(number(msg, len, r.at + 2, 2), r.len - 4);
	cr_expect_eq(number(msg, len, r.at + 4, 2), ede);
	cr_expect_eq(r.len - 6, strlen("blocked by the school"));
	cr_expect_arr_eq(msg + r.at + 6, "blocked by the school", r.len - 6);
}

/* CNAME to NAME2, then two addresses of `size` bytes whose owner is the CNAME's target. */
static void put_cname(struct esafe_records *records, __u16 type, __u8 size)
{
	static const __u8 cname[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 4, 's', 'a', 'f', 'e', 0 };

	memset(records, 0xee, sizeof(*records));
	memcpy(records->body, cname, sizeof(cname));
	records->len = sizeof(cname);
	records->count = 3;
	records->fix_first = sizeof(cname);
	records->fix_step = 12 + size;
	records->fix = 2;
	for (int i = 0; i < 2; i++) {
		__u8 head[12] = { 0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, size };

		memcpy(records->body + records->len, head, 12);
		memset(records->body + records->len + 12, 0x10 + i, size);
		records->len += 12 + size;
	}
}

/* The answer in a room of MESSAGE_ROOM bytes, then cut to its length on the heap. */
static __u8 *answer(__u16 qtype, const void *opt, __u32 opt_len, const struct esafe_answer *a, __u32 *len)
{
	__u8 *msg = calloc(1, DNS_MASK + 1), *cut;
	struct dns_question q;

	*len = question(msg, qtype, opt, opt_len);
	cr_assert_eq(dns_question_rest(msg, *len, sizeof(NAME), &q), 0);
	*len = dns_answer(msg, &q, a, 70000);
	cr_assert_leq(*len, q.end + DNS_REPLY_EXTRA);
	cut = exact(msg, *len);
	free(msg);
	cr_expect(cut[0] == 0x12 && cut[1] == 0x34, "the id");
	cr_expect_eq(cut[2], 0x81, "QR and RD");
	cr_expect_eq(cut[3] & 0xf0, 0x90, "RA and CD");
	cr_expect_arr_eq(cut + 12, NAME, sizeof(NAME));
	return cut;
}

static void expect_counts(const __u8 *msg, __u32 rcode, __u32 an, __u32 ns, __u32 ar)
{
	cr_expect_eq(msg[3] & 15, rcode);
	cr_expect_eq(number(msg, 12, 4, 2), 1);
	cr_expect_eq(number(msg, 12, 6, 2), an);
	cr_expect_eq(number(msg, 12, 8, 2), ns);
	cr_expect_eq(number(msg, 12, 10, 2), ar);
}

#define BEHIND_QUESTION (DNS_HEADER + sizeof(NAME) + 4)

Test(dns, negative_answers)
{
	static const struct { int rcode, given; } rows[] = { { 0, 0 }, { 0, 1 }, { 3, 1 }, { 5, 1 } };
	static const __u16 types[] = { 1, 28, 65, 16, 255 };

	for (size_t i = 0; i < ROWS(rows) * ROWS(types) * 3; i++) {
		struct esafe_answer a = { .rcode = rows[i % 4].rcode, .ede = i % 2 ? 15 : ESAFE_NO_EDE };
		const __u8 *opt = i % 3 == 0 ? NULL : i % 3 == 1 ? opt_plain : opt_do;
		__u32 len, at = BEHIND_QUESTION, opt_len = !opt ? 0 : opt == opt_do ? sizeof(opt_do) : sizeof(opt_plain);
		int soa = a.rcode != 5;
		__u8 *msg = answer(types[i / 12], opt, opt_len, rows[i % 4].given ? &a : NULL, &len);

		expect_counts(msg, a.rcode, 0, soa, !!opt);
		if (soa)
			expect_soa(msg, len, &at);
		if (opt)
			expect_opt(msg, len, &at, opt == opt_do, rows[i % 4].given ? a.ede : ESAFE_NO_EDE);
		cr_expect_eq(at, len, "%zu: %u of %u", i, at, len);
		free(msg);
	}
}

Test(dns, compiled_answers)
{
	struct esafe_answer a = { .ede = 17 };

	put_cname(&a.a, 1, 4);
	put_cname(&a.aaaa, 28, 16);
	for (int v6 = 0; v6 < 2; v6++) {
		__u32 len, at = BEHIND_QUESTION, target;
		__u8 *msg = answer(v6 ? 28 : 1, opt_do, sizeof(opt_do), &a, &len);
		struct record r = read_record(msg, len, &at, 12);

		expect_counts(msg, 0, 3, 0, 1);
		cr_expect(r.type == 5 && r.len == 6);
		target = r.at;
		for (int i = 0; i < 2; i++) {
			r = read_record(msg, len, &at, target);
			cr_expect_eq(r.type, v6 ? 28U : 1U);
			cr_expect_eq(msg[r.at], 0x10 + i);
		}
		expect_opt(msg, len, &at, 1, 17);
		cr_expect_eq(at, len);
		free(msg);
	}
}

Test(dns, other_types_get_no_data_of_an_address_answer)
{
	struct esafe_answer a = { .ede = ESAFE_NO_EDE };
	__u32 len, at = BEHIND_QUESTION;
	__u8 *msg;

	put_cname(&a.a, 1, 4);
	msg = answer(65, NULL, 0, &a, &len);
	expect_counts(msg, 0, 0, 1, 0);
	expect_soa(msg, len, &at);
	cr_expect_eq(at, len);
	free(msg);
}

/* The longest question and the longest answer stay in the room; a length that lies is not believed. */
Test(dns, longest_answer)
{
	struct esafe_answer a = { .ede = 15, .a = { .len = ESAFE_ANSWER_BODY, .count = 12 } };
	struct dns_question q = { .end = DNS_HEADER + ESAFE_NAME_MAX + 4, .qtype = 1, .has_opt = 1 };
	__u8 *msg = calloc(1, DNS_MASK + 1);
	__u32 len;

	a.a.fix_first = a.a.fix_step = 16;
	a.a.fix = 8;
	len = dns_answer(msg, &q, &a, 60);
	cr_expect_eq(len, q.end + ESAFE_ANSWER_BODY + 11 + 6 + strlen("blocked by the school"));
	a.a.len = ESAFE_ANSWER_BODY + 1;
	a.a.fix = 255;
	len = dns_answer(msg, &q, &a, 60);
	cr_expect_eq(len, q.end + 11 + 6 + strlen("blocked by the school"));
	free(msg);
}

/* Of the question's flags the answer keeps the opcode, RD and CD: never AA, TC, RA or AD. */
Test(dns, flags)
{
	for (int flags = 0; flags < 0x8000; flags++) {
		__u8 msg[DNS_MASK + 1] = { 0, 0, flags >> 8, flags };

		dns_answer_header(msg, DNS_NXDOMAIN, 0, 1, 0);
		cr_assert_eq(msg[2] << 8 | msg[3], 0x8083 | (flags & 0x7910), "%x", flags);
	}
}

Test(dns, format_error)
{
	__u8 *msg = calloc(1, DNS_MASK + 1);

	question(msg, 1, opt_do, sizeof(opt_do));
	msg[5] = 7;
	cr_expect_eq(dns_format_error(msg), 12);
	cr_expect(msg[0] == 0x12 && msg[1] == 0x34 && msg[2] == 0x81 && msg[3] == 0x91);
	for (int i = 4; i < 12; i++)
		cr_expect_eq(msg[i], 0, "%d", i);
	free(msg);
}

/* Behind its length, on every prefix; and with each bit changed that counts. */
Test(dns, begins_a_stream)
{
	static const __u8 start[14] = { 0, 40, 0x12, 0x34, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 1 };
	static const __u8 any[14] = { 0x07, 0xff, 0xff, 0xff, 0x07, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x03 };
	__u8 bytes[14];

	for (__u32 len = 0; len <= sizeof(start); len++) {
		__u8 *copy = exact(start, len);

		cr_expect_eq(dns_begins(copy, len), len < sizeof(start) ? -1 : 1, "%u", len);
		free(copy);
	}
	for (__u32 bit = 0; bit < 14 * 8; bit++) {
		memcpy(bytes, start, sizeof(bytes));
		bytes[0] |= 2; /* long enough, whatever its other bits are */
		bytes[bit / 8] ^= 1 << bit % 8;
		cr_expect_eq(dns_begins(bytes, sizeof(bytes)), any[bit / 8] >> bit % 8 & 1, "bit %u", bit);
	}
	memcpy(bytes, start, sizeof(bytes));
	bytes[1] = DNS_HEADER + 4;
	cr_expect_eq(dns_begins(bytes, sizeof(bytes)), 0, "too short for a question");
}
