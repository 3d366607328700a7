/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listfmt.h"
#include "names.h"

/* What a list says, as text: "name flags line;" for each name, then "reason=n;" for each reject. */
struct said {
	char text[8192];
	size_t len;
	int stop_at; /* names after which the callback ends the reading; 0: never */
	int names;
};

static int say(void *ctx, const __u8 *wire, unsigned len, unsigned flags, unsigned long line)
{
	struct said *said = ctx;
	char name[NAME_TEXT_MAX];

	cr_assert_gt(name_to_text(wire, len, name, sizeof(name)), 0);
	said->len += snprintf(said->text + said->len, sizeof(said->text) - said->len, "%s%s%s%s:%lu ",
			      flags & LIST_EXCEPT ? "!" : "", flags & LIST_EXACT ? "=" : "",
			      flags & LIST_BELOW ? "<" : "", name, line);
	return ++said->names == said->stop_at ? -ECANCELED : 0;
}

static void say_rejects(struct said *said, const struct list_counts *counts)
{
	for (int i = 0; i < LIST_REJECT_COUNT; i++)
		if (counts->rejects[i])
			said->len += snprintf(said->text + said->len, sizeof(said->text) - said->len, "%s=%lu ",
					      list_reject_name(i), counts->rejects[i]);
	if (said->len)
		said->text[--said->len] = '\0';
}

/* Reads the text in pieces of that many bytes, each on a heap block of its own size. */
static int read_pieces(struct list_reader *reader, const char *text, size_t len, size_t piece)
{
	int rc = 0;

	for (size_t at = 0; at < len && !rc; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = malloc(n);

		memcpy(copy, text + at, n);
		rc = list_reader_feed(reader, copy, n);
		free(copy);
	}
	return rc ? rc : list_reader_end(reader);
}

static const char *read_as(enum list_format format, const char *text, size_t len, size_t piece, struct said *said)
{
	struct list_reader_options options = { .format = format, .fn = say, .ctx = said };
	struct list_reader *reader = list_reader_new(&options);

	said->len = 0;
	said->text[0] = '\0';
	cr_assert_eq(read_pieces(reader, text, len, piece), 0);
	say_rejects(said, list_reader_counts(reader));
	list_reader_free(reader);
	return said->text;
}

static void check(enum list_format format, const char *text, const char *expected)
{
	struct said said = { .stop_at = 0 };

	cr_expect_str_eq(read_as(format, text, strlen(text), 1 << 20, &said), expected, "%s\nsays %s", text, said.text);
	cr_expect_str_eq(read_as(format, text, strlen(text), 1, &said), expected, "byte by byte: %s\nsays %s", text,
			 said.text);
}

struct row {
	const char *text, *expected;
};

static void check_rows(enum list_format format, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(format, rows[i].text, rows[i].expected);
}
#define CHECK_ROWS(format, rows) check_rows(format, rows, sizeof(rows) / sizeof((rows)[0]))

Test(listfmt, plain)
{
	static const struct row rows[] = {
		{ "example.com\nA.Example.ORG.\n", "example.com:1 a.example.org:2" },
		{ "a.com\r\n\r\n  b.com\t\r\nc.com", "a.com:1 b.com:3 c.com:4" },
		{ "\n\n#x.com\n! y\n; z\n// w\na.com # why\nb.com\t; why\n", "a.com:7 b.com:8" },
		{ "*.a.com\n.b.com\n*.zip\n.mov\n", "a.com:1 b.com:2 zip:3 mov:4" },
		{ "com\nlocalhost\n", "single-label=1 boilerplate=1" },
		{ ".\n*.\n*\n", "single-label=1 pattern=2" },
		{ "1.2.3.4\n1.2.3.0/24\n2001:db8::1\n1.2.3.4 # a.com\na.1\n", "address=5" },
		{ "http://a.com/x\na.com/x\na.com:80\nme@a.com\n", "url=4" },
		{ "^a\\.com$\n\\.a\\.com\na*.com\n[a]\nwww\\.a\\.com\n", "pattern=5" },
		{ "a.com b.com\nlook here\n0.0.0.0 a.com\n", "text=3" },
		{ "a..com\n..\na,b.com\n", "character=1 label=1 single-label=1" },
		{ "_x.a-b.com\n-a.com\na-.com\n", "_x.a-b.com:1 -a.com:2 a-.com:3" },
		{ "\xd1\x80\xd1\x84.com\n.\xd1\x80\xd1\x84\n\xff.com\n", "xn--p1ai.com:1 xn--p1ai:2 idn=1" },
		{ "\xef\xbc\x91.2.3.4\n", "address=1" },
		{ "a\\046b.com\n", "pattern=1" },
	};

	CHECK_ROWS(LIST_PLAIN, rows);
	check(LIST_WILDCARD, "*.a.com\nb.com\n", "a.com:1 b.com:2");
}

Test(listfmt, hosts)
{
	static const struct row rows[] = {
		{ "0.0.0.0 a.com\n127.0.0.1\tb.com c.com # d.com\n::1 e.com\n:: f.com\n0 g.com\n",
		  "a.com:1 b.com:2 c.com:2 e.com:3 f.com:4 g.com:5" },
		{ "127.0.0.1 localhost\n::1 localhost ip6-loopback\nfe80::1%lo0 localhost\n255.255.255.255 broadcasthost\n"
		  "127.0.0.1 localhost.localdomain\nff02::1 ip6-allnodes\n", "boilerplate=7" },
		{ "192.0.2.7 nas.example.org\n", "mapping=1" },
		{ "0.0.0.0 0.0.0.0\n0.0.0.0\n", "address=2" },
		{ "a.com\n||a.com^\n", "syntax=2" },
		{ "#c\n   # c\n0.0.0.0 a.com#c\n", "a.com:3" },
		{ "0.0.0.0 com\n0.0.0.0 a.com/x\n", "single-label=1 url=1" },
		{ "127.0.0.1 a.com\r\n", "a.com:1" },
	};

	CHECK_ROWS(LIST_HOSTS, rows);
}

Test(listfmt, adblock)
{
	static const struct row rows[] = {
		{ "[Adblock Plus 2.0]\n! c\n||a.com^\n@@||b.a.com^\n", "a.com:3 !b.a.com:4" },
		{ "||a.com^|\n||b.com^$important\n||c.com^$all\n||d.com^ # c\n@@||e.com^$important\n",
		  "a.com:1 b.com:2 c.com:3 d.com:4 !e.com:5" },
		{ "||*.a.com^\n||*.zip^\n", "<a.com:1 <zip:2" },
		{ "||a.com^$third-party\n||b.com^$important,client=x\n@@||c.com^$all\n||d.com$popup\n", "option=4" },
		{ "||a.com/ads^\n||b.com^ads\n|http://c.com^\n/banner/ad.\nd.com/x\n||e.com:80^\n",
		  "url=5 pattern=1" },
		{ "/^ad[0-9]/\n||a*.com^\n*ads*\n||a.com^*x\n", "pattern=4" },
		{ "a.com##.ad\n##.ad\na.com#@#.ad\n#?#x\na.com#$#x\n", "cosmetic=5" },
		{ "||a.com\na.com^\n||a.com|\na.com\n", "anchor=4" },
		{ "||1.2.3.4^\n||com^\n@@\n||^\n", "label=1 single-label=1 address=1 syntax=1" },
		{ "# remark\n", "" },
	};

	CHECK_ROWS(LIST_ADBLOCK, rows);
}

Test(listfmt, dnsmasq)
{
	static const struct row rows[] = {
		{ "address=/a.com/#\naddress=/b.com/0.0.0.0\naddress=/c.com/\naddress=/d.com/::\nlocal=/e.com/\nserver=/f.com/\n",
		  "a.com:1 b.com:2 c.com:3 d.com:4 e.com:5 f.com:6" },
		{ "address=/a.com/b.com/127.0.0.1\n", "a.com:1 b.com:1" },
		{ "server=/a.com/#\n", "!a.com:1" },
		{ "server=/a.com/192.0.2.1\naddress=/nas.b.com/192.0.2.1\n", "mapping=2" },
		{ "address=/a.com/0.0.0.0 # see http://b.com/\n", "a.com:1" },
		{ "port=53\nno-resolv\naddress=a.com\naddress=/a.com\n", "action=2 syntax=2" },
		{ "address=/#/0.0.0.0\naddress=/*a.com/#\naddress=//#\n", "character=1 label=1 pattern=1" },
		{ "# c\n\n", "" },
	};

	CHECK_ROWS(LIST_DNSMASQ, rows);
}

Test(listfmt, unbound)
{
	static const struct row rows[] = {
		{ "server:\n  local-zone: \"a.com.\" always_null\nlocal-zone: b.com static # c\n", "a.com:2 b.com:3" },
		{ "local-zone: \"a.com\" always_transparent\nlocal-zone: \"b.com\" inform\nlocal-zone: \"c.com\" odd\n",
		  "!a.com:1 action=1 syntax=1" },
		{ "local-data: \"a.com A 0.0.0.0\"\nlocal-data: 'b.com. 60 IN AAAA ::'\n", "=a.com:1 =b.com:2" },
		{ "local-data: \"a.com A 192.0.2.1\"\nlocal-data: \"a.com TXT x\"\n", "mapping=1 action=1" },
		{ "include: /etc/x\nnonsense\nlocal-zone:\nlocal-data:\n", "action=2 syntax=2" },
		{ "local-zone: \"com.\" refuse\nlocal-zone: \"10.in-addr.arpa\" nodefault\n", "single-label=1 action=1" },
	};

	CHECK_ROWS(LIST_UNBOUND, rows);
}

Test(listfmt, rpz)
{
	static const struct row rows[] = {
		{ "a.com CNAME .\n*.a.com CNAME .\nb.com CNAME *.\nc.com CNAME rpz-passthru.\nd.com 60 IN CNAME rpz-drop.\n",
		  "=a.com:1 <a.com:2 =b.com:3 !=c.com:4 =d.com:5" },
		{ "$TTL 1h\n@ IN SOA localhost. root.localhost. (\n 1 ; serial (\n 2 3 4 5 )\n  IN NS localhost.\na.com CNAME .\n",
		  "=a.com:6" },
		{ "$ORIGIN rpz.example.\na.com CNAME .\nb.com.rpz.example. CNAME .\nc.com. CNAME .\n",
		  "=a.com:2 =b.com:3 zone=1" },
		{ "$ORIGIN .\nrpz.example IN SOA a. b. 1 2 3 4 5\n$ORIGIN rpz.example.\na.com CNAME .\n"
		  "$ORIGIN com.rpz.example.\nb CNAME .\n*.c CNAME .\n", "=a.com:4 =b.com:6 <c.com:7" },
		{ "rpz.example. SOA a. b. 1 2 3 4 5\na.com.rpz.example. CNAME .\n", "=a.com:2" },
		{ "a.com CNAME .\n  AAAA ::\n\tCNAME *.\n", "=a.com:1 =a.com:3 action=1" },
		{ "32.4.3.2.1.rpz-ip CNAME .\n24.0.2.0.192.rpz-client-ip CNAME .\nns.x.rpz-nsdname CNAME .\n", "trigger=3" },
		{ "a.com CNAME garden.example.\na.com A 192.0.2.1\na.com TXT \"( ; x\"\nb.com CNAME .\n",
		  "=b.com:4 action=3" },
		{ "*.zip CNAME .\nzip CNAME .\n* CNAME .\n", "<zip:1 single-label=1 pattern=1" },
		{ "$INCLUDE /etc/x\n$ORIGIN\n CNAME .\na.com\n", "zone=2 syntax=2" },
		{ "; c\n\na.com CNAME . ; c\n", "=a.com:3" },
		{ "a\\.b.com CNAME .\n", "=a\\.b.com:1" },
	};

	CHECK_ROWS(LIST_RPZ, rows);
}

Test(listfmt, sniffing)
{
	static const struct { const char *text; int format; } rows[] = {
		{ "# names\na.com\nb.com\n", LIST_PLAIN },
		{ "", LIST_PLAIN },
		{ "0.0.0.0 a.com\n127.0.0.1 localhost\n", LIST_HOSTS },
		{ "! t\n||a.com^\n||b.com^\na.com\n", LIST_ADBLOCK },
		{ "[Adblock Plus]\n", LIST_ADBLOCK },
		{ "a.com##x\nb.com##y\nc.com\n", LIST_ADBLOCK },
		{ "address=/a.com/#\nlocal=/b.com/\n", LIST_DNSMASQ },
		{ "$TTL 60\n@ SOA a. b. 1 2 3 4 5\na.com CNAME .\n*.a.com CNAME .\n", LIST_RPZ },
		{ "*.a.com CNAME .\n*.b.com CNAME .\n", LIST_RPZ },
		{ "*.a.com\n*.b.com\nc.com\n", LIST_WILDCARD },
		{ "server:\nlocal-zone: \"a.com\" static\n", LIST_UNBOUND },
		{ "\xef\xbb\xbf# x\n||a.com^\n", LIST_ADBLOCK },
		{ "1.2.3.4 # x\n1.2.3.5 # y\na.com\n", LIST_PLAIN },
		{ "<!DOCTYPE html><html>", -ENOMSG },
		{ "\n  <HTML>\n", -ENOMSG },
		{ "\xef\xbb\xbf<?xml", -ENOMSG },
		{ "PK\3\4xxxx", -ENOMSG },
		{ "\x1f\x8bxx", -ENOMSG },
		{ "\x7f" "ELF", -ENOMSG },
		{ "\xff\xfe", -ENOMSG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(list_sniff(rows[i].text, strlen(rows[i].text)), rows[i].format, "%s", rows[i].text);
}

Test(listfmt, odd_bytes)
{
	static const char nul[] = "a.com\n\0\nb\0.com\nc.com\0\n0.0.0.0\0 x.com\n";
	struct said said = { .stop_at = 0 };
	char *long_line = malloc(3 * 4096);

	cr_expect_str_eq(read_as(LIST_PLAIN, nul, sizeof(nul) - 1, 1 << 20, &said), "a.com:1 text=1 nul=3");
	check(LIST_SNIFF, "\xef\xbb\xbf" "a.com\nb.com\n", "a.com:1 b.com:2");
	cr_expect_str_eq(read_as(LIST_SNIFF, "\xef\xbb\xbf" "0 a.com\n0 b.com\n", 19, 100, &said), "a.com:1 b.com:2", "%s",
			 said.text);

	memset(long_line, 'a', 3 * 4096);
	memcpy(long_line, "x.com\n", 6);
	memcpy(long_line + 6 + 4097, "\ny.com\n", 7);
	for (size_t piece = 1; piece < 20000; piece = piece * 3 + 1) {
		read_as(LIST_PLAIN, long_line, 6 + 4097 + 7, piece, &said);
		cr_expect_str_eq(said.text, "x.com:1 y.com:3 line-too-long=1", "%zu: %s", piece, said.text);
	}
	memcpy(long_line + 6 + 4096, "\ny.com\n", 7); /* 4,096 bytes are not too long a line, only no name */
	cr_expect_str_eq(read_as(LIST_PLAIN, long_line, 6 + 4096 + 7, 1000, &said), "x.com:1 y.com:3 name-too-long=1");
	memset(long_line + 6, '#', 3 * 4096 - 6);
	memcpy(long_line + 6 + 8000, "\ny.com\n", 7);
	cr_expect_str_eq(read_as(LIST_PLAIN, long_line, 6 + 8000 + 7, 777, &said), "x.com:1 y.com:3");
	cr_expect_str_eq(read_as(LIST_PLAIN, long_line, 6 + 5000, 777, &said), "x.com:1", "a remark without an end");
	free(long_line);
}

Test(listfmt, every_prefix_of_every_format)
{
	static const char *const texts[LIST_FORMAT_COUNT] = {
		[LIST_SNIFF] = "\xef\xbb\xbf*.a.com\n",
		[LIST_PLAIN] = ".a.com # b\n*.c\\.com\n\xd1\x80.com\n1.2.3.0/24\n",
		[LIST_HOSTS] = "fe80::1%lo0 localhost # x\n0 a.com b.com\n",
		[LIST_ADBLOCK] = "@@||*.a.com^$important,all\n||b.com^ # c\na##b\n/x/\n",
		[LIST_DNSMASQ] = "address=/a.com/b.com/127.0.0.1 # x\nserver=/c.com/#\n",
		[LIST_RPZ] = "$ORIGIN a.\n@ SOA x. y. (1 2\n3)\n*.b.com.a. 60 IN CNAME rpz-passthru.\n CNAME .\n",
		[LIST_WILDCARD] = "*.\n*.a\n",
		[LIST_UNBOUND] = "server:\n local-zone: \"a.com.\" 'static'\nlocal-data: \"a.com 60 IN A 0.0.0.0\"\n",
	};
	struct said said = { .stop_at = 0 };

	for (int format = 0; format < LIST_FORMAT_COUNT; format++)
		for (size_t len = 0; len <= strlen(texts[format]); len++)
			read_as(format, texts[format], len, 1 << 20, &said); /* nothing read past the end */
}

Test(listfmt, samples_are_few_and_printable)
{
	struct said said = { .stop_at = 0 };
	struct list_reader_options options = { .format = LIST_PLAIN, .fn = say, .ctx = &said };
	struct list_reader *reader = list_reader_new(&options);
	const struct list_counts *counts = list_reader_counts(reader);
	char text[4096], *at = text;

	for (int i = 0; i < 10; i++)
		at += sprintf(at, "a\x1b[31m\x7f b\n");
	for (int i = 0; i < 100; i++)
		*at++ = '/';
	*at++ = '\n';
	cr_assert_eq(read_pieces(reader, text, at - text, 100), 0);
	cr_expect_eq(counts->rejects[LIST_R_TEXT], 10);
	cr_assert_eq(counts->n_samples, (unsigned)LIST_SAMPLES_PER_REASON);
	cr_expect_str_eq(counts->sample[0].text, "a?[31m? b");
	cr_expect_eq(counts->sample[2].line, 3);
	list_reader_free(reader);
}

Test(listfmt, secret_lists_keep_no_lines)
{
	struct said said = { .stop_at = 0 };
	struct list_reader_options options = { .format = LIST_PLAIN, .secret = true, .fn = say, .ctx = &said };
	struct list_reader *reader = list_reader_new(&options);

	cr_assert_eq(read_pieces(reader, "a b\nhttp://x/\n", 14, 100), 0);
	cr_expect_eq(list_rejected(list_reader_counts(reader)), 2);
	cr_expect_eq(list_reader_counts(reader)->n_samples, 0);
	list_reader_free(reader);
}

Test(listfmt, exceptions_can_be_refused)
{
	struct said said = { .stop_at = 0 };
	struct list_reader_options options = { .format = LIST_SNIFF, .no_exceptions = true, .fn = say, .ctx = &said };
	struct list_reader *reader = list_reader_new(&options);

	cr_assert_eq(read_pieces(reader, "||a.com^\n@@||b.com^\n", 20, 100), 0);
	say_rejects(&said, list_reader_counts(reader));
	cr_expect_str_eq(said.text, "a.com:1 exception=1");
	cr_expect_eq(list_reader_counts(reader)->exceptions, 0);
	cr_expect_eq(list_reader_format(reader), LIST_ADBLOCK);
	list_reader_free(reader);
}

Test(listfmt, the_callback_ends_the_reading)
{
	struct said said = { .stop_at = 2 };
	struct list_reader_options options = { .format = LIST_HOSTS, .fn = say, .ctx = &said };
	struct list_reader *reader = list_reader_new(&options);

	cr_expect_eq(read_pieces(reader, "0 a.com\n0 b.com\n0 c.com\n", 24, 100), -ECANCELED);
	cr_expect_eq(said.names, 2);
	cr_expect_eq(list_reader_end(reader), -ECANCELED);
	list_reader_free(reader);
}

Test(listfmt, names_of_things)
{
	for (int i = 0; i < LIST_FORMAT_COUNT; i++)
		cr_expect(strlen(list_format_name(i)));
	cr_expect_str_eq(list_format_name(99), "?");
	for (int i = 0; i < LIST_REJECT_COUNT; i++)
		cr_expect(strlen(list_reject_name(i)));
}
