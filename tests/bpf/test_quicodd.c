// SPDX-License-Identifier: GPL-2.0-or-later
/* QUIC through the loaded programs: what is seldom seen, and kernels that cannot read it. */
#include <criterion/criterion.h>
#include "quicclient.h"

TestSuite(quicodd, .init = setup, .fini = teardown);

/* A kernel that does not take the reading of QUIC: who would have it read has it refused, to any port. */
Test(quicodd, not_read)
{
	struct client c;

	teardown();
	lab = lab_open_with(LAB_NO_QUIC);
	open_school();
	for (int i = 0; i < 4; i++) {
		c = client(1, versions[i & 1]);
		c.p.dport = i & 2 ? 4433 : 443;
		say("www.fine.example", 20, 20);
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, "");
		c.p.dport = 443;
		cr_assert_eq(short_header(&c), TC_ACT_REDIRECT);
		c = client(2, versions[i & 1]);
		c.p.dport = i & 2 ? 4433 : 443;
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_UNSPEC);
		cr_assert_eq(lab->events, 1);
		cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
		c = client(3, versions[i & 1]);
		cr_assert_eq(initial(&c, 0, hello_len), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, "");
	}
}

/* The server goes on in the other version (RFC 9368): the same connection, whose keys are made of the same id. */
Test(quicodd, the_server_changes_the_version)
{
	for (int i = 0; i < 2; i++) {
		struct client c = client(1, versions[i]);

		say("www.fine.example", 30, 600);
		cr_assert_eq(initial(&c, 0, 100), TC_ACT_UNSPEC);
		cr_assert_eq(initial(&c, 100, hello_len - 100), TC_ACT_UNSPEC);
		expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
		c.version = versions[!i];
		memset(c.dcid, 0x77 + i, 8); /* the server's own */
		cr_assert_eq(initial(&c, 0, 0), TC_ACT_UNSPEC, "an acknowledgement");
		cr_assert_eq(initial(&c, 200, 300), TC_ACT_UNSPEC, "the same bytes again");
		cr_assert_eq(lab->events, 0);
		cr_assert_eq(short_header(&c), TC_ACT_UNSPEC);
		say("a.games.example", 31, 600);
		cr_assert_eq(initial(&c, 0, 100), TC_ACT_SHOT, "other bytes");
		cr_assert_eq(lab_count(lab, ESAFE_R_QUIC_DIFFERS), i + 1);
		memcpy(c.first, c.dcid, 8); /* another connection, with keys of its own */
		cr_assert_eq(initial(&c, 0, 100), TC_ACT_UNSPEC);
		cr_assert_eq(initial(&c, 100, hello_len - 100), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_CATEGORY, "a.games.example");
	}
}

/* Longer than what is read: refused to any port, whoever could open it. */
Test(quicodd, initials_that_are_too_long)
{
	static const __u32 rooms[] = { 1900, 2010, 2020, 3000 }; /* 38 and 16 bytes more */
	__u8 bytes[4096];

	for (int i = 0; i < 2; i++)
		for (size_t j = 0; j < sizeof(rooms) / sizeof(*rooms); j++) {
			struct client c = client(1, versions[i]);
			__u32 len;

			c.p.dport = j & 1 ? 443 : 4433;
			say("www.fine.example", 30, 30);
			len = packet(&c, 0, hello_len, rooms[j], bytes);
			cr_assert_eq(transmit(&c, bytes, len), len > 2048 ? TC_ACT_REDIRECT : TC_ACT_UNSPEC, "%u", len);
			if (len > 2048)
				expect(ESAFE_BLOCK, ESAFE_R_QUIC_TOO_LONG, "");
			else
				expect(ESAFE_ALLOW, ESAFE_R_DEFAULT, "www.fine.example");
		}
	for (int i = 0; i < 2; i++) { /* a token that goes on for longer */
		struct client c = client(1, 1);

		memset(bytes, 'x', sizeof(bytes));
		memcpy(bytes, "\xc0\0\0\0\1\0\0\x48\0", 9);
		c.p.dport = i ? 443 : 4433;
		cr_assert_eq(transmit(&c, bytes, 3000), TC_ACT_REDIRECT);
		expect(ESAFE_BLOCK, ESAFE_R_QUIC_TOO_LONG, "");
	}
}
