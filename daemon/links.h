/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces, and their addresses, that come and go. */
#ifndef ESAFE_LINKS_H
#define ESAFE_LINKS_H

#include "loop.h"

struct links;

/* changed(ctx) after each batch of changes to any interface or its addresses. */
int links_start(struct loop *loop, void (*changed)(void *ctx), void *ctx, struct links **links);
void links_stop(struct links *links);

#endif
