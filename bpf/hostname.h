/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host name that is spelt with dots (TLS, HTTP) becomes wire form (RFC 1035 section 3.1) byte by byte, as it is read.
 * Letters, digits, hyphen and underscore only: RFC 6066 section 3 wants A-labels, the underscore is seen in practice.
 * One dot may stand at the end.
 */
#ifndef ESAFE_HOSTNAME_H
#define ESAFE_HOSTNAME_H

#include <linux/types.h>
#include "bytes.h"
#include "esafe/abi.h"
#include "esafe/hash.h"

struct hostname {
	__u32 len;   /* bytes of wire in use */
	__u32 start; /* of the label that is being read: its length goes there */
	__u32 bad;
	__u8 wire[256 + 8]; /* eight bytes may be written at any offset */
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

#define HOSTNAME_ONES 0x0101010101010101ULL

/* The highest bit of each byte of the word, which are below 128, that is one of first .. last. */
static __always_inline __u64 hostname_among(__u64 word, __u8 first, __u8 last)
{
	return (word + (0x80 - first) * HOSTNAME_ONES) ^ (word + (0x7f - last) * HOSTNAME_ONES);
}

/* Is the name still so short that hostname_add8() may be used? */
static __always_inline int hostname_has_room(const struct hostname *h)
{
	return h->len + 8 < ESAFE_NAME_MAX;
}

/*
 * hostname_add() of the lowest `n` bytes of a word, 1 to 8, one after another, up to the first dot. Returns how many.
 */
static __always_inline __u32 hostname_add8(struct hostname *h, __u64 word, __u32 n)
{
	__u64 ends = 0x80 * HOSTNAME_ONES, low = word & 0x7f * HOSTNAME_ONES, good, dots;

	dots = hostname_among(low, '.', '.') & ~word & ends >> (64 - n * 8);
	esafe_store8(&h->wire[h->len & 255], word);
	if (dots) {
		__u32 label;

		n = (lowest_bit(dots) >> 3) + 1;
		label = h->len + n - h->start - 2;
		h->bad |= !label || label > 63;
		h->wire[h->start & 255] = label;
		h->start = h->len + n - 1;
	}
	ends >>= (8 - n) * 8;
	good = hostname_among(low | 0x20 * HOSTNAME_ONES, 'a', 'z') | hostname_among(low, '0', '9') |
	       hostname_among(low, '-', '-') | hostname_among(low, '_', '_');
	h->bad |= (((good & ~word) | dots) & ends) != ends;
	h->len += n;
	return n;
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
	h->start = h->len; /* no label is being read any more */
	return 0;
}

/*
 * What was read so far, also of what is no host's name, in wire form as far as that goes: the bytes are whatever
 * was sent. Returns its length; 0: nothing was read.
 */
static __always_inline __u32 hostname_spelling(const struct hostname *h, __u8 wire[256])
{
	__u32 label = h->len - h->start - 1;

	if (h->len < 2)
		return 0;
	for (int i = 0; i < 256; i += 8)
		esafe_store8(&wire[i], esafe_load8(&h->wire[i]));
	if (h->start == h->len)
		return h->len;
	wire[h->start & 255] = label;
	if (!label)
		return h->len;
	wire[h->len & 255] = 0;
	return h->len + 1;
}

#endif
