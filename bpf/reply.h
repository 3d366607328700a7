/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that esafe sends itself, made out of the one that was judged: the DNS answer, the two resets, the ICMP error.
 * The headers are built in scratch.other, then written over the packet.
 *
 * A packet from a local sender, a virtual one or one that was merged carries only the pseudo-header's sum in its
 * checksum field (CHECKSUM_PARTIAL), and whoever sends it on will add the rest: its reply must do the same. It is
 * known by its field.
 */
#ifndef ESAFE_REPLY_H
#define ESAFE_REPLY_H

#include <linux/pkt_cls.h>
#include "bounded.h"
#include "bytes.h"
#include "csum.h"
#include "maps.h"
#include "report.h"

#define HEADERS_ROOM 256 /* power of two above PKT_HEADERS_MAX and a transport header */

#define AT8(b, i) ((b)[(i) & (HEADERS_ROOM - 1)])

static __always_inline void put16(__u8 *b, __u32 at, __u16 native)
{
	store2(&AT8(b, at), native);
}

static __always_inline void put_be16(__u8 *b, __u32 at, __u32 value)
{
	store2(&AT8(b, at), PKT_BE16(value));
}

static __always_inline void put_be32(__u8 *b, __u32 at, __u32 value)
{
	store4(&AT8(b, at), PKT_BE32(value));
}

static __always_inline __u16 get16(const __u8 *b, __u32 at)
{
	return load2(&AT8(b, at));
}

/* `size` is even. */
static __always_inline void swap_bytes(__u8 *b, __u32 one, __u32 two, __u32 size)
{
	for (__u32 i = 0; i < size; i += 2) {
		__u16 t = get16(b, one + i);

		put16(b, one + i, get16(b, two + i));
		put16(b, two + i, t);
	}
}

/* The first `len` bytes of the packet, at most HEADERS_ROOM. */
static __always_inline long load_headers(struct __sk_buff *skb, __u8 *to, __u32 len)
{
	return bpf_skb_load_bytes(skb, 0, to, bounded(len, HEADERS_ROOM));
}

static __always_inline long store_headers(struct __sk_buff *skb, const __u8 *from, __u32 len)
{
	return bpf_skb_store_bytes(skb, 0, from, bounded(len, HEADERS_ROOM), 0);
}

/*
 * Gives the packet this length. One of several datagrams is one no more as soon as its length changes, so that it is
 * made shorter first, down to `headers`.
 */
static __always_inline long resize(struct __sk_buff *skb, __u32 headers, __u32 len)
{
	if (skb->gso_size && bpf_skb_change_tail(skb, headers, 0))
		return -1;
	return bpf_skb_change_tail(skb, len, 0);
}

/* Ethernet and IP addresses change places. */
PART int turn_round(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	swap_bytes(s->other, 0, 6, 6);
	if (s->pkt.family == 4)
		swap_bytes(s->other, s->pkt.l3 + 12, s->pkt.l3 + 16, 4);
	else
		swap_bytes(s->other, s->pkt.l3 + 8, s->pkt.l3 + 24, 16);
	return 0;
}

/* Length, hop limit and header checksum of an IP packet whose transport part takes scratch.tail bytes. */
PART int finish_ip(void)
{
	struct scratch *s = scratch_get();
	__u32 at, words;
	__u64 sum = 0;

	if (!s)
		return -1;
	at = s->pkt.l3;
	if (s->pkt.pppoe) /* its length: of the PPP protocol and the IP packet */
		put_be16(s->other, at - 4, 2 + s->pkt.l4 - at + s->tail);
	if (s->pkt.family == 6) {
		put_be16(s->other, at + 4, s->pkt.l4 - at - 40 + s->tail);
		AT8(s->other, at + 7) = 64;
		return 0;
	}
	put_be16(s->other, at + 2, s->pkt.l4 - at + s->tail);
	AT8(s->other, at + 8) = 64;
	put16(s->other, at + 10, 0);
	words = (s->pkt.l4 - at) / 2;
	for (__u32 i = 0; i < 30; i++) {
		if (i >= words)
			break;
		sum += get16(s->other, at + i * 2);
	}
	put16(s->other, at + 10, ~csum_fold(sum));
	return 0;
}

/* Sum of scratch.message, zero bytes up to a multiple of eight behind it. */
PART __u64 sum_message(void)
{
	struct scratch *s = scratch_get();
	__u64 sum = 0;

	if (!s)
		return 0;
	esafe_store8(&s->message[s->message_len & DNS_MASK], 0);
	for (__u32 i = 0; i < MESSAGE_ROOM / 8; i++) {
		if (i * 8 >= s->message_len)
			break;
		sum = csum_word(sum, esafe_load8(&s->message[i * 8]));
	}
	return sum;
}

/* Is the checksum of the packet that came in left to the sender? `at`: its offset. */
static __always_inline int partial(const struct scratch *s, __u32 at, __u32 l4_len)
{
	return get16(s->other, at) == csum_fold(csum_pseudo(&s->pkt, s->pkt.l4_proto, l4_len));
}

/* UDP header of the answer in scratch.message, into scratch.other. The ports were not yet swapped. */
PART int finish_udp(struct scratch *s, int may_be_partial)
{
	__u32 at, len;
	__u64 sum;
	__u16 check;

	if (!s)
		return -1;
	at = s->pkt.l4;
	len = s->tail;
	sum = csum_pseudo(&s->pkt, IPPROTO_UDP, len);
	if (may_be_partial && partial(s, at + 6, s->pkt.payload_len + 8)) {
		check = csum_fold(sum);
	} else {
		sum += sum_message() + get16(s->other, at) + get16(s->other, at + 2) + PKT_BE16(len);
		check = ~csum_fold(sum);
		if (!check)
			check = 0xffff;
	}
	swap_bytes(s->other, at, at + 2, 2);
	put_be16(s->other, at + 4, len);
	put16(s->other, at + 6, check);
	return 0;
}

/* scratch.other holds the headers of the question: makes them those of the answer. */
static __always_inline int reply_headers(struct scratch *s, int may_be_partial)
{
	s->tail = 8 + s->message_len;
	return turn_round() || finish_udp(s, may_be_partial) || finish_ip() ? -1 : 0;
}

/* The answer in scratch.message goes back to where the question came from. Returns a TC action. */
PART int tc_send_answer(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 headers, len;

	if (!s)
		return TC_ACT_SHOT;
	headers = s->pkt.payload;
	len = s->message_len;
	if (load_headers(skb, s->other, headers) || reply_headers(s, 1) || resize(skb, headers, headers + len) ||
	    store_headers(skb, s->other, headers) ||
	    bpf_skb_store_bytes(skb, s->pkt.payload, s->message, bounded(len, MESSAGE_ROOM), 0)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return bpf_redirect(skb->ifindex, 0);
}

/* The same from XDP. -1: not possible here, let TC do it. */
PART int xdp_send_answer(struct xdp_md *ctx)
{
	struct scratch *s = scratch_get();
	__u32 headers, len;
	int grow;

	if (!s)
		return -1;
	headers = s->pkt.payload;
	len = s->message_len;
	grow = s->pkt.payload + s->message_len - bpf_xdp_get_buff_len(ctx);
	if (bpf_xdp_load_bytes(ctx, 0, s->other, bounded(headers, HEADERS_ROOM)) || reply_headers(s, 0) ||
	    bpf_xdp_adjust_tail(ctx, grow))
		return -1;
	if (bpf_xdp_store_bytes(ctx, 0, s->other, bounded(headers, HEADERS_ROOM)) ||
	    bpf_xdp_store_bytes(ctx, s->pkt.payload, s->message, bounded(len, MESSAGE_ROOM)))
		return XDP_DROP;
	return XDP_TX;
}

/* TCP header of a reset, 20 bytes at l4 of scratch.other, whose ports and addresses are in place. */
static __always_inline void put_reset(struct scratch *s, __u32 seq, __u32 ack, int is_partial)
{
	__u64 sum = csum_pseudo(&s->pkt, IPPROTO_TCP, 20);
	__u32 at = s->pkt.l4;

	put_be32(s->other, at + 4, seq);
	put_be32(s->other, at + 8, ack);
	put_be16(s->other, at + 12, 5 << 12 | TCP_RST | TCP_ACK);
	put_be16(s->other, at + 14, 0);
	put16(s->other, at + 16, 0);
	put_be16(s->other, at + 18, 0);
	if (is_partial) {
		put16(s->other, at + 16, csum_fold(sum));
		return;
	}
	for (__u32 i = 0; i < 20; i += 2)
		sum += get16(s->other, at + i);
	put16(s->other, at + 16, ~csum_fold(sum));
}

/* Sends the packet to the other side; it passes our own hook there, on the same CPU. */
static __always_inline long send_copy(struct __sk_buff *skb, struct scratch *s, __u64 flags)
{
	long rc;

	s->sending = 1;
	rc = bpf_clone_redirect(skb, skb->ifindex, flags);
	s->sending = 0;
	return rc;
}

/* scratch.other holds the headers of the segment: makes them a reset to where it goes. */
PART int reset_server(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	s->partial = partial(s, s->pkt.l4 + 16, s->pkt.payload + s->pkt.payload_len - s->pkt.l4);
	put_reset(s, s->pkt.seq, s->pkt.ack, s->partial);
	s->tail = 20;
	return finish_ip();
}

/* scratch.other holds that reset: makes it one to where the segment came from; the first is kept in scratch.message. */
PART int reset_client(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	for (int i = 0; i < HEADERS_ROOM; i += 8)
		esafe_store8(&s->message[i], esafe_load8(&s->other[i]));
	swap_bytes(s->other, s->pkt.l4, s->pkt.l4 + 2, 2);
	put_reset(s, s->pkt.ack, s->pkt.seq + s->pkt.payload_len + !!(s->pkt.tcp_flags & (TCP_SYN | TCP_FIN)),
		  s->partial);
	return turn_round();
}

/*
 * Ends a connection: a reset to the sender at once, and one to the other side, which goes on its way in place of the
 * segment (RFC 9293 section 3.5.2). The sender of a segment from a device (`flags` 0) is behind this interface; that
 * of one to a device (BPF_F_INGRESS) is where the device's packets go. Returns a TC action; on any fault the segment is
 * dropped.
 */
PART int tc_reset(struct __sk_buff *skb, __u64 flags)
{
	struct scratch *s = scratch_get();
	__u32 headers;

	if (!s)
		return TC_ACT_SHOT;
	headers = s->pkt.l4 + 20;
	if (load_headers(skb, s->other, headers) || reset_server() || reset_client() ||
	    bpf_skb_change_tail(skb, headers, 0) || store_headers(skb, s->other, headers) ||
	    send_copy(skb, s, flags) || store_headers(skb, s->message, headers)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

#endif
