/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices_csv.h"
#include "register_db.h"

#define COLUMNS "SELECT id, kind, addr, name, grp, owner, note, created, changed FROM devices "

void register_device_free(struct reg_device *device)
{
	free(device->name);
	free(device->group);
	free(device->owner);
	free(device->note);
	*device = (struct reg_device){ 0 };
}

/* Borrows the texts of the row. */
static void device_of_row(sqlite3_stmt *stmt, struct reg_device *out)
{
	*out = (struct reg_device){
		.id = (__u32)sqlite3_column_int64(stmt, 0),
		.kind = (__u8)sqlite3_column_int(stmt, 1),
		.name = (char *)db_text(stmt, 3),
		.group = (char *)db_text(stmt, 4),
		.owner = (char *)db_text(stmt, 5),
		.note = (char *)db_text(stmt, 6),
		.created = sqlite3_column_int64(stmt, 7),
		.changed = sqlite3_column_int64(stmt, 8),
	};
	register_copy_blob(stmt, 2, out->addr, sizeof(out->addr));
}

static int device_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_device device;
	struct reg_device *out = ctx;

	device_of_row(stmt, &device);
	device.name = strdup(device.name);
	device.group = strdup(device.group);
	device.owner = strdup(device.owner);
	device.note = strdup(device.note);
	if (!device.name || !device.group || !device.owner || !device.note) {
		register_device_free(&device);
		return -ENOMEM;
	}
	*out = device;
	return 1;
}

/* The one row of a statement. */
static int device_one(sqlite3_stmt *stmt, struct reg_device *out)
{
	int result = register_each(stmt, device_copy, out);

	return result > 0 ? 0 : result ? result : -ENOENT;
}

int register_device_get(struct reg *reg, __u32 id, struct reg_device *out)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	return device_one(stmt, out);
}

int register_device_by_addr(struct reg *reg, __u8 kind, const __u8 addr[16], struct reg_device *out)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE kind = ? AND addr = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, kind);
	sqlite3_bind_blob(stmt, 2, addr, 16, SQLITE_STATIC);
	return device_one(stmt, out);
}

static int device_by_name(struct reg *reg, const char *name, struct reg_device *out)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE name = ?", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, name);
	return device_one(stmt, out);
}

int register_device_find(struct reg *reg, const char *what, struct reg_device *out)
{
	__u8 kind, addr[16];
	char *end;
	unsigned long id;
	int err = device_by_name(reg, what, out);

	if (err != -ENOENT)
		return err;
	if (!device_key_parse(what, &kind, addr))
		return register_device_by_addr(reg, kind, addr, out);
	if (*what != '#' || what[1] < '0' || what[1] > '9')
		return -ENOENT;
	id = strtoul(what + 1, &end, 10);
	return *end || id > 0xffffffff ? -ENOENT : register_device_get(reg, (__u32)id, out);
}

static bool is_plain(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static int device_check(const struct reg_device *device)
{
	if (!device->name || !*device->name || device->kind > ESAFE_BY_ADDRESS)
		return -EINVAL;
	return is_plain(device->name) && is_plain(device->group) && is_plain(device->owner) && is_plain(device->note) ?
		       0 : -EINVAL;
}

int register_device_put(struct reg *reg, const struct reg_device *device, __s64 now, __u32 *id)
{
	sqlite3_stmt *stmt;
	int err = device_check(device);

	if (!err)
		err = db_prepare(reg->db, device->id ?
			"UPDATE devices SET kind = ?2, addr = ?3, name = ?4, grp = ?5, owner = ?6, note = ?7, changed = ?8"
			" WHERE id = ?1" :
			"INSERT INTO devices (kind, addr, name, grp, owner, note, created, changed)"
			" VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)", &stmt);
	if (err)
		return err;
	if (device->id)
		sqlite3_bind_int64(stmt, 1, device->id);
	sqlite3_bind_int(stmt, 2, device->kind);
	sqlite3_bind_blob(stmt, 3, device->addr, sizeof(device->addr), SQLITE_STATIC);
	register_bind(stmt, 4, device->name);
	register_bind(stmt, 5, device->group);
	register_bind(stmt, 6, device->owner);
	register_bind(stmt, 7, device->note);
	sqlite3_bind_int64(stmt, 8, now);
	err = register_done(stmt);
	if (!err && device->id && !sqlite3_changes(reg->db))
		err = -ENOENT;
	if (!err)
		*id = device->id ? device->id : (__u32)sqlite3_last_insert_rowid(reg->db);
	return err;
}

int register_device_remove(struct reg *reg, __u32 id)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "DELETE FROM devices WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	err = register_done(stmt);
	return err ? err : sqlite3_changes(reg->db) ? 0 : -ENOENT;
}

struct each {
	int (*row)(void *ctx, const struct reg_device *device);
	void *ctx;
};

static int device_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_device device;

	device_of_row(stmt, &device);
	return each->row(each->ctx, &device);
}

int register_devices(struct reg *reg, int (*row)(void *ctx, const struct reg_device *device), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "ORDER BY name", &stmt);

	return err ? err : register_each(stmt, device_row, &each);
}
