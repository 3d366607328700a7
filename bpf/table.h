/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of connections: which entry is whose, and how a connection leaves them. */
#ifndef ESAFE_TABLE_H
#define ESAFE_TABLE_H

#include "flight.h"
#include "maps.h"

enum stream_fate {
	STREAM_PASS,
	STREAM_RESET,
	STREAM_DROP,
	STREAM_JUDGE, /* the reader has come to an end: scratch.result says how */
	STREAM_ANSWER, /* refused, and an answer in place of the server's can be given */
	STREAM_MORE,  /* allowed, and there may be more to judge in the same segment */
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

/* Sets the state of a connection of this era in table `judged`. */
PART int judged_put(__u64 hash, __u32 state)
{
	struct judged_bucket *b = judged_bucket(hash);
	struct scratch *s = scratch_get();

	if (!b || !s)
		return -1;
	if (judged_set(b, hash, JUDGED_IN_ERA(state, s->era), bpf_jiffies64())) {
		struct esafe_stats *st = stats_get();

		if (st)
			st->flows_evicted++;
	}
	return 0;
}

/*
 * Flows of datagrams that say no name, and those that were refused for where they go to: words as in table `judged`.
 * Any device can begin flows as fast as it likes, and must not push other devices' connections out of their table. A
 * flow that is pushed out of this one is only judged again.
 */
#define DATAGRAM_BUCKETS 16384

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DATAGRAM_BUCKETS);
	__type(key, __u32);
	__type(value, struct judged_bucket);
} datagrams SEC(".maps");

static __always_inline struct judged_bucket *datagram_bucket(__u64 hash)
{
	__u32 index = hash & (DATAGRAM_BUCKETS - 1);

	return bpf_map_lookup_elem(&datagrams, &index);
}

PART int datagram_put(__u64 hash, __u32 state)
{
	struct judged_bucket *b = datagram_bucket(hash);
	struct scratch *s = scratch_get();

	if (b && s)
		judged_set(b, hash, JUDGED_IN_ERA(state, s->era), bpf_jiffies64());
	return 0;
}

/* Puts the connection of scratch into table `judged` and out of the others. */
PART int stream_settle(__u32 state)
{
	struct scratch *s = scratch_get();
	struct opening_bucket *ob;
	struct opening *o;

	if (!s)
		return -1;
	judged_put(s->flow, state);
	ob = opening_bucket(s->flow);
	if (!ob)
		return -1;
	o = opening_find(ob, s->flow);
	if (o)
		o->tag_state = 0;
	backflight_close(s);
	return flight_close(s);
}

#endif
