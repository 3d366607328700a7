/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway's own addresses, and the networks on the filtered side: nobody needs to resolve them. */
#ifndef ESAFE_OWNADDR_H
#define ESAFE_OWNADDR_H

#include "config.h"
#include "esafe/abi.h"

/* Of the host whole, of a filtered interface its network. At most `room`; returns how many, or -errno. */
int ownaddr_read(const struct config *config, struct esafe_prefix *out, unsigned room);

#endif
