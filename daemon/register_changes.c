/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The change log. The hash of a row is SHA-256 over the hash of the row before (32 zero bytes for the first), its own
 * number and time (64 bits, big-endian each), and each of its texts behind its length (32 bits, big-endian). Whoever
 * alters a row must alter all that follow; whoever cuts the end off leaves the counter of numbers behind.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "log.h"
#include "register_db.h"

static bool add_number(EVP_MD_CTX *md, __u64 number)
{
	__u64 wire = htobe64(number);

	return EVP_DigestUpdate(md, &wire, sizeof(wire)) == 1;
}

static bool add_text(EVP_MD_CTX *md, const char *text)
{
	size_t len = strlen(text);
	__u32 wire = htobe32((__u32)len);

	return EVP_DigestUpdate(md, &wire, sizeof(wire)) == 1 && EVP_DigestUpdate(md, text, len) == 1;
}

static int change_hash(const __u8 before[32], const struct reg_change *change, __u8 out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(md, before, 32) == 1 &&
		  add_number(md, change->id) && add_number(md, (__u64)change->time) && add_text(md, change->who) &&
		  add_text(md, change->action) && add_text(md, change->detail) &&
		  EVP_DigestFinal_ex(md, out, NULL) == 1;

	EVP_MD_CTX_free(md);
	return ok ? 0 : -EIO;
}

/* Number and hash of the last row; 0 and zeros if there is none. */
static int change_last(struct reg *reg, __u64 *id, __u8 hash[32])
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT id, hash FROM changes ORDER BY id DESC LIMIT 1", &stmt);
	int rc;

	if (err)
		return err;
	*id = 0;
	memset(hash, 0, 32);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*id = (__u64)sqlite3_column_int64(stmt, 0);
		register_copy_blob(stmt, 1, hash, 32);
	}
	sqlite3_finalize(stmt);
	return db_errno(rc);
}

static int change_insert(struct reg *reg, const struct reg_change *change)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)change->id);
	sqlite3_bind_int64(stmt, 2, change->time);
	register_bind(stmt, 3, change->who);
	register_bind(stmt, 4, change->action);
	register_bind(stmt, 5, change->detail);
	sqlite3_bind_blob(stmt, 6, change->hash, sizeof(change->hash), SQLITE_STATIC);
	return register_done(stmt);
}

int register_change_add(struct reg *reg, __s64 time, const char *who, const char *action, const char *detail)
{
	struct reg_change change = { .time = time, .who = who, .action = action, .detail = detail ? detail : "" };
	__u8 before[32];
	int err = register_enter(reg);

	if (err)
		return err;
	err = change_last(reg, &change.id, before);
	change.id++;
	if (!err)
		err = change_hash(before, &change, change.hash);
	if (!err)
		err = change_insert(reg, &change);
	err = register_leave(reg, err);
	if (!err)
		log_info("%s: %s%s%s", who, action, *change.detail ? ": " : "", change.detail);
	return err;
}

static void change_of_row(sqlite3_stmt *stmt, struct reg_change *out)
{
	*out = (struct reg_change){
		.id = (__u64)sqlite3_column_int64(stmt, 0),
		.time = sqlite3_column_int64(stmt, 1),
		.who = db_text(stmt, 2),
		.action = db_text(stmt, 3),
		.detail = db_text(stmt, 4),
	};
	register_copy_blob(stmt, 5, out->hash, sizeof(out->hash));
}

struct each {
	int (*row)(void *ctx, const struct reg_change *change);
	void *ctx;
};

static int change_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_change change;

	change_of_row(stmt, &change);
	return each->row(each->ctx, &change);
}

int register_changes(struct reg *reg, __u64 after, __u64 limit, int (*row)(void *ctx, const struct reg_change *change),
		     void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT id, time, who, action, detail, hash FROM changes WHERE id > ?"
				      " ORDER BY id LIMIT ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)after);
	sqlite3_bind_int64(stmt, 2, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, change_row, &each);
}

struct verify {
	__u8 hash[32];
	__u64 rows, bad;
};

static int verify_row(void *ctx, const struct reg_change *change)
{
	struct verify *verify = ctx;
	__u8 hash[32];
	int err = change_hash(verify->hash, change, hash);

	if (err)
		return err;
	if (memcmp(hash, change->hash, sizeof(hash))) {
		verify->bad = change->id;
		return -EBADMSG;
	}
	memcpy(verify->hash, hash, sizeof(hash));
	verify->rows++;
	return 0;
}

int register_changes_verify(struct reg *reg, __u64 *rows, __u64 *bad)
{
	struct verify verify = { 0 };
	sqlite3_int64 counter = 0;
	int err = register_changes(reg, 0, 0, verify_row, &verify);

	if (!err)
		err = db_number(reg->db, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'changes'",
				&counter);
	if (!err && (__u64)counter != verify.rows) {
		verify.bad = verify.rows + 1;
		err = -EBADMSG;
	}
	*rows = verify.rows;
	*bad = verify.bad;
	return err;
}
