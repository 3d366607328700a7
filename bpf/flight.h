/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a first flight or request: kept while it is read and until the server has acknowledged them, so that
 * what repeats can be compared with what was judged.
 */
#ifndef ESAFE_FLIGHT_H
#define ESAFE_FLIGHT_H

#include "bounded.h"
#include "maps.h"
#include "tunnel.h"
#include "upgrade.h"

#define PORT_DNS 53
#define FLIGHT_GAP_MAX (1U << 30) /* sequence numbers are compared by their difference */

/* A message begins at this sequence number. */
PART int flight_start(struct flight *f, __u32 at)
{
	if (!f)
		return -1;
	f->start = f->at = at;
	f->skip = 0;
	f->tunnel = f->plain = 0;
	if (f->kind != FLIGHT_DNS)
		f->kind = FLIGHT_UNKNOWN;
	return 0;
}

/*
 * Can the segment begin a flight? If the message does, with what the server waits for. Of a plain connection it may
 * also begin later: what the server has not got yet is looked at anew. Of one that was judged nothing is: that counted
 * for bytes which are gone. Nor if bytes of the message have passed: the server may have those, whatever comes now.
 */
static __always_inline int flight_can_begin(const struct scratch *s)
{
	if (s->seq != s->acked || s->opening == OPENING_NAMED || s->begun)
		return 0;
	return s->plain ? (__s32)(s->start - s->acked) >= 0 : s->start == s->acked;
}

/*
 * Finds the place of the flight of the connection, or takes one if it begins with this segment: scratch.flight. An old
 * one of somebody else may have to go.
 */
PART int flight_open(void)
{
	struct scratch *s = scratch_get();
	struct flight_owners *owners;
	struct flight *f;
	__u32 set, way;
	__u64 now, word;

	if (!s)
		return -1;
	set = s->flow & (FLIGHTS / FLIGHT_WAYS - 1);
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!owners)
		return -1;
	now = bpf_jiffies64();
	word = FLOW_TAG(s->flow) << 16 | FLIGHT_STAMP(now);
	way = flight_way(owners, s->flow);
	if (way < FLIGHT_WAYS) {
		s->flight = set * FLIGHT_WAYS + way;
		if (s->opening == OPENING_WATCHED && owners->owner[way & (FLIGHT_WAYS - 1)] != word)
			owners->owner[way & (FLIGHT_WAYS - 1)] = word;
		return 0;
	}
	if (!flight_can_begin(s))
		return -1;
	way = flight_victim(owners, now);
	s->flight = set * FLIGHT_WAYS + way;
	f = flight_get(s->flight);
	if (!f)
		return -1;
	owners->owner[way & (FLIGHT_WAYS - 1)] = word;
	f->have = s->acked;
	f->gap = 0;
	f->kind = s->pkt.dport == bpf_htons(PORT_DNS) ? FLIGHT_DNS : FLIGHT_UNKNOWN;
	flight_start(f, s->acked);
	return s->plain ? upgrade_start(f) : 0;
}

static __always_inline __u32 backflight_set(const struct scratch *s)
{
	return FLIGHTS / FLIGHT_WAYS + (s->flow & (BACKFLIGHTS / FLIGHT_WAYS - 1));
}

/* The server's side of a connection begins behind this SYN-ACK: takes a place for it. */
PART int backflight_open(void)
{
	struct scratch *s = scratch_get();
	struct flight_owners *owners;
	struct flight *f;
	__u32 set, way;
	__u64 now;

	if (!s)
		return -1;
	set = backflight_set(s);
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!owners)
		return -1;
	now = bpf_jiffies64();
	way = flight_way(owners, s->flow);
	if (way == FLIGHT_WAYS)
		way = flight_victim(owners, now);
	f = flight_get(set * FLIGHT_WAYS + way);
	if (!f)
		return -1;
	owners->owner[way & (FLIGHT_WAYS - 1)] = FLOW_TAG(s->flow) << 16 | FLIGHT_STAMP(now);
	f->have = s->pkt.seq + 1;
	f->gap = 0;
	f->kind = FLIGHT_DNS;
	return flight_start(f, f->have);
}

/* Finds that place again: scratch.flight. */
PART int backflight_find(void)
{
	struct scratch *s = scratch_get();
	struct flight_owners *owners;
	__u32 set, way;

	if (!s)
		return -1;
	set = backflight_set(s);
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!owners)
		return -1;
	way = flight_way(owners, s->flow);
	if (way == FLIGHT_WAYS)
		return -1;
	owners->owner[way & (FLIGHT_WAYS - 1)] = FLOW_TAG(s->flow) << 16 | FLIGHT_STAMP(bpf_jiffies64());
	s->flight = set * FLIGHT_WAYS + way;
	return 0;
}

/* Gives a place of this set back. */
PART int flight_leave(__u32 set)
{
	struct scratch *s = scratch_get();
	struct flight_owners *owners;
	__u32 way;

	if (!s)
		return -1;
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!owners)
		return -1;
	way = flight_way(owners, s->flow);
	if (way < FLIGHT_WAYS)
		owners->owner[way & (FLIGHT_WAYS - 1)] = 0;
	return 0;
}

/* Gives the place back. */
static __always_inline int flight_close(const struct scratch *s)
{
	return flight_leave(s->flow & (FLIGHTS / FLIGHT_WAYS - 1));
}

/* That of the server's side, if it has one. */
static __always_inline int backflight_close(const struct scratch *s)
{
	if (s->pkt.sport != bpf_htons(PORT_DNS) && s->pkt.dport != bpf_htons(PORT_DNS))
		return 0;
	return flight_leave(backflight_set(s));
}

/* The flight of the connection, or NULL. */
static __always_inline struct flight *flight_find(const struct scratch *s)
{
	__u32 set = s->flow & (FLIGHTS / FLIGHT_WAYS - 1), way;
	struct flight_owners *owners = bpf_map_lookup_elem(&flight_owners, &set);

	if (!owners)
		return 0;
	way = flight_way(owners, s->flow);
	return way < FLIGHT_WAYS ? flight_get(set * FLIGHT_WAYS + way) : 0;
}

/* Has the flight of the connection bytes up to this sequence number, and no more? */
PART int flight_ends_at(__u32 seq)
{
	struct scratch *s = scratch_get();
	struct flight *f = s ? flight_find(s) : 0;

	return f && f->have == seq;
}

/* Did the connection begin with a ClientHello? */
PART int flight_is_tls(void)
{
	struct scratch *s = scratch_get();
	struct flight *f = s ? flight_find(s) : 0;

	return f && f->kind == FLIGHT_TLS;
}

/* Do `overlap` bytes of the segment repeat what was seen? Loads them; see flight_same(). */
PART int flight_load_overlap(struct __sk_buff *skb, __u32 overlap)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	return bpf_skb_load_bytes(skb, s->pkt.payload + s->from, s->other, bounded(overlap, FLIGHT_ROOM));
}

PART int flight_same(__u32 overlap)
{
	struct scratch *s = scratch_get();
	__u32 seq, whole = overlap & ~7U, blocks = overlap & ~63U;
	struct flight *f;
	__u64 differs;

	if (!s)
		return 0;
	f = flight_get(s->flight);
	if (!f)
		return 0;
	seq = s->seq;
	/* the last word first: what is left of it when the loops end must not depend on where they ended */
	differs = esafe_load8(&s->other[whole & (FLIGHT_ROOM - 1)]) ^
		  esafe_load8(&FLIGHT_AT(f, seq + whole));
	differs &= (1ULL << (overlap & 7) * 8) - 1;
	for (__u32 i = 0; i < 64; i += 8) {
		if (blocks + i >= whole)
			break;
		differs |= esafe_load8(&s->other[(blocks + i) & (FLIGHT_ROOM - 1)]) ^
			   esafe_load8(&FLIGHT_AT(f, seq + blocks + i));
	}
	for (__u32 i = 0; i < FLIGHT_ROOM; i += 64) {
		if (i >= blocks)
			break;
		for (__u32 j = i; j < i + 64; j += 8)
			differs |= esafe_load8(&s->other[j]) ^ esafe_load8(&FLIGHT_AT(f, seq + j));
	}
	return !differs;
}

/* Reads on in an HTTP request. */
PART int flight_parse_http(struct flight *f)
{
	__u32 at, result = HTTP_MORE;

	if (!f)
		return TLS_BAD;
	if (plaindns_look(f) == PLAINDNS_QUESTION)
		return TLS_OTHER; /* what stands before it only looks like a request */
	for (int i = 0; i < 512; i++) {
		at = f->at;
		if (at == f->have)
			return TLS_MORE;
		f->at = at + 1;
		result = http_step(&f->http, FLIGHT_AT(f, at));
		if (result != HTTP_MORE)
			break;
	}
	switch (result) {
	case HTTP_CONTENT:
		f->skip = f->http.body;
		return TLS_AGAIN;
	case HTTP_DONE:
		flight_start(f, f->at);
		return TLS_AGAIN;
	case HTTP_MORE:
		return TLS_AGAIN;
	case HTTP_NAME:
		return TLS_NAME;
	case HTTP_NO_NAME:
		return TLS_NO_NAME;
	case HTTP_OTHER:
		return TLS_OTHER;
	default:
		return TLS_BAD;
	}
}

/* A DNS message behind its length (RFC 7766 section 8): is as much of it there as is looked at? */
PART int flight_parse_dns(struct flight *f)
{
	__u32 avail, len;

	if (!f)
		return TLS_BAD;
	avail = f->have - f->at;
	if (avail < 2)
		return TLS_MORE;
	len = FLIGHT_AT(f, f->at) << 8 | FLIGHT_AT(f, f->at + 1);
	if (len < DNS_HEADER + 5)
		return TLS_BAD;
	return avail < 2 + (len < MESSAGE_READ ? len : MESSAGE_READ) ? TLS_MORE : TLS_NAME;
}

/* What a shape was found to be, enum esafe_reason. TLS_OTHER: a tunnel, flight.tunnel; TLS_AGAIN: none. */
static __always_inline int flight_found(struct flight *f, int found)
{
	if (found == TUNNEL_MORE)
		return TLS_MORE;
	f->tunnel = found;
	return found ? TLS_OTHER : TLS_AGAIN;
}

static __always_inline __u32 flight_head_len(const struct flight *f)
{
	__u32 len = f->have - f->at;

	return len < TUNNEL_STREAM ? len : TUNNEL_STREAM;
}

/* Does a tunnel begin here? Puts the first bytes into scratch.head. */
PART int flight_tunnel(struct flight *f)
{
	struct scratch *s = scratch_get();
	__u32 at;

	if (!s || !f)
		return TLS_BAD;
	at = f->at;
	for (__u32 i = 0; i < TUNNEL_STREAM; i += 8)
		esafe_store8(&s->head[i], esafe_load8(&FLIGHT_AT(f, at + i)));
	return flight_found(f, tunnel_stream(s->head, flight_head_len(f)));
}

/* Is it SOCKS? Looks at scratch.head. */
PART int flight_socks(struct flight *f)
{
	struct scratch *s = scratch_get();

	if (!s || !f)
		return TLS_BAD;
	return flight_found(f, tunnel_socks(s->head, flight_head_len(f)));
}

/* Is it DNS, to another port than its own? TLS_NAME: it may be read as such; TLS_AGAIN: no. Looks at scratch.head. */
PART int flight_question(struct flight *f)
{
	struct scratch *s = scratch_get();
	int found;

	if (!s || !f)
		return TLS_BAD;
	found = dns_begins(s->head, f->have - f->at);
	if (found < 0)
		return TLS_MORE;
	if (!found)
		return TLS_AGAIN;
	f->kind = FLIGHT_DNS;
	return TLS_NAME;
}

/* Is the message complete when the content that is left out now has gone by? */
static __always_inline int flight_ends(const struct flight *f)
{
	return f->kind == FLIGHT_DNS || f->http.field == HTTP_F_END;
}

/* Leaves out content, and finds out what kind of message begins. TLS_NAME: it can be read on. */
PART int flight_prepare(struct flight *f)
{
	__u32 avail;
	int result;

	if (!f)
		return TLS_BAD;
	avail = f->have - f->at;
	if (f->skip) {
		if (f->skip > avail) {
			f->skip -= avail;
			f->at = f->have;
			return FLIGHT_CONTENT;
		}
		f->at += f->skip;
		f->skip = 0;
		if (flight_ends(f))
			flight_start(f, f->at);
	}
	if (f->at == f->have)
		return TLS_MORE;
	if (f->kind != FLIGHT_UNKNOWN)
		return TLS_NAME;
	if (tls_content(FLIGHT_AT(f, f->at))) {
		f->kind = FLIGHT_TLS;
		tls_start(&f->tls);
		f->tls.begin = f->tls.at = f->at;
		return TLS_NAME;
	}
	result = flight_tunnel(f);
	if (result != TLS_AGAIN)
		return result;
	result = flight_socks(f);
	if (result == TLS_AGAIN)
		result = flight_question(f);
	if (result != TLS_AGAIN)
		return result;
	f->kind = FLIGHT_HTTP;
	f->next = f->at;
	http_start(&f->http);
	return TLS_NAME;
}

static __always_inline int flight_parse(struct flight *f)
{
	int result;

	if (f->kind == FLIGHT_PLAIN)
		return upgrade_parse(f);
	if (f->kind != FLIGHT_TLS) {
		result = flight_prepare(f);
		if (result != TLS_NAME)
			return result;
	}
	if (f->kind == FLIGHT_TLS) {
		result = flight_parse_tls(f);
		return result == TLS_DONE ? upgrade_behind(f) : result;
	}
	return f->kind == FLIGHT_DNS ? flight_parse_dns(f) : flight_parse_http(f);
}

/* The rest of the segment is content: it is not kept, and what more of it comes need not be. */
static __always_inline void flight_leave_out(struct flight *f)
{
	__u32 gap = f->skip < FLIGHT_GAP_MAX ? f->skip : FLIGHT_GAP_MAX;

	f->gap = gap;
	f->skip -= gap;
	f->at = f->have + gap;
	if (!f->skip && flight_ends(f))
		flight_start(f, f->at);
}

/* Adds up to FLIGHT_CHUNK bytes of the packet. Returns how many, 0 on any fault. */
PART int flight_add(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 at, len, room;
	struct flight *f;

	if (!s)
		return 0;
	f = flight_get(s->flight);
	if (!f)
		return 0;
	at = f->have & (FLIGHT_ROOM - 1);
	len = s->feed_left;
	room = f->have - s->acked;
	room = room < FLIGHT_ROOM ? FLIGHT_ROOM - room : 0;
	if (room > FLIGHT_ROOM - at)
		room = FLIGHT_ROOM - at;
	if (room > FLIGHT_CHUNK)
		room = FLIGHT_CHUNK;
	if (len > room)
		len = room;
	if (!len)
		return 0;
	if (bpf_skb_load_bytes(skb, s->feed_at, &f->bytes[at], bounded(len, FLIGHT_CHUNK)))
		return 0;
	esafe_store8(&f->bytes[FLIGHT_ROOM], esafe_load8(f->bytes));
	f->have += len;
	s->feed_at += len;
	s->feed_left -= len;
	return len;
}

/* Feeds scratch.feed_left bytes of the packet to the reader. `result`: TLS_AGAIN: it has not read all that is there. */
PART int flight_feed(struct __sk_buff *skb, int result)
{
	struct scratch *s = scratch_get();
	struct flight *f;

	if (!s)
		return TLS_BAD;
	f = flight_get(s->flight);
	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 100; i++) {
		if (result == TLS_AGAIN) {
			result = flight_parse(f);
			continue;
		}
		if (result == FLIGHT_CONTENT && s->feed_left <= f->skip) {
			flight_leave_out(f);
			s->feed_left = 0;
			return TLS_MORE;
		}
		if ((result != TLS_MORE && result != FLIGHT_CONTENT) || !s->feed_left)
			break;
		if (!flight_add(skb))
			return FLIGHT_FULL;
		result = TLS_AGAIN;
	}
	return result;
}

#endif
