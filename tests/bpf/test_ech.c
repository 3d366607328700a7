// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encrypted ClientHello through the loaded programs: its keys in answers of type 65 on their way to a device, and
 * connections that use one from elsewhere.
 */
#include <criterion/criterion.h>
#include "answers.h"
#include "initial.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, quic: inspect, categories: { games: block } }\n"
	"  staff: { default: allow, quic: inspect, https_records: pass, sites: { school.example: allow } }\n"
	"  sixth: { default: allow, sites: { outer.example: allow } }\n"
	"  ks1: { default: block }\n"
	"unknown: pupils\n"
	"outer_names: [outer.example]\n";

enum { PUPIL = 1, STAFF, SIXTH, KS1, HOSTS };

static void setup(void)
{
	lab = lab_open();
	lab_policy(lab, policy);
	lab_device(lab, "pupils", PUPIL);
	lab_device(lab, "staff", STAFF);
	lab_device(lab, "sixth", SIXTH);
	lab_device(lab, "ks1", KS1);
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(ech, .init = setup, .fini = teardown);

#define HEAD "\0\1\0"                     /* priority, target */
#define ALPN "\0\1\0\3\2h2"
#define HINT4 "\0\4\0\4\1\2\3\4"
#define ECH "\0\5\0\7\0\5\xfe\x0d\1\1\1"
#define HINT6 "\0\6\0\20\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define RECORD(owner, type, data) record(owner, type, data, sizeof(data) - 1)

/* What came out is what msg now holds. */
static int is_message(int tags)
{
	return out.len == 42 + 4 * (__u32)tags + len && !memcmp(out.bytes + 42 + 4 * tags, msg, len);
}

Test(ech, is_cut_out)
{
	for (int kind = 0; kind < 8; kind++) {
		struct lab_packet p = { .host = 2, .partial = kind & 1, .vlan = kind & 2 ? 5 : 0 };
		int tags = !!p.vlan, edns = kind & 4;

		begin("www.school.example", 65);
		RECORD(OWNER_QUESTION, 65, HEAD ALPN HINT4 ECH HINT6);
		RECORD(OWNER_QUESTION, 65, "\0\2\1a\0" ECH);
		RECORD(OWNER_QUESTION, 65, HEAD ALPN);
		if (edns)
			opt(1);
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
		begin("www.school.example", 65);
		RECORD(OWNER_QUESTION, 65, HEAD ALPN HINT4 HINT6);
		RECORD(OWNER_QUESTION, 65, "\0\2\1a\0");
		RECORD(OWNER_QUESTION, 65, HEAD ALPN);
		if (edns)
			opt(1);
		cr_expect(is_message(tags), "kind %d", kind);
		cr_expect(right(tags, p.partial), "kind %d: lengths or checksums", kind);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_HTTPS_RECORD), 8);
}

Test(ech, over_ipv6_behind_a_cname_with_other_sections)
{
	struct lab_packet p = { .host = 2, .v6 = 1 };
	__u32 at;

	begin("www.school.example", 65);
	at = cname(OWNER_QUESTION, "cdn.example", 0);
	RECORD(at, 65, HEAD ECH);
	msg[7]--;
	record(OWNER_QUESTION, 2, "\2ns\xc0\x0c", 5);
	msg[9]++;
	opt(0);
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	begin("www.school.example", 65);
	at = cname(OWNER_QUESTION, "cdn.example", 0);
	RECORD(at, 65, HEAD);
	opt(0);
	cr_expect(out.len == 62 + len && !memcmp(out.bytes + 62, msg, len));
	cr_expect(right(0, 0));
}

Test(ech, without_it_nothing_changes)
{
	struct lab_packet p = { .host = 2 };

	begin("www.school.example", 65);
	RECORD(OWNER_QUESTION, 65, HEAD ALPN HINT4 HINT6);
	record(OWNER_QUESTION, 2, "\2ns\xc0\x0c", 5);
	opt(0);
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged());
	begin("www.school.example", 1); /* not a question that has such answers */
	RECORD(OWNER_QUESTION, 65, HEAD ECH);
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged());
	cr_expect_eq(lab_count(lab, ESAFE_R_HTTPS_RECORD), 0);
}

/* What cannot be kept becomes "no data". */
Test(ech, no_data_rather_than_a_guess)
{
	struct lab_packet p = { .host = 2 };
	const __u8 *dns = out.bytes + 42;

	for (int row = 0; row < 4; row++) {
		begin("www.school.example", 65);
		RECORD(OWNER_QUESTION, 65, HEAD ALPN ECH);
		if (row == 0)
			RECORD(len - 4, 65, HEAD);           /* its owner is behind the cut */
		else if (row == 1)
			cname(OWNER_QUESTION, "a", len - 4); /* data that may hold pointers */
		else if (row == 2)
			RECORD(OWNER_QUESTION, 65, HEAD ECH ALPN); /* not in order */
		else
			RECORD(OWNER_QUESTION, 65, HEAD "\0\5\0\x20\0"); /* beyond its record */
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_expect(right(0, 0), "row %d", row);
		cr_expect(!memcmp(dns, "\x12\x34\x81\x80\0\1\0\0\0\1\0\0", 12), "row %d: header", row);
		cr_expect_eq(out.len, 42 + 12 + 20 + 4 + 34, "row %d: question and SOA", row);
	}
}

Test(ech, cut_at_every_byte)
{
	struct lab_packet p = { .host = 2 };
	__u32 whole;

	begin("www.school.example", 65);
	RECORD(OWNER_QUESTION, 65, HEAD ALPN HINT4 ECH HINT6);
	whole = len;
	for (len = 0; len <= whole; len++) {
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_assert_eq(unchanged(), len < 12 + 20 + 4, "%u bytes", len); /* no question, or not as it was */
		cr_assert(right(0, 0), "%u bytes", len);
		cr_assert(!memmem(out.bytes, out.len, "\xfe\x0d\1\1\1", 5), "%u bytes: ech passed", len);
	}
}

/* ---- connections with a key that was not learned here ---- */

#define ISN 5000u
static __u16 port = 1024;
static __u8 hello[2048];

/* Says the name to port 443 in TLS over TCP or, without a handshake, in QUIC, or as the Host of HTTP. */
static void connect_to(const char *name, int proto, int host, int v6)
{
	struct lab_packet p = { .sport = ++port, .dport = 443, .host = host, .v6 = v6, .payload = hello };
	__u32 n = lab_hello(hello, name, 20, 20);
	static __u8 frames[2048], datagram[2048];
	__u8 id[8] = { port >> 8, port };

	if (proto == ESAFE_P_QUIC) {
		struct initial i = { .version = 1, .keys = id, .keys_len = 8, .dcid = id, .dcid_len = 8,
				     .number_len = 2, .frames = frames, .frames_len = 1162 };

		memset(frames, 0, sizeof(frames));
		initial_crypto(frames, hello + 5, 0, n - 5);
		p.payload = datagram;
		p.len = initial_make(&i, datagram);
		lab_in(lab, &p, NULL);
		return;
	}
	if (proto == ESAFE_P_HTTP)
		n = sprintf((char *)hello, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name);
	p.flags = 2;
	p.seq = ISN;
	lab_in(lab, &p, NULL);
	p.from_server = 1;
	p.flags = 0x12;
	p.seq = 7;
	p.ack = ISN + 1;
	lab_out(lab, &p);
	p.from_server = 0;
	p.flags = 0x18;
	p.seq = ISN + 1;
	p.ack = 8;
	p.len = n;
	lab_in(lab, &p, NULL);
}

Test(ech, keys_from_elsewhere)
{
	static const struct { int host, proto, verdict, reason; } rows[] = {
		{ PUPIL, ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_ECH }, { PUPIL, ESAFE_P_QUIC, ESAFE_BLOCK, ESAFE_R_ECH },
		{ PUPIL, ESAFE_P_HTTP, ESAFE_ALLOW, ESAFE_R_UNNAMED }, { STAFF, ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_UNNAMED },
		{ STAFF, ESAFE_P_QUIC, ESAFE_ALLOW, ESAFE_R_UNNAMED }, { SIXTH, ESAFE_P_TLS, ESAFE_ALLOW, ESAFE_R_SITE },
		{ KS1, ESAFE_P_TLS, ESAFE_BLOCK, ESAFE_R_UNNAMED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			const struct esafe_event *e = &lab->event[0].event;

			connect_to("outer.example", rows[i].proto, rows[i].host, v6);
			cr_assert_eq(lab->events, 1, "row %zu: %zu events", i, lab->events);
			cr_expect(e->proto == rows[i].proto && e->verdict == rows[i].verdict && e->reason == rows[i].reason,
				  "row %zu: proto %d verdict %d reason %d", i, e->proto, e->verdict, e->reason);
			cr_expect_eq(e->known, ESAFE_KNOWN_OUTER);
			connect_to("www.outer.example", rows[i].proto, rows[i].host, v6);
			cr_expect_neq(e->reason, ESAFE_R_ECH, "only that very name");
		}
}
