/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"

void register_policy_free(struct reg_policy *policy)
{
	free(policy->who);
	free(policy->file);
	free(policy->text);
	*policy = (struct reg_policy){ 0 };
}

int register_policy_add(struct reg *reg, __s64 time, const char *who, const char *file, const char *text, size_t len,
			__u32 *version)
{
	__u8 sha256[32];
	sqlite3_stmt *stmt;
	int err;

	if (len > INT_MAX)
		return -EFBIG;
	err = db_prepare(reg->db, "INSERT INTO policies (time, who, file, text, sha256) VALUES (?, ?, ?, ?, ?)", &stmt);
	if (err)
		return err;
	register_sha256(text, len, sha256);
	sqlite3_bind_int64(stmt, 1, time);
	register_bind(stmt, 2, who);
	register_bind(stmt, 3, file);
	sqlite3_bind_blob(stmt, 4, text, (int)len, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 5, sha256, sizeof(sha256), SQLITE_STATIC);
	err = register_done(stmt);
	if (!err)
		*version = (__u32)sqlite3_last_insert_rowid(reg->db);
	return err;
}

static int policy_copy_text(sqlite3_stmt *stmt, struct reg_policy *policy)
{
	const void *text = sqlite3_column_blob(stmt, 5);

	policy->text_len = (size_t)sqlite3_column_bytes(stmt, 5);
	policy->text = calloc(1, policy->text_len + 1);
	if (policy->text && policy->text_len)
		memcpy(policy->text, text, policy->text_len);
	return policy->text ? 0 : -ENOMEM;
}

static int policy_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_policy *out = ctx;
	struct reg_policy policy = {
		.version = (__u32)sqlite3_column_int64(stmt, 0),
		.time = sqlite3_column_int64(stmt, 1),
		.who = register_copy(stmt, 2),
		.file = register_copy(stmt, 3),
	};
	__u8 sha256[32];

	register_copy_blob(stmt, 4, policy.sha256, sizeof(policy.sha256));
	if (!policy.who || !policy.file || policy_copy_text(stmt, &policy)) {
		register_policy_free(&policy);
		return -ENOMEM;
	}
	register_sha256(policy.text, policy.text_len, sha256);
	if (memcmp(sha256, policy.sha256, sizeof(sha256))) { /* never go back to a text that was tampered with */
		register_policy_free(&policy);
		return -EBADMSG;
	}
	*out = policy;
	return 1;
}

int register_policy_get(struct reg *reg, __u32 version, struct reg_policy *out)
{
	sqlite3_stmt *stmt;
	int result = db_prepare(reg->db, "SELECT version, time, who, file, sha256, text FROM policies"
					 " WHERE ?1 = 0 OR version = ?1 ORDER BY version DESC LIMIT 1", &stmt);

	if (result)
		return result;
	sqlite3_bind_int64(stmt, 1, version);
	result = register_each(stmt, policy_copy, out);
	return result > 0 ? 0 : result ? result : -ENOENT;
}

struct each {
	int (*row)(void *ctx, const struct reg_policy *policy);
	void *ctx;
};

static int policy_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_policy policy = {
		.version = (__u32)sqlite3_column_int64(stmt, 0),
		.time = sqlite3_column_int64(stmt, 1),
		.who = (char *)db_text(stmt, 2),
		.file = (char *)db_text(stmt, 3),
		.text_len = (size_t)sqlite3_column_int64(stmt, 5),
	};

	register_copy_blob(stmt, 4, policy.sha256, sizeof(policy.sha256));
	return each->row(each->ctx, &policy);
}

int register_policies(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_policy *policy),
		      void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT version, time, who, file, sha256, length(text) FROM policies"
				      " ORDER BY version DESC LIMIT ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, policy_row, &each);
}
