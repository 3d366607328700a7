/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names between text and wire form (RFC 1035 section 3.1: length byte and label, repeated, ended by a zero byte).
 * Pure. Every output is untouched on failure.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <linux/types.h>
#include "esafe/abi.h"

#define NAME_TEXT_MAX 1024 /* the longest text of a name, every byte escaped, with its final zero byte */

/*
 * Lower-case wire form of a name in text: letters, digits, '-' and '_' stand for themselves, everything else in ASCII
 * needs an escape (\. or \DDD, RFC 1035 section 5.1); UTF-8 becomes A-labels (RFC 5891). One final dot is allowed, "."
 * alone is the root. Returns the length, -EINVAL or -ENAMETOOLONG.
 */
int name_from_text(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX]);

enum name_fault { /* what is wrong with a text, for those who count */
	NAME_CHARACTER, /* one that no host name has, or a bad escape */
	NAME_LABEL,     /* empty, or longer than 63 bytes */
	NAME_LONG,      /* more than 255 bytes in wire form */
	NAME_IDN,       /* not well-formed UTF-8, or not allowed in a name */
};
/* The same; *fault is set on failure only. */
int name_parse(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX], enum name_fault *fault);

/*
 * The same of a name that name_to_text() may have written: other printable ASCII stands for itself, too, but for what
 * RFC 1035 section 5.1 gives a meaning (." ; ( ) @ $ and the backslash). Not for what people mean to be the name of a
 * host: "*.example.com" would be a name with an asterisk.
 */
int name_from_shown(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX]);

/*
 * Text of a name without its final dot, all printable ASCII; the root is ".". The wire form may come from a packet:
 * whoever writes it into HTML, CSV or a label escapes it like any text of strangers.
 * Returns the length of the text, -EINVAL if it is not a whole uncompressed name, -ENOSPC if out is too small.
 */
int name_to_text(const __u8 *wire, size_t len, char *out, size_t size);

/* The hash of the whole name by which the kernel finds it; 0 for the root and for what is not a name. */
__u64 name_hash(const __u8 *wire, size_t len, __u64 k1, __u64 k2);

#endif
