/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last name that each device was refused, for the page that a refused request is led to: the redirect itself cannot
 * say it. As many devices as fit; the oldest is forgotten first.
 */
#ifndef ESAFE_REFUSED_H
#define ESAFE_REFUSED_H

#include "recorder.h"

struct refused;

struct refused_name {
	__u8 mac[6], addr[16];
	__s64 at_us;      /* 0: none */
	__u8 proto, reason;
	char name[256], category[64];
};

int refused_start(struct esafed *esafed);
void refused_stop(struct esafed *esafed);

/* NULL: none within the last minutes. `mac` all zero: only by address. */
const struct refused_name *refused_of(const struct refused *refused, const __u8 mac[6], const __u8 addr[16]);

#endif
