/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "log.h"
#include "maps.h"

#define SOON_MS 50

enum { RANK_WRITTEN = -1 /* the map has it already */, RANK_REGISTERED, RANK_LEASED, RANK_SEEN };

struct named {
	__u32 id;
	char *name;
};

struct entry {
	struct esafe_device_key key;
	struct esafe_device value;
	int rank; /* of two with one key the lower holds: registered by it, then leased it, then seen with it */
};

struct devices_index {
	struct named *named; /* by id */
	size_t named_n;
	struct entry *entry; /* by key; what the map should hold */
	size_t entries, room;
	struct loop_source *soon;
	bool due;
};

/* ---- gathering ---- */

static int add_entry(struct devices_index *index, const struct entry *entry)
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

static int add_name(struct devices_index *index, const struct reg_device *device)
{
	struct named *bigger = index->named;

	if (!(index->named_n & (index->named_n - 1))) /* room doubles */
		bigger = realloc(index->named, (index->named_n ? index->named_n * 2 : 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	index->named = bigger;
	bigger[index->named_n].id = device->id;
	bigger[index->named_n].name = strdup(device->name);
	return bigger[index->named_n].name ? (index->named_n++, 0) : -ENOMEM;
}

struct gathering {
	const struct esafed *esafed;
	struct devices_index *index;
	unsigned lost_groups;
};

static int gather_device(void *ctx, const struct reg_device *device)
{
	struct gathering *gathering = ctx;
	int group = *device->group ? idtable_get(&gathering->esafed->groups, device->group) : -ENOENT;
	struct entry entry = {
		.key.kind = device->kind,
		.value = {
			.id = device->id,
			.group = group >= 0 ? group : ESAFE_NONE,
			.base_group = group >= 0 ? group : ESAFE_NONE,
			.how = group >= 0 ? ESAFE_HOW_DEVICE : ESAFE_HOW_NONE,
			.base_how = group >= 0 ? ESAFE_HOW_DEVICE : ESAFE_HOW_NONE,
		},
	};

	if (*device->group && group < 0)
		gathering->lost_groups++;
	memcpy(entry.key.addr, device->addr, sizeof(entry.key.addr));
	return add_name(gathering->index, device) ?: add_entry(gathering->index, &entry);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(&x->key, &y->key, sizeof(x->key));

	return order ? order : x->rank - y->rank;
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct entry *find_entry(const struct devices_index *index, const struct esafe_device_key *key, size_t n)
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

static bool by_address_anywhere(const struct config *config)
{
	for (size_t i = 0; i < config->ifaces; i++)
		if (config->iface[i].identity == ESAFE_BY_ADDRESS)
			return true;
	return false;
}

/* One more way to find the device of this MAC. `n`: how many entries the register itself gave; those are sorted. */
static int add_address(struct devices_index *index, size_t n, int rank, const __u8 mac[6], const __u8 addr[16])
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC };
	const struct entry *device;
	struct entry entry;

	memcpy(key.addr, mac, 6);
	device = find_entry(index, &key, n);
	if (!device)
		return 0;
	entry = *device;
	entry.rank = rank;
	entry.key.kind = ESAFE_BY_ADDRESS;
	memcpy(entry.key.addr, addr, sizeof(entry.key.addr));
	return add_entry(index, &entry);
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

	if (!by_address_anywhere(config))
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

static void drop_doubles(struct devices_index *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->entries; i++)
		if (!kept || memcmp(&index->entry[kept - 1].key, &index->entry[i].key, sizeof(index->entry[i].key)))
			index->entry[kept++] = index->entry[i];
	index->entries = kept;
}

static void empty(struct devices_index *index)
{
	for (size_t i = 0; i < index->named_n; i++)
		free(index->named[i].name);
	free(index->named);
	free(index->entry);
	index->named = NULL;
	index->entry = NULL;
	index->named_n = index->entries = index->room = 0;
}

static int gather(const struct esafed *esafed, struct devices_index *index)
{
	struct gathering gathering = { esafed, index, 0 };
	int err;

	err = register_devices(esafed->reg, gather_device, &gathering);
	if (err)
		return err;
	if (index->entries)
		qsort(index->entry, index->entries, sizeof(*index->entry), compare_entries);
	err = join_addresses(esafed, index);
	if (err)
		return err;
	if (index->entries)
		qsort(index->entry, index->entries, sizeof(*index->entry), compare_entries);
	drop_doubles(index);
	if (index->named_n)
		qsort(index->named, index->named_n, sizeof(*index->named), compare_named);
	if (gathering.lost_groups && esafed->policy)
		log_warn("%u devices are in groups that the policy does not have: their place decides",
			 gathering.lost_groups);
	return 0;
}

/* ---- the map ---- */

struct stale {
	struct devices_index *index;
	struct esafe_device_key *key;
	size_t n, room;
};

/* Marks what the map holds already, and collects what it should not hold. */
static int look_at(void *ctx, const struct esafe_device_key *key, const struct esafe_device *value)
{
	struct stale *stale = ctx;
	struct entry *wanted = find_entry(stale->index, key, stale->index->entries);

	if (wanted) {
		if (!memcmp(&wanted->value, value, sizeof(*value)))
			wanted->rank = RANK_WRITTEN;
		return 0;
	}
	if (stale->n == stale->room) {
		size_t room = stale->room ? stale->room * 2 : 64;
		struct esafe_device_key *bigger = realloc(stale->key, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		stale->key = bigger;
		stale->room = room;
	}
	stale->key[stale->n++] = *key;
	return 0;
}

static int write_map(struct esafed *esafed, struct devices_index *index)
{
	struct stale stale = { .index = index };
	int err = maps_devices(esafed->maps, look_at, &stale);

	for (size_t i = 0; i < stale.n && !err; i++)
		err = maps_device_del(esafed->maps, &stale.key[i]);
	for (size_t i = 0; i < index->entries && !err; i++)
		if (index->entry[i].rank != RANK_WRITTEN)
			err = maps_device_set(esafed->maps, &index->entry[i].key, &index->entry[i].value);
	free(stale.key);
	return err;
}

int devices_sync(struct esafed *esafed)
{
	struct devices_index fresh = { 0 };
	int err;

	if (!esafed->devices) {
		esafed->devices = calloc(1, sizeof(*esafed->devices));
		if (!esafed->devices)
			return -ENOMEM;
	}
	err = gather(esafed, &fresh);
	if (!err)
		err = write_map(esafed, &fresh);
	if (err) {
		empty(&fresh);
		return log_errno(err, "the device map could not be brought up to date");
	}
	fresh.soon = esafed->devices->soon;
	empty(esafed->devices);
	*esafed->devices = fresh;
	return 0;
}

static void sync_now(void *ctx)
{
	struct esafed *esafed = ctx;

	esafed->devices->due = false;
	devices_sync(esafed);
}

void devices_addresses_changed(void *ctx)
{
	struct esafed *esafed = ctx;
	struct devices_index *index = esafed->devices;

	if (!index || index->due || !by_address_anywhere(esafed->config))
		return;
	if (!index->soon)
		index->soon = loop_timer(esafed->loop, SOON_MS, 0, sync_now, esafed);
	else
		loop_timer_again(index->soon, SOON_MS, 0);
	index->due = index->soon != NULL;
}

const char *devices_name(const struct devices_index *index, __u32 id)
{
	size_t low = 0, high = index ? index->named_n : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->named[middle].id == id)
			return index->named[middle].name;
		if (index->named[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

size_t devices_count(const struct devices_index *index)
{
	return index ? index->named_n : 0;
}

void devices_stop(struct esafed *esafed)
{
	if (!esafed->devices)
		return;
	loop_remove(esafed->devices->soon);
	empty(esafed->devices);
	free(esafed->devices);
	esafed->devices = NULL;
}
