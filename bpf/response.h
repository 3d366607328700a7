/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS answers over UDP on their way to a device. The question was judged when it was asked; here follow the names that
 * the answer leads on to. One of them blocked: the answer becomes the group's block answer, in place.
 *
 * A question that the policy allows by name (a site rule, a help or update site) keeps its answer: what the school
 * opened must not break through the name of its host. Answers to what was blocked or rewritten are esafe's own.
 * A malformed answer passes, as its question did, and is counted: clients refuse it.
 */
#ifndef ESAFE_RESPONSE_H
#define ESAFE_RESPONSE_H

#include "question.h"
#include "records.h"
#include "reply.h"
#include "resolved.h"

#define DNS_TYPE_ANY 255
#define RESPONSE_RECORDS 16 /* that are looked at between one CNAME and the next */
#define RESPONSE_CHAIN 16   /* CNAMEs that are judged */
#define RESPONSE_OPT 64     /* records that are looked at to find OPT */

static __always_inline const struct dns_message *response_message(const struct scratch *s)
{
	return (const struct dns_message *)s->message;
}

/* Copies the message out of the packet. -1: too short to be one. */
PART int response_load(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 len;

	if (!s || s->pkt.payload + DNS_HEADER >= skb->len)
		return -1;
	len = skb->len - s->pkt.payload;
	if (len > s->pkt.payload_len)
		len = s->pkt.payload_len;
	if (len > MESSAGE_ROOM)
		len = MESSAGE_ROOM;
	if (len <= DNS_HEADER || bpf_skb_load_bytes(skb, s->pkt.payload, s->message, bounded(len, MESSAGE_ROOM)))
		return -1;
	s->records.len = len;
	return 0;
}

/* Goes to the next CNAME. 1: it was read; 0: there is none; -1: malformed. */
PART int response_next_cname(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	for (int i = 0; i < RESPONSE_RECORDS; i++) {
		if (!s->records.left)
			return 0;
		if (dns_records_next(response_message(s), &s->records)) /* more than is in view is only long */
			return s->records.len < s->pkt.payload_len ? 0 : -1;
		if (s->records.type == DNS_TYPE_CNAME)
			return 1;
	}
	return 0;
}

/* The device is where the packet goes: from here on scratch.pkt says what the device would have sent. */
static __always_inline int response_turn(struct __sk_buff *skb, struct scratch *s)
{
	__be16 port = s->pkt.sport;

	s->pkt.sport = s->pkt.dport;
	s->pkt.dport = port;
	for (int i = 0; i < 4; i++) {
		__u32 t = s->pkt.src[i];

		s->pkt.src[i] = s->pkt.dst[i];
		s->pkt.dst[i] = t;
	}
	return bpf_skb_load_bytes(skb, 0, s->pkt.mac, sizeof(s->pkt.mac));
}

/* Is the question one that the group allows without having named it? 1, 0, or -1: malformed. */
PART int response_question(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	question_copy_name(s, s->records.len);
	if (name_scan(s) || dns_question_rest(s->message, s->records.len, s->name.len, &s->question))
		return -1;
	if (decide() || s->verdict != ESAFE_ALLOW)
		return 0;
	switch (s->reason) {
	case ESAFE_R_HELP:
	case ESAFE_R_UPDATE:
	case ESAFE_R_SITE:
	case ESAFE_R_LESSON:
		return 0;
	case ESAFE_R_GRANT: /* of the name; one of a category opens nothing else */
		return s->category != ESAFE_NO_CATEGORY;
	default:
		return 1;
	}
}

/* Judges the target of the CNAME that was read. 1: blocked; 0; -1: malformed. */
PART int response_target(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	s->expansion.len = s->records.len;
	s->expansion.from = s->records.rdata;
	if (dns_expand(response_message(s), &s->expansion, &s->name) || name_scan(s))
		return -1;
	if (decide())
		return 0;
	return s->verdict == ESAFE_BLOCK; /* a name that would be rewritten is, when it is asked for */
}

/*
 * Judges the chain, whose first CNAME was read. Most chains lead nowhere that is blocked, so the question is looked up
 * only for those that do. 1: blocked; 0; -1: malformed.
 */
PART int response_chain(void)
{
	struct scratch *s = scratch_get();
	int found = 0, floor;

	if (!s)
		return 0;
	for (int i = 0; i < RESPONSE_CHAIN; i++) {
		found = response_target();
		if (found)
			break;
		found = response_next_cname();
		if (found <= 0)
			return found;
	}
	if (found <= 0)
		return found;
	floor = s->reason == ESAFE_R_FLOOR; /* outranks whatever allowed the question */
	found = response_question();
	if (!found && floor)
		found = 1;
	return found > 0 ? response_target() : found;
}

/* Finds the OPT behind the records read so far. A server sends one only to a client that sent one. */
PART int response_find_opt(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	s->question.has_opt = s->question.dnssec_ok = 0;
	s->records.left += DNS_U16(s->message, 8) + DNS_U16(s->message, 10);
	for (int i = 0; i < RESPONSE_OPT; i++) {
		if (!s->records.left || dns_records_next(response_message(s), &s->records))
			return 0;
		if (s->records.type == DNS_TYPE_OPT) {
			s->question.has_opt = 1;
			s->question.dnssec_ok = DNS_AT(s->message, s->records.rdata - 4) >> 7;
			return 0;
		}
	}
	return 0;
}

/* scratch.other gets the headers of the packet, with what changes along with its message. */
static __always_inline int response_headers(struct __sk_buff *skb, struct scratch *s, __u32 headers)
{
	if (load_headers(skb, s->other, headers))
		return -1;
	s->tail = 8 + s->message_len;
	swap_bytes(s->other, s->pkt.l4, s->pkt.l4 + 2, 2); /* and back again with the checksum */
	return finish_udp(s, 1) || finish_ip() ? -1 : 0;
}

/* What was built in scratch.message takes the place of the message in the packet. */
PART int response_replace(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 headers, len;

	if (!s)
		return TC_ACT_SHOT;
	headers = s->pkt.payload;
	len = s->message_len;
	if (response_headers(skb, s, headers) || bpf_skb_change_tail(skb, headers + len, 0) ||
	    store_headers(skb, s->other, headers) ||
	    bpf_skb_store_bytes(skb, headers, s->message, bounded(len, MESSAGE_ROOM), 0)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

/* Judges the answer in scratch.message. As response_chain(). */
PART int response_judge(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s)
		return 0;
	found = dns_records_open(response_message(s), &s->records);
	if (found)
		return found < 0 ? found : 0;
	found = response_next_cname();
	if (found <= 0)
		return found;
	s->proto = ESAFE_P_DNS;
	s->question.qtype = s->records.qtype;
	return response_chain();
}

/* The answer up to records.at, and an OPT if there was one: the rest is not kept. */
PART int response_end(void)
{
	struct scratch *s = scratch_get();
	__u32 end;

	if (!s)
		return -1;
	end = s->records.at;
	response_find_opt();
	dns_put16(s->message, 8, 0);
	dns_put16(s->message, 10, s->question.has_opt);
	if (s->question.has_opt)
		end += dns_put_opt(s->message, end, s->question.dnssec_ok, ESAFE_NO_EDE);
	s->message_len = end;
	return 0;
}

/* No data, in place of an answer that cannot be kept. */
PART int response_no_data(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();

	if (!s)
		return -1;
	s->question.end = s->records.question_end;
	s->question.qtype = s->records.qtype;
	s->question.has_opt = 0;
	s->message_len = dns_answer(s->message, &s->question, 0, p ? p->negative_ttl : 30);
	return 0;
}

/* Takes the keys for encrypted names out of an answer that passes otherwise. Returns a TC action. */
PART int response_ech(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s || dns_records_open(response_message(s), &s->records))
		return TC_ACT_UNSPEC;
	found = svcb_cut_all((struct dns_message *)s->message, &s->records, &s->cut);
	if (!found || s->records.question_end > DNS_HEADER + ESAFE_NAME_MAX + 4)
		return TC_ACT_UNSPEC;
	count_verdict(ESAFE_NONE, ESAFE_REWRITE, ESAFE_R_HTTPS_RECORD);
	if (s->pkt.first_fragment)
		return TC_ACT_SHOT;
	if (found > 0 && s->records.at < MESSAGE_ROOM - 64)
		response_end();
	else
		response_no_data();
	return response_replace(skb);
}

/* May the answer hold keys for encrypted names? */
static __always_inline int response_hides(const struct scratch *s)
{
	__u32 qtype = s->records.qtype;

	return qtype == DNS_TYPE_HTTPS || qtype == DNS_TYPE_SVCB || qtype == DNS_TYPE_ANY;
}

/* A datagram from port 53 to a device, in scratch.pkt. Returns a TC action. */
PART int tc_response(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int blocked;

	if (!s || response_load(skb) || response_turn(skb, s))
		return TC_ACT_UNSPEC;
	blocked = response_judge(skb);
	if (blocked < 0)
		count_verdict(ESAFE_NONE, ESAFE_ALLOW, ESAFE_R_DNS_MALFORMED);
	if (blocked <= 0) {
		resolved_answer();
		return response_hides(s) ? response_ech(skb) : TC_ACT_UNSPEC;
	}
	report();
	if (s->pkt.first_fragment)
		return TC_ACT_SHOT; /* what is left of a datagram cannot become another */
	response_find_opt();
	question_answer();
	return response_replace(skb);
}

#endif
