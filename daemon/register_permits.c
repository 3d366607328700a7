/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"
#include "register_permits.h"

#define COLUMNS "SELECT id, kind, scope, scope_id, scope_name, addr_kind, addr, what, by_category, only, started," \
		" until, who, reason, ended, ended_by, why FROM permits "

static int insert(struct reg *reg, struct permit *permit)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO permits (kind, scope, scope_id, scope_name, addr_kind, addr, what,"
				      " by_category, only, started, until, who, reason)"
				      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, permit->kind);
	sqlite3_bind_int(stmt, 2, permit->scope.kind);
	sqlite3_bind_int64(stmt, 3, permit->scope.id);
	register_bind(stmt, 4, permit->scope_name);
	sqlite3_bind_int(stmt, 5, permit->addr.kind);
	if (permit->by_addr)
		sqlite3_bind_blob(stmt, 6, permit->addr.addr, sizeof(permit->addr.addr), SQLITE_STATIC);
	register_bind(stmt, 7, permit->what);
	sqlite3_bind_int(stmt, 8, permit->by_category);
	sqlite3_bind_int(stmt, 9, permit->only);
	sqlite3_bind_int64(stmt, 10, permit->started);
	sqlite3_bind_int64(stmt, 11, permit->until);
	register_bind(stmt, 12, permit->who);
	register_bind(stmt, 13, permit->reason);
	err = register_done(stmt);
	if (!err)
		permit->id = (__u32)sqlite3_last_insert_rowid(reg->db);
	return err;
}

static int close_row(struct reg *reg, const struct reg_permit_end *end, const char *action)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "UPDATE permits SET ended = ?, ended_by = ?, why = ? WHERE id = ? AND ended = 0",
			     &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, end->at);
	register_bind(stmt, 2, end->who);
	register_bind(stmt, 3, end->why);
	sqlite3_bind_int64(stmt, 4, end->id);
	err = register_done(stmt);
	return err ? err : register_change_add(reg, end->at, end->who, action, end->detail);
}

int register_permit_begin(struct reg *reg, struct permit *permit, const char *action, const struct reg_permit_end *twin)
{
	char detail[1024];
	int err = register_enter(reg);

	if (err)
		return err;
	if (twin)
		err = close_row(reg, twin, action);
	if (!err)
		err = insert(reg, permit);
	permit_text(permit, detail, sizeof(detail));
	if (!err)
		err = register_change_add(reg, permit->started, permit->who, action, detail);
	return register_leave(reg, err);
}

int register_permit_extend(struct reg *reg, const struct permit *permit, __s64 now, const char *who, const char *action,
			   const char *detail)
{
	sqlite3_stmt *stmt;
	int err = register_enter(reg);

	if (err)
		return err;
	err = db_prepare(reg->db, "UPDATE permits SET until = ? WHERE id = ?", &stmt);
	if (!err) {
		sqlite3_bind_int64(stmt, 1, permit->until);
		sqlite3_bind_int64(stmt, 2, permit->id);
		err = register_done(stmt);
	}
	if (!err)
		err = register_change_add(reg, now, who, action, detail);
	return register_leave(reg, err);
}

int register_permit_end(struct reg *reg, const struct reg_permit_end *end, const char *action)
{
	int err = register_enter(reg);

	return err ? err : register_leave(reg, close_row(reg, end, action));
}

/* Borrows the texts of the row. */
static void permit_of_row(sqlite3_stmt *stmt, struct permit *out)
{
	*out = (struct permit){
		.id = (__u32)sqlite3_column_int64(stmt, 0),
		.kind = (__u8)sqlite3_column_int(stmt, 1),
		.scope = { .kind = (__u8)sqlite3_column_int(stmt, 2), .id = (__u32)sqlite3_column_int64(stmt, 3) },
		.scope_name = (char *)db_text(stmt, 4),
		.addr = { .kind = (__u8)sqlite3_column_int(stmt, 5) },
		.by_addr = sqlite3_column_bytes(stmt, 6) == 16,
		.what = (char *)db_text(stmt, 7),
		.by_category = sqlite3_column_int(stmt, 8),
		.only = sqlite3_column_int(stmt, 9),
		.started = sqlite3_column_int64(stmt, 10),
		.until = sqlite3_column_int64(stmt, 11),
		.who = (char *)db_text(stmt, 12),
		.reason = (char *)db_text(stmt, 13),
		.category = ESAFE_NO_CATEGORY,
	};
	register_copy_blob(stmt, 6, out->addr.addr, sizeof(out->addr.addr));
	for (const char *c = out->what; *c && !out->by_category; c++)
		out->sites += *c == '\n';
	out->sites += !out->by_category && *out->what;
}

struct taking {
	int (*take)(void *ctx, struct permit *permit);
	void *ctx;
};

static int take_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct taking *taking = ctx;
	struct permit *permit = malloc(sizeof(*permit));

	if (!permit)
		return -ENOMEM;
	permit_of_row(stmt, permit);
	permit->scope_name = strdup(permit->scope_name);
	permit->what = strdup(permit->what);
	permit->who = strdup(permit->who);
	permit->reason = strdup(permit->reason);
	if (permit->scope_name && permit->what && permit->who && permit->reason)
		return taking->take(taking->ctx, permit);
	permit_free(permit);
	return -ENOMEM;
}

int register_permits_open(struct reg *reg, int (*take)(void *ctx, struct permit *permit), void *ctx)
{
	struct taking taking = { take, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE ended = 0 ORDER BY id", &stmt);

	return err ? err : register_each(stmt, take_row, &taking);
}

int register_permits_expire(struct reg *reg, __s64 before)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "DELETE FROM permits WHERE ended > 0 AND ended < ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, before);
	return register_done(stmt);
}

struct reading {
	int (*row)(void *ctx, const struct reg_permit *permit);
	void *ctx;
};

static int read_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct reading *reading = ctx;
	struct permit permit;
	struct reg_permit row = {
		.permit = &permit,
		.ended = sqlite3_column_int64(stmt, 14),
		.ended_by = db_text(stmt, 15),
		.why = db_text(stmt, 16),
	};

	permit_of_row(stmt, &permit);
	return reading->row(reading->ctx, &row);
}

int register_permits(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_permit *permit), void *ctx)
{
	struct reading reading = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "ORDER BY id DESC LIMIT ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, read_row, &reading);
}
