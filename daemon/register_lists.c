/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "register_db.h"

#define KEEP 200 /* loads of each list that are remembered */

static int list_forget(struct reg *reg, const char *name)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "DELETE FROM lists WHERE name = ?1"
				      " AND id <= (SELECT id FROM lists WHERE name = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
				      " AND id <> (SELECT coalesce(max(id), 0) FROM lists WHERE name = ?1 AND NOT refused)", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, name);
	sqlite3_bind_int(stmt, 2, KEEP);
	return register_done(stmt);
}

static int list_insert(struct reg *reg, const struct reg_list *list)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO lists (name, path, sha256, names, rejects, loaded, refused, problem)"
				      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, list->name);
	register_bind(stmt, 2, list->path);
	sqlite3_bind_blob(stmt, 3, list->sha256, sizeof(list->sha256), SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)list->names);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)list->rejects);
	sqlite3_bind_int64(stmt, 6, list->loaded);
	sqlite3_bind_int(stmt, 7, list->refused);
	register_bind(stmt, 8, list->problem);
	return register_done(stmt);
}

int register_list_add(struct reg *reg, const struct reg_list *list)
{
	int err;

	if (!list->name || !*list->name)
		return -EINVAL;
	err = register_enter(reg);
	if (err)
		return err;
	err = list_insert(reg, list);
	if (!err)
		err = list_forget(reg, list->name);
	return register_leave(reg, err);
}

struct each {
	int (*row)(void *ctx, const struct reg_list *list);
	void *ctx;
};

static int list_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_list list = {
		.name = db_text(stmt, 0),
		.path = db_text(stmt, 1),
		.names = (__u64)sqlite3_column_int64(stmt, 3),
		.rejects = (__u64)sqlite3_column_int64(stmt, 4),
		.loaded = sqlite3_column_int64(stmt, 5),
		.refused = sqlite3_column_int(stmt, 6),
		.problem = db_text(stmt, 7),
	};

	register_copy_blob(stmt, 2, list.sha256, sizeof(list.sha256));
	return each->row(each->ctx, &list);
}

int register_lists(struct reg *reg, int (*row)(void *ctx, const struct reg_list *list), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT name, path, sha256, names, rejects, loaded, refused, problem FROM lists"
				      " ORDER BY id DESC", &stmt);

	return err ? err : register_each(stmt, list_row, &each);
}
