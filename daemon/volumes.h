/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Volume: the kernel's counters are read every few seconds, summed by device, and held against the quotas. */
#ifndef ESAFE_VOLUMES_H
#define ESAFE_VOLUMES_H

#include "esafed.h"
#include "volume_table.h"

int volumes_load(struct esafed *esafed);  /* from the register, before the device map is written */
int volumes_start(struct esafed *esafed);
void volumes_stop(struct esafed *esafed); /* and saves */

const struct volume_table *volumes_table(const struct esafed *esafed);
int volumes_save(struct esafed *esafed); /* to the register, now and not in some minutes */
#define VOLUMES_SAMPLE_S 5

/* For devices.c: over its quota; and every key that is. */
bool volumes_overlay(const struct esafed *esafed, const struct esafe_device_key *key, struct esafe_device *value);
int volumes_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx);

#endif
