/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change of the register by a verb: all of it or nothing, written down with who made it, and then in force. */
#ifndef ESAFE_CHANGE_H
#define ESAFE_CHANGE_H

#include "control.h"
#include "problem.h"
#include "register.h"

#define CHANGE_NONE 1 /* returned by a function that found nothing to change: nothing is written down */

/*
 * `change` writes to the register. The row in the record of changes and what follows for the access register are part
 * of the same transaction; `detail` is read after `change`, which may fill it. The device map follows. 0 or -errno.
 */
int change_register(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail);
/* The same for users, classes and rooms: the sessions follow, too. */
int change_people(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail);

/* Ends the request with what an errno means for a thing of this kind: "device", "user". */
void change_end(struct request *request, int err, const char *kind, const char *what);

/* Is this the name of a group, class, room, ... (ESAFE_SCOPE_...)? false: the request was ended. */
bool change_is_known(struct request *request, unsigned kind, const char *name);

#endif
