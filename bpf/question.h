/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS question over UDP: judged where it comes in, and answered in place if it may not go on. */
#ifndef ESAFE_QUESTION_H
#define ESAFE_QUESTION_H

#include "bounded.h"
#include "maps.h"
#include "name.h"
#include "policy.h"
#include "report.h"

enum question_fate { QUESTION_PASS, QUESTION_ANSWER, QUESTION_DROP, QUESTION_NONE /* it is no proper question */ };

#define DATAGRAMS 128 /* in one packet */

/*
 * Datagrams of one size may come as one packet (UDP_SEGMENT of a sender in the same machine, GRO of a driver): all are
 * looked at, one after another. If one of them is answered or changed, the packet becomes that one; the others were
 * lost on the way and are asked for again.
 */
static __always_inline void datagram_first(struct __sk_buff *skb, struct scratch *s)
{
	__u32 size = skb->gso_size;

	s->datagram = s->pkt.payload;
	s->datagram_len = size && size < s->pkt.payload_len ? size : s->pkt.payload_len;
}

/* Goes on to the next one. 0: there is none. */
static __always_inline int datagram_next(struct scratch *s)
{
	__u32 behind = s->datagram + s->datagram_len, end = s->pkt.payload + s->pkt.payload_len;

	if (behind >= end)
		return 0;
	s->datagram = behind;
	if (s->datagram_len > end - behind)
		s->datagram_len = end - behind;
	return 1;
}

/* How many bytes of the message are in view. */
static __always_inline __u32 question_view(const struct scratch *s)
{
	return s->datagram_len < MESSAGE_READ ? s->datagram_len : MESSAGE_READ;
}

/* No proper question, in scratch.message: "format error", or nothing at all if it is not even a question's header. */
PART int question_malformed(struct scratch *s)
{
	if (!s)
		return QUESTION_DROP;
	count_drop(ESAFE_R_DNS_MALFORMED);
	if (s->message_len < DNS_HEADER || s->message[2] & 0x80)
		return QUESTION_DROP;
	s->message_len = dns_format_error(s->message);
	return QUESTION_ANSWER;
}

/* The answer to the judged question, in scratch.message. */
PART int question_answer(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_answer *answer = 0;

	if (!s)
		return QUESTION_DROP;
	if (p && s->answer)
		answer = &p->answers[s->answer & (ESAFE_ANSWERS - 1)];
	if (!p) { /* nothing is wrong with the name: ask again */
		dns_answer_header(s->message, DNS_SERVFAIL, 0, 0, 0);
		s->message_len = s->question.end;
		return QUESTION_ANSWER;
	}
	s->message_len = dns_answer(s->message, &s->question, answer, p->negative_ttl);
	return QUESTION_ANSWER;
}

/*
 * Judges the question in scratch.message, whose name also stands in scratch.name.wire. `accelerator`: on XDP, where
 * only what was really answered is reported: TC judges everything else, and reports it.
 */
PART int question_judge(int accelerator)
{
	struct scratch *s = scratch_get();

	if (!s)
		return QUESTION_DROP;
	s->message_len = question_view(s);
	s->proto = ESAFE_P_DNS;
	if (!dns_header_ok(s->message, s->message_len) || name_scan(s) ||
	    dns_question_rest(s->message, s->message_len, s->name.len, &s->question))
		return QUESTION_NONE;
	if (decide())
		return QUESTION_DROP;
	if (!accelerator)
		report();
	if (s->verdict == ESAFE_ALLOW)
		return QUESTION_PASS;
	if (s->verdict == ESAFE_DROP)
		return QUESTION_DROP;
	return question_answer();
}

/* Copies the name of the message in scratch.message to where names are scanned. */
static __always_inline void question_copy_name(struct scratch *s, __u32 len)
{
	for (__u32 i = 0; i < ESAFE_WIRE_ROOM; i += 8) {
		if (DNS_HEADER + i >= len)
			break;
		esafe_store8(&s->name.wire[i], esafe_load8(&s->message[DNS_HEADER + i]));
	}
}

/* Copies the message and its name out of the packet. -1: too short to be one. */
PART int tc_question_load(struct __sk_buff *skb, struct scratch *s)
{
	__u32 len;

	if (!s)
		return -1;
	s->message_len = 0;
	if (s->datagram_len <= DNS_HEADER)
		return -1;
	len = question_view(s);
	if (s->datagram + len > skb->len) /* the rest comes in other fragments: a question stands in the first */
		len = skb->len - s->datagram;
	if (bpf_skb_load_bytes(skb, s->datagram, s->message, bounded(len, MESSAGE_READ)))
		return -1;
	question_copy_name(s, len);
	return 0;
}

/* Is the datagram a question, whatever its port says? */
PART int question_plain(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u8 start[DNS_HEADER];

	if (!s || s->datagram_len < DNS_HEADER + 5)
		return 0;
	if (bpf_skb_load_bytes(skb, s->datagram, start, sizeof(start)) ||
	    !(dns_header_plain(start) || dns_header_asks(start)))
		return 0;
	if (tc_question_load(skb, s) || name_scan(s) ||
	    dns_question_rest(s->message, question_view(s), s->name.len, &s->question))
		return 0;
	return dns_header_plain(start) || dns_names_site(&s->name, &s->question);
}

/*
 * Is a datagram to another port a question all the same? Some resolvers listen on 443, 5353 or 8053 too. Multicast is
 * left alone: mDNS and LLMNR ask the neighbours. scratch.head was read.
 */
PART int question_elsewhere(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s || pkt_to_many(&s->pkt))
		return 0;
	datagram_first(skb, s);
	if (s->datagram_len == s->pkt.payload_len && !dns_may_ask(s->head))
		return 0;
	for (int i = 0; i < DATAGRAMS; i++) {
		if (question_plain(skb))
			return 1;
		if (!datagram_next(s))
			return 0;
	}
	return 1;
}

/* Judges the questions of a packet until one may not go on. */
PART int questions_judge(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s)
		return QUESTION_DROP;
	datagram_first(skb, s);
	for (int i = 0; i < DATAGRAMS; i++) {
		int fate = tc_question_load(skb, s) ? QUESTION_NONE : question_judge(0);

		if (fate != QUESTION_PASS)
			return fate;
		if (!datagram_next(s))
			return QUESTION_PASS;
	}
	return QUESTION_NONE;
}

PART int xdp_question_load(struct xdp_md *ctx, struct scratch *s)
{
	__u32 len;

	if (!s || s->pkt.payload_len <= DNS_HEADER)
		return -1;
	s->datagram = s->pkt.payload;
	s->datagram_len = s->pkt.payload_len;
	len = question_view(s);
	if (bpf_xdp_load_bytes(ctx, s->pkt.payload, s->message, bounded(len, MESSAGE_READ)))
		return -1;
	question_copy_name(s, len);
	return 0;
}

#endif
