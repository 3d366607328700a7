/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host name that is spelt with dots (TLS, HTTP) becomes wire form (RFC 1035 section 3.1) byte by byte, as it is read.
 * Letters, digits, hyphen and underscore only: RFC 6066 section 3 wants A-labels, the underscore is seen in practice.
 * One dot may stand at the end.
 */
#ifndef ESAFE_HOSTNAME_H
#define ESAFE_HOSTNAME_H

#include <linux/types.h>
#include "esafe/abi.h"

struct hostname {
	__u32 len;   /* bytes of wire in use */
	__u32 start; /* of the label that is being read: its length goes there */
	__u32 bad;
	__u8 wire[256];
};

static __always_inline void hostname_start(struct hostname *h)
{
	h->len = 1;
	h->start = h->bad = 0;
}

static __always_inline int hostname_char(__u8 c)
{
	__u8 letter = (c | 0x20) - 'a', digit = c - '0';

	return letter < 26 || digit < 10 || c == '-' || c == '_';
}

static __always_inline void hostname_add(struct hostname *h, __u8 c)
{
	__u32 label = h->len - h->start - 1;

	if (h->bad || h->len >= ESAFE_NAME_MAX - (c != '.')) { /* behind the longest name a dot may stand */
		h->bad = 1;
	} else if (c == '.') {
		h->bad = !label || label > 63;
		h->wire[h->start & 255] = label;
		h->start = h->len++;
	} else {
		h->bad = !hostname_char(c);
		h->wire[h->len++ & 255] = c;
	}
}

/* No more bytes. Returns 0, or -1: not a host name. */
static __always_inline int hostname_end(struct hostname *h)
{
	__u32 label = h->len - h->start - 1;

	if (h->bad || label > 63 || h->len < 2)
		return -1;
	h->wire[h->start & 255] = label; /* 0, the root, after a dot at the end */
	if (label)
		h->wire[h->len++ & 255] = 0;
	return 0;
}

#endif
