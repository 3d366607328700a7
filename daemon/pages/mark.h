/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mark of a form: that the page it is on was shown to this very device, or to the person signed in on it, in this
 * hour or the one before. Another site can make a browser send a form, but cannot read a mark. Pure.
 */
#ifndef ESAFE_PAGES_MARK_H
#define ESAFE_PAGES_MARK_H

#include <stdbool.h>
#include <stdint.h>

#define MARK_TEXT 65 /* hexadecimal digits and the end */
#define MARK_S 3600  /* how long a form may lie open, at least; twice that at the most */

/* cookie: of who is signed in, 64 digits; "": nobody */
void mark_make(const uint8_t secret[32], const uint8_t source[16], const char *cookie, int64_t now_s,
	       char out[MARK_TEXT]);
bool mark_fits(const uint8_t secret[32], const uint8_t source[16], const char *cookie, int64_t now_s,
	       const char *given);

#endif
