/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event databases as files: which there are, days that are over, days that are old. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "log.h"
#include "store.h"

#define DAY_S 86400
#define GAP_DAYS 366      /* a longer one means that the clock is wrong */
#define GRACE_S 600       /* events of a day still come for a moment after midnight */

unsigned store_day_of(__s64 at_us, __s64 *start_us, __s64 *end_us)
{
	time_t at = (time_t)(at_us / 1000000 - (at_us % 1000000 < 0));
	struct tm tm, first, next;

	if (!localtime_r(&at, &tm)) /* a year that does not fit an int */
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	first = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday, .tm_isdst = -1 };
	next = first;
	next.tm_mday++;
	*start_us = (__s64)mktime(&first) * 1000000;
	*end_us = (__s64)mktime(&next) * 1000000;
	return (unsigned)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

int store_day_path(const char *dir, unsigned day, char *path, size_t size)
{
	int len = snprintf(path, size, "%s/events-%04u-%02u-%02u.db", dir, day / 10000, day / 100 % 100, day % 100);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* The day that a file name is of, 0 if it is none of ours; *rest: what follows "events-YYYY-MM-DD.db". */
static unsigned day_of_file(const char *name, const char **rest)
{
	unsigned year, month, day;
	int used = 0;

	if (sscanf(name, "events-%4u-%2u-%2u.db%n", &year, &month, &day, &used) != 3 || used != 20)
		return 0;
	*rest = name + used;
	return year * 10000 + month * 100 + day;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

int store_days(const char *dir, unsigned **out, size_t *n)
{
	size_t used = 0, room = 0;
	unsigned *days = NULL;
	struct dirent *entry;
	const char *rest;
	DIR *handle = opendir(dir);

	if (!handle)
		return -errno;
	while ((entry = readdir(handle))) {
		unsigned day = day_of_file(entry->d_name, &rest);

		if (!day || *rest)
			continue;
		if (used == room) {
			unsigned *more = realloc(days, (room = room * 2 + 64) * sizeof(*days));

			if (!more) {
				free(days);
				closedir(handle);
				return -ENOMEM;
			}
			days = more;
		}
		days[used++] = day;
	}
	closedir(handle);
	if (used)
		qsort(days, used, sizeof(*days), by_number);
	*out = days;
	*n = used;
	return 0;
}

/* ---- days that are over ---- */
/* None by verdict or reason: there are so few of them that reading the events in a row is as quick. */
static const char finish[] = "CREATE INDEX IF NOT EXISTS event_who ON event (who);"
			     "CREATE INDEX IF NOT EXISTS event_name ON event (name);";

/* 1: made its indexes; 0: they were there; -errno */
static int day_finish(const char *dir, unsigned day)
{
	sqlite3_int64 there = 0;
	char path[4096];
	sqlite3 *db;
	int err = store_day_path(dir, day, path, sizeof(path));

	if (err)
		return err;
	err = db_open_read(path, &db);
	if (err)
		return err;
	err = db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'event_name'", &there);
	sqlite3_close(db);
	if (err || there)
		return err;
	err = db_open(path, 250, &db);
	if (err)
		return err;
	/* Room to sort in for the moment; without it the sorting goes through many small pieces. */
	err = db_exec(db, "PRAGMA cache_size = -32768");
	/* One transaction: a day has all of its indexes or none. The writer of late events finds it busy and tries again. */
	if (!err)
		err = db_exec(db, "BEGIN IMMEDIATE");
	if (!err)
		err = db_exec(db, finish);
	if (!err)
		err = db_exec(db, "COMMIT");
	if (!err)
		db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(db);
	return err ? err : 1;
}

int store_finish_days(const char *dir, __s64 now)
{
	__s64 start, end;
	unsigned today = store_day_of((now - GRACE_S) * 1000000, &start, &end);
	unsigned *days;
	size_t n;
	int done = 0;
	int err = store_days(dir, &days, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		int made = days[i] < today ? day_finish(dir, days[i]) : 0;

		if (made > 0)
			done++;
		else if (made < 0) /* one bad day must not keep the others from being finished */
			log_warn("event database of %u: cannot make its indexes: %s", days[i], strerror(-made));
	}
	free(days);
	return done;
}

/* ---- days that are old ---- */
static __s64 day_time(unsigned day)
{
	struct tm tm = { .tm_year = (int)(day / 10000) - 1900, .tm_mon = (int)(day / 100 % 100) - 1,
			 .tm_mday = (int)(day % 100), .tm_hour = 12, .tm_isdst = -1 };

	return (__s64)mktime(&tm);
}

/* Whether the clock can be believed: a wrong one must not delete what a school has to keep. */
static int clock_check(const char *dir, unsigned today)
{
	unsigned newest = 0;
	unsigned *days;
	size_t n;
	int err = store_days(dir, &days, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		if (days[i] < today)
			newest = days[i];
	free(days);
	if (newest && day_time(today) - day_time(newest) > (__s64)GAP_DAYS * DAY_S) {
		log_error("the clock is more than a year past the newest records: nothing is deleted");
		return -ERANGE;
	}
	return 0;
}

/* A day of the future was written under a wrong clock: its file's own age counts then. */
static bool is_old(const char *path, unsigned day, unsigned today, unsigned keep, __s64 now)
{
	struct stat st;

	if (day <= today)
		return day_time(today) - day_time(day) > (__s64)keep * DAY_S + DAY_S / 2;
	return stat(path, &st) == 0 && now - (__s64)st.st_mtime > (__s64)(keep + 1) * DAY_S;
}

int store_expire(const char *dir, unsigned keep, __s64 now)
{
	__s64 start, end;
	unsigned today = store_day_of(now * 1000000, &start, &end);
	int err = clock_check(dir, today);
	struct dirent *entry;
	char path[4096];
	const char *rest;
	int gone = 0;
	DIR *handle;

	if (err)
		return err;
	handle = opendir(dir);
	if (!handle)
		return -errno;
	while ((entry = readdir(handle))) {
		unsigned day = day_of_file(entry->d_name, &rest);

		if (!day || snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path) ||
		    !is_old(path, day, today, keep, now))
			continue;
		if (unlink(path))
			log_warn("cannot delete %s: %s", path, strerror(errno));
		else
			gone++;
	}
	closedir(handle);
	return gone;
}
