/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register's devices in the kernel's device map. A device registered by MAC is also found by its addresses, as the
 * leases and the neighbour table have them, on interfaces where a device is known by its address.
 */
#ifndef ESAFE_DEVICES_H
#define ESAFE_DEVICES_H

#include "esafed.h"

/* Makes the map what register, leases and neighbours say, and the index of names with it. 0 or -errno. */
int devices_sync(struct esafed *esafed);
/* Brings what one device is known by up to date after something changed that holds for a while. NULL: not known. */
int devices_touch(struct esafed *esafed, const __u8 *mac, const __u8 *addr);
bool devices_by_address(const struct config *config); /* any interface tells devices apart by address */
/* Leases or neighbours changed: the same a moment later, since such changes come in swarms. ctx: struct esafed */
void devices_addresses_changed(void *ctx);

const char *devices_name(const struct devices_index *index, __u32 id); /* NULL: not registered */
/* The name of the device that is known by this key; NULL. */
const char *devices_name_of(const struct devices_index *index, const struct esafe_device_key *key);
/* The group that the map has for it; ESAFE_NONE: none, its place decides. */
__u8 devices_group_of(const struct devices_index *index, const struct esafe_device_key *key);
size_t devices_count(const struct devices_index *index);
void devices_stop(struct esafed *esafed);

#endif
