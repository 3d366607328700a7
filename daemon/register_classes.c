/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"
#include "register_people.h"

#define CLASSES "SELECT c.id, c.name, c.grp, coalesce(r.name, ''), c.created, c.changed," \
		" (SELECT count(*) FROM users WHERE class = c.id AND NOT gone)," \
		" (SELECT count(*) FROM devices WHERE class = c.id)" \
		" FROM classes c LEFT JOIN rooms r ON r.id = c.room "
#define ROOMS "SELECT id, name, created, (SELECT count(*) FROM classes WHERE room = rooms.id)," \
	      " (SELECT count(*) FROM devices WHERE room = rooms.id) FROM rooms "

/* ---- classes ---- */

void register_class_free(struct reg_class *class)
{
	free(class->name);
	free(class->group);
	free(class->room);
	*class = (struct reg_class){ 0 };
}

static void class_of_row(sqlite3_stmt *stmt, struct reg_class *out)
{
	*out = (struct reg_class){
		.id = (__u16)sqlite3_column_int(stmt, 0),
		.name = (char *)db_text(stmt, 1),
		.group = (char *)db_text(stmt, 2),
		.room = (char *)db_text(stmt, 3),
		.created = sqlite3_column_int64(stmt, 4),
		.changed = sqlite3_column_int64(stmt, 5),
		.users = (unsigned)sqlite3_column_int(stmt, 6),
		.devices = (unsigned)sqlite3_column_int(stmt, 7),
	};
}

static int class_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_class class;

	class_of_row(stmt, &class);
	class.name = strdup(class.name);
	class.group = strdup(class.group);
	class.room = strdup(class.room);
	if (!class.name || !class.group || !class.room) {
		register_class_free(&class);
		return -ENOMEM;
	}
	*(struct reg_class *)ctx = class;
	return 1;
}

int register_class_find(struct reg *reg, const char *what, struct reg_class *out)
{
	return register_find(reg, CLASSES "WHERE c.name = ?1", CLASSES "WHERE c.id = ?1", what, class_copy, out);
}

int register_class_put(struct reg *reg, const struct reg_class *class, __s64 now, __u16 *id)
{
	const char *const texts[] = { class->name, class->group, class->room };
	sqlite3_int64 room = 0, row = class->id;
	sqlite3_stmt *stmt;
	int err = *class->name ? register_texts(texts, 3) : -EINVAL;

	if (!err && !class->id)
		err = register_space(reg, "classes", REG_CLASSES);
	if (!err)
		err = register_number(reg, "SELECT id FROM rooms WHERE name = ?1", class->room, &room);
	if (!err)
		err = db_prepare(reg->db, class->id ?
			"UPDATE classes SET name = ?2, grp = ?3, room = nullif(?4, 0), changed = ?5 WHERE id = ?1" :
			"INSERT INTO classes (name, grp, room, created, changed) VALUES (?2, ?3, nullif(?4, 0), ?5, ?5)",
			&stmt);
	if (err)
		return err;
	if (class->id)
		sqlite3_bind_int64(stmt, 1, class->id);
	register_bind(stmt, 2, class->name);
	register_bind(stmt, 3, class->group);
	sqlite3_bind_int64(stmt, 4, room);
	sqlite3_bind_int64(stmt, 5, now);
	err = register_put(reg, stmt, &row);
	if (!err)
		*id = (__u16)row;
	return err;
}

int register_class_remove(struct reg *reg, __u16 id)
{
	return register_remove(reg, "DELETE FROM classes WHERE id = ?1", id);
}

struct each_class {
	int (*row)(void *ctx, const struct reg_class *class);
	void *ctx;
};

static int class_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each_class *each = ctx;
	struct reg_class class;

	class_of_row(stmt, &class);
	return each->row(each->ctx, &class);
}

int register_classes(struct reg *reg, int (*row)(void *ctx, const struct reg_class *class), void *ctx)
{
	struct each_class each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, CLASSES "ORDER BY c.name", &stmt);

	return err ? err : register_each(stmt, class_row, &each);
}

/* ---- rooms ---- */

void register_room_free(struct reg_room *room)
{
	free(room->name);
	*room = (struct reg_room){ 0 };
}

static void room_of_row(sqlite3_stmt *stmt, struct reg_room *out)
{
	*out = (struct reg_room){
		.id = (__u16)sqlite3_column_int(stmt, 0),
		.name = (char *)db_text(stmt, 1),
		.created = sqlite3_column_int64(stmt, 2),
		.classes = (unsigned)sqlite3_column_int(stmt, 3),
		.devices = (unsigned)sqlite3_column_int(stmt, 4),
	};
}

static int room_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_room room;

	room_of_row(stmt, &room);
	room.name = strdup(room.name);
	if (!room.name)
		return -ENOMEM;
	*(struct reg_room *)ctx = room;
	return 1;
}

int register_room_find(struct reg *reg, const char *what, struct reg_room *out)
{
	return register_find(reg, ROOMS "WHERE name = ?1", ROOMS "WHERE id = ?1", what, room_copy, out);
}

int register_room_add(struct reg *reg, const char *name, __s64 now, __u16 *id)
{
	sqlite3_int64 row = 0;
	sqlite3_stmt *stmt;
	int err = *name ? register_texts(&name, 1) : -EINVAL;

	if (!err)
		err = register_space(reg, "rooms", REG_CLASSES);
	if (!err)
		err = db_prepare(reg->db, "INSERT INTO rooms (name, created) VALUES (?1, ?2)", &stmt);
	if (err)
		return err;
	register_bind(stmt, 1, name);
	sqlite3_bind_int64(stmt, 2, now);
	err = register_put(reg, stmt, &row);
	if (!err)
		*id = (__u16)row;
	return err;
}

int register_room_remove(struct reg *reg, __u16 id)
{
	return register_remove(reg, "DELETE FROM rooms WHERE id = ?1", id);
}

struct each_room {
	int (*row)(void *ctx, const struct reg_room *room);
	void *ctx;
};

static int room_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each_room *each = ctx;
	struct reg_room room;

	room_of_row(stmt, &room);
	return each->row(each->ctx, &room);
}

int register_rooms(struct reg *reg, int (*row)(void *ctx, const struct reg_room *room), void *ctx)
{
	struct each_room each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, ROOMS "ORDER BY name", &stmt);

	return err ? err : register_each(stmt, room_row, &each);
}
