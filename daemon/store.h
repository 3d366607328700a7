/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event databases: one SQLite file for each local day, DIR/events-YYYY-MM-DD.db. This module is their only writer.
 * Records wait in memory until store_commit() writes them in one transaction; what could not be written (disk full,
 * database busy) waits on and is tried again, until the room for it is used up: then it is counted as lost.
 */
#ifndef ESAFE_STORE_H
#define ESAFE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <esafe/abi.h>
#include "record.h"

struct store;

struct store_stats {
	__u64 written;                   /* records in committed transactions */
	__u64 lost[ESAFE_VERDICT_COUNT]; /* no room to keep them while the database could not be written */
	__u64 commits;
	__u64 errors;                    /* transactions that failed and were tried again */
	__u64 damaged;                   /* day files moved aside */
	__u64 pending;                   /* records waiting */
	__u64 pending_bytes;
	__s64 last_commit_us;            /* duration of the last transaction */
	__u64 day_bytes;                 /* size of the open day's file and its log */
	bool failing;                    /* the last transaction did not succeed */
};

int store_open(const char *dir, struct store **store);
void store_close(struct store *store); /* commits first */

/* Takes a copy. 0, or -ENOBUFS: no room (counted as lost). */
int store_append(struct store *store, const struct record *record);

/* Writes all that waits. 0 or -errno (-ENOSPC, -EBUSY, -EIO): it still waits then. */
int store_commit(struct store *store);

void store_stats(const struct store *store, struct store_stats *out);

/*
 * For a worker thread, without the store: makes the indexes of days that are over (`now`: seconds since 1970) and
 * folds their logs in. Returns the number of days finished or -errno.
 */
int store_finish_days(const char *dir, __s64 now);

/*
 * Deletes the files of days more than `days` ago, damaged ones included. Returns the number of files or -errno;
 * -ERANGE: the clock is more than a year past the newest day, so nothing was deleted.
 */
int store_expire(const char *dir, unsigned days, __s64 now);

/* Days on disk, ascending, as YYYYMMDD; the caller frees. */
int store_days(const char *dir, unsigned **days, size_t *n);

/* "DIR/events-YYYY-MM-DD.db" */
int store_day_path(const char *dir, unsigned day, char *path, size_t size);
unsigned store_day_of(__s64 at_us, __s64 *start_us, __s64 *end_us); /* local day; its first and last + 1 microsecond */

#endif
