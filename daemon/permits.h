/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody opened or closed for a while: lessons, supervision, grants, denials, suspensions, quarantine. The
 * register has it first, then the kernel's maps, where it ends at its deadline whether the daemon runs or not.
 */
#ifndef ESAFE_PERMITS_H
#define ESAFE_PERMITS_H

#include "esafed.h"
#include "permit.h"

/* Puts one in force, in the place of one for the same thing. It is taken over, also on failure. *id: its row. */
int permit_start(struct esafed *esafed, struct permit *permit, const char *action, __u32 *id);
int permit_extend(struct esafed *esafed, struct permit *permit, __s64 until, const char *who, const char *action);
int permit_end(struct esafed *esafed, struct permit *permit, const char *who, const char *why, const char *action);

const struct permits *permits_open(const struct esafed *esafed); /* those in force */
/* A user, device, class or room is gone: what was open for it ends. */
int permits_subject_gone(struct esafed *esafed, unsigned scope_kind, __u32 id);

/* ---- for devices.c ---- */
bool permits_overlay(const struct esafed *esafed, const struct esafe_device_key *key, const __u8 *mac,
		     struct esafe_device *value);
int permits_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx);

/* ---- for the daemon ---- */
int permits_load(struct esafed *esafed);  /* from the register, before maps are written */
int permits_sync(struct esafed *esafed);  /* maps scope and grant, the difference only */
int permits_begin(struct esafed *esafed); /* deadlines are kept from now on */
void permits_stop(struct esafed *esafed);

#endif
