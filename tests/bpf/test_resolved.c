// SPDX-License-Identifier: GPL-2.0-or-later
/* Resolved or refused: which addresses a device may begin to talk to, through the loaded programs. */
#include <criterion/criterion.h>
#include "answers.h"
#include "initial.h"

#define RESOLVED_STEPS 20 /* bits of the time in a word of the table */
#define HOUR 53           /* of such steps */

static const char policy[] =
	"categories: { games: Games, doh: Resolvers, conferencing: Video conferences, newsgroups: Newsgroups }\n"
	"groups:\n"
	"  pupils:\n"
	"    default: allow\n"
	"    unresolved: refuse\n"
	"    quic: inspect\n"
	"    categories: { games: block, doh: block, newsgroups: block, conferencing: supervised }\n"
	"  staff: { inherit: pupils, categories: { conferencing: allow, doh: allow } }\n"
	"  visitors: { default: allow, unresolved: refuse }\n"
	"  office: { default: allow, https_records: pass, categories: { doh: block } }\n"
	"  ks1: { default: block, sites: { www.fine.example: allow } }\n"
	"unknown: pupils\n"
	"networks:\n"
	"  - { name: meet, addresses: [198.51.100.0/24, \"2001:db8:aaaa::/48\"], ports: [udp/3478-3481, tcp/443],\n"
	"      category: conferencing }\n"
	"  - { name: wide, addresses: [52.112.0.0/14], ports: [tcp/443], category: conferencing }\n"
	"  - { name: push, addresses: [17.0.0.0/8], ports: [tcp/5223] }\n"
	"  - { name: resolver, addresses: [192.0.2.53, \"2001:db8:53::53\"], ports: [tcp/443, udp/443, tcp/853],\n"
	"      category: doh }\n"
	"  - { name: usenet, ports: [tcp/119, tcp/563], category: newsgroups }\n"
	"services:\n"
	"  engine: { kind: search, names: [www.engine.example], strict: { ipv4: [203.0.113.200] } }\n"
	"resolvers: [10.0.0.9]\n"
	"outer_names: [outer.example]\n";

static __u16 port = 1024;

static void setup(void)
{
	lab = lab_open();
	lab_policy(lab, policy);
	lab_names(lab, (const struct lab_name[]){ { "games.example", "games", 0 }, { NULL, NULL, 0 } });
	lab_device(lab, "pupils", 1);
	lab_device(lab, "pupils", 2);
	lab_device(lab, "staff", 3);
	lab_device(lab, "office", 4);
	lab_device(lab, "ks1", 5);
	lab_device(lab, "visitors", 6);
	lab_device(lab, "staff", 9);
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(resolved, .init = setup, .fini = teardown);

/* An answer with one address goes to this device. */
static void resolve(__u8 host, const char *addr)
{
	struct lab_packet p = { .host = host };
	__u8 bytes[16];

	begin("www.school.example", strchr(addr, ':') ? 28 : 1);
	if (inet_pton(AF_INET, addr, bytes) == 1)
		record(OWNER_QUESTION, 1, bytes, 4);
	else if (inet_pton(AF_INET6, addr, bytes) == 1)
		record(OWNER_QUESTION, 28, bytes, 16);
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
}

static struct lab_packet to(__u8 host, const char *addr, __u16 dport)
{
	return (struct lab_packet){ .host = host, .dst = addr, .v6 = !!strchr(addr, ':'), .dport = dport,
				    .sport = ++port };
}

/* The first packet of a connection: does it pass? 0 and the event, if it does not. */
static int syn(__u8 host, const char *addr, __u16 dport)
{
	struct lab_packet p = to(host, addr, dport);

	p.flags = 2;
	p.seq = 5000;
	return lab_in(lab, &p, &out) == TC_ACT_UNSPEC;
}

static int datagram(struct lab_packet *p, const void *payload, __u32 n)
{
	p->payload = payload;
	p->len = n;
	return lab_in(lab, p, &out) == TC_ACT_UNSPEC;
}

static int udp(__u8 host, const char *addr, __u16 dport)
{
	struct lab_packet p = to(host, addr, dport);

	return datagram(&p, "some words that are no protocol", 31);
}

static void refused(int reason)
{
	cr_assert_eq(lab->events, 1, "%zu events", lab->events);
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_BLOCK);
	cr_expect_eq(lab->event[0].event.reason, reason, "reason %d", lab->event[0].event.reason);
	cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_ADDRESS);
	cr_expect_eq(lab->event[0].event.name_len, 0);
}

#define BUCKETS 131072
static __u64 words[BUCKETS * 8];
static __u32 keys[BUCKETS];

static void table_read(void)
{
	__u32 count = BUCKETS, batch;

	if (bpf_map_lookup_batch(lab->maps.resolved, NULL, &batch, keys, words, &count, NULL))
		LAB_CHECK(errno == ENOENT);
	LAB_CHECK(count == BUCKETS);
}

static void table_write(void)
{
	__u32 count = BUCKETS;

	LAB_CHECK(!bpf_map_update_batch(lab->maps.resolved, keys, words, &count, NULL));
}

/* Lets so many steps go by for the whole table. */
static void age(__u64 steps)
{
	__u64 mask = (1 << RESOLVED_STEPS) - 1;

	table_read();
	for (size_t i = 0; i < BUCKETS * 8; i++)
		if (words[i])
			words[i] = (words[i] & ~mask) | ((words[i] - steps) & mask);
	table_write();
}

static const char *const servers[] = { "203.0.113.80", "2001:db8:ffff::80" };

Test(resolved, tcp_to_an_address_by_number)
{
	for (int i = 0; i < 2; i++) {
		__u32 l4 = i ? 54 : 34;

		cr_assert_not(syn(1, servers[i], 443));
		refused(ESAFE_R_UNRESOLVED);
		cr_expect_eq(lab->event[0].event.proto, ESAFE_P_TCP);
		cr_expect_eq(out.len, l4 + 20, "a reset");
		cr_expect_eq(out.bytes[l4 + 13], 0x14);
		cr_expect_eq(out.bytes[l4 + 11], 5001 & 255, "it acknowledges the SYN");
		cr_expect_eq(lab_sum(out.bytes + l4, 20, lab_pseudo(out.bytes + 14, i, IPPROTO_TCP, 20)), 0xffff);
		resolve(1, servers[i]);
		cr_expect(syn(1, servers[i], 443));
		cr_expect_eq(lab->events, 0);
		cr_expect_not(syn(2, servers[i], 443), "another device has not resolved it");
		cr_expect_not(syn(1, i ? "2001:db8:ffff::81" : "203.0.113.81", 443));
	}
}

Test(resolved, udp_to_an_address_by_number)
{
	for (int i = 0; i < 2; i++) {
		struct lab_packet p = to(1, servers[i], 5000);
		__u32 l3 = i ? 54 : 34;

		cr_assert_not(datagram(&p, "x", 1));
		refused(ESAFE_R_UNRESOLVED);
		cr_expect_eq(lab->event[0].event.proto, ESAFE_P_UDP);
		cr_expect_eq(out.bytes[l3], i ? 1 : 3, "port unreachable");
		cr_expect_eq(out.bytes[l3 + 1], i ? 4 : 3);
		cr_assert_not(datagram(&p, "x", 1));
		cr_expect_eq(lab->events, 0, "one event a flow");
		resolve(1, servers[i]);
		cr_expect(datagram(&p, "x", 1), "resolved meanwhile");
		cr_expect_eq(lab->events, 1);
		cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
		cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_DNS);
		cr_expect(datagram(&p, "y", 1));
		cr_expect_eq(lab->events, 0);
		cr_expect_not(udp(2, servers[i], 5000));
	}
}

Test(resolved, quic_to_an_address_by_number)
{
	static __u8 hello[2048], frames[2048], bytes[2048];
	__u32 n = lab_hello(hello, "www.fine.example", 20, 20) - 5;

	memmove(hello, hello + 5, n);
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		struct lab_packet p = to(1 + elsewhere, servers[0], elsewhere ? 8443 : 443);
		__u8 *id = (__u8 *)(elsewhere ? "12345678" : "87654321");
		struct initial i = { .version = 1, .keys = id, .keys_len = 8, .dcid = id, .dcid_len = 8,
				     .scid = (__u8 *)"abcdefgh", .scid_len = 8, .number_len = 2, .frames = frames };
		__u32 len;

		memset(frames, 0, sizeof(frames));
		i.frames_len = initial_crypto(frames, hello, 0, n);
		i.frames_len = i.frames_len < 1162 ? 1162 : i.frames_len;
		len = initial_make(&i, bytes);
		cr_assert_not(datagram(&p, bytes, len));
		refused(ESAFE_R_UNRESOLVED);
		cr_expect_eq(lab->event[0].event.proto, ESAFE_P_QUIC);
		cr_assert_not(datagram(&p, bytes, len));
		cr_expect_eq(lab->events, 0, "one event a flow");
		resolve(1 + elsewhere, servers[0]);
		cr_assert(datagram(&p, bytes, len));
		cr_assert_eq(lab->events, 1);
		cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_NAME);
		cr_expect_str_eq(lab->event[0].name, "www.fine.example");
		cr_expect(datagram(&p, "\x55 data", 6));
		cr_expect_eq(lab->events, 0);
	}
}

/* Answers that lead over a chain, and hints in those of type 65. */
Test(resolved, every_address_of_an_answer_counts)
{
	struct lab_packet p = { .host = 4 };
	__u32 owner;

	begin("www.school.example", 1);
	owner = cname(OWNER_QUESTION, "cdn.example", 0);
	for (__u8 i = 1; i <= 16; i++)
		record(owner, 1, (__u8[]){ 203, 0, 113, i }, 4);
	opt(0);
	p.host = 1;
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	for (int i = 1; i <= 16; i++) {
		char text[32];

		snprintf(text, sizeof(text), "203.0.113.%d", i);
		cr_expect(syn(1, text, 443), "%s", text);
	}
	begin("www.school.example", 65);
	record(OWNER_QUESTION, 65, "\0\1\0\0\1\0\3\2h2\0\4\0\x8\1\2\3\4\1\2\3\5\0\6\0\x10\x20\1\x0d\xb8"
	       "\0\0\0\0\0\0\0\0\0\0\0\1", 42);
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(syn(1, "1.2.3.4", 443));
	cr_expect(syn(1, "1.2.3.5", 443));
	cr_expect(syn(1, "2001:db8::1", 443));
	cr_expect_not(syn(1, "1.2.3.6", 443));
}

Test(resolved, what_a_blocked_chain_leads_to_does_not_count)
{
	struct lab_packet p = { .host = 1 };

	chain("www.school.example", (const char *const[]){ "www.games.example", NULL });
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_assert_not(unchanged(), "blocked");
	cr_expect_not(syn(1, "93.184.216.34", 443));
}

Test(resolved, ends_with_its_ttl_and_an_hour)
{
	resolve(1, servers[0]); /* a TTL of 60 s counts as 300 */
	age(HOUR);
	cr_expect(syn(1, servers[0], 443), "within the hour, and used");
	age(HOUR - 1);
	cr_expect(syn(1, servers[0], 443), "use makes it last");
	age(HOUR + 1);
	cr_expect_not(syn(1, servers[0], 443), "and not being used does not");
	resolve(1, servers[0]);
	age(HOUR + 7);
	cr_expect_not(syn(1, servers[0], 443));
	resolve(1, servers[0]);
	lab_put16(msg + len - 10, 0xffff); /* 136 years: a day */
	deliver(&(struct lab_packet){ .host = 1 });
	age(23 * HOUR);
	cr_expect(syn(1, servers[0], 443));
	age(3 * HOUR);
	cr_expect_not(syn(1, servers[0], 443));
}

Test(resolved, what_needs_no_resolving)
{
	static const char *const local[] = { "10.9.8.7", "172.31.0.1", "192.168.1.1", "169.254.1.1", "100.127.0.1",
					     "224.0.0.251", "255.255.255.255", "127.0.0.1", "fd00::1", "fe80::1",
					     "ff02::fb", "::1" };
	static const char *const outside[] = { "11.0.0.1", "172.32.0.1", "172.15.0.1", "192.169.1.1", "100.128.0.1",
					       "100.63.0.1", "169.253.1.1", "2000::1", "fec0::1", "::2" };
	struct lab_packet ntp = to(1, servers[0], 123);
	__u8 time[49] = { 0x23 };

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		cr_expect(syn(1, local[i], 443), "%s", local[i]);
		cr_expect(udp(1, local[i], 5000), "%s", local[i]);
		cr_expect_eq(lab->events, 0);
	}
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		cr_expect_not(syn(1, outside[i], 443), "%s", outside[i]);
	cr_expect(syn(1, "203.0.113.200", 443), "where a search engine is locked to");
	cr_expect(syn(1, "192.0.2.9", 53), "every question is judged there");
	cr_expect(datagram(&ntp, time, 48));
	cr_expect_eq(lab->events, 0);
	cr_expect_not(datagram(&ntp, "\x01 a handshake of something else ............................", 48),
		      "nothing else of the same flow");
	cr_expect_not(datagram(&ntp, time, 47));
	cr_expect_not(udp(1, servers[0], 123));
	cr_expect(syn(4, servers[0], 443), "a group that does not say so");
	cr_expect(udp(4, servers[0], 5000));
}

/* The gateway's own networks; and the first minutes of the filter. */
Test(resolved, own_addresses_and_the_beginning)
{
	struct esafe_config config;

	LAB_CHECK(!maps_get_config(&lab->maps, &config));
	config.own_count = 1;
	inet_pton(AF_INET6, "2001:db8:ffff::", config.own[0].addr);
	memset(config.own[0].mask, 0xff, 6);
	LAB_CHECK(!maps_set_config(&lab->maps, &config));
	cr_expect(syn(1, servers[1], 443));
	cr_expect_not(syn(1, "2001:db8:fffe::80", 443));
	config.adopt_until_ns = lab_now(CLOCK_TAI) + 60000000000;
	LAB_CHECK(!maps_set_config(&lab->maps, &config));
	cr_expect(syn(1, servers[0], 443));
	cr_expect_not(syn(1, "192.0.2.53", 443), "what is closed by address is closed at once");
}

Test(resolved, networks_open_and_closed)
{
	static const struct {
		__u8 host;
		const char *addr;
		__u16 port;
		int udp, reason; /* reason 0: passes */
	} row[] = {
		{ 3, "198.51.100.7", 3479, 1, 0 },
		{ 3, "2001:db8:aaaa::1", 3481, 1, 0 },
		{ 3, "198.51.100.7", 3482, 1, ESAFE_R_UNRESOLVED },
		{ 3, "198.51.101.7", 3479, 1, ESAFE_R_UNRESOLVED },
		{ 3, "198.51.100.7", 443, 0, 0 },
		{ 1, "198.51.100.7", 3479, 1, ESAFE_R_SUPERVISED },
		{ 1, "2001:db8:aaaa::1", 3479, 1, ESAFE_R_SUPERVISED },
		{ 1, "52.115.9.9", 443, 0, ESAFE_R_SUPERVISED },
		{ 1, "17.57.144.1", 5223, 0, 0 },
		{ 1, "17.57.144.1", 5224, 0, ESAFE_R_UNRESOLVED },
		{ 1, "192.0.2.53", 443, 0, ESAFE_R_CATEGORY },
		{ 1, "192.0.2.53", 443, 1, ESAFE_R_CATEGORY },
		{ 4, "2001:db8:53::53", 853, 0, ESAFE_R_CATEGORY },
		{ 4, "192.0.2.53", 443, 0, ESAFE_R_CATEGORY },
		{ 3, "192.0.2.53", 443, 0, 0 },
		{ 3, servers[0], 119, 0, ESAFE_R_CATEGORY },
		{ 3, servers[1], 563, 0, ESAFE_R_CATEGORY },
		{ 6, servers[0], 119, 0, ESAFE_R_UNRESOLVED }, /* what holds for any address opens none */
	};

	for (size_t again = 0; again < 2; again++) /* first by number, then resolved */
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			int reason = again && row[i].reason == ESAFE_R_UNRESOLVED ? 0 : row[i].reason;

			if (again)
				resolve(row[i].host, row[i].addr);
			cr_expect_eq((row[i].udp ? udp : syn)(row[i].host, row[i].addr, row[i].port), !reason,
				     "row %zu, time %zu", i, again);
			if (reason)
				cr_expect_eq(lab->event[0].event.reason, reason, "row %zu, time %zu: %d", i, again,
					     lab->event[0].event.reason);
			if (reason == ESAFE_R_CATEGORY || reason == ESAFE_R_SUPERVISED)
				cr_expect_neq(lab->event[0].event.category, ESAFE_NO_CATEGORY);
		}
}

/* What the school's own resolver asks counts for all: its devices ask it behind the gateway's back. */
Test(resolved, a_resolver_that_asks_for_others)
{
	resolve(9, servers[0]);
	cr_expect(syn(1, servers[0], 443));
	cr_expect(syn(2, servers[0], 443));
	cr_expect_not(syn(1, servers[1], 443));
}

/* A group whose default is to block: an unnamed flow of datagrams is one. */
Test(resolved, datagrams_follow_the_default)
{
	resolve(5, servers[0]);
	cr_expect_not(udp(5, servers[0], 5000));
	cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
	cr_expect(udp(4, servers[0], 5000));
	cr_expect_eq(lab->event[0].event.verdict, ESAFE_ALLOW);
	cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_ADDRESS);
}

Test(resolved, pressure_gives_up_what_ends_first)
{
	struct esafe_stats stats;
	char text[32];
	__u64 in_use = 0;

	resolve(1, servers[0]);
	resolve(1, servers[0]);
	LAB_CHECK(!maps_read_stats(&lab->maps, &stats));
	cr_expect_eq(stats.resolved_new, 1, "the same again is not new");
	table_read();
	for (size_t i = 0; i < BUCKETS * 8; i++) { /* others that end later, but for one of each bucket */
		__u64 later = i % 8 == 5 ? 30 : 900 + i % 8;

		in_use += !!words[i];
		if (!words[i])
			words[i] = (i + 1) << 20 | (((lab_now(CLOCK_MONOTONIC) >> 36) + later) & 0xfffff);
	}
	table_write();
	cr_expect_eq(in_use, 1);
	for (int i = 1; i < 100; i++) {
		snprintf(text, sizeof(text), "198.18.0.%d", i);
		resolve(1, text);
		cr_expect(syn(1, text, 443), "%s", text);
	}
	cr_expect(syn(1, servers[0], 443), "it ends later than some");
	LAB_CHECK(!maps_read_stats(&lab->maps, &stats));
	cr_expect_eq(stats.resolved_new, 100);
	cr_expect_eq(stats.resolved_evicted, 99);
}

static __u64 known(const char *group, int kind)
{
	__u64 cells[ESAFE_KNOWN_CELLS];

	LAB_CHECK(!maps_read_known(&lab->maps, cells));
	return cells[ESAFE_KNOWN_INDEX(idtable_get(&lab->groups, group), kind)];
}

/* One connection of TCP that says this. */
static void say(__u8 host, const char *addr, const void *payload, __u32 n)
{
	struct lab_packet p = to(host, addr, 443), back;

	p.flags = 2;
	p.seq = 5000;
	cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
	back = p;
	back.from_server = 1;
	back.flags = 0x12;
	back.seq = 9000;
	back.ack = 5001;
	lab_out(lab, &back);
	p.flags = 0x18;
	p.seq = 5001;
	p.ack = 9001;
	p.payload = payload;
	p.len = n;
	lab_in(lab, &p, NULL);
	cr_expect_eq(lab->events, 1);
}

Test(resolved, connections_by_what_was_known_of_them)
{
	static __u8 hello[2048];
	__u32 n = lab_hello(hello, "www.fine.example", 20, 20);

	say(4, servers[0], hello, n);
	cr_expect_eq(known("office", ESAFE_KNOWN_NAME), 1);
	say(4, servers[0], "GET / HTTP/1.1\r\nHost: www.fine.example\r\n\r\n", 42);
	cr_expect_eq(known("office", ESAFE_KNOWN_NAME), 2);
	n = lab_hello(hello, "outer.example", 20, 20);
	say(4, servers[0], hello, n);
	cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_OUTER);
	cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
	cr_expect_eq(known("office", ESAFE_KNOWN_OUTER), 1);
	say(4, servers[0], "\1 something else that says no name", 34);
	cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_ADDRESS);
	resolve(4, servers[0]);
	n = lab_hello(hello, "", 20, 20);
	say(4, servers[0], hello, n);
	cr_expect_eq(lab->event[0].event.known, ESAFE_KNOWN_DNS);
	udp(4, servers[1], 5000);
	udp(4, "10.1.1.1", 5000);
	syn(1, servers[1], 443);
	cr_expect_eq(known("office", ESAFE_KNOWN_NAME), 2);
	cr_expect_eq(known("office", ESAFE_KNOWN_DNS), 1);
	cr_expect_eq(known("office", ESAFE_KNOWN_ADDRESS), 2, "and not what is local");
	cr_expect_eq(known("pupils", ESAFE_KNOWN_ADDRESS), 1);
}
