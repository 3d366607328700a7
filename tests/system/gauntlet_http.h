/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/1 (RFC 9112): the many ways of saying whom one asks. Each row is one; %s is the name, %i the innocent one. */
#ifndef GAUNTLET_HTTP_H
#define GAUNTLET_HTTP_H

#include "gauntlet.h"

#define LONG_METHOD "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const requests[] = {
	"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nhOsT: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:%s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:\t%s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:      %s   \r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %s.\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %s:80\r\n\r\n",
	"GET / HTTP/1.1\nHost: %s\n\n",
	"\r\n\r\nGET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:\r\n %s\r\n\r\n",
	"GET / HTTP/1.1\r\nX: y\r\n Host: %i\r\nHost: %s\r\n\r\n",
	"GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET http://%s/ HTTP/1.1\r\nHost: %i\r\n\r\n",
	"GET HTTP://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET http://%i@%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %i\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %s\r\nHost: %i\r\n\r\n",
	"GET / HTTP/1.1\r\nHost : %s\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: %s\r\n\r\n",
	"GET  /  HTTP/1.1\r\nHost: %s\r\n\r\n",
	"BREW / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"get / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: %s\r\n\r\n",
	"CONNECT %s:443 HTTP/1.1\r\nHost: %i\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %i\r\n\r\nGET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nContent-Length: 4\r\n\r\nabcdGET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nTransfer-Encoding: chunked\r\n\r\n4;x=\"a\"\r\nabcd\r\n0\r\nA: b\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nHost: %s\r\n\r\n",
	"GET /?Host:%i HTTP/1.1\r\nX-Host: %i\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nX:\x01\xff\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %S\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nContent-Length: 48\r\n\r\nGET / HTTP/1.1\r\nHost: %s\r\n\r\nabc",
	"\nGET / HTTP/1.1\r\nHost:%s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %s\t\r\n\r\n",
	"GET / HTTP/1.1\nHost:%s\nUser-Agent: x \n\n",
	LONG_METHOD " / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: %i\r\n\r\n" LONG_METHOD " / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET\v/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	"PUT\f/\fHTTP/1.1\r\nHost: %s\r\n\r\n",
	"GET\r/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	"\vPUT / HTTP/1.1\r\nHost: %s\r\n\r\n",
	"PUT / HTTP/1.1 x\r\nHost: %s\r\n\r\n",
	"GET / HTTP/1.1\r\nX: y\vHost: %s\r\nHost: %i\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: %i\r\nTransfer-Encoding: chunked\r\n\r\n50;\n0\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
};
enum {
	R_PLAIN, R_FIELD_CASE, R_NO_BLANK, R_TAB, R_BLANKS, R_DOT, R_PORT, R_LF, R_EMPTY_LINES, R_FOLDED, R_FOLDED_BEFORE,
	R_ABSOLUTE, R_ABSOLUTE_OTHER, R_SCHEME_CASE, R_USER, R_TWO, R_TWO_FIRST, R_BLANK_COLON, R_OLD, R_BLANKS_LINE,
	R_METHOD, R_METHOD_CASE, R_OPTIONS, R_CONNECT, R_PIPELINED, R_BEHIND_BODY, R_BEHIND_CHUNKS, R_SMUGGLED,
	R_BEHIND_TRAILER, R_UPGRADE, R_DECOYS, R_BINARY_FIELD, R_UPPER, R_IN_BODY,
	R_EOL_FIRST, R_TAB_BEHIND, R_UNIX, R_LONG_METHOD, R_LONG_METHOD_LATER, R_VT, R_FF, R_CR, R_VT_FIRST,
	R_BEHIND_VERSION, R_VT_IN_FIELD, R_LF_CHUNK,
};

static void make_request(struct run *r)
{
	static char text[STREAM_MAX];
	size_t n = 0;

	for (const char *at = requests[r->s->arg]; *at; at++) {
		const char *word = at[1] == 'i' ? r->innocent : r->name;

		if (*at != '%') {
			text[n++] = *at;
			continue;
		}
		memcpy(text + n, word, strlen(word));
		for (size_t i = 0; at[1] == 'S' && i < strlen(word); i++)
			text[n + i] -= text[n + i] >= 'a' ? 32 : 0;
		n += strlen(word);
		at++;
	}
	set_stream(r, text, n);
}

/* A head of so many bytes before the field that counts. */
static void make_long_head(struct run *r)
{
	static char text[STREAM_MAX];
	int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n");

	for (int i = 0; n < r->s->arg; i++)
		n += snprintf(text + n, sizeof(text) - n, "X-Field-%d: %0500d\r\n", i, i);
	n += snprintf(text + n, sizeof(text) - n, "Host: %s\r\n\r\n", r->name);
	set_stream(r, text, n);
}

/* The second request only when the first was answered. */
static void play_keep_alive(struct run *r)
{
	uint8_t *second = (uint8_t *)memmem(r->stream, r->len, "\r\n\r\n", 4) + 4;

	put(r, 0, second - r->stream);
	for (double end = now_ms() + 20 * r->patience; !r->t.in_len && !r->t.reset && tcp_wait(&r->t, end);)
		;
	settle(r);
	put(r, second - r->stream, r->len);
}

#endif
