/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "change.h"
#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "permits.h"
#include "verbs.h"

/* ---- rows ---- */

struct seen {
	const __u8 *mac;
	char text[256];
};

static int add_seen(void *ctx, const struct neigh_entry *entry)
{
	struct seen *seen = ctx;
	char address[EVENT_ADDRESS_SIZE];
	size_t used = strlen(seen->text);

	if (memcmp(entry->mac, seen->mac, 6))
		return 0;
	event_address_text(entry->addr, address);
	snprintf(seen->text + used, sizeof(seen->text) - used, "%s%s", used ? " " : "", address);
	return 0;
}

static void add_whereabouts(json_t *row, const struct esafed *esafed, __u8 kind, const __u8 addr[16])
{
	const struct leases *leases = leasewatch_leases(esafed->leases);
	__s64 now = clock_seconds();
	const struct lease *lease;
	struct seen seen = { .mac = addr };

	if (kind == ESAFE_BY_MAC) {
		neigh_each(esafed->neigh, add_seen, &seen);
		lease = leases_of_mac(leases, addr, now);
	} else {
		const struct neigh_entry *entry = neigh_find(esafed->neigh, 0, addr);

		if (entry)
			event_mac_text(entry->mac, seen.text);
		lease = leases_of_addr(leases, addr, now);
	}
	reply_text(row, "seen", seen.text);
	reply_text(row, "hostname", lease ? lease->hostname : NULL);
}

static json_t *device_row(const struct esafed *esafed, const struct reg_device *device)
{
	json_t *row = json_object();
	char address[EVENT_ADDRESS_SIZE];

	device_key_text(device->kind, device->addr, address);
	reply_number(row, "id", device->id);
	reply_text(row, "name", device->name);
	reply_text(row, "address", address);
	reply_text(row, "group", device->group);
	if (*device->group && idtable_get(&esafed->groups, device->group) < 0)
		json_object_set_new(row, "group_known", json_false());
	reply_text(row, "owner", device->owner);
	reply_text(row, "note", device->note);
	reply_text(row, "class", device->class_name);
	reply_text(row, "room", device->room);
	reply_time(row, "changed", device->changed);
	add_whereabouts(row, esafed, device->kind, device->addr);
	return row;
}

/* ---- ls ---- */

static int ls_row(void *ctx, const struct reg_device *device)
{
	struct request *request = ctx;
	const char *group = request_text(request, "group");

	const char *class = request_text(request, "class"), *room = request_text(request, "room");

	if ((group && strcmp(group, device->holds)) || (class && strcasecmp(class, device->class_name)) ||
	    (room && strcasecmp(room, device->room)))
		return 0;
	return request_row(request, device_row(request_esafed(request), device));
}

struct unknown {
	struct request *request;
	bool only_filtered; /* not where filtered ports are those of a bridge, which has all the neighbours */
};

static bool on_filtered(const struct esafed *esafed, __u32 ifindex)
{
	for (size_t i = 0; i < esafed->config->ifaces; i++)
		if (esafed->attached[i] && esafed->attached[i] == ifindex)
			return true;
	return false;
}

static int any_on_filtered(void *ctx, const struct neigh_entry *entry)
{
	return on_filtered(ctx, entry->ifindex);
}

static int unknown_row(void *ctx, const struct neigh_entry *entry)
{
	struct unknown *unknown = ctx;
	struct request *request = unknown->request;
	const struct esafed *esafed = request_esafed(request);
	char mac[EVENT_MAC_SIZE], address[EVENT_ADDRESS_SIZE], iface[IF_NAMESIZE];
	__u8 key[16] = { 0 };
	struct reg_device device;
	const struct lease *lease;
	json_t *row;

	if (unknown->only_filtered && !on_filtered(esafed, entry->ifindex))
		return 0;
	memcpy(key, entry->mac, 6);
	if (!register_device_by_addr(esafed->reg, ESAFE_BY_MAC, key, &device) ||
	    !register_device_by_addr(esafed->reg, ESAFE_BY_ADDRESS, entry->addr, &device)) {
		register_device_free(&device);
		return 0;
	}
	row = json_object();
	event_mac_text(entry->mac, mac);
	event_address_text(entry->addr, address);
	lease = leases_of_mac(leasewatch_leases(esafed->leases), entry->mac, clock_seconds());
	reply_text(row, "address", mac);
	reply_text(row, "seen", address);
	reply_text(row, "interface", if_indextoname(entry->ifindex, iface));
	reply_text(row, "hostname", lease ? lease->hostname : NULL);
	return request_row(request, row);
}

static void end_device(struct request *request, int err, const char *what)
{
	change_end(request, err, "device", what);
}

void verb_device_ls(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	const char *what = request_text(request, "device");
	struct unknown unknown = { .request = request };
	struct reg_device device;
	int err;

	unknown.only_filtered = neigh_each(esafed->neigh, any_on_filtered, (void *)esafed);
	if (what) {
		err = register_device_find(esafed->reg, what, &device);
		if (!err) {
			request_row(request, device_row(esafed, &device));
			register_device_free(&device);
		}
	} else if (request_flag(request, "unknown")) {
		err = neigh_each(esafed->neigh, unknown_row, &unknown);
	} else {
		err = register_devices(esafed->reg, ls_row, request);
	}
	end_device(request, err == -EPIPE ? 0 : err, what);
}

/* ---- changes: the register first, then the map; each is written down with who made it ---- */

static int put_device(struct reg *reg, void *ctx)
{
	struct reg_device *device = ctx;

	return register_device_put(reg, device, clock_seconds(), &device->id);
}

static void describe(const struct reg_device *device, char out[512])
{
	char address[EVENT_ADDRESS_SIZE];

	device_key_text(device->kind, device->addr, address);
	snprintf(out, 512, "%s %s group %s owner %s%s%s%s%s", device->name, address,
		 *device->group ? device->group : "by place", *device->owner ? device->owner : "unknown",
		 *device->class_name ? " class " : "", device->class_name, *device->room ? " room " : "", device->room);
}

/* Puts the device and shows it as it is then. Its strings may belong to the request: they are only read. */
static void put_and_show(struct request *request, struct reg_device *device)
{
	struct esafed *esafed = request_esafed(request);
	struct reg_device stored;
	char detail[512];
	int err;

	if (!change_is_known(request, ESAFE_SCOPE_GROUP, device->group) ||
	    !change_is_known(request, ESAFE_SCOPE_CLASS, device->class_name) ||
	    !change_is_known(request, ESAFE_SCOPE_ROOM, device->room))
		return;
	describe(device, detail);
	err = change_register(request, put_device, device, detail);
	if (!err && !register_device_get(esafed->reg, device->id, &stored)) {
		request_row(request, device_row(esafed, &stored));
		register_device_free(&stored);
	}
	end_device(request, err, device->name);
}

static char *given(const struct request *request, const char *arg, const char *other)
{
	const char *text = request_text(request, arg);

	return (char *)(text ? text : other);
}

void verb_device_add(struct request *request)
{
	struct reg_device device = {
		.name = given(request, "name", ""),
		.group = given(request, "group", ""),
		.owner = given(request, "owner", ""),
		.note = given(request, "note", ""),
		.class_name = given(request, "class", ""),
		.room = given(request, "room", ""),
	};

	if (device_key_parse(request_text(request, "address"), &device.kind, device.addr))
		request_end(request, CTL_USAGE, "neither a MAC nor an IP address: %s", request_text(request, "address"));
	else if (!*device.name)
		request_end(request, CTL_USAGE, "a device needs a name");
	else
		put_and_show(request, &device);
}

void verb_device_set(struct request *request)
{
	const char *what = request_text(request, "device"), *address = request_text(request, "address");
	struct reg_device old, device;
	int err;

	err = register_device_find(request_esafed(request)->reg, what, &old);
	if (err) {
		end_device(request, err, what);
		return;
	}
	device = old;
	device.name = given(request, "name", old.name);
	device.group = given(request, "group", old.group);
	device.owner = given(request, "owner", old.owner);
	device.note = given(request, "note", old.note);
	device.class_name = given(request, "class", old.class_name);
	device.room = given(request, "room", old.room);
	if (address && device_key_parse(address, &device.kind, device.addr))
		request_end(request, CTL_USAGE, "neither a MAC nor an IP address: %s", address);
	else
		put_and_show(request, &device);
	register_device_free(&old);
}

static int remove_device(struct reg *reg, void *ctx)
{
	const struct reg_device *device = ctx;

	return register_device_remove(reg, device->id);
}

void verb_device_rm(struct request *request)
{
	const char *what = request_text(request, "device");
	struct esafed *esafed = request_esafed(request);
	struct reg_device device;
	char detail[512];
	int err;

	err = register_device_find(esafed->reg, what, &device);
	if (!err) {
		describe(&device, detail);
		err = change_register(request, remove_device, &device, detail);
		if (!err)
			err = permits_subject_gone(esafed, ESAFE_SCOPE_DEVICE, device.id);
		if (!err)
			request_row(request, device_row(esafed, &device));
		register_device_free(&device);
	}
	end_device(request, err, what);
}
