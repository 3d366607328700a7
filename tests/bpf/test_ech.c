// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys for encrypted names in answers of type 65, on their way to a device through the loaded program. */
#include <criterion/criterion.h>
#include "answers.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block } }\n"
	"  staff: { default: allow, https_records: pass, sites: { school.example: allow } }\n"
	"unknown: pupils\n";

static void setup(void)
{
	lab = lab_open();
	lab_policy(lab, policy);
	lab_device(lab, "staff", 2);
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
