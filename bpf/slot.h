/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot of a device: the bytes that it sends and gets are counted there, CPU by CPU, and there it is written what of
 * its open connections is cut. Nobody's slot is ever taken by another device: one that finds none is counted as such.
 *
 * A connection that was judged is asked about no more. Where a device's Internet ends before the connection does, the
 * device enters another era, and what was judged in an earlier one is reset at its next packet: of a quarantined device
 * everything, else all but what was judged since. Who is cut is found out when anything of that kind changed, and once
 * a second, for the deadlines.
 */
#ifndef ESAFE_SLOT_H
#define ESAFE_SLOT_H

#include "report.h"
#include "scope.h"
#include "table.h"
#include "who.h"

#define SLOT_ERAS 6        /* an even number: neighbours differ in their last bit */
#define SLOT_ERA_NOBODYS 7 /* of devices without a slot */
#define SLOT_TICK(jiffies) ((__u32)((jiffies) >> 8)) /* about a second */

static __always_inline struct esafe_slot *slot_get(__u32 index)
{
	return bpf_map_lookup_elem(&slot, &index);
}

static __always_inline struct esafe_volume *volume_get(__u32 index)
{
	return bpf_map_lookup_elem(&volume, &index);
}

/* Where the search for a tag begins. */
static __always_inline __u32 slot_first(const struct esafe_config *c, __u64 tag)
{
	return tag * c->flow_k1 >> 50;
}
_Static_assert(ESAFE_SLOTS == 1 << (64 - 50), "slots");

/* The sender of scratch.pkt, or with `down` its receiver, by MAC. */
static __always_inline __u64 slot_tag_mac(const struct scratch *s, int down)
{
	return (esafe_load8(down ? s->pkt.mac_to : s->pkt.mac) & 0xffffffffffffULL) | 1ULL << 63;
}

/* The same as the interface tells devices apart. 0: it is no single device. */
static __always_inline __u64 slot_tag(const struct scratch *s, const struct esafe_config *c, __u32 kind, int down)
{
	const __u64 *addr = (const __u64 *)(down ? s->pkt.dst : s->pkt.src);
	__u64 tag = slot_tag_mac(s, down);

	if (tag & 1)
		return 0; /* to many */
	if (kind == ESAFE_BY_MAC)
		return tag;
	if (!s->pkt.family)
		return 0;
	tag = esafe_mix(esafe_mix(1, addr[0], c->flow_k1, c->flow_k2), addr[1], c->flow_k2, c->flow_k1);
	return (tag & ~(1ULL << 63)) | 1;
}

/* The packet as its receiver would have sent it, and back. */
static __always_inline void slot_turn(struct pkt *p)
{
	for (int i = 0; i < 4; i++) {
		__u32 t = p->src[i];

		p->src[i] = p->dst[i];
		p->dst[i] = t;
	}
	for (int i = 0; i < 6; i++) {
		__u8 t = p->mac[i];

		p->mac[i] = p->mac_to[i];
		p->mac_to[i] = t;
	}
}

/* Index of the device's slot, which it takes if it has none. ESAFE_SLOTS: there is none for it. */
PART __u32 slot_search(struct scratch *s, __u64 tag, __u32 kind, int down)
{
	struct esafe_config *c = config_get();
	__u32 vacant = ESAFE_SLOTS;
	struct esafe_slot *at;
	__u64 was;

	if (!s || !c)
		return ESAFE_SLOTS;
	for (__u32 i = 0; i < ESAFE_SLOT_WAYS; i++) {
		__u32 index = (slot_first(c, tag) + i) & (ESAFE_SLOTS - 1);

		at = slot_get(index);
		if (!at || at->tag == tag)
			return index;
		if (!at->tag && vacant == ESAFE_SLOTS)
			vacant = index;
	}
	at = slot_get(vacant);
	if (!at)
		return ESAFE_SLOTS;
	was = __sync_val_compare_and_swap(&at->tag, 0, tag);
	if (was)
		return was == tag ? vacant : ESAFE_SLOTS; /* another packet was faster: the next one looks again */
	at->tick = ~at->tick;
	at->key.kind = kind;
	for (int i = 0; i < 16; i++)
		at->key.addr[i] = 0;
	if (kind == ESAFE_BY_ADDRESS)
		__builtin_memcpy(at->key.addr, down ? s->pkt.dst : s->pkt.src, 16);
	else
		__builtin_memcpy(at->key.addr, down ? s->pkt.mac_to : s->pkt.mac, 6);
	return vacant;
}

/* The lesson by which the device of scratch may only see certain sites; 0 and cut NONE: there is none. */
static __always_inline __u32 cut_lesson(const struct scratch *s, const struct esafe_config *c, __u32 *cut)
{
	for (__u32 kind = ESAFE_SCOPE_DEVICE; kind <= ESAFE_SCOPE_GROUP; kind++) {
		const struct esafe_scope *found;
		__u32 id;

		if (!(c->scopes >> kind & 1))
			continue;
		found = scope_find(s, kind, &id);
		if (found && found->flags & ESAFE_SCOPE_LESSON_ONLY && s->now_ns < found->lesson_until_ns) {
			*cut = ESAFE_CUT_LESSON;
			return found->lesson;
		}
	}
	return 0;
}

/* Finds out what is cut of the device that sends scratch.pkt: scratch.cut_off, and which lesson does it. */
PART __u32 cut_find(void)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	__u32 flags, lesson = 0;

	if (!s || !c)
		return 0;
	s->cut_off = ESAFE_CUT_NONE;
	if (!p || !(c->cut_devices | c->cut_scopes) || who(s, p))
		return 0;
	flags = s->device.flags;
	if (flags & ESAFE_DEVICE_QUARANTINED)
		s->cut_off = ESAFE_CUT_ALL;
	else if (flags & ESAFE_DEVICE_SUSPENDED && !is_over(s->device.suspended_until_ns, s->now_ns))
		s->cut_off = ESAFE_CUT_SUSPENDED;
	else if (flags & ESAFE_DEVICE_OVER_QUOTA)
		s->cut_off = ESAFE_CUT_QUOTA;
	else if (c->cut_scopes)
		lesson = cut_lesson(s, c, &s->cut_off);
	return lesson;
}

/* Brings the slot up to date; scratch.cut_off and scratch.era are then right. */
PART int slot_refresh(struct scratch *s, __u32 index, int down)
{
	struct esafe_config *c = config_get();
	__u32 lesson, epoch;
	struct esafe_slot *at;

	if (!s || !c)
		return -1;
	epoch = c->epoch;
	begin(s);
	if (down)
		slot_turn(&s->pkt);
	lesson = cut_find();
	if (down)
		slot_turn(&s->pkt);
	s->era = SLOT_ERA_NOBODYS;
	at = slot_get(index);
	if (!at)
		return 0;
	if (at->cut != s->cut_off || at->lesson != lesson) {
		if (s->cut_off)
			at->era = at->era % SLOT_ERAS + 1;
		at->lesson = lesson;
		at->cut = s->cut_off;
	}
	at->seen = s->now_ns / 1000000000;
	at->tick = SLOT_TICK(s->tick);
	at->epoch = epoch;
	s->era = at->era;
	return 0;
}

/* slot_touch() for a device that has no slot yet, not its first one, or one that is to be brought up to date. */
PART int slot_touch_slowly(__u32 len, int down)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	struct esafe_volume *count;
	struct esafe_slot *at;
	__u32 index, kind;
	__u64 tag;

	if (!s || !c)
		return ESAFE_CUT_NONE;
	s->cut_off = s->era = 0;
	kind = identity(s->pkt.ifindex);
	tag = slot_tag(s, c, kind, down);
	if (!tag)
		return ESAFE_CUT_NONE;
	index = slot_search(s, tag, kind, down);
	at = slot_get(index);
	count = volume_get(index);
	if (!at || !count) {
		struct esafe_stats *st = stats_get();

		if (st)
			st->uncounted += len;
		slot_refresh(s, ESAFE_SLOTS, down);
		return s->cut_off;
	}
	if (down)
		count->down += len;
	else
		count->up += len;
	s->cut_off = at->cut;
	s->era = at->era;
	if (at->tick != SLOT_TICK(bpf_jiffies64()) || at->epoch != c->epoch)
		slot_refresh(s, index, down);
	return s->cut_off;
}

/* Counts a packet of `len` bytes that the device sends, or with `down` gets. Returns what is cut of it: ESAFE_CUT_*. */
static __always_inline int slot_touch(struct scratch *s, const struct esafe_config *c, __u32 len, int down)
{
	__u64 tag = slot_tag_mac(s, down);
	__u32 index = slot_first(c, tag);
	struct esafe_slot *at = slot_get(index);
	struct esafe_volume *count;

	s->nonce = 0;
	if (c->by_address || !at || at->tag != tag || at->tick != SLOT_TICK(bpf_jiffies64()) || at->epoch != c->epoch)
		return slot_touch_slowly(len, down);
	count = volume_get(index);
	if (!count)
		return ESAFE_CUT_NONE;
	if (down)
		count->down += len;
	else
		count->up += len;
	s->cut_off = at->cut;
	s->era = at->era;
	return at->cut;
}

enum cut_fate { CUT_PASS, CUT_DROP, CUT_RESET };

/* The connection of a packet of TCP or UDP was judged in another era than this. */
static __always_inline int cut_is_over(struct scratch *s, __u64 hash)
{
	struct judged_bucket *b = judged_bucket(hash);
	struct opening_bucket *ob = opening_bucket(hash);
	struct opening *o;

	if (!b || !ob)
		return 0;
	if (judged_is_old(judged_find(b, hash), s->era))
		return 1;
	o = opening_find(ob, hash);
	if (!o || OPENING_ERA(o) == (s->era & 1))
		return 0;
	return OPENING_STATE(o) == OPENING_NAMED || OPENING_STATE(o) >= OPENING_WATCHED;
}

TABLE __u8 cut_reasons[8] = {
	[ESAFE_CUT_LESSON] = ESAFE_R_LESSON_ONLY,
	[ESAFE_CUT_QUOTA] = ESAFE_R_QUOTA,
	[ESAFE_CUT_SUSPENDED] = ESAFE_R_SUSPENDED,
	[ESAFE_CUT_ALL] = ESAFE_R_QUARANTINE,
};

/* A packet of a device of which something is cut: what becomes of it. Connections that begin are judged as any. */
PART int cut_packet(__u32 kind, int down)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	__u64 hash;

	if (!s || !c)
		return CUT_DROP;
	if (s->cut_off == ESAFE_CUT_ALL) {
		if (s->pkt.type == PKT_ETH_ARP)
			return CUT_PASS;
		count_drop(ESAFE_R_QUARANTINE);
		return CUT_DROP;
	}
	if ((kind != PKT_TCP && !(kind == PKT_UDP && down)) || (kind == PKT_TCP && s->pkt.tcp_flags & TCP_SYN))
		return CUT_PASS;
	hash = flow_hash(c, &s->pkt, !down);
	if (!cut_is_over(s, hash))
		return CUT_PASS;
	if (down)
		return CUT_DROP;
	s->flow = hash;
	stream_settle(JUDGED_BLOCKED);
	count_verdict(ESAFE_NONE, ESAFE_BLOCK, cut_reasons[s->cut_off & 7]);
	return CUT_RESET;
}

#endif
