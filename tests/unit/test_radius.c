// SPDX-License-Identifier: GPL-2.0-or-later
/* RADIUS accounting on the wire: what is read, what is refused, what is answered. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "parse.h"
#include "radius.h"
#include "replayset.h"

#define SECRET "a secret of a test"

struct packet {
	__u8 bytes[RADIUS_MAX + 8];
	size_t len;
};

static void put(struct packet *p, unsigned type, const void *value, size_t len)
{
	p->bytes[p->len] = type;
	p->bytes[p->len + 1] = len + 2;
	memcpy(p->bytes + p->len + 2, value, len);
	p->len += len + 2;
}

static void put_text(struct packet *p, unsigned type, const char *text)
{
	put(p, type, text, strlen(text));
}

static void put_number(struct packet *p, unsigned type, unsigned value)
{
	put(p, type, (__u8[]){ value >> 24, value >> 16, value >> 8, value }, 4);
}

static void begin(struct packet *p, unsigned status)
{
	memset(p, 0, sizeof(*p));
	p->bytes[0] = 4;
	p->bytes[1] = 77;
	p->len = RADIUS_HEADER;
	if (status)
		put_number(p, 40, status);
}

static void md5(const __u8 *bytes, size_t len, const char *secret, __u8 *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_md5(), NULL);
	EVP_DigestUpdate(ctx, bytes, len);
	EVP_DigestUpdate(ctx, secret, strlen(secret));
	EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
}

static void sign(struct packet *p, const char *secret)
{
	p->bytes[2] = p->len >> 8;
	p->bytes[3] = p->len;
	memset(p->bytes + 4, 0, 16);
	md5(p->bytes, p->len, secret, p->bytes + 4);
}

static int read_exact(const struct packet *p, size_t len, struct radius_request *out)
{
	__u8 *block = exact(p->bytes, len);
	int err = radius_read(block, len, SECRET, out);

	free(block);
	return err;
}

static void typical(struct packet *p)
{
	begin(p, RADIUS_START);
	put_text(p, 1, "SCHOOL\\Pupil12");
	put(p, 8, (__u8[]){ 10, 0, 20, 7 }, 4);
	put_text(p, 11, "Pupils");
	put_text(p, 25, "4B");
	put_text(p, 31, "02-AA-bb-CC-00-12");
	put_text(p, 44, "5F3A-0001");
	put_number(p, 41, 5);
	put(p, 97, (__u8[18]){ 0, 128, 0x20, 1, 0xd, 0xb8, [17] = 9 }, 18);
	sign(p, SECRET);
}

Test(radius, all_that_is_wanted)
{
	struct radius_request r;
	struct packet p;

	typical(&p);
	cr_assert_eq(read_exact(&p, p.len, &r), 0);
	cr_expect_eq(r.status, RADIUS_START);
	cr_expect_str_eq(r.user, "SCHOOL\\Pupil12");
	cr_expect_str_eq(r.filter, "Pupils");
	cr_expect_str_eq(r.class, "4B");
	cr_expect_str_eq(r.session, "5F3A-0001");
	cr_expect_eq(r.delay, 5);
	cr_expect(r.has_mac && !memcmp(r.mac, (__u8[]){ 2, 0xaa, 0xbb, 0xcc, 0, 0x12 }, 6));
	cr_expect(r.has_addr && !memcmp(r.addr + 10, (__u8[]){ 0xff, 0xff, 10, 0, 20, 7 }, 6));
	cr_expect(r.has_addr6 && r.addr6[0] == 0x20 && r.addr6[15] == 9);
}

/* Every beginning of the datagram, and every byte of it changed: nothing is taken, nothing is read behind the end. */
Test(radius, nothing_but_the_whole)
{
	struct packet p;

	typical(&p);
	for (size_t len = 0; len < p.len; len++) {
		struct radius_request r = { .status = 99 };

		cr_expect_eq(read_exact(&p, len, &r), -EBADMSG, "%zu bytes", len);
		cr_expect_eq(r.status, 99, "touched at %zu", len);
	}
	for (size_t at = 0; at < p.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct radius_request r;

			p.bytes[at] ^= 1 << bit;
			cr_expect_neq(read_exact(&p, p.len, &r), 0, "byte %zu bit %u", at, bit);
			p.bytes[at] ^= 1 << bit;
		}
}

Test(radius, malformed)
{
	static const struct {
		const char *what;
		size_t at;
		__u8 value;
	} rows[] = {
		{ "an Access-Request", 0, 1 },	  { "a length below the header", 3, 19 },
		{ "an attribute of no length", 21, 0 }, { "one of one byte", 21, 1 },
		{ "one that ends behind the packet", 21, 200 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct radius_request r;
		struct packet p;

		typical(&p);
		p.bytes[rows[i].at] = rows[i].value;
		memset(p.bytes + 4, 0, 16);
		md5(p.bytes, p.len, SECRET, p.bytes + 4); /* by somebody who knows the secret */
		cr_expect_eq(read_exact(&p, p.len, &r), -EBADMSG, "%s", rows[i].what);
	}
}

Test(radius, padding_is_left_out)
{
	struct radius_request r;
	struct packet p;

	typical(&p);
	cr_expect_eq(read_exact(&p, p.len + 8, &r), 0);
}

Test(radius, another_secret)
{
	struct radius_request r;
	struct packet p;

	typical(&p);
	sign(&p, "another");
	cr_expect_eq(read_exact(&p, p.len, &r), -EACCES);
	begin(&p, 0);
	put_text(&p, 1, "pupil12");
	sign(&p, SECRET);
	cr_expect_eq(read_exact(&p, p.len, &r), -EBADMSG, "no status");
}

Test(radius, message_authenticator)
{
	struct radius_request r;
	struct packet p;
	size_t at;

	begin(&p, RADIUS_STOP);
	put_number(&p, 49, 1);
	at = p.len + 2;
	put(&p, 80, (__u8[16]){ 0 }, 16);
	p.bytes[2] = p.len >> 8;
	p.bytes[3] = p.len;
	HMAC(EVP_md5(), SECRET, sizeof(SECRET) - 1, p.bytes, p.len, p.bytes + at, NULL);
	sign(&p, SECRET);
	cr_assert_eq(read_exact(&p, p.len, &r), 0);
	cr_expect_str_eq(r.cause, "user request");
	p.bytes[at] ^= 1;
	sign(&p, SECRET);
	cr_expect_eq(read_exact(&p, p.len, &r), -EACCES);
	begin(&p, RADIUS_STOP);
	put(&p, 80, (__u8[15]){ 0 }, 15);
	sign(&p, SECRET);
	cr_expect_eq(read_exact(&p, p.len, &r), -EACCES, "a short one");
}

/* Values that nobody can mean are as good as not there; the rest still counts. */
Test(radius, odd_values)
{
	struct radius_request r;
	struct packet p;

	begin(&p, RADIUS_INTERIM);
	put_text(&p, 1, "pupil\n12");
	put(&p, 8, (__u8[]){ 255, 255, 255, 254 }, 4);
	put(&p, 97, (__u8[10]){ 0, 64, 0x20, 1, 0xd, 0xb8 }, 10);
	put_text(&p, 31, "not a MAC");
	put(&p, 41, "abc", 3);
	put(&p, 25, (__u8[]){ 1, 2, 3 }, 3);
	sign(&p, SECRET);
	cr_assert_eq(read_exact(&p, p.len, &r), 0);
	cr_expect_str_eq(r.user, "");
	cr_expect_str_eq(r.class, "");
	cr_expect(!r.has_addr && !r.has_addr6 && !r.has_mac && !r.delay);
}

Test(radius, answer)
{
	__u8 out[RADIUS_MAX], digest[16], got[16];
	struct packet p;
	size_t len;

	begin(&p, RADIUS_START);
	put_text(&p, 33, "first");
	put_text(&p, 1, "pupil12");
	put_text(&p, 33, "second");
	sign(&p, SECRET);
	len = radius_respond(p.bytes, SECRET, out);
	cr_assert_eq(len, 20 + 7 + 8);
	cr_expect(out[0] == 5 && out[1] == 77 && out[2] == 0 && out[3] == len);
	cr_expect(!memcmp(out + 20, "\41\7first\41\10second", 15));
	memcpy(got, out + 4, 16);
	memcpy(out + 4, p.bytes + 4, 16);
	md5(out, len, SECRET, digest);
	cr_expect(!memcmp(got, digest, 16));
}

Test(radius, macs)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "02AABBCC0012", 0 },	     { "02:aa:bb:cc:00:12", 0 },  { "02-AA-BB-CC-00-12", 0 },
		{ "02aa.bbcc.0012", 0 },     { "02AABB-CC0012", 0 },	  { "02-AA-BB-CC-00-12:School", 0 },
		{ "02:aa:bb:cc:00:12 ", 0 }, { "", -EINVAL },		  { "02aabbcc001", -EINVAL },
		{ "02aabbcc00123", -EINVAL }, { ":02aabbcc0012", -EINVAL }, { "02aabbcc0012x", -EINVAL },
		{ "02 aa bb cc 00 12", -EINVAL }, { "pupil12", -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u8 mac[6] = { 0 };

		cr_expect_eq(radius_mac(rows[i].text, mac), rows[i].err, "\"%s\"", rows[i].text);
		cr_expect_eq(memcmp(mac, (__u8[]){ 2, 0xaa, 0xbb, 0xcc, 0, 0x12 }, 6) == 0, !rows[i].err, "\"%s\"",
			     rows[i].text);
	}
}

Test(radius, accounts)
{
	static const struct {
		const char *user, *account;
	} rows[] = {
		{ "pupil12", "pupil12" },	 { "SCHOOL\\Pupil12", "pupil12" }, { "Pupil12@school.example", "pupil12" },
		{ "p.o'neil-jones", "p.o'neil-jones" }, { "", NULL },		   { "SCHOOL\\", NULL },
		{ "@school.example", NULL },	 { "anonymous@school.example", NULL }, { "02-AA-BB-CC-00-12", NULL },
		{ "02aabbcc0012", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char account[RADIUS_TEXT + 1] = "";
		bool person = radius_account(rows[i].user, account);

		cr_expect_eq(person, !!rows[i].account, "\"%s\"", rows[i].user);
		if (rows[i].account)
			cr_expect_str_eq(account, rows[i].account);
	}
}

Test(radius, accepted_before)
{
	struct replayset *set = replayset_new(64);

	cr_assert_not_null(set);
	cr_expect_eq(replayset_find(set, 42), 0);
	replayset_add(set, 42, 1000);
	cr_expect_eq(replayset_find(set, 42), 1000);
	for (unsigned i = 1; i < 8; i++)
		replayset_add(set, 42 + i * 1024, 1000 + i);
	cr_expect_eq(replayset_find(set, 42), 1000, "a bucket has room for eight");
	replayset_add(set, 42 + 8 * 1024, 1008);
	cr_expect_eq(replayset_find(set, 42), 0, "the oldest gives way");
	cr_expect_eq(replayset_find(set, 42 + 1024), 1001);
	replayset_free(set);
}
