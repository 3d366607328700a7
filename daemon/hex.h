/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hexadecimal digits, read and written. */
#ifndef ESAFE_HEX_H
#define ESAFE_HEX_H

#include <stddef.h>

/* What the digit is worth; -1: it is none. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes 2 * n digits and a zero byte. */
static inline void hex_text(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

#endif
