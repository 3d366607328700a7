/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071), as sums of native words in 64 bits: nothing overflows before it is folded. */
#ifndef ESAFE_CSUM_H
#define ESAFE_CSUM_H

#include <linux/types.h>
#include "esafe/hash.h"
#include "pkt.h"

static __always_inline __u64 csum_word(__u64 sum, __u64 word)
{
	return sum + (word & 0xffffffff) + (word >> 32);
}

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1); the same in both directions. */
static __always_inline __u64 csum_pseudo(const struct pkt *p, __u32 proto, __u32 len)
{
	__u64 sum = PKT_BE32(len) + (__u64)PKT_BE32(proto);

	if (p->family == 4)
		return sum + p->src[3] + p->dst[3];
	for (int i = 0; i < 4; i++)
		sum += (__u64)p->src[i] + p->dst[i];
	return sum;
}

#endif
