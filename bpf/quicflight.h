/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ClientHello of a QUIC connection: CRYPTO frames of any order, size and overlap, put together over the Initials of
 * a first flight. A bit for each byte says which ones were seen; a byte that comes again must be the same. The entry
 * outlives the verdict, so that what was judged cannot be replaced by what comes later.
 */
#ifndef ESAFE_QUICFLIGHT_H
#define ESAFE_QUICFLIGHT_H

#include <linux/types.h>
#include "quicwire.h"
#include "tls.h"

#define QUIC_FLIGHT_ROOM 4096 /* bytes of a first flight */
#define QUIC_INITIALS_MAX 6   /* without a name */

enum quic_state {
	QUIC_READING,
	QUIC_PASSED,
	QUIC_REFUSED,
};

struct quic_conn {
	__u64 flow;      /* hash of addresses and ports */
	__u64 dcid[2];   /* hashes of its destination ids: the client's choice, and the server's */
	__u64 scid;      /* hash of the client's own id */
	__u64 opened;    /* which one is younger */
	__u64 expected;  /* packet number */
	struct quic_cid cid; /* its first destination: what its keys are made of, in any version */
	struct quic_keys keys;
	__u32 state;     /* enum quic_state */
	__u32 initials;  /* that were read */
	__u32 have;      /* bytes from the first on without a gap */
	__u32 pad;
	struct tls_reader reader;
	__u64 seen[QUIC_FLIGHT_ROOM / 64];
	__u8 bytes[QUIC_FLIGHT_ROOM + 16];
};

#define QUIC_GROUP(i) ((i) & (QUIC_FLIGHT_ROOM / 8 - 1))

/* A byte of 0xff for each bit that is set. */
static __always_inline __u64 quic_spread(__u64 bits)
{
	__u64 each = bits * 0x0101010101010101 & 0x8040201008040201;

	each = (each + 0x7f7f7f7f7f7f7f7f) | each;
	return ((each & 0x8080808080808080) >> 7) * 255;
}

/* Puts those of the eight bytes from `base` on that are in the CRYPTO frame: work.differs if one is not as it was. */
PART int quic_put_group(struct quic_conn *c, struct quic_work *w, __u32 base)
{
	__u64 mask, known, old, fresh;
	__u32 low, high, bits, group = QUIC_GROUP(base / 8);
	__u8 *seen, *at;

	if (!c || !w)
		return -1;
	seen = (__u8 *)c->seen + group;
	at = &c->bytes[group * 8];
	low = base < w->offset ? w->offset - base : 0;
	high = base + 8 > w->crypto_end ? base + 8 - w->crypto_end : 0;
	bits = 0xffU << (low & 7) & 0xffU >> (high & 7);
	fresh = esafe_load8(GCM_AT(&w->gcm, w->data + base - w->offset));
	mask = quic_spread(bits);
	known = quic_spread(*seen);
	old = esafe_load8(at);
	if ((old ^ fresh) & mask & known)
		w->differs = 1;
	esafe_store8(at, (old & known) | (fresh & mask & ~known));
	*seen |= bits;
	return 0;
}

/* Puts the CRYPTO frame that quic_frame() found where it belongs; what is behind the longest flight is left out. */
PART int quic_put(struct quic_conn *c, struct quic_work *w)
{
	__u32 base, end;

	if (!c || !w)
		return -1;
	end = w->offset + w->len;
	w->crypto_end = end < QUIC_FLIGHT_ROOM ? end : QUIC_FLIGHT_ROOM;
	end = w->crypto_end;
	base = w->offset & ~7U;
	for (int i = 0; i <= GCM_ROOM / 8; i++) {
		if (base >= end)
			break;
		quic_put_group(c, w, base);
		base += 8;
	}
	return 0;
}

/* Reads the frames of the packet that was opened. -1: some frame may not stand there. */
PART int quic_frames(struct quic_conn *c, struct quic_work *w)
{
	if (!c || !w)
		return -1;
	w->differs = 0;
	for (int i = 0; i < 256; i++) {
		int frame = quic_frame(w);

		if (frame == QUIC_F_CRYPTO)
			quic_put(c, w);
		else if (frame == QUIC_F_END)
			return 0;
		else if (frame == QUIC_F_BAD)
			return -1;
	}
	return -1;
}

/* How many bytes there are without a gap: conn.have. */
PART int quic_count(struct quic_conn *c)
{
	__u64 word = 0;
	__u32 have;

	if (!c)
		return -1;
	have = c->have & ~63U;
	for (int i = 0; i < QUIC_FLIGHT_ROOM / 64; i++) {
		if (have >= QUIC_FLIGHT_ROOM)
			break;
		word = c->seen[have / 64 & (QUIC_FLIGHT_ROOM / 64 - 1)];
		if (~word)
			break;
		have += 64;
	}
	if (have < QUIC_FLIGHT_ROOM) {
		if (!(~word & 0xffffffff)) { have += 32; word >>= 32; }
		if (!(~word & 0xffff)) { have += 16; word >>= 16; }
		if (!(~word & 0xff)) { have += 8; word >>= 8; }
		if (!(~word & 0xf)) { have += 4; word >>= 4; }
		if (!(~word & 3)) { have += 2; word >>= 2; }
		have += word & 1;
	}
	c->have = have;
	return 0;
}

PART int quic_read_step(struct quic_conn *c)
{
	return c ? tls_step(&c->reader, c->bytes, c->have, QUIC_FLIGHT_ROOM - 1) : TLS_BAD;
}

/* Reads on in the ClientHello: enum tls_result. A name takes a step for each byte. */
PART int quic_read(struct quic_conn *c)
{
	int result;

	if (!c || quic_count(c))
		return TLS_BAD;
	for (int i = 0; i < 640; i++) {
		result = quic_read_step(c);
		if (result != TLS_AGAIN)
			return result;
	}
	return TLS_BAD;
}

/* A connection that begins, with the keys in work. */
PART int quic_begin(struct quic_conn *c, struct quic_work *w)
{
	if (!c || !w)
		return -1;
	c->keys = w->keys;
	c->cid = w->cid;
	c->expected = 0;
	c->state = QUIC_READING;
	c->initials = c->have = 0;
	for (int i = 0; i < QUIC_FLIGHT_ROOM / 64; i++)
		c->seen[i] = 0;
	tls_start_handshake(&c->reader);
	return 0;
}

#endif
