/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks esafed through its control socket, as esafectl does, without ever waiting for it: a few questions at a time,
 * each on a connection of its own, the others in a short queue.
 */
#ifndef ESAFE_PAGES_ASK_H
#define ESAFE_PAGES_ASK_H

#include <jansson.h>

#include "loop.h"

#define ASK_AT_ONCE 4 /* of the connections that esafed has */
#define ASK_QUEUE 64
#define ASK_MS 15000  /* until it is given up; PAM takes its time */

struct asker;

struct reply {
	const char *code;    /* of include/esafe/ctl.h, "ok" above all; "unreachable": esafed did not answer */
	const char *problem; /* the first one; "" */
	json_t *rows;        /* an array */
};

int asker_new(struct loop *loop, const char *socket, struct asker **asker);
void asker_free(struct asker *asker); /* what was asked is told as unreachable */

/*
 * Asks; takes the reference of args. then() is called once, later, never from within; the reply is its own for that
 * time. -EBUSY: the queue is full; -ENOMEM.
 */
int asker_ask(struct asker *asker, const char *verb, json_t *args, void (*then)(void *ctx, const struct reply *reply),
	      void *ctx);

#endif
