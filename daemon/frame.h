/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames of a capture: what is in them, parts of them, and the frames that open a connection; pure. The
 * judging is done elsewhere (bpf/): this only knows what a replay must know to offer packets in the right way.
 */
#ifndef ESAFE_FRAME_H
#define ESAFE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define FRAME_HEADERS_MAX 512 /* of TCP and UDP; with more it is "another protocol" */

#define FRAME_FIN 1
#define FRAME_SYN 2
#define FRAME_RST 4
#define FRAME_PSH 8
#define FRAME_ACK 16

enum frame_kind {
	FRAME_STRANGE, /* no IP, or its header is not whole */
	FRAME_IP,      /* another protocol, a fragment, or headers that cannot be followed: addresses are known */
	FRAME_TCP,
	FRAME_UDP,
};

#define FRAME_NO_PROTO 255 /* reserved; what is behind the IP header is not known */

struct frame_fragment { /* a part of an IP packet (RFC 791 section 3.2, RFC 8200 section 4.5) */
	bool is, more;
	size_t at;          /* of its first byte behind the headers that each part has */
	__u32 id;
	size_t said;        /* IPv6: where the headers before say that it is one */
};

struct frame {
	enum frame_kind kind;
	const __u8 *bytes;
	size_t len;         /* in hand */
	size_t l2;          /* where `type` stands, behind VLAN tags */
	size_t l3, l4, payload;
	size_t pppoe;       /* where its header stands (RFC 2516), or 0 */
	size_t end;         /* of the IP packet, in hand: padding is left out */
	size_t claimed;     /* likewise as its header has it */
	size_t payload_len; /* in hand */
	struct frame_fragment fragment;
	__u16 type;         /* as Ethernet calls what it carries; 0: too short to say */
	__u8 family;        /* 4 or 6 */
	__u8 proto;         /* IPPROTO_* of what is at l4 */
	__u8 depth;         /* 0 on the wire; in so many others otherwise: the reader sets it */
	__u8 flags;         /* TCP */
	__u8 src[16], dst[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u16 sport, dport;
	__u32 seq, ack;
};

/* The bytes stay the caller's. */
void frame_read(const __u8 *bytes, size_t len, struct frame *out);

/*
 * The packet whose first fragment this is, put together: its headers without a word of fragments, and `len` bytes
 * behind them. Returns its length, which is at most frame->l4 + len.
 */
size_t frame_whole(const struct frame *first, const __u8 *bytes, size_t len, __u8 *out);

/*
 * The headers and payload bytes [from, from + count) as a packet of its own, with lengths, sequence number and
 * checksums as a sender would write them; returns its length. TCP and UDP; of other kinds the first bytes, `from` being
 * 0. The room must hold headers and count.
 */
size_t frame_part(const struct frame *frame, size_t from, size_t count, __u8 *out);

/* The length of the headers, which each part has. */
size_t frame_headers(const struct frame *frame);

#define FRAME_SYN_ROOM 128
/*
 * A SYN between the ends of a TCP frame, from its sender or (back) to it; with an acknowledgement if `ack`. Returns its
 * length; out[FRAME_SYN_ROOM]. 0: there are too many tags.
 */
size_t frame_syn(const struct frame *frame, bool back, __u32 seq, const __u32 *ack, __u8 *out);

#endif
