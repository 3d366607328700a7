/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that keep the device map share, and nobody else sees. */
#ifndef ESAFE_DEVICES_INDEX_H
#define ESAFE_DEVICES_INDEX_H

#include "devices.h"
#include "nameindex.h"

/* Of two entries with one key the lower rank holds: registered by it, leased it, seen with it, a stranger's session. */
enum { RANK_REGISTERED, RANK_LEASED, RANK_SEEN, RANK_STRANGER };

struct entry {
	struct esafe_device_key key;
	struct esafe_device base;  /* by the register alone */
	struct esafe_device value; /* in the map, if it is there */
	int rank;
	bool in_map;
	bool has_mac;
	__u8 mac[6]; /* of the device that is known by this key */
};

struct devices_index {
	struct nameindex named; /* of the register */
	struct entry *entry; /* by key */
	size_t entries, room;
	struct loop_source *soon;
	bool due;
};

/* devices_gather.c: entries by register, leases and neighbours, sorted, each key once; nothing of the map. */
int devices_gather(const struct esafed *esafed, struct devices_index *index);
int devices_add_entry(struct devices_index *index, const struct entry *entry); /* at the end */
struct entry *devices_find_entry(const struct devices_index *index, const struct esafe_device_key *key, size_t n);
void devices_empty(struct devices_index *index);
/* A device that is not in the register. */
void devices_stranger(const struct esafe_device_key *key, struct entry *entry);

#endif
