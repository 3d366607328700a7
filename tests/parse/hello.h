/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ClientHellos for tests: a builder, and a reader that sees the whole stream at once. It is written from the RFCs, not
 * from tls.h: first the records are taken off, then one cursor goes over what is left.
 */
#ifndef HELLO_H
#define HELLO_H

#include "parse.h"
#include "tls.h"

#define HELLO_ROOM 65536

struct hello {
	size_t len;
	__u8 bytes[HELLO_ROOM];
};

static inline void hello_put(struct hello *h, const void *bytes, size_t len)
{
	if (h->len + len > sizeof(h->bytes))
		abort();
	if (len)
		memcpy(h->bytes + h->len, bytes, len);
	h->len += len;
}

static inline void hello_put_number(struct hello *h, unsigned long value, int size)
{
	while (size--) {
		__u8 byte = value >> size * 8;

		hello_put(h, &byte, 1);
	}
}

static inline void hello_fill(struct hello *h, __u8 byte, size_t len)
{
	while (len--)
		hello_put(h, &byte, 1);
}

/* Writes how many bytes follow the `size` bytes at `at`. */
static inline void hello_close(struct hello *h, size_t at, int size)
{
	size_t len = h->len - at - size, end = h->len;

	h->len = at;
	hello_put_number(h, len, size);
	h->len = end;
}

static inline void hello_server_name(struct hello *h, const char *name)
{
	size_t len = strlen(name);

	hello_put_number(h, 0, 2);
	hello_put_number(h, len + 5, 2);
	hello_put_number(h, len + 3, 2);
	hello_put_number(h, 0, 1);
	hello_put_number(h, len, 2);
	hello_put(h, name, len);
}

/*
 * The handshake message of a hello with `others` more extensions, the server name behind the first `before` of them.
 * `name` NULL: none.
 */
static inline void hello_message(struct hello *h, const char *name, int before, int others)
{
	static const __u16 kinds[][2] = { { 0xfe0d, 250 }, { 51, 40 }, { 43, 7 }, { 10, 8 }, { 35, 0 }, { 16, 14 } };
	size_t at;

	h->len = 0;
	hello_put_number(h, 1, 1);
	hello_put_number(h, 0, 3);
	hello_put_number(h, 0x303, 2);
	hello_fill(h, 0xaa, 32);
	hello_put_number(h, 32, 1);
	hello_fill(h, 0x16, 32);
	hello_put_number(h, 8, 2);
	hello_put_number(h, 0x1301130213031304UL, 8);
	hello_put_number(h, 0x0100, 2);
	at = h->len;
	hello_put_number(h, 0, 2);
	for (int i = 0; i <= others; i++) {
		if (i == before && name)
			hello_server_name(h, name);
		if (i == others)
			break;
		hello_put_number(h, kinds[i % 6][0], 2);
		hello_put_number(h, kinds[i % 6][1], 2);
		hello_fill(h, 0, kinds[i % 6][1]);
	}
	hello_close(h, at, 2);
	hello_close(h, 1, 3);
}

/* The message in records of `size` bytes each. */
static inline void hello_records(struct hello *stream, const struct hello *message, size_t size)
{
	stream->len = 0;
	for (size_t at = 0; at < message->len; at += size) {
		size_t n = message->len - at < size ? message->len - at : size;

		hello_put_number(stream, 0x160301, 3);
		hello_put_number(stream, n, 2);
		hello_put(stream, message->bytes + at, n);
	}
}

/* ---- the reader that sees everything ---- */

struct whole {
	__u8 *flat;            /* what the records carry */
	size_t have, at, end;  /* of flat; end: of the message, as it says */
	int odd;               /* the first record is of a version that there is not */
	enum tls_result tail;  /* why there is no more of it */
	enum tls_result result;
};

static inline enum tls_result whole_flatten(struct whole *w, const __u8 *stream, size_t len)
{
	size_t at = 0;

	for (;;) {
		size_t size, left = len - at;

		if (at && left && stream[at] != 22)
			return TLS_BAD;
		if (left && (stream[at] < 20 || stream[at] > 24))
			return TLS_OTHER;
		if (left > 1 && at && stream[at + 1] != 3 && !w->odd)
			return TLS_BAD;
		if (left > 1 && stream[at + 1] > 15)
			return at ? TLS_BAD : TLS_OTHER;
		if (left > 1 && stream[at] != 22 && stream[at + 1] == 3)
			return TLS_BAD; /* a record of TLS, but not of the handshake */
		if (left < 5)
			return TLS_MORE;
		size = stream[at + 3] * 256 + stream[at + 4];
		w->odd |= stream[at + 1] != 3; /* no version, but it may be TLS: a handshake, or an alert */
		if (!at && w->odd && (stream[0] != 22 || !size || size > 1 << 14))
			return stream[0] == 21 && size == 2 ? TLS_BAD : TLS_OTHER;
		if (size == 0 || size > 1 << 14)
			return TLS_BAD;
		at += 5;
		left -= 5;
		if (size > left)
			size = left;
		if (size)
			memcpy(w->flat + w->have, stream + at, size);
		w->have += size;
		at += size;
	}
}

/* Moves over n bytes. 0 if they are not there: w->result says why. */
static inline const __u8 *whole_take(struct whole *w, size_t n)
{
	const __u8 *from = w->flat + w->at;

	if (w->at + n > w->have || w->at + n > w->end) {
		w->result = w->have > w->end ? TLS_BAD : w->tail;
		return 0;
	}
	w->at += n;
	return from;
}

static inline int whole_number(struct whole *w, int size, size_t *value)
{
	const __u8 *from = whole_take(w, size);

	*value = 0;
	for (int i = 0; from && i < size; i++)
		*value = *value * 256 + from[i];
	return !!from;
}

static inline int whole_label_ok(const char *label, size_t len)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < len; i++)
		if (!label[i] || !strchr(good, label[i]))
			return 0;
	return len >= 1 && len <= 63;
}

/* A host name as wire form. Returns its length, 0: it is none. */
static inline size_t whole_name(const char *text, size_t len, __u8 *wire)
{
	size_t out = 0;

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len > 253)
		return 0;
	for (size_t at = 0; at <= len;) {
		const char *dot = memchr(text + at, '.', len - at);
		size_t n = (dot ? (size_t)(dot - text) : len) - at;

		if (!whole_label_ok(text + at, n))
			return 0;
		wire[out++] = n;
		memcpy(wire + out, text + at, n);
		out += n;
		at += n + 1;
	}
	wire[out++] = 0;
	return out;
}

static inline enum tls_result whole_server_name(struct whole *w, size_t len, __u8 *wire, size_t *wire_len)
{
	size_t list, kind, size;
	const __u8 *name;

	if (len < 5)
		return TLS_BAD;
	if (!whole_number(w, 2, &list))
		return w->result;
	if (list != len - 2)
		return TLS_BAD;
	if (!whole_number(w, 3, &kind))
		return w->result;
	size = kind & 0xffff;
	if (kind >> 16 || size == 0 || size > 255 || size != list - 3)
		return TLS_BAD;
	name = whole_take(w, size);
	if (!name)
		return w->result;
	*wire_len = whole_name((const char *)name, size, wire);
	return *wire_len ? TLS_NAME : TLS_BAD;
}

static inline enum tls_result whole_extensions(struct whole *w, __u8 *wire, size_t *wire_len)
{
	size_t left, kind, len;

	if (!whole_number(w, 2, &left))
		return w->result;
	if (left != w->end - w->at)
		return TLS_BAD;
	while (left) {
		if (left < 4)
			return TLS_BAD;
		if (!whole_number(w, 2, &kind) || !whole_number(w, 2, &len))
			return w->result;
		if (len + 4 > left)
			return TLS_BAD;
		if (!kind)
			return whole_server_name(w, len, wire, wire_len);
		left -= len + 4;
		if (left >= 4 && !whole_take(w, len)) /* what is wrong behind it shows before it is there */
			return w->result;
	}
	return TLS_NO_NAME;
}

/* In the middle of a stream: does a hello begin there, as far as its session id? 1, 0, or -1: so far. */
static inline int whole_is_hello(const __u8 *stream, size_t len)
{
	struct whole w = { 0 };
	int result;

	if (stream[0] != 22 || (len > 1 && stream[1] > 15))
		return 0;
	if (len < 6)
		return -1;
	if (stream[5] != 1)
		return 0;
	w.flat = malloc(len + 1);
	if (!w.flat)
		abort();
	w.tail = whole_flatten(&w, stream, len);
	result = w.tail == TLS_MORE ? -1 : 0;
	if (w.have >= 4 && (w.flat[0] != 1 || w.flat[1] || w.flat[2] * 256 + w.flat[3] < 41))
		result = 0;
	else if (w.have >= 6 && w.flat[4] != 3)
		result = 0;
	else if (w.have >= 39)
		result = w.flat[38] <= 32;
	free(w.flat);
	return result;
}

static inline enum tls_result whole_message(struct whole *w, __u8 *wire, size_t *wire_len)
{
	size_t kind, len;

	w->end = 4;
	if (w->have < 4)
		return w->tail;
	if (!whole_number(w, 1, &kind) || !whole_number(w, 3, &len))
		return w->result;
	if (kind != 1 || len < 41)
		return kind != 1 && w->odd ? TLS_OTHER : TLS_BAD;
	w->end = 4 + len;
	if (!whole_take(w, 34) || !whole_number(w, 1, &len))
		return w->result;
	if (len > 32)
		return TLS_BAD;
	if (!whole_take(w, len) || !whole_number(w, 2, &len))
		return w->result;
	if (len < 2 || len % 2)
		return TLS_BAD;
	if (!whole_take(w, len) || !whole_number(w, 1, &len))
		return w->result;
	if (!len || len > w->end - w->at)
		return TLS_BAD;
	if (len == w->end - w->at)
		return TLS_NO_NAME;
	return whole_take(w, len) ? whole_extensions(w, wire, wire_len) : w->result;
}

/* What the stream says, with the name in `wire` (room for 256 bytes) if there is one. */
static inline enum tls_result whole_read(const __u8 *stream, size_t len, __u8 *wire, size_t *wire_len)
{
	struct whole w = { 0 };
	enum tls_result result;

	w.flat = malloc(len + 1);
	if (!w.flat)
		abort();
	*wire_len = 0;
	w.tail = whole_flatten(&w, stream, len);
	result = whole_message(&w, wire, wire_len);
	free(w.flat);
	return result;
}

/* ---- the reader under test, fed piece by piece ---- */

/* Shows the reader `have` bytes of the stream, on a block that ends there, until it wants more or is at its end. */
static inline enum tls_result hello_feed(struct tls_reader *r, const __u8 *stream, size_t have)
{
	enum tls_result result = TLS_AGAIN;
	__u8 *block = exact(stream, have);
	__u32 mask = 1;

	while (mask < have)
		mask = mask * 2 + 1;
	for (size_t steps = 0; result == TLS_AGAIN; steps++) {
		if (steps > 2 * have + 2)
			abort(); /* it goes round without reading */
		result = tls_step(r, block, have, mask);
		if (r->at > have)
			abort();
	}
	free(block);
	return result;
}

#endif
