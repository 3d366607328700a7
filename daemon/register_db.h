/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the register share, and nobody else sees. */
#ifndef ESAFE_REGISTER_DB_H
#define ESAFE_REGISTER_DB_H

#include "db.h"
#include "register.h"

struct reg {
	sqlite3 *db;
	char *path;
};

/* Several statements as one, inside of a transaction of the caller or without; leave with the result so far. */
int register_enter(struct reg *reg);
int register_leave(struct reg *reg, int err);

/* The text of a column as a copy; NULL when memory is short. */
char *register_copy(sqlite3_stmt *stmt, int column);
void register_copy_blob(sqlite3_stmt *stmt, int column, __u8 *out, int size);
void register_bind(sqlite3_stmt *stmt, int column, const char *text); /* the text must last */

/* Runs and finalizes; for statements without rows. */
int register_done(sqlite3_stmt *stmt);

/* For tables whose rows have a name and a number. `copy` returns 1 when it has made its copy. */
int register_find(struct reg *reg, const char *by_name, const char *by_id, const char *what,
		  int (*copy)(void *ctx, sqlite3_stmt *stmt), void *out);
/* Runs an INSERT (*id 0) or an UPDATE of row *id; finalizes. -ENOENT: there was none. */
int register_put(struct reg *reg, sqlite3_stmt *stmt, sqlite3_int64 *id);
int register_remove(struct reg *reg, const char *sql, sqlite3_int64 id); /* -ENOENT; -EBUSY: others refer to it */
/* The number of a name; "": 0. -ENXIO: there is none of that name. */
int register_number(struct reg *reg, const char *sql, const char *name, sqlite3_int64 *id);
int register_space(struct reg *reg, const char *table, sqlite3_int64 most); /* -ENOSPC: all numbers were used */
int register_texts(const char *const *text, size_t n); /* -EINVAL: one that no name may be */

void register_sha256(const void *bytes, size_t len, __u8 out[32]);

/* Steps through all rows; `row` gets `ctx`; anything but 0 ends it with that. Finalizes. */
int register_each(sqlite3_stmt *stmt, int (*row)(void *ctx, sqlite3_stmt *stmt), void *ctx);

#endif
