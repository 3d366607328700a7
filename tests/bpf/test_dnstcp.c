// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS over TCP through the loaded programs: every question of a connection, cut anywhere. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow }\n"
	"unknown: pupils\n"
	"services:\n"
	"  search: { kind: search, names: [www.search.example],\n"
	"            strict: { cname: safe.search.example, ipv4: [192.0.2.9], ipv6: [\"2001:db8::9\"] } }\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "pupils");
}

TestSuite(dnstcp, .init = setup, .fini = conn_close);

/* A question behind its length. */
static __u32 message(__u8 *out, const char *name, __u16 qtype)
{
	__u32 len = lab_question(out + 2, name, qtype, 1);

	lab_put16(out, len);
	return 2 + len;
}

Test(dnstcp, verdicts)
{
	static const struct { const char *name; __u16 qtype; int verdict, reason; } rows[] = {
		{ "www.games.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ "WWW.Games.Example", 252, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ "www.search.example", 28, ESAFE_REWRITE, ESAFE_R_SAFESEARCH },
		{ "fine.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ "fine.example", 252, ESAFE_ALLOW, ESAFE_R_DEFAULT },
	};
	__u8 bytes[600];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(53);
		__u32 len = message(bytes, rows[i].name, rows[i].qtype);
		const struct esafe_event *e = &lab->event[0].event;

		p.v6 = i & 1;
		shake(p);
		cr_assert_eq(segment(p, 0, bytes, len), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1, "row %zu", i);
		cr_expect(e->verdict == rows[i].verdict && e->reason == rows[i].reason, "row %zu: %d, %d", i, e->verdict, e->reason);
		cr_expect(e->proto == ESAFE_P_DNS_TCP && e->qtype == rows[i].qtype);
		cr_expect_eq(segment(p, len, bytes, 1), rows[i].verdict == ESAFE_ALLOW ? TC_ACT_UNSPEC : TC_ACT_SHOT);
	}
}

/* Two allowed questions and a blocked one, in two segments: the blocked one is found wherever it is cut. */
Test(dnstcp, every_cut)
{
	__u8 bytes[600];
	__u32 len = message(bytes, "one.example", 1), whole;

	len += message(bytes + len, "two.example", 28);
	whole = len + message(bytes + len, "www.games.example", 1);
	for (__u32 cut = 1; cut < whole; cut++) {
		struct lab_packet p = conn(53);
		size_t events;

		shake(p);
		cr_assert_eq(segment(p, 0, bytes, cut), TC_ACT_UNSPEC);
		events = lab->events;
		cr_assert_eq(segment(p, cut, bytes + cut, whole - cut), TC_ACT_UNSPEC, "cut %u", cut);
		events += lab->events;
		cr_assert_eq(events, 3, "cut %u: %zu events", cut, events);
		cr_assert_str_eq(lab->event[lab->events - 1].name, "www.games.example", "cut %u, reason %d", cut,
				 lab->event[lab->events - 1].event.reason);
		cr_assert_eq(lab->event[lab->events - 1].event.verdict, ESAFE_BLOCK);
		cr_assert(conn_is_blocked(p, whole), "cut %u", cut);
	}
}

/* A connection that lasts: longer than all that is kept, through the end of the ring and of the sequence numbers. */
Test(dnstcp, lasts)
{
	struct lab_packet p = conn(53);
	__u8 bytes[600];
	__u32 at = 0, len;

	shake(p);
	for (int i = 0; i < 2000; i++) {
		char name[40];

		snprintf(name, sizeof(name), "n%d.%.*sexample", i, i % 20, "abcdefghij.klmnop.qr.");
		len = message(bytes, name, 1);
		cr_assert_eq(segment(p, at, bytes, len), TC_ACT_UNSPEC, "%d", i);
		cr_assert_eq(lab->events, 1, "%d", i);
		cr_assert_eq(segment(p, at, bytes, len), TC_ACT_UNSPEC, "%d: again", i);
		cr_assert_eq(lab->events, 0, "%d: judged once", i);
		bytes[20] ^= 1;
		cr_assert_eq(segment(p, at, bytes, len), TC_ACT_SHOT, "%d: otherwise", i);
		at += len;
		server(p, 0x10, SERVER_ISN + 1, START + at - (i % 3 == 1 ? 7 : 0));
	}
	len = message(bytes, "games.example", 1);
	segment(p, at, bytes, len);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_assert(conn_is_blocked(p, at + len));
}

Test(dnstcp, many_in_a_segment)
{
	static __u8 bytes[4000];
	struct lab_packet p = conn(53);
	__u32 len = 0;

	for (int i = 0; i < 80; i++)
		len += message(bytes + len, "fine.example", 1);
	shake(p);
	cr_assert_eq(segment(p, 0, bytes, len), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 80);
	/* what the server has not acknowledged is kept; there is an end to that, and it begins again when it has */
	for (int i = 0; i < 3; i++)
		segment(p, len * (i + 1), bytes, len);
	cr_assert_eq(segment(p, len * 4, bytes, len), TC_ACT_SHOT);
	server(p, 0x10, SERVER_ISN + 1, START + len * 4);
	cr_assert_eq(segment(p, len * 4, bytes, len), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, len * 5 + 1, bytes, len), TC_ACT_SHOT, "ahead");
	cr_assert_eq(segment(p, len * 3, bytes, len), TC_ACT_UNSPEC, "the server has it");
}

Test(dnstcp, malformed)
{
	static const struct { __u32 at; __u8 byte; const char *what; } rows[] = {
		{ 1, 16, "shorter than any question" }, { 4, 0x80, "an answer" }, { 7, 2, "two questions" },
		{ 7, 0, "no question" }, { 14, 0xc0, "a pointer" }, { 14, 64, "a label that is too long" },
	};
	__u8 bytes[600];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(53);
		__u32 len = message(bytes, "fine.example", 1);

		bytes[0] = 0;
		bytes[rows[i].at] = rows[i].byte;
		shake(p);
		segment(p, 0, bytes, len);
		cr_assert_eq(lab->events, 1, "%s", rows[i].what);
		cr_expect_eq(lab->event[0].event.reason, ESAFE_R_DNS_MALFORMED, "%s: %d", rows[i].what, lab->event[0].event.reason);
		cr_expect(conn_is_blocked(p, len), "%s", rows[i].what);
	}
}

/* To another port: known by the shape of the first question. */
Test(dnstcp, elsewhere)
{
	static const __u16 ports[] = { 5353, 8053, 443, 80, 9999 };
	__u8 bytes[600];

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		__u32 len = message(bytes, "one.example", 1), whole = len + message(bytes + len, "www.games.example", 28);

		for (__u32 cut = 1; cut < whole; cut++) {
			struct lab_packet p = conn(ports[i]);
			size_t events;

			p.v6 = cut & 1;
			shake(p);
			cr_assert_eq(segment(p, 0, bytes, cut), TC_ACT_UNSPEC);
			events = lab->events;
			segment(p, cut, bytes + cut, whole - cut);
			cr_assert_eq(events + lab->events, 2, "port %u, cut %u", ports[i], cut);
			cr_assert_eq(lab->event[lab->events - 1].event.proto, ESAFE_P_DNS_TCP, "port %u, cut %u", ports[i], cut);
			cr_assert_str_eq(lab->event[lab->events - 1].name, "www.games.example");
			cr_assert(conn_is_blocked(p, whole), "port %u, cut %u", ports[i], cut);
		}
	}
}

/* What begins like it and is something else is judged as that; what began as it stays it. */
Test(dnstcp, elsewhere_something_else)
{
	static const struct { __u32 at; __u8 byte; } rows[] = {
		{ 1, 16 }, { 0, 9 }, { 4, 0x80 }, { 4, 0x28 }, { 7, 0 }, { 9, 1 }, { 11, 1 }, { 13, 4 }, { 14, 0xc0 }, { 14, 64 },
	};
	__u8 bytes[600];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(5353);
		__u32 len = message(bytes, "fine.example", 1);

		bytes[rows[i].at] = rows[i].byte;
		memset(bytes + len, '\n', 100); /* behind which nobody takes it for HTTP */
		shake(p);
		cr_assert_eq(segment(p, 0, bytes, len + 100), TC_ACT_UNSPEC);
		cr_expect_eq(lab->event[0].event.proto, ESAFE_P_TCP, "row %zu", i);
		cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED, "row %zu", i);
		cr_expect(!conn_is_blocked(p, len + 100), "row %zu", i);

		p = conn(5353);
		len = message(bytes, "fine.example", 1);
		shake(p);
		cr_assert_eq(segment(p, 0, bytes, len), TC_ACT_UNSPEC);
		bytes[rows[i].at] = rows[i].byte;
		segment(p, len, bytes, 600);
		cr_expect_eq(conn_is_blocked(p, len + 600), 1, "row %zu, behind one", i);
	}
}

/* A message that servers answer with an error, or not at all, before they read the next one. Returns its length. */
static __u32 unusable(__u8 *out, int kind)
{
	static const struct { __u32 at; __u8 byte; } odd[] = {
		{ 4, 0x10 }, { 4, 0x11 }, { 4, 0x78 }, { 4, 0x80 }, { 7, 0 }, { 7, 2 }, { 9, 1 }, { 11, 7 }, { 13, 9 }, { 14, 0xc0 },
		{ 14, 0 },
	};
	__u32 len = message(out, "a", 1);

	if (kind == 13) { /* could become a request of HTTP */
		memset(out, '\n', 2);
		memset(out + 2, 'A', 2570);
		memcpy(out + 2, "GET /", 5);
		return 2572;
	}
	if (kind < (int)(sizeof(odd) / sizeof(*odd))) {
		out[odd[kind].at] = odd[kind].byte;
		return len;
	}
	len = kind & 1 ? 12 : 700;
	memset(out + 2, kind & 1 ? 0 : 0xff, len);
	lab_put16(out, len);
	return 2 + len;
}

/* To another port, behind messages that are none a server can use: the question is found, however it is cut. */
Test(dnstcp, elsewhere_behind_others)
{
	static __u8 bytes[3000];

	for (int kind = 0; kind < 14; kind++)
		for (int many = 1; many < (kind == 13 ? 2 : 4); many += 2) {
			__u32 before = 0, whole;

			for (int i = 0; i < many; i++)
				before += unusable(bytes + before, kind);
			before += message(bytes + before, "one.example", 1);
			whole = before + message(bytes + before, "www.games.example", 28);
			for (__u32 cut = 1; cut < whole; cut += cut < 60 || cut + 60 > before ? 1 : 50) {
				struct lab_packet p = conn(9953);

				p.v6 = cut & 1;
				shake(p);
				cr_assert_eq(segment(p, 0, bytes, cut), TC_ACT_UNSPEC, "kind %d, %d of them, cut %u", kind, many, cut);
				segment(p, cut, bytes + cut, whole - cut);
				cr_assert(conn_is_blocked(p, whole), "kind %d, %d of them, cut %u", kind, many, cut);
			}
		}
}

/* What is found so is judged as any question is, as often as there is one; and hellos are looked for all the same. */
Test(dnstcp, elsewhere_goes_on)
{
	struct lab_packet p = conn(9953);
	static __u8 bytes[3000];
	__u32 at = unusable(bytes, 1), len;

	shake(p);
	cr_assert_eq(segment(p, 0, bytes, at), TC_ACT_UNSPEC);
	cr_assert_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
	for (int i = 0; i < 1000; i++) { /* beyond what is looked through for hellos */
		len = message(bytes, "fine.example", 1);
		cr_assert_eq(segment(p, at, bytes, len), TC_ACT_UNSPEC, "%d", i);
		cr_assert(lab->events == 1 && lab->event[0].event.proto == ESAFE_P_DNS_TCP, "%d", i);
		cr_assert_str_eq(lab->event[0].name, "fine.example");
		at += len;
		server(p, 0x10, SERVER_ISN + 1, START + at);
	}
	len = message(bytes, "games.example", 1);
	segment(p, at, bytes, len);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_assert(conn_is_blocked(p, at + len));

	for (int hidden = 0; hidden < 2; hidden++) { /* inside of the message, or behind it */
		p = conn(9953);
		at = unusable(bytes, 1);
		at += message(bytes + at, "fine.example", 1);
		len = lab_hello(bytes + at, "games.example", 20, 20);
		if (hidden)
			lab_put16(bytes + unusable(bytes, 1), at - unusable(bytes, 1) - 2 + len);
		shake(p);
		segment(p, 0, bytes, at + len);
		cr_assert_eq(lab->event[lab->events - 1].event.proto, ESAFE_P_TLS, "%d", hidden);
		cr_assert(conn_is_blocked(p, at + len));
	}
}

/* A long message: what is behind the question is not looked at, and what is behind the message is. */
Test(dnstcp, long_message)
{
	static __u8 bytes[70000];
	struct lab_packet p = conn(53);
	__u32 len = message(bytes, "fine.example", 1), at;

	memset(bytes + len, 'x', 40000);
	lab_put16(bytes, 40000);
	message(bytes + 40002, "games.example", 1);
	shake(p);
	for (at = 0; at + 1400 < 40002; at += 1400)
		cr_assert_eq(segment(p, at, bytes + at, 1400), TC_ACT_UNSPEC, "%u", at);
	cr_assert_eq(segment(p, at, bytes + at, 1400), TC_ACT_SHOT, "the server has not acknowledged the question");
	server(p, 0x10, SERVER_ISN + 1, START + at);
	cr_assert_eq(segment(p, at, bytes + at, 1400), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 1);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_assert(conn_is_blocked(p, at + 1400));
}

/* A refused question is answered, and the connection ends. */
Test(dnstcp, answered)
{
	int wire = wire_open();

	for (int v6 = 0; v6 < 2; v6++) {
		__u8 bytes[600];
		struct lab_packet p = conn(53);
		struct frame out;
		const __u8 *text;
		__u32 len;

		p.v6 = v6;
		shake(p);
		p.flags = 0x18;
		p.seq = START;
		p.payload = bytes;
		p.len = message(bytes, "www.games.example", 1);
		cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
		wire_read(wire, &p, &out);
		text = wire_answer(&p, &out, p.len, &len);
		cr_assert_eq(text[0] << 8 | text[1], len - 2);
		cr_expect_arr_eq(text + 2, bytes + 2, 2, "the id");
		cr_expect_eq(text[4] & 0x80, 0x80, "an answer");
		cr_expect_eq(text[5] & 15, 3, "NXDOMAIN");
		cr_expect_arr_eq(text + 14, bytes + 14, 19, "the question");
	}
	close(wire);
}
