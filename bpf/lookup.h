/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a name: the categories of the lists, and the sites of the policy that it falls under. */
#ifndef ESAFE_LOOKUP_H
#define ESAFE_LOOKUP_H

#include "bytes.h"
#include "maps.h"

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

/* The slot of the suffix with this hash, or 0. */
static __always_inline __u64 find_name(void *table, const struct catmap_header *h, __u64 hash)
{
	struct catmap_place place = catmap_place(hash, h->salt, h->buckets);
	__u32 index = h->first_filter + place.first / CATMAP_SLOTS;
	struct catmap_bucket *b = bpf_map_lookup_elem(table, &index);
	__u64 slot;

	if (!b || !(b->slot[place.first & (CATMAP_SLOTS - 1)] >> (place.bit & 63) & 1))
		return 0;
	index = h->first_bucket + place.first;
	b = bpf_map_lookup_elem(table, &index);
	if (!b)
		return 0;
	slot = catmap_find(b, place.tag);
	if (slot || !(b->slot[7] & CATMAP_OVERFLOW))
		return slot;
	index = h->first_bucket + place.second;
	b = bpf_map_lookup_elem(table, &index);
	return b ? catmap_find(b, place.tag) : 0;
}

static __always_inline void probe_names(struct scratch *s, void *table, const struct catmap_header *h, __u64 hash,
					__u32 depth)
{
	__u64 slot = find_name(table, h, hash);
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
 * Looks up the name and every parent, shortest first: s->categories, and the sites of the policy that it falls under.
 * No turn waits for what the one before found, so that their cache misses overlap.
 */
PART int walk(struct scratch *s, struct esafe_policy *p)
{
	struct esafe_config *c = config_get();
	__u64 above = 0, k1, k2;
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
	k1 = c->hash_k1;
	k2 = c->hash_k2;
	s->hits = s->listed_labels = 0;
	s->categories[0] = s->categories[1] = s->categories[2] = s->categories[3] = 0;
	for (__u32 i = 0; i < ESAFE_LABELS_MAX; i++) {
		if (i >= s->name.labels)
			break;
		above = esafe_chain_step(&s->name, i, above, k1, k2);
		probe_sites(s, p, above, i + 1);
		probe_names(s, table, header, above, i + 1);
	}
	return 0;
}

#endif
