/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Amounts of data as people write them: "500M", "2G"; powers of ten, as providers count. Pure. */
#ifndef ESAFE_BYTES_H
#define ESAFE_BYTES_H

#include <stddef.h>
#include <linux/types.h>

#define BYTES_MAX 1000000000000000ull

int bytes_parse(const char *text, __u64 *bytes); /* 1 to BYTES_MAX; -EINVAL, -ERANGE */
void bytes_text(__u64 bytes, char *out, size_t size); /* "1.5G": two or three digits */

#endif
