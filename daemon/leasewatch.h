/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the leases as the files have them. */
#ifndef ESAFE_LEASEWATCH_H
#define ESAFE_LEASEWATCH_H

#include "leases.h"
#include "loop.h"

struct leasewatch;

#define LEASEWATCH_FILES 4 /* at most */

/*
 * changed(ctx) after each reading. `paths`, up to a NULL: where they say the same, the last one counts. Files may be
 * missing yet, their directories may not: those are left out, and -errno if nothing is left.
 */
int leasewatch_start(struct loop *loop, char *const *paths, void (*changed)(void *ctx), void *ctx,
		     struct leasewatch **watch);
void leasewatch_stop(struct leasewatch *watch);
const struct leases *leasewatch_leases(const struct leasewatch *watch); /* watch NULL: none */

#endif
