/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader of streams came to, judged: the name, what becomes of the connection, what is read behind it. */
#ifndef ESAFE_JUDGE_H
#define ESAFE_JUDGE_H

#include "flight.h"
#include "name.h"
#include "policy.h"
#include "reach.h"
#include "report.h"
#include "table.h"
#include "tunnels.h"

/* The start of a DNS message, from the flight to where one over UDP is put. */
PART int stream_question(struct scratch *s, struct flight *f)
{
	__u32 at, len;

	if (!s || !f)
		return -1;
	at = f->at + 2;
	len = FLIGHT_AT(f, f->at) << 8 | FLIGHT_AT(f, f->at + 1);
	if (len >= DNS_ELSEWHERE && s->pkt.dport != bpf_htons(PORT_DNS))
		return -1; /* what is behind the question is not read: not where it may be anything */
	for (__u32 i = 0; i < MESSAGE_READ; i += 8)
		esafe_store8(&s->message[i], esafe_load8(&FLIGHT_AT(f, at + i)));
	for (__u32 i = 0; i < ESAFE_WIRE_ROOM; i += 8)
		esafe_store8(&s->name.wire[i], esafe_load8(&s->message[DNS_HEADER + i]));
	s->message_len = len < MESSAGE_READ ? len : MESSAGE_READ;
	if (!dns_header_ok(s->message, s->message_len) || name_scan(s))
		return -1;
	return dns_question_rest(s->message, s->message_len, s->name.len, &s->question);
}

/* A name that was read byte by byte. */
PART int stream_hostname(struct scratch *s, struct flight *f)
{
	const struct hostname *h;

	if (!s || !f)
		return -1;
	h = &f->tls.name;
	if (f->kind == FLIGHT_HTTP)
		h = http_name(&f->http);
	for (int i = 0; i < ESAFE_WIRE_ROOM; i += 8)
		esafe_store8(&s->name.wire[i], esafe_load8(&h->wire[i]));
	return name_scan(s);
}

/* A stream to another port than that of DNS is taken for it only if its first question can be read. */
static __always_inline int stream_looked_like_dns(struct scratch *s, const struct flight *f)
{
	if (f->kind != FLIGHT_DNS || s->pkt.dport == bpf_htons(PORT_DNS) || s->opening == OPENING_WATCHED)
		return 0;
	s->proto = ESAFE_P_TCP;
	s->result = TLS_OTHER;
	return 1;
}

/* What was read: scratch.proto, scratch.name. Returns how the reader came to an end. */
static __always_inline __u32 stream_name(struct scratch *s, struct flight *f)
{
	__u32 result = s->result;

	s->proto = f->kind == FLIGHT_DNS ? ESAFE_P_DNS_TCP : f->kind == FLIGHT_HTTP ? ESAFE_P_HTTP : ESAFE_P_TLS;
	if (result == TLS_OTHER)
		s->proto = ESAFE_P_TCP;
	s->question.qtype = 0;
	if (result != TLS_NAME)
		return result;
	if (f->kind == FLIGHT_DNS ? stream_question(s, f) : stream_hostname(s, f))
		return stream_looked_like_dns(s, f) ? TLS_OTHER : TLS_BAD;
	return result;
}

/* Why a stream that cannot be read is refused. */
static __always_inline __u32 stream_refusal(const struct scratch *s, const struct flight *f)
{
	if (f->kind == FLIGHT_DNS)
		return ESAFE_R_DNS_MALFORMED;
	if (f->kind == FLIGHT_HTTP)
		return ESAFE_R_HTTP_MALFORMED;
	return s->result == FLIGHT_FULL ? ESAFE_R_TLS_TOO_LONG : ESAFE_R_TLS_MALFORMED;
}

/*
 * Can a refused request be answered? If nothing that was asked before may still be under way: the answer would be taken
 * for another's.
 */
static __always_inline int stream_answerable(const struct scratch *s, const struct flight *f)
{
	if (f->start != s->acked || (s->pkt.tcp_flags & (TCP_SYN | TCP_FIN | TCP_ACK)) != TCP_ACK)
		return 0;
	return f->kind == FLIGHT_DNS || (f->kind == FLIGHT_HTTP && !(f->http.flags & HTTP_CONNECT));
}

/* Is this the first name of a connection that was counted as one without? It is counted once more, by its name. */
static __always_inline int stream_names_itself(struct flight *f, __u32 result)
{
	if (result != TLS_NAME || f->plain != FLIGHT_UNNAMED)
		return 0;
	f->plain = FLIGHT_NAMED;
	return 1;
}

/* The reader has come to an end: judges what it found. */
PART int stream_judge(void)
{
	struct scratch *s = scratch_get();
	struct flight *f;
	__u32 result;

	if (!s)
		return STREAM_DROP;
	f = flight_get(s->flight);
	if (!f)
		return STREAM_DROP;
	result = stream_name(s, f);
	if (result == TLS_OTHER && f->tunnel && !tunnel_is_near()) {
		s->name.len = s->name.labels = 0;
		if (tunnel_decide(f->tunnel))
			return STREAM_DROP;
	} else if (result == TLS_NAME ? decide() : decide_unnamed()) {
		return STREAM_DROP;
	}
	if (result != TLS_NAME || s->known == ESAFE_KNOWN_OUTER)
		reach_unnamed();
	if (s->proto != ESAFE_P_DNS_TCP && (s->opening != OPENING_WATCHED || stream_names_itself(f, result)))
		count_known(s);
	if (result != TLS_NAME && result != TLS_NO_NAME && result != TLS_OTHER && s->verdict == ESAFE_ALLOW)
		verdict(s, ESAFE_BLOCK, stream_refusal(s, f), 0);
	if (result == TLS_BAD && f->kind == FLIGHT_TLS)
		name_spelt(s, &f->tls.name);
	report();
	if (s->verdict == ESAFE_ALLOW)
		return STREAM_PASS;
	if (s->verdict == ESAFE_DROP)
		return STREAM_DROP;
	return result == TLS_NAME && stream_answerable(s, f) ? STREAM_ANSWER : STREAM_RESET;
}

/* What follows need not be read: once the server has all that was, the connection is left alone. */
PART int stream_done(struct scratch *s)
{
	struct opening_bucket *b;
	struct opening *o;
	struct flight *f;

	if (!s)
		return STREAM_DROP;
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	f = flight_get(s->flight);
	if (!o || !f)
		return STREAM_DROP;
	o->start = s->acked;
	o->end = f->have;
	opening_state_set(o, s->flow, OPENING_IN_ERA(s->pkt.tcp_flags & TCP_SYN ? OPENING_FAST_NAMED : OPENING_NAMED,
						     s->era), bpf_jiffies64());
	return STREAM_PASS;
}

/* A request was allowed: from then on the connection is watched. What comes behind the part that was read? */
static __always_inline int stream_watch(struct scratch *s, struct flight *f, struct opening *o)
{
	int next, fast = s->pkt.tcp_flags & TCP_SYN, plain = s->result == TLS_OTHER || s->plain ? OPENING_PLAIN : 0;
	int begun = o->tag_state & OPENING_BEGUN;

	if (s->opening != OPENING_WATCHED)
		o->end = s->acked;
	opening_state_set(o, s->flow, OPENING_IN_ERA(fast ? OPENING_FAST_WATCHED : OPENING_WATCHED, s->era) | plain |
			  begun, bpf_jiffies64());
	s->opening = OPENING_WATCHED;
	s->plain = !!plain;
	if (s->result == TLS_OTHER)
		return upgrade_start(f) ? STREAM_DROP : STREAM_MORE;
	if (f->kind == FLIGHT_DNS && f->plain) {
		plaindns_behind(f);
		return STREAM_MORE;
	}
	if (f->kind == FLIGHT_DNS) {
		f->skip = 2 + (FLIGHT_AT(f, f->at) << 8 | FLIGHT_AT(f, f->at + 1));
		return STREAM_MORE;
	}
	if (f->kind != FLIGHT_HTTP)
		return STREAM_MORE; /* the rest of the hello, and whether the next record holds another */
	next = http_behind_head(&f->http);
	if (next == HTTP_CONTENT)
		f->skip = f->http.body;
	else if (next == HTTP_DONE)
		flight_start(f, f->at);
	return STREAM_MORE;
}

/* The connection was judged: its state for the segments to come. */
PART int stream_judged(int fate)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	struct flight *f;

	if (!s)
		return STREAM_DROP;
	if (fate == STREAM_RESET || fate == STREAM_ANSWER) {
		stream_settle(JUDGED_BLOCKED);
		return fate;
	}
	if (fate != STREAM_PASS) {
		flight_close(s); /* what was dropped must be read again when it comes again */
		return fate;
	}
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	f = flight_get(s->flight);
	if (!o || !f)
		return STREAM_DROP;
	/* what goes through a tunnel is not looked at, but for the TLS that is in the open behind the start of SOCKS */
	if (s->result == TLS_OTHER && f->tunnel && f->tunnel != ESAFE_R_SOCKS)
		return stream_done(s);
	return stream_watch(s, f, o);
}

#endif
