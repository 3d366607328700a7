// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fragments.h"
#include "inside.h"
#include "linktype.h"
#include "replay.h"
#include "replayflow.h"

#define PORT_DNS 53
#define PART_PAYLOAD 2800 /* of a segment that is too long, at a time */
#define INSIDE_TEXT 64    /* REPLAY_DEPTH kinds with strokes between them */

struct replay {
	struct replay_runner runner;
	struct replay_flows *flows;
	struct fragments *fragments;
	__u8 *room[2];     /* for what is inside, by turns */
	char inside[INSIDE_TEXT];
	int worst;         /* fate of this packet of the wire so far; -1: not run */
	struct replay_counts counts;
	struct replay_place place;
	__u64 ahead; /* the runner's count, as last asked */
};

struct replay *replay_new(const struct replay_runner *runner)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return NULL;
	replay->runner = *runner;
	replay->flows = replay_flows_new();
	replay->fragments = fragments_new();
	replay->room[0] = malloc(LINKTYPE_FRAME_MAX);
	replay->room[1] = malloc(LINKTYPE_FRAME_MAX);
	if (!replay->flows || !replay->fragments || !replay->room[0] || !replay->room[1]) {
		replay_free(replay);
		return NULL;
	}
	replay->ahead = runner->ahead(runner->ctx);
	return replay;
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	replay_flows_free(replay->flows);
	fragments_free(replay->fragments);
	free(replay->room[0]);
	free(replay->room[1]);
	free(replay);
}

const struct replay_place *replay_place(const struct replay *replay)
{
	return &replay->place;
}

struct replay_counts replay_counts(const struct replay *replay)
{
	struct replay_counts counts = replay->counts;

	counts.never_due += replay_flows_never_due(replay->flows);
	return counts;
}

void replay_strange(struct replay *replay)
{
	replay->counts.packets++;
	replay->counts.strange++;
}

/* enum replay_fate or -errno */
static int run(struct replay *replay, bool from_device, const __u8 *frame, size_t len)
{
	int fate = replay->runner.run(replay->runner.ctx, from_device ? ESAFE_HOOK_INGRESS : ESAFE_HOOK_EGRESS, frame, len);

	if (fate >= 0 && !replay->place.depth) {
		replay->counts.fate[fate]++;
		replay->worst = fate > replay->worst ? fate : replay->worst;
	}
	return fate;
}

static void count_way(struct replay *replay, bool from_device)
{
	if (replay->place.depth)
		return;
	replay->counts.from_devices += from_device;
	replay->counts.to_devices += !from_device;
}

/* ---- whose packet it is ---- */

/* The type of a TLS handshake message that the payload begins with, or 0. */
static unsigned hello(const struct frame *frame)
{
	const __u8 *b = frame->bytes + frame->payload;

	return frame->payload_len >= 6 && b[0] == 22 && b[1] == 3 ? b[5] : 0;
}

static bool sender_is_client(const struct frame *frame)
{
	if (frame->kind == FRAME_TCP && frame->flags & FRAME_SYN)
		return !(frame->flags & FRAME_ACK);
	if (frame->kind == FRAME_TCP && (hello(frame) == 1 || hello(frame) == 2))
		return hello(frame) == 1;
	return frame->sport >= frame->dport;
}

static bool is_answer(const struct frame *frame)
{
	return frame->payload_len >= 3 && frame->bytes[frame->payload + 2] & 0x80;
}

/* A plain question of DNS (RFC 1035 section 4.1.1), whatever its port: one question, no answers, perhaps OPT. */
static bool is_question(const struct frame *frame)
{
	const __u8 *b = frame->bytes + frame->payload;

	return frame->payload_len > 16 && !(b[2] & 0xfe) && !(b[3] & 0x8f) && !memcmp(b + 4, "\0\1\0\0\0\0\0", 7) &&
	       b[11] <= 1;
}

/* The connection of a packet, its client known as well as may be. NULL: no memory. */
static struct replay_flow *find_flow(struct replay *replay, const struct frame *frame)
{
	struct replay_flow *pair, *flow;
	bool fresh;

	flow = replay_flow_get(replay->flows, frame, &fresh);
	if (!flow || !fresh)
		return flow;
	flow->first = replay->place.number;
	replay_flow_set_client(flow, frame, sender_is_client(frame));
	pair = replay_flow_pair(replay->flows, frame, true);
	if (pair)
		replay_flow_set_client(pair, frame, sender_is_client(frame));
	return flow;
}

static bool other_from_device(struct replay *replay, const struct frame *frame)
{
	struct replay_flow *pair = frame->kind == FRAME_IP ? replay_flow_pair(replay->flows, frame, false) : NULL;

	return !pair || replay_flow_from_client(pair, frame);
}

/* ---- TCP ---- */

/* A SYN or SYN-ACK begins a connection, or answers; what the two say of the stream counts. */
static void take_syn(struct replay *replay, struct replay_flow *flow, const struct frame *frame)
{
	bool from_client = replay_flow_from_client(flow, frame);

	if (frame->flags & FRAME_ACK) {
		if (from_client && (flow->syn || flow->known))
			return; /* nonsense, or an attack: for the programs to judge */
		if (from_client)
			replay_flow_set_client(flow, frame, false);
		if (!flow->started)
			flow->start = flow->due = frame->ack;
		flow->started = flow->known = true;
		flow->synack = flow->syn;
		return;
	}
	if (!from_client && flow->syn && !flow->synack)
		return; /* both begin at once: the first one stays the device */
	if (flow->syn && !flow->synack && flow->start == frame->seq + 1)
		return; /* repeated */
	replay_flow_restart(replay->flows, flow);
	replay_flow_set_client(flow, frame, true);
	flow->known = flow->syn = flow->started = true;
	flow->start = flow->due = frame->seq + 1;
	flow->first = replay->place.number;
}

/* Where the stream begins, for connections without a SYN: their first packet says it. */
static void take_start(struct replay_flow *flow, const struct frame *frame, bool from_client)
{
	if (flow->started || (!from_client && !(frame->flags & FRAME_ACK)))
		return;
	flow->start = flow->due = from_client ? frame->seq : frame->ack;
	flow->started = true;
}

static int run_syn(struct replay *replay, const struct frame *frame, bool back, __u32 seq, const __u32 *ack)
{
	__u8 out[FRAME_SYN_ROOM];
	size_t len = frame_syn(frame, back, seq, ack, out);
	int fate = 0;

	if (len)
		fate = replay->runner.run(replay->runner.ctx, back ? ESAFE_HOOK_EGRESS : ESAFE_HOOK_INGRESS, out, len);

	return fate < 0 && fate != -EINVAL ? fate : 0;
}

/* Opens a connection for its first data, as if the packets that the capture lacks had been there. */
static int open_flow(struct replay *replay, struct replay_flow *flow, const struct frame *frame)
{
	int err = 0;

	if (flow->syn && flow->synack)
		return 0;
	replay->counts.opened++;
	if (!flow->syn)
		err = run_syn(replay, frame, false, flow->start - 1, NULL);
	if (!err && !flow->synack)
		err = run_syn(replay, frame, true, frame->ack - 1, &flow->start);
	flow->syn = flow->synack = true;
	return err;
}

/* One frame of a segment from the device. 1: it was dropped because it is ahead; 0; or -errno. */
static int run_segment(struct replay *replay, struct replay_flow *flow, __u32 seq, size_t payload, const __u8 *frame,
		       size_t len)
{
	int fate = run(replay, true, frame, len);
	__u64 before = replay->ahead;

	if (fate == REPLAY_DROPPED) {
		replay->ahead = replay->runner.ahead(replay->runner.ctx);
		if (replay->ahead != before)
			return 1;
	}
	if (fate == -EINVAL)
		replay->counts.strange++;
	else if (fate < 0)
		return fate;
	if (payload && (__s32)(seq + payload - flow->due) > 0)
		flow->due = seq + payload;
	return 0;
}

/* Those that were kept and are due now. */
static int run_kept(struct replay *replay, struct replay_flow *flow)
{
	struct replay_place place = replay->place;
	struct replay_kept *kept;
	int err = 0;

	while (err >= 0 && (kept = replay_flow_take(replay->flows, flow))) {
		struct frame frame;

		frame_read(kept->frame, kept->len, &frame);
		replay->place.number = kept->number;
		replay->place.at_us = kept->at_us;
		replay->counts.again++;
		err = run_segment(replay, flow, kept->seq, frame.payload_len, kept->frame, kept->len);
		replay->counts.never_due += err == 1;
		free(kept);
	}
	replay->place = place;
	return err < 0 ? err : 0;
}

static int offer_segment(struct replay *replay, struct replay_flow *flow, __u32 seq, size_t payload, const __u8 *frame,
			 size_t len)
{
	int err = run_segment(replay, flow, seq, payload, frame, len);

	if (err == 1)
		replay_flow_keep(replay->flows, flow, replay->place.number, replay->place.at_us, seq, frame, len);
	else if (!err && flow->kept)
		err = run_kept(replay, flow);
	return err < 0 ? err : 0;
}

/* A segment from the device, in parts if it is longer than the programs can be run with, or whole. */
static int offer_from_client(struct replay *replay, struct replay_flow *flow, const struct frame *frame, bool changed)
{
	__u8 part[REPLAY_FRAME_MAX];
	__u32 seq = frame->seq + !!(frame->flags & FRAME_SYN);
	int err = 0;

	if (frame->len <= REPLAY_FRAME_MAX && !changed)
		return offer_segment(replay, flow, seq, frame->payload_len, frame->bytes, frame->len);
	for (size_t at = 0; !err; at += PART_PAYLOAD) {
		size_t left = frame->payload_len - at, take = left < PART_PAYLOAD ? left : PART_PAYLOAD;
		size_t len = frame_part(frame, at, take, part);

		err = offer_segment(replay, flow, seq + at, take, part, len);
		if (take == left)
			break;
	}
	return err;
}

static int run_whole_or_cut(struct replay *replay, bool from_device, const struct frame *frame, bool changed);

static int packet_tcp(struct replay *replay, const struct frame *frame, bool changed)
{
	struct replay_flow *flow = find_flow(replay, frame);
	bool from_client;
	int err = 0;

	if (!flow)
		return -ENOMEM;
	if (frame->flags & FRAME_SYN)
		take_syn(replay, flow, frame);
	else if (!flow->known && hello(frame) == 1 && !replay_flow_from_client(flow, frame)) {
		replay_flow_restart(replay->flows, flow); /* the ports had led astray */
		replay_flow_set_client(flow, frame, true);
	}
	from_client = replay_flow_from_client(flow, frame);
	replay->place.first = flow->first;
	if (!(frame->flags & FRAME_SYN))
		take_start(flow, frame, from_client);
	count_way(replay, from_client);
	if (!from_client)
		return run_whole_or_cut(replay, false, frame, changed);
	if (frame->payload_len && !flow->data) {
		flow->data = true;
		flow->first = replay->place.first = replay->place.number;
	}
	if (frame->payload_len && !(frame->flags & FRAME_SYN) && flow->started)
		err = open_flow(replay, flow, frame);
	return err ? err : offer_from_client(replay, flow, frame, changed);
}

/* ---- the rest ---- */

/* Bytes of the frame that a packet which is not TCP from a device needs: what is behind them nobody reads. */
static int run_whole_or_cut(struct replay *replay, bool from_device, const struct frame *frame, bool changed)
{
	__u8 part[REPLAY_FRAME_MAX];
	size_t len = frame->len, headers = frame_headers(frame);
	const __u8 *bytes = frame->bytes;
	int fate;

	if (len > REPLAY_FRAME_MAX || changed) {
		bool has_payload = frame->kind == FRAME_TCP || frame->kind == FRAME_UDP;
		size_t all = has_payload ? frame->payload_len : len, most = REPLAY_FRAME_MAX - (has_payload ? headers : 0);

		len = frame_part(frame, 0, all < most ? all : most, part);
		bytes = part;
	}
	fate = run(replay, from_device, bytes, len);
	if (fate == -EINVAL)
		replay->counts.strange++;
	return fate < 0 && fate != -EINVAL ? fate : 0;
}

static int packet_udp(struct replay *replay, const struct frame *frame, bool changed)
{
	struct replay_flow *flow = find_flow(replay, frame);
	bool from_device;

	if (!flow)
		return -ENOMEM;
	replay->place.first = flow->first;
	from_device = replay_flow_from_client(flow, frame);
	if (frame->dport == PORT_DNS || frame->sport == PORT_DNS) {
		from_device = frame->dport == PORT_DNS && (frame->sport != PORT_DNS || !is_answer(frame));
		replay->place.first = replay->place.number;
	} else if (is_question(frame)) {
		from_device = true;
	}
	count_way(replay, from_device);
	return run_whole_or_cut(replay, from_device, frame, changed);
}

static int packet_other(struct replay *replay, const struct frame *frame, bool changed)
{
	bool from_device = other_from_device(replay, frame);

	count_way(replay, from_device);
	return run_whole_or_cut(replay, from_device, frame, changed);
}

static int offer(struct replay *replay, const struct frame *frame, bool changed)
{
	replay->place.first = replay->place.number;
	replay->counts.split += frame->len > REPLAY_FRAME_MAX;
	if (frame->kind == FRAME_TCP)
		return packet_tcp(replay, frame, changed);
	if (frame->kind == FRAME_UDP)
		return packet_udp(replay, frame, changed);
	return packet_other(replay, frame, changed);
}

/* ---- what is inside ---- */

/* The packet in this one, or the one that it was the last lacking part of; its length, or 0. */
static size_t open_frame(struct replay *replay, const struct frame *frame, size_t missing, const char **kind, __u8 *out)
{
	if (!frame->fragment.is)
		return inside_open(frame, missing, kind, out);
	*kind = "fragments";
	return fragments_add(replay->fragments, frame, replay->place.at_us, &replay->worst, out);
}

static void enter(struct replay *replay, const char *kind)
{
	struct replay_place *place = &replay->place;
	size_t used = place->depth++ ? strlen(replay->inside) : 0;

	snprintf(replay->inside + used, INSIDE_TEXT - used, used ? "/%s" : "%s", kind);
	place->inside = replay->inside;
	place->parts = place->depth == 1 && !strcmp(kind, "fragments");
	place->outer = replay->worst;
}

static int offer_inside(struct replay *replay, const struct frame *outer, size_t missing)
{
	struct frame frame = *outer;
	int err = 0;

	while (!err && replay->place.depth < REPLAY_DEPTH) {
		__u8 *out = replay->room[replay->place.depth % 2];
		const char *kind;
		size_t len = open_frame(replay, &frame, missing, &kind, out);

		if (!len)
			break;
		enter(replay, kind);
		frame_read(out, len, &frame);
		frame.depth = replay->place.depth;
		if (frame.kind == FRAME_STRANGE)
			continue; /* perhaps with a packet inside in turn */
		replay->counts.inside++;
		err = offer(replay, &frame, missing != 0);
	}
	return err;
}

int replay_packet(struct replay *replay, __s64 at_us, const __u8 *bytes, size_t len, size_t missing)
{
	struct frame frame;
	int err = 0;

	replay->counts.packets++;
	replay->counts.cut += missing != 0;
	replay->place = (struct replay_place){ .number = replay->counts.packets, .at_us = at_us };
	replay->worst = -1;
	frame_read(bytes, len, &frame);
	if (frame.kind == FRAME_STRANGE)
		replay->counts.strange++;
	else
		err = offer(replay, &frame, missing != 0);
	return err ? err : offer_inside(replay, &frame, missing);
}
