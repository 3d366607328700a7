// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that begin again by the same numbers, and what has passed of a message whose bytes are gone. */
#include <criterion/criterion.h>
#include <openssl/sha.h>
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow }\n"
	"unknown: pupils\n";
static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

#define ASKS "GET / HTTP/1.1\r\nHost: "
#define ASKED (sizeof(ASKS) - 1)
#define GOOD ASKS "www.fine.example\r\n\r\n"
#define BAD ASKS "www.games.example\r\n\r\n"

#define IN_NAME 108 /* a hello cut here is cut in its name */

static __u8 good[1024], bad[1024];
static __u32 good_len, bad_len;

static void setup(void)
{
	conn_open(policy, names, "pupils");
	good_len = lab_hello(good, "www.fine.example", 5, 6);
	bad_len = lab_hello(bad, "www.games.example", 5, 5);
}

TestSuite(again, .init = setup, .fini = conn_close);

static void acknowledge(struct lab_packet p, __u32 upto)
{
	server(p, 0x10, SERVER_ISN + 1, START + upto);
}

/* A reset carries no byte of the stream: the filter sees nothing in it. */
static int reopen(struct lab_packet p, __u32 start)
{
	int action;

	segment_flags(p, 0x04, START, NULL, 0);
	action = segment_flags(p, 0x02, start - 1, NULL, 0);
	server(p, 0x12, SERVER_ISN + 5000, start);
	return action;
}

/* What was judged and acknowledged on one connection must not stand for the first bytes of the next. */
Test(again, by_the_number_of_what_was_judged)
{
	struct lab_packet p = conn(443);

	shake(p);
	segment(p, 0, good, good_len);
	acknowledge(p, good_len);
	cr_expect_eq(reopen(p, START), TC_ACT_SHOT, "watched");
	cr_expect_eq(lab_count(lab, ESAFE_R_TCP_UNEXPECTED), 1);

	p = conn(443);
	shake(p);
	segment(p, 0, good, good_len);
	segment(p, good_len, "\x14\3\3\0\1\1\x17", 7);
	cr_expect_eq(reopen(p, START), TC_ACT_SHOT, "named");

	p = conn(80);
	shake(p);
	segment(p, 0, GOOD, sizeof(GOOD) - 1);
	acknowledge(p, sizeof(GOOD) - 1);
	segment(p, sizeof(GOOD) - 1, GOOD, ASKED);
	acknowledge(p, sizeof(GOOD) - 1 + ASKED);
	cr_expect_eq(reopen(p, START + sizeof(GOOD) - 1), TC_ACT_SHOT, "by the number of the next request");

	/* by any other number it begins anew */
	p = conn(443);
	shake(p);
	segment(p, 0, good, good_len);
	acknowledge(p, good_len);
	cr_expect_eq(reopen(p, START + 3000), TC_ACT_UNSPEC);
	segment(p, 3000, bad, bad_len);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* A SYN-ACK may be lost behind the filter. */
Test(again, a_syn_that_is_repeated)
{
	struct lab_packet p = conn(443);

	shake(p);
	cr_expect_eq(segment_flags(p, 0x02, CLIENT_ISN, NULL, 0), TC_ACT_UNSPEC);
	segment(p, 0, bad, IN_NAME);
	cr_expect_eq(reopen(p, START), TC_ACT_UNSPEC);
	cr_expect_eq(segment(p, 0, good, IN_NAME), TC_ACT_SHOT, "what was read is compared with");
	segment(p, 0, bad, bad_len);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* Bytes passed, and the place in which they were kept is another's now: no others can be read in their stead. */
Test(again, half_a_message_that_had_to_go)
{
	static const struct { const char *what; const void *before; __u32 before_len; } rows[] = {
		{ "the first flight", "", 0 },
		{ "the second request", GOOD, sizeof(GOOD) - 1 },
		{ "behind a plain line", "NOOP\r\n", 6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(80);
		int http = i == 1;
		const void *real = http ? (const void *)BAD : bad, *feigned = http ? (const void *)GOOD : good;
		__u32 at = rows[i].before_len, cut = http ? ASKED + 7 : IN_NAME;

		shake(p);
		if (at) {
			segment(p, 0, rows[i].before, at);
			acknowledge(p, at);
		}
		cr_assert_eq(segment(p, at, real, cut), TC_ACT_UNSPEC, "%s", rows[i].what);
		lose_flights();
		lab->events = 0;
		segment(p, at, feigned, cut);
		cr_expect_eq(lab_count(lab, ESAFE_R_BUSY), i + 1, "%s: reset", rows[i].what);
		cr_expect(conn_is_blocked(p, at + cut), "%s", rows[i].what);
	}
}

/* Nothing has passed of what is to come: then it is read, whatever was lost. */
Test(again, between_messages)
{
	struct lab_packet p = conn(80);

	shake(p);
	lose_flights();
	segment(p, 0, GOOD, sizeof(GOOD) - 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_ALLOW);
	acknowledge(p, sizeof(GOOD) - 1);
	lose_flights();
	segment(p, sizeof(GOOD) - 1, BAD, sizeof(BAD) - 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* Content is not kept; that it has passed does not count against the request behind it. */
Test(again, behind_content)
{
	static const char post[] = "POST / HTTP/1.1\r\nHost: fine.example\r\nContent-Length: 3000\r\n\r\n";
	static const __u8 content[3000];
	struct lab_packet p = conn(80);
	__u32 at = sizeof(post) - 1;

	shake(p);
	segment(p, 0, post, at);
	segment(p, at, content, 1000);
	segment(p, at + 1000, content, 2000);
	at += 3000;
	acknowledge(p, at);
	lose_flights();
	segment(p, at, BAD, sizeof(BAD) - 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_expect_eq(lab_count(lab, ESAFE_R_BUSY), 0);
}

/* ---- early data ---- */

/* A ServerHello, or a HelloRetryRequest: the first 60 bytes of its record. */
static void answer_hello(struct lab_packet p, int retry, __u32 upto)
{
	__u8 record[60] = { 22, 3, 3, 0, 120, 2, 0, 0, 116, 3, 3 };

	SHA256((const __u8 *)(retry ? "HelloRetryRequest" : "another"), retry ? 17 : 7, record + 11);
	p.payload = record;
	p.len = sizeof(record);
	server(p, 0x18, SERVER_ISN + 1, START + upto);
}

/* The hello with early data, and a first record of that. */
static struct lab_packet early(__u32 *at)
{
	static const __u8 record[69] = { 23, 3, 3, 0, 64 };
	struct lab_packet p = conn(443);
	__u8 hello[1024];
	__u32 len = lab_hello(hello, "www.fine.example", 5, 0);

	memcpy(hello + len - 4, "\0\x2a", 2); /* its last extension: early_data */
	shake(p);
	cr_assert_eq(segment(p, 0, hello, len), TC_ACT_UNSPEC);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_ALLOW);
	cr_assert_eq(segment(p, len, record, sizeof(record)), TC_ACT_UNSPEC);
	*at = len + sizeof(record);
	return p;
}

Test(again, early_data_that_the_server_takes)
{
	__u32 at;
	struct lab_packet p = early(&at);

	answer_hello(p, 0, at);
	lose_flights();
	cr_expect_eq(segment(p, at + 5000, "anything, ahead", 15), TC_ACT_UNSPEC);
	segment(p, at, bad, bad_len);
	cr_expect_eq(lab->events, 0, "there cannot be another hello");
}

Test(again, early_data_before_another_hello)
{
	__u32 at;
	struct lab_packet p = early(&at);

	answer_hello(p, 1, at);
	segment(p, at, bad, bad_len);
	cr_assert_eq(lab->events, 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* Only of a connection that began with a hello, and all of it in one record. */
Test(again, what_looks_like_an_answer)
{
	struct lab_packet p = conn(80);
	__u8 record[60] = { 22, 3, 3, 0, 37, 2 };
	__u32 at;

	shake(p);
	segment(p, 0, GOOD, sizeof(GOOD) - 1);
	answer_hello(p, 0, sizeof(GOOD) - 1);
	segment(p, sizeof(GOOD) - 1, BAD, sizeof(BAD) - 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK, "a page");

	p = early(&at);
	p.payload = record;
	p.len = sizeof(record);
	server(p, 0x18, SERVER_ISN + 1, START + at);
	p.payload = NULL;
	p.len = 0;
	segment(p, at, bad, bad_len);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK, "a short record");
}

/* ---- what GRO has put together ---- */

/* More than can be read at once: dropped, and read when it comes again in parts. */
Test(again, many_chunks_at_once)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: fine.example\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char chunk[] = "1\r\nx\r\n";
	char text[500 * (sizeof(chunk) - 1)];
	__u32 len = sizeof(text), at = sizeof(head) - 1;
	struct lab_packet p = conn(80);

	for (__u32 i = 0; i < len; i++)
		text[i] = chunk[i % (sizeof(chunk) - 1)];
	shake(p);
	segment(p, 0, head, at);
	acknowledge(p, at);
	cr_expect_eq(segment(p, at, text, len), TC_ACT_SHOT);
	for (__u32 part = 0; part < len; part += 500) {
		__u32 n = len - part < 500 ? len - part : 500;

		cr_assert_eq(segment(p, at + part, text + part, n), TC_ACT_UNSPEC, "at %u", part);
		acknowledge(p, at + part + n);
	}
	at += len;
	cr_assert_eq(segment(p, at, "0\r\n\r\n", 5), TC_ACT_UNSPEC);
	segment(p, at + 5, BAD, sizeof(BAD) - 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}
