/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "vouchercode.h"

/* Without I, L, O and U, after Crockford: 32 letters, 5 bits each. */
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void voucher_code(const __u8 random[8], char out[VOUCHER_TEXT])
{
	__u64 bits;

	memcpy(&bits, random, sizeof(bits));
	for (int i = 0; i < VOUCHER_LETTERS; i++) {
		if (i && i % 4 == 0)
			*out++ = '-';
		*out++ = letters[bits & 31];
		bits >>= 5;
	}
	*out = '\0';
}

int voucher_read(const char *text, char out[VOUCHER_LETTERS + 1])
{
	int n = 0;

	for (; *text; text++) {
		char c = (char)toupper((unsigned char)*text);

		if (c == ' ' || c == '-')
			continue;
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (n == VOUCHER_LETTERS || !strchr(letters, c))
			return -EINVAL;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == VOUCHER_LETTERS ? 0 : -EINVAL;
}
