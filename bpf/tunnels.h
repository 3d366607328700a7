/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of tunnels: each group says which it may use. What stays near is left alone: an address that does not
 * lead to the Internet, such as a server of the school behind another VLAN, the gateway, or the multicast of routers.
 */
#ifndef ESAFE_TUNNELS_H
#define ESAFE_TUNNELS_H

#include "bounded.h"
#include "maps.h"
#include "policy.h"
#include "report.h"
#include "quicwire.h"
#include "reach.h"
#include "table.h"
#include "tunnel.h"

#define TUNNEL_DATAGRAMS 128 /* that a sender may hand over in one socket buffer */

/*
 * Judges a tunnel of this shape. That a group may use one is said by name, so it comes before the group's default; what
 * cuts a device off comes first.
 */
PART int tunnel_decide(__u32 reason)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	int is_open;

	if (!s || decide_unnamed())
		return -1;
	if (!p || s->reason != ESAFE_R_UNNAMED)
		return 0;
	is_open = p->groups[s->group & (ESAFE_GROUPS - 1)].tunnels >> ((reason - ESAFE_R_WIREGUARD) & 15) & 1;
	verdict(s, is_open ? ESAFE_ALLOW : ESAFE_BLOCK, reason, 0);
	return 0;
}

/* As the packets of a tunnel are judged anew, their events are not: one a minute, and whenever the policy changes. */
static __always_inline int tunnel_report(struct scratch *s, __u64 flow, __u64 word)
{
	__u32 state = s->verdict == ESAFE_ALLOW ? JUDGED_PASS : JUDGED_BLOCKED;

	if ((word & 3) == state && judged_is_fresh(word, bpf_jiffies64())) {
		count_verdict(s->group, s->verdict, s->reason);
		return 0;
	}
	datagram_put(flow, state);
	return report();
}

/* Does the packet in scratch stay near? */
PART int tunnel_is_near(void)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();

	return s && c && (reach_is_local(&s->pkt) || reach_is_own(s, c));
}

/* A packet of a tunnel of this shape, in scratch. 0: it may pass. */
PART int tunnel_judge(__u32 reason)
{
	struct esafe_policy *p = policy_get();
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct judged_bucket *b;
	__u64 flow, word;

	if (!s || !c)
		return -1;
	if (tunnel_is_near())
		return 0;
	flow = esafe_mix(flow_hash(c, &s->pkt, 1), reason | (__u64)(p ? p->version : 0) << 32, c->flow_k2, c->flow_k1);
	b = datagram_bucket(flow);
	if (!b)
		return -1;
	word = judged_find(b, flow);
	if ((word & 3) == JUDGED_PASS && judged_is_fresh(word, bpf_jiffies64()))
		return 0;
	s->nonce = 0;
	s->now_ns = bpf_ktime_get_tai_ns();
	s->proto = s->pkt.l4_proto == IPPROTO_UDP ? ESAFE_P_UDP : ESAFE_P_IP;
	if (tunnel_decide(reason))
		return -1;
	tunnel_report(s, flow, word);
	return s->verdict != ESAFE_ALLOW;
}

/* The message of ICMP in scratch.pkt: is it for more than control? One in parts is, however short they are. */
static __always_inline int tunnel_in_icmp(struct __sk_buff *skb, const struct scratch *s)
{
	const struct pkt *p = &s->pkt;
	__u8 type;

	if (p->first_fragment || bpf_skb_load_bytes(skb, p->payload, &type, 1))
		return 1;
	return tunnel_is_icmp(p->family, p->l4_proto, type, p->payload_len, p->l4 - p->l3 + p->payload_len);
}

/*
 * What nothing else is asked of: 0 if it may pass, else the tunnel that it is taken for. Of IP these are parts of UDP,
 * whose first one was judged; parts of ICMP, which whole would be too long; and IGMP, which is for the link alone.
 */
static __always_inline __u32 tunnel_in_rest(const struct scratch *s)
{
	if (!s->pkt.family || s->pkt.l4_proto == IPPROTO_UDP)
		return 0;
	return s->pkt.l4_proto == IPPROTO_IGMP ? ESAFE_R_PROTOCOL : ESAFE_R_ICMP;
}

/* The datagram of `whole` bytes at `from`: its first bytes in scratch.head; which tunnel it is, or 0. */
PART int tunnel_look(struct __sk_buff *skb, __u32 from, __u32 whole)
{
	struct scratch *s = scratch_get();
	__u32 len = whole < TUNNEL_ROOM ? whole : TUNNEL_ROOM;

	if (!s)
		return -1;
	s->head[0] = s->head_len = 0;
	if (!len)
		return TUNNEL_NONE;
	if (bpf_skb_load_bytes(skb, from, s->head, bounded(len, TUNNEL_ROOM)))
		return -1;
	s->head_len = len;
	s->begins_quic |= len >= 8 && s->head[0] & 0x80 &&
			  (tunnel_be32(s->head, 1) == QUIC_V1 || tunnel_be32(s->head, 1) == QUIC_V2);
	return tunnel_datagram(s->head, len, whole, bpf_ntohs(s->pkt.dport));
}

/* The datagrams behind the first of those that were merged into this socket buffer. */
PART int tunnel_merged(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 segment = skb->gso_size, at, end;
	int found = TUNNEL_NONE;

	if (!s || !segment)
		return -1;
	end = s->pkt.payload_len;
	at = segment;
	for (int i = 0; i < TUNNEL_DATAGRAMS; i++) {
		if (at >= end)
			return TUNNEL_NONE;
		found = tunnel_look(skb, s->pkt.payload + at, end - at < segment ? end - at : segment);
		if (found)
			return found;
		at += segment;
	}
	return -1;
}

/* Which tunnel is in the socket buffer, or 0; -1: it cannot be read. scratch.head is that of the first datagram. */
PART int tunnel_find(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 whole, segment = skb->gso_size;
	int found;

	if (!s)
		return -1;
	whole = s->pkt.payload_len;
	s->begins_quic = 0;
	if (segment && segment < whole) {
		found = tunnel_merged(skb);
		if (found)
			return found;
		whole = segment;
	}
	return tunnel_look(skb, s->pkt.payload, whole);
}

#endif
