// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS answers on their way to a device, through the loaded program: chains of names, and what becomes of them. */
#include <criterion/criterion.h>
#include "answers.h"

static const char policy[] =
	"categories: { games: Games, adult: Adult, social: Social }\n"
	"lists: [ { name: locked, floor: illegal, file: locked.txt } ]\n"
	"groups:\n"
	"  pupils: { default: allow, safesearch: strict, https_records: hide,\n"
	"            categories: { games: block, adult: block, social: supervised },\n"
	"            sites: { good.games.example: allow, bad.example: block } }\n"
	"  staff: { default: allow, safesearch: off, https_records: pass, categories: { adult: block }, answer: nodata,\n"
	"           sites: { good.adult.example: allow } }\n"
	"  ks1: { default: block, answer: refused, sites: { school.example: allow } }\n"
	"unknown: ks1\n"
	"services:\n"
	"  search: { kind: search, names: [www.search.example],\n"
	"            strict: { cname: safe.search.example, ipv4: [192.0.2.9], ipv6: [\"2001:db8::9\"] } }\n"
	"protected: { help: [childline.org.uk], update: [update.example] }\n";

static const struct lab_name names[] = {
	{ "games.example", "games", 0 }, { "adult.example", "adult", 0 }, { "social.example", "social", 0 },
	{ "locked.example", "illegal", 0 }, { NULL, NULL, 0 },
};

static void setup(void)
{
	lab = lab_open();
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

TestSuite(answers, .init = setup, .fini = teardown);

/* ---- what is judged ---- */

#define PASSED (-1)

Test(answers, verdicts)
{
	static const struct {
		__u8 host;
		const char *question, *targets[5];
		int reason; /* of the block, or PASSED */
		const char *name;
	} rows[] = {
		{ 1, "open.example", { NULL }, PASSED, NULL },
		{ 1, "open.example", { "cdn.example" }, PASSED, NULL },
		{ 1, "open.example", { "games.example" }, ESAFE_R_CATEGORY, "games.example" },
		{ 1, "open.example", { "x.GaMeS.eXaMpLe" }, ESAFE_R_CATEGORY, "x.games.example" },
		{ 1, "open.example", { "xgames.example" }, PASSED, NULL },
		{ 1, "open.example", { "a.example", "b.example", "c.example", "games.example" }, ESAFE_R_CATEGORY,
		  "games.example" },
		{ 1, "open.example", { "games.example", "a.example" }, ESAFE_R_CATEGORY, "games.example" },
		{ 1, "open.example", { "social.example" }, ESAFE_R_SUPERVISED, "social.example" },
		{ 1, "open.example", { "bad.example" }, ESAFE_R_SITE, "bad.example" },
		{ 1, "open.example", { "locked.example" }, ESAFE_R_FLOOR, "locked.example" },
		{ 2, "open.example", { "locked.example" }, ESAFE_R_FLOOR, "locked.example" },
		{ 2, "open.example", { "games.example" }, PASSED, NULL },
		{ 2, "open.example", { "games.example", "adult.example" }, ESAFE_R_CATEGORY, "adult.example" },
		{ 1, "open.example", { "good.games.example" }, PASSED, NULL },
		{ 1, "good.games.example", { "games.example" }, PASSED, NULL },
		{ 1, "good.games.example", { "locked.example" }, ESAFE_R_FLOOR, "locked.example" },
		{ 1, "childline.org.uk", { "adult.example" }, PASSED, NULL },
		{ 1, "a.update.example", { "games.example" }, PASSED, NULL },
		{ 3, "www.school.example", { "games.example", "any.example" }, PASSED, NULL },
		{ 3, "www.childline.org.uk", { "any.example" }, PASSED, NULL },
		{ 1, "open.example", { "www.search.example" }, PASSED, NULL },
		{ 1, "www.search.example", { "safe.search.example" }, PASSED, NULL },
		{ 1, "games.example", { "adult.example" }, PASSED, NULL }, /* was answered when it was asked */
		{ 9, "any.example", { "games.example" }, PASSED, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .host = rows[i].host };
		const struct esafe_event *e = &lab->event[0].event;

		chain(rows[i].question, rows[i].targets);
		cr_expect_eq(deliver(&p), TC_ACT_UNSPEC, "row %zu", i);
		if (rows[i].reason == PASSED) {
			cr_expect(unchanged(), "row %zu: %s was changed", i, rows[i].question);
			cr_expect_eq(lab->events, 0, "row %zu: an event", i);
			continue;
		}
		cr_expect(!unchanged(), "row %zu: %s passed", i, rows[i].question);
		cr_expect(right(0, 0), "row %zu: lengths or checksums", i);
		cr_assert_eq(lab->events, 1, "row %zu: %zu events", i, lab->events);
		cr_expect_eq(e->verdict, ESAFE_BLOCK, "row %zu", i);
		cr_expect_eq(e->reason, rows[i].reason, "row %zu: reason %d", i, e->reason);
		cr_expect_str_eq(lab->event[0].name, rows[i].name, "row %zu", i);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 0);
}

Test(answers, event_is_the_devices)
{
	struct lab_packet p = { .host = 1, .sport = 5353, .vlan = 7 };
	const struct esafe_event *e = &lab->event[0].event;

	chain("open.example", (const char *[]){ "games.example", NULL });
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_assert_eq(lab->events, 1);
	cr_expect_eq(e->device, 101);
	cr_expect(!memcmp(e->mac, (__u8[]){ 2, 0, 0, 0, 0, 1 }, 6));
	cr_expect(!memcmp(e->src + 12, (__u8[]){ 10, 0, 0, 1 }, 4) && !memcmp(e->dst + 12, (__u8[]){ 203, 0, 113, 80 }, 4));
	cr_expect(ntohs(e->sport) == 5353 && ntohs(e->dport) == 53);
	cr_expect_eq(e->vlan_outer, 7);
	cr_expect(e->proto == ESAFE_P_DNS && e->qtype == 1 && e->policy == 7);
}

Test(answers, block_answer_is_complete)
{
	const __u8 *dns = out.bytes + 42;
	struct lab_packet p = { .host = 1 };

	for (int edns = 0; edns < 3; edns++) {
		chain("WwW.oPeN.example", (const char *[]){ "cdn.example", "games.example", NULL });
		if (edns)
			opt(edns > 1);
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_assert(right(0, 0));
		cr_assert(!memcmp(out.bytes, in.bytes, 14), "Ethernet");
		cr_assert(!memcmp(out.bytes + 26, in.bytes + 26, 12), "addresses and ports");
		cr_assert(!memcmp(dns, "\x12\x34\x81\x83\0\1\0\0\0\1\0", 11), "header, counts");
		cr_assert_eq(dns[11], !!edns);
		cr_assert(!memcmp(dns + 12, "\3WwW\4oPeN\7example\0\0\1\0\1", 22), "question, its case");
		cr_assert_eq(dns[12 + 22 + 3], 6, "SOA");
		if (!edns) {
			cr_assert_eq(out.len, 42 + 12 + 22 + 34);
			continue;
		}
		cr_assert(!memcmp(dns + 12 + 22 + 34, "\0\0\x29", 3), "OPT");
		cr_assert_eq(dns[12 + 22 + 34 + 7], edns > 1 ? 0x80 : 0, "DO");
		cr_assert(!memcmp(dns + 12 + 22 + 34 + 11, "\0\x0f", 2), "EDE");
	}
	p.host = 2;
	chain("open.example", (const char *[]){ "adult.example", NULL });
	cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_assert_eq(dns[3] & 15, 0, "NODATA, as the group says");
}

Test(answers, every_length_family_tag_and_checksum)
{
	char name[256];

	for (int kind = 0; kind < 12; kind++)
		for (int n = 1; n < 180; n++) {
			int tags = kind / 4;
			struct lab_packet p = { .v6 = kind & 1, .partial = kind >> 1 & 1, .vlan = tags ? 5 : 0,
						.vlan_inner = tags > 1 ? 6 : 0, .ip_options = kind & 1 ? 0 : n % 3 * 4 };

			memset(name, 'a', n);
			for (int i = 50; i < n; i += 50)
				name[i] = '.';
			strcpy(name + n, "x.open.example");
			chain(name, (const char *[]){ "games.example", NULL });
			if (n & 1)
				opt(1);
			cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
			cr_assert(!unchanged(), "kind %d, length %d: passed", kind, n);
			cr_assert(right(tags, p.partial), "kind %d, length %d", kind, n);
			msg[12 + 1 + 2] = 'b';
			chain(name, (const char *[]){ "allowed.example", NULL });
			cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
			cr_assert(unchanged(), "kind %d, length %d: changed", kind, n);
		}
}

/* ---- compression ---- */

Test(answers, pointers_are_followed)
{
	struct lab_packet p = { .host = 1 };
	__u32 at;

	begin("open.example", 1); /* "example" stands at 17 */
	cname(OWNER_QUESTION, "games", 17);
	address(OWNER_QUESTION);
	deliver(&p);
	cr_expect(!unchanged(), "a pointer into the question");
	cr_expect_str_eq(lab->event[0].name, "games.example");

	begin("open.example", 1);
	at = cname(OWNER_QUESTION, "cdn.games", 17);
	at = cname(at, "www", at);
	deliver(&p);
	cr_expect(!unchanged());
	cr_expect_str_eq(lab->event[0].name, "cdn.games.example");

	begin("open.example", 1);
	at = cname(OWNER_QUESTION, "a", 17);
	at = cname(at, "", at + 2); /* the pointer behind "a": to "example" */
	cname(at, "games", at);
	deliver(&p);
	cr_expect(!unchanged(), "by way of two");
	cr_expect_str_eq(lab->event[0].name, "games.example");
}

Test(answers, sixteen_names)
{
	struct lab_packet p = { .host = 1 };

	for (int n = 1; n <= 16; n++) {
		const char *targets[18] = { NULL };
		char text[18][24];

		for (int i = 0; i < n; i++) {
			snprintf(text[i], sizeof(text[i]), i == n - 1 ? "games.example" : "n%d.example", i);
			targets[i] = text[i];
		}
		chain("open.example", targets);
		cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_expect(!unchanged(), "%d names", n);
	}
}

/* ---- what is malformed, cut, long, or no answer ---- */

Test(answers, malformed_passes_and_is_counted)
{
	static const struct { const char *rdata; size_t len; int question; const char *what; } rows[] = {
#define ROW(rdata, what) { rdata, sizeof(rdata) - 1, 0, what }
		ROW("\xc0\x2a", "a pointer to itself"), ROW("\1a\xc0\x2a", "a loop"), ROW("\xc0\xff", "forwards"),
		ROW("\xc0\x00", "into the header"), ROW("\x40\0", "label type 01"), ROW("\x80\0", "label type 10"),
		ROW("\77a", "beyond the end"), ROW("", "empty"),
#undef ROW
		{ "\5games\7example", 15, 1, "a pointer in the question" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .host = 1 };
		__u64 before = lab_count(lab, ESAFE_R_DNS_MALFORMED);

		begin("open.example", 1);
		if (rows[i].question) {
			msg[12] = 0xc0;
			len -= 12;
			put("\0\1\0\1", 4);
		} else {
			cr_assert_eq(len, 0x1e);
		}
		record(OWNER_QUESTION, TYPE_CNAME, rows[i].rdata, rows[i].len);
		cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_expect(unchanged(), "%s", rows[i].what);
		cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), before + 1, "%s is not counted", rows[i].what);
		cr_expect_eq(lab->events, 0, "%s", rows[i].what);
	}
}

Test(answers, cut_at_every_byte)
{
	struct lab_packet p = { .host = 1 };
	__u32 whole, target;

	chain("open.example", (const char *[]){ "cdn.example", "games.example", NULL });
	opt(0);
	whole = len;
	target = 12 + 18 + 12 + 13 + 12 + 15;
	for (len = 0; len <= whole; len++) {
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC, "%u", len);
		if (len < target) {
			cr_assert(unchanged(), "%u bytes: changed", len);
		} else {
			cr_assert(!unchanged(), "%u bytes: passed", len);
			cr_assert(right(0, 0), "%u bytes", len);
			cr_assert_eq(out.bytes[42 + 11], len == whole, "%u bytes: OPT", len);
		}
	}
}

Test(answers, long_ones_are_read_to_the_end)
{
	struct lab_packet p = { .host = 1 };
	static const __u8 filler[200];

	for (int before = 0; before <= 7; before++) {
		begin("open.example", 1);
		for (int i = 0; i < before; i++)
			record(OWNER_QUESTION, 16, filler, sizeof(filler));
		cname(OWNER_QUESTION, "games.example", 0);
		for (int i = before; i < 7; i++)
			record(OWNER_QUESTION, 16, filler, sizeof(filler));
		cr_assert_gt(len, 1400);
		cr_assert_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_assert(!unchanged(), "%d records before it", before);
		cr_assert(right(0, 0));
	}
	cr_assert_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 0, "long is not malformed");
}

/* A long chain is refused, whatever it leads to: nobody follows so many. */
Test(answers, seventeen_names)
{
	struct lab_packet p = { .host = 1 };
	__u32 owner = OWNER_QUESTION;
	char text[24];

	begin("open.example", 1);
	for (int i = 0; i < 17; i++) {
		snprintf(text, sizeof(text), "n%d.example", i);
		owner = cname(owner, text, 0);
	}
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(!unchanged() && right(0, 0));
	cr_expect(!memcmp(out.bytes + 42, "\x12\x34\x81\x80\0\1\0\0\0\1\0\0", 12), "no data");
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_TOO_LONG), 1);
}

/* Targets of SVCB and HTTPS records are judged like those of a CNAME. */
Test(answers, service_targets)
{
	static const struct {
		__u16 qtype, type;
		const char *question, *rdata;
		size_t len;
		int reason;
	} rows[] = {
#define ROW(qtype, type, question, rdata, reason) { qtype, type, question, rdata, sizeof(rdata) - 1, reason }
		ROW(65, 65, "open.example", "\0\0\5adult\7example\0", ESAFE_R_CATEGORY),
		ROW(65, 65, "open.example", "\0\1\5adult\7example\0\0\1\0\3\2h2", ESAFE_R_CATEGORY),
		ROW(64, 64, "_dns.open.example", "\0\1\1a\5ADULT\7example\0", ESAFE_R_CATEGORY),
		ROW(255, 65, "open.example", "\0\1\6locked\7example\0", ESAFE_R_FLOOR),
		ROW(65, 65, "open.example", "\0\1\3cdn\7example\0", PASSED),
		ROW(65, 65, "open.example", "\0\1\0", PASSED),
		ROW(65, 65, "open.example", "\0\0\0", PASSED),
		ROW(65, 65, "good.adult.example", "\0\0\5adult\7example\0", PASSED),
		ROW(65, 65, "good.adult.example", "\0\0\6locked\7example\0", ESAFE_R_FLOOR),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .host = 2, .v6 = i & 1 };

		begin(rows[i].question, rows[i].qtype);
		record(OWNER_QUESTION, rows[i].type, "\0\1\0", 3);
		record(OWNER_QUESTION, rows[i].type, rows[i].rdata, rows[i].len);
		cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
		cr_expect_eq(unchanged(), rows[i].reason == PASSED, "row %zu", i);
		cr_expect(right(0, 0), "row %zu", i);
		cr_assert_eq(lab->events, rows[i].reason != PASSED, "row %zu", i);
		if (lab->events)
			cr_expect_eq(lab->event[0].event.reason, rows[i].reason, "row %zu", i);
	}
}

/* What is locked outranks the school's own rule even behind another name that the rule excuses. */
Test(answers, locked_behind_what_is_excused)
{
	struct lab_packet p = { .host = 1 };

	chain("good.games.example", (const char *[]){ "games.example", "adult.example", "locked.example", NULL });
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(!unchanged());
	cr_expect_eq(lab->event[0].event.reason, ESAFE_R_FLOOR);
}

/* ---- several datagrams in one packet ---- */

/* The answers of this packet, all of one length but for the last, to a device. */
static int deliver_merged(const char *const *targets, __u32 n)
{
	struct lab_packet p = { .host = 1 };
	static __u8 all[16384];
	__u32 total = 0, size = 0;
	int action;

	for (__u32 i = 0; i < n; i++) {
		chain("open.example", (const char *[]){ targets[i], NULL });
		memcpy(all + total, msg, len);
		total += len;
		size = size ? size : len;
	}
	memcpy(msg, all, total);
	len = total;
	lab->gso_size = size;
	action = deliver(&p);
	lab->gso_size = 0;
	return action;
}

Test(answers, merged_datagrams)
{
	static const char *rows[][4] = {
		{ "games.example", "other.example", "other.example", "cdn.example" },
		{ "other.example", "games.example", "other.example", "cdn.example" },
		{ "other.example", "other.example", "games.example", "cdn.example" },
		{ "12345.example", "other.example", "other.example", "games.example" },
	};

	for (int i = 0; i < 4; i++) {
		cr_expect_eq(deliver_merged(rows[i], 4), TC_ACT_UNSPEC);
		cr_expect(!unchanged(), "number %d", i);
		cr_expect(right(0, 0), "number %d: one datagram came out", i);
		cr_expect_eq(lab->events, 1);
		cr_expect_str_eq(lab->event[0].name, "games.example");
	}
	for (int i = 0; i < 3; i++) {
		const char *fine[] = { "other.example", "12345.example", "cdn.example" };

		cr_expect_eq(deliver_merged(fine, 1 + i), TC_ACT_UNSPEC);
		cr_expect(unchanged(), "%d answers", i + 1);
	}
}

Test(answers, merged_datagrams_that_are_too_many)
{
	struct lab_packet p = { .host = 1 };
	__u32 size;

	begin("a", 1);
	size = len;
	for (int n = 1; n < 129; n++)
		memcpy(msg + n * size, msg, size);
	lab->gso_size = size;
	len = 128 * size;
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	len += size;
	cr_expect_eq(deliver(&p), TC_ACT_SHOT);
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 1);
}

Test(answers, first_fragment_is_dropped_not_rewritten)
{
	struct lab_packet p = { .host = 1, .fragment = 0x2000 };

	chain("open.example", (const char *[]){ "games.example", NULL });
	cr_expect_eq(deliver(&p), TC_ACT_SHOT);
	cr_expect_eq(lab->events, 1);
	chain("open.example", (const char *[]){ "cdn.example", NULL });
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged());
}

Test(answers, nothing_else_is_touched)
{
	struct lab_packet p = { .host = 1, .dport = 5353 };

	chain("open.example", (const char *[]){ "games.example", NULL });
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged(), "from another port");
	p.dport = 53;
	msg[2] = 0x01;
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged(), "a question");
	msg[2] = 0xa8;
	cr_expect_eq(deliver(&p), TC_ACT_UNSPEC);
	cr_expect(unchanged(), "an answer to an UPDATE");
	cr_expect_eq(lab->events, 0);
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 0);
}

/* What the ingress program answers itself goes out through the egress program too. */
Test(answers, own_answers_pass)
{
	static const struct { __u8 host; const char *name; __u16 qtype; } rows[] = {
		{ 1, "games.example", 1 }, { 1, "www.search.example", 1 }, { 1, "www.search.example", 28 },
		{ 1, "open.example", 65 }, { 3, "any.example", 1 }, { 2, "adult.example", 28 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab_packet p = { .host = rows[i].host, .dport = 53, .payload = msg };

		p.len = lab_question(msg, rows[i].name, rows[i].qtype, i & 1);
		cr_assert_eq(lab_in(lab, &p, &in), TC_ACT_REDIRECT);
		cr_expect_eq(lab_run(lab, lab->skel->progs.esafe_egress, &in, &out), TC_ACT_UNSPEC);
		cr_expect(unchanged(), "%s", rows[i].name);
		cr_expect_eq(lab->events, 0, "%s: judged again", rows[i].name);
	}
	cr_expect_eq(lab_count(lab, ESAFE_R_DNS_MALFORMED), 0);
}
