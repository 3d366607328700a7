/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS over TCP, the server's side (RFC 7766): each message behind its two bytes of length, read in order wherever the
 * segments cut it. Bytes are passed on as they come; held back is only the segment that completes a message which may
 * not pass, and then the connection ends for both. A segment that is ahead is dropped and comes again; one that repeats
 * must repeat the same bytes.
 *
 * Messages of up to 16,382 bytes are read, whole: about ten times the longest that a resolver sends to a client in
 * practice. A longer one, which only the transfer of a zone needs, is refused, and so is one that is malformed: behind
 * it nothing could be found.
 */
#ifndef ESAFE_DNSTCP_H
#define ESAFE_DNSTCP_H

#include "response.h"
#include "stream.h"

#define DNSTCP_LONGEST (FLIGHT_ROOM - 2)
#define DNSTCP_STEPS 192 /* messages and pieces of 2 KiB in one segment */

enum dnstcp_message { DNSTCP_PART, DNSTCP_WHOLE, DNSTCP_BAD, DNSTCP_LONG };

/* A message that is complete, to scratch.response. */
PART int dnstcp_next(void)
{
	struct scratch *s = scratch_get();
	struct flight *f;
	__u32 at, len;

	if (!s)
		return DNSTCP_BAD;
	f = flight_get(s->flight);
	if (!f)
		return DNSTCP_BAD;
	at = f->start;
	if (f->have - at < 2)
		return DNSTCP_PART;
	len = FLIGHT_AT(f, at) << 8 | FLIGHT_AT(f, at + 1);
	if (len < DNS_HEADER)
		return DNSTCP_BAD;
	if (len > DNSTCP_LONGEST)
		return DNSTCP_LONG;
	at += 2;
	if (f->have - at < len)
		return DNSTCP_PART;
	for (__u32 i = 0; i < FLIGHT_ROOM; i += 64) {
		if (i >= len)
			break;
		for (__u32 j = i; j < i + 64; j += 8)
			esafe_store8(&s->response.byte[j], esafe_load8(&FLIGHT_AT(f, at + j)));
	}
	s->records.len = s->datagram_len = len;
	s->acked = f->start = at + len; /* what stands before need not be kept */
	return DNSTCP_WHOLE;
}

static __always_inline int dnstcp_refuse(__u32 why)
{
	count_verdict(ESAFE_NONE, ESAFE_BLOCK, why);
	return STREAM_RESET;
}

/* Judges the message in scratch.response. */
static __always_inline int dnstcp_judge(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	if (!s)
		return STREAM_DROP;
	s->proto = ESAFE_P_DNS_TCP;
	switch (response_judge(skb)) {
	case RESPONSE_FINE:
		resolved_answer();
		return STREAM_PASS;
	case RESPONSE_BLOCKED:
		report();
		return STREAM_RESET;
	case RESPONSE_KEYS:
		return dnstcp_refuse(ESAFE_R_HTTPS_RECORD);
	case RESPONSE_LONG:
		return dnstcp_refuse(ESAFE_R_DNS_TOO_LONG);
	default:
		return dnstcp_refuse(ESAFE_R_DNS_MALFORMED);
	}
}

/* One step: a message is judged, or more of the segment is read. STREAM_MORE: go on. */
static __always_inline int dnstcp_step(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int fate;

	if (!s)
		return STREAM_DROP;
	switch (dnstcp_next()) {
	case DNSTCP_WHOLE:
		fate = dnstcp_judge(skb);
		return fate == STREAM_PASS ? STREAM_MORE : fate;
	case DNSTCP_PART:
		if (!s->feed_left)
			return STREAM_PASS;
		return flight_add(skb) ? STREAM_MORE : STREAM_DROP;
	case DNSTCP_LONG:
		return dnstcp_refuse(ESAFE_R_DNS_TOO_LONG);
	default:
		return dnstcp_refuse(ESAFE_R_DNS_MALFORMED);
	}
}

/* Reads scratch.feed_left bytes of the packet. */
PART int dnstcp_read(struct __sk_buff *skb)
{
	int fate;

	for (int i = 0; i < DNSTCP_STEPS; i++) {
		fate = dnstcp_step(skb);
		if (fate != STREAM_MORE)
			return fate;
	}
	return dnstcp_refuse(ESAFE_R_DNS_TOO_LONG);
}

/* A segment of a connection whose beginning was not seen, or whose place was needed for another. */
static __always_inline int dnstcp_lost(struct scratch *s)
{
	struct esafe_config *c = config_get();
	struct opening_bucket *b = opening_bucket(s->flow);

	if (c && c->adopt_until_ns > s->now_ns)
		return STREAM_PASS;
	return dnstcp_refuse(b && opening_find(b, s->flow) ? ESAFE_R_BUSY : ESAFE_R_TCP_UNKNOWN);
}

static __always_inline int dnstcp_drop(__u32 why)
{
	count_drop(why);
	return STREAM_DROP;
}

/* Is the segment due? Sets out what of it is new: scratch.feed_at, scratch.feed_left. STREAM_MORE: it is to be read. */
PART int dnstcp_place(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 overlap = 0, behind;
	struct flight *f;

	if (!s)
		return STREAM_DROP;
	if (backflight_find())
		return dnstcp_lost(s);
	f = flight_get(s->flight);
	if (!f)
		return STREAM_DROP;
	s->seq = s->pkt.seq;
	s->from = 0;
	s->acked = f->start;
	behind = f->have - s->seq;
	if ((__s32)behind < 0)
		return dnstcp_drop(ESAFE_R_TCP_AHEAD);
	if (behind > FLIGHT_ROOM) /* what stood there was not kept so long */
		return dnstcp_drop(ESAFE_R_TCP_DIFFERS);
	if (behind) {
		overlap = behind < s->pkt.payload_len ? behind : s->pkt.payload_len;
		if (flight_load_overlap(skb, overlap) || !flight_same(overlap))
			return dnstcp_drop(ESAFE_R_TCP_DIFFERS);
	}
	s->pkt.seq += overlap; /* a reset must come from behind what the device has */
	s->pkt.payload += overlap;
	s->pkt.payload_len -= overlap;
	s->feed_at = s->pkt.payload;
	s->feed_left = s->pkt.payload_len;
	return s->feed_left ? STREAM_MORE : STREAM_PASS;
}

/* A segment with data from port 53 to a device, on a connection that is not judged for good. */
static __always_inline int dnstcp_response(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	int fate;

	if (!s)
		return STREAM_DROP;
	if ((s->pkt.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		stream_in(skb); /* a connection to the device: what it says to that is looked at */
		return STREAM_PASS;
	}
	if (s->pkt.tcp_flags & (TCP_SYN | TCP_URG)) /* which bytes count would be the device's choice */
		return dnstcp_drop(ESAFE_R_TCP_UNEXPECTED);
	stream_in(skb);
	s->turned = 0;
	fate = dnstcp_place(skb);
	if (fate == STREAM_MORE)
		fate = dnstcp_read(skb);
	if (fate == STREAM_RESET)
		stream_settle(JUDGED_BLOCKED);
	return fate;
}

#endif
