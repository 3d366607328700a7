/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The request line of HTTP/1 (RFC 9112 section 3), and the authority in it or in a Host field. See http.h. */
#ifndef ESAFE_HTTPLINE_H
#define ESAFE_HTTPLINE_H

#include <linux/types.h>
#include "hostname.h"
#include "part.h"

enum http_result {
	HTTP_MORE,    /* go on with the next byte */
	HTTP_NAME,    /* the head is complete, the name is in reader.name: if it is allowed, http_behind_head() */
	HTTP_NO_NAME, /* the head is complete and names nobody */
	HTTP_CONTENT, /* leave out reader.body bytes, then go on */
	HTTP_DONE,    /* the request is complete: the next byte is another's */
	HTTP_OTHER,   /* this is no HTTP/1 */
	HTTP_BAD,     /* it is, but not as the RFC says */
};

enum http_field {
	HTTP_F_START, HTTP_F_METHOD, HTTP_F_TARGET, HTTP_F_SCHEME, HTTP_F_SLASHES, HTTP_F_REST, HTTP_F_VERSION,
	HTTP_F_AUTHORITY, HTTP_F_LITERAL, HTTP_F_BEHIND_LITERAL, HTTP_F_PORT, /* of the target or of Host */
	HTTP_F_LINE, HTTP_F_FIELD, HTTP_F_VALUE, HTTP_F_BLANK, HTTP_F_LENGTH, HTTP_F_CODING,
	HTTP_F_CHUNK, HTTP_F_CHUNK_EXT, HTTP_F_CHUNK_END, HTTP_F_END,
};

#define HTTP_CR 1          /* the last byte was CR: LF must follow */
#define HTTP_IS 2          /* "HTTP/" stands somewhere in the request line */
#define HTTP_ONE 4         /* the last word of it is "HTTP/1." and a digit */
#define HTTP_ODD 8         /* the request line is not as it must be */
#define HTTP_KNOWN 16      /* the method is one that only HTTP has */
#define HTTP_CONNECT 32
#define HTTP_OLD 64        /* HTTP/1.0 */
#define HTTP_IN_TARGET 128 /* the authority that is read is the target's, not that of Host */
#define HTTP_TARGET_NAME 256
#define HTTP_HOST 512      /* a Host field was seen */
#define HTTP_HOST_NAME 1024
#define HTTP_LENGTH 2048
#define HTTP_CHUNKED 4096
#define HTTP_TRAILER 8192

struct http_reader {
	__u32 field; /* enum http_field: what the next byte belongs to */
	__u32 flags;
	__u32 count; /* bytes of the word that were read */
	__u32 match; /* bit n: they are those of row n of http_words */
	__u32 tail;  /* the last four bytes of the request line, in lower case */
	__u64 body;  /* length of the body or chunk */
	struct hostname name; /* of the target; once the head is complete, the one to be judged */
	struct hostname host;
};

#define HTTP_WORDS 8
__attribute__((weak)) const __u8 http_words[HTTP_WORDS][24] = {
	"get", "connect", "post", "http/1.", "host", "content-length", "transfer-encoding", "chunked",
};
enum http_row {
	HTTP_W_GET, HTTP_W_CONNECT, HTTP_W_POST, HTTP_W_HTTP, HTTP_W_HOST, HTTP_W_LENGTH, HTTP_W_CODING, HTTP_W_CHUNKED,
};

static __always_inline void http_start(struct http_reader *r)
{
	r->field = HTTP_F_START;
	r->flags = r->count = r->match = r->tail = 0;
	r->body = 0;
	hostname_start(&r->name);
	hostname_start(&r->host);
}

static __always_inline __u8 http_lower(__u8 c)
{
	return (__u8)(c - 'A') < 26 ? c | 0x20 : c;
}

/* A byte of a token (RFC 9110 section 5.6.2): "!#$%&'*+-.^_`|~", digits, letters. */
static __always_inline int http_token(__u8 c)
{
	__u64 set = c & 64 ? 0x57ffffffc7fffffeULL : 0x03ff6cfa00000000ULL;

	return c < 128 && set >> (c & 63) & 1;
}

static __always_inline int http_blank(__u8 c)
{
	return c == ' ' || c == '\t';
}

/* What lenient servers take for a blank (Squid: the first two; Python's split(): all) or for the end of a line. */
static __always_inline int http_splits(__u8 c)
{
	return (__u8)(c - '\v') < 2 || (__u8)(c - 0x1c) < 4;
}

/* Python's also these two, where text is Latin-1; in UTF-8 they are parts of letters. */
static __always_inline int http_splits_text(__u8 c)
{
	return http_splits(c) || c == 0x85 || c == 0xa0;
}

static __always_inline enum http_result http_go(struct http_reader *r, __u32 field)
{
	r->field = field;
	r->count = 0;
	r->match = (1 << HTTP_WORDS) - 1;
	return HTTP_MORE;
}

/* One more byte of a word that is looked for in the table. Words may have any length: longer ones match nothing. */
static __always_inline void http_word(struct http_reader *r, __u8 c)
{
	__u32 keep = 0;

	c = http_lower(c);
	for (__u32 i = 0; i < HTTP_WORDS; i++)
		keep |= (http_words[i][r->count & 15] == c) << i;
	/* the longest row is the only one that needs a 17th byte */
	if (r->count >= 16)
		keep = r->count == 16 && c == 'g' ? 1 << HTTP_W_CODING : 0;
	r->match &= keep;
	r->count++;
}

/* Was the word row `row`, all of it? Every row ends in a zero byte. */
static __always_inline int http_was(const struct http_reader *r, __u32 row, __u32 len)
{
	return r->count == len && r->match >> row & 1;
}

/* ---- request line ---- */

/* One more byte of it: whatever is odd about the line, one that says "HTTP/" is meant for a server of HTTP. */
static __always_inline void http_tail(struct http_reader *r, __u8 c)
{
	r->tail = r->tail << 8 | http_lower(c);
	if (r->tail == 0x7474702f) /* "ttp/" */
		r->flags |= HTTP_IS;
}

/* Its LF was read. */
static __always_inline enum http_result http_line_end(struct http_reader *r)
{
	if (!(r->flags & (HTTP_IS | HTTP_KNOWN)))
		return HTTP_OTHER;
	if (r->flags & HTTP_ODD || !(r->flags & HTTP_ONE))
		return HTTP_BAD;
	return http_go(r, HTTP_F_LINE);
}

static __always_inline enum http_result http_odd(struct http_reader *r)
{
	r->flags |= HTTP_ODD;
	return http_go(r, HTTP_F_REST);
}

static __always_inline enum http_result http_method(struct http_reader *r, __u8 c)
{
	if (http_token(c)) { /* a method may have any length: servers take it */
		http_word(r, c);
		return HTTP_MORE;
	}
	if (!http_blank(c)) {
		/* binary protocols seldom begin with a word, which no method is shorter than that servers answer */
		if (r->count < 3 || !http_splits_text(c))
			return HTTP_OTHER;
		r->flags |= HTTP_ODD;
	}
	if (http_was(r, HTTP_W_CONNECT, 7)) {
		r->flags |= HTTP_CONNECT | HTTP_KNOWN | HTTP_IN_TARGET;
		return http_go(r, HTTP_F_AUTHORITY);
	}
	if (http_was(r, HTTP_W_GET, 3) || http_was(r, HTTP_W_POST, 4))
		r->flags |= HTTP_KNOWN;
	return http_go(r, HTTP_F_TARGET);
}

static __always_inline enum http_result http_target(struct http_reader *r, __u8 c)
{
	if (http_blank(c))
		return HTTP_MORE;
	if (c == '/' || c == '*')
		return http_go(r, HTTP_F_REST);
	if ((__u8)((c | 0x20) - 'a') < 26)
		return http_go(r, HTTP_F_SCHEME);
	return http_odd(r);
}

/* "scheme:" was begun, then "//". */
static __always_inline enum http_result http_scheme(struct http_reader *r, __u8 c)
{
	if (r->field == HTTP_F_SCHEME) {
		if (c == ':')
			return http_go(r, HTTP_F_SLASHES);
		if (http_blank(c)) {
			r->flags |= HTTP_ODD;
			return http_go(r, HTTP_F_VERSION);
		}
		return hostname_char(c) || c == '+' || c == '.' ? HTTP_MORE : http_odd(r);
	}
	if (c != '/')
		return http_odd(r);
	if (r->count++ == 0)
		return HTTP_MORE;
	r->flags |= HTTP_IN_TARGET;
	return http_go(r, HTTP_F_AUTHORITY);
}

/* The last word of the line: the version, or more than there should be. */
static __always_inline enum http_result http_version(struct http_reader *r, __u8 c)
{
	if (http_blank(c))
		return r->count ? http_go(r, HTTP_F_VERSION) : HTTP_MORE;
	if (!r->count) {
		if (r->flags & HTTP_ONE)
			r->flags |= HTTP_ODD; /* a word behind the version */
		r->flags &= ~(HTTP_ONE | HTTP_OLD);
	}
	if (r->count == 7 && r->match >> HTTP_W_HTTP & 1) {
		r->flags |= (__u8)(c - '0') < 10 ? HTTP_ONE : HTTP_ODD;
		r->flags |= c == '0' ? HTTP_OLD : 0;
		r->count++;
		return HTTP_MORE;
	}
	if (r->count > 7) {
		r->flags |= HTTP_ODD;
		return HTTP_MORE;
	}
	http_word(r, c);
	if (!(r->match >> HTTP_W_HTTP & 1))
		r->flags |= HTTP_ODD;
	return HTTP_MORE;
}

/* ---- authority: name or literal, and port; of the target or of Host ---- */

/* It ended before `c`. */
static __always_inline enum http_result http_authority_end(struct http_reader *r, __u8 c, int named)
{
	int in_target = r->flags & HTTP_IN_TARGET;
	struct hostname *h = in_target ? &r->name : &r->host;

	if (named) {
		if (hostname_end(h))
			return in_target ? http_odd(r) : HTTP_BAD;
		r->flags |= in_target ? HTTP_TARGET_NAME : HTTP_HOST_NAME;
	}
	if (!in_target) {
		if (c == '\n')
			return http_go(r, HTTP_F_LINE);
		return http_blank(c) ? http_go(r, HTTP_F_BLANK) : HTTP_BAD;
	}
	r->flags &= ~HTTP_IN_TARGET;
	if (http_blank(c))
		return http_go(r, HTTP_F_VERSION);
	return r->flags & HTTP_CONNECT ? http_odd(r) : http_go(r, HTTP_F_REST); /* CONNECT has nothing behind it */
}

static __always_inline int http_ends_authority(__u8 c)
{
	return http_blank(c) || c == '\n' || c == '/' || c == '?' || c == '#';
}

static __always_inline enum http_result http_authority_byte(struct http_reader *r, __u8 c)
{
	if (!r->count && http_blank(c))
		return HTTP_MORE;
	if (!r->count && c == '\n' && !(r->flags & HTTP_IN_TARGET))
		return http_go(r, HTTP_F_LINE); /* Host may be empty */
	if (!r->count && c == '[')
		return http_go(r, HTTP_F_LITERAL);
	if (http_ends_authority(c))
		return http_authority_end(r, c, 1);
	r->count++;
	if (c == ':') { /* the name is complete; a flag says so when the port is */
		r->field = HTTP_F_PORT;
		r->count = 1;
		return HTTP_MORE;
	}
	if (r->flags & HTTP_IN_TARGET)
		hostname_add(&r->name, http_lower(c));
	else
		hostname_add(&r->host, http_lower(c));
	return HTTP_MORE;
}

/* A byte of a name, of an address in brackets or of a port. A literal names nobody. */
PART int http_authority(struct http_reader *r, __u32 byte)
{
	__u32 named;
	__u8 c = byte;

	if (!r)
		return HTTP_BAD;
	if (r->field == HTTP_F_AUTHORITY)
		return http_authority_byte(r, c);
	named = r->field == HTTP_F_PORT && r->count;
	if (r->field == HTTP_F_LITERAL) {
		if (c == ']')
			return http_go(r, HTTP_F_BEHIND_LITERAL);
		if ((__u8)(http_lower(c) - 'a') < 6 || (__u8)(c - '0') < 10 || c == ':' || c == '.')
			return HTTP_MORE;
	} else if (http_ends_authority(c)) {
		return http_authority_end(r, c, named);
	} else if (r->field == HTTP_F_BEHIND_LITERAL && c == ':') {
		r->field = HTTP_F_PORT; /* count 0: of a literal */
		return HTTP_MORE;
	} else if (r->field == HTTP_F_PORT && (__u8)(c - '0') < 10) {
		return HTTP_MORE;
	}
	if (!(r->flags & HTTP_IN_TARGET))
		return HTTP_BAD;
	r->flags &= ~HTTP_IN_TARGET;
	return http_odd(r);
}

/* A byte of the request line, but for its authority. */
PART int http_line_byte(struct http_reader *r, __u32 c)
{
	if (!r)
		return HTTP_BAD;
	if (c == '\n' && r->field > HTTP_F_METHOD && (r->field < HTTP_F_AUTHORITY || r->flags & HTTP_IN_TARGET)) {
		if (r->field != HTTP_F_VERSION)
			r->flags |= HTTP_ODD; /* no version: HTTP/0.9 or something else */
		return http_line_end(r);
	}
	switch (r->field) {
	case HTTP_F_START: /* empty lines may stand before it (RFC 9112 section 2.2); blanks some servers overlook */
		if (http_splits_text(c))
			r->flags |= HTTP_ODD;
		else if (!http_blank(c) && c != '\n')
			break;
		return HTTP_MORE;
	case HTTP_F_METHOD:
		return http_method(r, c);
	case HTTP_F_TARGET:
		return http_target(r, c);
	case HTTP_F_SCHEME:
	case HTTP_F_SLASHES:
		return http_scheme(r, c);
	case HTTP_F_REST:
		return http_blank(c) ? http_go(r, HTTP_F_VERSION) : HTTP_MORE;
	default:
		return http_version(r, c);
	}
	http_go(r, HTTP_F_METHOD);
	return http_method(r, c);
}

#endif
