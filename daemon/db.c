/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db.h"

static const struct {
	int rc, err;
} errors[] = {
	{ SQLITE_FULL, -ENOSPC },    { SQLITE_BUSY, -EBUSY },      { SQLITE_LOCKED, -EBUSY },
	{ SQLITE_CORRUPT, -EBADMSG }, { SQLITE_NOTADB, -EBADMSG },  { SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_READONLY, -EROFS }, { SQLITE_CANTOPEN, -ENOENT }, { SQLITE_CONSTRAINT, -EEXIST },
};

int db_errno(int rc)
{
	int primary = rc & 0xff;

	if (primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE)
		return 0;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].rc == primary)
			return errors[i].err;
	return -EIO;
}

int db_exec(sqlite3 *db, const char *sql)
{
	return db_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt)
{
	return db_errno(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL));
}

int db_run(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? -EIO : db_errno(rc);
}

int db_number(sqlite3 *db, const char *sql, sqlite3_int64 *out)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(db, sql, &stmt);
	int rc;

	if (err)
		return err;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else
		err = rc == SQLITE_DONE ? -ENOENT : db_errno(rc);
	sqlite3_finalize(stmt);
	return err;
}

const char *db_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

static int db_open_flags(const char *path, int flags, int busy_ms, sqlite3 **out)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);

	if (rc != SQLITE_OK) {
		sqlite3_close(db);
		return db_errno(rc);
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, busy_ms);
	/* A file that somebody else could write must not run what is in its schema. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	*out = db;
	return 0;
}

int db_open_read(const char *path, sqlite3 **db)
{
	return db_open_flags(path, SQLITE_OPEN_READONLY, 1000, db);
}

int db_open(const char *path, int busy_ms, sqlite3 **out)
{
	/*
	 * SQLite gives its log and shared memory the mode of the database; so the file is made with the right one. A file
	 * that is there is left alone: closing it here would drop the locks that this process holds on it.
	 */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	sqlite3 *db;
	int err;

	if (fd < 0 && errno != EEXIST)
		return -errno;
	if (fd >= 0)
		close(fd);
	err = db_open_flags(path, SQLITE_OPEN_READWRITE, busy_ms, &db);
	if (err)
		return err;
	err = db_exec(db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			  "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;");
	if (err) {
		sqlite3_close(db);
		return err;
	}
	*out = db;
	return 0;
}

static int db_migrate_one(sqlite3 *db, const char *step, unsigned version)
{
	char pragma[64];
	int err = db_exec(db, "BEGIN IMMEDIATE");

	if (err)
		return err;
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %u", version);
	err = db_exec(db, step);
	if (!err)
		err = db_exec(db, pragma);
	if (!err)
		err = db_exec(db, "COMMIT");
	if (err && !sqlite3_get_autocommit(db))
		db_exec(db, "ROLLBACK");
	return err;
}

int db_migrate(sqlite3 *db, const char *const *steps, unsigned n)
{
	sqlite3_int64 version = 0;
	int err = db_number(db, "PRAGMA user_version", &version);

	if (err)
		return err;
	if (version < 0 || version > n)
		return -EPROTONOSUPPORT;
	for (unsigned i = (unsigned)version; i < n && !err; i++)
		err = db_migrate_one(db, steps[i], i + 1);
	return err;
}
