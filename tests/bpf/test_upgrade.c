// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that begin plainly and go over to TLS: the name is read wherever its hello begins. */
#include <criterion/criterion.h>
#include "conn.h"
#include "prefaces.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, tunnels: socks, categories: { games: block } }\n"
	"  staff: { default: allow }\n"
	"unknown: pupils\n";
static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

#define WATCHED (16384 - 64) /* bytes of a plain connection are looked through */
static const char line[] = "NOOP\r\n";
#define LINE (sizeof(line) - 1)

static __u8 good[1024], bad[1024];
static __u32 good_len, bad_len;

static void setup(void)
{
	conn_open(policy, names, "pupils");
	good_len = lab_hello(good, "www.fine.example", 5, 6);
	bad_len = lab_hello(bad, "www.games.example", 5, 5);
}

TestSuite(upgrade, .init = setup, .fini = conn_close);

/* What was said of a hello in the last segment: its verdict, or -1. */
static int judged(void)
{
	int verdict = -1;

	for (size_t i = 0; i < lab->events; i++)
		if (lab->event[i].event.proto == ESAFE_P_TLS && lab->event[i].event.name_len)
			verdict = lab->event[i].event.verdict;
	return verdict;
}

/* Sends bytes from *at on, which the server acknowledges. */
static void say(struct lab_packet p, __u32 *at, const void *bytes, __u32 len)
{
	cr_assert_eq(segment(p, *at, bytes, len), TC_ACT_UNSPEC, "at %u", *at);
	*at += len;
	server(p, 0x10, SERVER_ISN + 1, START + *at);
}

/* A plain connection with one line said. */
static struct lab_packet plain(__u32 *at)
{
	struct lab_packet p = conn(587);

	*at = 0;
	shake(p);
	say(p, at, line, LINE);
	return p;
}

/* Each turn a segment that the server answers, or all of them and the hello in one. */
Test(upgrade, behind_every_preface)
{
	__u8 stream[2048];

	for (size_t i = 0; i < PREFACES; i++)
		for (int way = 0; way < 8; way++) {
			const struct preface *f = &prefaces[i];
			int blocked = way & 1, at_once = way & 2;
			struct lab_packet p = conn(f->port);
			__u32 at = 0, len = preface_put(f, stream);

			p.v6 = way >> 2;
			shake(p);
			memcpy(stream + len, blocked ? bad : good, blocked ? bad_len : good_len);
			for (int turn = 0; turn < PREFACE_TURNS && !at_once; turn++)
				if (f->turn[turn].len)
					say(p, &at, f->turn[turn].bytes, f->turn[turn].len);
			len += blocked ? bad_len : good_len;
			cr_assert_eq(segment(p, at, stream + at, len - at), TC_ACT_UNSPEC);
			cr_expect_eq(judged(), blocked ? ESAFE_BLOCK : ESAFE_ALLOW, "%s, way %d: %d", f->what, way, judged());
			cr_expect_eq(conn_is_blocked(p, len), blocked, "%s, way %d", f->what, way);
		}
}

Test(upgrade, every_cut)
{
	__u8 stream[2048];
	__u32 len = preface_put(&prefaces[0], stream) + bad_len;

	memcpy(stream + len - bad_len, bad, bad_len);
	for (__u32 cut = 1; cut < len; cut++) {
		struct lab_packet p = conn(587);
		int blocked;

		shake(p);
		cr_assert_eq(segment(p, 0, stream, cut), TC_ACT_UNSPEC);
		blocked = judged() == ESAFE_BLOCK;
		segment(p, cut, stream + cut, len - cut);
		cr_assert(blocked || judged() == ESAFE_BLOCK, "cut %u", cut);
		cr_assert(conn_is_blocked(p, len), "cut %u", cut);
	}
}

Test(upgrade, byte_by_byte_and_in_any_order)
{
	__u32 at, from;
	struct lab_packet p = plain(&at);

	from = at;
	for (__u32 i = 0; i < bad_len - 60; i++)
		say(p, &at, bad + i, 1);
	cr_assert_eq(segment(p, at + 20, bad + at - from + 20, 40), TC_ACT_SHOT, "ahead");
	segment(p, at, bad + at - from, 60);
	cr_assert(conn_is_blocked(p, from + bad_len));

	p = plain(&at);
	cr_assert_eq(segment(p, at, good, good_len), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, at, bad, bad_len), TC_ACT_SHOT, "other bytes than were judged");
	cr_assert_eq(segment(p, at, good, good_len), TC_ACT_UNSPEC, "the same again");
	cr_assert_eq(segment(p, 0, "HELO\r\n", LINE), TC_ACT_UNSPEC, "what the server has is nobody's business");

	p = plain(&at);
	cr_assert_eq(segment(p, at, "abcd", 4), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, at, bad, bad_len), TC_ACT_SHOT, "other bytes than were looked at");
	cr_assert_eq(segment(p, at + 4, line, LINE), TC_ACT_UNSPEC);
}

/* Many hellos, and what lies between them, one behind the other: each counts. */
Test(upgrade, feigned_hellos_hide_nothing)
{
	static const char *const between[] = { "", "\r\n", "STARTTLS\r\n", "\x14\3\3\0\1\1", "\x17\3\3\0\4abcd",
					       "\x15\3\3\0\2\1\0\r\n", "\x16\3\1\0\x50\1", "\x16\3\1\0\x50\1\0\0\x4c\4",
					       "\x16\3\1\0\4\2\0\0\0" };
	static const unsigned lens[] = { 0, 2, 10, 6, 9, 9, 6, 10, 9 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		for (int begins = 0; begins < 2; begins++) { /* with the feigned hello: it counts as a first flight */
			struct lab_packet p = conn(587);
			__u32 at = 0;

			if (begins && between[i][0] >= 0x14 && between[i][0] <= 0x17)
				continue; /* as any TLS goes on: it is left alone from there on */
			shake(p);
			if (!begins)
				say(p, &at, line, LINE);
			say(p, &at, good, good_len);
			if (lens[i])
				say(p, &at, between[i], lens[i]);
			segment(p, at, bad, bad_len);
			cr_expect_eq(judged(), ESAFE_BLOCK, "%zu, %d", i, begins);
			cr_expect(conn_is_blocked(p, at + bad_len), "%zu, %d", i, begins);
		}
}

/* A hello that claims to be as long as can be, and inside it the one that is meant. */
Test(upgrade, one_hello_in_another)
{
	static const __u8 start[] = "\x16\3\1\x40\0\1\0\x3f\xfc\3\3" "................................\0\x3f\0";

	for (int way = 0; way < 4; way++) {
		__u32 at;
		struct lab_packet p = plain(&at);

		say(p, &at, start, sizeof(start) - 1);
		if (way & 1)
			say(p, &at, "\r\nSTARTTLS\r\n", 12);
		cr_assert_eq(segment(p, at, bad, 60), TC_ACT_UNSPEC);
		if (way & 2)
			server(p, 0x10, SERVER_ISN + 1, START + at + 60);
		segment(p, at + 60, bad + 60, bad_len - 60);
		cr_expect(conn_is_blocked(p, at + bad_len), "way %d", way);
	}
	for (int way = 0; way < 2; way++) { /* and the other way round: in an extension before the name */
		__u32 at, len = lab_hello(bad, "www.games.example", 100, 5), inside = 5 + 4 + 34 + 33 + 6 + 2 + 2 + 4;
		struct lab_packet p = plain(&at);

		memcpy(bad + inside, start, sizeof(start) - 1);
		if (way)
			say(p, &at, bad, inside + 60);
		segment(p, at, bad + at - LINE, len + LINE - at);
		cr_expect(conn_is_blocked(p, LINE + len), "inside, way %d", way);
	}
}

Test(upgrade, what_only_looks_like_a_hello_passes)
{
	static const struct { const char *bytes; unsigned len; } rows[] = {
		TURN("\x16\3\1"), TURN("\x16\x16\x16\x16\x16\x16\x16\x16\x16\x16"), TURN("\x16\3\1\0\x50\1\0\0\x4c\4\x16\3\1\2\0"),
		TURN("\x16\3\1\0\x50\1\1\0\x4c\3\3"), TURN("\x16\3\1\0\4\1\0\0\0"), TURN("\x16\3\1\x50\0\1\0\x4f\xfc\3\3"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u32 at;
		struct lab_packet p = plain(&at);

		say(p, &at, rows[i].bytes, rows[i].len);
		for (int n = 0; n < 30; n++)
			say(p, &at, line, LINE);
		segment(p, at, bad, bad_len);
		cr_expect_eq(judged(), ESAFE_BLOCK, "row %zu", i);
	}
}

/* So many bytes and no more. Then the connection is left alone. */
Test(upgrade, ends_at_its_room)
{
	static __u8 much[3000];
	__u32 at;

	memset(much, '<', sizeof(much)); /* no method of HTTP begins so */
	for (__u32 size = 100; size < sizeof(much); size *= 5) {
		struct lab_packet p = conn(587);

		shake(p);
		at = 0;
		while (at + size < WATCHED)
			say(p, &at, much, size);
		say(p, &at, much, WATCHED - 1 - at);
		segment(p, at, bad, bad_len);
		cr_expect_eq(judged(), ESAFE_BLOCK, "segments of %u", size);
		p = conn(587);
		shake(p);
		at = 0;
		while (at < WATCHED)
			say(p, &at, much, size);
		say(p, &at, bad, bad_len);
		cr_expect_eq(lab->events, 0);
		cr_expect_eq(segment(p, at - bad_len, good, bad_len), TC_ACT_UNSPEC, "settled: nothing is compared");
	}
}

Test(upgrade, bytes_that_had_to_go_free_nobody)
{
	__u32 at;
	struct lab_packet p = plain(&at);

	lose_flights();
	say(p, &at, line, LINE);
	lose_flights();
	segment(p, at, bad, bad_len);
	cr_expect_eq(judged(), ESAFE_BLOCK, "between lines");

	p = plain(&at);
	segment(p, at, line, LINE);
	lose_flights();
	cr_expect_eq(segment(p, at + LINE, line, LINE), TC_ACT_SHOT, "what is not acknowledged comes again");
	say(p, &at, line, LINE);
	say(p, &at, line, LINE);
	segment(p, at, bad, bad_len);
	cr_expect_eq(judged(), ESAFE_BLOCK, "and is looked at again");

	p = plain(&at);
	segment(p, at, line, LINE);
	segment(p, at + LINE, bad + 50, bad_len - 50);
	lose_flights();
	segment(p, at + LINE - 50, bad, 50); /* over the line, which the server did not get */
	segment(p, at, line, LINE);
	cr_expect(conn_is_blocked(p, at + LINE + bad_len), "the server has more than was read");

	p = plain(&at);
	say(p, &at, bad, 60);
	lose_flights();
	cr_expect_eq(segment(p, at, bad + 60, bad_len - 60), TC_ACT_UNSPEC, "in the middle of a hello: reset");
	cr_expect_eq(lab_count(lab, ESAFE_R_BUSY), 1);
	cr_expect(conn_is_blocked(p, at + bad_len));

	/* what a connection was judged by is gone: other bytes must not take its place */
	p = conn(443);
	shake(p);
	segment(p, 0, good, good_len);
	segment(p, good_len, "\x14\3\3\0\1\1\x17", 7);
	lose_flights();
	segment(p, 0, bad, bad_len);
	cr_expect(conn_is_blocked(p, good_len + 7), "feigned, and pushed out");
}

static __u64 known_as(unsigned what)
{
	static __u64 cells[ESAFE_KNOWN_CELLS];
	__u64 sum = 0;

	LAB_CHECK(!maps_read_known(&lab->maps, cells));
	for (size_t i = what; i < ESAFE_KNOWN_CELLS; i += ESAFE_KNOWN_COUNT)
		sum += cells[i];
	return sum;
}

Test(upgrade, is_counted_by_its_name)
{
	__u32 at;
	struct lab_packet p = plain(&at);

	cr_expect_eq(known_as(ESAFE_KNOWN_ADDRESS), 1);
	say(p, &at, good, good_len);
	say(p, &at, good, good_len);
	cr_expect_eq(known_as(ESAFE_KNOWN_NAME), 1);
}

/* Telnet's "interrupt process" (RFC 854), as its client sends it. */
Test(upgrade, urgent)
{
	static const __u16 ports[] = { 21, 23, 587 };

	for (int i = 0; i < 3; i++) {
		struct lab_packet p = conn(ports[i]);
		__u32 at = 0;

		shake(p);
		cr_expect_eq(segment_flags(p, 0x38, START, line, LINE), TC_ACT_SHOT, "not as the first bytes");
		say(p, &at, line, LINE);
		cr_expect_eq(segment_flags(p, 0x38, START + at, "\xff\xf4\xff", 3), i < 2 ? TC_ACT_UNSPEC : TC_ACT_SHOT);
		if (i == 2)
			continue;
		at += 3;
		say(p, &at, "\xf2", 1);
		segment(p, at, bad, bad_len);
		cr_expect_eq(judged(), ESAFE_BLOCK, "port %u", ports[i]);
	}
}

/* Fast Open (RFC 7413): the line is on the SYN. */
Test(upgrade, fast_open)
{
	for (int took = 0; took < 2; took++) {
		struct lab_packet p = conn(587);
		__u32 at = took ? LINE : 0;

		cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, line, LINE), TC_ACT_UNSPEC);
		cr_assert_eq(segment(p, LINE, line, LINE), TC_ACT_SHOT, "before the server has spoken");
		server(p, 0x12, SERVER_ISN, START + at);
		if (!took)
			say(p, &at, line, LINE);
		say(p, &at, line, LINE);
		segment(p, at, bad, bad_len);
		cr_expect_eq(judged(), ESAFE_BLOCK, "took %d", took);
	}
}
