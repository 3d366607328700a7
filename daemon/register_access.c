/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access register. It follows from the tables of users, classes and devices: what they have is held against the
 * rows that are open, so that no way of changing them can be forgotten.
 */
#include <errno.h>
#include <string.h>

#include "register_db.h"
#include "register_people.h"

#define HOLDS(t) "coalesce(nullif(" t ".grp, ''), c.grp, '')"

/* Ends the rows that are no longer true, gives the others the name of today, opens new ones: ?1 when, ?2 who. */
#define NOTE(kind, table, here)                                                                                       \
	"UPDATE access SET until = ?1, ended = ?2 WHERE until IS NULL AND kind = '" kind "' AND NOT EXISTS"           \
	" (SELECT 1 FROM " table " h LEFT JOIN classes c ON c.id = h.class WHERE h.id = access.subject AND " here     \
	" AND " HOLDS("h") " = access.grp)",                                                                          \
	"UPDATE access SET name = (SELECT name FROM " table " h WHERE h.id = access.subject) WHERE until IS NULL"     \
	" AND kind = '" kind "' AND name IS NOT (SELECT name FROM " table " h WHERE h.id = access.subject)",          \
	"INSERT INTO access (kind, subject, name, grp, since, who) SELECT '" kind "', h.id, h.name, " HOLDS("h")      \
	", ?1, ?2 FROM " table " h LEFT JOIN classes c ON c.id = h.class WHERE " here " AND " HOLDS("h") " <> ''"     \
	" AND NOT EXISTS (SELECT 1 FROM access a WHERE a.until IS NULL AND a.kind = '" kind "' AND a.subject = h.id)"

static const char *const notes[] = {
	NOTE("user", "users", "NOT h.gone"),
	NOTE("device", "devices", "1"),
};

static int run_note(struct reg *reg, const char *sql, __s64 now, const char *who)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, sql, &stmt);

	if (err)
		return err;
	if (sqlite3_bind_parameter_count(stmt)) {
		sqlite3_bind_int64(stmt, 1, now);
		register_bind(stmt, 2, who);
	}
	return register_done(stmt);
}

int register_access_note(struct reg *reg, __s64 now, const char *who)
{
	int err = register_enter(reg);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes) && !err; i++)
		err = run_note(reg, notes[i], now, who);
	return register_leave(reg, err);
}

struct each {
	int (*row)(void *ctx, const struct reg_access *access);
	void *ctx;
};

static int access_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_access access = {
		.kind = db_text(stmt, 0),
		.name = db_text(stmt, 1),
		.group = db_text(stmt, 2),
		.since = sqlite3_column_int64(stmt, 3),
		.who = db_text(stmt, 4),
		.until = sqlite3_column_int64(stmt, 5),
		.ended = db_text(stmt, 6),
	};

	return each->row(each->ctx, &access);
}

int register_access(struct reg *reg, const struct reg_access_filter *filter,
		    int (*row)(void *ctx, const struct reg_access *access), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db,
			     "SELECT kind, name, grp, since, who, until, ended FROM access WHERE"
			     " (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR name = ?2 COLLATE NOCASE)"
			     " AND (?3 IS NULL OR grp = ?3)"
			     " AND (?5 OR CASE WHEN ?4 THEN since <= ?4 AND (until IS NULL OR until > ?4)"
			     " ELSE until IS NULL END) ORDER BY kind DESC, name COLLATE NOCASE, since, id", &stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, filter->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, filter->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, filter->group, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, filter->at);
	sqlite3_bind_int(stmt, 5, filter->all);
	return register_each(stmt, access_row, &each);
}
