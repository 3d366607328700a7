// SPDX-License-Identifier: GPL-2.0-or-later
/* The entries: read, judge, map the fate to what the hook returns. Everything else is in the headers. */
#include "answer.h"
#include "dnstcp.h"
#include "maps.h"
#include "mptcp.h"
#include "page.h"
#include "question.h"
#include "quic.h"
#include "reply.h"
#include "response.h"
#include "slot.h"
#include "stream.h"
#include "tunnels.h"
#include "udp.h"

char LICENSE[] SEC("license") = "GPL";

#define PORT_HTTPS 443
#define PORT_DOQ 853
#define MARK_DEVICE 0xe5af /* in skb->tc_index, which stays with the packet through routing: a device here sent it */

static __always_inline enum pkt_kind tc_view(struct __sk_buff *skb, struct pkt *p)
{
	struct view v = { (void *)(long)skb->data, (void *)(long)skb->data_end, skb->len };

	p->ifindex = skb->ifindex;
	p->first_fragment = 0;
	p->vlan_inner = 0;
	p->vlan_outer = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	return pkt_read(&v, p);
}

/* Reads the headers into scratch.pkt. Those outside the linear part of the socket buffer are pulled into it. */
PART int tc_read(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	enum pkt_kind kind;
	__u32 want;

	if (!s)
		return PKT_BAD;
	kind = tc_view(skb, &s->pkt);
	if (kind != PKT_SHORT)
		return kind;
	want = PKT_HEADERS_MAX + 40;
	if (bpf_skb_pull_data(skb, skb->len < want ? skb->len : want))
		return PKT_BAD;
	kind = tc_view(skb, &s->pkt);
	return kind == PKT_SHORT ? PKT_BAD : kind;
}

/* From the devices, TCP. */
static __always_inline int tc_tcp(struct __sk_buff *skb, struct scratch *s)
{
	struct esafe_config *c = config_get();
	const struct pkt *p = &s->pkt;
	struct judged_bucket *b;
	__u64 hash, word;
	int fate;

	if (mptcp_may_open(skb, p) && mptcp_refuse(skb)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	if (!p->payload_len && !(p->tcp_flags & TCP_SYN))
		return TC_ACT_UNSPEC; /* carries no byte of any stream */
	if (!c)
		return TC_ACT_SHOT;
	hash = flow_hash(c, p, 1);
	b = judged_bucket(hash);
	if (!b)
		return TC_ACT_SHOT;
	word = p->tcp_flags & TCP_SYN ? 0 : judged_find(b, hash);
	if ((word & 3) == JUDGED_PASS) {
		if (!judged_is_fresh(word, bpf_jiffies64()))
			judged_put(hash, JUDGED_PASS);
		return TC_ACT_UNSPEC;
	}
	if (!word && page_is_wanted(p))
		return TC_ACT_UNSPEC;
	begin(s);
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && p->dport != bpf_htons(PORT_DNS) && !reach())
		return reach_refuse_syn(skb);
	if (word) {
		tc_reset(skb, 0); /* again, in case the first was lost */
		return TC_ACT_SHOT;
	}
	s->flow = hash;
	fate = stream_out(skb);
	if (fate == STREAM_JUDGE)
		fate = stream_judge_all(skb);
	if (fate == STREAM_PASS)
		return TC_ACT_UNSPEC;
	if (fate == STREAM_ANSWER)
		return tc_answer(skb);
	return fate == STREAM_RESET ? tc_reset(skb, 0) : TC_ACT_SHOT;
}

/* Every datagram is looked at: one that says nothing does not vouch for the next between the same ports. */
static __always_inline int tc_tunnel(struct __sk_buff *skb, struct scratch *s)
{
	int found = tunnel_find(skb);

	if (found < 0) {
		count_drop(ESAFE_R_HEADER);
		return TC_ACT_SHOT;
	}
	s->tunnel = found;
	if (!found || !tunnel_judge(found))
		return TC_ACT_UNSPEC;
	return s->verdict == ESAFE_DROP ? TC_ACT_SHOT : quic_refuse(skb);
}

/* Questions, in as many datagrams as the packet has. What is none at their port may be a tunnel there. */
static __always_inline int tc_questions(struct __sk_buff *skb, struct scratch *s)
{
	int fate = questions_judge(skb);

	if (fate == QUESTION_NONE) {
		int tunnel = tc_tunnel(skb, s);

		if (tunnel != TC_ACT_UNSPEC)
			return tunnel;
		fate = question_malformed(s);
	}
	if (fate == QUESTION_PASS)
		return TC_ACT_UNSPEC;
	return fate == QUESTION_ANSWER ? tc_send_answer(skb) : TC_ACT_SHOT;
}

/* From the devices, UDP. */
static __always_inline int tc_udp(struct __sk_buff *skb, struct scratch *s, const int reads_quic)
{
	const struct pkt *p = &s->pkt;
	int asks = p->dport == bpf_htons(PORT_DNS);
	int elsewhere = p->dport != bpf_htons(PORT_HTTPS) && p->dport != bpf_htons(PORT_DOQ);
	int fate = asks ? TC_ACT_UNSPEC : tc_tunnel(skb, s);

	if (fate != TC_ACT_UNSPEC)
		return fate;
	if (!asks && !question_elsewhere(skb)) {
		if (elsewhere && !s->begins_quic)
			return tc_datagram(skb);
		if (!p->first_fragment) {
			fate = reads_quic ? tc_quic(skb, elsewhere) : tc_quic_unread(skb, elsewhere);
			return elsewhere && fate == TC_ACT_UNSPEC ? tc_datagram(skb) : fate;
		}
	}
	if (p->first_fragment) {
		count_drop(ESAFE_R_FRAGMENT);
		return TC_ACT_SHOT;
	}
	begin(s);
	return tc_questions(skb, s);
}

static __always_inline int from_devices(struct __sk_buff *skb, const int reads_quic)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	int kind;

	count_run(ESAFE_HOOK_INGRESS);
	skb->tc_index = MARK_DEVICE;
	if (!s || !c)
		return TC_ACT_SHOT;
	kind = tc_read(skb);
	if (slot_touch(s, c, skb->len, 0)) {
		int fate = cut_packet(kind, 0);

		if (fate != CUT_PASS)
			return fate == CUT_RESET ? tc_reset(skb, 0) : TC_ACT_SHOT;
	}
	switch (kind) {
	case PKT_OTHER:
		return tunnel_in_rest(s) && tunnel_judge(tunnel_in_rest(s)) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	case PKT_TCP:
		return tc_tcp(skb, s);
	case PKT_UDP:
		return tc_udp(skb, s, reads_quic);
	case PKT_ICMP:
		return tunnel_in_icmp(skb, s) && tunnel_judge(ESAFE_R_ICMP) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	case PKT_PROTO:
		return tunnel_judge(tunnel_protocol(s->pkt.l4_proto)) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	case PKT_FRAGMENT:
		count_drop(ESAFE_R_FRAGMENT);
		return TC_ACT_SHOT;
	default:
		count_drop(ESAFE_R_HEADER);
		return TC_ACT_SHOT;
	}
}

/* From the devices. */
SEC("tc")
int esafe_ingress(struct __sk_buff *skb)
{
	return from_devices(skb, 1);
}

/* In its place where the kernel's verifier does not take that one; not loaded otherwise. */
SEC("?tc")
int esafe_noquic(struct __sk_buff *skb)
{
	return from_devices(skb, 0);
}

/*
 * To the devices, TCP: what servers say of connections that are being opened, and what they say in DNS. Nothing else is
 * dropped here.
 */
static __always_inline int tc_tcp_response(struct __sk_buff *skb, struct scratch *s, const struct esafe_config *c)
{
	int says = s->pkt.sport == bpf_htons(PORT_DNS) && s->pkt.payload_len;
	struct judged_bucket *b;
	__u64 hash, word;

	if (!(s->pkt.tcp_flags & (TCP_ACK | TCP_SYN)))
		return says && !(s->pkt.tcp_flags & TCP_RST) ? TC_ACT_SHOT : TC_ACT_UNSPEC; /* no TCP takes such data */
	hash = flow_hash(c, &s->pkt, 0);
	b = judged_bucket(hash);
	if (!b)
		return TC_ACT_UNSPEC;
	word = s->pkt.tcp_flags & TCP_SYN ? 0 : judged_find(b, hash);
	if (word)
		return says && (word & 3) == JUDGED_BLOCKED ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	s->flow = hash;
	s->from_device = skb->tc_index == MARK_DEVICE;
	begin(s);
	if (!says) {
		stream_in(skb);
		return TC_ACT_UNSPEC;
	}
	switch (dnstcp_response(skb)) {
	case STREAM_PASS:
		return TC_ACT_UNSPEC;
	case STREAM_RESET:
		return tc_reset(skb, BPF_F_INGRESS);
	default:
		return TC_ACT_SHOT;
	}
}

/*
 * A part of a datagram or segment from port 53. TCP is never cut by IP: who does it hides something. Later ones cannot
 * be put together without the first.
 */
static __always_inline int tc_fragment_response(struct __sk_buff *skb, const struct scratch *s)
{
	__be16 port = 0;

	if (!s->pkt.first_fragment || bpf_skb_load_bytes(skb, s->pkt.l4, &port, sizeof(port)) ||
	    port != bpf_htons(PORT_DNS))
		return TC_ACT_UNSPEC;
	count_drop(ESAFE_R_FRAGMENT);
	return TC_ACT_SHOT;
}

/* To the devices. */
SEC("tc")
int esafe_egress(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	int kind;

	count_run(ESAFE_HOOK_EGRESS);
	if (!s || !c || s->sending)
		return TC_ACT_UNSPEC;
	kind = tc_read(skb);
	if (slot_touch(s, c, skb->len, 1) && cut_packet(kind, 1) != CUT_PASS)
		return TC_ACT_SHOT;
	switch (kind) {
	case PKT_TCP:
		return tc_tcp_response(skb, s, c);
	case PKT_UDP:
		if (s->pkt.sport != bpf_htons(PORT_DNS))
			return TC_ACT_UNSPEC;
		begin(s);
		return tc_responses(skb);
	case PKT_FRAGMENT:
		return tc_fragment_response(skb, s);
	default:
		return TC_ACT_UNSPEC;
	}
}

/* As tc_read(), for XDP. */
PART int xdp_read(struct xdp_md *ctx)
{
	struct view v = { (void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_xdp_get_buff_len(ctx) };
	struct scratch *s = scratch_get();

	if (!s)
		return PKT_BAD;
	s->pkt.ifindex = ctx->ingress_ifindex;
	s->pkt.first_fragment = 0;
	s->pkt.vlan_outer = s->pkt.vlan_inner = 0;
	return pkt_read(&v, &s->pkt);
}

/*
 * On ports whose driver has XDP natively: questions that are not passed are answered before there is a socket buffer.
 * Everything else, and whatever cannot be done here, is left to TC.
 */
SEC("xdp")
int esafe_xdp(struct xdp_md *ctx)
{
	struct scratch *s = scratch_get();
	int sent;

	count_run(ESAFE_HOOK_XDP);
	if (!s || xdp_read(ctx) != PKT_UDP || s->pkt.dport != bpf_htons(PORT_DNS) || s->pkt.first_fragment)
		return XDP_PASS;
	begin(s);
	if (xdp_question_load(ctx, s) || question_judge(1) != QUESTION_ANSWER)
		return XDP_PASS;
	sent = xdp_send_answer(ctx);
	if (sent < 0)
		return XDP_PASS;
	report();
	return sent;
}

/*
 * The question of `esafectl why`: a packet that the daemon made, judged by the very functions above and not passed
 * anywhere. Map `why` says when and takes what came out. Returns 0; 1: a real packet came between, ask again; 2: the
 * question is no question.
 */
SEC("tc")
int esafe_why(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	struct esafe_why *w;
	__u32 zero = 0;
	__u64 nonce;

	w = bpf_map_lookup_elem(&why, &zero);
	if (!s || !w || tc_read(skb) != PKT_UDP)
		return 2;
	nonce = bpf_ktime_get_ns() | 1;
	s->nonce = nonce;
	s->now_ns = w->at_ns ? w->at_ns : bpf_ktime_get_tai_ns();
	datagram_first(skb, s);
	if (tc_question_load(skb, s) || name_scan(s) ||
	    dns_question_rest(s->message, question_view(s), s->name.len, &s->question))
		return 2;
	s->proto = ESAFE_P_DNS;
	decide();
	event_fill(&w->event, s);
	for (int i = 0; i < 4; i++)
		w->categories[i] = s->categories[i];
	return s->nonce != nonce;
}
