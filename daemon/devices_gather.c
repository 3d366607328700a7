/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices there are and what they are known by: the register, whoever has a session, leases and neighbours. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices_index.h"
#include "log.h"
#include "permits.h"
#include "sessions.h"
#include "volumes.h"

int devices_add_entry(struct devices_index *index, const struct entry *entry)
{
	if (index->entries == index->room) {
		size_t room = index->room ? index->room * 2 : 64;
		struct entry *bigger = realloc(index->entry, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		index->entry = bigger;
		index->room = room;
	}
	index->entry[index->entries++] = *entry;
	return 0;
}

struct gathering {
	const struct esafed *esafed;
	struct devices_index *index;
	unsigned lost_groups;
};

static int gather_device(void *ctx, const struct reg_device *device)
{
	struct gathering *gathering = ctx;
	int group = *device->holds ? idtable_get(&gathering->esafed->groups, device->holds) : -ENOENT;
	__u8 how = group < 0 ? ESAFE_HOW_NONE : *device->group ? ESAFE_HOW_DEVICE : ESAFE_HOW_CLASS;
	struct entry entry = {
		.key.kind = device->kind,
		.base = {
			.id = device->id,
			.class = device->class_id,
			.base_class = device->class_id,
			.room = device->room_id,
			.group = group >= 0 ? group : ESAFE_NONE,
			.base_group = group >= 0 ? group : ESAFE_NONE,
			.how = how,
			.base_how = how,
		},
	};

	if (*device->holds && group < 0)
		gathering->lost_groups++;
	memcpy(entry.key.addr, device->addr, sizeof(entry.key.addr));
	if (device->kind == ESAFE_BY_MAC) {
		entry.has_mac = true;
		memcpy(entry.mac, device->addr, sizeof(entry.mac));
	}
	return nameindex_add(&gathering->index->named, device->id, device->name) ?:
	       devices_add_entry(gathering->index, &entry);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(&x->key, &y->key, sizeof(x->key));

	return order ? order : x->rank - y->rank;
}

struct entry *devices_find_entry(const struct devices_index *index, const struct esafe_device_key *key, size_t n)
{
	struct entry wanted = { .key = *key };
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(&index->entry[middle].key, &wanted.key, sizeof(wanted.key));

		if (!order)
			return &index->entry[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool devices_by_address(const struct config *config)
{
	for (size_t i = 0; i < config->ifaces; i++)
		if (config->iface[i].identity == ESAFE_BY_ADDRESS)
			return true;
	return false;
}

void devices_stranger(const struct esafe_device_key *key, struct entry *entry)
{
	*entry = (struct entry){
		.key = *key, .base = { .group = ESAFE_NONE, .base_group = ESAFE_NONE }, .rank = RANK_STRANGER,
		.has_mac = key->kind == ESAFE_BY_MAC,
	};
	memcpy(entry->mac, key->addr, entry->has_mac ? sizeof(entry->mac) : 0);
}

static int gather_stranger(void *ctx, const struct esafe_device_key *key)
{
	struct entry entry;

	devices_stranger(key, &entry);
	return devices_add_entry(ctx, &entry);
}

/* One more way to find the device of this MAC. `n`: how many entries there are without these; they are sorted. */
static int add_address(struct devices_index *index, size_t n, int rank, const __u8 mac[6], const __u8 addr[16])
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC };
	const struct entry *device;
	struct entry entry;

	memcpy(key.addr, mac, 6);
	device = devices_find_entry(index, &key, n);
	if (!device)
		return 0;
	entry = *device;
	entry.rank = rank;
	entry.key.kind = ESAFE_BY_ADDRESS;
	memcpy(entry.key.addr, addr, sizeof(entry.key.addr));
	return devices_add_entry(index, &entry);
}

struct joining {
	struct devices_index *index;
	size_t n;
	__u32 ifindex[CONFIG_INTERFACES]; /* where a device is known by its address */
	size_t ifaces;
};

static int join_neighbour(void *ctx, const struct neigh_entry *neighbour)
{
	struct joining *joining = ctx;

	for (size_t i = 0; i < joining->ifaces; i++)
		if (joining->ifindex[i] == neighbour->ifindex)
			return add_address(joining->index, joining->n, RANK_SEEN, neighbour->mac, neighbour->addr);
	return 0;
}

static int join_addresses(const struct esafed *esafed, struct devices_index *index)
{
	const struct leases *leases = leasewatch_leases(esafed->leases);
	struct joining joining = { .index = index, .n = index->entries };
	const struct config *config = esafed->config;
	__s64 now = clock_seconds();

	if (!devices_by_address(config))
		return 0;
	for (size_t i = 0; i < config->ifaces; i++)
		if (config->iface[i].identity == ESAFE_BY_ADDRESS)
			joining.ifindex[joining.ifaces++] = if_nametoindex(config->iface[i].name);
	for (size_t i = 0; i < leases->n; i++) {
		const struct lease *lease = &leases->item[i];

		if (lease != leases_of_addr(leases, lease->addr, now))
			continue;
		if (add_address(index, joining.n, RANK_LEASED, lease->mac, lease->addr))
			return -ENOMEM;
	}
	return neigh_each(esafed->neigh, join_neighbour, &joining);
}

static void sort_entries(struct devices_index *index)
{
	if (index->entries)
		qsort(index->entry, index->entries, sizeof(*index->entry), compare_entries);
}

static void drop_doubles(struct devices_index *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->entries; i++)
		if (!kept || memcmp(&index->entry[kept - 1].key, &index->entry[i].key, sizeof(index->entry[i].key)))
			index->entry[kept++] = index->entry[i];
	index->entries = kept;
}

void devices_empty(struct devices_index *index)
{
	nameindex_free(&index->named);
	free(index->entry);
	index->entry = NULL;
	index->entries = index->room = 0;
}

int devices_gather(const struct esafed *esafed, struct devices_index *index)
{
	struct gathering gathering = { esafed, index, 0 };
	int err;

	err = register_devices(esafed->reg, gather_device, &gathering);
	if (!err)
		err = sessions_keys(esafed, gather_stranger, index);
	if (!err)
		err = permits_keys(esafed, gather_stranger, index);
	if (!err)
		err = volumes_keys(esafed, gather_stranger, index);
	if (err)
		return err;
	sort_entries(index);
	drop_doubles(index);
	err = join_addresses(esafed, index);
	if (err)
		return err;
	sort_entries(index);
	drop_doubles(index);
	nameindex_sort(&index->named);
	if (gathering.lost_groups && esafed->policy)
		log_warn("%u devices are in groups that the policy does not have: their place decides",
			 gathering.lost_groups);
	return 0;
}
