/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which address belongs to which MAC just now: the kernel's neighbour table, both families, kept up to date. */
#ifndef ESAFE_NEIGH_H
#define ESAFE_NEIGH_H

#include <linux/types.h>

#include "loop.h"

#define NEIGH_MAX 65536 /* more are not kept: a flood of them must not fill the memory */

struct neigh;

struct neigh_entry {
	__u32 ifindex;
	__u8 mac[6];
	__u8 addr[16]; /* IPv4 as ::ffff:a.b.c.d */
};

/* changed(ctx) after each batch of changes. */
int neigh_start(struct loop *loop, void (*changed)(void *ctx), void *ctx, struct neigh **neigh);
void neigh_stop(struct neigh *neigh);

/* ifindex 0: on any interface. */
const struct neigh_entry *neigh_find(const struct neigh *neigh, __u32 ifindex, const __u8 addr[16]);
/* Anything but 0 from fn ends it with that result. Nothing of neigh may be called in between. */
int neigh_each(const struct neigh *neigh, int (*fn)(void *ctx, const struct neigh_entry *entry), void *ctx);

#endif
