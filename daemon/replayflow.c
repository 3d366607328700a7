// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "replayflow.h"

#define BUCKETS 16384

struct replay_flows {
	struct replay_flow *bucket[BUCKETS];
	struct replay_flow *oldest, *newest;
	size_t n, kept;
	__u64 given_up;
};

struct replay_flows *replay_flows_new(void)
{
	return calloc(1, sizeof(struct replay_flows));
}

static void drop_kept(struct replay_flows *flows, struct replay_flow *flow)
{
	while (flow->kept) {
		struct replay_kept *kept = flow->kept;

		flow->kept = kept->next;
		free(kept);
		flows->kept--;
		flows->given_up++;
	}
}

static void unlink_age(struct replay_flows *flows, struct replay_flow *flow)
{
	*(flow->older ? &flow->older->newer : &flows->oldest) = flow->newer;
	*(flow->newer ? &flow->newer->older : &flows->newest) = flow->older;
}

static void link_newest(struct replay_flows *flows, struct replay_flow *flow)
{
	flow->newer = NULL;
	flow->older = flows->newest;
	*(flows->newest ? &flows->newest->newer : &flows->oldest) = flow;
	flows->newest = flow;
}

static void flow_free(struct replay_flows *flows, struct replay_flow *flow)
{
	struct replay_flow **at = &flows->bucket[flow->hash % BUCKETS];

	while (*at != flow)
		at = &(*at)->chain;
	*at = flow->chain;
	unlink_age(flows, flow);
	drop_kept(flows, flow);
	free(flow);
	flows->n--;
}

void replay_flows_free(struct replay_flows *flows)
{
	while (flows && flows->oldest)
		flow_free(flows, flows->oldest);
	free(flows);
}

/* ---- finding ---- */

static void end_of(const __u8 addr[16], __u16 port, __u8 out[18])
{
	memcpy(out, addr, 16);
	out[16] = port >> 8;
	out[17] = port;
}

static __u64 hash_of(const struct replay_flow *key)
{
	__u64 hash = key->proto + 1 + key->depth * 256;

	for (size_t i = 0; i < sizeof(key->low); i++)
		hash = (hash ^ key->low[i]) * 0x100000001b3ull;
	for (size_t i = 0; i < sizeof(key->high); i++)
		hash = (hash ^ key->high[i]) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

static void key_of(const struct frame *frame, bool ports, struct replay_flow *key)
{
	__u8 src[18], dst[18];
	bool less;

	end_of(frame->src, ports ? frame->sport : 0, src);
	end_of(frame->dst, ports ? frame->dport : 0, dst);
	less = memcmp(src, dst, sizeof(src)) <= 0;
	memcpy(key->low, less ? src : dst, sizeof(src));
	memcpy(key->high, less ? dst : src, sizeof(dst));
	key->proto = ports ? frame->kind : 0;
	key->depth = frame->depth;
	key->hash = hash_of(key);
}

static bool same(const struct replay_flow *a, const struct replay_flow *b)
{
	return a->hash == b->hash && a->proto == b->proto && a->depth == b->depth &&
	       !memcmp(a->low, b->low, sizeof(a->low)) && !memcmp(a->high, b->high, sizeof(a->high));
}

static struct replay_flow *find(struct replay_flows *flows, const struct replay_flow *key)
{
	struct replay_flow *flow = flows->bucket[key->hash % BUCKETS];

	while (flow && !same(flow, key))
		flow = flow->chain;
	return flow;
}

static struct replay_flow *make(struct replay_flows *flows, const struct replay_flow *key)
{
	struct replay_flow *flow = malloc(sizeof(*flow));

	if (!flow)
		return NULL;
	if (flows->n >= REPLAY_FLOWS)
		flow_free(flows, flows->oldest);
	*flow = *key;
	flow->chain = flows->bucket[key->hash % BUCKETS];
	flows->bucket[key->hash % BUCKETS] = flow;
	link_newest(flows, flow);
	flows->n++;
	return flow;
}

static struct replay_flow *get(struct replay_flows *flows, const struct replay_flow *key, bool create, bool *fresh)
{
	struct replay_flow *flow = find(flows, key);

	*fresh = !flow && create;
	if (!flow)
		return create ? make(flows, key) : NULL;
	unlink_age(flows, flow);
	link_newest(flows, flow);
	return flow;
}

struct replay_flow *replay_flow_get(struct replay_flows *flows, const struct frame *frame, bool *fresh)
{
	struct replay_flow key = { 0 };

	key_of(frame, true, &key);
	return get(flows, &key, true, fresh);
}

struct replay_flow *replay_flow_pair(struct replay_flows *flows, const struct frame *frame, bool create)
{
	struct replay_flow key = { 0 };
	bool fresh;

	key_of(frame, false, &key);
	return get(flows, &key, create, &fresh);
}

static bool sender_is_low(const struct replay_flow *flow, const struct frame *frame)
{
	__u8 src[18];

	end_of(frame->src, flow->proto ? frame->sport : 0, src);
	return !memcmp(src, flow->low, sizeof(src));
}

bool replay_flow_from_client(const struct replay_flow *flow, const struct frame *frame)
{
	return sender_is_low(flow, frame) == flow->low_is_client;
}

void replay_flow_set_client(struct replay_flow *flow, const struct frame *frame, bool sender)
{
	flow->low_is_client = sender_is_low(flow, frame) == sender;
}

void replay_flow_restart(struct replay_flows *flows, struct replay_flow *flow)
{
	drop_kept(flows, flow);
	flow->known = flow->syn = flow->synack = flow->started = flow->data = false;
}

/* ---- segments that are not due yet ---- */

void replay_flow_keep(struct replay_flows *flows, struct replay_flow *flow, __u64 number, __s64 at_us, __u32 seq,
		      const __u8 *frame, size_t len)
{
	struct replay_kept **at = &flow->kept, *kept;

	if (flows->kept >= REPLAY_KEPT || !(kept = malloc(sizeof(*kept) + len))) {
		flows->given_up++;
		return;
	}
	kept->number = number;
	kept->at_us = at_us;
	kept->seq = seq;
	kept->len = len;
	memcpy(kept->frame, frame, len);
	while (*at && (__s32)((*at)->seq - seq) <= 0)
		at = &(*at)->next;
	kept->next = *at;
	*at = kept;
	flows->kept++;
}

struct replay_kept *replay_flow_take(struct replay_flows *flows, struct replay_flow *flow)
{
	struct replay_kept *kept = flow->kept;

	if (!kept || (__s32)(kept->seq - flow->due) > 0)
		return NULL;
	flow->kept = kept->next;
	flows->kept--;
	return kept;
}

__u64 replay_flows_never_due(const struct replay_flows *flows)
{
	return flows->given_up + flows->kept;
}
