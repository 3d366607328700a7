/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "register_db.h"
#include "register_requests.h"

#define COLUMNS "SELECT id, name, block, (SELECT count(*) FROM request_askers WHERE request = id), first, last," \
		" words, reason, category, grp, device, state, answered, who, note, until, proposed_by, proposed_for FROM requests "

/* ---- asking ---- */

struct number {
	sqlite3_int64 value;
};

static int number_row(void *ctx, sqlite3_stmt *stmt)
{
	struct number *number = ctx;

	number->value = sqlite3_column_int64(stmt, 0);
	return 1;
}

static int asked_since(struct reg *reg, const void *key, size_t key_len, __s64 since, __u32 but, sqlite3_int64 *n)
{
	struct number number = { 0 };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT count(*) FROM request_askers WHERE asker = ? AND time >= ? AND request <> ?",
			     &stmt);

	if (err)
		return err;
	sqlite3_bind_blob(stmt, 1, key, (int)key_len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, since);
	sqlite3_bind_int64(stmt, 3, but);
	err = register_each(stmt, number_row, &number);
	*n = number.value;
	return err < 0 ? err : 0;
}

/* The one that waits for the same thing: 0 and its id, or -ENOENT. */
static int find_waiting(struct reg *reg, const struct reg_request *request, __u32 *id)
{
	struct number number = { 0 };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT id FROM requests WHERE name = ? AND block = ? AND state = 0", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, request->name);
	sqlite3_bind_int(stmt, 2, request->block);
	err = register_each(stmt, number_row, &number);
	*id = (__u32)number.value;
	return err < 0 ? err : err ? 0 : -ENOENT;
}

static int insert(struct reg *reg, const struct reg_request *request, __u32 *id)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT INTO requests (name, block, first, last, words, reason, category, grp, device,"
				      " state, answered, who, note) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, '', '')",
			     &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, request->name);
	sqlite3_bind_int(stmt, 2, request->block);
	sqlite3_bind_int64(stmt, 3, request->first);
	register_bind(stmt, 4, request->words);
	register_bind(stmt, 5, request->reason);
	register_bind(stmt, 6, request->category);
	register_bind(stmt, 7, request->group);
	register_bind(stmt, 8, request->device);
	err = register_done(stmt);
	*id = (__u32)sqlite3_last_insert_rowid(reg->db);
	return err;
}

static int fold(struct reg *reg, const struct reg_request *request, __u32 id)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "UPDATE requests SET last = ?2, words = CASE WHEN words = '' THEN ?3 ELSE words END"
				      " WHERE id = ?1", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, request->first);
	register_bind(stmt, 3, request->words);
	return register_done(stmt);
}

static int note_asker(struct reg *reg, __u32 id, const void *key, size_t key_len, __s64 now)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "INSERT OR IGNORE INTO request_askers (request, asker, time) VALUES (?, ?, ?)", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_blob(stmt, 2, key, (int)key_len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, now);
	return register_done(stmt);
}

static int add(struct reg *reg, const struct reg_request *request, const void *key, size_t key_len, __s64 since,
	       unsigned most, __u32 *id)
{
	__u32 found = 0;
	sqlite3_int64 asked = 0;
	int there = find_waiting(reg, request, &found);
	int err = there && there != -ENOENT ? there : asked_since(reg, key, key_len, since, found, &asked);

	if (err)
		return err;
	if (asked >= most)
		return -EBUSY;
	err = there ? insert(reg, request, &found) : fold(reg, request, found);
	if (!err)
		err = note_asker(reg, found, key, key_len, request->first);
	*id = found;
	return err;
}

int register_request_add(struct reg *reg, const struct reg_request *request, const void *key, size_t key_len,
			 __s64 since, unsigned most, __u32 *id)
{
	int err = register_enter(reg);

	return err ? err : register_leave(reg, add(reg, request, key, key_len, since, most, id));
}

/* ---- looking ---- */

struct each {
	int (*row)(void *ctx, const struct reg_request *request);
	void *ctx;
};

static int request_row_of(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_request request = {
		.id = (__u32)sqlite3_column_int64(stmt, 0),
		.name = db_text(stmt, 1),
		.block = sqlite3_column_int(stmt, 2),
		.asked = (__u64)sqlite3_column_int64(stmt, 3),
		.first = sqlite3_column_int64(stmt, 4),
		.last = sqlite3_column_int64(stmt, 5),
		.words = db_text(stmt, 6),
		.reason = db_text(stmt, 7),
		.category = db_text(stmt, 8),
		.group = db_text(stmt, 9),
		.device = db_text(stmt, 10),
		.state = (enum reg_request_state)sqlite3_column_int(stmt, 11),
		.answered = sqlite3_column_int64(stmt, 12),
		.who = db_text(stmt, 13),
		.note = db_text(stmt, 14),
		.until = sqlite3_column_int64(stmt, 15),
		.proposed_by = db_text(stmt, 16),
		.proposed_for = db_text(stmt, 17),
	};

	return each->row(each->ctx, &request);
}

int register_requests(struct reg *reg, bool all, const char *name, unsigned limit,
		      int (*row)(void *ctx, const struct reg_request *request), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE (?1 OR state = 0) AND (?2 IS NULL OR name = ?2)"
				      " ORDER BY id DESC LIMIT ?3", &stmt);

	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, all);
	if (name)
		register_bind(stmt, 2, name);
	sqlite3_bind_int64(stmt, 3, limit ? (sqlite3_int64)limit : -1);
	return register_each(stmt, request_row_of, &each);
}

int register_request_of(struct reg *reg, const char *name, const void *key, size_t key_len,
			int (*row)(void *ctx, const struct reg_request *request), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE name = ? AND block = 0 AND EXISTS (SELECT 1 FROM request_askers"
				      " WHERE request = id AND asker = ?) ORDER BY id DESC LIMIT 1", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, name);
	sqlite3_bind_blob(stmt, 2, key, (int)key_len, SQLITE_STATIC);
	return register_each(stmt, request_row_of, &each);
}

int register_request_get(struct reg *reg, __u32 id, int (*row)(void *ctx, const struct reg_request *request), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, COLUMNS "WHERE id = ?", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	return register_each(stmt, request_row_of, &each);
}

struct each_asker {
	int (*key)(void *ctx, const void *key, size_t len);
	void *ctx;
};

static int asker_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each_asker *each = ctx;

	return each->key(each->ctx, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
}

int register_request_askers(struct reg *reg, __u32 id, int (*key)(void *ctx, const void *key, size_t len), void *ctx)
{
	struct each_asker each = { key, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT asker FROM request_askers WHERE request = ? ORDER BY time", &stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	return register_each(stmt, asker_row, &each);
}

/* ---- answering ---- */

static int state_row(void *ctx, sqlite3_stmt *stmt)
{
	*(int *)ctx = sqlite3_column_int(stmt, 0);
	return 1;
}

static int is_waiting(struct reg *reg, __u32 id)
{
	sqlite3_stmt *stmt;
	int err, was = 0;

	err = db_prepare(reg->db, "SELECT state FROM requests WHERE id = ?", &stmt);
	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, id);
	err = register_each(stmt, state_row, &was);
	if (err <= 0)
		return err ? err : -ENOENT;
	return was == REQUEST_WAITING ? 0 : -EALREADY;
}

int register_request_answer(struct reg *reg, __u32 id, const struct reg_answer *answer)
{
	sqlite3_stmt *stmt;
	int err = is_waiting(reg, id);

	if (!err)
		err = db_prepare(reg->db, "UPDATE requests SET state = ?, answered = ?, who = ?, note = ?, until = ?"
				 " WHERE id = ?", &stmt);
	if (err)
		return err;
	sqlite3_bind_int(stmt, 1, answer->state);
	sqlite3_bind_int64(stmt, 2, answer->at);
	register_bind(stmt, 3, answer->who);
	register_bind(stmt, 4, answer->note);
	sqlite3_bind_int64(stmt, 5, answer->until);
	sqlite3_bind_int64(stmt, 6, id);
	return register_done(stmt);
}

int register_request_propose(struct reg *reg, __u32 id, const char *who, const char *what)
{
	sqlite3_stmt *stmt;
	int err = is_waiting(reg, id);

	if (!err)
		err = db_prepare(reg->db, "UPDATE requests SET proposed_by = ?, proposed_for = ? WHERE id = ?", &stmt);
	if (err)
		return err;
	register_bind(stmt, 1, who);
	register_bind(stmt, 2, what);
	sqlite3_bind_int64(stmt, 3, id);
	return register_done(stmt);
}

/* ---- how long it takes ---- */

static int totals_row(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_request_stats *stats = ctx;

	stats->waiting = (__u64)sqlite3_column_int64(stmt, 0);
	stats->answered = (__u64)sqlite3_column_int64(stmt, 1);
	stats->sum = sqlite3_column_double(stmt, 2);
	return 0;
}

static int median_row(void *ctx, sqlite3_stmt *stmt)
{
	*(double *)ctx = sqlite3_column_double(stmt, 0);
	return 0;
}

int register_request_stats(struct reg *reg, __s64 since, struct reg_request_stats *out)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state > 0),"
				      " total(answered - first) FILTER (WHERE state > 0) FROM requests", &stmt);

	*out = (struct reg_request_stats){ 0 };
	if (!err)
		err = register_each(stmt, totals_row, out);
	if (err)
		return err;
	err = db_prepare(reg->db, "WITH took AS (SELECT answered - first AS s FROM requests WHERE state > 0"
				  " AND answered >= ?),"
				  " n AS (SELECT count(*) AS n FROM took)"
				  " SELECT avg(s) FROM (SELECT s FROM took ORDER BY s LIMIT 2 - (SELECT n FROM n) % 2"
				  " OFFSET (SELECT (n - 1) / 2 FROM n))", &stmt);
	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, since);
	return register_each(stmt, median_row, &out->median);
}
