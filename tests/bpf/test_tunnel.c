// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunnels through the loaded programs: who may use which, over UDP, TCP and other protocols. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { games: Games, doh: Resolvers }\n"
	"groups:\n"
	"  pupils: { default: allow, quic: inspect, categories: { games: block, doh: block } }\n"
	"  staff: { default: allow, quic: inspect, tunnels: [wireguard, openvpn, ssh, ipsec, gre],\n"
	"    categories: { doh: allow } }\n"
	"  ks1: { default: block, quic: allow, tunnels: ssh }\n"
	"  routers: { default: allow, tunnels: all }\n"
	"  offline: { default: allow, internet: no, tunnels: all }\n"
	"unknown: ks1\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

enum { PUPIL = 1, STAFF, KS1, ROUTER, OFFLINE, HOSTS };

static void setup(void)
{
	conn_open(policy, names, "pupils");
	lab_device(lab, "staff", STAFF);
	lab_device(lab, "ks1", KS1);
	lab_device(lab, "routers", ROUTER);
	lab_device(lab, "offline", OFFLINE);
}

TestSuite(tunnel, .init = setup, .fini = conn_close);

#define SESSION "\1\2\3\4\5\6\7\10"
#define DATAGRAM(text, len) text, sizeof(text) - 1, len

static const struct shape {
	const char *bytes;
	__u32 have, len; /* zeros follow */
	__u16 port;
	int reason, proto;
} shapes[] = {
	{ DATAGRAM("\1\0\0\0\7\7\7\7", 148), 51820, ESAFE_R_WIREGUARD, ESAFE_P_UDP },
	{ DATAGRAM("\1\0\0\0\7\7\7\7", 148), 53, ESAFE_R_WIREGUARD, ESAFE_P_UDP },
	{ DATAGRAM("\1\0\0\0\7\7\7\7", 148), 443, ESAFE_R_WIREGUARD, ESAFE_P_UDP },
	{ DATAGRAM("\1\0\0\0\7\7\7\7", 148), 853, ESAFE_R_WIREGUARD, ESAFE_P_UDP },
	{ DATAGRAM("\4\0\0\0\7\7\7\7\1", 96), 123, ESAFE_R_WIREGUARD, ESAFE_P_UDP },
	{ DATAGRAM("\x38" SESSION, 14), 1194, ESAFE_R_OPENVPN, ESAFE_P_UDP },
	{ DATAGRAM("\x38" SESSION, 42), 443, ESAFE_R_OPENVPN, ESAFE_P_UDP },
	{ DATAGRAM("\x38" SESSION "\0\0\0\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
		   "\1\1\1\1\1", 54), 8080, ESAFE_R_OPENVPN, ESAFE_P_UDP },
	{ DATAGRAM("\x50" SESSION "\17\0\0\1", 400), 1194, ESAFE_R_OPENVPN, ESAFE_P_UDP },
	{ DATAGRAM(SESSION "\0\0\0\0\0\0\0\0\x21\x20\x22\x08\0\0\0\0\0\0\1\0", 256), 500, ESAFE_R_IPSEC, ESAFE_P_UDP },
	{ DATAGRAM("\xc0\1\2\3\0\0\0\1", 100), 4500, ESAFE_R_IPSEC, ESAFE_P_UDP },
	{ DATAGRAM("\xc8\2\0\x64\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\1", 100), 1701, ESAFE_R_L2TP, ESAFE_P_UDP },
	{ DATAGRAM("\x60\0\0\0\0\x14\x3a\xff\xfe\x80", 60), 3544, ESAFE_R_TEREDO, ESAFE_P_UDP },
	{ DATAGRAM("SSH-2.0-x\r\n", 11), 22, ESAFE_R_SSH, ESAFE_P_TCP },
	{ DATAGRAM("SSH-2.0-x\r\n", 11), 443, ESAFE_R_SSH, ESAFE_P_TCP },
	{ DATAGRAM("\0\x9c\0\1\x1a\x2b\x3c\x4d\0\1", 156), 1723, ESAFE_R_PPTP, ESAFE_P_TCP },
	{ DATAGRAM("\0\x0e\x38" SESSION, 16), 443, ESAFE_R_OPENVPN, ESAFE_P_TCP },
	{ DATAGRAM("\1\x90\x50" SESSION "\0\0\0\1", 402), 1194, ESAFE_R_OPENVPN, ESAFE_P_TCP },
	{ DATAGRAM("\5\2\0\2", 4), 1080, ESAFE_R_SOCKS, ESAFE_P_TCP },
	{ DATAGRAM("\5\1\0\5\1\0\3\4home\0\x16", 14), 443, ESAFE_R_SOCKS, ESAFE_P_TCP },
	{ DATAGRAM("\4\1\1\xbb\xcb\0\x71\x50\0", 9), 8080, ESAFE_R_SOCKS, ESAFE_P_TCP },
	{ DATAGRAM("\4\1\1\xbb\0\0\0\1me\0home.example\0", 24), 1080, ESAFE_R_SOCKS, ESAFE_P_TCP },
};

static __u8 bytes[4096];

static const void *fill(const struct shape *shape)
{
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, shape->bytes, shape->have);
	return bytes;
}

static void expect(const char *what, int verdict, int reason, int proto)
{
	const struct esafe_event *e = &lab->event[0].event;

	cr_assert_eq(lab->events, 1, "%s: %zu events", what, lab->events);
	cr_assert(e->verdict == verdict && e->reason == reason && e->proto == proto, "%s: verdict %d reason %d proto %d",
		  what, e->verdict, e->reason, e->proto);
	cr_assert_eq(e->name_len, 0);
}

/* One whole message of the shape. UDP: what the program does; TCP: whether the connection goes on. */
static int begin(const struct shape *shape, int host, int v6, const char *dst)
{
	struct lab_packet p = conn(shape->port);
	int fate;

	p.host = host;
	p.v6 = v6;
	p.dst = dst;
	p.payload = fill(shape);
	p.len = shape->len;
	if (shape->proto == ESAFE_P_UDP)
		return lab_in(lab, &p, NULL);
	shake(p);
	fate = segment(p, 0, bytes, shape->len);
	cr_assert_eq(fate, TC_ACT_UNSPEC, "%d", fate); /* or a reset to the server in its place */
	if (lab->events == 1)
		return lab->event[0].event.verdict == ESAFE_ALLOW ? TC_ACT_UNSPEC : TC_ACT_REDIRECT;
	return fate;
}

Test(tunnel, who_may_use_what)
{
	static const char *const allowed[HOSTS] = {
		[PUPIL] = "", [STAFF] = "wireguard openvpn ssh ipsec gre", [KS1] = "ssh",
		[ROUTER] = "wireguard openvpn ssh ipsec gre l2tp pptp teredo socks", [OFFLINE] = "",
	};
	static const char *const text[] = {
#define X(name, number, text, meaning) [number] = text,
		ESAFE_REASONS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (int host = PUPIL; host < HOSTS; host++)
			for (int v6 = 0; v6 < 2; v6++) {
				const struct shape *s = &shapes[i];
				int may = !!strstr(allowed[host], text[s->reason]);
				int fate = begin(s, host, v6, NULL);
				char what[64];

				snprintf(what, sizeof(what), "shape %zu, host %d, v6 %d", i, host, v6);
				if (may && s->proto == ESAFE_P_UDP && (s->port == 53 || s->port == 443 || s->port == 853))
					continue; /* what such a port is for is judged as well */
				expect(what, may ? ESAFE_ALLOW : ESAFE_BLOCK,
				       host == OFFLINE ? ESAFE_R_NO_INTERNET : s->reason, s->proto);
				cr_assert_eq(fate, may ? TC_ACT_UNSPEC : TC_ACT_REDIRECT, "%s: %d", what, fate);
			}
}

Test(tunnel, near_addresses_are_left_alone)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *s = &shapes[i];

		if (s->port == 53 || s->port == 443 || s->port == 853)
			continue;
		cr_assert_eq(begin(s, PUPIL, 0, "10.20.0.5"), TC_ACT_UNSPEC, "shape %zu", i);
		cr_assert_eq(lab_count(lab, s->reason), 0);
		cr_assert_eq(begin(s, PUPIL, 1, "fd00:20::5"), TC_ACT_UNSPEC, "shape %zu", i);
		cr_assert_eq(lab_count(lab, s->reason), 0);
	}
}

/* Datagrams that say nothing do not vouch for the next one between the same ports. */
Test(tunnel, behind_something_else)
{
	struct lab_packet p = conn(51820);

	p.payload = "anything at all, a hundred times";
	p.len = 32;
	for (int i = 0; i < 100; i++)
		cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
	p.payload = fill(&shapes[0]);
	p.len = 148;
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_REDIRECT);
	expect("after junk", ESAFE_BLOCK, ESAFE_R_WIREGUARD, ESAFE_P_UDP);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_REDIRECT);
	cr_assert_eq(lab->events, 0, "one event is enough");
	cr_assert_eq(lab_count(lab, ESAFE_R_WIREGUARD), 11);
}

static int merged(struct lab_packet *p, __u32 size)
{
	struct __sk_buff ctx = { .gso_size = size, .gso_segs = (p->len + size - 1) / size };
	LIBBPF_OPTS(bpf_test_run_opts, run, .repeat = 1, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));
	static struct frame f;

	lab_frame(&f, p);
	run.data_in = f.bytes;
	run.data_size_in = f.len;
	LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.esafe_ingress), &run));
	lab->events = 0;
	LAB_CHECK(ring_buffer__consume(lab->ring) >= 0);
	return run.retval;
}

Test(tunnel, merged_datagrams)
{
	for (__u32 at = 0; at < 5; at++) {
		struct lab_packet p = conn(51820);

		memset(bytes, 'x', sizeof(bytes));
		p.payload = bytes;
		p.len = 5 * 148;
		cr_assert_eq(merged(&p, 148), TC_ACT_UNSPEC);
		memcpy(bytes + at * 148, "\1\0\0\0", 4);
		cr_assert_eq(merged(&p, 148), TC_ACT_REDIRECT, "the %uth", at);
		expect("merged", ESAFE_BLOCK, ESAFE_R_WIREGUARD, ESAFE_P_UDP);
	}
}

Test(tunnel, streams_cut_at_every_byte)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *s = &shapes[i];
		struct lab_packet p = conn(s->port);
		__u32 at;

		if (s->proto != ESAFE_P_TCP)
			continue;
		fill(s);
		shake(p);
		for (at = 0; at < s->len && !lab->events; at++)
			cr_assert_eq(segment(p, at, bytes + at, 1), TC_ACT_UNSPEC);
		expect("cut", ESAFE_BLOCK, s->reason, ESAFE_P_TCP);
		cr_assert(conn_is_blocked(p, at));
	}
}

/* What begins like one and goes on otherwise is what it is. */
Test(tunnel, streams_that_only_begin_alike)
{
	static const struct { const char *bytes; __u32 len; int reason, proto; } rows[] = {
		{ "S", 1, -1, 0 },
		{ "SEARCH / HTTP/1.1\r\nHost: a.games.example\r\n\r\n", 44, ESAFE_R_CATEGORY, ESAFE_P_HTTP },
		{ "SSL\r\n", 5, ESAFE_R_UNNAMED, ESAFE_P_TCP },
		{ "\0\0\0\4abcd", 8, ESAFE_R_UNNAMED, ESAFE_P_TCP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (__u32 cut = 1; cut <= 2; cut++) {
			struct lab_packet p = conn(8000);

			shake(p);
			cr_assert_eq(segment(p, 0, rows[i].bytes, cut < rows[i].len ? cut : rows[i].len), TC_ACT_UNSPEC);
			if (rows[i].reason < 0) {
				cr_assert_eq(lab->events, 0);
				continue;
			}
			cr_assert_eq(segment(p, cut, rows[i].bytes + cut, rows[i].len - cut), TC_ACT_UNSPEC);
			cr_assert_eq(lab->events, 1, "row %zu cut %u", i, cut);
			cr_assert_eq(lab->event[0].event.reason, rows[i].reason, "row %zu cut %u: %d", i, cut,
				     lab->event[0].event.reason);
			cr_assert_eq(lab->event[0].event.proto, rows[i].proto);
		}
}

/* A packet of another protocol: 100 bytes behind its IP header. */
static int other(__u8 protocol, int host, int v6, const char *dst)
{
	struct lab_packet p = { .host = host, .v6 = v6, .dst = dst, .payload = bytes, .len = 92 };
	static struct frame f;

	lab_frame(&f, &p);
	f.bytes[v6 ? 20 : 23] = protocol;
	return lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL);
}

Test(tunnel, other_protocols)
{
	static const struct { __u8 protocol; int reason; } rows[] = {
		{ 47, ESAFE_R_GRE }, { 4, ESAFE_R_IP_IN_IP }, { 41, ESAFE_R_IP_IN_IP }, { 50, ESAFE_R_IPSEC },
		{ 115, ESAFE_R_L2TP }, { 132, ESAFE_R_PROTOCOL }, { 33, ESAFE_R_PROTOCOL }, { 136, ESAFE_R_PROTOCOL },
		{ 254, ESAFE_R_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			int may = rows[i].protocol == 47 || rows[i].protocol == 50;

			cr_assert_eq(other(rows[i].protocol, PUPIL, v6, NULL), TC_ACT_SHOT, "row %zu", i);
			expect("pupil", ESAFE_BLOCK, rows[i].reason, ESAFE_P_IP);
			cr_assert_eq(other(rows[i].protocol, PUPIL, v6, NULL), TC_ACT_SHOT);
			cr_assert_eq(lab->events, 0, "one event is enough");
			cr_assert_eq(other(rows[i].protocol, STAFF, v6, NULL), may ? TC_ACT_UNSPEC : TC_ACT_SHOT);
			expect("staff", may ? ESAFE_ALLOW : ESAFE_BLOCK, rows[i].reason, ESAFE_P_IP);
			cr_assert_eq(other(rows[i].protocol, ROUTER, v6, NULL), TC_ACT_UNSPEC);
			expect("router", ESAFE_ALLOW, rows[i].reason, ESAFE_P_IP);
			cr_assert_eq(other(rows[i].protocol, PUPIL, v6, v6 ? "fd00::9" : "192.168.3.9"), TC_ACT_UNSPEC);
		}
	/* OSPF and VRRP among routers; IGMP, which is for the link alone */
	cr_assert_eq(other(89, PUPIL, 0, "224.0.0.5"), TC_ACT_UNSPEC);
	cr_assert_eq(other(112, PUPIL, 1, "ff02::12"), TC_ACT_UNSPEC);
	cr_assert_eq(other(2, PUPIL, 0, "224.0.0.22"), TC_ACT_UNSPEC);
	cr_assert_eq(other(2, PUPIL, 0, NULL), TC_ACT_SHOT);
	expect("IGMP", ESAFE_BLOCK, ESAFE_R_PROTOCOL, ESAFE_P_IP);
}

/* An ICMP message of this type and length, or its first part. */
static int icmp(__u8 type, int host, int v6, __u32 len, int in_parts, const char *dst)
{
	struct lab_packet p = { .host = host, .v6 = v6, .dst = dst, .payload = bytes, .len = len - 8,
				.fragment = in_parts ? 0x2000 : 0 };
	static struct frame f;

	lab_frame(&f, &p);
	f.bytes[v6 ? 20 : 23] = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	f.bytes[v6 ? 54 : 34] = type;
	return lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL);
}

Test(tunnel, echoes)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (int reply = 0; reply < 2; reply++) {
			__u8 type = v6 ? 128 + reply : reply ? 0 : 8;

			cr_assert_eq(icmp(type, PUPIL, v6, 64, 0, NULL), TC_ACT_UNSPEC);
			cr_assert_eq(icmp(type, PUPIL, v6, 136, 0, NULL), TC_ACT_UNSPEC);
			cr_assert_eq(lab->events, 0);
			cr_assert_eq(icmp(type, PUPIL, v6, 137, 0, NULL), TC_ACT_SHOT);
			cr_assert_eq(icmp(type, PUPIL, v6, 1400, 0, NULL), TC_ACT_SHOT);
			cr_assert(v6 || icmp(type, PUPIL, v6, 64, 1, NULL) == TC_ACT_SHOT, "in parts");
			cr_assert_eq(icmp(type, ROUTER, v6, 1400, 0, NULL), TC_ACT_UNSPEC);
			cr_assert_eq(icmp(type, PUPIL, v6, 1400, 0, v6 ? "fd00::9" : "192.168.3.9"), TC_ACT_UNSPEC);
		}
	cr_assert_eq(icmp(8, STAFF, 0, 1400, 0, NULL), TC_ACT_SHOT);
	expect("staff", ESAFE_BLOCK, ESAFE_R_ICMP, ESAFE_P_IP);
}

/* Which messages of ICMP a host needs on the other side of a gateway, and how long they may be. */
Test(tunnel, messages_of_icmp)
{
	enum { NEVER, SHORT = 136, ERROR4 = 576 - 20, ERROR6 = 1280 - 40 };
	__u32 longest[2][256] = {
		{ [0] = SHORT, [8] = SHORT, [3] = ERROR4, [4] = ERROR4, [5] = ERROR4, [11] = ERROR4, [12] = ERROR4 },
		{ [1] = ERROR6, [2] = ERROR6, [3] = ERROR6, [4] = ERROR6, [137] = ERROR6, [128] = SHORT, [129] = SHORT,
		  /* of the link: listeners, neighbours, routers */
		  [130] = SHORT, [131] = SHORT, [132] = SHORT, [133] = SHORT, [134] = SHORT, [135] = SHORT, [136] = SHORT,
		  [141] = SHORT, [142] = SHORT, [143] = SHORT, [148] = SHORT, [149] = SHORT, [151] = SHORT, [152] = SHORT,
		  [153] = SHORT },
	};

	for (int v6 = 0; v6 < 2; v6++)
		for (int type = 0; type < 256; type++) {
			__u32 most = longest[v6][type];

			if (most) {
				cr_assert_eq(icmp(type, PUPIL, v6, most, 0, NULL), TC_ACT_UNSPEC, "v6 %d type %d", v6, type);
				cr_assert_eq(lab->events, 0);
			}
			cr_assert_eq(icmp(type, PUPIL, v6, most < 8 ? 8 : most + 1, 0, NULL), TC_ACT_SHOT, "v6 %d type %d",
				     v6, type);
			cr_assert_eq(icmp(type, PUPIL, v6, 1000, 0, v6 ? "fe80::1" : "192.168.3.9"), TC_ACT_UNSPEC);
			cr_assert_eq(icmp(type, ROUTER, v6, 1400, 0, NULL), TC_ACT_UNSPEC);
		}
	cr_assert_eq(icmp(13, PUPIL, 0, 20, 0, NULL), TC_ACT_SHOT);
	cr_assert_eq(icmp(13, STAFF, 0, 20, 0, NULL), TC_ACT_SHOT);
	expect("a timestamp", ESAFE_BLOCK, ESAFE_R_ICMP, ESAFE_P_IP);
	cr_assert_eq(icmp(3, PUPIL, 0, 100, 1, NULL), TC_ACT_SHOT, "errors are never in parts");
	cr_assert_eq(other(58, PUPIL, 0, NULL), TC_ACT_SHOT, "that of the other IP");
	cr_assert_eq(other(1, PUPIL, 1, NULL), TC_ACT_SHOT);
}

/* The later parts of a message, with none in front. */
Test(tunnel, parts_of_icmp)
{
	for (int host = PUPIL; host <= ROUTER; host++) {
		struct lab_packet p = { .host = host, .payload = bytes, .len = 1000, .fragment = 100 };
		static struct frame f;

		lab_frame(&f, &p);
		f.bytes[23] = IPPROTO_ICMP;
		cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL),
			     host == ROUTER ? TC_ACT_UNSPEC : TC_ACT_SHOT, "%d", host);
		p.dst = "192.168.3.9";
		lab_frame(&f, &p);
		f.bytes[23] = IPPROTO_ICMP;
		cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL), TC_ACT_UNSPEC, "%d", host);
	}
}

/* A new policy is felt by the next packet. */
Test(tunnel, a_new_policy_counts_at_once)
{
	static char changed[sizeof(policy)];

	cr_assert_eq(other(47, PUPIL, 0, NULL), TC_ACT_SHOT);
	cr_assert_eq(other(47, STAFF, 0, NULL), TC_ACT_UNSPEC);
	strcpy(changed, policy);
	memcpy(strstr(changed, ", gre]"), "]     ", 6);
	lab_policy(lab, changed);
	lab->policy->version++;
	cr_assert(!maps_set_policy(&lab->maps, lab->policy));
	cr_assert_eq(other(47, STAFF, 0, NULL), TC_ACT_SHOT);
	expect("staff", ESAFE_BLOCK, ESAFE_R_GRE, ESAFE_P_IP);
}

/* What is cut so that its start does not say what it is. */
Test(tunnel, fragments)
{
	struct lab_packet p = conn(51820);

	memset(bytes, 'x', sizeof(bytes));
	p.payload = bytes;
	p.fragment = 0x2000;
	p.len = 1200;
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
	memcpy(bytes, "\xc0\0\0\0\1\10", 6);
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_SHOT, "a connection of QUIC to another port");
	fill(&shapes[8]);
	p.len = 400;
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_REDIRECT, "OpenVPN");
	p.len = 1200;
	for (__u32 have = 0; have < 256; have += 8) {
		static struct frame f;

		lab_frame(&f, &p);
		lab_put16(f.bytes + 16, 28 + have);
		f.len = have < 18 ? 60 : 42 + have; /* padded */
		cr_assert_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL), TC_ACT_SHOT, "%u bytes", have);
	}
	cr_assert_geq(lab_count(lab, ESAFE_R_FRAGMENT), 32);
}

/* ---- DNS over TLS and over QUIC: whatever the server is called ---- */

Test(tunnel, dns_over_tls)
{
	static const struct { int host; const char *name; int verdict, reason; } rows[] = {
		{ PUPIL, "resolver.fine.example", ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ PUPIL, "", ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ STAFF, "resolver.fine.example", ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ STAFF, "", ESAFE_ALLOW, ESAFE_R_UNNAMED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(853);
		__u32 len = lab_hello(bytes, rows[i].name, 20, 20);
		const struct esafe_event *e = &lab->event[0].event;

		p.host = rows[i].host;
		shake(p);
		cr_assert_eq(segment(p, 0, bytes, len), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1);
		cr_assert(e->verdict == rows[i].verdict && e->reason == rows[i].reason, "row %zu: %d %d", i, e->verdict,
			  e->reason);
		cr_assert_eq(conn_is_blocked(p, len), rows[i].verdict == ESAFE_BLOCK);
		if (rows[i].verdict == ESAFE_BLOCK)
			cr_assert_eq(e->category, idtable_get(&lab->categories, "doh"));
	}
}
