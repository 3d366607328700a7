/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolved or refused: may a device begin to talk to an address? Asked once, on the first packet of a connection,
 * before there is a name. First match wins:
 *
 *    1 local addresses, the gateway's own   yes
 *    2 quarantine                           yes: all that it says will be dropped
 *    3 a network by address or port whose category the group blocks (resolvers over HTTPS, newsgroups ...)  no
 *    4 resolved by this device              yes
 *    5 such a network otherwise             yes
 *    6 groups with `unresolved: allow`      yes
 *    7 just after the filter was attached, the addresses of locked search services      yes
 *    8 everything else                      no: UNRESOLVED
 */
#ifndef ESAFE_REACH_H
#define ESAFE_REACH_H

#include "policy.h"
#include "reply.h"
#include "report.h"
#include "resolved.h"
#include "table.h"

/*
 * Addresses that no packet to the Internet has: private (RFC 1918, 4193), shared by a provider and its customers
 * (6598), link-local, loopback, multicast, broadcast, none.
 */
static __always_inline int reach_is_local(const struct pkt *p)
{
	__u32 a = PKT_BE32(p->dst[3]), first = PKT_BE32(p->dst[0]);

	if (p->family == 4)
		return a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 22 == 0x191 || a >> 16 == 0xa9fe ||
		       a >> 24 == 127 || a >> 24 == 0 || a >= 0xe0000000;
	return first >> 25 == 0xfc >> 1 || first >> 22 == 0xfe80 >> 6 || first >> 24 == 0xff ||
	       (!first && !p->dst[1] && !p->dst[2] && a <= 1);
}

/* The gateway itself, and the networks on the filtered side of it. */
PART int reach_is_own(struct scratch *s, struct esafe_config *c)
{
	const __u64 *dst;

	if (!s || !c)
		return 0;
	dst = (const __u64 *)s->pkt.dst;
	for (__u32 i = 0; i < ESAFE_OWN; i++) {
		const __u64 *addr = (const __u64 *)c->own[i].addr, *mask = (const __u64 *)c->own[i].mask;

		if (i >= c->own_count)
			break;
		if ((dst[0] & mask[0]) == addr[0] && (dst[1] & mask[1]) == addr[1])
			return 1;
	}
	return 0;
}

/* Is it one of the addresses that services are locked to? */
PART int reach_is_pinned(struct scratch *s, struct esafe_policy *p)
{
	const __u64 *dst;

	if (!s || !p)
		return 0;
	dst = (const __u64 *)s->pkt.dst;
	for (__u32 i = 0; i < ESAFE_PINNED; i++) {
		const __u64 *addr = (const __u64 *)p->pinned[i].addr;

		if (i >= p->pinned_count)
			break;
		if (addr[0] == dst[0] && addr[1] == dst[1])
			return 1;
	}
	return 0;
}

static __always_inline int net_bit_is_set(const struct esafe_policy *p, __u32 bit)
{
	return p->net_filter[bit / 64 & (ESAFE_NET_FILTER / 64 - 1)] >> (bit & 63) & 1;
}

/* May the destination be of a network that has a category? */
static __always_inline int net_is_likely(const struct scratch *s, const struct esafe_policy *p)
{
	const __u64 *dst = (const __u64 *)s->pkt.dst;

	return net_bit_is_set(p, net_bit_host(dst)) | net_bit_is_set(p, net_bit_wide(dst, s->pkt.family == 4)) |
	       net_bit_is_set(p, net_bit_port(s->pkt.l4_proto, PKT_BE16(s->pkt.dport)));
}

/* Does the network name this protocol and port? */
PART int net_has_port(struct scratch *s, struct esafe_policy *p, __u32 net)
{
	const struct esafe_net *n;
	__u32 port;

	if (!s || !p)
		return 0;
	n = &p->nets[net & (ESAFE_NETS - 1)];
	port = PKT_BE16(s->pkt.dport);
	for (__u32 i = 0; i < ESAFE_PORTS_PER_NET; i++) {
		const struct esafe_net_port *range = &p->net_ports[(n->port_first + i) & (ESAFE_NET_PORTS - 1)];

		if (i >= n->ports)
			return !i;
		if (range->proto == s->pkt.l4_proto && port >= range->first && port <= range->last)
			return 1;
	}
	return 0;
}

enum net_found { NET_FOUND = 1, NET_OPENS = 2 };

/* The destination is of this network, if its port is. */
PART int net_note(struct scratch *s, struct esafe_policy *p, __u32 net)
{
	const struct esafe_net *n;
	__u32 category;

	if (!s || !p || !net_has_port(s, p, net))
		return 0;
	n = &p->nets[net & (ESAFE_NETS - 1)];
	category = n->category;
	s->net_found |= n->closes ? NET_FOUND : NET_FOUND | NET_OPENS;
	if (category != ESAFE_NO_CATEGORY)
		s->categories[category >> 6 & 3] |= 1ULL << (category & 63);
	return 0;
}

/* Every network of the destination: scratch.net_found, and scratch.categories, which are empty before. */
PART int net_find(struct scratch *s, struct esafe_policy *p)
{
	const __u64 *dst;

	if (!s || !p)
		return 0;
	dst = (const __u64 *)s->pkt.dst;
	s->net_found = 0;
	for (__u32 i = 0; i < ESAFE_NETS; i++) {
		const struct esafe_net *n = &p->nets[i & (ESAFE_NETS - 1)];
		const __u64 *addr = (const __u64 *)n->prefix.addr, *mask = (const __u64 *)n->prefix.mask;

		if (i >= p->nets_count)
			break;
		if (!(((dst[0] & mask[0]) ^ addr[0]) | ((dst[1] & mask[1]) ^ addr[1])))
			net_note(s, p, i);
	}
	return 0;
}

/* The verdict of the group for the categories of the networks that were found. 1: they are open. */
static __always_inline int net_judge(struct scratch *s, struct esafe_policy *p)
{
	scope_read_all(s);
	judge_categories(s, &p->profiles[s->profile & (ESAFE_PROFILES - 1)]);
	if (is_scoped(s, SCOPED_DENIED) && s->denied_category != ESAFE_NO_CATEGORY) {
		s->category = s->denied_category;
		scoped_verdict(s, ESAFE_BLOCK, ESAFE_R_DENY, SCOPED_DENIED);
	}
	judge_supervision(s);
	return s->verdict == ESAFE_ALLOW || s->category == ESAFE_NO_CATEGORY;
}

/* An address that was not resolved, or that may be of a network with a category. As reach(). */
PART int reach_slow(int is_resolved)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	struct esafe_config *c = config_get();

	if (!s || !p || !c)
		return 1;
	if (reach_is_local(&s->pkt) || reach_is_own(s, c))
		return 1;
	if (decide_unnamed())
		return 0;
	if (s->verdict == ESAFE_DROP) /* whatever it says */
		return 1;
	net_find(s, p);
	if (s->net_found && !net_judge(s, p))
		return 0;
	if (is_resolved || s->net_found & NET_OPENS ||
	    !(p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_RESOLVED) ||
	    c->adopt_until_ns > s->now_ns || reach_is_pinned(s, p))
		return 1;
	s->category = ESAFE_NO_CATEGORY;
	s->matched = 0;
	verdict(s, ESAFE_BLOCK, ESAFE_R_UNRESOLVED, 0);
	return 0;
}

/* May the connection that scratch.pkt begins go where it goes to? 1: yes; 0: no, and the verdict is set. */
PART int reach(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	int is_resolved;

	if (!s || !p)
		return 1; /* without a policy its first data will be refused */
	is_resolved = p->refuses && resolved_find(s, p);
	if (net_is_likely(s, p))
		return reach_slow(is_resolved);
	if (!p->refuses || is_resolved)
		return 1;
	if (!who(s, p) && !(p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_RESOLVED))
		return 1;
	return reach_slow(0);
}

/* What is known of a connection that does not say its name. */
PART int reach_known(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();

	if (!s || !p)
		return ESAFE_KNOWN_ADDRESS;
	return resolved_find(s, p) ? ESAFE_KNOWN_DNS : ESAFE_KNOWN_ADDRESS;
}

/*
 * A connection that does not say its name, or only the outer one of Encrypted ClientHello, was judged as the group's
 * default says: that is not enough for a group with `unnamed: refuse`, unless it stays near or goes to a network that
 * is open. Sets what is known of it.
 */
PART int reach_unnamed(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	struct esafe_config *c = config_get();

	if (!s || !p || !c)
		return -1;
	if (s->verdict == ESAFE_ALLOW && s->reason == ESAFE_R_UNNAMED &&
	    p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_NAMED &&
	    !reach_is_local(&s->pkt) && !reach_is_own(s, c)) {
		net_find(s, p);
		if (!(s->net_found & NET_OPENS))
			verdict(s, ESAFE_BLOCK, ESAFE_R_UNNAMED, 0);
	}
	if (s->known != ESAFE_KNOWN_OUTER)
		s->known = resolved_find(s, p) ? ESAFE_KNOWN_DNS : ESAFE_KNOWN_ADDRESS;
	return 0;
}

/* A connection was judged: counts what was known of it. Within the school nothing is hidden. */
static __always_inline void count_known(const struct scratch *s)
{
	__u32 cell = ESAFE_KNOWN_INDEX(s->group < ESAFE_GROUPS ? s->group : ESAFE_GROUPS,
				       s->known & (ESAFE_KNOWN_COUNT - 1));
	__u64 *count = bpf_map_lookup_elem(&known, &cell);

	if (count && !reach_is_local(&s->pkt))
		(*count)++;
}

/* The flow of datagrams in scratch was judged: says so when that is new, not for every packet. */
PART int reach_report(void)
{
	struct scratch *s = scratch_get();
	struct judged_bucket *b;
	__u64 word;
	__u32 state;

	if (!s)
		return -1;
	b = datagram_bucket(s->flow);
	if (!b)
		return -1;
	word = judged_find(b, s->flow);
	state = s->verdict == ESAFE_ALLOW ? JUDGED_PASS : JUDGED_BLOCKED;
	if (!word)
		count_known(s);
	if ((word & 3) != state)
		report();
	return datagram_put(s->flow, state);
}

/* A SYN to an address that is refused: says so to the client, and nothing to the server. Returns a TC action. */
PART int reach_refuse_syn(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 headers;

	if (!s)
		return TC_ACT_SHOT;
	s->proto = ESAFE_P_TCP;
	s->known = ESAFE_KNOWN_ADDRESS;
	count_known(s);
	report();
	headers = s->pkt.l4 + 20;
	if (load_headers(skb, s->other, headers) || reset_server() || reset_client() ||
	    bpf_skb_change_tail(skb, headers, 0) || store_headers(skb, s->other, headers)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return bpf_redirect(skb->ifindex, 0);
}

#endif
