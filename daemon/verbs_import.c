/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices from a spreadsheet: read, held against the register, and written all at once or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "event.h"
#include "verbs.h"

struct import {
	struct request *request;
	struct devices have, want;
	bool remove, dry;
	unsigned changes;
	int err;
};

static int keep_device(void *ctx, const struct reg_device *device)
{
	struct devices *have = ctx;
	struct reg_device *bigger = realloc(have->item, (have->n + 1) * sizeof(*bigger));
	struct reg_device *copy;

	if (!bigger)
		return -ENOMEM;
	have->item = bigger;
	copy = &bigger[have->n];
	*copy = *device;
	copy->name = strdup(device->name);
	copy->group = strdup(device->group);
	copy->owner = strdup(device->owner);
	copy->note = strdup(device->note);
	have->n++;
	return copy->name && copy->group && copy->owner && copy->note ? 0 : -ENOMEM;
}

static void check_groups(const struct import *import, const char *file, struct problems *problems)
{
	const struct policy *policy = request_esafed(import->request)->policy;
	const char *known[ESAFE_GROUPS], *near;
	size_t n = 0;

	if (!policy)
		return;
	for (; n < policy->groups && n < ESAFE_GROUPS; n++)
		known[n] = policy->group[n].name;
	for (size_t i = 0; i < import->want.n; i++) {
		const char *group = import->want.item[i].group;

		if (!*group || policy_group(policy, group) != SIZE_MAX)
			continue;
		near = nearest(group, known, n);
		problem_add(problems, file, import->want.line[i], 0, "the policy has no group %s%s%s%s", group,
			    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
}

static int write_line(struct import *import, char sign, const struct reg_device *device)
{
	struct esafed *esafed = request_esafed(import->request);
	struct reg_device stored, wanted = *device;
	int err;

	if (sign == '+') {
		wanted.id = 0;
		return register_device_put(esafed->reg, &wanted, clock_seconds(), &wanted.id);
	}
	err = register_device_by_addr(esafed->reg, device->kind, device->addr, &stored);
	if (err)
		return err;
	wanted.id = stored.id;
	register_device_free(&stored);
	if (sign == '-')
		return register_device_remove(esafed->reg, wanted.id);
	return register_device_put(esafed->reg, &wanted, clock_seconds(), &wanted.id);
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

static int write_all(struct import *import)
{
	struct esafed *esafed = request_esafed(import->request);
	char detail[64];
	int err = import->dry ? 0 : register_begin(esafed->reg);

	if (err)
		return err;
	err = devices_diff(&import->have, &import->want, take_removal, import);
	if (err >= 0 && !import->err)
		err = devices_diff(&import->have, &import->want, take_rest, import);
	err = import->err ? import->err : err < 0 ? err : 0;
	if (import->dry)
		return err;
	snprintf(detail, sizeof(detail), "%u changes, %zu devices in the file", import->changes, import->want.n);
	if (!err && import->changes)
		err = register_change_add(esafed->reg, clock_seconds(), import->request->peer.name,
					  import->request->verb->name, detail);
	if (!err)
		err = register_commit(esafed->reg);
	if (err)
		register_rollback(esafed->reg);
	else
		err = devices_sync(esafed);
	return err;
}

void verb_device_import(struct request *request)
{
	const char *text = request_text(request, "text"), *file = request_text(request, "file");
	struct import import = { .request = request };
	struct problems problems = { 0 };
	int err;

	file = file ? file : "devices";
	import.remove = request_flag(request, "remove");
	import.dry = request_flag(request, "dry_run");
	err = devices_csv_read(file, text, strlen(text), &import.want, &problems);
	if (!err) {
		check_groups(&import, file, &problems);
		err = problems.n ? -EINVAL : register_devices(request_esafed(request)->reg, keep_device, &import.have);
	}
	if (!err)
		err = write_all(&import);
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
