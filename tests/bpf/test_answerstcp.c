// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS answers over TCP on their way to a device, through the loaded programs: cut anywhere, in any order. */
#include <criterion/criterion.h>
#include "conn.h"
#include "answers.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"lists: [ { name: locked, floor: illegal, file: locked.txt } ]\n"
	"groups:\n"
	"  pupils: { default: allow, https_records: pass, categories: { games: block },\n"
	"            sites: { good.games.example: allow } }\n"
	"  staff: { default: allow }\n"
	"unknown: pupils\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { "locked.example", "illegal", 0 },
					 { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "pupils");
}

TestSuite(answerstcp, .init = setup, .fini = conn_close);

#define SERVER_START 0xfffffe00u /* the server's numbers wrap, too */

static __u8 stream[70000];
static __u32 total;

static void stream_begin(void)
{
	total = 0;
}

/* The answer in msg, behind its length. */
static void stream_put(void)
{
	lab_put16(stream + total, len);
	memcpy(stream + total + 2, msg, len);
	total += 2 + len;
}

/* Two answers that pass and one that does not. */
static void stream_of_three(void)
{
	stream_begin();
	chain("one.example", (const char *[]){ "cdn.example", NULL });
	stream_put();
	chain("two.example", (const char *[]){ NULL });
	stream_put();
	chain("three.example", (const char *[]){ "cdn.example", "games.example", NULL });
	stream_put();
}

static struct lab_packet meet(int v6)
{
	struct lab_packet p = conn(53);

	p.v6 = v6;
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(server(p, 0x12, SERVER_START - 1, START), TC_ACT_UNSPEC);
	return p;
}

/* Bytes of the server to the device; what comes out is in `out`. */
static int say_bytes(struct lab_packet p, __u32 at, const void *bytes, __u32 n)
{
	p.flags = 0x18;
	p.seq = SERVER_START + at;
	p.ack = START + 40;
	p.payload = bytes;
	p.len = n;
	return to_device(p);
}

static int say(struct lab_packet p, __u32 at, __u32 n)
{
	return say_bytes(p, at, stream + at, n);
}

/* The packet that came out is a reset, and the connection is at an end for both. */
static int is_reset(struct lab_packet p, __u32 at)
{
	const __u8 *tcp = out.bytes + (p.v6 ? 54 : 34);
	__u32 seq = (__u32)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7];

	return out.len == (p.v6 ? 74 : 54) && tcp[13] == 0x14 && seq == SERVER_START + at &&
	       lab_sum(tcp, 20, lab_pseudo(out.bytes + 14, p.v6, IPPROTO_TCP, 20)) == 0xffff &&
	       conn_is_blocked(p, 0) && say_bytes(p, at, "x", 1) == TC_ACT_SHOT;
}

Test(answerstcp, verdicts)
{
	static const struct { const char *question, *targets[4]; int reason; } rows[] = {
		{ "open.example", { NULL }, 0 },
		{ "open.example", { "cdn.example" }, 0 },
		{ "open.example", { "a.example", "x.GAMES.example" }, ESAFE_R_CATEGORY },
		{ "good.games.example", { "games.example" }, 0 },
		{ "good.games.example", { "games.example", "locked.example" }, ESAFE_R_FLOOR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct esafe_event *e = &lab->event[0].event;
		struct lab_packet p = meet(i & 1);

		stream_begin();
		chain(rows[i].question, rows[i].targets);
		stream_put();
		cr_assert_eq(say(p, 0, total), TC_ACT_UNSPEC);
		if (!rows[i].reason) {
			cr_expect(unchanged() && !lab->events, "row %zu", i);
			cr_expect_eq(say(p, total, 1), TC_ACT_UNSPEC);
			continue;
		}
		cr_assert_eq(lab->events, 1, "row %zu", i);
		cr_expect(e->verdict == ESAFE_BLOCK && e->reason == rows[i].reason, "row %zu: %d", i, e->reason);
		cr_expect(e->proto == ESAFE_P_DNS_TCP && e->qtype == 1 && e->device == 101);
		cr_expect(ntohs(e->dport) == 53 && !memcmp(e->mac, (__u8[]){ 2, 0, 0, 0, 0, 1 }, 6));
		cr_expect(is_reset(p, 0), "row %zu", i);
	}
}

Test(answerstcp, every_cut)
{
	stream_of_three();
	for (__u32 cut = 1; cut < total; cut++) {
		struct lab_packet p = meet(cut & 1);

		cr_assert_eq(say(p, 0, cut), TC_ACT_UNSPEC);
		cr_assert(unchanged(), "cut %u", cut);
		cr_assert_eq(say(p, cut, total - cut), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1, "cut %u", cut);
		cr_assert_str_eq(lab->event[0].name, "games.example");
		cr_assert(is_reset(p, cut), "cut %u", cut);
	}
}

Test(answerstcp, byte_by_byte)
{
	struct lab_packet p = meet(0);

	stream_of_three();
	for (__u32 at = 0; at < total - 1; at++)
		cr_assert(say(p, at, 1) == TC_ACT_UNSPEC && unchanged(), "byte %u", at);
	say(p, total - 1, 1);
	cr_assert(is_reset(p, total - 1));
}

Test(answerstcp, order)
{
	struct lab_packet p = meet(0);

	stream_of_three();
	cr_expect_eq(say(p, 10, total - 10), TC_ACT_SHOT, "ahead");
	cr_expect_eq(lab_count(lab, ESAFE_R_TCP_AHEAD), 1);
	cr_expect(say(p, 0, 60) == TC_ACT_UNSPEC && unchanged());
	for (__u32 at = 0; at < 60; at++) /* what repeats */
		for (__u32 n = 1; at + n <= 60; n += 7)
			cr_assert(say(p, at, n) == TC_ACT_UNSPEC && unchanged(), "again: %u bytes at %u", n, at);
	for (__u32 at = 0; at < 60; at++) {
		stream[at] ^= 1;
		cr_assert_eq(say(p, 0, 60), TC_ACT_SHOT, "otherwise at %u", at);
		cr_assert_eq(say(p, at, total - at), TC_ACT_SHOT, "otherwise at %u", at);
		stream[at] ^= 1;
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_TCP_DIFFERS), 120);
	say(p, 30, total - 30); /* with new bytes behind them */
	cr_expect(is_reset(p, 60), "from behind what the device has");
}

/* A connection that lasts: longer than all that is kept, through the end of the ring and of the sequence numbers. */
Test(answerstcp, lasts)
{
	struct lab_packet p = meet(0);
	__u32 at = 0;

	for (int i = 0; i < 3000; i++) {
		char name[40];

		snprintf(name, sizeof(name), "n%d.%.*sexample", i, i % 20, "abcdefghij.klmnop.qr.");
		chain(name, (const char *[]){ "cdn.example", NULL });
		stream_begin();
		stream_put();
		cr_assert(say_bytes(p, at, stream, total) == TC_ACT_UNSPEC && unchanged(), "%d", i);
		cr_assert(say_bytes(p, at, stream, total) == TC_ACT_UNSPEC && unchanged(), "%d: again", i);
		stream[i % total] ^= 1;
		cr_assert_eq(say_bytes(p, at, stream, total), TC_ACT_SHOT, "%d: otherwise", i);
		at += total;
	}
	chain("open.example", (const char *[]){ "games.example", NULL });
	stream_begin();
	stream_put();
	say_bytes(p, at, stream, total);
	cr_assert(is_reset(p, at));
}

Test(answerstcp, many_in_a_segment)
{
	struct lab_packet p = meet(0);

	stream_begin();
	for (int i = 0; i < 150; i++) {
		begin("a", 1);
		stream_put();
	}
	cr_expect(say(p, 0, total) == TC_ACT_UNSPEC && unchanged());
	chain("open.example", (const char *[]){ "games.example", NULL });
	stream_put();
	p = meet(0);
	say(p, 0, total);
	cr_expect(is_reset(p, 0));
	p = meet(0);
	stream_begin();
	begin("a", 1);
	len = 12;
	for (int i = 0; i < 200; i++)
		stream_put();
	say(p, 0, total);
	cr_expect(is_reset(p, 0), "nobody says so much at a time");
}

/* An answer of `size` bytes in texts of 255, with one CNAME at the end. */
static void long_answer(const char *target, __u32 size)
{
	static __u8 whole[20000];
	static const __u8 text[255] = { 254 };
	__u32 at, tail;

	chain("open.example", (const char *[]){ target, NULL });
	tail = len - 30;
	memcpy(whole, msg, 30);
	at = 30;
	lab_put16(whole + 6, 3);
	while (at + tail < size) {
		__u32 room = size - at - tail, n = room < 12 + 255 + 13 ? room - 12 : 255;

		memcpy(whole + at, (__u8[]){ 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, n >> 8, n }, 12);
		memcpy(whole + at + 12, text, n < 255 ? n : 255);
		at += 12 + n;
		lab_put16(whole + 6, (whole[6] << 8 | whole[7]) + 1);
	}
	memcpy(whole + at, msg + 30, tail);
	whole[at + 12 + 15 + 1] = 0xc0; /* the owners of the addresses: the question */
	lab_put16(stream + total, at + tail);
	memcpy(stream + total + 2, whole, at + tail);
	total += 2 + at + tail;
}

Test(answerstcp, long_answers)
{
	static const struct { __u32 size; const char *target; int reason; } rows[] = {
		{ 4096, "cdn.example", 0 }, { 12000, "cdn.example", 0 }, { 16382, "cdn.example", 0 },
		{ 4096, "games.example", ESAFE_R_CATEGORY }, { 16382, "games.example", ESAFE_R_CATEGORY },
		{ 16383, "cdn.example", ESAFE_R_DNS_TOO_LONG }, { 19000, "games.example", ESAFE_R_DNS_TOO_LONG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (__u32 cut = 85; cut < 3400; cut *= 6) {
			__u64 before = lab_count(lab, rows[i].reason);
			struct lab_packet p = meet(0);
			int resets = 0;

			stream_begin();
			long_answer(rows[i].target, rows[i].size);
			cr_assert_eq(total, rows[i].size + 2);
			long_answer("cdn.example", 5000);
			for (__u32 at = 0; at < total && !resets; at += cut) {
				say(p, at, total - at < cut ? total - at : cut);
				resets = !unchanged();
			}
			cr_expect_eq(resets, !!rows[i].reason, "row %zu, cut %u", i, cut);
			if (rows[i].reason)
				cr_expect_eq(lab_count(lab, rows[i].reason), before + 1, "row %zu, cut %u", i, cut);
		}
}

#define KEYS "\0\1\0\0\1\0\3\2h2\0\5\0\7\0\5\xfe\x0d\1\1\1"
#define NO_KEYS "\0\1\0\0\1\0\3\2h2"

Test(answerstcp, keys)
{
	for (int row = 0; row < 5; row++) {
		static const char *what[] = { "none", "in an answer", "behind the answers", "behind a CNAME", "malformed" };
		struct lab_packet p = meet(0);

		begin("open.example", 65);
		if (row == 3)
			cname(OWNER_QUESTION, "cdn.example", 0);
		record(OWNER_QUESTION, 65, NO_KEYS, sizeof(NO_KEYS) - 1);
		if (row == 4)
			record(OWNER_QUESTION, 65, NO_KEYS, sizeof(NO_KEYS) - 2);
		else if (row)
			record(OWNER_QUESTION, 65, KEYS, sizeof(KEYS) - 1);
		if (row == 2) {
			msg[7]--;
			msg[11]++;
		}
		opt(0);
		stream_begin();
		stream_put();
		say(p, 0, total);
		cr_expect_eq(unchanged(), !row, "%s", what[row]);
		cr_expect(!row || is_reset(p, 0), "%s", what[row]);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_HTTPS_RECORD), 3);
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 1);
}

Test(answerstcp, service_target)
{
	struct lab_packet p = meet(0);

	begin("open.example", 65);
	record(OWNER_QUESTION, 65, "\0\0\5games\7example\0", 17);
	stream_begin();
	stream_put();
	say(p, 0, total);
	cr_expect(is_reset(p, 0));
	cr_expect_str_eq(lab->event[0].name, "games.example");
}

/* What is malformed is refused: behind it nothing can be found. */
Test(answerstcp, malformed)
{
	for (int row = 0; row < 5; row++) {
		struct lab_packet p = meet(0);

		stream_begin();
		chain("open.example", (const char *[]){ "cdn.example", NULL });
		stream_put();
		if (row == 0)
			lab_put16(stream, 11);            /* shorter than a header */
		else if (row == 1)
			lab_put16(stream, 40);            /* ends inside of a record */
		else if (row == 2)
			stream[2 + 30 + 12] = 0xc0, stream[2 + 30 + 13] = 0xff; /* a pointer forwards */
		else if (row == 3)
			stream[2 + 5] = 2;                /* two questions */
		else
			stream[2 + 12] = 64;              /* no name */
		say(p, 0, total);
		cr_expect(is_reset(p, 0), "row %d", row);
		cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), row + 1, "row %d", row);
	}
}

/* Messages that are no answers, or without records, are nobody's business. */
Test(answerstcp, other_messages_pass)
{
	struct lab_packet p = meet(0);

	stream_begin();
	begin("open.example", 1);
	stream_put();
	msg[2] = 0xb1; /* stateful operations, RFC 8490 */
	len = 12;
	stream_put();
	cr_expect(say(p, 0, total) == TC_ACT_UNSPEC && unchanged());
}

Test(answerstcp, what_is_not_known_is_refused)
{
	struct lab_packet p = conn(53);

	stream_of_three();
	say(p, 0, 40);
	cr_expect(is_reset(p, 0), "no connection");
	cr_expect_eq(lab_count(lab, ESAFE_R_TCP_UNKNOWN), 1);
	p = meet(0);
	for (int i = 0; i < 4000; i++) /* others need the room */
		meet(0);
	say(p, 0, 40);
	cr_expect(is_reset(p, 0), "forgotten");
	cr_expect_eq(lab_count(lab, ESAFE_R_BUSY), 1);
	p = meet(0);
	p.from_server = 1;
	p.payload = stream;
	p.len = 40;
	p.seq = SERVER_START;
	for (int row = 0; row < 2; row++) {
		p.flags = row ? 0x38 : 0x12; /* urgent; a SYN with data */
		cr_expect_eq(lab_out(lab, &p), TC_ACT_SHOT);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_TCP_UNEXPECTED), 2);
	p.flags = 0x18;
	p.fragment = 0x2000;
	cr_expect_eq(lab_out(lab, &p), TC_ACT_SHOT, "a fragment");
	cr_expect_eq(lab_count(lab, ESAFE_R_FRAGMENT), 1);
	p.dport = 80;
	cr_expect_eq(lab_out(lab, &p), TC_ACT_UNSPEC, "of another protocol");
}

/* The server is told as well: by way of the interface, as if the device had said so. */
Test(answerstcp, both_ends_are_reset)
{
	int wire = wire_open();

	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_packet p = meet(v6), back = p;
		const __u8 *tcp = out.bytes + (v6 ? 54 : 34);

		stream_of_three();
		say(p, 0, total);
		cr_assert(is_reset(p, 0));
		back.sport = p.dport; /* to the server, from the device */
		back.dport = p.sport;
		wire_read(wire, &back, &out);
		cr_expect_eq(out.len, (v6 ? 74u : 54u));
		cr_expect_eq(tcp[13], 0x14);
		cr_expect_eq((__u32)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7], START + 40);
		cr_expect_eq((__u32)tcp[8] << 24 | tcp[9] << 16 | tcp[10] << 8 | tcp[11], SERVER_START + total);
		cr_expect_eq(lab_sum(tcp, 20, lab_pseudo(out.bytes + 14, v6, IPPROTO_TCP, 20)), 0xffff);
		cr_expect(!memcmp(out.bytes + 6, (__u8[]){ 2, 0, 0, 0, 0, 1 }, 6), "from the device's own address");
	}
	close(wire);
}
