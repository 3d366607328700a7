/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ESAFE_BOUNDED_H
#define ESAFE_BOUNDED_H

#include <linux/types.h>

/*
 * A length for a helper: 1 to `room`, a power of two, stays as it is; 0 becomes `room`. The verifier of 6.1 wants to
 * see that a length is not zero, does not learn it from `len != 0`, and forgets a bound that was on the stack
 * meanwhile. So it is set in a register, where the compiler cannot reason it away, anew for each call.
 */
static __always_inline __u64 bounded(__u64 len, const __u32 room)
{
	asm volatile("%0 += -1\n%0 &= %1\n%0 += 1" : "+r"(len) : "i"(room - 1));
	return len;
}

#endif
