/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture: one byte says the link type, then for each packet how many bytes follow, how many zeros behind them (in
 * 32s), what becomes of it, and the bytes. Whatever is offered must be a frame that can be run, be it inside of others
 * or put together from fragments, and counts must add up.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linktype.h"
#include "replay.h"

static struct {
	uint64_t ran, ahead, sum;
	uint8_t what; /* of this packet */
} t;

static void must(int ok)
{
	if (!ok)
		abort();
}

static int run(void *ctx, enum esafe_hook hook, const __u8 *frame, size_t len)
{
	static const int fates[] = { REPLAY_PASSED, REPLAY_DROPPED, REPLAY_ANSWERED, -EINVAL, REPLAY_DROPPED };
	int fate = fates[(t.what + t.ran) % 5];

	must(len >= 14 && len <= REPLAY_FRAME_MAX && (hook == ESAFE_HOOK_INGRESS || hook == ESAFE_HOOK_EGRESS));
	for (size_t i = 0; i < len; i++)
		t.sum += frame[i]; /* every byte is there */
	t.ran++;
	t.ahead += fate == REPLAY_DROPPED && t.what & 128;
	return t.what & 64 ? REPLAY_PASSED : fate;
}

static __u64 ahead(void *ctx)
{
	return t.ahead;
}

/* On a block of its own size, so that one byte too far is seen. */
static void offer(struct replay *replay, const __u8 *frame, size_t len, size_t missing)
{
	__u8 *exact = malloc(len);

	memcpy(exact, frame, len);
	must(!replay_packet(replay, 1, exact, len, missing));
	free(exact);
}

static size_t take(struct replay *replay, unsigned type, const uint8_t *data, size_t size)
{
	static __u8 frame[LINKTYPE_FRAME_MAX];
	size_t len = data[0] < size - 3 ? data[0] : size - 3, whole = len + data[1] * 32;
	__u8 *packet = calloc(1, whole ? whole : 1);
	int got;

	t.what = data[2];
	memcpy(packet, data + 3, len);
	got = linktype_frame(type, packet, whole, frame);
	free(packet);
	must(got >= 14 || got == -EBADMSG || got == -EPROTONOSUPPORT);
	if (got < 0)
		replay_strange(replay);
	else
		offer(replay, frame, got, data[2] & 32);
	return 3 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct replay_runner runner = { run, ahead, NULL };
	struct replay *replay = replay_new(&runner);
	struct replay_counts counts;
	uint64_t packets = 0;

	memset(&t, 0, sizeof(t));
	for (size_t at = 1; replay && at + 3 <= size; packets++)
		at += take(replay, data[0], data + at, size - at);
	counts = replay_counts(replay);
	must(counts.packets == packets);
	must(counts.inside <= packets * REPLAY_DEPTH);
	must(counts.strange + counts.from_devices + counts.to_devices >= packets && counts.cut <= packets);
	replay_free(replay);
	return 0;
}
