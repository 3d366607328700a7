/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A range of addresses; pure. IPv4 is ::ffff:a.b.c.d. */
#ifndef ESAFE_PREFIX_H
#define ESAFE_PREFIX_H

#include <stdbool.h>
#include <esafe/abi.h>

/* "10.0.0.5", "10.0.8.0/24", "2001:db8::/64"; -EINVAL: none; -ERANGE: it has address bits behind its length. */
int prefix_parse(const char *text, struct esafe_prefix *out);
bool prefix_has(const struct esafe_prefix *prefix, const __u8 addr[16]);

#endif
