/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"

#define KEEP 200 /* loads of each list that are remembered */
#define COLUMNS "SELECT name, path, sha256, names, rejects, loaded, refused, problem FROM lists "

void register_list_free(struct reg_list *list)
{
	free(list->name);
	free(list->path);
	free(list->problem);
	*list = (struct reg_list){ 0 };
}

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

/* Borrows the texts of the row. */
static void list_of_row(sqlite3_stmt *stmt, struct reg_list *out)
{
	*out = (struct reg_list){
		.name = (char *)db_text(stmt, 0),
		.path = (char *)db_text(stmt, 1),
		.names = (__u64)sqlite3_column_int64(stmt, 3),
		.rejects = (__u64)sqlite3_column_int64(stmt, 4),
		.loaded = sqlite3_column_int64(stmt, 5),
		.refused = sqlite3_column_int(stmt, 6),
		.problem = (char *)db_text(stmt, 7),
	};
	register_copy_blob(stmt, 2, out->sha256, sizeof(out->sha256));
}

static int list_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_list *out = ctx;
	struct reg_list list;

	list_of_row(stmt, &list);
	list.name = strdup(list.name);
	list.path = strdup(list.path);
	list.problem = strdup(list.problem);
	if (!list.name || !list.path || !list.problem) {
		register_list_free(&list);
		return -ENOMEM;
	}
	*out = list;
	return 1;
}

int register_list_last(struct reg *reg, const char *name, struct reg_list *out)
{
	sqlite3_stmt *stmt;
	int result = db_prepare(reg->db, COLUMNS "WHERE name = ? AND NOT refused ORDER BY id DESC LIMIT 1", &stmt);

	if (result)
		return result;
	register_bind(stmt, 1, name);
	result = register_each(stmt, list_copy, out);
	return result > 0 ? 0 : result ? result : -ENOENT;
}

struct each {
	int (*row)(void *ctx, const struct reg_list *list);
	void *ctx;
};

static int list_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_list list;

	list_of_row(stmt, &list);
	return each->row(each->ctx, &list);
}

int register_lists(struct reg *reg, const char *name, unsigned limit,
		   int (*row)(void *ctx, const struct reg_list *list), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE ?1 IS NULL OR name = ?1 ORDER BY id DESC LIMIT ?2", &stmt);

	if (err)
		return err;
	if (name)
		register_bind(stmt, 1, name);
	sqlite3_bind_int64(stmt, 2, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, list_row, &each);
}
