/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sends a packet, and which time slot of the policy it is. */
#ifndef ESAFE_WHO_H
#define ESAFE_WHO_H

#include "maps.h"

/* ---- when ---- */

static __always_inline int slot_holds(const struct esafe_policy *p, __u32 i, __u64 now)
{
	return i < p->transitions_count && p->transitions[i & (ESAFE_TRANSITIONS - 1)].at_ns <= now &&
	       (i + 1 >= p->transitions_count || now < p->transitions[(i + 1) & (ESAFE_TRANSITIONS - 1)].at_ns);
}

/* The transition in force at s->now_ns, when it is no longer the one of the packet before. */
PART int find_slot(struct scratch *s, struct esafe_policy *p)
{
	volatile __u32 *slot; /* kept in memory: in a register it would make the verifier try every path */

	if (!s || !p)
		return 0;
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
PART int find_place(struct scratch *s, struct esafe_policy *p)
{

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

/* How devices on this interface are told apart. Nearly always by MAC everywhere: then no interface is looked up. */
static __always_inline __u32 identity(__u32 ifindex)
{
	struct esafe_config *c = config_get();
	struct esafe_iface *at;

	if (!c || !c->by_address)
		return ESAFE_BY_MAC;
	at = bpf_map_lookup_elem(&iface, &ifindex);
	return at ? at->identity : ESAFE_BY_MAC;
}

/* Whose packet it is: s->device, s->group, s->how. A group that the policy no longer has is no group. */
PART int who(struct scratch *s, struct esafe_policy *p)
{
	struct esafe_device_key key;
	struct esafe_device *known;

	if (!s || !p)
		return -1;
	device_key(&key, &s->pkt, identity(s->pkt.ifindex));
	known = bpf_map_lookup_elem(&device, &key);
	s->group = ESAFE_NONE;
	if (known) {
		s->device = *known;
		s->group = known->group;
		s->how = known->how;
		if (known->until_ns && s->now_ns >= known->until_ns) {
			s->group = known->base_group;
			s->how = known->base_how;
			s->device.user = 0;
			s->device.class = known->base_class;
		}
	} else {
		__builtin_memset(&s->device, 0, sizeof(s->device));
	}
	if (s->group >= ESAFE_GROUPS || !p->groups[s->group & (ESAFE_GROUPS - 1)].valid)
		return find_place(s, p);
	return 0;
}

#endif
