/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of events: emptied every 20 ms, because waking for each event costs the sender ten times as much. */
#ifndef ESAFE_RING_H
#define ESAFE_RING_H

#include <stddef.h>
#include "esafe/abi.h"
#include "loop.h"
#include "maps.h"

#define RING_EVERY_MS 20

struct ring;

struct ring_user {
	void (*event)(void *ctx, const struct esafe_event *event, size_t size);
	void (*batch_end)(void *ctx, size_t events); /* after each round that brought any; may be NULL */
	void *ctx;
};

/*
 * Starts to read; events that waited since an earlier daemon come first. loop NULL: only ring_drain() reads. 0 or
 * -errno.
 */
int ring_start(struct maps *maps, struct loop *loop, const struct ring_user *user, struct ring **ring);
/* Reads what is there now. Returns how many events, or -errno. */
int ring_drain(struct ring *ring);
void ring_stop(struct ring *ring);

#endif
