/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices_csv.h"
#include "register_db.h"

#define COLUMNS "SELECT d.id, kind, addr, d.name, d.grp, owner, note, d.created, d.changed, coalesce(c.name, '')," \
		" coalesce(r.name, ''), coalesce(nullif(d.grp, ''), c.grp, ''), coalesce(c.id, 0), coalesce(r.id, 0)" \
		" FROM devices d LEFT JOIN classes c ON c.id = d.class LEFT JOIN rooms r ON r.id = d.room "

/* All texts of a device. */
#define TEXTS(device) { &(device)->name, &(device)->group, &(device)->owner, &(device)->note, &(device)->class_name, \
			&(device)->room, &(device)->holds }
#define TEXTS_N 7

void register_device_free(struct reg_device *device)
{
	char **const texts[TEXTS_N] = TEXTS(device);

	for (int i = 0; i < TEXTS_N; i++)
		free(*texts[i]);
	*device = (struct reg_device){ 0 };
}

int register_device_copy(const struct reg_device *from, struct reg_device *to)
{
	struct reg_device copy = *from;
	char **const texts[TEXTS_N] = TEXTS(&copy);
	bool short_of_memory = false;

	for (int i = 0; i < TEXTS_N; i++) {
		*texts[i] = strdup(*texts[i] ? *texts[i] : "");
		short_of_memory |= !*texts[i];
	}
	if (short_of_memory) {
		register_device_free(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
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
		.class_name = (char *)db_text(stmt, 9),
		.room = (char *)db_text(stmt, 10),
		.holds = (char *)db_text(stmt, 11),
		.class_id = (__u16)sqlite3_column_int(stmt, 12),
		.room_id = (__u16)sqlite3_column_int(stmt, 13),
	};
	register_copy_blob(stmt, 2, out->addr, sizeof(out->addr));
}

static int device_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_device device;

	device_of_row(stmt, &device);
	return register_device_copy(&device, ctx) ?: 1;
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
	int err = db_prepare(reg->db, COLUMNS "WHERE d.id = ?", &stmt);

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
	int err = db_prepare(reg->db, COLUMNS "WHERE d.name = ?", &stmt);

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

static int device_check(const struct reg_device *device)
{
	const char *const texts[] = { device->name, device->group, device->owner, device->note };

	if (!device->name || !*device->name || device->kind > ESAFE_BY_ADDRESS)
		return -EINVAL;
	return register_texts(texts, sizeof(texts) / sizeof(*texts));
}

static int device_places(struct reg *reg, const struct reg_device *device, sqlite3_int64 *class, sqlite3_int64 *room)
{
	return register_number(reg, "SELECT id FROM classes WHERE name = ?1", device->class_name, class) ?:
	       register_number(reg, "SELECT id FROM rooms WHERE name = ?1", device->room, room);
}

int register_device_put(struct reg *reg, const struct reg_device *device, __s64 now, __u32 *id)
{
	sqlite3_int64 class = 0, room = 0, row = device->id;
	sqlite3_stmt *stmt;
	int err = device_check(device);

	if (!err)
		err = device_places(reg, device, &class, &room);
	if (!err)
		err = db_prepare(reg->db, device->id ?
			"UPDATE devices SET kind = ?2, addr = ?3, name = ?4, grp = ?5, owner = ?6, note = ?7, changed = ?8,"
			" class = nullif(?9, 0), room = nullif(?10, 0) WHERE id = ?1" :
			"INSERT INTO devices (kind, addr, name, grp, owner, note, created, changed, class, room)"
			" VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, nullif(?9, 0), nullif(?10, 0))", &stmt);
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
	sqlite3_bind_int64(stmt, 9, class);
	sqlite3_bind_int64(stmt, 10, room);
	err = register_put(reg, stmt, &row);
	if (!err)
		*id = (__u32)row;
	return err;
}

int register_device_remove(struct reg *reg, __u32 id)
{
	return register_remove(reg, "DELETE FROM devices WHERE id = ?", id);
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
	int err = db_prepare(reg->db, COLUMNS "ORDER BY d.name", &stmt);

	return err ? err : register_each(stmt, device_row, &each);
}
