// SPDX-License-Identifier: GPL-2.0-or-later
/* HTTP through the loaded programs: every request of a connection, cut anywhere. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow }\n"
	"  sixth: { default: allow, categories: { games: block }, answer: page }\n"
	"block_page: { ipv4: 192.0.2.109, ipv6: \"2001:db8::109\" }\n"
	"unknown: pupils\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "pupils");
}

TestSuite(http, .init = setup, .fini = conn_close);

#define GOOD "GET /a HTTP/1.1\r\nHost: fine.example\r\nAccept: */*\r\n\r\n"
#define LONG_METHOD "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BAD "GET /b HTTP/1.1\r\nHost: www.games.example\r\nAccept: */*\r\n\r\n"

Test(http, verdicts)
{
	enum { BLOCK = ESAFE_BLOCK, ALLOW = ESAFE_ALLOW, HTTP = ESAFE_P_HTTP, CATEGORY = ESAFE_R_CATEGORY,
	       MALFORMED = ESAFE_R_HTTP_MALFORMED };
	static const struct { const char *request; int verdict, reason, proto; __u16 port; } rows[] = {
		{ GOOD, ALLOW, ESAFE_R_DEFAULT, HTTP, 80 },
		{ BAD, BLOCK, CATEGORY, HTTP, 80 },
		{ "\r\n" BAD, BLOCK, CATEGORY, HTTP, 8123 },
		{ "get / http/1.0\nhost:Games.EXAMPLE:81\n\n", BLOCK, CATEGORY, HTTP, 443 },
		{ "GET http://games.example/ HTTP/1.1\r\nHost: games.example\r\n\r\n", BLOCK, CATEGORY, HTTP, 80 },
		{ "GET http://fine.example/ HTTP/1.1\r\nHost: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "CONNECT games.example:443 HTTP/1.1\r\nHost: games.example:443\r\n\r\n", BLOCK, CATEGORY, HTTP, 3128 },
		{ "GET / HTTP/1.1\r\nHost: fine.example\r\nHost: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "GET / HTTP/1.1\r\nX: y\r\n Host: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "GET / HTTP/1.0\r\n\r\n", ALLOW, ESAFE_R_UNNAMED, HTTP, 80 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "EHLO x\r\n", ALLOW, ESAFE_R_UNNAMED, ESAFE_P_TCP, 25 },
		{ LONG_METHOD " / HTTP/1.1\r\nHost: games.example\r\n\r\n", BLOCK, CATEGORY, HTTP, 80 },
		{ LONG_METHOD " / HTTP/1.1\r\nHost: fine.example\r\n\r\n", ALLOW, ESAFE_R_DEFAULT, HTTP, 80 },
		{ "PUT\v/ HTTP/1.1\r\nHost: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "GET\r/ HTTP/1.1\r\nHost: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
		{ "PUT / HTTP/1.1 x\r\nHost: games.example\r\n\r\n", BLOCK, MALFORMED, HTTP, 80 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(rows[i].port);
		const struct esafe_event *e = &lab->event[0].event;
		__u32 len = strlen(rows[i].request);

		p.v6 = i & 1;
		shake(p);
		cr_assert_eq(segment(p, 0, rows[i].request, len), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1, "row %zu: %zu events", i, lab->events);
		cr_expect(e->verdict == rows[i].verdict && e->reason == rows[i].reason && e->proto == rows[i].proto,
			  "row %zu: %d, %d, %d", i, e->verdict, e->reason, e->proto);
		cr_expect_eq(conn_is_blocked(p, len), rows[i].verdict == ESAFE_BLOCK, "row %zu", i);
	}
}

/* Requests of all sorts that are allowed, then a blocked one, in two segments: it is found wherever they are cut. */
Test(http, every_cut)
{
	static const char bytes[] = GOOD "POST / HTTP/1.1\r\nHost: fine.example\r\nContent-Length: 40\r\n\r\n"
		"GET / HTTP/1.1\r\nHost: games.example\r\n\r\n.." "POST / HTTP/1.1\r\nHost: fine.example\r\n"
		"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nHost: games.example\r\n\r\n"
		LONG_METHOD " / HTTP/1.1\r\nHost: www.games.example\r\n\r\n";
	__u32 whole = sizeof(bytes) - 1;

	for (__u32 cut = 1; cut < whole; cut++) {
		struct lab_packet p = conn(80);
		size_t events;
		int action;

		shake(p);
		cr_assert_eq(segment(p, 0, bytes, cut), TC_ACT_UNSPEC, "cut %u", cut);
		events = lab->events;
		action = segment(p, cut, bytes + cut, whole - cut);
		if (action == TC_ACT_SHOT) { /* content was cut: what follows waits for the server */
			server(p, 0x10, SERVER_ISN + 1, START + cut);
			action = segment(p, cut, bytes + cut, whole - cut);
		}
		events += lab->events;
		cr_assert_eq(action, TC_ACT_UNSPEC, "cut %u", cut);
		cr_assert_eq(events, 4, "cut %u: %zu events", cut, events);
		cr_assert_str_eq(lab->event[lab->events - 1].name, "www.games.example");
		cr_assert_eq(lab->event[lab->events - 1].event.verdict, ESAFE_BLOCK);
		cr_assert(conn_is_blocked(p, whole), "cut %u", cut);
	}
}

Test(http, byte_by_byte)
{
	static const char bytes[] = GOOD GOOD BAD;
	struct lab_packet p = conn(80);
	size_t events = 0;

	shake(p);
	for (__u32 i = 0; i < sizeof(bytes) - 1; i++) {
		cr_assert_eq(segment(p, i, bytes + i, 1), TC_ACT_UNSPEC, "%u", i);
		events += lab->events;
	}
	cr_assert_eq(events, 3);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

static void take_flights(void)
{
	struct bpf_map *map = lab->skel->maps.flight_owners;
	__u64 none[8] = { 0 };

	cr_assert_eq(bpf_map__value_size(map), sizeof(none));
	for (__u32 set = 0; set < bpf_map__max_entries(map); set++)
		cr_assert(!bpf_map__update_elem(map, &set, sizeof(set), none, sizeof(none), 0));
}

/* A connection that lasts, also when its place among the flights was taken between two requests. */
Test(http, lasts)
{
	struct lab_packet p = conn(80);
	__u32 at = 0, len = strlen(GOOD);

	shake(p);
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(segment(p, at, GOOD, len), TC_ACT_UNSPEC, "%d", i);
		cr_assert_eq(lab->events, 1, "%d", i);
		cr_assert_eq(segment(p, at, BAD, len), TC_ACT_SHOT, "%d: with other bytes", i);
		at += len;
		server(p, 0x10, SERVER_ISN + 1, START + at);
		if (i % 100 == 99)
			take_flights();
	}
	segment(p, at, BAD, strlen(BAD));
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_assert(conn_is_blocked(p, at + strlen(BAD)));
}

/* A long body passes in any order, unread and unkept; behind it the next request is read. */
Test(http, long_body)
{
	static const char head[] = "PUT / HTTP/1.1\r\nHost: fine.example\r\nContent-Length: 100000\r\n\r\n";
	static char body[1400];
	struct lab_packet p = conn(80);
	__u32 start = sizeof(head) - 1, at;

	memset(body, 'x', sizeof(body));
	shake(p);
	cr_assert_eq(segment(p, 0, head, start), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, start + 50000, body, 1400), TC_ACT_UNSPEC, "in any order");
	for (at = 0; at + 1400 <= 100000; at += 1400)
		cr_assert_eq(segment(p, start + at, body, 1400), TC_ACT_UNSPEC, "%u", at);
	cr_assert_eq(segment(p, start + 100001, BAD, 20), TC_ACT_SHOT, "ahead");
	memcpy(body + 100000 - at, BAD, strlen(BAD));
	cr_assert_eq(segment(p, start + at, body, 1400), TC_ACT_SHOT, "the head may still be on its way");
	server(p, 0x10, SERVER_ISN + 1, START + start + at);
	cr_assert_eq(segment(p, start + at, body, 100000 - at + strlen(BAD)), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 1);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* What goes through a tunnel is read as a stream of its own. */
Test(http, tunnel)
{
	static const char head[] = "CONNECT fine.example:443 HTTP/1.1\r\nHost: fine.example:443\r\n\r\n";
	__u8 hello[1024];
	__u32 len = lab_hello(hello, "games.example", 5, 5), start = sizeof(head) - 1;
	struct lab_packet p = conn(3128);

	shake(p);
	cr_assert_eq(segment(p, 0, head, start), TC_ACT_UNSPEC);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_ALLOW);
	cr_assert_eq(segment(p, start, hello, len), TC_ACT_UNSPEC);
	cr_assert(lab->event[0].event.verdict == ESAFE_BLOCK && lab->event[0].event.proto == ESAFE_P_TLS);
	p = conn(3128);
	len = lab_hello(hello, "open.example", 5, 5);
	shake(p);
	segment(p, 0, head, start);
	server(p, 0x10, SERVER_ISN + 1, START + start);
	cr_assert_eq(segment(p, start, hello, len), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, start + len, "next", 4), TC_ACT_UNSPEC);
	server(p, 0x10, SERVER_ISN + 1, START + start + len + 4);
	cr_assert_eq(segment(p, start, "other bytes", 11), TC_ACT_UNSPEC, "past: one lookup");
}

/* Where the group has a block page, the client is led there. */
Test(http, redirect)
{
	static const char page[] = "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.109/\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	int wire = wire_open();

	lab_device(lab, "sixth", 1);
	for (int way = 0; way < 8; way++) {
		struct lab_packet p = conn(80);
		__u32 at = 0, len;
		struct frame out;
		const __u8 *text;

		p.v6 = way & 1;
		p.partial = way >> 1 & 1;
		shake(p);
		if (way & 4) { /* after one that was allowed */
			cr_assert_eq(segment(p, 0, GOOD, strlen(GOOD)), TC_ACT_UNSPEC);
			at = strlen(GOOD);
			server(p, 0x10, SERVER_ISN + 1, START + at);
			p.ack += 1000;
		}
		p.flags = 0x18;
		p.seq = START + at;
		p.payload = BAD;
		p.len = strlen(BAD);
		cr_assert_eq(lab_in(lab, &p, &out), TC_ACT_UNSPEC);
		cr_expect_eq(out.bytes[(p.v6 ? 54 : 34) + 13], 0x14, "a reset to the server");
		cr_expect_eq(out.len, p.v6 ? 74 : 54);
		wire_read(wire, &p, &out);
		text = wire_answer(&p, &out, at + p.len, &len);
		cr_assert_eq(len, sizeof(page) - 1);
		cr_expect_arr_eq(text, page, len);
		cr_expect(conn_is_blocked(p, at + p.len));
	}
	close(wire);
}

Test(http, quarantine_holds_when_it_comes_again)
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, 1 } };
	struct esafe_device device = { .id = 101, .group = idtable_get(&lab->groups, "pupils"), .base_group = ESAFE_NONE,
				       .how = ESAFE_HOW_DEVICE, .flags = ESAFE_DEVICE_QUARANTINED };
	struct lab_packet p = conn(80);

	shake(p);
	cr_assert(!maps_device_set(&lab->maps, &key, &device));
	for (int i = 0; i < 3; i++)
		cr_assert_eq(segment(p, 0, GOOD, strlen(GOOD)), TC_ACT_SHOT, "%d", i);
}
