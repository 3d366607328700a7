// SPDX-License-Identifier: GPL-2.0-or-later
/* QUIC through the loaded programs: Initials that are made here, cut, shuffled, merged, forged. */
#include <criterion/criterion.h>
#include "quicclient.h"

TestSuite(quic, .init = setup, .fini = teardown);

Test(quic, one_packet)
{
	for (int i = 0; i < 2; i++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct client c = client(1, versions[i]);

			c.p.v6 = v6;
			say("www.fine.example", 20, 20);
			cr_assert_eq(short_header(&c), TC_ACT_REDIRECT);
			cr_assert_eq(lab->events, 0);
			cr_assert_gt(lab_count(lab, ESAFE_R_QUIC_UNKNOWN), 0);
			cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
			expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
			cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
			cr_assert_eq(lab->events, 0);
			c = client(1, versions[i]);
			c.p.v6 = v6;
			say("a.games.example", 20, 20);
			cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
			expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
			cr_assert_eq(short_header(&c), TC_ACT_REDIRECT);
			c.number = 0;
			cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT, "again");
			cr_assert_eq(lab->events, 0);
		}
}

Test(quic, every_group_has_its_way)
{
	struct client c = client(2, 1);

	say("a.games.example", 20, 20);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_UNNAMED, "");
	cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&c, 0, 10), TC_ACT_UNSPEC);
	c = client(3, 1);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, "");
	c = client(9, 1);
	say("b.other.example", 20, 20);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_DEFAULT, "b.other.example");
	c = client(9, 1);
	say("www.fine.example", 20, 20);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_SITE, "www.fine.example");
	c = client(1, 1);
	c.p.dport = 853;
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "www.fine.example"); /* a resolver, and the policy has nothing for them */
}

/* Two datagrams, cut anywhere, in both orders; the server's id from the second on. */
Test(quic, every_cut_in_both_orders)
{
	for (int allowed = 0; allowed < 2; allowed++) {
		say(allowed ? "www.fine.example" : "a.games.example", 30, 1100);
		for (__u32 cut = 1; cut < 300; cut++)
			for (int order = 0; order < 2; order++) {
				struct client c = client(1, versions[cut & 1]);
				int fate = TC_ACT_UNSPEC;
				size_t events = 0;

				c.p.host = 40 + cut % 100; /* one by itself would send too fast */
				for (int i = 0; i < 2 && fate == TC_ACT_UNSPEC; i++) {
					__u32 rest = hello_len - cut > 1100 ? 1100 : hello_len - cut;

					fate = i ^ order ? initial(&c, cut, rest) : initial(&c, 0, cut);
					c.dcid[0] ^= 0x80 * !i;
					events += lab->events;
				}
				cr_assert_eq(fate, allowed ? TC_ACT_UNSPEC : TC_ACT_REDIRECT, "cut %u order %d", cut,
					     order);
				lab->events = events;
				if (allowed)
					expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
				else
					expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
			}
	}
}

Test(quic, a_retransmission_is_cut_anew)
{
	struct client c = client(1, 1);

	say("a.games.example", 30, 600);
	cr_assert_eq(initial(&c, 300, 300), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&c, 200, 300), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&c, 20, 200), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
}

Test(quic, what_was_judged_cannot_be_replaced)
{
	struct client c = client(1, 1);
	__u32 len;

	say("www.fine.example", 30, 30);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC, "the same again");
	cr_assert_eq(lab->events, 0);
	cr_assert_eq(initial(&c, 0, 0), TC_ACT_UNSPEC, "only padding");
	c.dcid[3]++;
	cr_assert_eq(initial(&c, 10, 30), TC_ACT_UNSPEC, "with the id of the server");
	len = hello_len;
	say("a.games.example", 31, 30);
	cr_assert_eq(hello_len, len);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_SHOT);
	c.dcid[3]--;
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_SHOT);
	cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_DIFFERS), 2);
	cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
}

/* Addresses and ports that were judged do not vouch for the next connection between them. */
Test(quic, connections_that_share_a_socket)
{
	struct client c = client(1, 1), d = client(1, V2), e = client(1, 1);

	d.p.sport = e.p.sport = c.p.sport;
	say("www.fine.example", 30, 30);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&e, 0, 30), TC_ACT_UNSPEC);
	say("a.games.example", 30, 30);
	cr_assert_eq(initial(&d, 0, 30), TC_ACT_UNSPEC);
	cr_assert_eq(initial(&d, 30, hello_len - 30), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
	say("www.fine.example", 30, 30);
	c.dcid[0]++;
	cr_assert_eq(initial(&c, 0, 0), TC_ACT_UNSPEC);
	cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
	e.dcid[0]++;
	cr_assert_eq(initial(&e, 30, hello_len - 30), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
}

Test(quic, retry)
{
	struct client c = client(1, 1);
	__u8 first[8];

	say("www.fine.example", 30, 30);
	memcpy(first, c.first, 8);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	memset(c.first, 0x11, 8); /* the id that the Retry brought: new keys, and the hello from its start */
	memset(c.dcid, 0x11, 8);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	memcpy(c.dcid, first, 8); /* as some servers go on */
	cr_assert_eq(initial(&c, 0, 0), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 0);
	say("a.games.example", 30, 30);
	memset(c.first, 0x22, 8);
	memset(c.dcid, 0x22, 8);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
}

Test(quic, what_cannot_be_opened_is_refused)
{
	struct client c = client(1, 1);
	__u8 bytes[4096];
	__u32 len;

	say("www.fine.example", 30, 30);
	len = packet(&c, 0, hello_len, 1162, bytes);
	bytes[len - 1] ^= 1;
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_UNREADABLE, "");
	bytes[len - 1] ^= 1;
	bytes[6] ^= 1; /* another id: other keys */
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_UNREADABLE, "");
	bytes[6] ^= 1;
	bytes[4] = 0x1d;
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_VERSION, "");
	bytes[4] = 1;
	cr_assert_eq(transmit(&c, bytes, len - 1), TC_ACT_REDIRECT, "cut short");
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_UNREADABLE, "");
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	bytes[len - 1] ^= 1; /* forged, on a connection that was judged */
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
	cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
}

Test(quic, a_flight_without_a_name_ends)
{
	struct client c = client(1, 1);
	int sent = 0;

	say("www.fine.example", 30, 3000);
	while (initial(&c, 200, 100) == TC_ACT_UNSPEC && sent < 20)
		sent++;
	cr_assert_eq(sent, 6);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_TOO_LONG, "");
	c = client(1, 1);
	say("", 30, 30);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_UNNAMED, "");
	c = client(1, 1);
	hello[0] = 2;
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_TLS_MALFORMED, "");
	c = client(1, 1);
	say("server4:443", 30, 30);
	cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_TLS_MALFORMED, "server4:443");
	c = client(1, 1);
	say("www.fine.example", 4200, 30);
	for (sent = 0; sent < 4; sent++)
		if (initial(&c, sent * 1100, 1100) != TC_ACT_UNSPEC)
			break;
	cr_assert_eq(sent, 3);
	expect(ESAFE_BLOCK, ESAFE_R_QUIC_TOO_LONG, "");
}

Test(quic, packets_that_share_a_datagram)
{
	struct client c = client(1, 1);
	__u8 bytes[4096];
	__u32 len;

	say("www.fine.example", 30, 30);
	cr_assert_eq(transmit(&c, "\xd0\0\0\0\1\0\0\1\0", 9), TC_ACT_REDIRECT, "0-RTT before any Initial");
	cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_UNKNOWN), 1);
	len = packet(&c, 0, 50, 0, bytes);
	memcpy(bytes + len, "\xd0\0\0\0\1\0\0\2\0\0", 10);
	len += 10;
	len += packet(&c, 50, hello_len - 50, 0, bytes + len);
	memset(bytes + len, 0, 700);
	cr_assert_eq(transmit(&c, bytes, len + 700), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
	cr_assert_eq(transmit(&c, "\xe0\0\0\0\1\0\0\1\0", 9), TC_ACT_UNSPEC, "Handshake");
	c = client(1, V2);
	say("a.games.example", 30, 30);
	len = packet(&c, 0, 50, 0, bytes);
	len += packet(&c, 50, hello_len - 50, 0, bytes + len);
	cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
	expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
}

static int merged(struct client *c, const __u8 *bytes, __u32 len, __u32 size)
{
	struct __sk_buff ctx = { .gso_size = size, .gso_segs = (len + size - 1) / size };
	LIBBPF_OPTS(bpf_test_run_opts, run, .repeat = 1, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));
	static struct frame f;

	c->p.payload = bytes;
	c->p.len = len;
	lab_frame(&f, &c->p);
	run.data_in = f.bytes;
	run.data_size_in = f.len;
	LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.esafe_ingress), &run));
	lab->events = 0;
	LAB_CHECK(ring_buffer__consume(lab->ring) >= 0);
	return run.retval;
}

Test(quic, datagrams_that_were_merged)
{
	for (int i = 0; i < 4; i++) {
		struct client c = client(1, versions[i / 2]);
		__u8 bytes[8192];
		__u32 len;

		say(i & 1 ? "a.games.example" : "www.fine.example", 30, 600);
		len = packet(&c, 300, hello_len - 300, 1162, bytes);
		len += packet(&c, 0, 300, 1162, bytes + len);
		cr_assert_eq(merged(&c, bytes, len, len / 2), i & 1 ? TC_ACT_REDIRECT : TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1);
		cr_assert_eq(lab->event[0].event.verdict, i & 1 ? ESAFE_BLOCK : ESAFE_ALLOW);
		if (i & 1)
			continue;
		memset(bytes, 0x55, sizeof(bytes));
		cr_assert_eq(merged(&c, bytes, 3000, 1200), TC_ACT_UNSPEC);
		c = client(1, 1);
		c.p.sport--; /* a new one, hidden behind data of one that was judged */
		say("a.games.example", 30, 30);
		len = packet(&c, 0, hello_len, 1162, bytes + 1300);
		cr_assert_eq(merged(&c, bytes, 1300 + len, 1300), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
	}
}

Test(quic, any_port)
{
	for (int i = 0; i < 2; i++) {
		struct client c = client(1, versions[i]);
		__u8 bytes[4096];
		__u32 len;

		c.p.dport = 4433;
		say("a.games.example", 30, 30);
		cr_assert_eq(initial(&c, 0, 60), TC_ACT_UNSPEC);
		cr_assert_eq(initial(&c, 60, hello_len - 60), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
		cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
		say("www.fine.example", 30, 30);
		c = client(1, versions[i]);
		c.p.dport = 4433;
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
		expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
		len = packet(&c, 0, 50, 100, bytes);
		bytes[len - 1] ^= 1; /* looks like it, and cannot be opened */
		cr_assert_eq(transmit(&c, bytes, len), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_UNREADABLE, "");
		c = client(3, versions[i]);
		c.p.dport = 4433;
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, "www.fine.example");
		c = client(2, versions[i]);
		c.p.dport = 4433;
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1);
		cr_expect_eq(lab->event[0].event.proto, ESAFE_P_UDP, "it is not read");
		cr_expect_eq(lab->event[0].event.reason, ESAFE_R_UNNAMED);
	}
}

Test(quic, a_flood_is_not_opened)
{
	struct client c = client(1, 1), other = client(60, 1);
	int refused = 0, dropped = 0;
	__u8 bytes[4096];
	__u32 len;

	say("www.fine.example", 30, 30);
	len = packet(&c, 0, hello_len, 1162, bytes);
	bytes[len - 1] ^= 1;
	for (int i = 0; i < 3000; i++) {
		int fate = transmit(&c, bytes, len);

		refused += fate == TC_ACT_REDIRECT;
		dropped += fate == TC_ACT_SHOT;
	}
	cr_assert_eq(refused + dropped, 3000);
	cr_assert_geq(refused, 1024);
	cr_assert_geq(dropped, 1000, "%d dropped", dropped);
	cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_FLOOD), dropped);
	cr_assert_eq(initial(&other, 0, hello_len), TC_ACT_UNSPEC);
	expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
}
