/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "register_db.h"
#include "register_vouchers.h"

#define COLUMNS "SELECT id, grp, sponsor, note, made_by, made, seconds, expires, used, until, revoked, device" \
		" FROM vouchers "

/* A code has 60 random bits: a keyed hash needs no salt and no slowness. */
static int hash_code(struct reg *reg, const char *code, __u8 out[32])
{
	__u8 key[32];
	int err = register_secret(reg, "vouchers", key, sizeof(key));

	if (err)
		return err;
	return HMAC(EVP_sha256(), key, sizeof(key), (const __u8 *)code, strlen(code), out, NULL) ? 0 : -EIO;
}

int register_voucher_add(struct reg *reg, const struct reg_voucher *voucher, const char *code, __u32 *id)
{
	sqlite3_stmt *stmt;
	__u8 hash[32];
	int err = hash_code(reg, code, hash);

	if (!err)
		err = db_prepare(reg->db, "INSERT INTO vouchers (hash, grp, sponsor, note, made, made_by, seconds, expires,"
					  " used, until, device, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, x'', 0)", &stmt);
	if (err)
		return err;
	sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
	register_bind(stmt, 2, voucher->group);
	register_bind(stmt, 3, voucher->sponsor);
	register_bind(stmt, 4, voucher->note);
	sqlite3_bind_int64(stmt, 5, voucher->made);
	register_bind(stmt, 6, voucher->made_by);
	sqlite3_bind_int64(stmt, 7, voucher->seconds);
	sqlite3_bind_int64(stmt, 8, voucher->expires);
	err = register_done(stmt);
	if (!err)
		*id = (__u32)sqlite3_last_insert_rowid(reg->db);
	return err;
}

/* Borrows the texts of the row. */
static struct reg_voucher voucher_of(sqlite3_stmt *stmt)
{
	return (struct reg_voucher){
		.id = (__u32)sqlite3_column_int64(stmt, 0),
		.group = db_text(stmt, 1),
		.sponsor = db_text(stmt, 2),
		.note = db_text(stmt, 3),
		.made_by = db_text(stmt, 4),
		.made = sqlite3_column_int64(stmt, 5),
		.seconds = sqlite3_column_int64(stmt, 6),
		.expires = sqlite3_column_int64(stmt, 7),
		.used = sqlite3_column_int64(stmt, 8),
		.until = sqlite3_column_int64(stmt, 9),
		.revoked = sqlite3_column_int(stmt, 10),
	};
}

/* ---- use ---- */

struct use {
	const void *device;
	size_t len;
	__s64 now;
	__u32 id;
	__s64 used, until;
	void (*row)(void *ctx, const struct reg_voucher *voucher);
	void *ctx;
};

static int use_row(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_voucher voucher = voucher_of(stmt);
	const void *device = sqlite3_column_blob(stmt, 11);
	size_t len = (size_t)sqlite3_column_bytes(stmt, 11);
	struct use *use = ctx;

	if (voucher.revoked)
		return -EKEYREVOKED;
	if (use->now >= (voucher.used ? voucher.until : voucher.expires))
		return -ETIME;
	if (voucher.used && (len != use->len || memcmp(device, use->device, len)))
		return -EBUSY;
	use->id = voucher.id;
	use->used = voucher.used ? voucher.used : use->now;
	use->until = voucher.until = voucher.used ? voucher.until : use->now + voucher.seconds;
	use->row(use->ctx, &voucher);
	return 1;
}

static int note_use(struct reg *reg, const struct use *use)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "UPDATE vouchers SET used = ?, until = ?, device = ? WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, use->used);
	sqlite3_bind_int64(stmt, 2, use->until);
	sqlite3_bind_blob(stmt, 3, use->device, (int)use->len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, use->id);
	return register_done(stmt);
}

int register_voucher_use(struct reg *reg, const char *code, const void *device, size_t len, __s64 now,
			 void (*row)(void *ctx, const struct reg_voucher *voucher), void *ctx)
{
	struct use use = { .device = device, .len = len, .now = now, .row = row, .ctx = ctx };
	sqlite3_stmt *stmt;
	__u8 hash[32];
	int err = hash_code(reg, code, hash);

	if (!err)
		err = db_prepare(reg->db, COLUMNS "WHERE hash = ?", &stmt);
	if (err)
		return err;
	sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
	err = register_each(stmt, use_row, &use);
	if (err <= 0)
		return err ? err : -ENOENT;
	return note_use(reg, &use);
}

int register_voucher_revoke(struct reg *reg, __u32 id)
{
	sqlite3_int64 there = 0;
	sqlite3_stmt *stmt;
	char sql[96];
	int err;

	snprintf(sql, sizeof(sql), "SELECT revoked FROM vouchers WHERE id = %u", id);
	err = db_number(reg->db, sql, &there);
	if (err)
		return err;
	if (there)
		return -EALREADY;
	err = db_prepare(reg->db, "UPDATE vouchers SET revoked = 1 WHERE id = ?", &stmt);
	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	return register_done(stmt);
}

struct each_voucher {
	int (*row)(void *ctx, const struct reg_voucher *voucher);
	void *ctx;
};

static int voucher_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each_voucher *each = ctx;
	struct reg_voucher voucher = voucher_of(stmt);

	return each->row(each->ctx, &voucher);
}

int register_vouchers(struct reg *reg, bool past, __s64 now, unsigned limit,
		      int (*row)(void *ctx, const struct reg_voucher *voucher), void *ctx)
{
	struct each_voucher each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE ?1 OR (NOT revoked AND CASE WHEN used THEN until ELSE expires END > ?2)"
				      " ORDER BY id DESC LIMIT ?3", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, past);
	sqlite3_bind_int64(stmt, 2, now);
	sqlite3_bind_int64(stmt, 3, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, voucher_row, &each);
}

/* ---- terms ---- */

static int keep_text(struct reg *reg, const struct reg_acceptance *acceptance, const char *text)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT OR IGNORE INTO terms (sha256, text, first) VALUES (?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_blob(stmt, 1, acceptance->sha256, 32, SQLITE_STATIC);
	register_bind(stmt, 2, text);
	sqlite3_bind_int64(stmt, 3, acceptance->time);
	return register_done(stmt);
}

static int add_acceptance(struct reg *reg, const struct reg_acceptance *acceptance)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO acceptances (time, sha256, how, who, device) VALUES (?, ?, ?, ?, ?)",
			     &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, acceptance->time);
	sqlite3_bind_blob(stmt, 2, acceptance->sha256, 32, SQLITE_STATIC);
	register_bind(stmt, 3, acceptance->how);
	register_bind(stmt, 4, acceptance->who);
	register_bind(stmt, 5, acceptance->device);
	return register_done(stmt);
}

int register_accept(struct reg *reg, const struct reg_acceptance *acceptance, const char *text)
{
	int err = register_enter(reg);

	if (err)
		return err;
	err = keep_text(reg, acceptance, text);
	if (!err)
		err = add_acceptance(reg, acceptance);
	return register_leave(reg, err);
}

struct each_acceptance {
	int (*row)(void *ctx, const struct reg_acceptance *acceptance);
	void *ctx;
};

static int acceptance_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each_acceptance *each = ctx;
	struct reg_acceptance acceptance = {
		.time = sqlite3_column_int64(stmt, 0),
		.how = db_text(stmt, 2),
		.who = db_text(stmt, 3),
		.device = db_text(stmt, 4),
	};

	register_copy_blob(stmt, 1, acceptance.sha256, 32);
	return each->row(each->ctx, &acceptance);
}

int register_acceptances(struct reg *reg, unsigned limit,
			 int (*row)(void *ctx, const struct reg_acceptance *acceptance), void *ctx)
{
	struct each_acceptance each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT time, sha256, how, who, device FROM acceptances ORDER BY id DESC LIMIT ?",
			     &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, acceptance_row, &each);
}

static int text_row(void *ctx, sqlite3_stmt *stmt)
{
	*(char **)ctx = register_copy(stmt, 0);
	return *(char **)ctx ? 1 : -ENOMEM;
}

int register_terms(struct reg *reg, const __u8 sha256[32], char **text)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT text FROM terms WHERE sha256 = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_blob(stmt, 1, sha256, 32, SQLITE_STATIC);
	err = register_each(stmt, text_row, text);
	return err < 0 ? err : err ? 0 : -ENOENT;
}
