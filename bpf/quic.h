/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC: refused, let through or read, as the group's policy says. What is refused gets "port unreachable", which sends
 * browsers to TLS over TCP within milliseconds. What is read passes until the packet that completes the name: no server
 * can answer part of a ClientHello.
 */
#ifndef ESAFE_QUIC_H
#define ESAFE_QUIC_H

#include "quictable.h"
#include "reach.h"
#include "reply.h"
#include "stream.h"

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

/* ---- reading ---- */

#define QUIC_CLIENT_PORT 32768 /* systems choose theirs from here on, or higher (RFC 6335 section 6) */

enum quic_fate {
	QUIC_GO,      /* to the next packet */
	QUIC_END,     /* there is none */
	QUIC_JUDGE,   /* scratch.result says what was found */
	QUIC_CANNOT,  /* work.reason says why it cannot be judged */
	QUIC_REPEATS, /* of a connection that was refused */
	QUIC_DROP,
};

/* Does the group read QUIC? ESAFE_QUIC_*; for REJECT the verdict is set. */
PART int quic_mode(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	__u32 mode;

	if (!s)
		return ESAFE_QUIC_REJECT;
	s->proto = ESAFE_P_QUIC;
	if (decide_unnamed() || !p || s->verdict == ESAFE_DROP)
		return ESAFE_QUIC_REJECT;
	mode = p->groups[s->group & (ESAFE_GROUPS - 1)].quic;
	if (mode == ESAFE_QUIC_INSPECT)
		return mode;
	if (s->verdict != ESAFE_ALLOW)
		return ESAFE_QUIC_REJECT;
	if (mode == ESAFE_QUIC_ALLOW)
		return mode;
	verdict(s, ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, 0);
	return ESAFE_QUIC_REJECT;
}

/* The frames of an Initial that was opened. */
PART int quic_feed(struct quic_work *w)
{
	struct scratch *s = scratch_get();
	struct quic_conn *c;

	if (!s || !w)
		return QUIC_DROP;
	c = quic_conn_get(w->conn);
	if (!c)
		return QUIC_DROP;
	if (c->state == QUIC_REFUSED || (c->state == QUIC_PASSED && w->over))
		return QUIC_REPEATS;
	s->result = quic_frames(c, w) ? TLS_BAD : TLS_MORE;
	if (w->differs || (s->result == TLS_BAD && c->state == QUIC_PASSED)) {
		count_drop(ESAFE_R_QUIC_DIFFERS);
		return QUIC_DROP;
	}
	if (s->result == TLS_MORE)
		s->result = quic_read(c);
	if (c->state == QUIC_PASSED && (s->result == TLS_MORE || s->result == TLS_DONE))
		return QUIC_GO; /* not a second hello, as a server may want one with another key */
	w->reason = ESAFE_R_TLS_MALFORMED;
	if (s->result == TLS_MORE) {
		if (++c->initials <= QUIC_INITIALS_MAX && c->have < QUIC_FLIGHT_ROOM)
			return QUIC_GO;
		w->reason = ESAFE_R_QUIC_TOO_LONG;
	}
	return QUIC_JUDGE;
}

static __always_inline int quic_cannot(struct quic_work *w, __u32 reason)
{
	w->reason = reason;
	if (!w->elsewhere)
		return QUIC_CANNOT;
	w->from = w->datagram_end; /* something else uses this port */
	return QUIC_GO;
}

/* A packet without a long header ends its datagram. Behind another one it may be anything: its server will see. */
static __always_inline int quic_short(struct quic_work *w, struct scratch *s, int is_first)
{
	struct esafe_config *c = config_get();

	w->from = w->datagram_end;
	if (w->over && !w->judged)
		return QUIC_REPEATS;
	if (w->judged || w->elsewhere || !is_first)
		return QUIC_GO;
	if (c && c->adopt_until_ns > s->now_ns) {
		judged_put(s->flow, JUDGED_PASS);
		w->judged = 1;
		return QUIC_GO;
	}
	return quic_cannot(w, ESAFE_R_QUIC_UNKNOWN);
}

/* Loads what is left of the datagram, as far as there is room. */
PART int quic_load(struct __sk_buff *skb, struct quic_work *w)
{
	__u32 len;

	if (!w || !w->have)
		return -1;
	len = w->have < GCM_ROOM ? w->have : GCM_ROOM;
	return bpf_skb_load_bytes(skb, w->from, w->gcm.bytes, bounded(len, GCM_ROOM));
}

/* The packet at work.from: enum quic_fate. */
PART int quic_packet(struct __sk_buff *skb, struct quic_work *w)
{
	struct scratch *s = scratch_get();
	__u32 segment = skb->gso_size;
	int is_first;

	if (!s || !w)
		return QUIC_DROP;
	if (w->from >= w->end)
		return QUIC_END;
	is_first = w->from >= w->datagram_end;
	if (is_first)
		w->datagram_end = segment && segment < w->end - w->from ? w->from + segment : w->end;
	w->have = w->datagram_end - w->from;
	if (quic_load(skb, w))
		return QUIC_DROP;
	switch (quic_header(w)) {
	case QUIC_SHORT:
		return quic_short(w, s, is_first);
	case QUIC_UNKNOWN:
		return quic_cannot(w, ESAFE_R_QUIC_VERSION);
	case QUIC_LONG:
		w->from += w->packet_len;
		if (w->over && !w->judged)
			return QUIC_REPEATS;
		if (w->judged || w->elsewhere || quic_has_begun(s->flow))
			return QUIC_GO;
		return quic_cannot(w, ESAFE_R_QUIC_UNKNOWN);
	case QUIC_INITIAL:
		break;
	case QUIC_HUGE: /* to any port: nobody else's datagrams look like that */
		w->reason = ESAFE_R_QUIC_TOO_LONG;
		return QUIC_CANNOT;
	default:
		return quic_cannot(w, ESAFE_R_QUIC_UNREADABLE);
	}
	w->from += w->packet_len;
	if (!quic_token(1)) {
		count_drop(ESAFE_R_QUIC_FLOOD);
		return QUIC_DROP;
	}
	w->reason = quic_unseal(w, s->flow);
	/* from a server here its client's ports are such; a client's might go on with what began from another port */
	if (w->reason == ESAFE_R_QUIC_UNREADABLE && bpf_ntohs(s->pkt.dport) >= QUIC_CLIENT_PORT)
		return quic_cannot(w, w->reason);
	return w->reason ? QUIC_CANNOT : quic_feed(w);
}

/* Judges the name that was found, or the lack of one. */
PART int quic_judge(struct quic_work *w)
{
	struct esafe_policy *p = policy_get();
	struct scratch *s = scratch_get();
	struct quic_conn *c;
	__u32 result;

	if (!s || !w)
		return -1;
	c = quic_conn_get(w->conn);
	if (!c)
		return -1;
	s->proto = ESAFE_P_QUIC;
	result = s->result;
	if (result == TLS_NAME) {
		for (int i = 0; i < ESAFE_WIRE_ROOM; i += 8)
			esafe_store8(&s->name.wire[i], esafe_load8(&c->reader.name.wire[i]));
		if (name_scan(s))
			result = TLS_BAD;
	}
	if (result == TLS_NAME ? decide() : decide_unnamed())
		return -1;
	if (result != TLS_NAME || s->known == ESAFE_KNOWN_OUTER)
		reach_unnamed();
	count_known(s);
	if (result != TLS_NAME && result != TLS_NO_NAME && s->verdict == ESAFE_ALLOW)
		verdict(s, ESAFE_BLOCK, w->reason, 0);
	if (result == TLS_BAD)
		name_spelt(s, &c->reader.name);
	if (s->verdict == ESAFE_ALLOW && (!p || p->groups[s->group & (ESAFE_GROUPS - 1)].quic == ESAFE_QUIC_REJECT))
		verdict(s, ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, 0);
	c->state = s->verdict == ESAFE_ALLOW ? QUIC_PASSED : QUIC_REFUSED;
	report();
	if (s->verdict != ESAFE_ALLOW)
		return -1;
	w->judged = 1;
	judged_put(s->flow, JUDGED_PASS);
	return 0;
}

/* What cannot be judged is refused, whatever the group's default. Data of no known connection is only counted. */
PART int quic_judge_unread(struct quic_work *w)
{
	struct scratch *s = scratch_get();

	if (!s || !w)
		return -1;
	if (w->reason == ESAFE_R_QUIC_UNKNOWN) {
		count_verdict(s->group, ESAFE_BLOCK, ESAFE_R_QUIC_UNKNOWN);
		return 0;
	}
	s->proto = ESAFE_P_QUIC;
	if (!decide_unnamed() && s->verdict == ESAFE_ALLOW)
		verdict(s, ESAFE_BLOCK, w->reason, 0);
	report();
	return 0;
}

/* Every packet of every datagram that was merged into this socket buffer: 128 is what a sender may hand over. */
static __always_inline int quic_inspect(struct __sk_buff *skb, struct quic_work *w)
{
	for (int i = 0; i < 192; i++) {
		int fate = quic_packet(skb, w);

		if (fate == QUIC_JUDGE)
			fate = quic_judge(w) ? QUIC_REPEATS : QUIC_GO;
		if (fate != QUIC_GO)
			return fate;
	}
	return QUIC_DROP;
}

/* It passes unread, and the rest of its connection with it. */
static __always_inline int quic_leave(struct scratch *s, int elsewhere)
{
	if (!elsewhere) {
		s->known = reach_known();
		count_known(s);
		report();
		judged_put(s->flow, JUDGED_UNREAD);
	}
	return TC_ACT_UNSPEC;
}

/* What becomes of the datagram. On other ports QUIC is read, whatever the group, unless it is allowed unread. */
static __always_inline int quic_decide(struct __sk_buff *skb, struct quic_work *w, struct scratch *s)
{
	int mode = w->judged ? ESAFE_QUIC_INSPECT : quic_mode(), fate = QUIC_REPEATS;

	if (mode == ESAFE_QUIC_ALLOW)
		return quic_leave(s, w->elsewhere);
	if (mode == ESAFE_QUIC_INSPECT || w->elsewhere) {
		s->verdict = ESAFE_BLOCK;
		fate = quic_inspect(skb, w);
	} else {
		report();
	}
	if (fate == QUIC_END)
		return TC_ACT_UNSPEC;
	if (fate == QUIC_CANNOT)
		quic_judge_unread(w);
	return fate == QUIC_DROP || s->verdict == ESAFE_DROP ? TC_ACT_SHOT : quic_refuse(skb);
}

/* To an address that the device may not reach. */
PART int quic_unreached(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s)
		return TC_ACT_SHOT;
	s->proto = ESAFE_P_QUIC;
	s->known = ESAFE_KNOWN_ADDRESS;
	reach_report();
	return quic_refuse(skb);
}

enum quic_known {
	QUIC_IS_LOST,    /* it is dropped */
	QUIC_IS_DONE,    /* it passes */
	QUIC_IS_FAR,     /* its address may not be reached */
	QUIC_IS_NEW,     /* from here on scratch.flow is set */
	QUIC_IS_OVER,    /* new, because what was judged is judged anew */
	QUIC_IS_JUDGED,  /* but a packet of a connection that begins may be in it */
};

/* What is known of the connection of the datagram in scratch. */
PART int quic_known(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct judged_bucket *b;
	__u64 hash, word;
	int over;

	if (!s || !c)
		return QUIC_IS_LOST;
	hash = flow_hash(c, &s->pkt, 1);
	b = judged_bucket(hash);
	if (!b)
		return QUIC_IS_LOST;
	word = judged_find(b, hash);
	over = s->cut_off && judged_is_old(word, s->era);
	if (over)
		word = 0;
	if (word && !judged_is_fresh(word, bpf_jiffies64()))
		judged_put(hash, word & 3);
	if ((word & 3) == JUDGED_UNREAD || (word && !skb->gso_size && !(s->head[0] & 0x80)))
		return QUIC_IS_DONE;
	if (!word && s->head[0] & 0x80 && !quic_token(0)) { /* before anything that costs more */
		count_drop(ESAFE_R_QUIC_FLOOD);
		return QUIC_IS_LOST;
	}
	s->nonce = 0;
	s->now_ns = bpf_ktime_get_tai_ns();
	s->flow = hash;
	if (word)
		return QUIC_IS_JUDGED;
	if (!reach())
		return QUIC_IS_FAR;
	return over ? QUIC_IS_OVER : QUIC_IS_NEW;
}

/* What becomes of a datagram that need not be looked into. */
static __always_inline int quic_plain_fate(struct __sk_buff *skb, int known)
{
	if (known == QUIC_IS_DONE)
		return TC_ACT_UNSPEC;
	return known == QUIC_IS_FAR ? quic_unreached(skb) : TC_ACT_SHOT;
}

/* A datagram to a QUIC port, or with `elsewhere` one that may be of QUIC to another, in scratch with its head. */
PART int tc_quic(struct __sk_buff *skb, int elsewhere)
{
	struct quic_work *w = quic_work_get();
	struct scratch *s = scratch_get();
	int known = quic_known(skb);

	if (!s || !w)
		return TC_ACT_SHOT;
	if (known < QUIC_IS_NEW)
		return quic_plain_fate(skb, known);
	w->from = w->datagram_end = s->pkt.payload;
	w->end = s->pkt.payload + s->pkt.payload_len;
	w->judged = known == QUIC_IS_JUDGED;
	w->over = known == QUIC_IS_OVER;
	w->elsewhere = elsewhere;
	return quic_decide(skb, w, s);
}

/*
 * The same on a kernel that does not take the reading of QUIC, or where it is switched off: who would have it read has
 * it refused.
 */
PART int tc_quic_unread(struct __sk_buff *skb, int elsewhere)
{
	struct scratch *s = scratch_get();
	int mode, known = quic_known(skb);

	if (!s)
		return TC_ACT_SHOT;
	if (known < QUIC_IS_NEW)
		return quic_plain_fate(skb, known);
	mode = quic_mode();
	if (mode == ESAFE_QUIC_ALLOW)
		return quic_leave(s, elsewhere);
	if (mode == ESAFE_QUIC_INSPECT && s->verdict != ESAFE_DROP)
		verdict(s, ESAFE_BLOCK, ESAFE_R_QUIC_REJECTED, 0);
	report();
	return s->verdict == ESAFE_DROP ? TC_ACT_SHOT : quic_refuse(skb);
}

#endif
