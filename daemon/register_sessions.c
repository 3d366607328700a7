/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"
#include "register_sessions.h"

#define COLUMNS "SELECT id, how, user, user_name, class, class_name, adult, grp, group_found, mac, addrs, started," \
		" until, source, source_id, who, room, ended, reason FROM sessions "

static void bind_addresses(sqlite3_stmt *stmt, int mac, int addrs, const struct session *session)
{
	if (session->has_mac)
		sqlite3_bind_blob(stmt, mac, session->mac, sizeof(session->mac), SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, mac);
	sqlite3_bind_blob(stmt, addrs, session->addr, (int)(session->addrs * sizeof(session->addr[0])), SQLITE_STATIC);
}

static int add(struct reg *reg, struct session *session)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO sessions (how, user, user_name, class, class_name, adult, grp,"
				      " group_found, mac, addrs, started, until, source, source_id, who, room)"
				      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, session->how);
	sqlite3_bind_int64(stmt, 2, session->user);
	register_bind(stmt, 3, session->user_name);
	sqlite3_bind_int(stmt, 4, session->class);
	register_bind(stmt, 5, session->class_name);
	register_bind(stmt, 6, session->adult);
	register_bind(stmt, 7, session->group);
	register_bind(stmt, 8, session->group_found);
	bind_addresses(stmt, 9, 10, session);
	sqlite3_bind_int64(stmt, 11, session->started);
	sqlite3_bind_int64(stmt, 12, session->until);
	register_bind(stmt, 13, session->source);
	register_bind(stmt, 14, session->source_id);
	register_bind(stmt, 15, session->who);
	sqlite3_bind_int(stmt, 16, session->room);
	err = register_done(stmt);
	if (!err)
		session->id = (__u64)sqlite3_last_insert_rowid(reg->db);
	return err;
}

int register_session_update(struct reg *reg, const struct session *session)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "UPDATE sessions SET until = ?, mac = ?, addrs = ?, user = ?, class = ?,"
				      " group_found = ? WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, session->until);
	bind_addresses(stmt, 2, 3, session);
	sqlite3_bind_int64(stmt, 4, session->user);
	sqlite3_bind_int(stmt, 5, session->class);
	register_bind(stmt, 6, session->group_found);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)session->id);
	return register_done(stmt);
}

static int end(struct reg *reg, const struct session *session, __s64 ended, const char *reason)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "UPDATE sessions SET ended = ?, reason = ? WHERE id = ? AND ended = 0", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, ended);
	register_bind(stmt, 2, reason);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)session->id);
	return register_done(stmt);
}

int register_sessions_end(struct reg *reg, struct session *const *session, size_t n, __s64 ended, const char *reason)
{
	int err = n ? register_enter(reg) : 0;

	if (err || !n)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = end(reg, session[i], ended, reason);
	return register_leave(reg, err);
}

int register_session_begin(struct reg *reg, struct session *session, struct session *const *replaced, size_t n)
{
	int err = register_enter(reg);

	if (err)
		return err;
	err = register_sessions_end(reg, replaced, n, session->started, "replaced");
	if (!err)
		err = add(reg, session);
	return register_leave(reg, err);
}

/* Borrows the texts of the row. */
static void session_of_row(sqlite3_stmt *stmt, struct session *out)
{
	int mac = sqlite3_column_bytes(stmt, 9);
	size_t addrs = (size_t)sqlite3_column_bytes(stmt, 10) / sizeof(out->addr[0]);

	*out = (struct session){
		.id = (__u64)sqlite3_column_int64(stmt, 0),
		.how = (__u8)sqlite3_column_int(stmt, 1),
		.user = (__u32)sqlite3_column_int64(stmt, 2),
		.user_name = (char *)db_text(stmt, 3),
		.class = (__u16)sqlite3_column_int(stmt, 4),
		.class_name = (char *)db_text(stmt, 5),
		.adult = (char *)db_text(stmt, 6),
		.group = (char *)db_text(stmt, 7),
		.group_found = (char *)db_text(stmt, 8),
		.has_mac = mac == 6,
		.addrs = addrs < SESSION_ADDRESSES ? addrs : SESSION_ADDRESSES,
		.started = sqlite3_column_int64(stmt, 11),
		.until = sqlite3_column_int64(stmt, 12),
		.source = (char *)db_text(stmt, 13),
		.source_id = (char *)db_text(stmt, 14),
		.who = (char *)db_text(stmt, 15),
		.room = (__u16)sqlite3_column_int(stmt, 16),
	};
	register_copy_blob(stmt, 9, out->mac, sizeof(out->mac));
	register_copy_blob(stmt, 10, out->addr[0], sizeof(out->addr));
}

struct taking {
	int (*take)(void *ctx, struct session *session);
	void *ctx;
};

static int take_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct taking *taking = ctx;
	struct session *session = malloc(sizeof(*session));
	char **const text[] = {
		&session->user_name, &session->class_name, &session->adult, &session->group, &session->group_found,
		&session->source, &session->source_id, &session->who,
	};
	bool whole = true;

	if (!session)
		return -ENOMEM;
	session_of_row(stmt, session);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		*text[i] = strdup(*text[i]);
		whole = whole && *text[i];
	}
	if (whole)
		return taking->take(taking->ctx, session);
	session_free(session);
	return -ENOMEM;
}

int register_sessions_open(struct reg *reg, int (*take)(void *ctx, struct session *session), void *ctx)
{
	struct taking taking = { take, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE ended = 0 ORDER BY id", &stmt);

	return err ? err : register_each(stmt, take_row, &taking);
}

struct reading {
	int (*row)(void *ctx, const struct reg_session *session);
	void *ctx;
};

static int read_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct reading *reading = ctx;
	struct session session;
	struct reg_session row = {
		.session = &session, .ended = sqlite3_column_int64(stmt, 17), .reason = db_text(stmt, 18),
	};

	session_of_row(stmt, &session);
	return reading->row(reading->ctx, &row);
}

int register_sessions(struct reg *reg, const char *user, unsigned limit,
		      int (*row)(void *ctx, const struct reg_session *session), void *ctx)
{
	struct reading reading = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE ?1 IS NULL OR user_name = ?1 ORDER BY id DESC LIMIT ?2", &stmt);

	if (err)
		return err;
	if (user)
		register_bind(stmt, 1, user);
	sqlite3_bind_int64(stmt, 2, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, read_row, &reading);
}

static int expire(struct reg *reg, const char *sql, __s64 before)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, sql, &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, before);
	return register_done(stmt);
}

struct naming {
	char *name;
	size_t size;
	bool found;
};

static int take_name(void *ctx, sqlite3_stmt *stmt)
{
	struct naming *naming = ctx;

	snprintf(naming->name, naming->size, "%s", db_text(stmt, 0));
	naming->found = true;
	return 0;
}

int register_session_user(struct reg *reg, __u64 id, char *name, size_t size)
{
	struct naming naming = { name, size, false };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT user_name FROM sessions WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)id);
	err = register_each(stmt, take_name, &naming);
	return err ? err : naming.found ? 0 : -ENOENT;
}

int register_sessions_expire(struct reg *reg, __s64 before)
{
	return expire(reg, "DELETE FROM sessions WHERE ended > 0 AND ended < ?", before);
}

/* ---- notices ---- */

int register_notice_add(struct reg *reg, __s64 time, const char *kind, const char *text)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO notices (time, kind, text) VALUES (?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, time);
	register_bind(stmt, 2, kind);
	register_bind(stmt, 3, text);
	return register_done(stmt);
}

struct noticing {
	int (*row)(void *ctx, const struct reg_notice *notice);
	void *ctx;
};

static int notice_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct noticing *noticing = ctx;
	struct reg_notice notice = {
		.id = (__u64)sqlite3_column_int64(stmt, 0),
		.time = sqlite3_column_int64(stmt, 1),
		.kind = db_text(stmt, 2),
		.text = db_text(stmt, 3),
	};

	return noticing->row(noticing->ctx, &notice);
}

int register_notices(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_notice *notice), void *ctx)
{
	struct noticing noticing = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT id, time, kind, text FROM notices ORDER BY id DESC LIMIT ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, notice_row, &noticing);
}

int register_notices_expire(struct reg *reg, __s64 before)
{
	return expire(reg, "DELETE FROM notices WHERE time < ?", before);
}
