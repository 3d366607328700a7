/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "register_db.h"
#include "register_volumes.h"

static int save_day(struct reg *reg, const struct volume *volume)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT OR REPLACE INTO volumes (day, kind, addr, grp, up, down, raw_up, raw_down,"
				      " moved, over) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, volume->day);
	sqlite3_bind_int(stmt, 2, volume->key.kind);
	sqlite3_bind_blob(stmt, 3, volume->key.addr, sizeof(volume->key.addr), SQLITE_STATIC);
	register_bind(stmt, 4, volume->group);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)volume->up);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)volume->down);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)volume->raw_up);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)volume->raw_down);
	sqlite3_bind_int64(stmt, 9, volume->moved);
	sqlite3_bind_int(stmt, 10, volume->over);
	return register_done(stmt);
}

static int save_use(struct reg *reg, const struct volume *volume, const struct volume_use *use)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT OR REPLACE INTO quotas (kind, addr, time, since, bytes, told)"
				      " VALUES (?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, volume->key.kind);
	sqlite3_bind_blob(stmt, 2, volume->key.addr, sizeof(volume->key.addr), SQLITE_STATIC);
	register_bind(stmt, 3, use->time);
	sqlite3_bind_int64(stmt, 4, use->since);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)use->bytes);
	sqlite3_bind_int(stmt, 6, use->told);
	return register_done(stmt);
}

static int save(void *ctx, struct volume *volume)
{
	int err = volume->dirty ? save_day(ctx, volume) : 0;

	for (size_t i = 0; i < QUOTAS && volume->dirty && !err; i++)
		if (volume->use[i].since)
			err = save_use(ctx, volume, &volume->use[i]);
	return err;
}

static int clean(void *ctx, struct volume *volume)
{
	volume->dirty = false;
	return 0;
}

int register_volumes_save(struct reg *reg, const struct volume_table *table)
{
	int err = register_enter(reg);

	if (err)
		return err;
	err = register_leave(reg, volume_each(table, save, reg));
	if (!err)
		volume_each(table, clean, NULL);
	return err;
}

static struct volume *volume_of_row(struct volume_table *table, sqlite3_stmt *stmt)
{
	struct esafe_device_key key = { .kind = (__u8)sqlite3_column_int(stmt, 0) };

	register_copy_blob(stmt, 1, key.addr, sizeof(key.addr));
	return volume_take(table, &key);
}

static int load_day(void *ctx, sqlite3_stmt *stmt)
{
	struct volume *volume = volume_of_row(ctx, stmt);

	if (!volume)
		return -ENOMEM;
	snprintf(volume->group, sizeof(volume->group), "%s", db_text(stmt, 2));
	volume->day = sqlite3_column_int64(stmt, 3);
	volume->up = (__u64)sqlite3_column_int64(stmt, 4);
	volume->down = (__u64)sqlite3_column_int64(stmt, 5);
	volume->raw_up = (__u64)sqlite3_column_int64(stmt, 6);
	volume->raw_down = (__u64)sqlite3_column_int64(stmt, 7);
	volume->moved = sqlite3_column_int64(stmt, 8);
	volume->over = sqlite3_column_int(stmt, 9); /* until the first sample says otherwise */
	return 0;
}

static int load_use(void *ctx, sqlite3_stmt *stmt)
{
	struct volume *volume = volume_of_row(ctx, stmt);
	size_t i = 0;

	if (!volume)
		return -ENOMEM;
	while (i < QUOTAS && volume->use[i].since)
		i++;
	if (i == QUOTAS)
		return 0;
	snprintf(volume->use[i].time, sizeof(volume->use[i].time), "%s", db_text(stmt, 2));
	volume->use[i].since = sqlite3_column_int64(stmt, 3);
	volume->use[i].bytes = (__u64)sqlite3_column_int64(stmt, 4);
	volume->use[i].told = sqlite3_column_int(stmt, 5);
	return 0;
}

int register_volumes_load(struct reg *reg, struct volume_table *table)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT kind, addr, grp, max(day), up, down, raw_up, raw_down, moved, over"
				      " FROM volumes"
				      " WHERE day > (SELECT max(day) FROM volumes) - 691200 GROUP BY kind, addr", &stmt);

	if (!err)
		err = register_each(stmt, load_day, table);
	if (!err)
		err = db_prepare(reg->db, "SELECT kind, addr, time, since, bytes, told FROM quotas ORDER BY since DESC",
				 &stmt);
	return err ? err : register_each(stmt, load_use, table);
}

int register_volumes_expire(struct reg *reg, __s64 before)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "DELETE FROM volumes WHERE day < ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, before);
	err = register_done(stmt);
	return err ? err : db_exec(reg->db, "DELETE FROM quotas WHERE since < strftime('%s') - 864000");
}

struct reading {
	int (*row)(void *ctx, const struct reg_volume *row);
	void *ctx;
};

static int group_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct reading *reading = ctx;
	struct reg_volume row = {
		.day = sqlite3_column_int64(stmt, 0),
		.group = db_text(stmt, 1),
		.devices = (__u64)sqlite3_column_int64(stmt, 2),
		.up = (__u64)sqlite3_column_int64(stmt, 3),
		.down = (__u64)sqlite3_column_int64(stmt, 4),
	};

	return reading->row(reading->ctx, &row);
}

int register_volume_groups(struct reg *reg, __s64 since, int (*row)(void *ctx, const struct reg_volume *row), void *ctx)
{
	struct reading reading = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT day, grp, count(*), sum(up), sum(down) FROM volumes WHERE day >= ?"
				      " GROUP BY day, grp ORDER BY day DESC, sum(up) + sum(down) DESC", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, since);
	return register_each(stmt, group_row, &reading);
}
