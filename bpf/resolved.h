/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses each device has resolved through the gateway: a flat table of 64-byte buckets, one word an address,
 * found by a secret hash of the device and the address.
 *
 * An entry holds for the TTL of the record, at least five minutes and at most a day, and an hour longer: browsers and
 * telephones keep addresses beyond their TTL. Each connection that begins makes it hold for another hour. A full bucket
 * gives up the entry that would have ended first; that device then has to ask again.
 */
#ifndef ESAFE_RESOLVED_H
#define ESAFE_RESOLVED_H

#include "maps.h"
#include "records.h"
#include "who.h"

#define RESOLVED_BUCKETS 131072
#define RESOLVED_WAYS 8
#define RESOLVED_UNIT 36 /* times are in steps of 2^36 ns: 69 s */
#define RESOLVED_MASK 0xfffff
#define RESOLVED_GRACE 53     /* an hour */
#define RESOLVED_MOST 1320    /* a day and that hour, and the beginning of a step */
#define RESOLVED_TTL_MIN 300
#define RESOLVED_TTL_MAX 86400
#define RESOLVED_RECORDS 48   /* of one answer */
#define SVCB_IPV4HINT 4
#define SVCB_IPV6HINT 6

/* bits 63..20 tag, 19..0 the time at which it ends; 0: free */
struct resolved_bucket {
	__u64 slot[RESOLVED_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RESOLVED_BUCKETS);
	__type(key, __u32);
	__type(value, struct resolved_bucket);
} resolved SEC(".maps");

#define RESOLVED_TAG(hash) ((hash) >> 20)

/* Not the wall clock: a gateway that sets its clock must not forget what was resolved. */
static __always_inline __u64 resolved_now(void)
{
	return bpf_ktime_get_coarse_ns() >> RESOLVED_UNIT;
}

/* Steps that the entry still holds for; 0: it does not. Without a jump, as in flow.h. */
static __always_inline __u64 resolved_steps(__u64 slot, __u64 now)
{
	__u64 left = (slot - now) & RESOLVED_MASK, ahead = left - RESOLVED_MOST - 1;

	asm volatile("" : "+r"(ahead));
	return left & -(ahead >> 63 & nonzero(slot));
}

/* Hash of the device that sends scratch.pkt and an address, given as two words of memory. */
static __always_inline __u64 resolved_hash(const struct scratch *s, const struct esafe_config *c, __u64 high, __u64 low)
{
	const __u64 *src = (const __u64 *)s->pkt.src;
	__u64 hash;

	if (identity(s->pkt.ifindex) == ESAFE_BY_ADDRESS)
		hash = esafe_mix(src[0], src[1], c->flow_k2, c->flow_k1);
	else
		hash = esafe_mix(1, (__u64)load4(s->pkt.mac) << 16 | load2(s->pkt.mac + 4), c->flow_k2, c->flow_k1);
	hash = esafe_mix(hash, low, c->flow_k1, c->flow_k2);
	return high ? esafe_mix(hash, high, c->flow_k2, c->flow_k1) : hash;
}

/* As that, for what a resolver asked that asks for others: it counts for every device. */
static __always_inline __u64 resolved_hash_shared(const struct esafe_config *c, __u64 high, __u64 low)
{
	__u64 hash = esafe_mix(2, low, c->flow_k1, c->flow_k2);

	return high ? esafe_mix(hash, high, c->flow_k2, c->flow_k1) : hash;
}

static __always_inline struct resolved_bucket *resolved_bucket(__u64 hash)
{
	__u32 index = hash & (RESOLVED_BUCKETS - 1);

	return bpf_map_lookup_elem(&resolved, &index);
}

/* Does the entry hold? If so it is used, and holds for another hour at least. */
static __always_inline int resolved_use(__u64 hash)
{
	struct resolved_bucket *b = resolved_bucket(hash);
	__u64 now = resolved_now();

	if (!b)
		return 0;
	for (int i = 0; i < RESOLVED_WAYS; i++) {
		__u64 slot = b->slot[i], left;

		if (RESOLVED_TAG(slot) != RESOLVED_TAG(hash))
			continue;
		left = resolved_steps(slot, now);
		if (left && left < RESOLVED_GRACE)
			b->slot[i] = RESOLVED_TAG(hash) << 20 | ((now + RESOLVED_GRACE) & RESOLVED_MASK);
		return !!left;
	}
	return 0;
}

/* Has the device that sends scratch.pkt resolved where it goes to? */
PART int resolved_find(struct scratch *s, struct esafe_policy *p)
{
	struct esafe_config *c = config_get();
	const __u64 *dst;

	if (!s || !p || !c)
		return 0;
	dst = (const __u64 *)s->pkt.dst;
	if (resolved_use(resolved_hash(s, c, dst[0], dst[1])))
		return 1;
	return p->resolvers_count && resolved_use(resolved_hash_shared(c, dst[0], dst[1]));
}

/* An address was resolved; it holds for so many steps. */
PART int resolved_put(__u64 hash, __u64 steps)
{
	struct resolved_bucket *b = resolved_bucket(hash);
	struct esafe_stats *st = stats_get();
	__u64 now = resolved_now(), best = 0;
	__u64 *victim;

	if (!b || !st)
		return -1;
	for (int i = 0; i < RESOLVED_WAYS; i++) { /* its own, or one that is over, or the one that ends first */
		__u64 slot = b->slot[i], left = resolved_steps(slot, now);

		left |= (nonzero(RESOLVED_TAG(slot) ^ RESOLVED_TAG(hash)) ^ 1) << 20;
		best = larger(best, (left ^ RESOLVED_MASK) << 3 | i);
	}
	victim = &b->slot[best & (RESOLVED_WAYS - 1)];
	if (best >> 23) {
		if (resolved_steps(*victim, now) >= steps)
			return 0;
	} else {
		st->resolved_new++;
		st->resolved_evicted += !!resolved_steps(*victim, now);
	}
	*victim = RESOLVED_TAG(hash) << 20 | ((now + steps) & RESOLVED_MASK);
	return 0;
}

/* Is the device one that asks for others? */
PART int resolved_is_shared(struct scratch *s, struct esafe_policy *p)
{
	const __u64 *src;

	if (!s || !p)
		return 0;
	src = (const __u64 *)s->pkt.src;
	for (__u32 i = 0; i < ESAFE_RESOLVERS; i++) {
		const __u64 *at = (const __u64 *)p->resolvers[i];

		if (i >= p->resolvers_count)
			break;
		if (at[0] == src[0] && at[1] == src[1])
			return 1;
	}
	return 0;
}

/* The address at this offset of the message, for the device of scratch.pkt. */
PART int resolved_learn(struct scratch *s, __u32 at, __u32 v6, __u32 ttl)
{
	struct esafe_config *c = config_get();
	__u64 high = 0, low;

	if (!s || !c)
		return -1;
	if (v6) {
		high = esafe_load8(&MESSAGE_AT(&s->response, at));
		low = esafe_load8(&MESSAGE_AT(&s->response, at + 8));
	} else {
		low = (__u64)load4(&MESSAGE_AT(&s->response, at)) << 32 | 0xffff0000;
	}
	if (ttl < RESOLVED_TTL_MIN)
		ttl = RESOLVED_TTL_MIN;
	if (ttl > RESOLVED_TTL_MAX)
		ttl = RESOLVED_TTL_MAX;
	ttl = ((__u64)ttl * 1000000000 >> RESOLVED_UNIT) + 1 + RESOLVED_GRACE;
	if (s->shared_resolver)
		return resolved_put(resolved_hash_shared(c, high, low), ttl);
	return resolved_put(resolved_hash(s, c, high, low), ttl);
}

/* The addresses of one hint, of `step` bytes each. */
PART int resolved_hint(struct scratch *s, __u32 at, __u32 end, __u32 step)
{
	if (!s)
		return -1;
	for (int i = 0; i < 16; i++) {
		if (at + step > end)
			break;
		resolved_learn(s, at, step == 16, 0);
		at += step;
	}
	return 0;
}

/* The hints of the record of type 64 or 65 that was read (RFC 9460 section 7.3). */
PART int resolved_hints(struct scratch *s)
{
	const struct dns_message *m;
	__u32 at;

	if (!s)
		return -1;
	m = &s->response;
	at = svcb_parameters(m, &s->records);
	if (!at)
		return 0;
	for (int i = 0; i < SVCB_PARAMETERS; i++) {
		__u32 key, len;

		if (at + 4 > s->records.at)
			break;
		key = MESSAGE_U16(m, at);
		len = MESSAGE_U16(m, at + 2);
		if (at + 4 + len > s->records.at)
			break;
		if (key == SVCB_IPV4HINT)
			resolved_hint(s, at + 4, at + 4 + len, 4);
		else if (key == SVCB_IPV6HINT)
			resolved_hint(s, at + 4, at + 4 + len, 16);
		at += 4 + len;
	}
	return 0;
}

/* What the record that was read says of addresses. */
PART int resolved_record(struct scratch *s)
{
	const struct dns_records *r;
	__u32 ttl;

	if (!s)
		return -1;
	r = &s->records;
	if (r->type == DNS_TYPE_HTTPS || r->type == DNS_TYPE_SVCB)
		return resolved_hints(s);
	ttl = PKT_BE32(load4(&MESSAGE_AT(&s->response, r->rdata - 6)));
	if (r->type == DNS_TYPE_A && r->rdata_len == 4)
		return resolved_learn(s, r->rdata, 0, ttl);
	if (r->type == DNS_TYPE_AAAA && r->rdata_len == 16)
		return resolved_learn(s, r->rdata, 1, ttl);
	return 0;
}

/*
 * Remembers every address of the answer in scratch.response, which passes. scratch.pkt says what the device would have
 * sent; scratch.records.len is set.
 */
PART int resolved_answer(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();

	if (!s || !p || dns_records_open(&s->response, &s->records))
		return 0;
	s->shared_resolver = p->resolvers_count && resolved_is_shared(s, p);
	for (int i = 0; i < RESOLVED_RECORDS; i++) {
		if (!s->records.left || dns_records_next(&s->response, &s->records))
			break;
		resolved_record(s);
	}
	return 0;
}

#endif
