/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What esafed itself keeps of those who come to the pages: how often a device may try to log in, who has logged in as a
 * teacher and may be acted for, and what was counted. A fault in the process that shows the pages gives nobody more.
 */
#ifndef ESAFE_VISITORS_H
#define ESAFE_VISITORS_H

#include "esafed.h"

struct visitors;

int visitors_start(struct esafed *esafed);
void visitors_stop(struct esafed *esafed);

/* May the device with this key try a voucher or password now? */
bool visitors_may_try(struct esafed *esafed, const struct esafe_device_key *key);

/* ---- persons who may be acted for: after a right password, until they sign out or do nothing for long ---- */
#define VISITORS_IDLE_S 3600
int visitors_signed_in(struct esafed *esafed, const struct peer *person); /* -ENOSPC */
void visitors_signed_out(struct esafed *esafed, const char *account);
/* For control.c: who the process of the pages acts for. -ENOENT: that account has not logged in. */
int visitors_person(void *owner, const char *account, struct peer *person);

struct visitors_stats {
	__u64 vouchers_used, vouchers_wrong, logins, logins_wrong, slowed;
};
struct visitors_stats *visitors_stats(struct esafed *esafed); /* to be counted up */

#endif
