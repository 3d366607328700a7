/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices from a spreadsheet: read, held against the register, and written all at once or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "clock.h"
#include "devices_csv.h"
#include "known.h"
#include "verbs.h"

struct import {
	struct request *request;
	struct reg *reg;
	struct devices have, want;
	bool remove, dry;
	unsigned changes;
	int err;
	char detail[64];
};

static int keep_device(void *ctx, const struct reg_device *device)
{
	struct reg_device copy;
	int err = register_device_copy(device, &copy);

	if (err)
		return err;
	err = devices_add(ctx, &copy, 0);
	if (err)
		register_device_free(&copy);
	return err;
}

static int check_names(const struct import *import, unsigned kind, const char *file, struct problems *problems)
{
	struct known_names known;
	char text[512];
	int err = known_names_load(&known, kind, request_esafed(import->request));

	for (size_t i = 0; i < import->want.n && !err; i++) {
		const struct reg_device *device = &import->want.item[i];
		const char *name = kind == ESAFE_SCOPE_GROUP ? device->group :
				   kind == ESAFE_SCOPE_CLASS ? device->class_name : device->room;

		if (known_names_has(&known, name))
			continue;
		known_names_complain(&known, name, text, sizeof(text));
		problem_add(problems, file, import->want.line[i], 0, "%s", text);
	}
	known_names_free(&known);
	return err;
}

/* Columns that the sheet does not have leave what is there. */
static int change_device(struct import *import, const struct reg_device *stored, const struct reg_device *device)
{
	struct reg_device wanted = *stored;

	wanted.name = device->name;
	wanted.group = device->group ?: stored->group;
	wanted.owner = device->owner ?: stored->owner;
	wanted.note = device->note ?: stored->note;
	wanted.class_name = device->class_name ?: stored->class_name;
	wanted.room = device->room ?: stored->room;
	return register_device_put(import->reg, &wanted, clock_seconds(), &wanted.id);
}

static int write_line(struct import *import, char sign, const struct reg_device *device)
{
	struct reg_device stored;
	__u32 id;
	int err;

	if (sign == '+')
		return register_device_put(import->reg, device, clock_seconds(), &id);
	err = register_device_by_addr(import->reg, device->kind, device->addr, &stored);
	if (err)
		return err;
	err = sign == '-' ? register_device_remove(import->reg, stored.id) : change_device(import, &stored, device);
	register_device_free(&stored);
	return err;
}

static void take_line(void *ctx, char sign, const struct reg_device *device, const char *text)
{
	struct import *import = ctx;
	char address[EVENT_ADDRESS_SIZE], shown[2] = { sign };
	json_t *row;

	if (sign == '=' || (sign == '-' && !import->remove) || import->err)
		return;
	import->changes++;
	if (!import->dry)
		import->err = write_line(import, sign, device);
	if (import->err)
		return;
	device_key_text(device->kind, device->addr, address);
	row = json_pack("{ss ss ss}", "sign", shown, "name", device->name, "address", address);
	reply_text(row, "change", text);
	request_row(import->request, row);
}

/* Removals first: a name may move from a device that goes to one that comes. */
static void take_removal(void *ctx, char sign, const struct reg_device *device, const char *text)
{
	if (sign == '-')
		take_line(ctx, sign, device, text);
}

static void take_rest(void *ctx, char sign, const struct reg_device *device, const char *text)
{
	if (sign != '-')
		take_line(ctx, sign, device, text);
}

static int take_all(struct reg *reg, void *ctx)
{
	struct import *import = ctx;
	int err;

	import->reg = reg;
	err = devices_diff(&import->have, &import->want, take_removal, import);
	if (!err && !import->err)
		err = devices_diff(&import->have, &import->want, take_rest, import);
	snprintf(import->detail, sizeof(import->detail), "%u changes, %zu devices in the file", import->changes,
		 import->want.n);
	return import->err ?: err ?: import->changes ? 0 : CHANGE_NONE;
}

static int read_all(struct import *import, const char *file, struct problems *problems)
{
	static const unsigned kinds[] = { ESAFE_SCOPE_GROUP, ESAFE_SCOPE_CLASS, ESAFE_SCOPE_ROOM };
	const char *text = request_text(import->request, "text");
	int err = devices_csv_read(file, text, strlen(text), &import->want, problems);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++)
		err = check_names(import, kinds[i], file, problems);
	if (!err && problems->n)
		err = -EINVAL;
	return err ?: register_devices(request_esafed(import->request)->reg, keep_device, &import->have);
}

void verb_device_import(struct request *request)
{
	const char *file = request_text(request, "file");
	struct import import = { .request = request };
	struct problems problems = { 0 };
	int err;

	import.remove = request_flag(request, "remove");
	import.dry = request_flag(request, "dry_run");
	err = read_all(&import, file ? file : "devices", &problems);
	if (!err && import.dry)
		take_all(NULL, &import);
	else if (!err)
		err = change_register(request, take_all, &import, import.detail);
	if (problems.n)
		request_end_problems(request, CTL_PROBLEMS, &problems);
	else if (err)
		request_end(request, CTL_FAILED, "nothing was changed: %s",
			    err == -EEXIST ? "a name belongs to another device" : strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
	problems_free(&problems);
	devices_free(&import.have);
	devices_free(&import.want);
}

/* ---- as a sheet again ---- */

static int export_row(void *ctx, const struct reg_device *device)
{
	char address[EVENT_ADDRESS_SIZE];
	json_t *row = json_object();

	device_key_text(device->kind, device->addr, address);
	reply_text(row, "mac", address);
	reply_text(row, "name", device->name);
	reply_text(row, "group", device->group);
	reply_text(row, "owner", device->owner);
	reply_text(row, "note", device->note);
	reply_text(row, "class", device->class_name);
	reply_text(row, "room", device->room);
	return request_row(ctx, row);
}

void verb_device_export(struct request *request)
{
	int err = register_devices(request_esafed(request)->reg, export_row, request);

	change_end(request, err == -EPIPE ? 0 : err, "device", "");
}
