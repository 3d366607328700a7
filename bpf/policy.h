/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision: (device, name, time) -> verdict, reason. One function, asked by every hook and by `esafectl why`.
 * First match wins:
 *
 *    1 locked floor           block
 *    2 quarantine             drop
 *    3 help and update sites  allow
 *    4 canaries               their answer, whatever else holds
 *    5 no Internet            block
 *    6 site rules             longest name first; as written
 *    7 categories             strictest of block, supervised, allow in the current time slot
 *    8 default                for names in no category that the group has a verdict for
 *
 * and what is allowed may still be led elsewhere: a locked search service is rewritten, a connection to such a service
 * at any other address is a bypass, and record type 65 may be withheld. A site rule that allows google.com therefore
 * does not unlock its search.
 */
#ifndef ESAFE_POLICY_H
#define ESAFE_POLICY_H

#include "maps.h"

/* ---- when ---- */

static __always_inline int slot_holds(const struct esafe_policy *p, __u32 i, __u64 now)
{
	return i < p->transitions_count && p->transitions[i & (ESAFE_TRANSITIONS - 1)].at_ns <= now &&
	       (i + 1 >= p->transitions_count || now < p->transitions[(i + 1) & (ESAFE_TRANSITIONS - 1)].at_ns);
}

/* The transition in force at s->now_ns: nearly always the one of the packet before. */
PART int find_slot(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	volatile __u32 *slot; /* kept in memory: in a register it would make the verifier try every path */

	if (!s || !p)
		return 0;
	if (slot_holds(p, p->current, s->now_ns))
		return p->current;
	slot = &s->slot;
	*slot = 0;
	for (__u32 step = ESAFE_TRANSITIONS / 2; step; step /= 2) {
		__u32 ahead = *slot + step;

		if (ahead < p->transitions_count &&
		    p->transitions[ahead & (ESAFE_TRANSITIONS - 1)].at_ns <= s->now_ns)
			*slot = ahead;
	}
	if (!s->nonce)
		p->current = *slot;
	return *slot;
}

/* ---- who ---- */

static __always_inline int place_fits(const struct esafe_place *place, const struct pkt *pkt)
{
	const __u64 *addr = (const __u64 *)place->addr, *mask = (const __u64 *)place->mask;
	const __u64 *src = (const __u64 *)pkt->src;
	__u16 vlan = pkt->vlan_inner ? pkt->vlan_inner : pkt->vlan_outer;

	if (place->ifindex && place->ifindex != pkt->ifindex)
		return 0;
	if (place->vlan && place->vlan != vlan)
		return 0;
	return (src[0] & mask[0]) == addr[0] && (src[1] & mask[1]) == addr[1];
}

/* The group of a device by where it is. */
PART int find_place(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();

	if (!s || !p)
		return -1;
	for (__u32 i = 0; i < ESAFE_PLACES; i++) {
		if (i >= p->places_count)
			break;
		if (place_fits(&p->places[i], &s->pkt)) {
			s->how = p->places[i].how;
			s->group = p->places[i].group;
			return 0;
		}
	}
	s->how = ESAFE_HOW_STRICTEST;
	s->group = p->strictest;
	return 0;
}

static __always_inline void device_key(struct esafe_device_key *key, const struct pkt *pkt, __u32 identity)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->kind = identity;
	if (identity == ESAFE_BY_ADDRESS)
		__builtin_memcpy(key->addr, pkt->src, 16);
	else
		__builtin_memcpy(key->addr, pkt->mac, 6);
}

/* Whose packet it is: s->device, s->group, s->how. A group that the policy no longer has is no group. */
PART int who(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	struct esafe_device_key key;
	struct esafe_device *known;
	struct esafe_iface *at;
	__u32 ifindex;

	if (!s || !p)
		return -1;
	ifindex = s->pkt.ifindex;
	at = bpf_map_lookup_elem(&iface, &ifindex);
	device_key(&key, &s->pkt, at ? at->identity : ESAFE_BY_MAC);
	known = bpf_map_lookup_elem(&device, &key);
	s->group = ESAFE_NONE;
	if (known) {
		s->device = *known;
		s->group = known->group;
		s->how = known->how;
		if (known->until_ns && s->now_ns >= known->until_ns) {
			s->group = known->base_group;
			s->device.user = 0;
			s->how = ESAFE_HOW_DEVICE;
		}
	} else {
		__builtin_memset(&s->device, 0, sizeof(s->device));
	}
	if (s->group >= ESAFE_GROUPS || !p->groups[s->group & (ESAFE_GROUPS - 1)].valid)
		return find_place();
	return 0;
}

/* ---- what ---- */

static __always_inline int slot_applies(__u64 slot, __u32 depth, __u32 labels)
{
	if (slot & CATMAP_EXACT)
		return depth == labels;
	if (slot & CATMAP_BELOW)
		return depth < labels;
	return 1;
}

static __always_inline void probe_sites(struct scratch *s, const struct esafe_policy *p, __u64 hash, __u32 depth)
{
	const struct catmap_bucket *b, *buckets = (const struct catmap_bucket *)p->site_slots;
	__u32 bit = catmap_bit(hash, ESAFE_SITE_FILTER);
	struct catmap_place place;
	__u64 slot;

	if (!(p->site_filter[bit / 64] >> bit % 64 & 1))
		return;
	place = catmap_place(hash, p->site_salt, ESAFE_SITE_BUCKETS);
	b = &buckets[place.first & (ESAFE_SITE_BUCKETS - 1)];
	slot = catmap_find(b, place.tag);
	if (!slot && b->slot[7] & CATMAP_OVERFLOW)
		slot = catmap_find(&buckets[place.second & (ESAFE_SITE_BUCKETS - 1)], place.tag);
	if (!slot)
		return;
	s->hit_site[s->hits & (HITS - 1)] = slot & CATMAP_ID_MASK;
	s->hit_labels[s->hits & (HITS - 1)] = depth;
	s->hits++;
}

/* The slot of a suffix whose first bucket was reached, or 0. */
static __always_inline __u64 find_name(void *table, const struct catmap_header *h, const struct probe *probe)
{
	__u32 index = probe->index;
	struct catmap_bucket *b = bpf_map_lookup_elem(table, &index);
	__u64 slot;

	if (!b)
		return 0;
	slot = catmap_find(b, probe->tag);
	if (slot || !(b->slot[7] & CATMAP_OVERFLOW))
		return slot;
	index = h->first_bucket + catmap_other(probe->tag, probe->index - h->first_bucket, h->buckets);
	b = bpf_map_lookup_elem(table, &index);
	return b ? catmap_find(b, probe->tag) : 0;
}

static __always_inline void probe_names(struct scratch *s, void *table, const struct catmap_header *h, __u32 depth)
{
	__u64 slot = find_name(table, h, &s->probe[(depth - 1) & (ESAFE_LABEL_ROOM - 1)]);
	struct catmap_set *set;
	__u32 index;

	if (!slot || !slot_applies(slot, depth, s->name.labels))
		return;
	index = 1 + (slot & CATMAP_ID_MASK);
	set = bpf_map_lookup_elem(table, &index);
	if (!set)
		return;
	for (int i = 0; i < 4; i++)
		s->categories[i] = (s->categories[i] & ~set->drop[i]) | set->add[i];
	s->listed_labels = depth;
}

/*
 * Where each suffix stands, and a first touch of its bucket: the cache misses of all suffixes then overlap, for no
 * branch waits for any of them.
 */
static __always_inline void reach_names(struct scratch *s, void *table, const struct catmap_header *h, __u64 k1, __u64 k2)
{
	__u64 above = 0, touched = 0, salt = h->salt;
	__u32 buckets = h->buckets, base = h->first_bucket;

	for (__u32 i = 0; i < ESAFE_LABELS_MAX; i++) {
		struct catmap_place place;
		struct catmap_bucket *b;
		__u32 index;

		if (i >= s->name.labels)
			break;
		above = esafe_chain_step(&s->name, i, above, k1, k2);
		place = catmap_place(above, salt, buckets);
		index = base + place.first;
		s->probe[i].tag = place.tag;
		s->probe[i].index = index;
		b = bpf_map_lookup_elem(table, &index);
		if (b)
			touched |= b->slot[7];
	}
	s->touched = touched;
}

/* Looks up the name and every parent, shortest first: s->categories, and the sites of the policy that it falls under. */
PART int walk(void)
{
	struct esafe_config *c = config_get();
	struct esafe_policy *p = policy_get();
	struct scratch *s = scratch_get();
	struct catmap_header *header;
	__u32 zero = 0;
	void *table;

	if (!s || !p || !c)
		return -1;
	table = bpf_map_lookup_elem(&names, &zero);
	if (!table)
		return -1;
	header = bpf_map_lookup_elem(table, &zero);
	if (!header)
		return -1;
	s->hits = s->listed_labels = 0;
	s->categories[0] = s->categories[1] = s->categories[2] = s->categories[3] = 0;
	reach_names(s, table, header, c->hash_k1, c->hash_k2);
	for (__u32 i = 0; i < ESAFE_LABELS_MAX; i++) {
		if (i >= s->name.labels)
			break;
		probe_sites(s, p, s->name.suffix[i], i + 1);
		probe_names(s, table, header, i + 1);
	}
	return 0;
}

/* ---- verdict ---- */

static __always_inline void verdict(struct scratch *s, __u32 what, __u32 why, __u32 answer)
{
	s->verdict = what;
	s->reason = why;
	s->answer = answer;
}

static __always_inline const struct esafe_site *hit_site(const struct esafe_policy *p, const struct scratch *s, __u32 i)
{
	return &p->sites[s->hit_site[i & (HITS - 1)] & (ESAFE_SITES - 1)];
}

/* Is the name below a protected site? Sets reason to HELP or UPDATE. */
PART int find_protection(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();

	if (!s || !p)
		return 0;
	for (__u32 i = 0; i < HITS; i++) {
		const struct esafe_site *site = hit_site(p, s, i);

		if (i >= s->hits)
			break;
		if (site->protect) {
			s->matched = s->hit_labels[i & (HITS - 1)];
			verdict(s, ESAFE_ALLOW, site->protect, 0);
			return 1;
		}
	}
	return 0;
}

/* The rule of one site for this group now. 1: found, verdict set. */
PART int site_rule(__u32 hit)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_site *site;
	__u64 group;

	if (!s || !p)
		return 0;
	site = hit_site(p, s, hit);
	group = 1ULL << (s->group & 63);
	for (__u32 i = 0; i < ESAFE_CLAUSES_PER_SITE; i++) {
		const struct esafe_clause *c = &p->clauses[(site->clause + i) & (ESAFE_CLAUSES - 1)];

		if (i >= site->clauses)
			break;
		if (c->groups & group && s->windows & 1ULL << (c->window & 63)) {
			s->matched = s->hit_labels[hit & (HITS - 1)];
			s->line = site->line;
			verdict(s, c->verdict, c->reason, 0);
			return 1;
		}
	}
	return 0;
}

/* The rule of the longest site that has one for this group now. 1: found, verdict set. */
PART int find_site_rule(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return 0;
	for (__u32 i = 1; i <= HITS; i++) {
		if (i > s->hits)
			break;
		if (site_rule(s->hits - i))
			return 1;
	}
	return 0;
}

/* Number of the first category of the name that is in `set`, or ESAFE_NO_CATEGORY. */
static __always_inline __u32 first_category(const struct scratch *s, const __u64 *set)
{
	for (__u32 i = 0; i < 4; i++) {
		__u64 both = s->categories[i] & set[i];

		if (both) {
			__u32 n = i * 64;

			if (!(both & 0xffffffff)) { n += 32; both >>= 32; }
			if (!(both & 0xffff)) { n += 16; both >>= 16; }
			if (!(both & 0xff)) { n += 8; both >>= 8; }
			if (!(both & 0xf)) { n += 4; both >>= 4; }
			if (!(both & 3)) { n += 2; both >>= 2; }
			return n + !(both & 1);
		}
	}
	return ESAFE_NO_CATEGORY;
}

static __always_inline void judge_categories(struct scratch *s, const struct esafe_profile *profile)
{
	__u32 category = first_category(s, profile->block);

	s->matched = s->listed_labels;
	if (category != ESAFE_NO_CATEGORY) {
		int timed = profile->timed[(category >> 6) & 3] >> (category & 63) & 1;

		s->category = category;
		verdict(s, ESAFE_BLOCK, timed ? ESAFE_R_TIME : ESAFE_R_CATEGORY, 0);
		return;
	}
	category = first_category(s, profile->supervised);
	if (category != ESAFE_NO_CATEGORY) {
		s->category = category;
		verdict(s, ESAFE_BLOCK, ESAFE_R_SUPERVISED, 0);
		return;
	}
	s->matched = 0;
	verdict(s, profile->default_verdict, profile->default_reason, 0);
}

/* The service whose very name this is, or 0. *canary: it is one. */
static __always_inline __u32 exact_service(const struct scratch *s, const struct esafe_policy *p, __u32 *canary)
{
	const struct esafe_site *site;

	if (!s->hits || s->hit_labels[(s->hits - 1) & (HITS - 1)] != s->name.labels)
		return 0;
	site = hit_site(p, s, s->hits - 1);
	*canary = site->canary;
	return site->service & (ESAFE_SERVICES - 1);
}

/* Is the destination one of the addresses that this service is locked to? */
PART int address_is_pinned(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const __u64 *dst;
	__u32 canary = 0, service;

	if (!s || !p)
		return 0;
	service = exact_service(s, p, &canary);
	dst = (const __u64 *)s->pkt.dst;
	for (__u32 i = 0; i < ESAFE_PINNED; i++) {
		const __u64 *addr = (const __u64 *)p->pinned[i].addr;

		if (i >= p->pinned_count)
			break;
		if (p->pinned[i].services >> service & 1 && addr[0] == dst[0] && addr[1] == dst[1])
			return 1;
	}
	return 0;
}

/* What is allowed may be led elsewhere. */
static __always_inline void judge_service(struct scratch *s, const struct esafe_policy *p,
					  const struct esafe_profile *profile, __u32 service)
{
	__u32 answer = profile->service_answer[service];

	if (service && answer) {
		if (s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP)
			verdict(s, ESAFE_REWRITE, ESAFE_R_SAFESEARCH, answer);
		else if (!address_is_pinned())
			verdict(s, ESAFE_BLOCK, ESAFE_R_BYPASS, 0);
		return;
	}
	if (s->proto == ESAFE_P_DNS &&
	    (s->question.qtype == DNS_TYPE_HTTPS || s->question.qtype == DNS_TYPE_SVCB) &&
	    p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_HIDE_HTTPS_RR)
		verdict(s, ESAFE_REWRITE, ESAFE_R_HTTPS_RECORD, 0);
}

/* Everything below the floor, for a name that was walked. */
static __always_inline void judge_name(struct scratch *s, struct esafe_policy *p, const struct esafe_profile *profile)
{
	__u32 canary = 0, service;

	if (s->device.flags & ESAFE_DEVICE_QUARANTINED)
		return verdict(s, ESAFE_DROP, ESAFE_R_QUARANTINE, 0);
	if (s->hits && find_protection())
		return;
	service = exact_service(s, p, &canary);
	if (canary && service && profile->service_answer[service]) {
		if (s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP)
			return verdict(s, ESAFE_REWRITE, ESAFE_R_CANARY, profile->service_answer[service]);
		return verdict(s, ESAFE_BLOCK, ESAFE_R_CANARY, 0);
	}
	if (s->device.flags & ESAFE_DEVICE_SUSPENDED)
		return verdict(s, ESAFE_BLOCK, ESAFE_R_SUSPENDED, 0);
	if (p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_NO_INTERNET)
		return verdict(s, ESAFE_BLOCK, ESAFE_R_NO_INTERNET, 0);
	if (!s->hits || !find_site_rule())
		judge_categories(s, profile);
	if (s->verdict == ESAFE_ALLOW)
		judge_service(s, p, profile, service);
}

static __always_inline void forget_verdict(struct scratch *s)
{
	s->category = ESAFE_NO_CATEGORY;
	s->line = s->matched = s->answer = 0;
	s->log = ESAFE_LOG_FULL;
	verdict(s, ESAFE_BLOCK, ESAFE_R_NO_POLICY, 0);
}

/* Who and when: group and profile. Not found: a verdict is set and -1 returned. */
static __always_inline int find_profile(struct scratch *s, const struct esafe_policy *p)
{
	const struct esafe_transition *slot;

	forget_verdict(s);
	if (!s->now_ns)
		s->now_ns = bpf_ktime_get_tai_ns();
	if (who())
		return -1;
	slot = &p->transitions[find_slot() & (ESAFE_TRANSITIONS - 1)];
	s->windows = slot->windows;
	s->profile = slot->profile[s->group & (ESAFE_GROUPS - 1)];
	s->log = p->groups[s->group & (ESAFE_GROUPS - 1)].log;
	return 0;
}

/*
 * Judges scratch.name for the sender of scratch.pkt, asked by scratch.proto: verdict, reason, answer, category, line,
 * matched. The name has been scanned.
 */
PART int decide(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_profile *profile;
	__u32 category;

	if (!s)
		return -1;
	if (!p) {
		s->group = ESAFE_NONE;
		forget_verdict(s);
		return 0;
	}
	if (find_profile(s, p) || walk())
		return 0;
	profile = &p->profiles[s->profile & (ESAFE_PROFILES - 1)];
	category = first_category(s, p->floor);
	if (category != ESAFE_NO_CATEGORY) {
		s->category = category;
		s->matched = s->listed_labels;
		verdict(s, ESAFE_BLOCK, ESAFE_R_FLOOR, 0);
	} else {
		judge_name(s, p, profile);
	}
	if (s->verdict == ESAFE_BLOCK)
		s->answer = profile->block_answer;
	return 0;
}

/* Judges a connection that does not say its name: as the group's default does, or as its Internet is cut. */
PART int decide_unnamed(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_profile *profile;

	if (!s)
		return -1;
	s->name.len = s->name.labels = 0;
	if (!p) {
		s->group = ESAFE_NONE;
		forget_verdict(s);
		return 0;
	}
	if (find_profile(s, p))
		return 0;
	profile = &p->profiles[s->profile & (ESAFE_PROFILES - 1)];
	if (s->device.flags & ESAFE_DEVICE_QUARANTINED)
		verdict(s, ESAFE_DROP, ESAFE_R_QUARANTINE, 0);
	else if (s->device.flags & ESAFE_DEVICE_SUSPENDED)
		verdict(s, ESAFE_BLOCK, ESAFE_R_SUSPENDED, 0);
	else if (p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_NO_INTERNET)
		verdict(s, ESAFE_BLOCK, ESAFE_R_NO_INTERNET, 0);
	else
		verdict(s, profile->default_verdict, ESAFE_R_UNNAMED, 0);
	return 0;
}

#endif
