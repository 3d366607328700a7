// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS questions through the loaded programs: verdicts, answers, events. */
#include <criterion/criterion.h>
#include "lab.h"

static const char policy[] =
	"categories: { games: Games, adult: Adult, social: Social }\n"
	"groups:\n"
	"  pupils: { default: allow, safesearch: strict, https_records: hide,\n"
	"            categories: { games: block, adult: block, social: supervised },\n"
	"            sites: { good.games.example: allow, bad.example: block } }\n"
	"  staff: { default: allow, safesearch: off, https_records: pass, categories: { adult: block }, answer: nodata }\n"
	"  ks1: { default: block, answer: refused, sites: { school.example: allow } }\n"
	"unknown: ks1\n"
	"services:\n"
	"  search: { kind: search, names: [www.search.example],\n"
	"            strict: { cname: safe.search.example, ipv4: [192.0.2.9], ipv6: [\"2001:db8::9\"] } }\n"
	"  canary: { kind: canary, names: [use-application-dns.net], rcode: nxdomain }\n"
	"protected: { help: [childline.org.uk], update: [update.example] }\n";

static const struct lab_name names[] = {
	{ "games.example", "games", 0 },       { "adult.example", "adult", 0 },
	{ "social.example", "social", 0 },     { "exact.example", "games", LIST_EXACT },
	{ "below.example", "games", LIST_BELOW }, { "free.games.example", "games", LIST_EXCEPT },
	{ "childline.org.uk", "adult", 0 },    { "deep.a.b.c.d.e.f.g.h.example", "adult", 0 },
	{ NULL, NULL, 0 },
};

static struct lab *lab;

static void setup(void)
{
	lab = lab_open_with(LAB_XDP);
	lab_policy(lab, policy);
	lab_names(lab, names);
	lab_device(lab, "pupils", 1);
	lab_device(lab, "staff", 2);
	lab_device(lab, "ks1", 3);
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(dns, .init = setup, .fini = teardown);

static int ask_as(__u8 host, const char *name, __u16 qtype, struct frame *out)
{
	__u8 msg[512];
	struct lab_packet p = { .host = host, .dport = 53, .payload = msg };

	p.len = lab_question(msg, name, qtype, 1);
	return lab_in(lab, &p, out);
}

struct row {
	__u8 host;
	const char *name;
	__u16 qtype;
	int verdict, reason;
};

Test(dns, verdicts)
{
	static const struct row rows[] = {
		{ 1, "games.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "www.GAMES.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "xgames.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 2, "games.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 2, "adult.example", 28, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "social.example", 1, ESAFE_BLOCK, ESAFE_R_SUPERVISED },
		{ 1, "good.games.example", 1, ESAFE_ALLOW, ESAFE_R_SITE },
		{ 1, "x.good.games.example", 1, ESAFE_ALLOW, ESAFE_R_SITE },
		{ 2, "good.games.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "bad.example", 16, ESAFE_BLOCK, ESAFE_R_SITE },
		{ 1, "exact.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "a.exact.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "below.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "a.below.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "free.games.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "www.free.games.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "x.deep.a.b.c.d.e.f.g.h.example", 1, ESAFE_BLOCK, ESAFE_R_CATEGORY },
		{ 1, "childline.org.uk", 1, ESAFE_ALLOW, ESAFE_R_HELP },
		{ 3, "www.childline.org.uk", 1, ESAFE_ALLOW, ESAFE_R_HELP },
		{ 3, "a.update.example", 1, ESAFE_ALLOW, ESAFE_R_UPDATE },
		{ 3, "anything.example", 1, ESAFE_BLOCK, ESAFE_R_DEFAULT },
		{ 3, "www.school.example", 1, ESAFE_ALLOW, ESAFE_R_SITE },
		{ 9, "anything.example", 1, ESAFE_BLOCK, ESAFE_R_DEFAULT },
		{ 1, "www.search.example", 1, ESAFE_REWRITE, ESAFE_R_SAFESEARCH },
		{ 1, "x.www.search.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 2, "www.search.example", 1, ESAFE_ALLOW, ESAFE_R_DEFAULT },
		{ 1, "use-application-dns.net", 1, ESAFE_REWRITE, ESAFE_R_CANARY },
		{ 1, "open.example", 65, ESAFE_REWRITE, ESAFE_R_HTTPS_RECORD },
		{ 2, "open.example", 65, ESAFE_ALLOW, ESAFE_R_DEFAULT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		int action = ask_as(r->host, r->name, r->qtype, NULL);
		const struct esafe_event *e = &lab->event[0].event;

		cr_assert_eq(lab->events, 1, "%s: %zu events", r->name, lab->events);
		cr_expect_eq(e->verdict, r->verdict, "host %d %s: verdict %d reason %d", r->host, r->name, e->verdict, e->reason);
		cr_expect_eq(e->reason, r->reason, "host %d %s: reason %d", r->host, r->name, e->reason);
		cr_expect_eq(action, r->verdict == ESAFE_ALLOW ? TC_ACT_UNSPEC : TC_ACT_REDIRECT, "%s: action %d", r->name, action);
		cr_expect_eq(e->device, r->host <= 3 ? 100 + r->host : 0);
		if (r->reason == ESAFE_R_HELP)
			cr_expect_eq(e->name_len, 0, "help is logged by name");
	}
}

/* Resolvers on other ports: what one of them could answer is a question. Everything else there is none of DNS. */
Test(dns, other_ports)
{
	enum { JUDGED, REFUSED, ANYTHING };
	static const struct {
		__u16 port;
		__u8 at, value; /* a byte of the header changed */
		int many, what; /* many: to a multicast group */
	} rows[] = {
		{ 443, 2, 1, 0, JUDGED }, { 853, 2, 1, 0, JUDGED }, { 5353, 2, 1, 0, JUDGED }, { 8053, 2, 0, 0, JUDGED },
		{ 8053, 3, 0x30, 0, JUDGED }, { 8053, 11, 1, 0, JUDGED },
		/* bits and counts that resolvers overlook */
		{ 9953, 2, 5, 0, JUDGED }, { 9953, 2, 3, 0, JUDGED }, { 443, 2, 7, 0, JUDGED }, { 9953, 3, 0x80, 0, JUDGED },
		{ 9953, 3, 0x40, 0, JUDGED }, { 9953, 3, 15, 0, JUDGED }, { 853, 3, 0xff, 0, JUDGED },
		{ 9953, 6, 1, 0, JUDGED }, { 9953, 7, 1, 0, JUDGED }, { 9953, 9, 1, 0, JUDGED }, { 9953, 10, 1, 0, JUDGED },
		{ 9953, 11, 2, 0, JUDGED }, { 9953, 11, 255, 0, JUDGED },
		/* more than one: which one counts nobody knows */
		{ 9953, 4, 1, 0, REFUSED }, { 9953, 5, 2, 0, REFUSED },
		{ 8053, 2, 0x81, 0, ANYTHING }, { 8053, 2, 0x29, 0, ANYTHING }, { 8053, 5, 0, 0, ANYTHING },
		{ 8053, 12, 64, 0, ANYTHING }, { 5353, 2, 1, 1, ANYTHING }, { 9953, 2, 5, 1, ANYTHING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u8 msg[512];
		struct lab_packet p = { .host = 1, .dport = rows[i].port, .payload = msg };
		int action;

		p.len = lab_question(msg, "games.example", 1, 0);
		msg[rows[i].at] = rows[i].value;
		if (rows[i].many) {
			p.v6 = 1;
			p.dst = "ff02::fb";
		}
		action = lab_in(lab, &p, NULL);
		cr_expect_eq(action, rows[i].what == ANYTHING ? TC_ACT_UNSPEC : TC_ACT_REDIRECT, "row %zu: %d", i, action);
		cr_expect_eq(lab->events && lab->event[0].event.proto == ESAFE_P_DNS, rows[i].what == JUDGED, "row %zu", i);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 2);
}

/* What has odd bits in its header is a question only if it asks for what a site can be called. */
Test(dns, other_ports_oddly)
{
	static const struct { const char *name; __u8 qclass, judged; } rows[] = {
		{ "games.example", 1, 1 }, { "games.example", 255, 1 }, { "games.example", 3, 0 }, { "games.example", 0, 0 },
		{ "uk", 1, 1 }, { "a.xn--90ais", 1, 1 }, { "\1\2\3.games.example", 1, 1 }, { "_x._tcp.uk", 1, 1 },
		{ "ZZ", 1, 1 }, { "a.99", 1, 1 }, { "a.b", 1, 0 }, { "", 1, 0 }, { "games.ex_mple", 1, 0 },
		{ "games.\1\2\3\4", 1, 0 }, { "games.ex\xff", 1, 0 },
		{ "x.abcdefghijabcdefghijabcdefghijabcdefghij", 1, 1 }, { "x.abcdefghijabcdefghijabcdefghijabcdefghijk", 1, 0 },
		{ "x.--------------------------------------------------", 1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int odd = 0; odd < 2; odd++) {
			__u8 msg[512];
			struct lab_packet p = { .host = 2, .sport = 30000 + 2 * i + odd, .dport = 9953, .payload = msg };

			p.len = lab_question(msg, rows[i].name, 1, 0);
			msg[p.len - 1] = rows[i].qclass;
			msg[2] |= odd << 2;
			cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
			cr_expect_eq(lab->events && lab->event[0].event.proto == ESAFE_P_DNS, !odd || rows[i].judged, "%s, odd %d",
				     rows[i].name, odd);
			p.len--;
			lab_in(lab, &p, NULL);
			cr_expect(!lab->events || lab->event[0].event.proto != ESAFE_P_DNS, "%s cut short, odd %d", rows[i].name, odd);
		}
}

/* What others say to ports of their own, and begins with bytes that a question could begin with. */
Test(dns, other_ports_something_else)
{
	static const struct { const char *what, *bytes; __u32 len; } rows[] = {
#define SAYS(what, bytes) { what, bytes, sizeof(bytes) - 1 }
		SAYS("STUN", "\0\1\0\x3c\x21\x12\xa4\x42\5abcdefghijk\0\6\0\x09" "abcd:efgh\0\0\0\0\x24\0\4\x6e\0\1\xff"
			     "\x80\x29\0\x08" "12345678\0\x08\0\x14" "12345678901234567890\x80\x28\0\4abcd"),
		SAYS("RTP", "\x80\x60\3\4\0\1\0\2SSRC\3abc\2d\xe9\0\0\1\0\1more of it"),
		SAYS("NTP", "\x23\0\6\xec\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\1\0\1\0\1 and what time it is there, it asks"),
		SAYS("DHCP", "\1\1\6\0XID_\0\0\0\0\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1\0\1\0\1\0\1"),
		SAYS("SNMP", "\x30\x26\2\1\1\4\6public\xa0\x19\2\1\1\2\1\0\2\1\0\x30\x0e\x30\x0c\6\x08+\6\1\2\1\1\2\0\5\0"),
		SAYS("CoAP", "\x40\1\0\1\xb4word\4here\0\0\1\0\1\0\1"),
		SAYS("a game", "\0\0\0\1\0\1\0\1\0\1\0\1\1x\1y\0\0\1\0\1\0\1\0\1\0\1\0\1"),
		SAYS("another", "GAME\1 player one moves to square 17, as everybody can see\0\0\1\0\1"),
		SAYS("QUIC", "\x43\1\2\3\4\5\6\7\x08\x09\x0a\x0b\3abc\4def\x80\0\0\1\0\1 and so on, sealed"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .host = 1, .sport = 30000 + i, .dport = 9953, .payload = rows[i].bytes, .len = rows[i].len };

		cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC, "%s", rows[i].what);
		cr_expect(lab->events == 1 && lab->event[0].event.proto == ESAFE_P_UDP, "%s", rows[i].what);
	}
}

/* However long: what is behind the question is padding (RFC 7830), or nothing that a resolver minds. */
Test(dns, other_ports_padded)
{
	static const __u32 lens[] = { 511, 512, 513, 1400 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		__u8 msg[1400] = { 0 };
		struct lab_packet p = { .host = 1, .dport = 8053, .payload = msg, .len = lens[i] };

		lab_question(msg, "games.example", 1, 0);
		cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_REDIRECT, "%u bytes", lens[i]);
	}
}

/* The transport checksum of a frame without VLAN tags is right. */
static int checksums_right(const struct frame *f)
{
	const __u8 *ip = f->bytes + 14;
	int v6 = ip[0] >> 4 == 6;
	__u32 header = v6 ? 40 : (ip[0] & 15) * 4, len = f->len - 14 - header;
	__u8 proto = v6 ? ip[6] : ip[9];

	if (!v6 && lab_sum(ip, header, 0) != 0xffff)
		return 0;
	if (v6 ? (ip[4] << 8 | ip[5]) != (int)len : (ip[2] << 8 | ip[3]) != (int)(len + header))
		return 0;
	return lab_sum(ip + header, len, lab_pseudo(ip, v6, proto, len)) == 0xffff;
}

Test(dns, answer_is_complete)
{
	struct frame out;
	__u8 *ip = out.bytes + 14, *dns = ip + 28;

	cr_assert_eq(ask_as(1, "WwW.gAmEs.example", 1, &out), TC_ACT_REDIRECT);
	cr_assert(checksums_right(&out));
	cr_assert(!memcmp(out.bytes, (__u8[]){ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 254 }, 12));
	cr_assert(!memcmp(ip + 12, (__u8[]){ 203, 0, 113, 80, 10, 0, 0, 1 }, 8));
	cr_assert_eq(ip[20] << 8 | ip[21], 53);
	cr_assert(!memcmp(dns, "\x12\x34\x81\x83\0\1\0\0\0\1\0\1\3WwW\5gAmEs", 22), "header, counts, case");
	cr_assert_eq(dns[12 + 19 + 4 + 3], 6, "SOA");
	cr_assert(!memcmp(dns + 12 + 19 + 4 + 34, "\0\0\x29", 3), "OPT");
	cr_assert(!memcmp(dns + 12 + 19 + 4 + 34 + 11, "\0\x0f", 2), "EDE");
}

Test(dns, rewritten_answer)
{
	struct frame out;
	__u8 *dns = out.bytes + 14 + 28;

	cr_assert_eq(ask_as(1, "www.search.example", 1, &out), TC_ACT_REDIRECT);
	cr_assert(checksums_right(&out));
	cr_assert_eq(dns[3] & 15, 0);
	cr_assert_eq(dns[7], 2, "CNAME and A");
	/* the A record is owned by the CNAME's target, which stands 12 bytes behind the question */
	cr_assert(!memcmp(dns + 12 + 20 + 4 + 12 + 21, (__u8[]){ 0xc0, 12 + 20 + 4 + 12, 0, 1 }, 4));
	cr_assert_eq(ask_as(1, "www.search.example", 65, &out), TC_ACT_REDIRECT);
	cr_assert_eq(dns[7], 0, "NODATA for type 65");
}

Test(dns, every_length_has_right_checksums)
{
	char name[256] = "";
	struct frame out;
	__u8 msg[600];

	for (int v6 = 0; v6 < 2; v6++)
		for (int vlans = 0; vlans < 3; vlans++)
			for (int n = 1; n < 200; n++) {
				struct lab_packet p = { .v6 = v6, .dport = 53, .payload = msg, .vlan = vlans ? 5 : 0,
							.vlan_inner = vlans > 1 ? 6 : 0, .ip_options = v6 ? 0 : n % 3 * 4 };
				struct frame plain;

				memset(name, 'a', n);
				for (int i = 50; i < n; i += 50)
					name[i] = '.';
				strcpy(name + n, "x.games.example");
				p.len = lab_question(msg, name, 1, n & 1);
				cr_assert_eq(lab_in(lab, &p, &out), TC_ACT_REDIRECT, "length %d", n);
				plain = out;
				memmove(plain.bytes + 12, plain.bytes + 12 + 4 * vlans, plain.len - 12 - 4 * vlans);
				plain.len -= 4 * vlans;
				cr_assert(checksums_right(&plain), "v6 %d, %d tags, length %d", v6, vlans, n);
			}
}

Test(dns, partial_checksum_stays_partial)
{
	struct frame out;
	__u8 msg[512], *ip = out.bytes + 14;
	struct lab_packet p = { .dport = 53, .payload = msg, .partial = 1 };
	__u32 len;

	p.len = lab_question(msg, "games.example", 1, 1);
	cr_assert_eq(lab_in(lab, &p, &out), TC_ACT_REDIRECT);
	len = out.len - 34;
	cr_assert_eq(ip[26] << 8 | ip[27], lab_pseudo(ip, 0, IPPROTO_UDP, len));
}

Test(dns, malformed_is_answered_or_dropped_never_passed)
{
	static const struct { const char *bytes; __u32 len; int action; } rows[] = {
		{ "", 0, TC_ACT_SHOT },
		{ "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12, TC_ACT_SHOT },
		{ "\x12\x34\1\0\0\1\0\0\0\0\0\0\1", 13, TC_ACT_REDIRECT },              /* label cut short */
		{ "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0", 18, TC_ACT_REDIRECT },     /* class cut short */
		{ "\x12\x34\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18, TC_ACT_REDIRECT }, /* pointer to itself */
		{ "\x12\x34\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1", 19, TC_ACT_REDIRECT },   /* two questions */
		{ "\x12\x34\1\0\0\0\0\0\0\0\0\0\1a\0\0\1\0\1", 19, TC_ACT_REDIRECT },   /* none */
		{ "\x12\x34\x81\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19, TC_ACT_SHOT },     /* a response */
		{ "\x12\x34\1\0\0\1\0\0\0\0\0\0\x40" "a\0\0\1\0\1", 19, TC_ACT_REDIRECT }, /* label type 01 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .dport = 53, .payload = rows[i].bytes, .len = rows[i].len };
		__u64 before = lab_count(lab, ESAFE_R_DNS_MALFORMED);
		struct frame out;

		cr_expect_eq(lab_in(lab, &p, &out), rows[i].action, "row %zu", i);
		cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), before + 1, "row %zu is not counted", i);
		if (rows[i].action == TC_ACT_REDIRECT) {
			cr_expect(checksums_right(&out), "row %zu", i);
			cr_expect_eq(out.bytes[14 + 28 + 3] & 15, 1, "row %zu: FORMERR", i);
		}
	}
}

Test(dns, xdp_answers_and_leaves_the_rest)
{
	struct frame in, out;
	__u8 msg[512];
	struct lab_packet p = { .dport = 53, .payload = msg };

	p.len = lab_question(msg, "games.example", 1, 1);
	lab_frame(&in, &p);
	cr_assert_eq(lab_run(lab, lab->skel->progs.esafe_xdp, &in, &out), XDP_TX);
	cr_assert(checksums_right(&out));
	cr_assert_eq(lab->events, 1);
	p.len = lab_question(msg, "open.example", 1, 1);
	lab_frame(&in, &p);
	cr_assert_eq(lab_run(lab, lab->skel->progs.esafe_xdp, &in, &out), XDP_PASS);
	cr_assert_eq(lab->events, 0, "what is allowed is logged once, at TC");
}

Test(dns, fragments_and_bad_headers_do_not_pass)
{
	struct frame in;
	__u8 msg[512];
	struct lab_packet p = { .dport = 53, .payload = msg, .fragment = 0x2000 };

	p.len = lab_question(msg, "open.example", 1, 0);
	cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_SHOT);
	cr_expect_eq(lab_count(lab, ESAFE_R_FRAGMENT), 1);
	p.fragment = 0;
	lab_frame(&in, &p);
	in.bytes[14] = 0x44; /* header length 16 */
	cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &in, NULL), TC_ACT_SHOT);
	lab_frame(&in, &p);
	in.bytes[14 + 2] = 0x70; /* longer than the frame */
	cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &in, NULL), TC_ACT_SHOT);
	cr_expect_eq(lab_count(lab, ESAFE_R_HEADER), 2);
}

/* A question to another port that comes in parts is dropped as one to port 53 is, other datagrams are not. */
Test(dns, fragments_to_other_ports)
{
	static const __u16 ports[] = { 443, 5353, 8053 };

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		__u8 msg[1400] = { 0 };
		struct lab_packet p = { .dport = ports[i], .payload = msg, .len = 1400, .fragment = 0x2000 };
		static struct frame f;

		lab_question(msg, "open.example", 1, 0);
		for (__u32 have = 272; have <= 1400; have += 100) { /* of what the UDP header speaks of */
			lab_frame(&f, &p);
			lab_put16(f.bytes + 16, 28 + have);
			f.len = 42 + have;
			cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL), TC_ACT_SHOT, "%u bytes", have);
		}
		cr_expect_eq(lab->events, 0);
		msg[2] = 0x80;
		cr_expect_eq(lab_in(lab, &p, NULL), ports[i] == 443 ? TC_ACT_SHOT : TC_ACT_UNSPEC, "port %u", ports[i]);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_FRAGMENT), 3 * 12 + 1);
}

Test(dns, xdp_sums_in_full_and_leaves_the_malformed)
{
	struct frame in, out;
	__u8 msg[512];
	struct lab_packet p = { .dport = 53, .payload = msg, .partial = 1 };

	/* nobody completes a checksum behind XDP_TX */
	p.len = lab_question(msg, "games.example", 1, 1);
	lab_frame(&in, &p);
	cr_assert_eq(lab_run(lab, lab->skel->progs.esafe_xdp, &in, &out), XDP_TX);
	cr_assert(checksums_right(&out));
	p.len = 13;
	lab_frame(&in, &p);
	cr_assert_eq(lab_run(lab, lab->skel->progs.esafe_xdp, &in, &out), XDP_PASS);
	cr_assert_eq(lab->events, 0);
	cr_assert_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 0);
}

/* What is answered within a PPPoE session says how long it is. */
Test(dns, pppoe)
{
	__u8 msg[512];
	struct lab_packet p = { .pppoe = 1, .dport = 53, .payload = msg };
	struct frame out;

	p.len = lab_question(msg, "games.example", 1, 1);
	for (p.v6 = 0; p.v6 < 2; p.v6++) {
		cr_assert_eq(lab_in(lab, &p, &out), TC_ACT_REDIRECT);
		cr_assert_eq(lab->event[0].event.reason, ESAFE_R_CATEGORY);
		cr_expect_eq(out.bytes[18] << 8 | out.bytes[19], out.len - 20);
		cr_expect_gt(out.len, 22 + (p.v6 ? 40 : 20) + 8 + p.len);
	}
}

/* Datagrams that a sender or driver merged into one packet: each is judged, and one that is refused is answered. */
Test(dns, merged_datagrams)
{
	static const char *rows[][3] = {
		{ "games.example", "other.example", "cdn.example" },
		{ "other.example", "games.example", "cdn.example" },
		{ "other.example", "12345.example", "adult.example" },
	};
	struct frame out;
	__u8 msg[4096];

	for (int i = 0; i < 3; i++) {
		struct lab_packet p = { .host = 1, .dport = 53, .payload = msg, .v6 = i & 1, .partial = i == 1 };

		for (int n = 0; n < 3; n++)
			p.len += lab_question(msg + p.len, rows[i][n], 1, 1);
		lab->gso_size = lab_question(msg + p.len, rows[i][0], 1, 1);
		cr_expect_eq(lab_in(lab, &p, &out), TC_ACT_REDIRECT, "row %d", i);
		cr_expect_eq(lab->events, i + 1, "row %d", i);
		cr_expect_eq(lab->event[i].event.verdict, ESAFE_BLOCK);
		cr_expect_str_eq(lab->event[i].name, rows[i][i == 2 ? 2 : i]);
		cr_expect_eq(out.bytes[p.v6 ? 62 : 42], 0x12, "row %d: one answer", i);
		cr_expect(p.partial || checksums_right(&out), "row %d", i);
		p.len = 0;
		for (int n = 0; n < 128; n++)
			p.len += lab_question(msg + p.len, "a", 1, 0);
		lab->gso_size = p.len / 128;
		cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_UNSPEC);
		cr_expect_eq(lab->events, 128);
		p.len += lab->gso_size - 1;
		cr_expect_eq(lab_in(lab, &p, NULL), TC_ACT_SHOT, "more than there can be");
		lab->gso_size = 0;
	}
}
