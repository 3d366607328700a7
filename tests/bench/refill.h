/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REFILL_H
#define REFILL_H

#include <linux/types.h>

#define REFILL_FRAMES 65536
#define REFILL_BYTES 2048 /* power of two */
#define REFILL_PROGRAMS 4

struct refill_frame {
	__u32 len, program;
	__u8 bytes[REFILL_BYTES];
};

#endif
