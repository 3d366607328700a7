/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP packets of a capture that were sent in parts, put together (RFC 791 section 3.2, RFC 8200 section 4.5). The
 * gateway does not: it drops fragments of what it inspects. Parts that contradict each other spoil the packet
 * (RFC 5722). Bounded: a packet of which the last part was the longest ago makes room. Pure.
 */
#ifndef ESAFE_FRAGMENTS_H
#define ESAFE_FRAGMENTS_H

#include "frame.h"

#define FRAGMENTS_FRAME_MAX (FRAME_HEADERS_MAX + 65536)

struct fragments;

struct fragments *fragments_new(void); /* NULL: no memory */
void fragments_free(struct fragments *fragments);

/*
 * Takes a fragment, and a number that is the greater the worse: what became of it. Returns the length of the frame in
 * out[FRAGMENTS_FRAME_MAX] if it was the last one that was lacking, and the greatest of their numbers in *fate; else 0.
 */
size_t fragments_add(struct fragments *fragments, const struct frame *part, __s64 at_us, int *fate, __u8 *out);

#endif
