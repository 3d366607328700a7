/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture offered to the programs as if it happened again: which packets come from a device and which go to one,
 * connections whose beginning the capture lacks, segments that were dropped because they came too early and that a
 * sender would have sent again. Pure: how a packet is run, and what comes of it, is the caller's.
 *
 * Whose packet it is:
 *   TCP   the sender of a SYN is the device; without one the receiver of a SYN-ACK or of a ServerHello, the sender of a
 *         ClientHello, and else the side with the greater port, or whoever speaks first
 *   UDP   whoever asks a question of DNS; else the side with the greater port, or whoever speaks first
 *   other as the last connection of the two addresses went; without one the sender is the device
 *
 * The packets that are inside of others (inside.h), and those whose fragments are all there (fragments.h), are offered
 * behind them, in connections of their own, as what they are: nothing that the gateway would have seen.
 */
#ifndef ESAFE_REPLAY_H
#define ESAFE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include "esafe/abi.h"

/* Longest frame that a test run takes on every kernel; longer ones are cut as a network card cuts them. */
#define REPLAY_FRAME_MAX 3400

enum replay_fate { REPLAY_PASSED, REPLAY_ANSWERED, REPLAY_DROPPED };

struct replay_runner {
	/* Runs the program of the hook: enum replay_fate, -EINVAL if this frame cannot be run, or another -errno */
	int (*run)(void *ctx, enum esafe_hook hook, const __u8 *frame, size_t len);
	/* How many segments were dropped so far because they are ahead; asked after a drop */
	__u64 (*ahead)(void *ctx);
	void *ctx;
};

#define REPLAY_DEPTH 4 /* packets in packets that are opened */

struct replay_place { /* of the packet that is being run */
	__u64 number;     /* in the capture, from 1 */
	__u64 first;      /* packet that its connection begins with, or its stream of data */
	__s64 at_us;
	unsigned depth;   /* 0: as it was on the wire; else it was inside so many others */
	const char *inside; /* what it was in, the outermost first; NULL at depth 0 */
	bool parts;       /* it is the very packet of the wire, put together from its fragments */
	int outer;        /* at a depth: enum replay_fate of the packet on the wire; -1: it was not run */
};

struct replay_counts {
	__u64 packets;   /* of the capture */
	__u64 from_devices, to_devices;
	__u64 cut;       /* not whole in the capture */
	__u64 strange;   /* no IP in them, or the programs could not be run */
	__u64 split;     /* longer than a wire takes; offered in parts */
	__u64 opened;    /* connections whose SYN or SYN-ACK was made up */
	__u64 again;     /* segments offered again when they were due */
	__u64 never_due; /* kept in vain */
	__u64 inside;    /* packets that were in others */
	__u64 fate[3];   /* of what was on the wire: what became of frames, parts and repetitions counted each */
};

struct replay;

struct replay *replay_new(const struct replay_runner *runner);
void replay_free(struct replay *replay);

/* The next packet of the capture: its frame (linktype.h), and how many of its bytes are not in hand. 0 or -errno. */
int replay_packet(struct replay *replay, __s64 at_us, const __u8 *frame, size_t len, size_t missing);
/* A packet that no frame can be made of. */
void replay_strange(struct replay *replay);

const struct replay_place *replay_place(const struct replay *replay);
struct replay_counts replay_counts(const struct replay *replay);

#endif
