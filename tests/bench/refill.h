/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REFILL_H
#define REFILL_H

#include <linux/types.h>

#define REFILL_FRAMES 65536
#define REFILL_BYTES 2048      /* longest frame, power of two */
#define REFILL_ROOM (1U << 27) /* of all frames, one behind the other: they must not push the tables out of the cache */
#define REFILL_PROGRAMS 4

struct refill_frame {
	__u32 at;
	__u16 len, program;
};

struct refill_bytes {
	__u8 bytes[REFILL_ROOM + REFILL_BYTES];
};

#endif
