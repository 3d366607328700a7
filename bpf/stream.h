/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first flight of a TCP connection, judged by the bytes that the server will see: by their place, not by time.
 * Every segment with a byte of it is looked at each time it is seen; what cannot be judged is not passed. A segment
 * that is ahead is dropped and comes again; one that repeats must repeat the same bytes.
 *
 * HTTP and DNS over TCP name one site after another: such a connection is never done with, and each request is read in
 * the same way. Only content is let through unread. A ClientHello is followed by another one if the server wants a
 * different key: a TLS connection is done with when something else than that comes.
 */
#ifndef ESAFE_STREAM_H
#define ESAFE_STREAM_H

#define AF_INET 2
#define AF_INET6 10

#include "flight.h"
#include "judge.h"
#include "maps.h"
#include "report.h"
#include "table.h"

/* Nothing holds any more that was known of a connection with these addresses and ports. */
PART int stream_forget(void)
{
	struct scratch *s = scratch_get();
	struct judged_bucket *b;

	if (!s)
		return -1;
	b = judged_bucket(s->flow);
	if (b)
		judged_forget(b, s->flow);
	backflight_close(s);
	return flight_close(s);
}

/* A SYN of the client that is only repeated: what stream_begin() returns. */
static __always_inline int stream_repeat(const struct opening *o)
{
	/* its answer came long ago: the same number may be chosen to have what follows taken for what was judged */
	if (OPENING_STATE(o) == OPENING_NAMED || OPENING_STATE(o) == OPENING_WATCHED)
		return -1;
	return OPENING_STATE(o) == OPENING_SYN && o->end == o->start - 1;
}

/*
 * A SYN of the client, or with `inbound` one from the far side to a device here: the connection begins anew. A SYN
 * that is only repeated changes nothing. Returns 1 if it replaces another one: then the server has the last word on
 * which of them counts, and data in the SYN cannot be judged. So it is if the SYN before may have been forgotten. -1:
 * it cannot pass.
 */
PART int stream_begin(int inbound)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	int contested;
	__u64 now;

	if (!s)
		return -1;
	b = opening_bucket(s->flow);
	if (!b)
		return -1;
	o = opening_find(b, s->flow);
	contested = !!o;
	if (inbound && o && OPENING_STATE(o) != OPENING_INBOUND)
		return 0; /* the device opens a connection of its own with the same ports: its bytes are judged */
	if (o && !inbound && OPENING_STATE(o) != OPENING_INBOUND &&
	    (OPENING_STATE(o) == OPENING_FAST_WATCHED ? o->end : o->start) == s->pkt.seq + 1)
		return stream_repeat(o);
	stream_forget();
	now = bpf_jiffies64();
	if (!o) {
		o = opening_victim(b, now);
		contested = opening_is_young(o, now); /* it may have been another SYN of this connection that had to go */
	}
	o->start = s->pkt.seq + 1;
	o->end = o->start - contested;
	opening_state_set(o, s->flow, inbound ? OPENING_INBOUND : OPENING_SYN, now);
	return contested;
}

/*
 * The segment was read to its end. For when the flight is lost: where the message began that is read now, and whether
 * bytes of it have passed; whether the connection has turned out to be plain.
 */
PART int stream_keep(struct scratch *s)
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
	o->tag_state &= ~(__u64)OPENING_BEGUN;
	if ((__s32)(f->have + f->gap - f->start) > 0)
		o->tag_state |= OPENING_BEGUN;
	if (s->opening != OPENING_WATCHED)
		return STREAM_PASS;
	o->start = f->start;
	if (f->plain)
		o->tag_state |= OPENING_PLAIN;
	return STREAM_PASS;
}

/*
 * Can less of it be read when it comes again? There is more room when the server has acknowledged more, and what GRO
 * has put together comes again in parts.
 */
static __always_inline int stream_may_shrink(const struct scratch *s, int result)
{
	if (s->opening != OPENING_WATCHED)
		return 0;
	if (s->pkt.payload_len > FLIGHT_CHUNK && (result == FLIGHT_FULL || result == TLS_AGAIN))
		return 1;
	return result == FLIGHT_FULL && s->seq != s->acked;
}

/* What the reader came to. */
static __always_inline int stream_fed(struct scratch *s, int result)
{
	s->result = result;
	if (stream_may_shrink(s, result)) {
		count_drop(ESAFE_R_TCP_AHEAD);
		return STREAM_DROP;
	}
	if (result == TLS_DONE)
		return stream_done(s);
	if (result != TLS_MORE)
		return STREAM_JUDGE;
	return stream_keep(s);
}

/* Reads on in a segment behind a request that was allowed. */
PART int stream_more(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	return s ? stream_fed(s, flight_feed(skb, TLS_AGAIN)) : STREAM_DROP;
}

/* Judges what was read, and every further request in the same segment. */
PART int stream_judge_all(struct __sk_buff *skb)
{
	int fate = STREAM_JUDGE;

	for (int i = 0; i < 128; i++) {
		fate = stream_judged(stream_judge());
		if (fate != STREAM_MORE)
			return fate;
		fate = stream_more(skb);
		if (fate != STREAM_JUDGE)
			return fate;
	}
	stream_settle(JUDGED_BLOCKED); /* nobody asks so much at a time */
	return STREAM_RESET;
}

/* A segment whose bytes have no place to be compared with. */
static __always_inline int stream_lost(struct scratch *s)
{
	int follows = s->opening == OPENING_WATCHED || s->opening == OPENING_NAMED;

	if (!(follows && s->seq == s->acked) && !(s->begun && s->opening == OPENING_READ)) {
		count_drop(s->seq - s->start < FLIGHT_ROOM ? ESAFE_R_TCP_AHEAD : ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	count_drop(ESAFE_R_BUSY); /* what the server waits for follows on bytes whose flight had to go */
	stream_settle(JUDGED_BLOCKED);
	return STREAM_RESET;
}

/*
 * Moves over the content that was left out: behind it the next message begins. What was kept from before it can only
 * be forgotten once the server has it.
 */
static __always_inline int stream_cross(struct scratch *s, struct flight *f)
{
	if ((__s32)(s->acked - f->have) < 0)
		return -1;
	f->have += f->gap;
	f->gap = 0;
	return 0;
}

/* A segment of a first flight or request. */
PART int stream_read(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 len, overlap = 0;
	struct flight *f;

	if (!s)
		return STREAM_DROP;
	if (flight_open())
		return stream_lost(s);
	f = flight_get(s->flight);
	if (!f)
		return STREAM_DROP;
	len = s->pkt.payload_len - s->from;
	if ((__s32)(s->seq - f->have - f->gap) > 0) {
		if (s->opening == OPENING_WATCHED && s->seq == s->acked)
			return stream_lost(s); /* the server has more than what was read since the flight was lost */
		count_drop(ESAFE_R_TCP_AHEAD);
		return STREAM_DROP;
	}
	if ((__s32)(f->have - s->seq) > 0) {
		overlap = f->have - s->seq < len ? f->have - s->seq : len;
		if (!overlap || flight_load_overlap(skb, overlap) || !flight_same(overlap)) {
			count_drop(ESAFE_R_TCP_DIFFERS);
			return STREAM_DROP;
		}
	}
	if (s->opening == OPENING_NAMED || (__s32)(s->seq + len - f->have - f->gap) <= 0)
		return STREAM_PASS; /* nothing new, or new bytes behind a name that was judged, or content */
	if (f->gap && stream_cross(s, f)) {
		count_drop(ESAFE_R_TCP_AHEAD);
		return STREAM_DROP;
	}
	s->feed_left = s->seq + len - f->have;
	s->feed_at = s->pkt.payload + s->pkt.payload_len - s->feed_left;
	return stream_fed(s, flight_feed(skb, TLS_MORE));
}

/* Data of a connection that is in no table: taken as judged just after the filter was first attached, never later. */
static __always_inline int stream_unknown(struct scratch *s, const struct esafe_config *c)
{
	if (c->adopt_until_ns > s->now_ns) {
		stream_settle(JUDGED_PASS);
		return STREAM_PASS;
	}
	count_verdict(ESAFE_NONE, ESAFE_BLOCK, ESAFE_R_TCP_UNKNOWN);
	return STREAM_RESET;
}

/* A segment that begins with bytes which the server has, or before the stream. STREAM_MORE: look at the rest of it. */
static __always_inline int stream_behind(struct scratch *s)
{
	if (s->opening != OPENING_WATCHED) {
		count_drop(ESAFE_R_TCP_AHEAD);
		return STREAM_DROP;
	}
	s->from = s->acked - s->seq;
	s->seq = s->acked;
	return s->from < s->pkt.payload_len ? STREAM_MORE : STREAM_PASS;
}

/*
 * Which bytes a server reads where some are urgent depends on the server: those of FTP and Telnet read them in their
 * place, and their clients send such to break something off.
 */
static __always_inline int stream_reads_urgent(const struct scratch *s, const struct opening *o)
{
	return OPENING_IS_PLAIN(o) && (s->pkt.dport == bpf_htons(21) || s->pkt.dport == bpf_htons(23));
}

/* Data of a connection that is not judged yet. */
PART int stream_data(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	__u32 state;

	if (!s || !c)
		return STREAM_DROP;
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (!o)
		return stream_unknown(s, c);
	state = OPENING_STATE(o);
	if (s->pkt.tcp_flags & TCP_URG && !stream_reads_urgent(s, o)) {
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	if (!(s->pkt.tcp_flags & TCP_SYN) && state != OPENING_READ && state != OPENING_NAMED &&
	    state != OPENING_WATCHED) {
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	s->start = o->start;
	s->plain = OPENING_IS_PLAIN(o);
	s->begun = OPENING_IS_BEGUN(o);
	if (state == OPENING_FAST_NAMED) /* the same SYN again */
		state = OPENING_NAMED;
	else if (state == OPENING_FAST_WATCHED)
		state = OPENING_WATCHED;
	s->acked = state == OPENING_WATCHED ? o->end : o->start;
	s->seq = s->pkt.seq + !!(s->pkt.tcp_flags & TCP_SYN); /* the SYN itself takes one number */
	s->from = 0;
	if (state == OPENING_NAMED && (__s32)(s->seq - o->end) >= 0)
		return STREAM_PASS;
	s->opening = state;
	if ((__s32)(s->acked - s->seq) > 0) {
		int fate = stream_behind(s);

		if (fate != STREAM_MORE)
			return fate;
	}
	return stream_read(skb);
}

/* The client opens a connection, perhaps with the beginning of its data (Fast Open, RFC 7413). */
PART int stream_syn(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	int fate, contested = stream_begin(0);

	if (!s)
		return STREAM_DROP;
	if (!s->pkt.payload_len && contested >= 0)
		return STREAM_PASS;
	if (contested) {
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	fate = stream_data(skb);
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (o && OPENING_STATE(o) == OPENING_SYN)
		o->end = o->start + s->pkt.payload_len; /* what the SYN-ACK may acknowledge beyond the SYN */
	return fate;
}

/* From the device: a segment with data, or with SYN. */
static __always_inline int stream_out(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;

	if (!s)
		return STREAM_DROP;
	if (!(s->pkt.tcp_flags & TCP_SYN))
		return stream_data(skb);
	if (!(s->pkt.tcp_flags & TCP_ACK))
		return stream_syn(skb);
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (o && OPENING_STATE(o) == OPENING_INBOUND) {
		stream_settle(JUDGED_PASS);
		return STREAM_PASS;
	}
	count_drop(ESAFE_R_TCP_UNEXPECTED);
	return STREAM_DROP;
}

/*
 * A device may send, through the gateway and back, what looks like a server's packet. Of a device that really is one
 * the SYN-ACK was seen, which answered a SYN that went out to it: then its side of the connection is judged.
 */
static __always_inline int stream_feigned(struct scratch *s, const struct esafe_config *c)
{
	struct judged_bucket *b;
	__u64 hash;

	if (!s->from_device)
		return 0;
	hash = flow_hash(c, &s->pkt, 1);
	b = judged_bucket(hash);
	return !b || (judged_find(b, hash) & 3) != JUDGED_PASS;
}

/* A SYN to a device that another device here sent: does the way back to its address lead to where it came from? */
PART int stream_feigned_syn(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	struct bpf_fib_lookup way = { 0 };
	long err;

	if (!s)
		return 1;
	if (!s->from_device)
		return 0;
	way.ifindex = skb->ifindex;
	way.family = s->pkt.family == 4 ? AF_INET : AF_INET6;
	way.ipv4_src = s->pkt.dst[3];
	way.ipv4_dst = s->pkt.src[3];
	if (s->pkt.family == 6) {
		__builtin_memcpy(way.ipv6_src, s->pkt.dst, 16);
		__builtin_memcpy(way.ipv6_dst, s->pkt.src, 16);
	}
	err = bpf_fib_lookup(skb, &way, sizeof(way), 0);
	if (err != BPF_FIB_LKUP_RET_SUCCESS && err != BPF_FIB_LKUP_RET_NO_NEIGH)
		return 0; /* not routed: a bridge, which knows no way back */
	return way.ifindex != skb->ingress_ifindex;
}

/* The server's answer to a SYN whose data was judged and allowed: it took all of that, or none. */
static __always_inline void stream_fast(struct scratch *s, struct opening *o)
{
	int named = OPENING_STATE(o) == OPENING_FAST_NAMED;
	__u32 none = named ? o->start : o->end;

	if (s->pkt.ack != none && !(named ? s->pkt.ack == o->end : flight_ends_at(s->pkt.ack)))
		return;
	if (named && s->pkt.ack == o->end) {
		if (OPENING_ERA(o) != (s->era & 1))
			s->era = 0;
		stream_settle(JUDGED_PASS);
		return;
	}
	if (!named)
		o->end = s->pkt.ack;
	opening_state_set(o, s->flow, OPENING_AS(o, named ? OPENING_NAMED : OPENING_WATCHED), bpf_jiffies64());
	if (s->pkt.sport == bpf_htons(PORT_DNS))
		backflight_open();
}

/*
 * What a server sends on a connection that began with a ClientHello. Once it has taken that, there will be no other
 * one: nothing more need be read, which early data (RFC 8446 section 4.2.10) would hide.
 */
PART int stream_answered(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s || !flight_is_tls() || bpf_skb_load_bytes(skb, s->pkt.payload, s->other, TLS_ANSWER))
		return -1;
	return tls_takes_hello(s->other) ? stream_settle(JUDGED_PASS) : 0;
}

/* To the device, on a connection that is not judged: what the server says of the stream is true. */
PART int stream_in(struct __sk_buff *skb)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	__u32 flags;

	if (!s || !c)
		return -1;
	flags = s->pkt.tcp_flags;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return stream_feigned_syn(skb) ? 0 : stream_begin(1);
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (!o || !(flags & TCP_ACK) || stream_feigned(s, c))
		return 0;
	if (flags & TCP_SYN && OPENING_STATE(o) == OPENING_SYN) {
		/* the SYN that the server means; after Fast Open it takes the data too, or none of it */
		if (s->pkt.ack != o->start && (s->pkt.ack != o->end || o->end == o->start - 1))
			return 0;
		opening_state_set(o, s->flow, OPENING_AS(o, OPENING_READ), bpf_jiffies64());
		if (s->pkt.sport == bpf_htons(PORT_DNS))
			backflight_open();
	} else if (flags & TCP_SYN && OPENING_STATE(o) >= OPENING_FAST_NAMED) {
		stream_fast(s, o);
	} else if (OPENING_STATE(o) == OPENING_NAMED && s->pkt.ack - o->end < 1 << 30) {
		stream_settle(JUDGED_PASS);
	} else if (OPENING_STATE(o) == OPENING_WATCHED) {
		if (s->pkt.ack - o->end - 1 < 1 << 30) {
			o->end = s->pkt.ack;
			opening_state_set(o, s->flow, OPENING_AS(o, OPENING_WATCHED), bpf_jiffies64());
		}
		if (s->pkt.payload_len >= TLS_ANSWER && !OPENING_IS_PLAIN(o))
			stream_answered(skb);
	}
	return 0;
}

#endif
