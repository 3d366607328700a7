// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS over TCP through the loaded programs: every cut, every order, both directions. */
#include <criterion/criterion.h>
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow, safesearch: off }\n"
	"  ks1: { default: block }\n"
	"unknown: ks1\n"
	"services:\n"
	"  search: { kind: search, names: [www.search.example],\n"
	"            strict: { cname: safe.search.example, ipv4: [192.0.2.9], ipv6: [\"2001:db8::9\"] } }\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "pupils");
	lab_device(lab, "staff", 2);
}

TestSuite(tls, .init = setup, .fini = conn_close);

static int is_judged(struct lab_packet p, __u32 offset)
{
	/* data that belongs to no ClientHello passes only on a judged connection */
	return segment(p, offset, "anything", 8) == TC_ACT_UNSPEC;
}

Test(tls, blocked_and_allowed)
{
	static const struct { __u8 host; const char *name; int v6, verdict, reason; const char *dst; } rows[] = {
		{ 1, "www.games.example", 0, ESAFE_BLOCK, ESAFE_R_CATEGORY, NULL },
		{ 1, "WWW.Games.Example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY, NULL },
		{ 1, "games.example.", 0, ESAFE_BLOCK, ESAFE_R_CATEGORY, NULL },
		{ 1, "open.example", 0, ESAFE_ALLOW, ESAFE_R_DEFAULT, NULL },
		{ 2, "www.games.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT, NULL },
		{ 3, "open.example", 0, ESAFE_BLOCK, ESAFE_R_DEFAULT, NULL },
		{ 1, "", 0, ESAFE_ALLOW, ESAFE_R_UNNAMED, NULL },
		{ 3, "", 0, ESAFE_BLOCK, ESAFE_R_UNNAMED, NULL },
		{ 1, "bad..name", 0, ESAFE_BLOCK, ESAFE_R_TLS_MALFORMED, NULL },
		{ 1, "sp ace.example", 0, ESAFE_BLOCK, ESAFE_R_TLS_MALFORMED, NULL },
		{ 1, "www.search.example", 0, ESAFE_BLOCK, ESAFE_R_BYPASS, NULL },
		{ 1, "www.search.example", 0, ESAFE_ALLOW, ESAFE_R_DEFAULT, "192.0.2.9" },
		{ 1, "www.search.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT, "2001:db8::9" },
		{ 2, "www.search.example", 0, ESAFE_ALLOW, ESAFE_R_DEFAULT, NULL },
	};
	__u8 hello[2048];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(443);
		__u32 len = lab_hello(hello, rows[i].name, 10, 10);
		const struct esafe_event *e = &lab->event[0].event;
		int action;

		p.host = rows[i].host;
		p.v6 = rows[i].v6;
		p.dst = rows[i].dst;
		shake(p);
		action = segment(p, 0, hello, len);
		cr_assert_eq(lab->events, 1, "row %zu: %zu events", i, lab->events);
		cr_expect_eq(e->verdict, rows[i].verdict, "row %zu: verdict %d, reason %d", i, e->verdict, e->reason);
		cr_expect_eq(e->reason, rows[i].reason, "row %zu: reason %d", i, e->reason);
		cr_expect_eq(e->proto, ESAFE_P_TLS);
		/* a blocked one goes on as a reset to the server, and its data is dropped from then on */
		cr_expect_eq(action, TC_ACT_UNSPEC);
		cr_expect_eq(is_judged(p, len), rows[i].verdict == ESAFE_ALLOW, "row %zu", i);
	}
}

/* What is no host's name is refused, and told as far as it has the shape of one: of this hello, never of another. */
Test(tls, what_stood_there)
{
	static const struct { const char *name, *told; } rows[] = {
		{ "server4:443", "server4:443" },
		{ "sp ace.example", "sp\\032ace.example" },
		{ "*.example.", "*.example" },
		{ "a/b", "a/b" },
		{ "bad..name", "" },
		{ ".", "" },
	};
	__u8 hello[2048];

	for (size_t i = 0; i <= sizeof(rows) / sizeof(*rows); i++) {
		bool none = i == sizeof(rows) / sizeof(*rows); /* broken before any name */
		struct lab_packet p = conn(443);
		__u32 len = lab_hello(hello, none ? "open.example" : rows[i].name, 10, 10);

		if (none)
			hello[5 + 4 + 2 + 32] = 255; /* length of the session's number */
		shake(p);
		segment(p, 0, hello, len);
		cr_assert_eq(lab->events, 1, "row %zu", i);
		cr_expect_eq(lab->event[0].event.reason, ESAFE_R_TLS_MALFORMED, "row %zu", i);
		cr_expect_str_eq(lab->event[0].name, none ? "" : rows[i].told);
	}
}

static void expect_cut(const __u8 *hello, __u32 len, __u32 cut, int blocked)
{
	struct lab_packet p = conn(443);
	size_t events;

	shake(p);
	cr_assert_eq(segment(p, 0, hello, cut), TC_ACT_UNSPEC);
	events = lab->events;
	/* once blocked, what comes after is dropped */
	cr_assert_eq(segment(p, cut, hello + cut, len - cut), blocked && events ? TC_ACT_SHOT : TC_ACT_UNSPEC, "cut %u", cut);
	events += lab->events;
	cr_assert_eq(events, 1, "cut %u: %zu events", cut, events);
	cr_assert_eq(is_judged(p, len), !blocked, "cut %u", cut);
}

Test(tls, every_cut)
{
	static __u8 hello[4096];
	__u32 len = lab_hello(hello, "www.games.example", 1300, 300);

	for (__u32 cut = 1; cut < len; cut += cut > 1300 || cut < 120 ? 1 : 97)
		expect_cut(hello, len, cut, 1);
	len = lab_hello(hello, "www.fine.example", 1300, 300);
	for (__u32 cut = 1; cut < len; cut += cut > 1300 || cut < 120 ? 3 : 97)
		expect_cut(hello, len, cut, 0);
}

Test(tls, byte_by_byte)
{
	__u8 hello[2048];
	__u32 len = lab_hello(hello, "www.games.example", 5, 5);
	struct lab_packet p = conn(443);
	size_t events = 0;

	shake(p);
	for (__u32 i = 0; i < len && !events; i++) {
		segment(p, i, hello + i, 1);
		events += lab->events;
	}
	cr_assert_eq(events, 1);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/* The hello in TLS records of `size` bytes. */
static __u32 in_records(__u8 *out, const __u8 *hello, __u32 len, __u32 size)
{
	__u32 n = 0;

	for (__u32 at = 5; at < len; at += size) {
		__u32 take = len - at < size ? len - at : size;

		memcpy(out + n, "\x16\3\1", 3);
		lab_put16(out + n + 3, take);
		memcpy(out + n + 5, hello + at, take);
		n += 5 + take;
	}
	return n;
}

Test(tls, every_record_size)
{
	static __u8 hello[2048], records[16384];
	__u32 len = lab_hello(hello, "www.games.example", 200, 50);

	for (__u32 size = 1; size < 60; size++) {
		struct lab_packet p = conn(443);
		__u32 n = in_records(records, hello, len, size);

		shake(p);
		cr_assert_eq(segment(p, 0, records, n), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1, "records of %u", size);
		cr_assert_eq(lab->event[0].event.reason, ESAFE_R_CATEGORY, "records of %u: reason %d", size,
			     lab->event[0].event.reason);
	}
}

Test(tls, ahead_is_dropped_and_comes_again)
{
	static __u8 hello[4096];
	__u32 len = lab_hello(hello, "www.games.example", 1300, 300);
	struct lab_packet p = conn(443);

	shake(p);
	cr_assert_eq(segment(p, 1200, hello + 1200, len - 1200), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 0, hello, 1200), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 0);
	cr_assert_eq(segment(p, 1200, hello + 1200, len - 1200), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 1);
	cr_assert(!is_judged(p, len));
}

Test(tls, decoys_do_not_help)
{
	__u8 good[1024], bad[1024], other[1024];
	__u32 len = lab_hello(good, "www.fine.example", 5, 6), bad_len = lab_hello(bad, "www.games.example", 5, 5);
	struct lab_packet p = conn(443);

	cr_assert_eq(len, bad_len);
	/* the decoy dies on its way: the server never acknowledges it, and the real one differs from it */
	shake(p);
	cr_assert_eq(segment(p, 0, good, len), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, 0, bad, len), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 0, good, len), TC_ACT_UNSPEC, "the same again passes");
	cr_assert_eq(segment(p, 60, good + 60, 40), TC_ACT_UNSPEC, "a part of it too");
	memcpy(other, good, len);
	other[99] ^= 1;
	cr_assert_eq(segment(p, 60, other + 60, 40), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 60, other + 60, 39), TC_ACT_UNSPEC);
	cr_assert_eq(lab_count(lab, ESAFE_R_TCP_DIFFERS), 2);

	/* outside the window, before and after */
	p = conn(443);
	shake(p);
	cr_assert_eq(segment(p, -(int)len, good, len), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 100000, good, len), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 0, bad, len), TC_ACT_UNSPEC);
	cr_assert(!is_judged(p, len));

	/* a second SYN, with a number such that its hello ends where the real one begins */
	p = conn(443);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN - len, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(server(p, 0x12, SERVER_ISN, START), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, -(int)len, good, len), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 0, bad, len), TC_ACT_SHOT);

	/* the same with the decoy's hello on the SYN */
	p = conn(443);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN - len, good, len), TC_ACT_SHOT);
	cr_assert_eq(server(p, 0x12, SERVER_ISN, START), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, 0, bad, len), TC_ACT_SHOT);
}

Test(tls, only_the_server_moves_a_connection_on)
{
	__u8 hello[1024];
	__u32 len = lab_hello(hello, "www.fine.example", 5, 5);
	struct lab_packet p = conn(443);
	__u8 other[1024];

	memcpy(other, hello, len);
	other[len - 1] ^= 1;
	shake(p);
	segment(p, 0, hello, len);
	server(p, 0x10, SERVER_ISN + 1, START + len - 1);
	cr_assert_eq(segment(p, 0, other, len), TC_ACT_SHOT, "not all of it is acknowledged");
	cr_assert_eq(segment(p, len, "\x14\3\3\0\1\1\x17", 7), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, len + 6, "\x16", 1), TC_ACT_SHOT, "nor this");
	server(p, 0x10, SERVER_ISN + 1, START + len + 7);
	cr_assert_eq(segment(p, 0, other, len), TC_ACT_UNSPEC, "past: one lookup, whatever it says");
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN + 5000, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(segment(p, len, hello, len), TC_ACT_SHOT, "a new connection of the same ports starts anew");
}

/* The server wants another key; the hello that comes then need not name the same site. */
Test(tls, second_hello)
{
	static const char between[] = "\x14\3\3\0\1\1\x15\3\3\0\2\1\x5a";
	__u32 gap = sizeof(between) - 1;
	__u8 good[1024], bad[1024];
	__u32 len = lab_hello(good, "www.fine.example", 5, 5), more = lab_hello(bad, "games.example", 5, 5);

	for (int round = 0; round < 2; round++) {
		struct lab_packet p = conn(443);

		shake(p);
		cr_assert_eq(segment(p, 0, good, len), TC_ACT_UNSPEC);
		if (round)
			server(p, 0x10, SERVER_ISN + 1, START + len);
		cr_assert_eq(segment(p, len, between, gap), TC_ACT_UNSPEC);
		for (__u32 at = 0; at < len - 1; at++)
			cr_assert_eq(segment(p, len + gap + at, good + at, 1), TC_ACT_UNSPEC, "%u", at);
		lab->events = 0;
		segment(p, len + gap + len - 1, good + len - 1, 1);
		segment(p, len + gap + len, bad, more);
		cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK, "and a third one");
	}
}

Test(tls, unknown_connections_are_refused_or_adopted)
{
	struct esafe_config config;
	struct lab_packet p = conn(443);

	cr_assert_eq(segment(p, 0, "data", 4), TC_ACT_UNSPEC); /* as a reset */
	cr_assert_eq(lab_count(lab, ESAFE_R_TCP_UNKNOWN), 1);
	cr_assert_eq(segment_flags(p, 0x10, START, NULL, 0), TC_ACT_UNSPEC, "no data, nothing to judge");
	maps_get_config(&lab->maps, &config);
	config.adopt_until_ns = lab_now(CLOCK_TAI) + 1000000000000ULL;
	maps_set_config(&lab->maps, &config);
	cr_assert_eq(segment(p, 0, "data", 4), TC_ACT_UNSPEC);
	cr_assert_eq(lab_count(lab, ESAFE_R_TCP_UNKNOWN), 1);
	config.adopt_until_ns = 0;
	maps_set_config(&lab->maps, &config);
	cr_assert_eq(segment(p, 4, "more", 4), TC_ACT_UNSPEC);
	cr_assert_eq(lab_count(lab, ESAFE_R_TCP_UNKNOWN), 1, "adopted for good");
}

Test(tls, fast_open)
{
	__u8 good[1024], bad[1024];
	__u32 len = lab_hello(good, "www.fine.example", 5, 6);
	struct lab_packet p = conn(443);

	lab_hello(bad, "www.games.example", 5, 5);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, good, len), TC_ACT_UNSPEC);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_ALLOW);
	server(p, 0x12, SERVER_ISN, START + len);
	cr_assert(is_judged(p, len));
	p = conn(443);
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, good, len), TC_ACT_UNSPEC);
	server(p, 0x12, SERVER_ISN, START); /* the server ignores the data: it comes again */
	cr_assert_eq(segment(p, 0, bad, len), TC_ACT_SHOT);
	cr_assert_eq(segment(p, 0, good, len), TC_ACT_UNSPEC);
	p = conn(443);
	segment_flags(p, 0x02, CLIENT_ISN, bad, len);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
}

/*
 * What a SYN carries vouches for nothing before the server has taken it: not for the stream of a connection that is
 * open already, whose server takes no notice of another SYN.
 */
Test(tls, syn_with_data_on_an_open_connection)
{
	static const char post[] = "POST / HTTP/1.1\r\nHost: www.fine.example\r\nContent-Length: 99999\r\n\r\n";
	__u8 good[1024], bad[1024];
	__u32 len = lab_hello(good, "www.fine.example", 5, 6);

	lab_hello(bad, "www.games.example", 5, 5);
	for (int row = 0; row < 8; row++) {
		const void *data = row & 1 ? (const void *)post : good;
		__u32 n = row & 1 ? sizeof(post) - 1 : len, isn = START - n - 1 - (row & 2 ? 100 : 0);
		struct lab_packet p = conn(443);

		shake(p);
		if (row & 4) /* one that was judged, whose reset the server did not take */
			segment(p, 0, bad, len);
		for (int again = 0; again < 3; again++)
			segment_flags(p, 0x02, isn, data, n);
		server(p, 0x10, SERVER_ISN + 1, START);
		cr_expect_eq(segment(p, 0, bad, len), TC_ACT_SHOT, "row %d", row);
		cr_expect_eq(lab->events, 0, "row %d", row);
		if (!(row & 4)) {
			server(p, 0x12, SERVER_ISN, START);
			cr_expect_eq(segment(p, 0, bad, len), TC_ACT_SHOT, "row %d: its SYN-ACK again", row);
		}
	}
}

/* As a flood does, all openings go, and those of others that have just begun stand in their places. */
static void push_out(void)
{
	struct { __u64 tag_state; __u32 start, end; } bucket[4];
	int fd = bpf_map__fd(lab->skel->maps.opening);

	for (__u32 i = 0; i < bpf_map__max_entries(lab->skel->maps.opening); i++) {
		__u64 newest = 0;

		LAB_CHECK(!bpf_map_lookup_elem(fd, &i, bucket));
		for (int way = 0; way < 4; way++)
			newest = bucket[way].tag_state ? bucket[way].tag_state : newest;
		for (int way = 0; way < 4 && newest; way++)
			bucket[way].tag_state = newest ^ (__u64)(way + 1) << 16;
		LAB_CHECK(!bpf_map_update_elem(fd, &i, bucket, BPF_ANY));
	}
}

/* The server repeats its SYN-ACK, which looks like the answer to a decoy whose data ends where the stream begins. */
Test(tls, syn_with_data_behind_a_flood)
{
	__u8 good[1024], bad[1024];
	__u32 len = lab_hello(good, "www.fine.example", 5, 6);
	struct lab_packet p = conn(443);

	lab_hello(bad, "www.games.example", 5, 5);
	shake(p);
	push_out();
	cr_expect_eq(segment_flags(p, 0x02, CLIENT_ISN - len, good, len), TC_ACT_SHOT);
	server(p, 0x12, SERVER_ISN, START);
	cr_expect_eq(segment(p, 0, bad, len), TC_ACT_SHOT);
}

Test(tls, fast_open_of_http)
{
	static const char post[] = "POST / HTTP/1.1\r\nHost: www.fine.example\r\nContent-Length: 3\r\n\r\n";
	static const char bad[] = "abcGET / HTTP/1.1\r\nHost: www.games.example\r\n\r\n";
	__u32 len = sizeof(post) - 1;

	for (int took = 0; took < 2; took++) {
		struct lab_packet p = conn(443);

		cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, post, len), TC_ACT_UNSPEC);
		cr_assert_eq(segment(p, len, bad, 3), TC_ACT_SHOT, "before the server has spoken");
		server(p, 0x12, SERVER_ISN, took ? START + len : START);
		if (!took)
			cr_assert_eq(segment(p, 0, post, len), TC_ACT_UNSPEC);
		cr_assert_eq(segment(p, len, bad, 3), TC_ACT_UNSPEC);
		server(p, 0x10, SERVER_ISN + 1, START + len + 3);
		segment(p, len + 3, bad + 3, sizeof(bad) - 4);
		cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	}
}

Test(tls, inbound_connections_to_a_device)
{
	struct lab_packet p = conn(443);

	cr_assert_eq(segment_flags(p, 0x12, 5, NULL, 0), TC_ACT_SHOT, "a SYN-ACK that nobody asked for");
	server(p, 0x02, 100, 0);
	cr_assert_eq(segment_flags(p, 0x12, 5, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(segment_flags(p, 0x18, 6, "hello", 5), TC_ACT_UNSPEC);
	cr_assert_eq(lab_count(lab, ESAFE_R_TCP_UNKNOWN), 0);
	/* a SYN from the far side does not free a connection that the device is opening */
	p = conn(443);
	segment_flags(p, 0x02, CLIENT_ISN, NULL, 0);
	server(p, 0x02, 100, 0);
	cr_assert_eq(segment_flags(p, 0x12, CLIENT_ISN, NULL, 0), TC_ACT_SHOT);
}

Test(tls, too_long_and_not_tls)
{
	static __u8 long_hello[20000];
	__u32 len = lab_hello(long_hello, "www.fine.example", 0, 0), sent = 0;
	struct lab_packet p = conn(443);
	size_t events = 0;

	/* a record that promises 16 KiB of extensions before the name */
	len = lab_hello(long_hello, "www.fine.example", 17000, 0);
	lab_put16(long_hello + 3, 16384);
	shake(p);
	while (sent < len && !events) {
		__u32 take = len - sent < 1400 ? len - sent : 1400;

		segment(p, sent, long_hello + sent, take);
		events += lab->events;
		sent += take;
	}
	cr_assert_eq(events, 1);
	cr_assert_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_assert_eq(lab->event[0].event.reason, ESAFE_R_TLS_TOO_LONG, "reason %d", lab->event[0].event.reason);
	p = conn(443);
	shake(p);
	cr_assert_eq(segment(p, 0, "nothing-2.0-SSH\n", 16), TC_ACT_UNSPEC);
	cr_assert_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
	cr_assert_eq(lab->event[0].event.proto, ESAFE_P_TCP);
}

Test(tls, quic_is_refused)
{
	struct lab_packet p = { .sport = 5000, .dport = 443, .payload = "\xc0\0\0\0\1 long header", .len = 16 };
	struct frame out;

	for (p.v6 = 0; p.v6 < 2; p.v6++)
		for (p.partial = 0; p.partial < 2; p.partial++) {
			__u8 *ip = out.bytes + 14, *icmp = ip + (p.v6 ? 40 : 20);
			__u32 len, pseudo;

			cr_assert_eq(lab_in(lab, &p, &out), TC_ACT_REDIRECT);
			cr_assert_eq(lab->event[0].event.reason, ESAFE_R_QUIC_REJECTED);
			len = out.len - (icmp - out.bytes);
			cr_assert_eq(icmp[0], p.v6 ? 1 : 3);
			cr_assert_eq(icmp[1], p.v6 ? 4 : 3);
			cr_assert_eq(len, 8 + (p.v6 ? 40 : 20) + 8);
			pseudo = p.v6 ? lab_pseudo(ip, 1, IPPROTO_ICMPV6, len) : 0;
			if (p.partial) { /* the sender sums from here on and puts the result where UDP has it */
				__u16 sum = ~lab_sum(icmp, len, 0);

				lab_put16(icmp + 6, sum);
			}
			cr_expect_eq(lab_sum(icmp, len, pseudo), 0xffff, "v6 %d, partial %d", p.v6, p.partial);
		}
}
