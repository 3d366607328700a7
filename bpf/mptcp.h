/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multipath TCP (RFC 8684) spreads one stream over several connections, or sends it over one in another order than that
 * of its sequence numbers: what is read here would not be what the server reads. So its option never gets out, and both
 * ends go on with plain TCP, as they do wherever a middlebox does not let it through (section 3.7).
 *
 * In a SYN the option is blanked whatever it says. Behind that it is where it opens something, MP_CAPABLE or MP_JOIN: a
 * server that answers with SYN cookies learns what the SYN said from the segment that follows alone. What connections
 * say which were there before the filter, stays. To the devices all is left as it is: who offered nothing takes none,
 * and what comes from outside to a device is not judged.
 */
#ifndef ESAFE_MPTCP_H
#define ESAFE_MPTCP_H

#include "bounded.h"
#include "maps.h"

#define TCP_OPTIONS_MAX 40
#define TCP_OPTIONS_ROOM 64 /* a power of two above that */
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MPTCP 30
#define MPTCP_JOIN 1 /* the last of the subtypes that open something; MP_CAPABLE is 0 */

struct tcp_options {
	__u8 seen[TCP_OPTIONS_ROOM]; /* zeros behind them */
	__u8 put[TCP_OPTIONS_ROOM];
};

#define OPTION_AT(bytes, at) ((bytes)[(at) & (TCP_OPTIONS_ROOM - 1)])

static __always_inline void mptcp_blank(struct tcp_options *o, __u32 at, __u32 size)
{
	for (__u32 i = 0; i < TCP_OPTIONS_MAX; i++) {
		if (i >= size)
			break;
		OPTION_AT(o->put, at + i) = OPTION_NOP;
	}
}

/*
 * The option at `at` of `len` bytes. Returns where the next one begins. Behind one that is malformed Linux and the BSDs
 * look no further; so that nobody does, all of it is blanked.
 */
PART __u32 mptcp_option(struct tcp_options *o, __u32 at, __u32 len, int is_syn)
{
	__u32 kind, size;

	if (!o)
		return len;
	kind = OPTION_AT(o->seen, at);
	if (kind == OPTION_END)
		return len;
	if (kind == OPTION_NOP)
		return at + 1;
	size = OPTION_AT(o->seen, at + 1); /* 0 behind the last byte */
	if (size < 2 || at + size > len)
		mptcp_blank(o, at, len - at);
	else if (kind == OPTION_MPTCP && (is_syn || size == 2 || OPTION_AT(o->seen, at + 2) >> 4 <= MPTCP_JOIN))
		mptcp_blank(o, at, size);
	return size < 2 ? len : at + size;
}

/* Is there a byte of this value? Of most SYNs there is none, and they are done with. */
static __always_inline int mptcp_has_kind(const struct tcp_options *o)
{
	__u64 found = 0;

	for (__u32 i = 0; i < TCP_OPTIONS_MAX; i += 8) {
		__u64 differs = esafe_load8(&o->seen[i]) ^ 0x1e1e1e1e1e1e1e1eULL;

		found |= (differs - 0x0101010101010101ULL) & ~differs & 0x8080808080808080ULL;
	}
	return !!found;
}

/* Reads the options of the segment, `len` bytes, and what is to stand there instead. 1: something else; 0; or -1. */
PART int mptcp_read(struct __sk_buff *skb, __u32 len)
{
	struct scratch *s = scratch_get();
	struct tcp_options *o;
	__u64 differs = 0;
	__u32 at = 0;

	if (!s)
		return -1;
	o = (struct tcp_options *)s->other;
	for (__u32 i = 0; i < TCP_OPTIONS_ROOM; i += 8)
		esafe_store8(&o->seen[i], 0);
	if (bpf_skb_load_bytes(skb, s->pkt.l4 + sizeof(struct pkt_tcp), o->seen, bounded(len, TCP_OPTIONS_ROOM)))
		return -1;
	if (!mptcp_has_kind(o))
		return 0;
	for (__u32 i = 0; i < TCP_OPTIONS_ROOM; i += 8)
		esafe_store8(&o->put[i], esafe_load8(&o->seen[i]));
	for (__u32 i = 0; i < TCP_OPTIONS_MAX && at < len; i++)
		at = mptcp_option(o, at, len, (s->pkt.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN);
	for (__u32 i = 0; i < TCP_OPTIONS_MAX; i += 8)
		differs |= esafe_load8(&o->put[i]) ^ esafe_load8(&o->seen[i]);
	return !!differs;
}

/*
 * Blanks the option in the segment. The checksum changes by what has changed; where it is left to the sender, the field
 * holds the pseudo-header's sum alone and stays as it is. The kernel knows which, and one that was wrong stays wrong.
 */
PART int mptcp_refuse(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	struct tcp_options *o;
	__u32 len;
	int found;
	__s64 sum;

	if (!s)
		return -1;
	len = s->pkt.payload - s->pkt.l4 - sizeof(struct pkt_tcp);
	found = mptcp_read(skb, len);
	if (found <= 0)
		return found;
	o = (struct tcp_options *)s->other;
	sum = bpf_csum_diff((__be32 *)o->seen, TCP_OPTIONS_MAX, (__be32 *)o->put, TCP_OPTIONS_MAX, 0);
	if (sum < 0 || bpf_l4_csum_replace(skb, s->pkt.l4 + offsetof(struct pkt_tcp, checksum), 0, sum, 0))
		return -1;
	return bpf_skb_store_bytes(skb, s->pkt.l4 + sizeof(struct pkt_tcp), o->put, bounded(len, TCP_OPTIONS_ROOM), 0);
}

/* Has the segment options at all, and others than only timestamps, written as everybody does? */
static __always_inline int mptcp_may_open(struct __sk_buff *skb, const struct pkt *p)
{
	struct view v = { (void *)(long)skb->data, (void *)(long)skb->data_end, skb->len };
	__u32 at = p->l4 + sizeof(struct pkt_tcp), len = p->payload - at;
	const __u32 *first;

	if (!len || len != 12 || p->tcp_flags & TCP_SYN)
		return !!len;
	first = view_at(&v, at, sizeof(*first));
	return !first || *first != bpf_htonl(0x0101080a);
}

#endif
