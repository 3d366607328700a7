/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel programs, compiled for this machine: their maps are plain memory, their helpers functions below, and the
 * packet stands in the lowest 4 GiB, where __sk_buff can say so. What a map held is forgotten by native_reset().
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* bounded.h speaks the kernel's assembler. */
#define ESAFE_BOUNDED_H
#include <linux/types.h>
static inline __u64 bounded(__u64 len, __u32 room)
{
	return ((len - 1) & (room - 1)) + 1;
}

#include "../../bpf/esafe.bpf.c"

#define NATIVE_FRAME 66000
#define NATIVE_EVENTS 512
#define NATIVE_TOUCHED 65536

struct native_event {
	struct esafe_event event;
	__u8 name[256];
};

struct native_map {
	const void *map;
	__u32 size, count;
	__u8 *values;
};

static struct native_map native_maps[24];
static unsigned native_maps_n;
static struct { __u8 *at; __u32 size; } native_touched[NATIVE_TOUCHED];
static unsigned native_touched_n;
static struct native_event native_events[NATIVE_EVENTS];
static unsigned native_events_n; /* since native_reset() */
static __u64 native_jiffies;
static __u8 *native_frame;       /* the packet, and what is built in its place */
static struct __sk_buff native_skb;
static unsigned native_copies;   /* packets that were sent beside it */
static struct esafe_policy native_policy;
static __u8 native_names_tag, native_policy_tag;

#define NATIVE_MAP(name)                                                                    \
	native_maps[native_maps_n++] = (struct native_map){ &name, sizeof(*name.value),     \
		sizeof(*name.max_entries) / sizeof(int), calloc(sizeof(*name.max_entries) / sizeof(int), sizeof(*name.value)) }

/* A table of one empty bucket, behind its header and the empty set. */
static void *native_names(__u32 key)
{
	static struct catmap_header header = { .magic = CATMAP_MAGIC, .buckets = 1, .sets = 1, .first_bucket = 2,
						 .first_filter = 2 };
	static struct catmap_bucket bucket;

	return key ? (void *)&bucket : (void *)&header;
}

static void *native_lookup(void *map, const void *key)
{
	__u32 index = *(const __u32 *)key;

	if (map == &native_names_tag)
		return native_names(index);
	if (map == &native_policy_tag)
		return &native_policy;
	if (map == (void *)&names)
		return &native_names_tag;
	if (map == (void *)&policy)
		return &native_policy_tag;
	for (unsigned i = 0; i < native_maps_n; i++) {
		struct native_map *m = &native_maps[i];

		if (m->map != map)
			continue;
		if (index >= m->count)
			return NULL;
		if (m->count > 1 && native_touched_n < NATIVE_TOUCHED) {
			native_touched[native_touched_n].at = m->values + (size_t)index * m->size;
			native_touched[native_touched_n++].size = m->size;
		}
		return m->values + (size_t)index * m->size;
	}
	return NULL; /* hashes are empty */
}

static long native_update(void *map, const void *key, const void *value, __u64 flags) { return 0; }

static long native_load(const void *skb, __u32 offset, void *to, __u32 len)
{
	if (offset > native_skb.len || len > native_skb.len - offset)
		return -EFAULT;
	memcpy(to, native_frame + offset, len);
	return 0;
}

static long native_store(struct __sk_buff *skb, __u32 offset, const void *from, __u32 len, __u64 flags)
{
	if (offset > native_skb.len || len > native_skb.len - offset)
		return -EFAULT;
	memcpy(native_frame + offset, from, len);
	return 0;
}

static long native_tail(struct __sk_buff *skb, __u32 len, __u64 flags)
{
	if (len > NATIVE_FRAME)
		return -EINVAL;
	if (len > native_skb.len)
		memset(native_frame + native_skb.len, 0, len - native_skb.len);
	native_skb.len = len;
	native_skb.data_end = native_skb.data + len;
	return 0;
}

static long native_copy(struct __sk_buff *skb, __u32 ifindex, __u64 flags)
{
	native_copies++;
	return 0;
}

static long native_redirect(__u32 ifindex, __u64 flags) { return TC_ACT_REDIRECT; }
static long native_pull(struct __sk_buff *skb, __u32 len) { return 0; }
static __u64 native_now_jiffies(void) { return native_jiffies; }
static __u64 native_now(void) { return native_jiffies * 4000000 + 1; }
static long native_fib(void *ctx, struct bpf_fib_lookup *params, int size, __u32 flags) { return -EINVAL; }

static void *native_reserve(void *ring, __u64 size, __u64 flags)
{
	return size <= sizeof(struct native_event) ? &native_events[native_events_n % NATIVE_EVENTS] : NULL;
}

static void native_submit(void *data, __u64 flags) { native_events_n++; }

static void native_helpers(void)
{
	bpf_map_lookup_elem = native_lookup;
	bpf_map_update_elem = native_update;
	bpf_skb_load_bytes = native_load;
	bpf_skb_store_bytes = native_store;
	bpf_skb_change_tail = native_tail;
	bpf_skb_pull_data = native_pull;
	bpf_clone_redirect = native_copy;
	bpf_redirect = native_redirect;
	bpf_jiffies64 = native_now_jiffies;
	bpf_ktime_get_ns = bpf_ktime_get_tai_ns = bpf_ktime_get_coarse_ns = native_now;
	bpf_fib_lookup = native_fib;
	bpf_ringbuf_reserve = native_reserve;
	bpf_ringbuf_submit = native_submit;
}

/* One group, whose default is the verdict given; whoever sends is in it. */
static void native_set_policy(__u8 verdict)
{
	native_policy.transitions_count = 1;
	native_policy.transitions[0].windows = 1;
	native_policy.groups[0] = (struct esafe_group){ .valid = 1, .quic = ESAFE_QUIC_INSPECT,
						       .tunnels = verdict == ESAFE_ALLOW ? 0xffff : 0 };
	native_policy.profiles[0].default_verdict = verdict;
	native_policy.profiles[0].default_reason = ESAFE_R_DEFAULT;
	native_policy.doh = ESAFE_NO_CATEGORY;
}

static void native_open(void)
{
	struct esafe_config c = { .hash_k1 = 0x9e3779b97f4a7c15ULL, .hash_k2 = 0xbf58476d1ce4e5b9ULL,
				  .flow_k1 = 0xbf58476d1ce4e5b9ULL, .flow_k2 = 0x9e3779b97f4a7c15ULL, .abi = ESAFE_ABI };
	__u32 zero = 0;

	native_helpers();
	NATIVE_MAP(scratch);
	NATIVE_MAP(config);
	NATIVE_MAP(judged);
	NATIVE_MAP(opening);
	NATIVE_MAP(flight_owners);
	NATIVE_MAP(flights);
	NATIVE_MAP(datagrams);
	NATIVE_MAP(verdicts);
	NATIVE_MAP(known);
	NATIVE_MAP(stats);
	NATIVE_MAP(resolved);
	NATIVE_MAP(quic_work);
	NATIVE_MAP(quic_owners);
	NATIVE_MAP(quic_conns);
	NATIVE_MAP(quic_tokens);
	native_frame = mmap(NULL, NATIVE_FRAME + 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (native_frame == MAP_FAILED)
		abort();
	native_frame += 2; /* as drivers lay it, so that the IP header is aligned */
	memcpy(native_lookup(&config, &zero), &c, sizeof(c));
}

static void native_reset(void)
{
	__u32 zero = 0;

	if (!native_maps_n)
		native_open();
	while (native_touched_n--)
		memset(native_touched[native_touched_n].at, 0, native_touched[native_touched_n].size);
	native_touched_n = 0;
	native_events_n = native_copies = 0;
	native_jiffies = 1000000;
	memset(native_lookup(&scratch, &zero), 0xa5, sizeof(struct scratch)); /* what packets before left there */
	((struct scratch *)native_lookup(&scratch, &zero))->sending = 0;
	((struct scratch *)native_lookup(&scratch, &zero))->tick = 0;
	native_policy.current = 0;
}

/* Runs the packet in native_frame. */
static int native_run(int (*program)(struct __sk_buff *), __u32 len)
{
	native_skb = (struct __sk_buff){ .len = len, .ifindex = 2 };
	native_skb.data = (__u32)(uintptr_t)native_frame;
	native_skb.data_end = native_skb.data + len;
	return program(&native_skb);
}

#endif
