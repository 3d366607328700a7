/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC connections whose Initials are read. Several may share addresses and ports. The keys come from the destination
 * id of the first Initial; later ones carry the server's. So a packet is first tried with the keys of the connection
 * that it may belong to, then with those that its own destination id gives: only what opens begins a connection.
 */
#ifndef ESAFE_QUICTABLE_H
#define ESAFE_QUICTABLE_H

#include "maps.h"
#include "quicflight.h"
#include "quickeys.h"
#include "resolved.h"

#define QUIC_CONNS 1024
#define QUIC_SETS (QUIC_CONNS / FLIGHT_WAYS)
#define QUIC_SOURCES 4096
#define QUIC_BURST 1024 /* Initials that a source may send at once; after that one a jiffy */
#define QUIC_DCIDS 65536 /* as many as a source may begin in four minutes: no server waits that long for a hello */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct quic_work);
} quic_work SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QUIC_SETS);
	__type(key, __u32);
	__type(value, struct flight_owners);
} quic_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QUIC_CONNS);
	__type(key, __u32);
	__type(value, struct quic_conn);
} quic_conns SEC(".maps");

struct quic_tokens {
	__u32 left, stamp; /* stamp: jiffies */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QUIC_SOURCES);
	__type(key, __u32);
	__type(value, struct quic_tokens);
} quic_tokens SEC(".maps");

/* Hashes of the ids that keys were made of, and the flow whose they are. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, QUIC_DCIDS);
	__type(key, __u64);
	__type(value, __u64);
} quic_dcids SEC(".maps");

static __always_inline struct quic_work *quic_work_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&quic_work, &zero);
}

static __always_inline struct quic_conn *quic_conn_get(__u32 index)
{
	return bpf_map_lookup_elem(&quic_conns, &index);
}

static __always_inline struct flight_owners *quic_owners_get(__u64 flow)
{
	__u32 set = flow & (QUIC_SETS - 1);

	return bpf_map_lookup_elem(&quic_owners, &set);
}

/*
 * Opening a packet costs as much as judging ten DNS questions, and whoever forges packets pays nothing for them: each
 * source has so many tries, and takes so many of them. 0: it has none left. A source is a device, which may have any
 * number of addresses.
 */
PART int quic_token(__u32 take)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct quic_tokens *t;
	__u32 now, passed, left, index;
	__u64 hash;

	if (!s || !c)
		return 0;
	hash = resolved_hash(s, c, 0, 0);
	index = hash >> 16 & (QUIC_SOURCES - 1);
	t = bpf_map_lookup_elem(&quic_tokens, &index);
	if (!t)
		return 0;
	now = bpf_jiffies64();
	passed = now - t->stamp;
	left = t->left + (passed < QUIC_BURST ? passed : QUIC_BURST);
	if (left > QUIC_BURST)
		left = QUIC_BURST;
	t->stamp = now;
	t->left = left > take ? left - take : 0;
	return left;
}

/* Secret hash of a connection id of the packet. */
PART __u64 quic_cid_hash(struct quic_work *w, __u32 at, __u32 len)
{
	struct esafe_config *c = config_get();
	__u64 hash = len;

	if (!w || !c)
		return 0;
	for (__u32 i = 0; i < QUIC_CID_MAX + 4; i += 8) {
		__u64 word = esafe_load8(GCM_AT(&w->gcm, at + i));
		__u32 left = i < len ? len - i : 0;

		if (left < 8)
			word = left ? word & ~0ULL >> (64 - left * 8) : 0;
		hash = esafe_mix(hash, word, c->flow_k1, c->flow_k2);
	}
	return hash;
}

/* Looks at one entry of the set: w->conn if it fits better than what was found before. */
PART int quic_consider(struct quic_work *w, __u32 index, __u64 flow)
{
	struct quic_conn *c = quic_conn_get(index);
	__u64 score;

	if (!w || !c || c->flow != flow || w->unfit == index)
		return 0;
	if (c->dcid[0] == w->dcid_hash || c->dcid[1] == w->dcid_hash)
		score = ~0ULL;
	else if (c->scid == w->scid_hash)
		score = c->opened + 1;
	else
		return 0;
	if (score > w->score) {
		w->score = score;
		w->conn = index;
	}
	return 0;
}

/* The connection that the packet may belong to, by either id: w->conn. 0: none. */
PART int quic_find(struct quic_work *w, __u64 flow)
{
	struct flight_owners *owners = quic_owners_get(flow);
	__u32 set = flow & (QUIC_SETS - 1);

	if (!w || !owners)
		return 0;
	w->score = 0;
	for (__u32 i = 0; i < FLIGHT_WAYS; i++)
		if (FLOW_TAG(owners->owner[i]) == FLOW_TAG(flow))
			quic_consider(w, set * FLIGHT_WAYS + i, flow);
	return !!w->score;
}

/* Is any connection with these addresses and ports known? */
static __always_inline int quic_has_begun(__u64 flow)
{
	struct flight_owners *owners = quic_owners_get(flow);

	return owners && flight_way(owners, flow) < FLIGHT_WAYS;
}

/*
 * Notes that the connection begins here: not 0 if it has begun. Its server finds it by the id alone, from wherever an
 * Initial comes. If another one could begin with the same id, or this one anew when its place was given up, neither
 * would hold the whole hello. Only where there is no id do addresses and ports tell.
 */
static __always_inline int quic_note(struct quic_work *w, __u64 flow)
{
	__u64 key = w->dcid_len ? w->dcid_hash : flow;

	return bpf_map_update_elem(&quic_dcids, &key, &flow, BPF_NOEXIST);
}

/* Takes a place for the connection that begins with the packet. An old one may have to go. */
PART int quic_take(struct quic_work *w, __u64 flow)
{
	struct flight_owners *owners = quic_owners_get(flow);
	__u32 set = flow & (QUIC_SETS - 1), way;
	struct quic_conn *c;
	__u64 now = bpf_jiffies64();

	if (!w || !owners)
		return -1;
	way = flight_victim(owners, now);
	w->conn = set * FLIGHT_WAYS + way;
	c = quic_conn_get(w->conn);
	if (!c)
		return -1;
	owners->owner[way & (FLIGHT_WAYS - 1)] = FLOW_TAG(flow) << 16 | FLIGHT_STAMP(now);
	c->flow = flow;
	c->dcid[0] = c->dcid[1] = w->dcid_hash;
	c->scid = w->scid_hash;
	c->opened = now;
	return quic_begin(c, w);
}

/*
 * The keys of a connection. Its server may go on in another version than the client began with (RFC 9368 section 2.3);
 * the keys of that one are made of the same id.
 */
static __always_inline int quic_known_keys(struct quic_conn *c, struct quic_work *w)
{
	w->keys = c->keys;
	if (c->keys.version != w->version) {
		w->cid = c->cid;
		if (quic_derive(w))
			return -1;
	}
	w->expected = c->expected;
	return 0;
}

/* Tries the keys of the connection that was found. 0: they fit; 1: they do not, others may; -1: none will. */
static __always_inline int quic_try_known(struct quic_work *w)
{
	struct quic_conn *c = quic_conn_get(w->conn);
	__u32 same;

	if (!c || quic_known_keys(c, w))
		return -1;
	same = c->keys.version == w->version;
	if (quic_open(w))
		return same && c->dcid[0] == w->dcid_hash ? -1 : 1;
	if (!same)
		c->keys = w->keys;
	if (c->dcid[0] != w->dcid_hash)
		c->dcid[1] = w->dcid_hash;
	return 0;
}

/* Opens the Initial: w->conn is then its connection. Else enum esafe_reason: why it is not read. */
PART int quic_unseal(struct quic_work *w, __u64 flow)
{
	int fits = 1, is_known = 0;
	struct quic_conn *c;

	if (!w)
		return ESAFE_R_QUIC_UNREADABLE;
	w->unfit = ~0U;
	w->dcid_hash = quic_cid_hash(w, w->dcid, w->dcid_len);
	w->scid_hash = quic_cid_hash(w, w->scid, w->scid_len);
	for (int i = 0; i < 2; i++) { /* after a Retry a server may choose the very id that the client had chosen */
		if (!quic_find(w, flow))
			break;
		fits = quic_try_known(w);
		if (!fits)
			break;
		is_known |= fits < 0;
		w->unfit = w->conn;
	}
	if (fits && (is_known || quic_own_cid(w) || quic_derive(w) || quic_open(w)))
		return ESAFE_R_QUIC_UNREADABLE;
	if (fits && (quic_note(w, flow) || quic_take(w, flow)))
		return ESAFE_R_QUIC_SPLIT;
	c = quic_conn_get(w->conn);
	if (!c)
		return ESAFE_R_QUIC_UNREADABLE;
	c->expected = w->expected;
	return 0;
}

#endif
