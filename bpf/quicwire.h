/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC packets with a long header (RFC 9000 section 17.2; version 2: RFC 9369) and the frames of an Initial (section
 * 12.4). The packet starts at byte 0 of work.gcm.bytes; all state is in memory, for the verifier.
 *
 *   Initial   first byte | version 4 | DCID length 1, DCID | SCID length 1, SCID | token length, token | length |
 *             packet number
 */
#ifndef ESAFE_QUICWIRE_H
#define ESAFE_QUICWIRE_H

#include <linux/types.h>
#include "gcm.h"
#include "hkdf.h"
#include "part.h"

#define QUIC_V1 1u
#define QUIC_V2 0x6b3343cfu
#define QUIC_CID_MAX 20

enum quic_kind {
	QUIC_SHORT,   /* no long header: of an established connection, or no QUIC at all */
	QUIC_INITIAL,
	QUIC_LONG,    /* 0-RTT or Handshake */
	QUIC_UNKNOWN, /* of a version that cannot be read */
	QUIC_HUGE,    /* an Initial that is longer than what is read */
	QUIC_BAD,
};

enum quic_frame {
	QUIC_F_AGAIN,  /* a frame of no interest */
	QUIC_F_CRYPTO, /* work.offset, .len, .data */
	QUIC_F_END,
	QUIC_F_BAD,    /* none that may stand in an Initial */
};

struct quic_keys {
	__u32 key[4], mask[4]; /* of AES: for the packet, and for its header */
	__u32 iv[3];
	__u32 version;
};

struct quic_cid {
	__u8 bytes[QUIC_CID_MAX + 4]; /* zero bytes behind */
	__u32 len;
};

struct quic_work {
	/* the packets of the socket buffer; offsets from the start of the frame */
	__u32 from, datagram_end, end;
	__u32 judged;      /* the addresses and ports belong to a connection that was judged */
	__u32 over;        /* they did, but of one that is cut: what comes must begin anew */
	__u32 elsewhere;   /* not a port of QUIC */
	__u32 reason;      /* enum esafe_reason: why it cannot be read */
	__u32 conn;        /* index */
	__u32 unfit;       /* one that was tried */
	__u64 score;       /* how well it fits */
	__u64 dcid_hash, scid_hash;
	/* the packet */
	__u32 have;        /* bytes of the datagram from the packet on */
	__u32 version, dcid, dcid_len, scid, scid_len;
	__u32 number;      /* offset of the packet number */
	__u32 packet_len;
	__u64 expected;    /* packet number that is due, then the one that was read plus one */
	__u64 value;       /* of the number that was read last */
	/* its frames */
	__u32 at, frames_end;
	__u32 skip;        /* numbers to leave out */
	__u32 differs;
	__u32 offset, len, data; /* a CRYPTO frame */
	__u32 crypto_end;
	struct quic_cid cid;  /* the id that keys are made of */
	struct quic_keys keys;
	struct sha256 sha;
	struct gcm gcm;
};

#define QUIC_BYTE(w, i) ((w)->gcm.bytes[(i) & (GCM_ROOM - 1)])

static __always_inline __u32 quic_be32(const struct quic_work *w, __u32 at)
{
	return (__u32)QUIC_BYTE(w, at) << 24 | QUIC_BYTE(w, at + 1) << 16 | QUIC_BYTE(w, at + 2) << 8 |
	       QUIC_BYTE(w, at + 3);
}

/* A number of variable length (section 16) at w->at into w->value; w->at moves behind it. */
PART int quic_number(struct quic_work *w, __u32 end)
{
	__u32 at, size;

	if (!w)
		return -1;
	at = w->at;
	if (at >= end || at >= GCM_ROOM - 8)
		return -1;
	size = 1 << (QUIC_BYTE(w, at) >> 6);
	if (at + size > end)
		return -1;
	w->value = (__builtin_bswap64(esafe_load8(GCM_AT(&w->gcm, at))) & ~0ULL >> 2) >> (64 - size * 8);
	w->at = at + size;
	return 0;
}

/* Which of the four kinds it is, as version 1 numbers them: 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry. */
static __always_inline __u32 quic_type(__u8 first, __u32 version)
{
	__u32 type = first >> 4 & 3;

	return version == QUIC_V2 ? (type + 3) & 3 : type;
}

/* Reads the header of the packet: enum quic_kind. */
PART int quic_header(struct quic_work *w)
{
	__u32 have, room, type;

	if (!w)
		return QUIC_BAD;
	have = w->have;
	room = have < GCM_ROOM ? have : GCM_ROOM;
	if (!have)
		return QUIC_BAD;
	if (!(QUIC_BYTE(w, 0) & 0x80))
		return QUIC_SHORT;
	if (have < 7)
		return QUIC_BAD;
	w->version = quic_be32(w, 1);
	if (w->version != QUIC_V1 && w->version != QUIC_V2)
		return QUIC_UNKNOWN;
	w->dcid_len = QUIC_BYTE(w, 5);
	w->dcid = 6;
	w->scid = w->dcid + w->dcid_len + 1;
	if (w->dcid_len > QUIC_CID_MAX || w->scid > room)
		return QUIC_BAD;
	w->scid_len = QUIC_BYTE(w, w->scid - 1);
	w->at = w->scid + w->scid_len;
	type = quic_type(QUIC_BYTE(w, 0), w->version);
	if (w->scid_len > QUIC_CID_MAX || type == 3) /* no client sends a Retry */
		return QUIC_BAD;
	if (type == 0) {
		if (quic_number(w, room) || w->value > have - w->at)
			return QUIC_BAD;
		if (w->value > room - w->at)
			return QUIC_HUGE;
		w->at += w->value;
	}
	if (quic_number(w, room) || w->value > have - w->at)
		return QUIC_BAD;
	w->number = w->at;
	w->packet_len = w->at + w->value;
	if (type)
		return QUIC_LONG;
	if (w->value < 4 + GCM_TAG)
		return QUIC_BAD;
	return w->packet_len > GCM_ROOM ? QUIC_HUGE : QUIC_INITIAL;
}

/* The whole of a number of which the packet carries the lowest bytes (RFC 9000 appendix A.3). */
static __always_inline __u64 quic_whole_number(__u64 expected, __u32 low, __u32 bytes)
{
	__u64 window = 1ULL << bytes * 8, number = (expected & ~(window - 1)) | low;

	if (number + window / 2 <= expected && number < (1ULL << 62) - window)
		return number + window;
	if (number > expected + window / 2 && number >= window)
		return number - window;
	return number;
}

/* Moves over padding. */
PART int quic_padding(struct quic_work *w)
{
	__u64 word = 1;
	__u32 at;

	if (!w)
		return -1;
	at = w->at;
	for (int i = 0; i < GCM_ROOM / 8; i++) {
		word = esafe_load8(GCM_AT(&w->gcm, at));
		if (word)
			break;
		at += 8;
	}
	if (!(word & 0xffffffff)) { at += 4; word >>= 32; }
	if (!(word & 0xffff)) { at += 2; word >>= 16; }
	at += !(word & 0xff);
	w->at = at < w->frames_end ? at : w->frames_end;
	return 0;
}

/* ACK: the largest number, delay, how many ranges, the first; then two numbers a range, and three of ECN. */
static __always_inline enum quic_frame quic_ack(struct quic_work *w, __u32 ecn)
{
	__u32 ranges;

	if (quic_number(w, w->frames_end) || quic_number(w, w->frames_end) || quic_number(w, w->frames_end) ||
	    w->value > GCM_ROOM)
		return QUIC_F_BAD;
	ranges = w->value;
	w->skip = 1 + ranges * 2 + (ecn ? 3 : 0);
	return QUIC_F_AGAIN;
}

static __always_inline enum quic_frame quic_crypto(struct quic_work *w)
{
	if (quic_number(w, w->frames_end) || w->value > 1 << 20)
		return QUIC_F_BAD;
	w->offset = w->value;
	if (quic_number(w, w->frames_end) || w->value > w->frames_end - w->at)
		return QUIC_F_BAD;
	w->len = w->value;
	w->data = w->at;
	w->at += w->len;
	return QUIC_F_CRYPTO;
}

/* CONNECTION_CLOSE: error, type of the frame in fault, a text. */
static __always_inline enum quic_frame quic_close(struct quic_work *w)
{
	if (quic_number(w, w->frames_end) || quic_number(w, w->frames_end) || quic_number(w, w->frames_end) ||
	    w->value > w->frames_end - w->at)
		return QUIC_F_BAD;
	w->at += w->value;
	return QUIC_F_AGAIN;
}

/* The next frame in bytes[at .. frames_end). Types are one byte: a longer spelling is no spelling. */
PART int quic_frame(struct quic_work *w)
{
	__u8 type;

	if (!w)
		return QUIC_F_BAD;
	if (w->skip) {
		w->skip--;
		return quic_number(w, w->frames_end) ? QUIC_F_BAD : QUIC_F_AGAIN;
	}
	if (w->at >= w->frames_end)
		return QUIC_F_END;
	type = QUIC_BYTE(w, w->at);
	if (!type) {
		quic_padding(w);
		return QUIC_F_AGAIN;
	}
	w->at++;
	switch (type) {
	case 1: /* PING */
		return QUIC_F_AGAIN;
	case 2:
	case 3:
		return quic_ack(w, type == 3);
	case 6:
		return quic_crypto(w);
	case 0x1c:
		return quic_close(w);
	default:
		return QUIC_F_BAD;
	}
}

#endif
