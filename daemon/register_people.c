/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "register_db.h"
#include "register_people.h"

#define USERS "SELECT u.id, u.name, u.full, u.grp, coalesce(c.name, ''), coalesce(nullif(u.grp, ''), c.grp, '')," \
	      " coalesce(c.id, 0), u.gone, u.created, u.changed FROM users u LEFT JOIN classes c ON c.id = u.class "

void register_user_free(struct reg_user *user)
{
	free(user->name);
	free(user->full);
	free(user->group);
	free(user->class_name);
	free(user->holds);
	*user = (struct reg_user){ 0 };
}

int register_user_copy(const struct reg_user *from, struct reg_user *to)
{
	struct reg_user copy = *from;

	copy.name = strdup(from->name);
	copy.full = strdup(from->full);
	copy.group = strdup(from->group);
	copy.class_name = strdup(from->class_name);
	copy.holds = strdup(from->holds ? from->holds : "");
	if (!copy.name || !copy.full || !copy.group || !copy.class_name || !copy.holds) {
		register_user_free(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

/* Borrows the texts of the row. */
static void user_of_row(sqlite3_stmt *stmt, struct reg_user *out)
{
	*out = (struct reg_user){
		.id = (__u32)sqlite3_column_int64(stmt, 0),
		.name = (char *)db_text(stmt, 1),
		.full = (char *)db_text(stmt, 2),
		.group = (char *)db_text(stmt, 3),
		.class_name = (char *)db_text(stmt, 4),
		.holds = (char *)db_text(stmt, 5),
		.class = (__u16)sqlite3_column_int(stmt, 6),
		.gone = sqlite3_column_int64(stmt, 7),
		.created = sqlite3_column_int64(stmt, 8),
		.changed = sqlite3_column_int64(stmt, 9),
	};
}

static int user_copy(void *ctx, sqlite3_stmt *stmt)
{
	struct reg_user user;

	user_of_row(stmt, &user);
	return register_user_copy(&user, ctx) ?: 1;
}

int register_user_find(struct reg *reg, const char *what, struct reg_user *out)
{
	return register_find(reg, USERS "WHERE u.name = ?1", USERS "WHERE u.id = ?1", what, user_copy, out);
}

int register_user_put(struct reg *reg, const struct reg_user *user, __s64 now, __u32 *id)
{
	const char *const texts[] = { user->name, user->full, user->group, user->class_name };
	sqlite3_int64 class = 0, row = user->id;
	sqlite3_stmt *stmt;
	int err = *user->name ? register_texts(texts, 4) : -EINVAL;

	if (!err)
		err = register_number(reg, "SELECT id FROM classes WHERE name = ?1", user->class_name, &class);
	if (!err)
		err = db_prepare(reg->db, user->id ?
			"UPDATE users SET name = ?2, full = ?3, grp = ?4, class = nullif(?5, 0), gone = ?6, changed = ?7"
			" WHERE id = ?1" :
			"INSERT INTO users (name, full, grp, class, gone, created, changed)"
			" VALUES (?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?7)", &stmt);
	if (err)
		return err;
	if (user->id)
		sqlite3_bind_int64(stmt, 1, user->id);
	register_bind(stmt, 2, user->name);
	register_bind(stmt, 3, user->full);
	register_bind(stmt, 4, user->group);
	sqlite3_bind_int64(stmt, 5, class);
	sqlite3_bind_int64(stmt, 6, user->gone);
	sqlite3_bind_int64(stmt, 7, now);
	err = register_put(reg, stmt, &row);
	if (!err)
		*id = (__u32)row;
	return err;
}

int register_user_remove(struct reg *reg, __u32 id)
{
	return register_remove(reg, "DELETE FROM users WHERE id = ?1", id);
}

struct each {
	int (*row)(void *ctx, const struct reg_user *user);
	void *ctx;
};

static int user_row(void *ctx, sqlite3_stmt *stmt)
{
	const struct each *each = ctx;
	struct reg_user user;

	user_of_row(stmt, &user);
	return each->row(each->ctx, &user);
}

int register_users(struct reg *reg, int (*row)(void *ctx, const struct reg_user *user), void *ctx)
{
	struct each each = { row, ctx };
	sqlite3_stmt *stmt;
	int err = db_prepare(reg->db, USERS "ORDER BY u.name", &stmt);

	return err ? err : register_each(stmt, user_row, &each);
}
