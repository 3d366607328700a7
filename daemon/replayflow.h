/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of a capture: who opened each, where its stream begins, and the segments that are kept until they are
 * due. Bounded: the connection that was longest without a packet goes first. Pure.
 */
#ifndef ESAFE_REPLAYFLOW_H
#define ESAFE_REPLAYFLOW_H

#include <stdbool.h>
#include "frame.h"

#define REPLAY_FLOWS 65536
#define REPLAY_KEPT 4096 /* segments, of all connections together */

struct replay_kept {
	struct replay_kept *next; /* by sequence number */
	__u64 number;
	__s64 at_us;
	__u32 seq;
	size_t len;
	__u8 frame[];
};

struct replay_flow {
	struct replay_flow *chain;         /* of the same bucket */
	struct replay_flow *older, *newer; /* by the last packet */
	__u64 hash;
	__u8 low[18], high[18]; /* address and port of the ends, the lesser first */
	__u8 proto;
	__u8 depth; /* of its packets */
	bool low_is_client;
	bool known;     /* who the client is need not be guessed any more */
	bool syn, synack;
	bool started;   /* start is known */
	__u32 start;    /* number of the first byte of the client's stream */
	__u32 due;      /* the client's next byte, by what was passed */
	__u64 first;    /* packet with its first data, or the first at all */
	bool data;
	struct replay_kept *kept;
};

struct replay_flows;

struct replay_flows *replay_flows_new(void);
void replay_flows_free(struct replay_flows *flows);

/* The connection of a packet, new if there is none: then *fresh. NULL: no memory. */
struct replay_flow *replay_flow_get(struct replay_flows *flows, const struct frame *frame, bool *fresh);
/* As above for what two addresses say to each other, ports left out: fragments, other protocols. NULL: nothing yet. */
struct replay_flow *replay_flow_pair(struct replay_flows *flows, const struct frame *frame, bool make);

bool replay_flow_from_client(const struct replay_flow *flow, const struct frame *frame);
void replay_flow_set_client(struct replay_flow *flow, const struct frame *frame, bool sender);
void replay_flow_restart(struct replay_flows *flows, struct replay_flow *flow); /* a new connection, same ends */

/* Keeps a segment; one that fits nowhere any more is given up. */
void replay_flow_keep(struct replay_flows *flows, struct replay_flow *flow, __u64 number, __s64 at_us, __u32 seq,
		      const __u8 *frame, size_t len);
/* The next one that is due; the caller frees it. NULL: none. */
struct replay_kept *replay_flow_take(struct replay_flows *flows, struct replay_flow *flow);

__u64 replay_flows_never_due(const struct replay_flows *flows); /* kept in vain, so far and now */

#endif
