/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that people gave to things: what may stand in one; pure. */
#ifndef ESAFE_TEXT_H
#define ESAFE_TEXT_H

#include <stddef.h>

/*
 * NULL, or what is wrong: not UTF-8 (RFC 3629), a control character, or an invisible one, that makes a name look like
 * another.
 */
const char *text_fault(const char *text, size_t len);

#endif
