/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers at random to measure with, and the one in the middle of what was measured. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdint.h>
#include <stdlib.h>

/* The same numbers in every run (Marsaglia's xorshift). */
static inline uint32_t rnd(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Sorts them; 0 if there is none. */
static inline double median(double *value, size_t n)
{
	if (!n)
		return 0;
	qsort(value, n, sizeof(*value), by_value);
	return value[n / 2];
}

#endif
