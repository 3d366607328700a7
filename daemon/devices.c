/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "devices_index.h"
#include "log.h"
#include "maps.h"
#include "permits.h"
#include "sessions.h"
#include "volumes.h"

#define SOON_MS 50

/* ---- what the map should say of a device: the register's word, and what holds for a while laid over it ---- */

static bool wanted_value(const struct esafed *esafed, const struct entry *entry, struct esafe_device *out)
{
	const __u8 *addr = entry->key.kind == ESAFE_BY_ADDRESS ? entry->key.addr : NULL;
	const __u8 *mac = entry->has_mac ? entry->mac : NULL;
	bool wanted = entry->base.id != 0;

	*out = entry->base;
	if (sessions_overlay(esafed, mac, addr, out))
		wanted = true;
	if (permits_overlay(esafed, &entry->key, mac, out)) /* speaks of the person that the session put there */
		wanted = true;
	if (volumes_overlay(esafed, &entry->key, out))
		wanted = true;
	return wanted;
}

/* Brings one entry of the map up to date. */
static int write_entry(struct esafed *esafed, struct entry *entry)
{
	struct esafe_device value;
	bool wanted = wanted_value(esafed, entry, &value);
	int err = 0;

	if (wanted && (!entry->in_map || memcmp(&value, &entry->value, sizeof(value))))
		err = maps_device_set(esafed->maps, &entry->key, &value);
	else if (!wanted && entry->in_map)
		err = maps_device_del(esafed->maps, &entry->key);
	if (!err) {
		entry->in_map = wanted;
		entry->value = value;
	}
	return err;
}

/* ---- one device ---- */

static struct entry *entry_of(struct devices_index *index, const struct esafe_device_key *key)
{
	struct entry *entry = devices_find_entry(index, key, index->entries), fresh;
	size_t at;

	if (entry)
		return entry;
	devices_stranger(key, &fresh);
	if (devices_add_entry(index, &fresh))
		return NULL;
	for (at = index->entries - 1; at && memcmp(&index->entry[at - 1].key, key, sizeof(*key)) > 0; at--)
		;
	memmove(&index->entry[at + 1], &index->entry[at], (index->entries - 1 - at) * sizeof(*entry));
	index->entry[at] = fresh;
	return &index->entry[at];
}

static int touch_key(struct esafed *esafed, __u8 kind, const __u8 *bytes, size_t len)
{
	struct esafe_device_key key = { .kind = kind };
	struct entry *entry;

	memcpy(key.addr, bytes, len);
	entry = entry_of(esafed->devices, &key);
	return entry ? write_entry(esafed, entry) : -ENOMEM;
}

/* The entries that are known by address to be of this MAC. */
static int touch_addresses(struct esafed *esafed, const __u8 mac[6])
{
	struct devices_index *index = esafed->devices;
	int err = 0;

	for (size_t i = 0; i < index->entries && !err; i++) {
		struct entry *entry = &index->entry[i];

		if (entry->key.kind == ESAFE_BY_ADDRESS && entry->has_mac && !memcmp(entry->mac, mac, 6))
			err = write_entry(esafed, entry);
	}
	return err;
}

int devices_touch(struct esafed *esafed, const __u8 *mac, const __u8 *addr)
{
	bool by_address = devices_by_address(esafed->config);
	int err = 0;

	if (!esafed->devices)
		return 0;
	if (mac)
		err = touch_key(esafed, ESAFE_BY_MAC, mac, 6);
	if (mac && by_address && !err)
		err = touch_addresses(esafed, mac);
	if (addr && by_address && !err)
		err = touch_key(esafed, ESAFE_BY_ADDRESS, addr, 16);
	return err ? log_errno(-err, "the device map could not be brought up to date") : 0;
}

/* ---- all of them ---- */

struct stale {
	struct devices_index *index;
	struct esafe_device_key *key;
	size_t n, room;
};

/* Notes what the map holds already, and collects what it should not hold. */
static int look_at(void *ctx, const struct esafe_device_key *key, const struct esafe_device *value)
{
	struct stale *stale = ctx;
	struct entry *known = devices_find_entry(stale->index, key, stale->index->entries);

	if (known) {
		known->in_map = true;
		known->value = *value;
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
		err = write_entry(esafed, &index->entry[i]);
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
	err = devices_gather(esafed, &fresh);
	if (!err)
		err = write_map(esafed, &fresh);
	if (err) {
		devices_empty(&fresh);
		return log_errno(-err, "the device map could not be brought up to date");
	}
	fresh.soon = esafed->devices->soon;
	fresh.due = esafed->devices->due;
	devices_empty(esafed->devices);
	*esafed->devices = fresh;
	return 0;
}

static void sync_now(void *ctx)
{
	struct esafed *esafed = ctx;

	esafed->devices->due = false;
	sessions_join(esafed);
	if (devices_by_address(esafed->config))
		devices_sync(esafed);
}

void devices_addresses_changed(void *ctx)
{
	struct esafed *esafed = ctx;
	struct devices_index *index = esafed->devices;

	if (!index || index->due)
		return;
	if (!index->soon)
		index->soon = loop_timer(esafed->loop, SOON_MS, 0, sync_now, esafed);
	else
		loop_timer_again(index->soon, SOON_MS, 0);
	index->due = index->soon != NULL;
}

const char *devices_name(const struct devices_index *index, __u32 id)
{
	return index ? nameindex_get(&index->named, id) : NULL;
}

const char *devices_name_of(const struct devices_index *index, const struct esafe_device_key *key)
{
	const struct entry *entry = index ? devices_find_entry(index, key, index->entries) : NULL;

	return entry && entry->base.id ? devices_name(index, entry->base.id) : NULL;
}

__u8 devices_group_of(const struct devices_index *index, const struct esafe_device_key *key)
{
	const struct entry *entry = index ? devices_find_entry(index, key, index->entries) : NULL;

	return entry && entry->in_map ? entry->value.group : ESAFE_NONE;
}

size_t devices_count(const struct devices_index *index)
{
	return index ? index->named.n : 0;
}

void devices_stop(struct esafed *esafed)
{
	if (!esafed->devices)
		return;
	loop_remove(esafed->devices->soon);
	devices_empty(esafed->devices);
	free(esafed->devices);
	esafed->devices = NULL;
}
