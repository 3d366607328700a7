/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second copy of the register, for the day on which the first one cannot be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "register_db.h"

/* A whole, checked file of its own. */
static int copy_into(sqlite3 *db, const char *path)
{
	sqlite3_stmt *stmt;
	int err = db_prepare(db, "VACUUM INTO ?", &stmt);

	if (err)
		return err;
	register_bind(stmt, 1, path);
	return register_done(stmt);
}

int register_backup(const char *dir)
{
	char path[4096], fresh[4096 + 16], kept[4096 + 16];
	sqlite3 *db;
	int err;

	if (snprintf(path, sizeof(path), "%s/register.db", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(kept, sizeof(kept), "%s.backup", path);
	snprintf(fresh, sizeof(fresh), "%s.backup.new", path);
	if (unlink(fresh) && errno != ENOENT)
		return -errno;
	err = db_open_read(path, &db);
	if (err)
		return err;
	err = copy_into(db, fresh);
	sqlite3_close(db);
	if (!err && (chmod(fresh, 0600) || rename(fresh, kept)))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

static int move(const char *from, const char *to)
{
	return rename(from, to) && errno != ENOENT ? log_errno(errno, "cannot move %s", from) : 0;
}

int register_restore(const char *dir)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	char from[4096], to[4096];
	struct stat st;
	int n = 1;
	int err = 0;

	do
		snprintf(to, sizeof(to), "%s/register.db.damaged-%d", dir, n);
	while (lstat(to, &st) == 0 && ++n < 1000);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !err; i++) {
		snprintf(from, sizeof(from), "%s/register.db%s", dir, ends[i]);
		snprintf(to, sizeof(to), "%s/register.db.damaged-%d%s", dir, n, ends[i]);
		err = move(from, to);
	}
	if (err)
		return err;
	log_error("the register is damaged: moved to %s", to);
	snprintf(from, sizeof(from), "%s/register.db.backup", dir);
	snprintf(to, sizeof(to), "%s/register.db", dir);
	if (lstat(from, &st)) {
		log_error("there is no backup of the register: a new one is begun, devices are unknown until imported");
		return 0;
	}
	log_error("the last backup of the register is used: changes made since are lost");
	return move(from, to);
}
