/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the leases as the file has them. */
#ifndef ESAFE_LEASEWATCH_H
#define ESAFE_LEASEWATCH_H

#include "leases.h"
#include "loop.h"

struct leasewatch;

/* changed(ctx) after each reading; the file may be missing yet, its directory may not. */
int leasewatch_start(struct loop *loop, const char *path, void (*changed)(void *ctx), void *ctx,
		     struct leasewatch **watch);
void leasewatch_stop(struct leasewatch *watch);
const struct leases *leasewatch_leases(const struct leasewatch *watch); /* watch NULL: none */

#endif
