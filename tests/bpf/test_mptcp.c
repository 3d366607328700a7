// SPDX-License-Identifier: GPL-2.0-or-later
/* Multipath TCP through the loaded programs: what a device offers is taken out of its segments, and nothing else. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow }\n"
	"unknown: pupils\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "pupils");
}

TestSuite(mptcp, .init = setup, .fini = conn_close);

#define CAPABLE "\x1e\x04\x01\x01"
#define KEYS "KEYKEYK1KEYKEYK2"
#define JOIN "\x1e\x0c\x10\x01TOKNRAND"
#define DSS "\x1e\x0c\x20\x05" "ACK4DSN4"
#define STAMPS "\x08\x0a" "VALUECHO"
#define N4 "\1\1\1\1"
#define N12 N4 N4 N4
#define LEN(text) (sizeof(text) - 1)
#define ROW(flags, in, out) { flags, LEN(in), in, out }
#define SAME(flags, in) ROW(flags, in, in)

enum { SYN = 2, SYN_ACK = 0x12, ACK = 0x10, DATA = 0x18 };

static const struct row {
	__u8 flags;
	__u8 len;
	char in[41], out[41];
} rows[] = {
	ROW(SYN, CAPABLE, N4),
	ROW(SYN, "\2\4\5\xb4\4\2" STAMPS "\1\3\3\7" CAPABLE, "\2\4\5\xb4\4\2" STAMPS "\1\3\3\7" N4),
	ROW(SYN, "\1" CAPABLE "\3\3\7", "\1" N4 "\3\3\7"),
	ROW(SYN, "\3\3\7" CAPABLE "\1", "\3\3\7" N4 "\1"),
	ROW(SYN, CAPABLE "\3\3\7" JOIN "\0", N4 "\3\3\7" N12 "\0"),
	ROW(SYN, CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE CAPABLE, N12 N12 N12 N4),
	ROW(SYN, "\x1e\x28\x01\x01" "36 bytes that it takes up, all of it", N12 N12 N12 N4),
	ROW(SYN, "\x1e\x02\3\3\7\1\1\1", "\1\1\3\3\7\1\1\1"),
	ROW(SYN, "\x1e\x03\x50\1", N4), /* of any subtype, in a SYN */
	ROW(SYN | 1, CAPABLE, N4),
	ROW(SYN, DSS, N12),
	/* behind what is malformed nobody finds it */
	ROW(SYN, "\3\0" CAPABLE "\1\1", N4 N4),
	ROW(SYN, "\3\1" CAPABLE "\1\1", N4 N4),
	SAME(SYN, "\3\7" CAPABLE "\1\1"), /* inside of another: a server would have to be wrong about that one */
	ROW(SYN, "\3\x09" CAPABLE "\1\1", N4 N4),
	ROW(SYN, "\2\4\5\xb4\x1e\x05\1\1", "\2\4\5\xb4" N4),
	ROW(SYN, "\2\4\5\xb4\x1e\xff\1\1", "\2\4\5\xb4" N4),
	ROW(SYN, "\2\4\5\xb4\1\1\1\x1e", "\2\4\5\xb4" N4),
	ROW(SYN, "\x1e\0\1\1", N4),
	/* nothing of it */
	SAME(SYN, ""),
	SAME(SYN, "\2\4\5\xb4"),
	SAME(SYN, "\2\4\5\xb4\4\2" STAMPS "\1\3\3\7"),
	SAME(SYN, "\2\4\5\xb4\4\2\x08\x0a\x1e\x04\x01\x01" "ECHO" "\1\3\3\7"), /* a time that looks like it */
	SAME(SYN, "\2\4\5\xb4\0" CAPABLE "\1\1\1"),                              /* behind the end */
	SAME(SYN, "\3\0\7\7"),
	SAME(SYN, "\x22\x0a" "COOKIE12\1\1"),
	/* what follows, where a server may learn from it what the SYN said */
	ROW(ACK, "\x1e\x14\x01\x01" KEYS, N12 N4 N4),
	ROW(DATA, "\1\1" STAMPS "\x1e\x18\x01\x05" KEYS "\0\x1cXX", "\1\1" STAMPS N12 N12),
	ROW(DATA, STAMPS "\x1e\x18\x01\x05" KEYS "\0\x1cXX\1\1", STAMPS N12 N12 "\1\1"),
	ROW(ACK, "\x1e\x18\x10\x01" "20 bytes to prove it", N12 N12),
	ROW(ACK, "\x1e\x0c\x10\x01" "AND MORE", N12),
	ROW(SYN_ACK, "\2\4\5\xb4\x1e\x0c\1\1KEYKEYK1", "\2\4\5\xb4" N12),
	SAME(ACK, DSS),
	SAME(DATA, DSS),
	SAME(DATA, "\1\1" STAMPS),
	SAME(DATA, "\1\1" STAMPS DSS),
	SAME(ACK, "\1\1" STAMPS "\1\1\5\x0a" "LEFTRGHT"),
};

/* What becomes of the segment, byte by byte. */
static void check(struct lab_packet *p, const struct row *row, const char *what)
{
	__u32 l4 = 14 + (p->v6 ? 40 : 20 + p->ip_options) + (p->vlan ? 4 : 0) + (p->vlan_inner ? 4 : 0) + (p->pppoe ? 8 : 0);
	static struct frame in, out;
	const __u8 *ip = in.bytes + l4 - (p->v6 ? 40 : 20 + p->ip_options);
	size_t i = row - rows;

	p->flags = row->flags;
	p->options = row->in;
	p->tcp_options = row->len;
	cr_expect_eq(row->len % 4, 0, "row %zu", i);
	lab_frame(&in, p);
	lab_run(lab, lab->ingress, &in, &out);
	cr_assert_eq(out.len, in.len, "row %zu, %s", i, what);
	cr_expect_arr_eq(out.bytes + l4 + 20, row->out, row->len, "row %zu, %s", i, what);
	cr_expect_eq(lab_sum(out.bytes + l4, out.len - l4, lab_pseudo(ip, p->v6, IPPROTO_TCP, out.len - l4)), 0xffff,
		     "row %zu, %s: checksum", i, what);
	if (!memcmp(row->in, row->out, row->len))
		cr_expect_arr_eq(out.bytes + l4 + 16, in.bytes + l4 + 16, 2, "row %zu, %s", i, what);
	memcpy(out.bytes + l4 + 16, in.bytes + l4 + 16, 2);
	memcpy(out.bytes + l4 + 20, in.bytes + l4 + 20, row->len);
	cr_expect_arr_eq(out.bytes, in.bytes, in.len, "row %zu, %s: nothing else", i, what);
}

Test(mptcp, every_place)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct lab_packet p = conn(443);

			p.v6 = v6;
			if (rows[i].flags & ACK)
				shake(p);
			p.seq = rows[i].flags & SYN ? CLIENT_ISN : START;
			p.payload = "\x16\3\1";
			p.len = rows[i].flags == DATA ? 3 : 0;
			if (rows[i].flags != SYN_ACK)
				check(&p, &rows[i], v6 ? "IPv6" : "IPv4");
		}
}

/* Wherever the header stands, and with data behind it (Fast Open). */
Test(mptcp, every_frame)
{
	for (int way = 0; way < 32; way++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			struct lab_packet p = conn(443);
			char what[20];

			if (rows[i].flags != SYN)
				continue;
			snprintf(what, sizeof(what), "way %d", way);
			p.v6 = way & 1;
			p.vlan = way & 2 ? 5 : 0;
			p.vlan_inner = way & 4 && p.vlan ? 6 : 0;
			p.pppoe = way >> 3 & 1;
			p.ip_options = p.v6 ? 0 : 4;
			p.seq = CLIENT_ISN;
			p.payload = "\x16\3\1";
			p.len = way & 16 ? 3 : 0;
			check(&p, &rows[i], what);
		}
}

/* A device that is a server: a connection from outside. */
Test(mptcp, inbound)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = conn(8080);

		if (rows[i].flags != SYN_ACK)
			continue;
		cr_assert_eq(server(p, SYN, SERVER_ISN, 0), TC_ACT_UNSPEC);
		p.seq = CLIENT_ISN;
		check(&p, &rows[i], "inbound");
	}
}

/* A checksum that is wrong stays wrong: the option does not make a decoy count. */
Test(mptcp, wrong_checksum)
{
	struct lab_packet p = conn(443);
	static struct frame in, out;

	p.flags = SYN;
	p.seq = CLIENT_ISN;
	p.options = CAPABLE;
	p.tcp_options = 4;
	lab_frame(&in, &p);
	in.bytes[34 + 17] ^= 0x21;
	cr_assert_eq(lab_run(lab, lab->ingress, &in, &out), TC_ACT_UNSPEC);
	cr_expect_arr_eq(out.bytes + 54, N4, 4);
	cr_expect_neq(lab_sum(out.bytes + 34, 24, lab_pseudo(out.bytes + 14, 0, IPPROTO_TCP, 24)), 0xffff);
}
