/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first flight of a TCP connection, judged by the bytes that the server will see: by offset, not by time. Every
 * segment with a byte of it is looked at each time it is seen; what cannot be judged is not passed. A segment that
 * is ahead is dropped and comes again; one that repeats must repeat the same bytes.
 */
#ifndef ESAFE_STREAM_H
#define ESAFE_STREAM_H

#include "flight.h"
#include "maps.h"
#include "name.h"
#include "policy.h"
#include "report.h"

enum stream_fate {
	STREAM_PASS,
	STREAM_RESET,
	STREAM_DROP,
	STREAM_JUDGE, /* the reader has come to an end: scratch.result says how */
};

static __always_inline struct judged_bucket *judged_bucket(__u64 hash)
{
	__u32 index = hash & (FLOW_BUCKETS - 1);

	return bpf_map_lookup_elem(&judged, &index);
}

static __always_inline struct opening_bucket *opening_bucket(__u64 hash)
{
	__u32 index = hash & (FLOW_BUCKETS / 2 - 1);

	return bpf_map_lookup_elem(&opening, &index);
}

/* Sets the state of a connection in table `judged`. */
PART int judged_put(__u64 hash, __u32 state)
{
	struct judged_bucket *b = judged_bucket(hash);

	if (!b)
		return -1;
	if (judged_set(b, hash, state, bpf_jiffies64())) {
		struct esafe_stats *st = stats_get();

		if (st)
			st->flows_evicted++;
	}
	return 0;
}

/* Puts the connection of scratch into table `judged` and out of the others. */
PART int stream_settle(__u32 state)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *ob;
	struct flight_owners *owners;
	struct opening *o;
	__u32 set, way;

	if (!s)
		return -1;
	judged_put(s->flow, state);
	ob = opening_bucket(s->flow);
	set = s->flow & (FLIGHTS / FLIGHT_WAYS - 1);
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!ob || !owners)
		return -1;
	o = opening_find(ob, s->flow);
	if (o)
		o->tag_state = 0;
	way = flight_way(owners, s->flow);
	if (way < FLIGHT_WAYS)
		owners->owner[way & (FLIGHT_WAYS - 1)] = 0;
	return 0;
}

/*
 * A SYN of the client, or with `inbound` one from the far side to a device here: the connection begins anew. A SYN
 * that is only repeated changes nothing. Returns 1 if it replaces another one: then the server has the last word on
 * which of them counts, and data in the SYN cannot be judged.
 */
PART int stream_begin(int inbound)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	int contested;
	__u64 now;

	if (!s)
		return 1;
	b = opening_bucket(s->flow);
	if (!b)
		return 1;
	o = opening_find(b, s->flow);
	contested = !!o;
	if (inbound && o && (o->tag_state & 15) != OPENING_INBOUND)
		return 0; /* the device opens a connection of its own with the same ports: its bytes are judged */
	if (o && !inbound && (o->tag_state & 15) != OPENING_INBOUND && o->start == s->pkt.seq + 1)
		return 0;
	stream_settle(JUDGED_NONE);
	now = bpf_jiffies64();
	o = opening_victim(b, now);
	o->start = s->pkt.seq + 1;
	o->end = 0;
	opening_state_set(o, s->flow, inbound ? OPENING_INBOUND : OPENING_SYN, now);
	return contested;
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
	result = s->result;
	s->proto = result == TLS_OTHER ? ESAFE_P_TCP : ESAFE_P_TLS;
	if (result == TLS_NAME) {
		for (int i = 0; i < ESAFE_WIRE_ROOM; i += 8)
			esafe_store8(&s->name.wire[i], esafe_load8(&f->reader.name.wire[i]));
		if (name_scan(s))
			result = TLS_BAD;
	}
	if (result == TLS_NAME ? decide() : decide_unnamed())
		return STREAM_DROP;
	if (result != TLS_NAME && result != TLS_NO_NAME && result != TLS_OTHER && s->verdict == ESAFE_ALLOW)
		verdict(s, ESAFE_BLOCK, f->have >= FLIGHT_ROOM ? ESAFE_R_TLS_TOO_LONG : ESAFE_R_TLS_MALFORMED, 0);
	report();
	if (s->verdict == ESAFE_ALLOW)
		return STREAM_PASS;
	return s->verdict == ESAFE_DROP ? STREAM_DROP : STREAM_RESET;
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
	if (fate == STREAM_RESET) {
		stream_settle(JUDGED_BLOCKED);
		return fate;
	}
	if (fate != STREAM_PASS)
		return fate;
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	f = flight_get(s->flight);
	if (!o || !f)
		return STREAM_DROP;
	o->end = f->have;
	opening_state_set(o, s->flow, OPENING_NAMED, bpf_jiffies64());
	return fate;
}

/* A segment of a first flight at scratch.offset. */
PART int stream_read(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 have, overlap = 0;
	struct flight *f;

	if (!s)
		return STREAM_DROP;
	if (flight_open()) {
		count_drop(s->offset < FLIGHT_ROOM ? ESAFE_R_TCP_AHEAD : ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	f = flight_get(s->flight);
	if (!f)
		return STREAM_DROP;
	have = f->have;
	if (s->offset > have) {
		count_drop(ESAFE_R_TCP_AHEAD);
		return STREAM_DROP;
	}
	if (s->offset < have) {
		overlap = have - s->offset < s->pkt.payload_len ? have - s->offset : s->pkt.payload_len;
		if (!overlap || flight_load_overlap(skb, overlap) || !flight_same(overlap)) {
			count_drop(ESAFE_R_TCP_DIFFERS);
			return STREAM_DROP;
		}
	}
	if (s->opening == OPENING_NAMED || overlap == s->pkt.payload_len)
		return STREAM_PASS; /* nothing new, or new bytes behind a name that was judged */
	s->result = flight_feed(skb, overlap);
	return s->result == TLS_MORE ? STREAM_PASS : STREAM_JUDGE;
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
	state = o->tag_state & 15;
	if (s->pkt.tcp_flags & TCP_URG) { /* which bytes the server then reads depends on the server */
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	s->offset = s->pkt.seq - o->start;
	if (s->pkt.tcp_flags & TCP_SYN)
		s->offset = 0; /* the SYN itself takes one number */
	else if (state != OPENING_READ && state != OPENING_NAMED) {
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	if (state == OPENING_NAMED && (__s32)(s->offset - o->end) >= 0)
		return STREAM_PASS;
	s->opening = state;
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
	if (!s->pkt.payload_len)
		return STREAM_PASS;
	if (contested) {
		count_drop(ESAFE_R_TCP_UNEXPECTED);
		return STREAM_DROP;
	}
	fate = stream_data(skb);
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (o && (o->tag_state & 15) == OPENING_SYN)
		o->end = s->pkt.payload_len; /* what the SYN-ACK may acknowledge beyond the SYN */
	return fate;
}

/* From the device: a segment with data, or with SYN. */
PART int stream_out(struct __sk_buff *skb)
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
	if (o && (o->tag_state & 15) == OPENING_INBOUND) {
		stream_settle(JUDGED_PASS);
		return STREAM_PASS;
	}
	count_drop(ESAFE_R_TCP_UNEXPECTED);
	return STREAM_DROP;
}

/* To the device, on a connection that is not judged: what the server says of the stream is true. */
PART int stream_in(void)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *b;
	struct opening *o;
	__u32 flags;

	if (!s)
		return -1;
	flags = s->pkt.tcp_flags;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return stream_begin(1);
	b = opening_bucket(s->flow);
	o = b ? opening_find(b, s->flow) : 0;
	if (!o || !(flags & TCP_ACK))
		return 0;
	if (flags & TCP_SYN && (o->tag_state & 15) == OPENING_SYN) {
		/* the SYN that the server means; after Fast Open it takes the data too, or none of it */
		if (s->pkt.ack != o->start && s->pkt.ack - o->start != o->end)
			return 0;
		opening_state_set(o, s->flow, OPENING_READ, bpf_jiffies64());
	} else if ((o->tag_state & 15) == OPENING_NAMED) {
		__u32 acked = s->pkt.ack - o->start;

		if (acked >= o->end && acked - o->end < 1 << 30)
			stream_settle(JUDGED_PASS);
	}
	return 0;
}

#endif
