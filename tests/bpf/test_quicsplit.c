// SPDX-License-Identifier: GPL-2.0-or-later
/* QUIC through the loaded programs: a hello whose parts come from two addresses or ports, or to a place forgotten. */
#include <criterion/criterion.h>
#include "quicclient.h"

TestSuite(quicsplit, .init = setup, .fini = teardown);

/* As one that has an allowed connection already, so that all but Initials passes. */
static struct client judged(__u8 host, __u32 version, __u16 dport)
{
	struct client c = client(host, version), after = client(host, version);

	c.p.dport = after.p.dport = dport;
	say("www.fine.example", 30, 30);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	after.p.sport = c.p.sport;
	say("a.games.example", 30, 30);
	return after;
}

/* The connection begins with `c`; what comes of it from `d` is refused, and `c` lives on. */
static void expect_one_way(struct client *c, struct client *d)
{
	cr_assert_eq(initial(c, 0, 60), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 0);
	d->number = c->number;
	cr_assert_eq(initial(d, 60, hello_len - 60), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_SPLIT, "");
	cr_assert_eq(initial(d, 0, hello_len), TC_ACT_REDIRECT, "the whole of it");
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_SPLIT, "");
	c->number = 0;
	cr_assert_eq(initial(c, 0, 60), TC_ACT_UNSPEC, "again");
	cr_assert_eq(short_header(c), TC_ACT_UNSPEC);
	cr_assert_eq(initial(c, 60, hello_len - 60), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
}

Test(quicsplit, over_two_ports)
{
	for (int i = 0; i < 8; i++) {
		struct client c = judged(1, versions[i & 1], i & 2 ? 8443 : 443), d = c;

		d.p.sport = ++port;
		d.version = versions[(i ^ i >> 2) & 1]; /* keys of any version are made of the same id */
		expect_one_way(&c, &d);
	}
}

/* Once the server has chosen an id, that leads to the connection too, and its keys stay those of the first. */
Test(quicsplit, by_the_id_of_the_server)
{
	static const __u16 ports[] = { 443, 8443, 40000 };

	for (int i = 0; i < 3; i++) {
		struct client c = judged(1, 1, ports[i]), d = c;

		cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
		d.p.sport = ++port;
		d.number = c.number;
		memset(d.dcid, 0x77, 8);
		/* from such a port it is taken for a server here, which answers with the like */
		cr_expect_eq(initial(&d, 60, hello_len - 60), i < 2 ? TC_ACT_REDIRECT : TC_ACT_UNSPEC, "port %u", ports[i]);
	}
}

Test(quicsplit, over_two_addresses)
{
	for (int i = 0; i < 3; i++) {
		struct client c = judged(1, 1, 443), d = c;

		if (i == 0)
			d.p.host = 40;
		else if (i == 1)
			d.p.v6 = 1;
		else
			d.p.dst = "203.0.113.99";
		expect_one_way(&c, &d);
	}
}

/* As when many others have begun meanwhile: no place is left of those that had one. */
static void forget_places(void)
{
	struct flight_owners { __u64 owner[8]; } none = { 0 };

	for (__u32 set = 0; !bpf_map_update_elem(lab->maps.quic_owners, &set, &none, BPF_EXIST); set++)
		;
}

Test(quicsplit, over_a_place_that_was_given_up)
{
	for (int i = 0; i < 2; i++) {
		struct client c = judged(1, versions[i], 443);
		__u16 sport = c.p.sport;

		cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
		forget_places();
		cr_assert_eq(initial(&c, 60, hello_len - 60), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_SPLIT, "");
		c = client(1, versions[i]);
		c.p.sport = sport; /* the same port, another connection */
		say("www.fine.example", 30, 30);
		cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
		cr_assert_eq(initial(&c, 60, hello_len - 60), TC_ACT_UNSPEC);
		expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	}
}

/* The id that a Retry brought is what keys are made of from then on. */
Test(quicsplit, after_a_retry)
{
	for (int i = 0; i < 2; i++) {
		struct client c = judged(1, versions[i], 443), d;

		cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
		memset(c.first, 0x11 + i, 8);
		memset(c.dcid, 0x11 + i, 8);
		d = c;
		d.p.sport = ++port;
		expect_one_way(&c, &d);
	}
}

/* What the other tests do not say of clients that mean no harm. */
Test(quicsplit, clients_that_mean_no_harm)
{
	struct client c = client(1, 1), given_up = client(1, 1);
	__u8 bytes[4096];
	__u32 len;

	say("www.fine.example", 30, 600);
	given_up.p.sport = c.p.sport;
	cr_assert_eq(initial(&given_up, 0, 100), TC_ACT_UNSPEC);
	for (int times = 0; times < 2; times++)
		cr_assert_eq(initial(&c, 0, 100), TC_ACT_UNSPEC);
	memset(c.first, 0x33, 8); /* a Retry */
	memset(c.dcid, 0x33, 8);
	for (int times = 0; times < 2; times++)
		cr_assert_eq(initial(&c, 0, 100), TC_ACT_UNSPEC);
	len = packet(&c, 100, 200, 0, bytes);
	len += packet(&c, 300, hello_len - 300, 0, bytes + len);
	memcpy(bytes + len, "\xd0\0\0\0\1\0\0\2\0\0", 10); /* 0-RTT */
	cr_assert_eq(transmit(&c, bytes, len + 10), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	memset(c.dcid, 0x44, 8); /* the server's own */
	c.version = V2;
	cr_assert_eq(initial(&c, 0, 0), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&c, 0, 100), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 0);
	cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_SPLIT), 0);
}

/* A server that tells its connections apart by their addresses has no id to give, and each of them that one. */
Test(quicsplit, a_retry_without_an_id)
{
	for (int i = 0; i < 3; i++) {
		struct lab_packet p = { .sport = ++port, .dport = 443 };
		struct initial none = { .version = 1, .frames = frames, .frames_len = 1162, .number_len = 2,
					.keys = (__u8 *)"", .dcid = (__u8 *)"", .scid = (__u8 *)"" };
		__u8 bytes[4096];

		say("www.fine.example", 30, 30);
		memset(frames, 0, sizeof(frames));
		initial_crypto(frames, hello, 0, hello_len);
		p.payload = bytes;
		p.len = initial_make(&none, bytes);
		cr_assert_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
		expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	}
}

/* A device has as many addresses as it likes, but sends no more Initials for that. */
Test(quicsplit, a_flood_from_many_addresses)
{
	struct client c = client(1, 1);
	static struct frame f;
	__u8 bytes[4096];
	int dropped = 0;

	say("www.fine.example", 30, 30);
	c.p.v6 = 1;
	c.p.payload = bytes;
	c.p.len = packet(&c, 0, hello_len, 300, bytes);
	bytes[c.p.len - 1] ^= 1;
	lab_frame(&f, &c.p);
	for (__u32 i = 0; i < 3000; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f.bytes, .data_size_in = f.len, .repeat = 1);

		lab_put16(f.bytes + 14 + 8 + 10, i); /* in the lower half of the source */
		LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(lab->ingress), &run));
		dropped += run.retval == TC_ACT_SHOT;
	}
	cr_assert_geq(dropped, 1000, "%d dropped", dropped);
	cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_FLOOD), dropped);
}
