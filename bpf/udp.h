/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams that are neither DNS nor QUIC. They say no name: the first one of a flow is judged as an unnamed
 * connection is, and where it goes to; the flow has a word in a table from then on, of the same kind as connections
 * that were judged. The word is asked for anew every 66 seconds: what a timetable ends, ends here too.
 */
#ifndef ESAFE_UDP_H
#define ESAFE_UDP_H

#include "quic.h"
#include "reach.h"
#include "table.h"

#define PORT_NTP 123

/* A client's question of the time (RFC 5905 section 7.3): version 1 to 4, mode 3, perhaps with a key behind it. */
static __always_inline int datagram_is_ntp(struct __sk_buff *skb, const struct pkt *p)
{
	__u8 first;

	if (p->dport != bpf_htons(PORT_NTP) || p->payload_len < 48 || p->payload_len > 68 || skb->gso_size ||
	    bpf_skb_load_bytes(skb, p->payload, &first, 1))
		return 0;
	return (first & 7) == 3 && (first >> 3 & 7) >= 1 && (first >> 3 & 7) <= 4;
}

/* Sets the verdict for the flow that scratch.pkt is of. */
PART int datagram_judge(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	if (!reach()) {
		s->known = ESAFE_KNOWN_ADDRESS;
		return 0;
	}
	if (decide_unnamed())
		return -1;
	reach_unnamed();
	return 0;
}

/* Was the flow judged as QUIC to another port, or is it being read as such? */
static __always_inline int datagram_is_quic(const struct scratch *s)
{
	struct judged_bucket *b = judged_bucket(s->flow);
	__u64 word = b ? judged_find(b, s->flow) : 0;

	if (s->cut_off && judged_is_old(word, s->era))
		return 0;
	return word || quic_has_begun(s->flow);
}

/* A datagram from a device, in scratch. Returns a TC action. */
PART int tc_datagram(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct judged_bucket *b;
	__u64 word;

	if (!s || !c)
		return TC_ACT_SHOT;
	if (s->tunnel || reach_is_local(&s->pkt)) /* a tunnel that the group may use was judged already */
		return TC_ACT_UNSPEC;
	s->flow = flow_hash(c, &s->pkt, 1);
	b = datagram_bucket(s->flow);
	if (!b)
		return TC_ACT_SHOT;
	word = judged_find(b, s->flow);
	if ((word & 3) == JUDGED_PASS && judged_is_fresh(word, bpf_jiffies64()) &&
	    !(s->cut_off && judged_is_old(word, s->era)))
		return TC_ACT_UNSPEC;
	if (datagram_is_quic(s)) {
		datagram_put(s->flow, JUDGED_PASS);
		return TC_ACT_UNSPEC;
	}
	if (reach_is_own(s, c))
		return TC_ACT_UNSPEC; /* as other local addresses: that is not the Internet */
	s->nonce = 0;
	s->now_ns = bpf_ktime_get_tai_ns();
	s->proto = ESAFE_P_UDP;
	if (datagram_judge())
		return TC_ACT_SHOT;
	if (s->verdict == ESAFE_BLOCK && datagram_is_ntp(skb, &s->pkt))
		return TC_ACT_UNSPEC; /* this one, and nothing else of the flow */
	reach_report();
	if (s->verdict == ESAFE_ALLOW)
		return TC_ACT_UNSPEC;
	return s->verdict == ESAFE_DROP ? TC_ACT_SHOT : quic_refuse(skb);
}

#endif
