/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Codes of vouchers, to be read from paper and typed on a phone: 60 random bits in letters and digits that cannot be
 * taken for each other. Pure.
 */
#ifndef ESAFE_VOUCHERCODE_H
#define ESAFE_VOUCHERCODE_H

#include <stddef.h>
#include <linux/types.h>

#define VOUCHER_LETTERS 12
#define VOUCHER_TEXT 15 /* "7KQ2-M9XD-4HTP" and the end */

void voucher_code(const __u8 random[8], char out[VOUCHER_TEXT]);
/* As it is stored, from what somebody typed: small letters, spaces and hyphens are fine, O is 0, I and L are 1. */
int voucher_read(const char *text, char out[VOUCHER_LETTERS + 1]); /* -EINVAL: not a code */

#endif
