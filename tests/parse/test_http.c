/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>

#include "parse.h"
#include "http.h"

static struct http_reader r;

/* Reads until there is something to say; the reader keeps no byte, so that any cut is every cut. *used: bytes read. */
static enum http_result feed(const __u8 *bytes, size_t len, size_t *used)
{
	for (*used = 0; *used < len;) {
		enum http_result result = http_step(&r, bytes[(*used)++]);

		if (result != HTTP_MORE)
			return result;
	}
	return HTTP_MORE;
}

static enum http_result read_head(const char *text, size_t *used)
{
	__u8 *bytes = exact(text, strlen(text));
	enum http_result result;

	http_start(&r);
	result = feed(bytes, strlen(text), used);
	free(bytes);
	return result;
}

static const char *name_text(void)
{
	static char text[300];
	const struct hostname *h = http_name(&r);
	__u32 at = 0, n = 0;

	while (at < h->len && h->wire[at]) {
		memcpy(text + n, h->wire + at + 1, h->wire[at]);
		n += h->wire[at];
		at += 1 + h->wire[at];
		text[n++] = '.';
	}
	text[n ? n - 1 : 0] = 0;
	return text;
}

#define REST "\r\nUser-Agent: x\r\n\r\n"

Test(http, heads)
{
	static const struct { const char *head; int result; const char *name; } rows[] = {
		{ "GET / HTTP/1.1\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET / HTTP/1.0\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET /?http://b.example/ HTTP/1.1\r\nHost: a.example:8080" REST, HTTP_NAME, "a.example" },
		{ "get / http/1.1\nhOSt:A.Example\t \nX: y\n\n", HTTP_NAME, "a.example" },
		{ "\r\n\n  GET / HTTP/1.1\r\nX: y\r\nHost:  a.example." REST, HTTP_NAME, "a.example" },
		{ "M-SEARCH * HTTP/1.1\r\nHost: a_b.example" REST, HTTP_NAME, "a_b.example" },
		{ "GET\t/ \t HTTP/1.1 \r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET http://a.example HTTP/1.1\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET HTTPS://A.example:99/x?y HTTP/1.0\r\nX: y" REST, HTTP_NAME, "a.example" },
		{ "GET http://a.example?x HTTP/1.1\r\nHost:" REST, HTTP_NAME, "a.example" },
		{ "GET http://a.example/ HTTP/1.1\r\nHost: b.example" REST, HTTP_BAD, "" },
		{ "GET http://a.example/ HTTP/1.1\r\nHost: a.example.x" REST, HTTP_BAD, "" },
		{ "GET http://u@a.example/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET http://u:1@a.example/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET http:///x HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET a.example HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443" REST, HTTP_NAME, "a.example" },
		{ "CONNECT a.example:443 HTTP/1.0" REST, HTTP_NAME, "a.example" },
		{ "CONNECT a.example/ HTTP/1.0" REST, HTTP_BAD, "" },
		{ "CONNECT a.example://b.example:443 HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "connect [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443" REST, HTTP_NO_NAME, "" },
		{ "GET / HTTP/1.1\r\nHost: [::1]" REST, HTTP_NO_NAME, "" },
		{ "GET / HTTP/1.1\r\nHost: [::1]:80" REST, HTTP_NO_NAME, "" },
		{ "GET / HTTP/1.1\r\nHost: [::1]x" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: [::g]" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost:" REST, HTTP_NO_NAME, "" },
		{ "GET / HTTP/1.0" REST, HTTP_NO_NAME, "" },
		{ "GET / HTTP/1.1" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example b.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example/x" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: u@a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a..example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: :80" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example:8x" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost : a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\n Host: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\n b" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost:\r\n a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\rX: y" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nX: y\rHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nX\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\n: y\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET /\r/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET /a b HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "FOO /a b HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1x\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/2\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_BAD, "" },
		{ "GET /\r\n", HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked, chunked" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nContent-Length: 5" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5, 5" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: +5" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length:" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1234567890123456789" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encodinx: gzip" REST, HTTP_NAME, "a.example" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encodings: gzip" REST, HTTP_NAME, "a.example" },
		{ "GET / HTTP/1.1\r\nHost: a.example\r\nContent-Lengths: x\r\nHosts: b" REST, HTTP_NAME, "a.example" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", HTTP_OTHER, "" },
		{ "EHLO mail.example\r\n", HTTP_OTHER, "" },
		{ "USER me there now\r\n", HTTP_OTHER, "" },
		{ "\x13" "BitTorrent protocol", HTTP_OTHER, "" },
		{ "HELP\r\n", HTTP_OTHER, "" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", HTTP_MORE, "" },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "AAAAAAAAAAAAAAAAget /\n", HTTP_OTHER, "" },
		{ "GET\x0b/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET\x0c/\x0cHTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT\x0b/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT\x1f/\x0bHTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT\xa0/\xa0HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT /\x85HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT http://a.example\xa0HTTP/1.1\r\nX: y" REST, HTTP_BAD, "" },
		{ "PUT / HTTP/1.1 x\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT / HTTP/ 1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "\x0bPUT / HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "\xa0PUT / HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET\r/ HTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT\r/\rHTTP/1.1\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "PUT / HTTP/1.1\rHost: a.example\r\r", HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET /\xc3\xa0 HTTP/1.1\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET /http/1.0 HTTP/1.1\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "GET / HTTP/1.1\r\nX: y\x0bHost: b.example\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nX: y\x1eHost: b.example\r\nHost: a.example" REST, HTTP_BAD, "" },
		{ "GET / HTTP/1.1\r\nX: \x01\xc3\x85\r\nHost: a.example" REST, HTTP_NAME, "a.example" },
		{ "aa\x0b", HTTP_OTHER, "" },
		{ "aaa\x01", HTTP_OTHER, "" },
		{ "\x0b\x01", HTTP_OTHER, "" },
		{ "HELP\rme\n", HTTP_OTHER, "" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t used, len = strlen(rows[i].head);
		enum http_result result = read_head(rows[i].head, &used);

		cr_expect_eq(result, rows[i].result, "%s: %d", rows[i].head, result);
		if (result != (enum http_result)rows[i].result)
			continue;
		if (result == HTTP_NAME || result == HTTP_NO_NAME)
			cr_expect_eq(used, len, "%s: %zu", rows[i].head, used);
		if (result == HTTP_NAME)
			cr_expect_str_eq(name_text(), rows[i].name);
		for (size_t have = 0; have < used; have++) { /* every prefix waits for more */
			char part[300] = "";
			size_t read;

			memcpy(part, rows[i].head, have);
			cr_assert_eq(read_head(part, &read), HTTP_MORE, "%s: %zu", rows[i].head, have);
			cr_assert_eq(read, have);
		}
	}
}

/* Servers set no limit to a method; nor is one, however long, taken for another. */
Test(http, method_of_any_length)
{
	static const char rest[] = " / HTTP/1.1\r\nHost: a.example\r\n\r\n";

	for (__u32 len = 1; len < 70000; len += len < 70 ? 1 : 9973) {
		__u8 *text = malloc(len + sizeof(rest));
		size_t used;

		memset(text, 'g', len);
		memcpy(text + len, rest, sizeof(rest));
		http_start(&r);
		cr_assert_eq(feed(text, len + sizeof(rest) - 1, &used), HTTP_NAME, "%u", len);
		cr_assert(!(r.flags & (HTTP_KNOWN | HTTP_CONNECT)), "%u", len);
		cr_assert_str_eq(name_text(), "a.example");
		free(text);
	}
	http_start(&r);
	r.field = HTTP_F_METHOD;
	r.count = -3; /* the count of one of 4 GiB begins anew */
	for (const char *at = "aaaGET "; *at; at++)
		cr_assert_eq(http_step(&r, *at), HTTP_MORE);
	cr_expect(r.field == HTTP_F_TARGET && !(r.flags & HTTP_KNOWN));
}

/* What is behind the head: bodies by length, by chunks, none; then the next request. */
Test(http, bodies)
{
	static const struct { const char *head, *body; int last; } rows[] = {
		{ "\r\n", "", HTTP_DONE }, { "Content-Length: 0\r\n\r\n", "", HTTP_DONE },
		{ "Content-Length: 7 \r\n\r\n", "GET / H", HTTP_DONE },
		{ "transfer-encoding: Chunked\r\n\r\n", "3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\n\r\n", HTTP_DONE },
		{ "transfer-encoding: chunked\r\n\r\n", "0\r\nHost: b.example\r\nHost: c\r\n\r\n", HTTP_DONE },
		{ "transfer-encoding: chunked\r\n\r\n", "3\r\nabcd", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "\r\n", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "x\r\n", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "1234567890abcdef", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "0\r\n folded", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "3\nabc\r\n0\r\n\r\n", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "3;\nabc\r\n0\r\n\r\n", HTTP_BAD },
		{ "transfer-encoding: chunked\r\n\r\n", "3\r\nabc\n0\r\n\r\n", HTTP_BAD },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[500];
		size_t used, at, len;
		enum http_result result;

		len = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a.example\r\n%s%s", rows[i].head, rows[i].body);
		cr_assert_eq(read_head(text, &used), HTTP_NAME, "%zu", i);
		at = used;
		cr_assert_eq(at, len - strlen(rows[i].body));
		result = http_behind_head(&r);
		while (result == HTTP_MORE || result == HTTP_CONTENT) {
			if (result == HTTP_CONTENT) {
				at += r.body;
				if (r.field == HTTP_F_END) {
					result = HTTP_DONE;
					break;
				}
			}
			cr_assert_lt(at, len, "row %zu", i);
			result = feed((__u8 *)text + at, len - at, &used);
			at += used;
		}
		cr_expect_eq(result, rows[i].last, "row %zu: %d", i, result);
		cr_expect(at == len || result == HTTP_BAD, "row %zu: %zu of %zu", i, at, len);
	}
}

/* Anything at all: it ends, and a name that is given is one. */
Test(http, noise)
{
	static const char *const words[] = {
		"GET", " ", "\r\n", "\n", "/", "http://", "HTTP/1.1", "Host:", "a.example", ":", "\t", "\r", "[", "]",
		"Content-Length: 3", "0", "CONNECT ", "Transfer-Encoding: chunked", "%", "\x80",
	};
	unsigned said[HTTP_BAD + 1] = { 0 };

	for (int round = 0; round < 100000; round++) {
		char text[400] = "";
		enum http_result result;
		size_t used;

		if (dice() % 2)
			strcpy(text, "GET / HTTP/1.1\r\n");
		for (int n = dice() % 12; n; n--)
			strcat(text, words[dice() % ROWS(words)]);
		if (dice() % 4 == 0)
			strcat(text, "\r\nHost: a.example\r\n\r\n");
		result = read_head(text, &used);
		said[result]++;
		if (result == HTTP_NAME)
			cr_assert(http_name(&r)->len > 2 && !http_name(&r)->wire[http_name(&r)->len - 1]);
	}
	cr_expect(said[HTTP_MORE] > 1000 && said[HTTP_NAME] > 5 && said[HTTP_OTHER] > 1000 && said[HTTP_BAD] > 1000,
		  "%u %u %u %u", said[HTTP_MORE], said[HTTP_NAME], said[HTTP_OTHER], said[HTTP_BAD]);
}
