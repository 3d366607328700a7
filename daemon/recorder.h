/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the ring of the kernel programs to the store, and to whoever is looking on. */
#ifndef ESAFE_RECORDER_H
#define ESAFE_RECORDER_H

#include "esafed.h"

struct listener {
	struct listener *next;
	void (*fn)(void *ctx, const struct record *record);
	void *ctx;
};

void recorder_event(void *ctx, const struct esafe_event *event, size_t size); /* ctx: struct esafed */
void recorder_batch_end(void *ctx);

/* The listener is the caller's and must stay until removed. */
void recorder_listen(struct esafed *esafed, struct listener *listener);
void recorder_ignore(struct esafed *esafed, struct listener *listener);

#endif
