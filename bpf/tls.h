/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the server name out of a ClientHello that arrives in pieces (RFC 8446 sections 4.1.2 and 5.1, RFC 6066
 * section 3), and says whether another hello follows. The bytes seen so far stand together in one buffer; the reader
 * goes on where it stopped, so that the stream may be cut anywhere, and by TLS records anywhere too:
 *
 *   record      type 22 | version 2 | length 2
 *   handshake   type 1 | length 3
 *   ClientHello version 2 | random 32 | session id <0..32> | cipher suites <2..> | compression <1..> | extensions <0..>
 *   extension   type 2 | length 2
 *   server_name list length 2 | type 0 | name length 2 | name
 */
#ifndef ESAFE_TLS_H
#define ESAFE_TLS_H

#include <linux/types.h>
#include "hostname.h"

#define TLS_NAME_MAX 255
#define TLS_EARLY_DATA 42
#define TLS_HELLO_MIN (2 + 32 + 1 + 2 + 2 + 1 + 1)
#define TLS_BETWEEN_MAX (1 << 17) /* bytes that a server may leave out before a second hello */
#define TLS_ANSWER 43            /* what is looked at of a ServerHello: up to the end of its random */

enum tls_result {
	TLS_MORE,    /* nothing wrong so far */
	TLS_AGAIN,   /* not all bytes were read: call again */
	TLS_NAME,    /* the name is in reader.name, in wire form */
	TLS_NO_NAME, /* a complete ClientHello without a server name */
	TLS_OTHER,   /* the stream does not start with a TLS record */
	TLS_BAD,     /* it does, but not with a hello as the RFC says */
	TLS_DONE,    /* what comes behind the hello is not another one */
};

enum tls_field {
	TLS_F_MESSAGE,
	TLS_F_VERSION,
	TLS_F_SESSION_ID,
	TLS_F_CIPHERS,
	TLS_F_COMPRESSION,
	TLS_F_EXTENSIONS,
	TLS_F_EXTENSION,
	TLS_F_NAME_LIST,
	TLS_F_NAME_ENTRY,
	TLS_F_NAME,
};

struct tls_reader {
	__u32 begin;   /* where in the stream the hello starts; numbers of the stream may wrap */
	__u32 at;      /* where the next byte is read */
	__u32 record;  /* bytes left of the TLS record */
	__u32 message; /* bytes left of the ClientHello */
	__u32 extensions; /* bytes left of the extensions */
	__u32 field;   /* enum tls_field: what the next bytes are */
	__u32 skip;    /* bytes to leave out before it */
	__u32 need;    /* bytes of the field still to come */
	__u32 value;   /* the field so far, big-endian */
	__u32 list;    /* length of the server name list */
	__u32 odd;     /* the first record is of a version that there is not */
	__u32 hellos;  /* a hello was read to its end */
	__u32 named;   /* this one has a name */
	__u32 early;   /* data may come before the server has answered: RFC 8446 section 4.2.10 */
	__u32 between; /* bytes of other records behind the hello */
	__u32 later;   /* it began in the middle of a stream */
	__u32 whole;   /* the name is only told when the hello was read to its end */
	struct hostname name;
};

static __always_inline void tls_start(struct tls_reader *r)
{
	r->begin = r->at = r->record = r->message = r->extensions = r->skip = r->value = r->list = r->odd = 0;
	r->hellos = r->named = r->early = r->between = r->whole = r->later = 0;
	hostname_start(&r->name);
	r->field = TLS_F_MESSAGE;
	r->need = 4;
}

/* A stream that is not TLS so far: what begins at `at` may be a hello. Where it ends, TLS_DONE. */
static __always_inline void tls_start_later(struct tls_reader *r, __u32 at)
{
	tls_start(r);
	r->begin = r->at = at;
	r->hellos = r->later = 1;
}

/* By now it can be nothing else: its lengths and versions are right up to the session id. */
static __always_inline int tls_is_hello(const struct tls_reader *r)
{
	return r->field >= TLS_F_CIPHERS;
}

/* The stream is the handshake itself, without records around it, as QUIC carries it (RFC 9001 section 4.1.3). */
static __always_inline void tls_start_handshake(struct tls_reader *r)
{
	tls_start(r);
	r->record = ~0U;
	r->whole = 1;
}

static __always_inline void tls_expect(struct tls_reader *r, __u32 skip, __u32 field, __u32 need)
{
	r->skip = skip;
	r->field = field;
	r->need = need;
	r->value = 0;
}

/* The hello ends after `skip` bytes, which need not have arrived. */
static __always_inline enum tls_result tls_hello_end(struct tls_reader *r, __u32 skip)
{
	r->hellos = 1;
	tls_expect(r, skip, TLS_F_MESSAGE, 4);
	if (!r->named)
		return TLS_NO_NAME;
	return r->whole ? TLS_NAME : TLS_MORE;
}

static __always_inline enum tls_result tls_next_extension(struct tls_reader *r, __u32 skip)
{
	if (!r->extensions)
		return tls_hello_end(r, skip);
	if (r->extensions < 4)
		return TLS_BAD;
	tls_expect(r, skip, TLS_F_EXTENSION, 4);
	return TLS_MORE;
}

static __always_inline enum tls_result tls_extension(struct tls_reader *r)
{
	__u32 type = r->value >> 16, len = r->value & 0xffff;

	if (len + 4 > r->extensions)
		return TLS_BAD;
	r->extensions -= len + 4;
	if (type == TLS_EARLY_DATA)
		r->early = 1;
	if (type)
		return tls_next_extension(r, len);
	if (len < 5 || r->named) /* which of two a server takes no RFC says */
		return TLS_BAD;
	r->list = len - 2;
	tls_expect(r, 0, TLS_F_NAME_LIST, 2);
	return TLS_MORE;
}

/*
 * The header of a message: of the first hello; or of what comes behind it, which may be another (RFC 8446 section
 * 4.1.4), or, encrypted, look like any bytes.
 */
static __always_inline enum tls_result tls_message(struct tls_reader *r)
{
	__u32 type = r->value >> 24;

	r->message = r->value & 0xffffff;
	if (r->hellos) {
		if (type != 1 || r->message >> 16 || r->message < TLS_HELLO_MIN)
			return TLS_DONE;
		r->named = 0;
		hostname_start(&r->name);
		tls_expect(r, 0, TLS_F_VERSION, 2);
		return TLS_MORE;
	}
	if (type != 1 && r->odd)
		return TLS_OTHER;
	if (type != 1 || r->message < TLS_HELLO_MIN)
		return TLS_BAD;
	tls_expect(r, 2 + 32, TLS_F_SESSION_ID, 1);
	return TLS_MORE;
}

/* A field is complete in r->value: says what comes next. */
static __always_inline enum tls_result tls_field_done(struct tls_reader *r)
{
	__u32 value = r->value;

	switch (r->field) {
	case TLS_F_MESSAGE:
		return tls_message(r);
	case TLS_F_VERSION:
		if (value >> 8 != 3)
			return TLS_DONE;
		tls_expect(r, 32, TLS_F_SESSION_ID, 1);
		return TLS_MORE;
	case TLS_F_SESSION_ID:
		if (value > 32)
			return r->hellos ? TLS_DONE : TLS_BAD;
		tls_expect(r, value, TLS_F_CIPHERS, 2);
		return TLS_MORE;
	case TLS_F_CIPHERS:
		if (value < 2 || value & 1)
			return TLS_BAD;
		tls_expect(r, value, TLS_F_COMPRESSION, 1);
		return TLS_MORE;
	case TLS_F_COMPRESSION:
		if (!value || value > r->message)
			return TLS_BAD;
		if (value == r->message) /* no extensions at all */
			return tls_hello_end(r, value);
		tls_expect(r, value, TLS_F_EXTENSIONS, 2);
		return TLS_MORE;
	case TLS_F_EXTENSIONS:
		if (value != r->message)
			return TLS_BAD;
		r->extensions = value;
		return tls_next_extension(r, 0);
	case TLS_F_EXTENSION:
		return tls_extension(r);
	case TLS_F_NAME_LIST:
		if (value != r->list)
			return TLS_BAD;
		tls_expect(r, 0, TLS_F_NAME_ENTRY, 3);
		return TLS_MORE;
	case TLS_F_NAME_ENTRY: /* one host name, and nothing else: what a second one would mean no RFC says */
		if (value >> 16 || (value & 0xffff) + 3 != r->list || !(value & 0xffff) ||
		    (value & 0xffff) > TLS_NAME_MAX)
			return TLS_BAD;
		tls_expect(r, 0, TLS_F_NAME, value & 0xffff);
		return TLS_MORE;
	default:
		return TLS_BAD;
	}
}

#define TLS_BYTE(bytes, i, mask) ((bytes)[(i) & (mask)])

/* Change of ciphers, alert, handshake, data, heartbeat. */
static __always_inline int tls_content(__u32 type)
{
	return type >= 20 && type <= 24;
}

/* SHA-256 of "HelloRetryRequest": the random of a ServerHello that asks for another hello (RFC 8446 section 4.1.3). */
__attribute__((weak)) const __u8 tls_retry[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/*
 * Does the server say by these first TLS_ANSWER bytes of a record that the handshake goes on with the hello that it
 * has? They must be of one record, or the random could be read where it is not.
 */
static __always_inline int tls_takes_hello(const __u8 *bytes)
{
	__u64 differs = 0;

	if (bytes[0] != 22 || bytes[1] != 3 || (bytes[3] << 8 | bytes[4]) < TLS_ANSWER - 5 || bytes[5] != 2)
		return 0;
	for (__u32 i = 0; i < sizeof(tls_retry); i += 8)
		differs |= esafe_load8(&bytes[TLS_ANSWER - sizeof(tls_retry) + i]) ^ esafe_load8(&tls_retry[i]);
	return !!differs;
}

/*
 * Can a record that begins a ClientHello start at `at`, in the middle of a stream? TLS_AGAIN: it does by its first six
 * bytes; TLS_MORE: so far; TLS_OTHER: no.
 */
static __always_inline enum tls_result tls_begins(const __u8 *bytes, __u32 at, __u32 have, __u32 mask)
{
	__u32 avail = have - at, len;

	if (avail && TLS_BYTE(bytes, at, mask) != 22)
		return TLS_OTHER;
	if (avail > 1 && TLS_BYTE(bytes, at + 1, mask) > 15)
		return TLS_OTHER;
	if (avail < 6)
		return TLS_MORE;
	len = TLS_BYTE(bytes, at + 3, mask) << 8 | TLS_BYTE(bytes, at + 4, mask);
	return len && len <= 16384 && TLS_BYTE(bytes, at + 5, mask) == 1 ? TLS_AGAIN : TLS_OTHER;
}

/*
 * The first record, of a version that there is not: servers are to ignore it (RFC 8446 section 5.1), and some take any
 * below 16. What else starts with such bytes is told by its length and by the message's type.
 */
static __always_inline enum tls_result tls_odd_version(struct tls_reader *r, __u32 type, __u32 len)
{
	if (type == 21)
		return len == 2 ? TLS_BAD : TLS_OTHER;
	if (type != 22 || !len || len > 16384)
		return TLS_OTHER;
	r->odd = 1;
	return TLS_AGAIN;
}

/*
 * A record behind a hello. Servers leave out a change of ciphers, some an alert, and after they have asked for another
 * hello also early data: so is it here.
 */
static __always_inline enum tls_result tls_record_between(struct tls_reader *r, const __u8 *bytes, __u32 have,
							  __u32 mask)
{
	__u32 at = r->at, avail = have - at, type, len;

	if (r->later && at != r->begin)
		return TLS_DONE;
	if (!avail)
		return TLS_MORE;
	type = TLS_BYTE(bytes, at, mask);
	if (!tls_content(type) || (type == 23 && !r->early))
		return TLS_DONE;
	if (avail < 5)
		return TLS_MORE;
	len = TLS_BYTE(bytes, at + 3, mask) << 8 | TLS_BYTE(bytes, at + 4, mask);
	r->at = at + 5;
	r->record = len;
	if (type == 22)
		return len && len <= 16384 ? TLS_AGAIN : TLS_BAD;
	r->skip = len;
	r->between += len + 5;
	return r->between > TLS_BETWEEN_MAX ? TLS_DONE : TLS_AGAIN;
}

/* The header of the next record, five bytes. */
static __always_inline enum tls_result tls_record(struct tls_reader *r, const __u8 *bytes, __u32 have, __u32 mask)
{
	__u32 at = r->at, avail = have - at, behind = at != r->begin;
	__u32 type = 22, version = 3;

	if (avail > 0)
		type = TLS_BYTE(bytes, at, mask);
	if (avail > 1)
		version = TLS_BYTE(bytes, at + 1, mask);
	if ((behind ? type != 22 || (version != 3 && !r->odd) : !tls_content(type)) || version > 15)
		return behind ? TLS_BAD : TLS_OTHER;
	if (avail > 1 && version == 3 && type != 22)
		return TLS_BAD; /* some servers leave out an alert before the hello: it must not hide the hello */
	if (avail < 5)
		return TLS_MORE;
	r->record = TLS_BYTE(bytes, at + 3, mask) << 8 | TLS_BYTE(bytes, at + 4, mask);
	r->at = at + 5;
	if (!behind && version != 3)
		return tls_odd_version(r, type, r->record);
	if (!r->record || r->record > 16384)
		return TLS_BAD;
	return TLS_AGAIN;
}

/* Moves over `take` bytes of the record. The message header itself is not part of the message's length. */
static __always_inline int tls_take(struct tls_reader *r, __u32 take)
{
	r->at += take;
	r->record -= take;
	if (r->field == TLS_F_MESSAGE)
		return 0;
	if (r->message < take)
		return -1;
	r->message -= take;
	return 0;
}

/* Adds up to `avail` bytes of the name, of `there` that are in the buffer from `at` on. Returns how many. */
static __always_inline __u32 tls_name_part(struct tls_reader *r, const __u8 *bytes, __u32 at, __u32 there, __u32 avail)
{
	__u32 take = r->need < avail ? r->need : avail;

	if (there < 8 || !hostname_has_room(&r->name)) {
		hostname_add(&r->name, bytes[at]);
		return 1;
	}
	return hostname_add8(&r->name, esafe_load8(&bytes[at]), take < 8 ? take : 8);
}

/*
 * One step over the bytes up to `have`: a record header, a stretch that is left out, up to four bytes of a field, or up
 * to eight of the name. `mask` + 1 is the size of the buffer, a power of two of at least what is read at a time; if the
 * stream may go round in it, its first eight bytes stand again behind its end. TLS_AGAIN: there may be more to do;
 * TLS_MORE: all bytes were read.
 */
static __always_inline enum tls_result tls_step(struct tls_reader *r, const __u8 *bytes, __u32 have, __u32 mask)
{
	__u32 avail, take, at = r->at;
	enum tls_result result;

	if (!r->record) {
		if (r->hellos && r->field == TLS_F_MESSAGE && r->need == 4 && !r->skip)
			return tls_record_between(r, bytes, have, mask);
		return tls_record(r, bytes, have, mask);
	}
	avail = have - at;
	if (avail > r->record)
		avail = r->record;
	if (!avail)
		return TLS_MORE;
	if (r->skip) {
		take = r->skip < avail ? r->skip : avail;
		r->skip -= take;
		return tls_take(r, take) ? TLS_BAD : TLS_AGAIN;
	}
	if (r->field == TLS_F_NAME) {
		take = tls_name_part(r, bytes, at & mask, have - at, avail);
		r->need -= take;
		if (tls_take(r, take))
			return TLS_BAD;
		if (r->need)
			return TLS_AGAIN;
		r->named = 1;
		if (hostname_end(&r->name))
			return TLS_BAD;
		if (!r->extensions) {
			tls_hello_end(r, 0);
			return TLS_NAME;
		}
		tls_expect(r, 0, TLS_F_EXTENSION, 4);
		return r->whole ? TLS_AGAIN : TLS_NAME;
	}
	if (r->need == 4 && avail >= 4) {
		r->value = (__u32)TLS_BYTE(bytes, at, mask) << 24 | TLS_BYTE(bytes, at + 1, mask) << 16 |
			   TLS_BYTE(bytes, at + 2, mask) << 8 | TLS_BYTE(bytes, at + 3, mask);
		take = 4;
	} else {
		r->value = r->value << 8 | TLS_BYTE(bytes, at, mask);
		take = 1;
	}
	r->need -= take;
	if (tls_take(r, take))
		return TLS_BAD;
	if (r->need)
		return TLS_AGAIN;
	result = tls_field_done(r);
	return result == TLS_MORE ? TLS_AGAIN : result;
}

#endif
