/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS answers on their way to a device. The question was judged when it was asked; here follow the names that the
 * answer leads on to: targets of CNAME, SVCB and HTTPS records (RFC 1035, RFC 9460 section 2.4). One of them blocked:
 * over UDP the answer becomes the group's block answer, in place; for TCP see dnstcp.h.
 *
 * A question that the policy allows by name (a site rule, a help or update site) keeps its answer: what the school
 * opened must not break through the name of its host. Answers to what was blocked or rewritten are esafe's own.
 * A malformed answer over UDP passes, as its question did, and is counted: clients refuse it.
 *
 * The answer is read in scratch.response; what takes its place is built in scratch.message.
 */
#ifndef ESAFE_RESPONSE_H
#define ESAFE_RESPONSE_H

#include "question.h"
#include "records.h"
#include "reply.h"
#include "resolved.h"

#define DNS_TYPE_ANY 255
#define RESPONSE_NAMES 16   /* that are judged in one answer; resolvers follow no more */
#define RESPONSE_RECORDS 256 /* read at a time ... */
#define RESPONSE_TURNS 8    /* ... and so often more than fit into the longest message */
#define RESPONSE_OPT 64     /* records that are looked at to find OPT, or keys behind the answers */

enum response_found {
	RESPONSE_BAD = -1,
	RESPONSE_FINE,
	RESPONSE_BLOCKED, /* it leads to a name that is blocked: the verdict is in scratch */
	RESPONSE_KEYS,    /* over TCP: it holds keys for encrypted names */
	RESPONSE_LONG,    /* it leads on to more names than are judged */
	RESPONSE_NAME,    /* within the reading: scratch.target is one that is to be judged */
	RESPONSE_MORE,    /* go on */
};

enum response_excuse { EXCUSE_UNKNOWN, EXCUSE_NONE, EXCUSE_NAMED /* the question is one that the school opened */ };

/* Copies the message out of the packet. -1: too short to be one. */
PART int response_load(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 len;

	if (!s || s->datagram + DNS_HEADER >= skb->len)
		return -1;
	len = skb->len - s->datagram;
	if (len > s->datagram_len)
		len = s->datagram_len;
	if (len > MESSAGE_MASK + 1)
		len = MESSAGE_MASK + 1;
	if (len <= DNS_HEADER ||
	    bpf_skb_load_bytes(skb, s->datagram, s->response.byte, bounded(len, MESSAGE_MASK + 1)))
		return -1;
	s->records.len = len;
	return 0;
}

/* The device is where the packet goes: from here on scratch.pkt says what the device would have sent. */
PART int response_turn(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__be16 port;

	if (!s)
		return -1;
	if (s->turned)
		return 0;
	s->turned = 1;
	port = s->pkt.sport;
	s->pkt.sport = s->pkt.dport;
	s->pkt.dport = port;
	for (int i = 0; i < 4; i++) {
		__u32 t = s->pkt.src[i];

		s->pkt.src[i] = s->pkt.dst[i];
		s->pkt.dst[i] = t;
	}
	return bpf_skb_load_bytes(skb, 0, s->pkt.mac, sizeof(s->pkt.mac));
}

/* The header and the question of the answer, to where one is judged and answered. */
PART int response_copy_question(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	for (__u32 i = 0; i < DNS_HEADER + ESAFE_WIRE_ROOM + 8; i += 8)
		esafe_store8(&s->message[i], esafe_load8(&s->response.byte[i]));
	s->question.end = s->records.question_end;
	s->question.qtype = s->records.qtype;
	s->question.has_opt = s->question.dnssec_ok = 0;
	return 0;
}

/* Is the question one that the group allows without having named it? 1, 0, or -1: malformed. */
PART int response_question(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	response_copy_question();
	question_copy_name(s, s->records.question_end);
	if (name_scan(s) || s->name.len + DNS_HEADER + 4 != s->records.question_end)
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

/* Judges the name at scratch.target. */
PART int response_target(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return RESPONSE_FINE;
	s->expansion.len = s->records.len;
	s->expansion.from = s->target;
	if (dns_expand(&s->response, &s->expansion, &s->name))
		return RESPONSE_BAD;
	if (!s->name.wire[0]) /* the root: in RFC 9460 the owner itself, or nothing */
		return RESPONSE_FINE;
	if (name_scan(s))
		return RESPONSE_BAD;
	if (decide())
		return RESPONSE_FINE;
	return s->verdict == ESAFE_BLOCK; /* a name that would be rewritten is, when it is asked for */
}

/* What follows from the record that was read, over UDP and TCP alike. */
PART int response_record(void)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s)
		return RESPONSE_FINE;
	switch (s->records.type) {
	case DNS_TYPE_CNAME:
		s->target = s->records.rdata;
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		s->target = s->records.rdata + 2; /* behind the priority */
		if (s->proto != ESAFE_P_DNS_TCP)
			break;
		found = svcb_find_ech(&s->response, &s->records, &s->cut);
		if (found)
			return found > 0 ? RESPONSE_KEYS : RESPONSE_BAD;
		break;
	default:
		return RESPONSE_FINE;
	}
	return s->names++ < RESPONSE_NAMES ? RESPONSE_NAME : RESPONSE_LONG;
}

/* Reads on in the records, up to one that leads on to a name. */
PART int response_step(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return RESPONSE_FINE;
	for (int i = 0; i < RESPONSE_RECORDS; i++) {
		int found;

		if (!s->records.left)
			return RESPONSE_FINE;
		if (dns_records_next(&s->response, &s->records)) /* more than is in view is only long */
			return s->records.len < s->datagram_len ? RESPONSE_FINE : RESPONSE_BAD;
		found = response_record();
		if (found)
			return found;
	}
	return RESPONSE_MORE;
}

/*
 * May a name that is blocked be led to all the same? Most answers lead nowhere that is blocked, so the question is
 * looked up only for those that do.
 */
PART int response_excused(void)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s)
		return 0;
	if (s->excuse == EXCUSE_UNKNOWN) {
		found = response_question();
		if (found < 0)
			return found;
		s->excuse = found ? EXCUSE_NONE : EXCUSE_NAMED;
	}
	return s->excuse == EXCUSE_NAMED;
}

/* As response_target(), but for what the question excuses. */
static __always_inline int response_name(struct scratch *s)
{
	int found = response_target(), excused;

	if (found != RESPONSE_BLOCKED || s->reason == ESAFE_R_FLOOR) /* outranks whatever allowed the question */
		return found;
	excused = response_excused();
	if (excused)
		return excused < 0 ? RESPONSE_BAD : RESPONSE_FINE;
	return response_target(); /* once more: the verdict may be that of the question now */
}

/* Judges the answer in scratch.response, which came by scratch.proto. */
PART int response_judge(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s)
		return RESPONSE_FINE;
	found = dns_records_open(&s->response, &s->records);
	if (found)
		return found < 0 ? RESPONSE_BAD : RESPONSE_FINE;
	if (response_turn(skb))
		return RESPONSE_BAD;
	s->names = 0;
	s->excuse = EXCUSE_UNKNOWN;
	s->question.qtype = s->records.qtype;
	if (s->proto == ESAFE_P_DNS_TCP) /* nothing can be cut out there: keys may stand in no section */
		s->records.left += MESSAGE_U16(&s->response, 8) + MESSAGE_U16(&s->response, 10);
	for (int i = 0; i < RESPONSE_NAMES + RESPONSE_TURNS; i++) {
		found = response_step();
		if (found == RESPONSE_NAME)
			found = response_name(s);
		else if (found == RESPONSE_MORE)
			continue;
		else
			return found;
		if (found)
			return found;
	}
	return RESPONSE_LONG;
}

/* Finds the OPT behind the records read so far. A server sends one only to a client that sent one. */
PART int response_find_opt(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	s->question.has_opt = s->question.dnssec_ok = 0;
	s->records.left += MESSAGE_U16(&s->response, 8) + MESSAGE_U16(&s->response, 10);
	for (int i = 0; i < RESPONSE_OPT; i++) {
		if (!s->records.left || dns_records_next(&s->response, &s->records))
			return 0;
		if (s->records.type == DNS_TYPE_OPT) {
			s->question.has_opt = 1;
			s->question.dnssec_ok = MESSAGE_AT(&s->response, s->records.rdata - 4) >> 7;
			return 0;
		}
	}
	return 0;
}

/* Are there records behind the answers that may hold keys for encrypted names? */
PART int response_keys_behind(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	s->records.left += MESSAGE_U16(&s->response, 8) + MESSAGE_U16(&s->response, 10);
	for (int i = 0; i < RESPONSE_OPT; i++) {
		if (!s->records.left)
			return 0;
		if (dns_records_next(&s->response, &s->records))
			return 1;
		if (s->records.type == DNS_TYPE_SVCB || s->records.type == DNS_TYPE_HTTPS)
			return 1;
	}
	return 1;
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
	if (response_headers(skb, s, headers) || resize(skb, headers, headers + len) ||
	    store_headers(skb, s->other, headers) ||
	    bpf_skb_store_bytes(skb, headers, s->message, bounded(len, MESSAGE_ROOM), 0)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	s->replaced = 1;
	return TC_ACT_UNSPEC;
}

/* The answer up to `end`, and an OPT if there was one behind the records read so far: the rest is not kept. */
PART int response_end(__u32 end)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	for (__u32 i = 0; i < MESSAGE_ROOM; i += 8)
		esafe_store8(&s->message[i], esafe_load8(&s->response.byte[i]));
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
	response_copy_question();
	s->message_len = dns_answer(s->message, &s->question, 0, p ? p->negative_ttl : 30);
	return 0;
}

/* Takes the keys for encrypted names out of an answer that passes otherwise. Returns a TC action. */
PART int response_ech(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 at, left;
	int found;

	if (!s || dns_records_open(&s->response, &s->records))
		return TC_ACT_UNSPEC;
	found = svcb_cut_all(&s->response, &s->records, &s->cut);
	at = s->records.at;
	left = s->records.left;
	if (!found) {
		if (!response_keys_behind())
			return TC_ACT_UNSPEC;
		s->records.at = at;
		s->records.left = left;
	}
	count_verdict(ESAFE_NONE, ESAFE_REWRITE, ESAFE_R_HTTPS_RECORD);
	if (s->pkt.first_fragment)
		return TC_ACT_SHOT;
	if (found >= 0 && at < MESSAGE_ROOM - 64)
		response_end(at);
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

/* The answer is not passed: the block answer of the group, or no data, takes its place. Returns a TC action. */
PART int response_refuse(struct __sk_buff *skb, int found)
{
	struct scratch *s = scratch_get();

	if (!s)
		return TC_ACT_SHOT;
	if (found == RESPONSE_BLOCKED)
		report();
	else
		count_verdict(ESAFE_NONE, ESAFE_BLOCK, ESAFE_R_DNS_TOO_LONG);
	if (s->pkt.first_fragment)
		return TC_ACT_SHOT; /* what is left of a datagram cannot become another */
	if (found == RESPONSE_BLOCKED) {
		response_copy_question();
		response_find_opt();
		question_answer();
	} else {
		response_no_data();
	}
	return response_replace(skb);
}

/* What becomes of an answer over UDP that was judged. Returns a TC action. */
PART int response_act(struct __sk_buff *skb, int found)
{
	struct scratch *s = scratch_get();

	if (!s)
		return TC_ACT_UNSPEC;
	if (found > 0)
		return response_refuse(skb, found);
	if (found < 0)
		count_verdict(ESAFE_NONE, ESAFE_ALLOW, ESAFE_R_DNS_MALFORMED);
	return response_hides(s) ? response_ech(skb) : TC_ACT_UNSPEC;
}

/* A packet from port 53 to a device: judges its answers until one is not passed as it is. Returns a TC action. */
PART int tc_responses(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s)
		return TC_ACT_UNSPEC;
	s->turned = s->replaced = 0;
	s->proto = ESAFE_P_DNS;
	datagram_first(skb, s);
	for (int i = 0; i < DATAGRAMS; i++) {
		if (!response_load(skb)) {
			int found = response_judge(skb), action;

			if (found <= 0)
				resolved_answer();
			action = response_act(skb, found);
			if (action != TC_ACT_UNSPEC || s->replaced)
				return action;
		}
		if (!datagram_next(s))
			return TC_ACT_UNSPEC;
	}
	count_drop(ESAFE_R_DNS_MALFORMED);
	return TC_ACT_SHOT;
}

#endif
