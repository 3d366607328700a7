/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for tests, put together header by header. */
#ifndef FRAME_H
#define FRAME_H

#include "parse.h"
#include "pkt.h"

struct frame {
	__u32 len;
	__u8 bytes[1600];
};

static inline void put(struct frame *f, const void *bytes, __u32 len)
{
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
}

static inline void put16(struct frame *f, __u16 value)
{
	put(f, (__u8[]){ value >> 8, value }, 2);
}

static inline void fill(struct frame *f, __u8 byte, __u32 len)
{
	memset(f->bytes + f->len, byte, len);
	f->len += len;
}

static inline void ethernet(struct frame *f, const __u16 *tags, int n, __u16 type)
{
	f->len = 0;
	put(f, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	for (int i = 0; i < n; i++) {
		put16(f, i + 1 < n ? 0x88a8 : 0x8100);
		put16(f, 0xa000 | tags[i]);
	}
	put16(f, type);
}

/* Behind ethernet() with type 0x8864; the length is not looked at. */
static inline void pppoe(struct frame *f, __u16 protocol)
{
	put(f, "\x11\0\0\7\0\0", 6);
	put16(f, protocol);
}

/* Returns the offset of the header; close_ip() writes the length. */
static inline __u32 ipv4(struct frame *f, __u32 options, __u16 fragment, __u8 protocol)
{
	__u32 at = f->len;

	put(f, (__u8[]){ 0x45 + options / 4, 0, 0, 0, 0, 7 }, 6);
	put16(f, fragment);
	put(f, (__u8[]){ 64, protocol, 0, 0, 10, 1, 2, 3, 192, 0, 2, 9 }, 12);
	fill(f, 1, options);
	return at;
}

static inline __u32 ipv6(struct frame *f, __u8 next)
{
	__u32 at = f->len;

	put(f, (__u8[]){ 0x60, 0, 0, 0, 0, 0, next, 64 }, 8);
	put(f, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	put(f, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	return at;
}

static inline void close_ip(struct frame *f, __u32 at, int lie)
{
	int is_v6 = f->bytes[at] >> 4 == 6, len = f->len - at - (is_v6 ? 40 : 0) + lie;

	f->bytes[at + (is_v6 ? 4 : 2)] = len >> 8;
	f->bytes[at + (is_v6 ? 5 : 3)] = len;
}

static inline void tcp(struct frame *f, __u32 options, __u32 payload)
{
	put(f, (__u8[]){ 0x12, 0x34, 1, 0xbb, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xba, 0xbe }, 12);
	put(f, (__u8[]){ (5 + options / 4) << 4, TCP_ACK, 1, 1, 0, 0, 0, 0 }, 8);
	fill(f, 1, options);
	fill(f, 'p', payload);
}

static inline void udp(struct frame *f, __u32 payload, int lie)
{
	put(f, (__u8[]){ 0x12, 0x34, 0, 53 }, 4);
	put16(f, 8 + payload + lie);
	put16(f, 0);
	fill(f, 'p', payload);
}

/*
 * Reads the first `have` bytes of the frame as if the rest were not in the linear part. Two bytes stand before it, as
 * in the kernel (NET_IP_ALIGN): what is behind the Ethernet header is aligned.
 */
static inline enum pkt_kind read_view(const struct frame *f, __u32 have, struct pkt *p)
{
	__u8 *block = malloc(have + 2);
	struct view v = { block + 2, block + 2 + have, f->len };
	enum pkt_kind kind;

	memcpy(block + 2, f->bytes, have);
	memset(p, 0, sizeof(*p));
	kind = pkt_read(&v, p);
	free(block);
	return kind;
}

static inline enum pkt_kind read_frame(const struct frame *f, struct pkt *p)
{
	return read_view(f, f->len, p);
}

#endif
