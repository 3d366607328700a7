/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the loaded program itself what it would say: a DNS question of a device is made up and run through it. */
#ifndef ESAFE_WHY_H
#define ESAFE_WHY_H

#include "maps.h"

struct why_question {
	__u32 ifindex;     /* where the device is; 0: nowhere in particular */
	__u8 mac[6];
	__u8 address[16];  /* IPv4 as ::ffff:a.b.c.d; all zero: 0.0.0.0 */
	__u16 vlan;        /* 0: none */
	__u16 qtype;
	__u64 at_tai_ns;   /* CLOCK_TAI; 0: now */
	const __u8 *name;  /* wire form */
	size_t name_len;
};

/* 0 or -errno. answer->event says what came out; its name is empty. */
int why_ask(struct maps *maps, const struct why_question *question, struct esafe_why *answer);

#endif
