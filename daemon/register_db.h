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

void register_sha256(const void *bytes, size_t len, __u8 out[32]);

/* Steps through all rows; `row` gets `ctx`; anything but 0 ends it with that. Finalizes. */
int register_each(sqlite3_stmt *stmt, int (*row)(void *ctx, sqlite3_stmt *stmt), void *ctx);

#endif
