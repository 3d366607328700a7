/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a first flight: kept while it is read and until the server has acknowledged them, so that what repeats
 * can be compared with what was judged.
 */
#ifndef ESAFE_FLIGHT_H
#define ESAFE_FLIGHT_H

#include "bounded.h"
#include "maps.h"

/* Finds or takes a place for the first flight: scratch.flight. An old one of somebody else may have to go. */
PART int flight_open(void)
{
	struct scratch *s = scratch_get();
	struct flight_owners *owners;
	struct flight *f;
	__u32 set, way;
	__u64 now;

	if (!s)
		return -1;
	set = s->flow & (FLIGHTS / FLIGHT_WAYS - 1);
	owners = bpf_map_lookup_elem(&flight_owners, &set);
	if (!owners)
		return -1;
	now = bpf_jiffies64();
	way = flight_way(owners, s->flow);
	if (way < FLIGHT_WAYS) {
		s->flight = set * FLIGHT_WAYS + way;
		return 0;
	}
	if (s->offset) /* its beginning is gone: only the beginning can open it again */
		return -1;
	way = flight_victim(owners, now);
	s->flight = set * FLIGHT_WAYS + way;
	f = flight_get(s->flight);
	if (!f)
		return -1;
	owners->owner[way & (FLIGHT_WAYS - 1)] = FLOW_TAG(s->flow) << 16 | FLIGHT_STAMP(now);
	tls_start(&f->reader);
	f->have = 0;
	return 0;
}

/* Do `overlap` bytes of the segment repeat what was seen? Loads them; see flight_same(). */
PART int flight_load_overlap(struct __sk_buff *skb, __u32 overlap)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	return bpf_skb_load_bytes(skb, s->pkt.payload, s->other, bounded(overlap, FLIGHT_ROOM));
}

PART int flight_same(__u32 overlap)
{
	struct scratch *s = scratch_get();
	__u32 offset, whole = overlap & ~7U;
	struct flight *f;
	__u64 differs;

	if (!s)
		return 0;
	f = flight_get(s->flight);
	if (!f)
		return 0;
	offset = s->offset;
	/* the last word first: what is left of it when the loop ends must not depend on where it ended */
	differs = esafe_load8(&s->other[whole & (FLIGHT_ROOM - 1)]) ^
		  esafe_load8(&f->bytes[(offset + whole) & (FLIGHT_ROOM - 1)]);
	differs &= (1ULL << (overlap & 7) * 8) - 1;
	for (__u32 i = 0; i < FLIGHT_ROOM; i += 8) {
		if (i >= whole)
			break;
		differs |= esafe_load8(&s->other[i]) ^ esafe_load8(&f->bytes[(offset + i) & (FLIGHT_ROOM - 1)]);
	}
	return !differs;
}

/* Some steps of the reader: a part, so that the verifier need not follow it through every turn of the loop. */
PART int flight_steps(struct flight *f)
{
	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 8; i++) {
		int result = tls_step(&f->reader, f->bytes, f->have, FLIGHT_ROOM - 1);

		if (result != TLS_AGAIN)
			return result;
	}
	return TLS_AGAIN;
}

/* Reads on in the bytes of the flight. A hello of one record takes about 80 steps. */
PART int flight_parse(struct scratch *s)
{
	struct flight *f;

	if (!s)
		return TLS_BAD;
	f = flight_get(s->flight);
	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 32; i++) {
		int result = flight_steps(f);

		if (result != TLS_AGAIN)
			return result;
	}
	return TLS_AGAIN;
}

/* Adds up to FLIGHT_CHUNK bytes from offset `at` of the packet. Returns how many, 0 on any fault. */
PART int flight_add(struct __sk_buff *skb, __u32 at, __u32 len)
{
	struct scratch *s = scratch_get();
	struct flight *f;

	if (!s)
		return 0;
	f = flight_get(s->flight);
	if (!f || f->have >= FLIGHT_ROOM)
		return 0;
	if (len > FLIGHT_ROOM - f->have)
		len = FLIGHT_ROOM - f->have;
	if (len > FLIGHT_CHUNK)
		len = FLIGHT_CHUNK;
	if (!len)
		return 0;
	if (bpf_skb_load_bytes(skb, at, &f->bytes[f->have & (FLIGHT_ROOM - 1)], bounded(len, FLIGHT_CHUNK)))
		return 0;
	f->have += len;
	return len;
}

/* Feeds the bytes of the segment from its byte `skip` on to the reader. */
PART int flight_feed(struct __sk_buff *skb, __u32 skip)
{
	struct scratch *s = scratch_get();
	int result = TLS_MORE;
	__u32 at, left;

	if (!s || skip > s->pkt.payload_len)
		return TLS_BAD;
	at = s->pkt.payload + skip;
	left = s->pkt.payload_len - skip;
	for (int i = 0; i < 80; i++) {
		int added;

		if (result == TLS_AGAIN) {
			result = flight_parse(s);
			continue;
		}
		if (result != TLS_MORE || !left)
			break;
		added = flight_add(skb, at, left);
		if (!added)
			return TLS_BAD; /* longer than any first flight that is taken */
		at += added;
		left -= added;
		result = TLS_AGAIN;
	}
	return result;
}

#endif
