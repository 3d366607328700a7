/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RADIUS accounting server: access points say here who came to the Wi-Fi and who left. It answers only what has
 * been written to the register: an access point that hears nothing says it again.
 */
#ifndef ESAFE_RADIUSD_H
#define ESAFE_RADIUSD_H

#include "esafed.h"
#include "radius.h"

struct radiusd;

/* Nothing is done and *radiusd is NULL where esafed.yaml names no clients. 0 or -errno, told in the log. */
int radiusd_start(struct esafed *esafed, struct radiusd **radiusd);
void radiusd_stop(struct radiusd *radiusd);
const __u64 *radiusd_counts(const struct radiusd *radiusd); /* by result; NULL: there is no server */

#endif
