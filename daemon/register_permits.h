/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the register: what was opened or closed for a while, each with its rows in the record of changes. */
#ifndef ESAFE_REGISTER_PERMITS_H
#define ESAFE_REGISTER_PERMITS_H

#include "permit.h"
#include "register.h"

struct reg_permit_end {
	__u32 id;
	__s64 at;
	const char *who;    /* account; "esafed" at the deadline */
	const char *why;    /* "deadline", "replaced", "lifted", or what somebody said */
	const char *detail; /* for the record of changes */
};

/* Adds one, in the place of another if `twin` is not NULL; permit->id is set. All of it or nothing. */
int register_permit_begin(struct reg *reg, struct permit *permit, const char *action,
			  const struct reg_permit_end *twin);
int register_permit_extend(struct reg *reg, const struct permit *permit, __s64 now, const char *who, const char *action,
			   const char *detail);
int register_permit_end(struct reg *reg, const struct reg_permit_end *end, const char *action);

/* Those that are not over, each a new one that `take` owns from then on, without its sites' hashes. */
int register_permits_open(struct reg *reg, int (*take)(void *ctx, struct permit *permit), void *ctx);

int register_permits_expire(struct reg *reg, __s64 before); /* forgets those that ended before */

struct reg_permit { /* as a row for people to read */
	const struct permit *permit;
	__s64 ended; /* 0: not yet */
	const char *ended_by, *why;
};
int register_permits(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_permit *permit),
		     void *ctx);

#endif
