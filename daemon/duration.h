/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of time as people write them: "50m", "1h30m", "12h", "2d", "90s". Pure. */
#ifndef ESAFE_DURATION_H
#define ESAFE_DURATION_H

#include <stddef.h>
#include <linux/types.h>

#define DURATION_MAX (366 * 86400ll)

/* Seconds, from 1 to DURATION_MAX. -EINVAL: not a length of time; -ERANGE: none at all, or too long. */
int duration_parse(const char *text, __s64 *seconds);
/* "1h30m"; "0s" for 0. */
void duration_text(__s64 seconds, char *out, size_t size);

#endif
