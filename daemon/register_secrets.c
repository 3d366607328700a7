/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "register_db.h"

#define SECRET_MAX 64

/* The bytes as they are kept, or -ENOENT; -EBADMSG: they have another size. */
static int secret_read(struct reg *reg, const char *name, void *out, size_t size)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT value FROM secrets WHERE name = ?", &stmt);
	int rc;

	if (err)
		return err;
	register_bind(stmt, 1, name);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		err = rc == SQLITE_DONE ? -ENOENT : db_errno(rc);
	else if ((size_t)sqlite3_column_bytes(stmt, 0) != size)
		err = -EBADMSG;
	else
		memcpy(out, sqlite3_column_blob(stmt, 0), size);
	sqlite3_finalize(stmt);
	return err;
}

static int secret_make(struct reg *reg, const char *name, void *out, size_t size)
{
	__u8 fresh[SECRET_MAX];
	sqlite3_stmt *stmt;
	int err;

	if (RAND_bytes(fresh, (int)size) != 1)
		return -EIO;
	err = db_prepare(reg->db, "INSERT INTO secrets (name, value) VALUES (?, ?)", &stmt);
	if (!err) {
		register_bind(stmt, 1, name);
		sqlite3_bind_blob(stmt, 2, fresh, (int)size, SQLITE_STATIC);
		err = register_done(stmt);
	}
	if (!err)
		memcpy(out, fresh, size);
	OPENSSL_cleanse(fresh, sizeof(fresh));
	return err;
}

int register_secret(struct reg *reg, const char *name, void *out, size_t size)
{
	int err;

	if (!size || size > SECRET_MAX)
		return -EINVAL;
	err = secret_read(reg, name, out, size);
	return err == -ENOENT ? secret_make(reg, name, out, size) : err;
}

int register_secret_odd(struct reg *reg, const char *name, __u64 *out)
{
	__u64 secret;
	int err = register_secret(reg, name, &secret, sizeof(secret));

	if (!err) /* a multiplier needs bits at both ends whatever the dice said */
		*out = secret | 1 | (__u64)1 << 62;
	return err;
}
