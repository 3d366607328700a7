/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/sha.h>

#include "log.h"
#include "register_db.h"
#include "text.h"

#define REGISTER_VERSION 7

/* Numbers of devices and policies are never used again: events refer to them. */
static const char *const schema[REGISTER_VERSION] = {
	"CREATE TABLE devices (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, addr BLOB NOT NULL,"
	" name TEXT NOT NULL COLLATE NOCASE UNIQUE, grp TEXT NOT NULL, owner TEXT NOT NULL, note TEXT NOT NULL,"
	" created INTEGER NOT NULL, changed INTEGER NOT NULL, UNIQUE (kind, addr));"
	"CREATE TABLE ids (kind TEXT NOT NULL, name TEXT NOT NULL, id INTEGER NOT NULL,"
	" PRIMARY KEY (kind, name), UNIQUE (kind, id)) WITHOUT ROWID;"
	"CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL,"
	" action TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);"
	"CREATE TABLE policies (version INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL,"
	" file TEXT NOT NULL, text BLOB NOT NULL, sha256 BLOB NOT NULL);"
	"CREATE TABLE lists (id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, sha256 BLOB NOT NULL,"
	" names INTEGER NOT NULL, rejects INTEGER NOT NULL, loaded INTEGER NOT NULL, refused INTEGER NOT NULL,"
	" problem TEXT NOT NULL);"
	"CREATE INDEX lists_name ON lists (name, id);"
	"CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",

	"CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, how INTEGER NOT NULL, user INTEGER NOT NULL,"
	" user_name TEXT NOT NULL COLLATE NOCASE, class INTEGER NOT NULL, class_name TEXT NOT NULL, adult TEXT NOT NULL,"
	" grp TEXT NOT NULL, group_found TEXT NOT NULL, mac BLOB, addrs BLOB, room INTEGER NOT NULL,"
	" started INTEGER NOT NULL, until INTEGER NOT NULL, source TEXT NOT NULL, source_id TEXT NOT NULL,"
	" who TEXT NOT NULL, ended INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX sessions_ended ON sessions (ended);"
	"CREATE INDEX sessions_user ON sessions (user_name, id);"
	"CREATE TABLE notices (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, kind TEXT NOT NULL,"
	" text TEXT NOT NULL);",

	"CREATE TABLE rooms (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
	" created INTEGER NOT NULL);"
	"CREATE TABLE classes (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
	" grp TEXT NOT NULL, room INTEGER REFERENCES rooms (id), created INTEGER NOT NULL, changed INTEGER NOT NULL);"
	"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
	" full TEXT NOT NULL, grp TEXT NOT NULL, class INTEGER REFERENCES classes (id), gone INTEGER NOT NULL,"
	" created INTEGER NOT NULL, changed INTEGER NOT NULL);"
	"CREATE INDEX users_class ON users (class);"
	"ALTER TABLE devices ADD COLUMN class INTEGER REFERENCES classes (id);"
	"ALTER TABLE devices ADD COLUMN room INTEGER REFERENCES rooms (id);"
	"CREATE INDEX devices_class ON devices (class);"
	"CREATE INDEX devices_room ON devices (room);"
	"CREATE TABLE access (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject INTEGER NOT NULL, name TEXT NOT NULL,"
	" grp TEXT NOT NULL, since INTEGER NOT NULL, who TEXT NOT NULL, until INTEGER, ended TEXT);"
	"CREATE INDEX access_open ON access (kind, subject) WHERE until IS NULL;"
	"INSERT INTO access (kind, subject, name, grp, since, who) SELECT 'device', id, name, grp, changed, ''"
	" FROM devices WHERE grp <> '';",

	"CREATE TABLE permits (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, scope INTEGER NOT NULL,"
	" scope_id INTEGER NOT NULL, scope_name TEXT NOT NULL, addr_kind INTEGER NOT NULL, addr BLOB, what TEXT NOT NULL,"
	" by_category INTEGER NOT NULL, only INTEGER NOT NULL, started INTEGER NOT NULL, until INTEGER NOT NULL,"
	" who TEXT NOT NULL, reason TEXT NOT NULL, ended INTEGER NOT NULL DEFAULT 0, ended_by TEXT NOT NULL DEFAULT '',"
	" why TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX permits_ended ON permits (ended);",

	"CREATE TABLE requests (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, block INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, words TEXT NOT NULL, reason TEXT NOT NULL,"
	" category TEXT NOT NULL, grp TEXT NOT NULL, device TEXT NOT NULL, state INTEGER NOT NULL,"
	" answered INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL);"
	"CREATE INDEX requests_name ON requests (name, state);"
	"CREATE TABLE request_askers (request INTEGER NOT NULL, asker BLOB NOT NULL, time INTEGER NOT NULL,"
	" PRIMARY KEY (request, asker)) WITHOUT ROWID;"
	"CREATE INDEX request_askers_time ON request_askers (asker, time);"
	"CREATE TABLE vouchers (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, grp TEXT NOT NULL,"
	" sponsor TEXT NOT NULL, note TEXT NOT NULL, made INTEGER NOT NULL, made_by TEXT NOT NULL,"
	" seconds INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL, until INTEGER NOT NULL,"
	" device BLOB NOT NULL, revoked INTEGER NOT NULL);"
	"CREATE TABLE terms (sha256 BLOB PRIMARY KEY, text TEXT NOT NULL, first INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE acceptances (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, sha256 BLOB NOT NULL, how TEXT NOT NULL,"
	" who TEXT NOT NULL, device TEXT NOT NULL);",

	"CREATE TABLE volumes (day INTEGER NOT NULL, kind INTEGER NOT NULL, addr BLOB NOT NULL, grp TEXT NOT NULL,"
	" up INTEGER NOT NULL, down INTEGER NOT NULL, raw_up INTEGER NOT NULL, raw_down INTEGER NOT NULL,"
	" moved INTEGER NOT NULL, over INTEGER NOT NULL, PRIMARY KEY (day, kind, addr)) WITHOUT ROWID;"
	"CREATE TABLE quotas (kind INTEGER NOT NULL, addr BLOB NOT NULL, time TEXT NOT NULL, since INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (kind, addr, time)) WITHOUT ROWID;",

	"ALTER TABLE requests ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE requests ADD COLUMN proposed_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE requests ADD COLUMN proposed_for TEXT NOT NULL DEFAULT '';",
};

static int check_row(void *ctx, sqlite3_stmt *stmt)
{
	return strcmp(db_text(stmt, 0), "ok") ? -EBADMSG : 0;
}

static int register_try(struct reg *reg)
{
	sqlite3_stmt *stmt;
	int err = db_open(reg->path, 1000, &reg->db);

	if (!err)
		err = db_exec(reg->db, "PRAGMA synchronous = FULL");
	if (!err)
		err = db_prepare(reg->db, "PRAGMA quick_check(1)", &stmt);
	if (!err)
		err = register_each(stmt, check_row, NULL);
	if (!err)
		err = db_migrate(reg->db, schema, REGISTER_VERSION);
	if (err) {
		sqlite3_close(reg->db);
		reg->db = NULL;
	}
	return err;
}

int register_open(const char *dir, struct reg **out)
{
	struct reg *reg = calloc(1, sizeof(*reg));
	int err;

	if (!reg)
		return -ENOMEM;
	err = asprintf(&reg->path, "%s/register.db", dir) < 0 ? -ENOMEM : register_try(reg);
	if (err == -EBADMSG) {
		err = register_restore(dir);
		if (!err)
			err = register_try(reg);
	}
	if (err) {
		log_errno(err, "register %s/register.db", dir);
		register_close(reg);
		return err;
	}
	*out = reg;
	return 0;
}

void register_close(struct reg *reg)
{
	if (!reg)
		return;
	sqlite3_close(reg->db);
	free(reg->path);
	free(reg);
}

int register_begin(struct reg *reg)
{
	return db_exec(reg->db, "BEGIN IMMEDIATE");
}

int register_commit(struct reg *reg)
{
	int err = db_exec(reg->db, "COMMIT");

	if (err)
		register_rollback(reg);
	return err;
}

void register_rollback(struct reg *reg)
{
	if (!sqlite3_get_autocommit(reg->db))
		db_exec(reg->db, "ROLLBACK");
}

int register_enter(struct reg *reg)
{
	return db_exec(reg->db, "SAVEPOINT part");
}

int register_leave(struct reg *reg, int err)
{
	if (!err)
		err = db_exec(reg->db, "RELEASE part");
	if (err && !sqlite3_get_autocommit(reg->db))
		db_exec(reg->db, "ROLLBACK TO part; RELEASE part");
	return err;
}

char *register_copy(sqlite3_stmt *stmt, int column)
{
	return strdup(db_text(stmt, column));
}

void register_copy_blob(sqlite3_stmt *stmt, int column, __u8 *out, int size)
{
	const void *blob = sqlite3_column_blob(stmt, column);
	int len = sqlite3_column_bytes(stmt, column);

	memset(out, 0, (size_t)size);
	if (blob)
		memcpy(out, blob, (size_t)(len < size ? len : size));
}

void register_bind(sqlite3_stmt *stmt, int column, const char *text)
{
	sqlite3_bind_text(stmt, column, text ? text : "", -1, SQLITE_STATIC);
}

int register_done(sqlite3_stmt *stmt)
{
	int err = db_run(stmt);

	sqlite3_finalize(stmt);
	return err;
}

int register_each(sqlite3_stmt *stmt, int (*row)(void *ctx, sqlite3_stmt *stmt), void *ctx)
{
	int result = 0;
	int rc = SQLITE_ROW;

	while (!result && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		result = row(ctx, stmt);
	if (!result)
		result = db_errno(rc);
	sqlite3_finalize(stmt);
	return result;
}

/* "#17" */
static int id_of(const char *what, sqlite3_int64 *id)
{
	char *end;

	if (*what != '#' || what[1] < '0' || what[1] > '9')
		return -ENOENT;
	errno = 0;
	*id = (sqlite3_int64)strtoul(what + 1, &end, 10);
	return *end || errno || *id > UINT32_MAX ? -ENOENT : 0;
}

static int find_one(struct reg *reg, const char *sql, const char *name, sqlite3_int64 id,
		    int (*copy)(void *ctx, sqlite3_stmt *stmt), void *out)
{
	sqlite3_stmt *stmt;
	int result = db_prepare(reg->db, sql, &stmt);

	if (result)
		return result;
	if (name)
		register_bind(stmt, 1, name);
	else
		sqlite3_bind_int64(stmt, 1, id);
	result = register_each(stmt, copy, out);
	return result > 0 ? 0 : result ? result : -ENOENT;
}

int register_find(struct reg *reg, const char *by_name, const char *by_id, const char *what,
		  int (*copy)(void *ctx, sqlite3_stmt *stmt), void *out)
{
	sqlite3_int64 id;
	int err = find_one(reg, by_name, what, 0, copy, out);

	if (err != -ENOENT || id_of(what, &id))
		return err;
	return find_one(reg, by_id, NULL, id, copy, out);
}

int register_put(struct reg *reg, sqlite3_stmt *stmt, sqlite3_int64 *id)
{
	int err = register_done(stmt);

	if (!err && *id && !sqlite3_changes(reg->db))
		err = -ENOENT;
	if (!err && !*id)
		*id = sqlite3_last_insert_rowid(reg->db);
	return err;
}

int register_remove(struct reg *reg, const char *sql, sqlite3_int64 id)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, sql, &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	err = register_done(stmt);
	if (err == -EEXIST) /* a constraint: of foreign keys, here */
		return -EBUSY;
	return err ? err : sqlite3_changes(reg->db) ? 0 : -ENOENT;
}

static int take_number(void *ctx, sqlite3_stmt *stmt)
{
	*(sqlite3_int64 *)ctx = sqlite3_column_int64(stmt, 0);
	return 1;
}

int register_number(struct reg *reg, const char *sql, const char *name, sqlite3_int64 *id)
{
	int err = name && *name ? find_one(reg, sql, name, 0, take_number, id) : 0;

	if (!name || !*name)
		*id = 0;
	return err == -ENOENT ? -ENXIO : err;
}

int register_space(struct reg *reg, const char *table, sqlite3_int64 most)
{
	sqlite3_int64 used = 0;
	int err = register_number(reg, "SELECT seq FROM sqlite_sequence WHERE name = ?1", table, &used);

	return err && err != -ENXIO ? err : used >= most ? -ENOSPC : 0;
}

int register_texts(const char *const *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] && (strlen(text[i]) > 512 || text_fault(text[i], strlen(text[i]))))
			return -EINVAL;
	return 0;
}

void register_sha256(const void *bytes, size_t len, __u8 out[32])
{
	SHA256(bytes, len, out);
}
