/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows in the record of changes that no verb writes itself: who was refused what, and who looked at what persons did.
 * Refusals are limited, so that nobody fills the register with them; how many were left out is said with the next one.
 */
#ifndef ESAFE_AUDIT_H
#define ESAFE_AUDIT_H

#include <stdint.h>

#include "control.h"

extern const struct control_hooks audit_hooks; /* for control_start(); the owner is struct esafed */

#define AUDIT_BURST 30
#define AUDIT_EVERY_MS 10000 /* one more after so long */

struct audit {
	uint64_t full_ms; /* when the burst is there again */
	unsigned left_out;
};

/* May one more refusal be written at this time? Pure. */
bool audit_takes(struct audit *audit, uint64_t now_ms);

/* "group=pupils limit=100", cut where the room ends. */
void audit_args(const json_t *args, char *out, size_t size);

#endif
