/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the programs on the interfaces of the configuration, also on those that come late or come again. */
#ifndef ESAFE_ATTACH_H
#define ESAFE_ATTACH_H

#include "esafed.h"

/* To all that are there now; those that are not are attached to when they come. */
void attach_all(struct esafed *esafed);
void attach_links_changed(void *ctx); /* ctx: struct esafed */

/* Takes the programs off everything; nothing is attached to any more. 0 or -errno. */
int attach_none(struct esafed *esafed);

bool attach_done(const struct esafed *esafed, size_t iface);

#endif
