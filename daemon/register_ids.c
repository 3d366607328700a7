/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "idtable.h"
#include "register_db.h"

static int id_row(void *ctx, sqlite3_stmt *stmt)
{
	sqlite3_int64 id = sqlite3_column_int64(stmt, 1);

	return id < 0 || id > 0xffff ? -EBADMSG : idtable_put(ctx, db_text(stmt, 0), (unsigned)id);
}

int register_ids_load(struct reg *reg, const char *kind, struct idtable *table)
{
	struct idtable loaded = { 0 };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT name, id FROM ids WHERE kind = ? ORDER BY id", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, kind);
	err = register_each(stmt, id_row, &loaded);
	if (err) {
		idtable_free(&loaded);
		return err;
	}
	*table = loaded;
	return 0;
}

static int id_save(struct reg *reg, const char *kind, const struct idtable_item *item)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO ids (kind, name, id) VALUES (?, ?, ?)", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, kind);
	register_bind(stmt, 2, item->name);
	sqlite3_bind_int64(stmt, 3, item->id);
	return register_done(stmt);
}

int register_ids_save(struct reg *reg, const char *kind, const struct idtable *table)
{
	sqlite3_stmt *stmt;
	int err = register_enter(reg);

	if (err)
		return err;
	err = db_prepare(reg->db, "DELETE FROM ids WHERE kind = ?", &stmt);
	if (!err) {
		register_bind(stmt, 1, kind);
		err = register_done(stmt);
	}
	for (unsigned i = 0; i < table->n && !err; i++)
		err = id_save(reg, kind, &table->item[i]);
	return register_leave(reg, err);
}
