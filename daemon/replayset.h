/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that were accepted before, by a 64-bit hash of what makes each one unique, in bounded memory: the oldest of
 * a bucket gives way. Pure.
 */
#ifndef ESAFE_REPLAYSET_H
#define ESAFE_REPLAYSET_H

#include <linux/types.h>

struct replayset;

struct replayset *replayset_new(unsigned entries); /* rounded up to a power of two; NULL: no memory */
void replayset_free(struct replayset *set);
/* Seconds since 1970 when this hash was added; 0: never, or long ago. */
__s64 replayset_find(const struct replayset *set, __u64 hash);
void replayset_add(struct replayset *set, __u64 hash, __s64 now);

#endif
