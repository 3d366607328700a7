/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "hello.h"

#define NAME "www.School-Games_1.example"
static const __u8 name_wire[] = "\3www\016School-Games_1\7example";

static struct hello message, stream;

static void expect_name(const struct tls_reader *r, const char *what, size_t at)
{
	cr_assert_eq(r->name.len, sizeof(name_wire), "%s %zu: %u", what, at, r->name.len);
	cr_assert_arr_eq(r->name.wire, name_wire, sizeof(name_wire), "%s %zu", what, at);
}

/* The offset behind the last byte of the name. */
static size_t name_end(void)
{
	for (size_t at = 0; at + strlen(NAME) <= stream.len; at++)
		if (!memcmp(stream.bytes + at, NAME, strlen(NAME)))
			return at + strlen(NAME);
	return 0;
}

static void build(int before, int others, size_t record)
{
	hello_message(&message, NAME, before, others);
	hello_records(&stream, &message, record);
}

static enum tls_result read_once(struct tls_reader *r)
{
	tls_start(r);
	return hello_feed(r, stream.bytes, stream.len);
}

Test(tls, name_is_read_as_soon_as_it_is_there)
{
	build(2, 6, 16384);
	for (size_t have = 0; have <= stream.len; have++) {
		struct tls_reader r;
		enum tls_result result;

		tls_start(&r);
		result = hello_feed(&r, stream.bytes, have);
		cr_assert_eq(result, have < name_end() ? TLS_MORE : TLS_NAME, "%zu: %d", have, result);
		if (result == TLS_NAME)
			expect_name(&r, "prefix", have);
		else
			cr_assert_eq(r.at + (have < 5 ? have : 0), have, "%zu bytes: not all were read", have);
	}
}

Test(tls, every_cut)
{
	build(3, 6, 16384);
	for (size_t cut = 1; cut < stream.len; cut++) {
		struct tls_reader r;
		enum tls_result result;

		tls_start(&r);
		result = hello_feed(&r, stream.bytes, cut);
		if (result == TLS_MORE)
			result = hello_feed(&r, stream.bytes, stream.len);
		cr_assert_eq(result, TLS_NAME, "%zu", cut);
		expect_name(&r, "cut", cut);
	}
}

static void byte_by_byte(size_t record)
{
	enum tls_result result = TLS_MORE;
	struct tls_reader r;
	size_t have;

	tls_start(&r);
	for (have = 1; result == TLS_MORE && have <= stream.len; have++)
		result = hello_feed(&r, stream.bytes, have);
	cr_assert_eq(result, TLS_NAME, "records of %zu", record);
	expect_name(&r, "records of", record);
}

Test(tls, records_of_every_size)
{
	build(1, 3, 16384);
	for (size_t record = 1; record <= message.len; record++) {
		struct tls_reader r;

		hello_records(&stream, &message, record);
		cr_assert_eq(read_once(&r), TLS_NAME, "%zu", record);
		expect_name(&r, "record", record);
		if (record < 12)
			byte_by_byte(record);
	}
}

Test(tls, every_order_of_extensions)
{
	for (int others = 0; others <= 12; others++) {
		for (int before = 0; before <= others; before++) {
			struct tls_reader r;

			build(before, others, 700);
			cr_assert_eq(read_once(&r), TLS_NAME, "%d of %d", before, others);
			expect_name(&r, "before", before);
		}
	}
}

Test(tls, longest_hello)
{
	struct tls_reader r;

	build(90, 200, 16384);
	cr_assert_gt(stream.len, 8000);
	cr_assert_eq(read_once(&r), TLS_NAME);
	expect_name(&r, "long", 0);
}

Test(tls, no_name)
{
	struct tls_reader r;

	hello_message(&message, NULL, 0, 5);
	hello_records(&stream, &message, 16384);
	cr_expect_eq(read_once(&r), TLS_NO_NAME);
	hello_message(&message, NULL, 0, 0);
	hello_records(&stream, &message, 16384);
	cr_expect_eq(read_once(&r), TLS_NO_NAME, "an empty list of extensions");
	message.len -= 2;
	hello_close(&message, 1, 3);
	hello_records(&stream, &message, 16384);
	cr_expect_eq(read_once(&r), TLS_NO_NAME, "no list of extensions");
	message.len--;
	hello_close(&message, 1, 3);
	hello_records(&stream, &message, 16384);
	cr_expect_eq(read_once(&r), TLS_BAD, "compression is cut short");
}

/* In a hello with the server name first: offsets into the stream. */
#define AT_MESSAGE 5
#define AT_SESSION (AT_MESSAGE + 38)
#define AT_CIPHERS (AT_SESSION + 33)
#define AT_COMPRESSION (AT_CIPHERS + 10)
#define AT_EXTENSIONS (AT_COMPRESSION + 2)
#define AT_EXTENSION (AT_EXTENSIONS + 2)
#define AT_LIST (AT_EXTENSION + 4)
#define AT_ENTRY (AT_LIST + 2)
#define AT_NAME (AT_ENTRY + 3)

Test(tls, contradictions)
{
	static const struct { size_t at; int size; unsigned long value; enum tls_result result; const char *what; } rows[] = {
		{ 0, 1, 23, TLS_BAD, "application data" },
		{ 0, 2, 0x1503, TLS_BAD, "an alert first: servers leave it out and go on" },
		{ 0, 2, 0x1403, TLS_BAD, "a change of ciphers first" },
		{ 0, 2, 0x1502, TLS_OTHER, "no TLS, though its first byte might be" },
		{ 0, 2, 0x1903, TLS_OTHER, "nor this" },
		{ 0, 2, 0x1303, TLS_OTHER, "nor that" },
		{ 0, 3, 0x474554, TLS_OTHER, "HTTP" },
		{ 1, 1, 2, TLS_NAME, "a version that servers ignore" },
		{ 1, 1, 15, TLS_NAME, "the last of them" },
		{ 1, 1, 16, TLS_OTHER, "no version of any server" },
		{ 0, 5, 0x1509000003, TLS_OTHER, "an alert is two bytes long" },
		{ 0, 5, 0x1509000002, TLS_BAD, "an alert of such a version" },
		{ 3, 2, 0, TLS_BAD, "an empty record" },
		{ 3, 2, 16385, TLS_BAD, "a record that is too long" },
		{ 3, 2, 100, TLS_BAD, "no record behind the first" },
		{ AT_MESSAGE, 1, 2, TLS_BAD, "ServerHello" },
		{ AT_MESSAGE + 1, 3, 40, TLS_BAD, "shorter than any hello" },
		{ AT_MESSAGE + 1, 3, 100, TLS_BAD, "shorter than it is" },
		{ AT_MESSAGE + 1, 3, 0xffffff, TLS_BAD, "longer than it is" },
		{ AT_SESSION, 1, 33, TLS_BAD, "session id" },
		{ AT_SESSION, 1, 255, TLS_BAD, "session id" },
		{ AT_CIPHERS, 2, 0, TLS_BAD, "no cipher" },
		{ AT_CIPHERS, 2, 7, TLS_BAD, "half a cipher" },
		{ AT_CIPHERS, 2, 0xfffe, TLS_MORE, "ciphers behind the end: the next byte will show it" },
		{ AT_COMPRESSION, 1, 0, TLS_BAD, "no compression" },
		{ AT_COMPRESSION, 1, 255, TLS_BAD, "compression to the end" },
		{ AT_EXTENSIONS, 2, 0, TLS_BAD, "extensions shorter than the message" },
		{ AT_EXTENSIONS, 2, 0xffff, TLS_BAD, "extensions longer than the message" },
		{ AT_EXTENSION + 2, 2, 0, TLS_BAD, "an empty server name" },
		{ AT_EXTENSION + 2, 2, 4, TLS_BAD, "a server name of 4 bytes" },
		{ AT_EXTENSION + 2, 2, 0xffff, TLS_BAD, "an extension behind the end" },
		{ AT_LIST, 2, 0, TLS_BAD, "an empty list" },
		{ AT_LIST, 2, sizeof(NAME) + 3, TLS_BAD, "a list longer than the extension" },
		{ AT_ENTRY, 1, 1, TLS_BAD, "not a host name" },
		{ AT_ENTRY + 1, 2, 0, TLS_BAD, "a name of no bytes" },
		{ AT_ENTRY + 1, 2, sizeof(NAME) - 2, TLS_BAD, "room for a second name" },
		{ AT_ENTRY + 1, 2, sizeof(NAME), TLS_BAD, "a name longer than the list" },
		{ AT_NAME, 1, '.', TLS_BAD, "a dot first" },
		{ AT_NAME, 1, 0, TLS_BAD, "a zero byte" },
		{ AT_NAME + 5, 1, ' ', TLS_BAD, "a space" },
		{ AT_NAME + 4, 1, '.', TLS_BAD, "two dots" },
		{ AT_NAME + 9, 1, 0xc3, TLS_BAD, "not ASCII" },
		{ AT_NAME + 9, 1, ':', TLS_BAD, "a port" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		__u8 wire[256];
		size_t wire_len;
		struct tls_reader r;

		build(0, 2, 16384);
		cr_assert_eq(stream.bytes[AT_NAME], 'w');
		for (int n = 0; n < rows[i].size; n++)
			stream.bytes[rows[i].at + n] = rows[i].value >> (rows[i].size - 1 - n) * 8;
		cr_expect_eq(read_once(&r), rows[i].result, "%s", rows[i].what);
		cr_expect_eq(whole_read(stream.bytes, stream.len, wire, &wire_len), rows[i].result, "%s", rows[i].what);
	}
}

/* What the reader says last when it is shown the stream up to `have`, and again after each name. */
static enum tls_result read_on(struct tls_reader *r, size_t have, int *names)
{
	enum tls_result result = hello_feed(r, stream.bytes, have);

	for (; result == TLS_NAME; ++*names)
		result = hello_feed(r, stream.bytes, have);
	return result;
}

/* What may stand behind a hello, in every cut. */
Test(tls, behind_the_hello)
{
	static const struct { const char *bytes; size_t len; int hellos; enum tls_result result; const char *what; } rows[] = {
		{ "", 0, 1, TLS_MORE, "nothing yet" },
		{ "\x14\3\3\0\1\1", 6, 1, TLS_MORE, "a change of ciphers" },
		{ "\x14\3\3\0\1\1\x15\3\3\0\2\1\x5a", 13, 1, TLS_MORE, "and an alert" },
		{ "\x14\3\3\0\1\1\x17", 7, 1, TLS_DONE, "data" },
		{ "\x16\3\3\0\x28\x10\0\0\x24", 9, 1, TLS_DONE, "a key" },
		{ "\x16\3\3\0\x28\1\7\x5a\x33", 9, 1, TLS_DONE, "encrypted, though it starts as a hello does" },
		{ "\x16\3\3\0\x28\1\0\1\0\x5a\x33", 11, 1, TLS_DONE, "likewise, of a version that is none" },
		{ "\x16\3\3\0\x50\1\0\1\0\3\3.32 bytes that are a random number!", 44, 1, TLS_DONE, "nor of that length" },
		{ "\x16\3\3\0\0", 5, 1, TLS_BAD, "an empty record" },
		{ "GET", 3, 1, TLS_DONE, "something else" },
		{ "", 0, 2, TLS_MORE, "a second hello" },
		{ "\x14\3\3\0\1\1", 6, 2, TLS_MORE, "one behind a change of ciphers" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t len;

		build(2, 6, i % 2 ? 60 : 16384);
		len = stream.len;
		hello_put(&stream, rows[i].bytes, rows[i].len);
		if (rows[i].hellos == 2)
			hello_put(&stream, stream.bytes, len);
		for (size_t cut = 1; cut <= stream.len; cut++) {
			enum tls_result result;
			struct tls_reader r;
			int names = 0;

			tls_start(&r);
			result = read_on(&r, cut, &names);
			if (result == TLS_MORE)
				result = read_on(&r, stream.len, &names);
			cr_assert_eq(result, rows[i].result, "%s, cut at %zu: %d", rows[i].what, cut, result);
			cr_assert_eq(names, rows[i].hellos, "%s, cut at %zu: %d names", rows[i].what, cut, names);
		}
	}
}

/* Which of two names counts no RFC says. */
Test(tls, second_name)
{
	size_t extensions = AT_EXTENSIONS - AT_MESSAGE;
	struct tls_reader r;
	int names = 0;

	hello_message(&message, NAME, 0, 0);
	hello_server_name(&message, "other.example");
	hello_close(&message, extensions, 2);
	hello_close(&message, 1, 3);
	hello_records(&stream, &message, 16384);
	tls_start(&r);
	cr_expect_eq(read_on(&r, stream.len, &names), TLS_BAD);
	cr_expect_eq(names, 1);
}

/* The last extension says that it goes on behind the end: by one byte, by four. */
Test(tls, extension_over_the_end)
{
	for (int more = -3; more <= 4; more++) {
		struct tls_reader r;
		size_t len;

		hello_message(&message, NULL, 0, 2);
		len = message.len;
		message.len -= 42; /* kind 51 of 40 bytes is the last */
		hello_put_number(&message, 40 + more, 2);
		message.len = len;
		hello_records(&stream, &message, 16384);
		cr_expect_eq(read_once(&r), more == 0 ? TLS_NO_NAME : TLS_BAD, "%d", more);
	}
}

Test(tls, second_record)
{
	struct tls_reader r;

	build(2, 6, 150);
	stream.bytes[155] = 20;
	cr_expect_eq(read_once(&r), TLS_BAD, "another protocol between the records");
	build(2, 6, 150);
	stream.bytes[156] = 4;
	cr_expect_eq(read_once(&r), TLS_BAD, "another version");
	build(2, 6, 150);
	stream.bytes[158] = stream.bytes[159] = 0;
	cr_expect_eq(read_once(&r), TLS_BAD, "an empty one");
}

Test(tls, longest_names)
{
	static const struct { int len, result; const char *tail; } rows[] = {
		{ 253, TLS_NAME, "" }, { 253, TLS_NAME, "." }, { 254, TLS_BAD, "" }, { 254, TLS_BAD, "." },
		{ 255, TLS_BAD, "" }, { 256, TLS_BAD, "" }, { 1, TLS_NAME, "" }, { 1, TLS_NAME, "." },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[300] = "";
		struct tls_reader r;
		int result;

		for (int n = 0; n < rows[i].len; n++)
			text[n] = n % 50 == 49 && n + 1 < rows[i].len ? '.' : 'a' + n % 26;
		strcat(text, rows[i].tail);
		hello_message(&message, text, 1, 3);
		hello_records(&stream, &message, 16384);
		result = read_once(&r);
		cr_expect_eq(result, rows[i].result, "%d%s: %d", rows[i].len, rows[i].tail, result);
		if (result == TLS_NAME)
			cr_expect_eq(r.name.len, (__u32)rows[i].len + 2, "%d", rows[i].len);
	}
}

/* Random damage, random records and cuts: both readers must say the same. */
Test(tls, as_the_reader_of_the_whole)
{
	unsigned said[TLS_BAD + 1] = { 0 };

	for (int round = 0; round < 20000; round++) {
		enum tls_result result = TLS_MORE, expected;
		struct tls_reader r;
		__u8 wire[256];
		size_t wire_len, have = 0;

		hello_message(&message, dice() % 8 ? NAME : NULL, dice() % 4, 3);
		for (int n = dice() % 3; n; n--)
			message.bytes[dice() % message.len] = dice() % 2 ? dice() : dice() % 64;
		hello_records(&stream, &message, dice() % 2 ? 1 + dice() % 200 : 16384);
		if (dice() % 4 == 0)
			stream.bytes[dice() % stream.len] ^= 1 << dice() % 8;
		if (dice() % 4 == 0)
			stream.len = 1 + dice() % stream.len;
		expected = whole_read(stream.bytes, stream.len, wire, &wire_len);
		tls_start(&r);
		while (result == TLS_MORE && have < stream.len) {
			have += 1 + dice() % (stream.len - have);
			result = hello_feed(&r, stream.bytes, have);
		}
		cr_assert_eq(result, expected, "round %d: %d, not %d", round, result, expected);
		if (result == TLS_NAME)
			cr_assert(r.name.len == wire_len && !memcmp(r.name.wire, wire, wire_len), "round %d", round);
		said[result]++;
	}
	cr_expect_gt(said[TLS_MORE], 100);
	cr_expect_gt(said[TLS_NAME], 1000);
	cr_expect_gt(said[TLS_NO_NAME], 100);
	cr_expect_gt(said[TLS_OTHER], 5);
	cr_expect_gt(said[TLS_BAD], 1000);
}

/* A hello in the middle of a stream: what begins one, on every prefix, and where it ends. */
Test(tls, later)
{
	build(2, 6, 16384);
	for (size_t have = 1; have <= stream.len; have++) {
		struct tls_reader r;
		__u8 *copy = exact(stream.bytes, have);
		enum tls_result result;

		cr_assert_eq(tls_begins(copy, 0, have, ~0U), have < 6 ? TLS_MORE : TLS_AGAIN, "%zu", have);
		free(copy);
		tls_start_later(&r, 0);
		result = hello_feed(&r, stream.bytes, have);
		cr_assert_eq(result, have < name_end() ? TLS_MORE : TLS_NAME, "%zu: %d", have, result);
		cr_assert_eq(tls_is_hello(&r), have >= 5 + 4 + 2 + 32 + 1, "%zu", have);
	}
	for (int behind = 0; behind < 256; behind++) { /* whatever stands there */
		struct tls_reader r;
		enum tls_result result = TLS_AGAIN;

		stream.bytes[stream.len] = behind;
		tls_start_later(&r, 0);
		while (result == TLS_AGAIN || result == TLS_NAME)
			result = tls_step(&r, stream.bytes, stream.len + 1, 0xffff);
		cr_assert_eq(result, TLS_DONE, "%d", behind);
		cr_assert_eq(r.at, stream.len, "%d", behind);
	}
}

/* What is wrong before a stream can be nothing else than a hello makes it none; what is behind, a bad one. */
Test(tls, later_something_else)
{
	static const struct { __u32 at; __u8 byte; enum tls_result begins, result; const char *what; } rows[] = {
		{ 0, 21, TLS_OTHER, TLS_DONE, "an alert" },
		{ 1, 16, TLS_OTHER, TLS_AGAIN, "no version of any server" },
		{ 3, 0x41, TLS_OTHER, TLS_BAD, "a record that is too long" },
		{ 5, 2, TLS_OTHER, TLS_DONE, "a ServerHello" },
		{ 6, 1, TLS_AGAIN, TLS_DONE, "longer than any" },
		{ 9, 2, TLS_AGAIN, TLS_DONE, "SSL 2" },
		{ 43, 33, TLS_AGAIN, TLS_DONE, "a session id that is too long" },
		{ 44 + 33, 9, TLS_AGAIN, TLS_BAD, "half a suite" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct tls_reader r;
		enum tls_result result = TLS_AGAIN;

		build(2, 6, 16384);
		stream.bytes[rows[i].at] = rows[i].byte;
		cr_expect_eq(tls_begins(stream.bytes, 0, stream.len, 0xffff), rows[i].begins, "%s", rows[i].what);
		tls_start_later(&r, 0);
		for (int step = 0; step < 1000 && result == TLS_AGAIN; step++)
			result = tls_step(&r, stream.bytes, stream.len, 0xffff);
		if (rows[i].result != TLS_AGAIN)
			cr_expect_eq(result, rows[i].result, "%s: %d", rows[i].what, result);
	}
}
