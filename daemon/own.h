/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is not the Internet: the addresses of this gateway, and the networks that its filtered interfaces stand in. The
 * programs let devices talk to them without having resolved them.
 */
#ifndef ESAFE_OWN_ADDRESSES_H
#define ESAFE_OWN_ADDRESSES_H

#include "esafed.h"

/* Makes the programs' settings what the interfaces say now. */
int own_sync(struct esafed *esafed);

#endif
