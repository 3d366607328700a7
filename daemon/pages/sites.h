/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people paste where the name of a site is asked for: often the address of a page. Pure. */
#ifndef ESAFE_PAGES_SITES_H
#define ESAFE_PAGES_SITES_H

/* One name a line, to be freed: what stands before and behind the name in an address is left out. NULL: no memory. */
char *sites_of(const char *text);

#endif
