/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads who is asked out of the head of an HTTP/1 request (RFC 9112), byte by byte, so that it may be cut anywhere:
 *
 *   method SP target SP HTTP/1.x CRLF *( field ":" value CRLF ) CRLF body
 *
 * The name is that of the target if it has one (absolute-form, or authority-form after CONNECT; RFC 9112 section 3.2),
 * else that of the Host field; where both are given they must agree. What two readers could take in two ways is
 * refused: folded lines, a space before the colon, a bare CR, a bare LF between chunks, a second Host, Content-Length
 * or Transfer-Encoding, both of the latter, user information in the target. The length of the body is read too: behind
 * it the next request starts.
 */
#ifndef ESAFE_HTTP_H
#define ESAFE_HTTP_H

#include "httpline.h"

/* ---- fields ---- */

/* The name of a field is complete. */
static __always_inline enum http_result http_field(struct http_reader *r)
{
	__u32 flag = 0, field = HTTP_F_VALUE;

	if (r->flags & HTTP_TRAILER)
		return http_go(r, field);
	if (http_was(r, HTTP_W_HOST, 4)) {
		flag = HTTP_HOST;
		field = HTTP_F_AUTHORITY;
	} else if (http_was(r, HTTP_W_LENGTH, 14)) {
		flag = HTTP_LENGTH;
		field = HTTP_F_LENGTH;
	} else if (http_was(r, HTTP_W_CODING, 17)) {
		flag = HTTP_CHUNKED;
		field = HTTP_F_CODING;
	}
	if (r->flags & flag)
		return HTTP_BAD; /* a second one */
	r->flags |= flag;
	return http_go(r, field);
}

/* "Content-Length: 1*DIGIT", or the word "chunked". */
static __always_inline enum http_result http_length(struct http_reader *r, __u8 c)
{
	__u32 coding = r->field == HTTP_F_CODING;

	if (c == '\n' || http_blank(c)) {
		if (!r->count && c != '\n')
			return HTTP_MORE;
		if (coding ? !http_was(r, HTTP_W_CHUNKED, 7) : !r->count)
			return HTTP_BAD;
		return http_go(r, c == '\n' ? HTTP_F_LINE : HTTP_F_BLANK);
	}
	if (coding) {
		http_word(r, c);
		return r->count > 7 ? HTTP_BAD : HTTP_MORE;
	}
	if ((__u8)(c - '0') > 9 || ++r->count > 18)
		return HTTP_BAD;
	r->body = r->body * 10 + (c - '0');
	return HTTP_MORE;
}

static __always_inline int http_agree(const struct http_reader *r)
{
	__u32 differs = r->name.len ^ r->host.len;

	for (__u32 i = 0; i < 256; i++) {
		if (i >= r->name.len)
			break;
		differs |= r->name.wire[i] ^ r->host.wire[i];
	}
	return !differs;
}

/* The empty line was read. Where the target names nobody, the caller takes the name from Host. */
static __always_inline enum http_result http_head_end(struct http_reader *r)
{
	__u32 flags = r->flags, both = HTTP_TARGET_NAME | HTTP_HOST_NAME;

	if (flags & HTTP_TRAILER)
		return HTTP_DONE;
	if (flags & HTTP_CHUNKED && flags & (HTTP_LENGTH | HTTP_OLD))
		return HTTP_BAD;
	if (!(flags & (HTTP_HOST | HTTP_OLD)))
		return HTTP_BAD; /* RFC 9112 section 3.2 */
	if ((flags & both) == both && !http_agree(r))
		return HTTP_BAD;
	return flags & both ? HTTP_NAME : HTTP_NO_NAME;
}

static __always_inline enum http_result http_line(struct http_reader *r, __u8 c)
{
	if (c == '\n')
		return http_head_end(r);
	if (!http_token(c))
		return HTTP_BAD; /* a folded line, or nothing that is known */
	http_go(r, HTTP_F_FIELD);
	http_word(r, c);
	return HTTP_MORE;
}

/* The judged head's name: of the target, else of Host. */
static __always_inline const struct hostname *http_name(const struct http_reader *r)
{
	return r->flags & HTTP_TARGET_NAME ? &r->name : &r->host;
}

/* The head was judged: what comes behind it? HTTP_CONTENT, HTTP_MORE (a chunk) or HTTP_DONE. */
static __always_inline enum http_result http_behind_head(struct http_reader *r)
{
	if (r->flags & HTTP_CONNECT)
		return HTTP_DONE; /* a tunnel has no body: what goes through it is read as a stream of its own */
	if (r->flags & HTTP_CHUNKED)
		return http_go(r, HTTP_F_CHUNK);
	if (!r->body)
		return HTTP_DONE;
	http_go(r, HTTP_F_END);
	return HTTP_CONTENT;
}

/* ---- chunks (RFC 9112 section 7.1) ---- */

static __always_inline enum http_result http_chunk(struct http_reader *r, __u8 c)
{
	__u8 digit = c - '0', letter = http_lower(c) - 'a';

	if (r->field == HTTP_F_CHUNK_END)
		return c == '\n' ? http_go(r, HTTP_F_CHUNK) : HTTP_BAD;
	if (!r->count)
		r->body = 0;
	if (r->field == HTTP_F_CHUNK && (digit < 10 || letter < 6)) {
		r->body = r->body << 4 | (digit < 10 ? digit : letter + 10);
		return ++r->count > 15 ? HTTP_BAD : HTTP_MORE;
	}
	if (!r->count)
		return HTTP_BAD;
	if (c != '\n') {
		if (r->field == HTTP_F_CHUNK && c != ';' && !http_blank(c))
			return HTTP_BAD;
		r->field = HTTP_F_CHUNK_EXT;
		return HTTP_MORE;
	}
	if (r->body) {
		http_go(r, HTTP_F_CHUNK_END);
		return HTTP_CONTENT;
	}
	r->flags |= HTTP_TRAILER;
	return http_go(r, HTTP_F_LINE);
}

/* ---- the whole ---- */

/*
 * CR must stand before LF and nowhere else; some servers take one for a blank, some for the end of a line. In the
 * request line of what may not be HTTP it is only odd.
 */
static __always_inline int http_bare_cr(struct http_reader *r)
{
	r->flags |= HTTP_ODD;
	if (r->field == HTTP_F_METHOD && http_line_byte(r, '\v') != HTTP_MORE)
		return HTTP_OTHER;
	if (r->flags & (HTTP_IS | HTTP_KNOWN))
		return HTTP_BAD;
	return r->field < HTTP_F_AUTHORITY || r->flags & HTTP_IN_TARGET ? HTTP_MORE : HTTP_BAD;
}

/* A byte of a field or chunk. */
PART int http_head_byte(struct http_reader *r, __u32 c)
{
	if (!r)
		return HTTP_BAD;
	switch (r->field) {
	case HTTP_F_LINE:
		return http_line(r, c);
	case HTTP_F_FIELD:
		if (c == ':')
			return http_field(r);
		http_word(r, c);
		return http_token(c) ? HTTP_MORE : HTTP_BAD;
	case HTTP_F_VALUE:
		if (c == '\n')
			return http_go(r, HTTP_F_LINE);
		return c && !http_splits(c) ? HTTP_MORE : HTTP_BAD;
	case HTTP_F_BLANK:
		return c == '\n' ? http_go(r, HTTP_F_LINE) : http_blank(c) ? HTTP_MORE : HTTP_BAD;
	case HTTP_F_LENGTH:
	case HTTP_F_CODING:
		return http_length(r, c);
	case HTTP_F_CHUNK:
	case HTTP_F_CHUNK_EXT:
	case HTTP_F_CHUNK_END:
		return http_chunk(r, c);
	default:
		return HTTP_BAD;
	}
}

/* The next byte of the stream. */
PART int http_step(struct http_reader *r, __u32 c)
{
	int result;

	if (!r)
		return HTTP_BAD;
	if (r->flags & HTTP_CR) {
		r->flags &= ~HTTP_CR;
		if (c != '\n') {
			result = http_bare_cr(r);
			if (result != HTTP_MORE)
				return result;
		}
	} else if (c == '\n' && r->field >= HTTP_F_CHUNK) {
		return HTTP_BAD;
	}
	if (c == '\r') {
		r->flags |= r->field == HTTP_F_START ? 0 : HTTP_CR;
		return HTTP_MORE;
	}
	if (r->field < HTTP_F_LINE)
		http_tail(r, c);
	if (r->field < HTTP_F_AUTHORITY || (r->flags & HTTP_IN_TARGET && c == '\n'))
		return http_line_byte(r, c);
	return r->field < HTTP_F_LINE ? http_authority(r, c) : http_head_byte(r, c);
}

#endif
