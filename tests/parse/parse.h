/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of whatever reads foreign bytes share. */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#define K1 0x9e3779b97f4a7c15ULL
#define K2 0xbf58476d1ce4e5b9ULL
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A copy on a heap block of exactly that size, so that a byte read behind it is seen. */
static inline void *exact(const void *bytes, size_t len)
{
	void *copy = malloc(len);

	if (!copy && len)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* The same numbers in every run (Marsaglia's xorshift). */
static inline __u32 dice(void)
{
	static __u32 state = 2463534242U;

	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

#endif
