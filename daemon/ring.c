// SPDX-License-Identifier: GPL-2.0-or-later
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "log.h"

struct ring {
	struct ring_buffer *buffer;
	struct loop_source *timer;
	struct ring_user user;
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct ring *ring = ctx;

	ring->user.event(ring->user.ctx, data, size);
	return 0;
}

int ring_drain(struct ring *ring)
{
	int events = ring_buffer__consume(ring->buffer);

	if (events < 0)
		return log_errno(events, "event ring");
	if (events && ring->user.batch_end)
		ring->user.batch_end(ring->user.ctx, events);
	return events;
}

static void on_timer(void *ctx)
{
	ring_drain(ctx);
}

int ring_start(struct maps *maps, struct loop *loop, const struct ring_user *user, struct ring **out)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->user = *user;
	ring->buffer = ring_buffer__new(maps->events, on_record, ring, NULL);
	if (!ring->buffer) {
		err = -errno;
		free(ring);
		return log_errno(err, "event ring");
	}
	if (loop)
		ring->timer = loop_timer(loop, RING_EVERY_MS, RING_EVERY_MS, on_timer, ring);
	if (loop && !ring->timer) {
		ring_stop(ring);
		return -ENOMEM;
	}
	*out = ring;
	return 0;
}

void ring_stop(struct ring *ring)
{
	if (!ring)
		return;
	loop_remove(ring->timer);
	ring_buffer__free(ring->buffer);
	free(ring);
}
