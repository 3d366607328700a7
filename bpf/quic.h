/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC: refused with "port unreachable", which sends browsers to TLS over TCP within milliseconds, or let through, as
 * the group's policy says.
 */
#ifndef ESAFE_QUIC_H
#define ESAFE_QUIC_H

#include "reply.h"
#include "stream.h"

/* Who sends it, and does the group take QUIC? 1: allowed. */
PART int quic_allowed(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	struct esafe_group *group;

	if (!s)
		return 0;
	s->proto = ESAFE_P_QUIC;
	if (decide_unnamed() || !p)
		return 0;
	group = &p->groups[s->group & (ESAFE_GROUPS - 1)];
	if (s->verdict == ESAFE_ALLOW && group->quic == ESAFE_QUIC_ALLOW)
		return 1;
	if (s->verdict == ESAFE_ALLOW)
		verdict(s, ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, 0);
	return 0;
}

/*
 * ICMP port unreachable (RFC 792, RFC 4443 section 3.1) in scratch.message, quoting the IP header and eight bytes.
 * scratch.other holds the headers that came in. A sender that completes partial checksums writes to bytes 6 and 7 of
 * what follows the IP header: unused in this ICMP message, and with the pseudo-header's sum there and no checksum of
 * our own the whole adds up.
 */
PART int quic_build_error(void)
{
	struct scratch *s = scratch_get();
	__u32 l3, quoted, v6;
	int is_partial;

	if (!s)
		return -1;
	l3 = s->pkt.l3;
	v6 = s->pkt.family == 6;
	quoted = s->pkt.l4 - l3 + 8;
	is_partial = partial(s, s->pkt.l4 + 6, s->pkt.payload_len + 8);
	for (__u32 i = 0; i < 256; i++) {
		if (i >= quoted)
			break;
		s->message[(8 + i) & DNS_MASK] = AT8(s->other, l3 + i);
	}
	s->message_len = 8 + quoted;
	esafe_store8(s->message, 0);
	s->message[0] = v6 ? 1 : 3;
	s->message[1] = v6 ? 4 : 3;
	s->tail = s->message_len;
	s->pkt.l4 = l3 + (v6 ? 40 : 20); /* options and extensions are not repeated */
	if (!v6)
		AT8(s->other, l3) = 0x45;
	AT8(s->other, l3 + (v6 ? 6 : 9)) = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	if (turn_round() || finish_ip())
		return -1;
	if (is_partial) {
		__u16 seed = v6 ? csum_fold(csum_pseudo(&s->pkt, IPPROTO_ICMPV6, s->tail)) : 0;

		s->message[6] = seed;
		s->message[7] = seed >> 8;
	} else {
		__u64 sum = sum_message() + (v6 ? csum_pseudo(&s->pkt, IPPROTO_ICMPV6, s->tail) : 0);
		__u16 check = ~csum_fold(sum);

		s->message[2] = check;
		s->message[3] = check >> 8;
	}
	return 0;
}

PART int quic_refuse(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 headers, len;

	if (!s)
		return TC_ACT_SHOT;
	headers = s->pkt.payload;
	if (load_headers(skb, s->other, headers) || quic_build_error())
		return TC_ACT_SHOT;
	headers = s->pkt.l4;
	len = s->message_len;
	if (bpf_skb_change_tail(skb, headers + len, 0) ||
	    store_headers(skb, s->other, headers) ||
	    bpf_skb_store_bytes(skb, headers, s->message, bounded(len, MESSAGE_ROOM), 0)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return bpf_redirect(skb->ifindex, 0);
}

/* A datagram to a QUIC port, in scratch. A flow that was allowed costs one lookup from then on. */
PART int tc_quic(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct judged_bucket *b;
	__u64 hash;

	if (!s || !c)
		return TC_ACT_SHOT;
	hash = flow_hash(c, &s->pkt, 1);
	b = judged_bucket(hash);
	if (!b)
		return TC_ACT_SHOT;
	if (judged_find(b, hash))
		return TC_ACT_UNSPEC;
	if (quic_allowed()) {
		report();
		judged_put(hash, JUDGED_PASS);
		return TC_ACT_UNSPEC;
	}
	report();
	return s->verdict == ESAFE_DROP ? TC_ACT_SHOT : quic_refuse(skb);
}

#endif
