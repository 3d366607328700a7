/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that all users of SQLite here share: results as -errno, schema versions, statements. */
#ifndef ESAFE_DB_H
#define ESAFE_DB_H

#include <sqlite3.h>

/* SQLITE_* as -errno: -ENOSPC full, -EBUSY locked, -EBADMSG not a database or damaged, -EEXIST unique, else -EIO. */
int db_errno(int rc);

/* Opens for writing, made with mode 0600 if it is not there; WAL, waits up to `busy_ms` for other writers. */
int db_open(const char *path, int busy_ms, sqlite3 **db);
int db_open_read(const char *path, sqlite3 **db);

int db_exec(sqlite3 *db, const char *sql);
int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt);
int db_number(sqlite3 *db, const char *sql, sqlite3_int64 *out); /* the one number of a query */

/* Step n of `steps` leads from PRAGMA user_version n to n + 1. -EPROTONOSUPPORT: made by a newer esafe. */
int db_migrate(sqlite3 *db, const char *const *steps, unsigned n);

/* Runs a statement that yields no rows and makes it ready for the next time. */
int db_run(sqlite3_stmt *stmt);

const char *db_text(sqlite3_stmt *stmt, int column); /* never NULL */

#endif
