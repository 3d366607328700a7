/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "devices_csv.h"
#include "hex.h"
#include "sheet.h"

#define DEVICES_MAX 100000

enum { COL_MAC, COL_NAME, COL_GROUP, COL_OWNER, COL_NOTE, COL_CLASS, COL_ROOM, COLUMNS };

/* ---- addresses ---- */
/* How a MAC is cut: digits between separators. */
static const struct {
	char separator;
	int digits;
} spellings[] = { { ':', 2 }, { '-', 2 }, { '.', 4 }, { '\0', 12 } };

static int mac_parse(const char *text, char separator, int digits, __u8 mac[6])
{
	__u8 out[6] = { 0 };

	for (int i = 0; i < 12; i++) {
		if (i && i % digits == 0 && *text++ != separator)
			return -EINVAL;
		if (hex_digit(*text) < 0)
			return -EINVAL;
		out[i / 2] = (__u8)(out[i / 2] << 4 | hex_digit(*text++));
	}
	if (*text)
		return -EINVAL;
	memcpy(mac, out, sizeof(out));
	return 0;
}

int device_key_parse(const char *text, __u8 *kind, __u8 addr[16])
{
	__u8 out[16] = { 0 };

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (!mac_parse(text, spellings[i].separator, spellings[i].digits, out)) {
			*kind = ESAFE_BY_MAC;
			memcpy(addr, out, sizeof(out));
			return 0;
		}
	if (inet_pton(AF_INET, text, out + 12) == 1)
		out[10] = out[11] = 0xff;
	else if (inet_pton(AF_INET6, text, out) != 1)
		return -EINVAL;
	*kind = ESAFE_BY_ADDRESS;
	memcpy(addr, out, sizeof(out));
	return 0;
}

void device_key_text(__u8 kind, const __u8 addr[16], char out[46])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (kind == ESAFE_BY_MAC)
		snprintf(out, 46, "%02x:%02x:%02x:%02x:%02x:%02x", addr[0], addr[1], addr[2], addr[3], addr[4], addr[5]);
	else if (!memcmp(addr, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, addr + 12, out, 46);
	else
		inet_ntop(AF_INET6, addr, out, 46);
}

/* ---- reading ---- */
int devices_add(struct devices *devices, const struct reg_device *device, int line)
{
	int err = sheet_room((void **)&devices->item, sizeof(*devices->item), &devices->line, devices->n, &devices->room);

	if (err)
		return err;
	devices->line[devices->n] = line;
	devices->item[devices->n++] = *device;
	return 0;
}

/* Zero, broadcast and multicast are never where a packet comes from. */
static bool is_nobody(__u8 kind, const __u8 addr[16])
{
	static const __u8 none[16];

	return !memcmp(addr, none, sizeof(none)) || (kind == ESAFE_BY_MAC ? addr[0] & 1 : addr[0] == 0xff);
}

static bool take_key(struct sheet *sheet, const struct sheet_value *value, struct reg_device *device)
{
	if (device_key_parse(value->text, &device->kind, device->addr))
		sheet_wrong(sheet, value->line, value->column, "\"%s\" is neither a MAC nor an address", value->text);
	else if (is_nobody(device->kind, device->addr))
		sheet_wrong(sheet, value->line, value->column, "\"%s\" belongs to no one device", value->text);
	else
		return true;
	return false;
}

static int take_record(void *ctx, struct sheet *sheet, int line, const struct sheet_value *value)
{
	struct reg_device device = { 0 };
	char **const texts[COLUMNS] = { NULL, &device.name, &device.group, &device.owner, &device.note,
					&device.class_name, &device.room };
	int err = 0;

	if (!take_key(sheet, &value[COL_MAC], &device))
		return 0;
	for (int i = COL_NAME; i < COLUMNS && !err; i++) {
		*texts[i] = value[i].text ? strdup(value[i].text) : NULL;
		err = value[i].text && !*texts[i] ? -ENOMEM : 0;
	}
	err = err ?: devices_add(ctx, &device, line);
	if (err)
		register_device_free(&device);
	return err;
}

static const struct sheet_column columns[COLUMNS] = {
	[COL_MAC] = { "mac", "mac address|address", true, "MAC" },
	[COL_NAME] = { "name", "device|device name", true, NULL },
	[COL_GROUP] = { "group", NULL, false, NULL },
	[COL_OWNER] = { "owner", NULL, false, NULL },
	[COL_NOTE] = { "note", "notes|remark", false, NULL },
	[COL_CLASS] = { "class", "form", false, NULL },
	[COL_ROOM] = { "room", NULL, false, NULL },
};
static const struct sheet_kind kind = { columns, COLUMNS, DEVICES_MAX, "devices", take_record };

/* ---- twice the same ---- */
static int by_key(const void *a, const void *b)
{
	const struct reg_device *x = *(const struct reg_device *const *)a;
	const struct reg_device *y = *(const struct reg_device *const *)b;

	return x->kind != y->kind ? x->kind - y->kind : memcmp(x->addr, y->addr, sizeof(x->addr));
}

static int by_name(const void *a, const void *b)
{
	const struct reg_device *x = *(const struct reg_device *const *)a;
	const struct reg_device *y = *(const struct reg_device *const *)b;

	return strcasecmp(x->name, y->name);
}

static const struct reg_device **sorted(const struct devices *devices, int (*by)(const void *, const void *))
{
	return (const struct reg_device **)sheet_sorted(devices->item, devices->n, sizeof(*devices->item), by);
}

int devices_csv_read(const char *file, const char *text, size_t len, struct devices *out, struct problems *problems)
{
	struct devices devices = { 0 };
	unsigned before = problems->n + problems->dropped;
	int err = sheet_read(&kind, file, text, len, problems, &devices);
	struct sheet_twice twice = { file, "MAC or address", devices.item, devices.n, sizeof(*devices.item),
				     devices.line, by_key };

	if (!err || err == -EINVAL)
		err = sheet_check_twice(&twice, problems) ?: err;
	twice.what = "name";
	twice.by = by_name;
	if (!err || err == -EINVAL)
		err = sheet_check_twice(&twice, problems) ?: err;
	if (!err && problems->n + problems->dropped > before)
		err = -EINVAL;
	if (err)
		devices_free(&devices);
	else
		*out = devices;
	return err;
}

void devices_free(struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		register_device_free(&devices->item[i]);
	free(devices->item);
	free(devices->line);
	*devices = (struct devices){ 0 };
}

/* ---- the difference ---- */
static const struct reg_device *find_key(const struct reg_device **index, size_t n, const struct reg_device *key)
{
	const struct reg_device **found = n ? bsearch(&key, index, n, sizeof(*index), by_key) : NULL;

	return found ? *found : NULL;
}

static void changes_text(const struct reg_device *old, const struct reg_device *new, char *out, size_t size)
{
	const struct sheet_field fields[] = {
		{ "name", old->name, new->name },   { "group", old->group, new->group },
		{ "owner", old->owner, new->owner }, { "note", old->note, new->note },
		{ "class", old->class_name, new->class_name }, { "room", old->room, new->room },
	};

	sheet_changes(fields, sizeof(fields) / sizeof(fields[0]), out, size);
}

int devices_diff(const struct devices *have, const struct devices *want,
		 void (*line)(void *ctx, char sign, const struct reg_device *device, const char *text), void *ctx)
{
	const struct reg_device **had = sorted(have, by_key);
	const struct reg_device **wanted = sorted(want, by_key);
	char text[6 * 2 * (SHEET_TEXT_MAX + 16)];

	if (!had || !wanted) {
		free(had);
		free(wanted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < want->n; i++) {
		const struct reg_device *old = find_key(had, have->n, &want->item[i]);

		text[0] = '\0';
		if (old)
			changes_text(old, &want->item[i], text, sizeof(text));
		line(ctx, !old ? '+' : *text ? '~' : '=', &want->item[i], text);
	}
	for (size_t i = 0; i < have->n; i++)
		if (!find_key(wanted, want->n, &have->item[i]))
			line(ctx, '-', &have->item[i], "");
	free(had);
	free(wanted);
	return 0;
}
