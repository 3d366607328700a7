/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks that the daemon lives by. */
#ifndef ESAFE_CLOCK_H
#define ESAFE_CLOCK_H

#include <linux/types.h>

__s64 clock_seconds(void);       /* since 1970 */
__u64 clock_realtime_ns(void);
__u64 clock_monotonic_ms(void);
__s64 clock_tai_offset_ns(void); /* CLOCK_TAI less CLOCK_REALTIME; whole seconds */

#define CLOCK_TEXT_SIZE 32
void clock_text(__s64 seconds, char out[CLOCK_TEXT_SIZE]); /* RFC 3339, local time; "" for 0 */

#endif
