// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups with `unnamed: refuse`: what says no name does not pass, through the loaded programs. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { conferencing: Video conferences, doh: Resolvers }\n"
	"groups:\n"
	"  pupils: { default: allow, unnamed: refuse, tunnels: ssh, categories: { conferencing: block } }\n"
	"  staff: { inherit: pupils, categories: { conferencing: allow } }\n"
	"  office: { inherit: pupils, unnamed: allow, https_records: pass }\n"
	"  ks1: { default: block, unnamed: refuse }\n"
	"unknown: pupils\n"
	"networks:\n"
	"  - { name: meet, addresses: [198.51.100.0/24, \"2001:db8:aaaa::/48\"], ports: [udp/3478, tcp/3478],\n"
	"      category: conferencing }\n"
	"  - { name: push, addresses: [17.0.0.0/8, \"2001:db8:bbbb::/48\"], ports: [tcp/5223, udp/5223] }\n"
	"outer_names: [outer.example]\n";

enum { PUPIL = 1, STAFF, OFFICE, KS1, HOSTS };

static void setup(void)
{
	conn_open(policy, (const struct lab_name[]){ { NULL, NULL, 0 } }, "pupils");
	lab_device(lab, "staff", STAFF);
	lab_device(lab, "office", OFFICE);
	lab_device(lab, "ks1", KS1);
}

TestSuite(unnamed, .init = setup, .fini = conn_close);

/* ClientHellos: with a name, without, and with one that only covers another. */
enum { NO_HELLO, NAMED, NAMELESS, OUTER, HELLOS };
static __u8 hello[HELLOS][2048];
static __u32 hello_len[HELLOS];

/* What a device says first to an address; `may`: the groups that may, by their numbers. */
static const struct words {
	const char *what, *dst, *dst6;
	__u16 port;
	const char *bytes; /* NULL: a ClientHello */
	int udp, hello;
	const char *may;
} words[] = {
	{ "TLS", "203.0.113.9", "2001:db8:ffff::9", 443, NULL, 0, NAMED, "123" },
	{ "TLS without a name", "203.0.113.9", "2001:db8:ffff::9", 443, NULL, 0, NAMELESS, "3" },
	{ "Encrypted ClientHello", "203.0.113.9", "2001:db8:ffff::9", 443, NULL, 0, OUTER, "3" },
	{ "noise", "203.0.113.9", "2001:db8:ffff::9", 8388, "\x93\x1c\xf7 noise", 0, 0, "3" },
	{ "HTTP", "203.0.113.9", "2001:db8:ffff::9", 80, "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n", 0, 0, "123" },
	{ "SSH", "203.0.113.9", "2001:db8:ffff::9", 22, "SSH-2.0-x\r\n", 0, 0, "123" },
	{ "datagrams", "203.0.113.9", "2001:db8:ffff::9", 5000, "some words", 1, 0, "3" },
	{ "an open network", "17.1.2.3", "2001:db8:bbbb::9", 5223, "\x93\x1c\xf7 noise", 0, 0, "123" },
	{ "its datagrams", "17.1.2.3", "2001:db8:bbbb::9", 5223, "some words", 1, 0, "123" },
	{ "another port of it", "17.1.2.3", "2001:db8:bbbb::9", 5224, "some words", 1, 0, "3" },
	{ "a network that a group may use", "198.51.100.9", "2001:db8:aaaa::9", 3478, "some words", 1, 0, "2" },
	{ "a server of the school", "10.20.0.5", "fd00::5", 9100, "\x93\x1c\xf7 noise", 0, 0, "123" },
};

/* 1: it passes. */
static int say(const struct words *w, int host, int v6)
{
	const void *payload = w->bytes ? (const void *)w->bytes : hello[w->hello];
	__u32 len = w->bytes ? strlen(w->bytes) : hello_len[w->hello];
	struct lab_packet p = conn(w->port);

	p.host = host;
	p.v6 = v6;
	p.dst = v6 ? w->dst6 : w->dst;
	if (w->udp) {
		p.payload = payload;
		p.len = len;
		return lab_in(lab, &p, NULL) == TC_ACT_UNSPEC;
	}
	shake(p);
	segment(p, 0, payload, len);
	return !conn_is_blocked(p, len);
}

Test(unnamed, who_may_say_what)
{
	hello_len[NAMED] = lab_hello(hello[NAMED], "www.example", 20, 20);
	hello_len[NAMELESS] = lab_hello(hello[NAMELESS], "", 20, 20);
	hello_len[OUTER] = lab_hello(hello[OUTER], "outer.example", 20, 20);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		for (int host = PUPIL; host < HOSTS; host++)
			for (int v6 = 0; v6 < 2; v6++) {
				const struct words *w = &words[i];
				int may = !!strchr(w->may, '0' + host);

				cr_expect_eq(say(w, host, v6), may, "%s, host %d, v6 %d", w->what, host, v6);
			}
}

Test(unnamed, refused_by_name)
{
	struct lab_packet p = conn(5000);

	p.dst = "203.0.113.9";
	p.payload = "some words";
	p.len = 10;
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_REDIRECT, "an ICMP error");
	cr_assert_eq(lab->events, 1);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
}
