/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "log.h"
#include "store.h"
#include "store_day.h"

#define ROOM ((size_t)8 << 20) /* bytes of records that wait: some 50,000 */
#define HOLD_FIRST_MS 100      /* after a failure the next try waits, twice as long each time */
#define HOLD_MOST_MS 5000

struct store {
	char *dir;
	struct day *day;
	char path[4096];     /* of the open day */
	__s64 start, end;    /* of the open day, microseconds */
	__u8 *room;          /* packed records */
	size_t head, tail;   /* those from head to tail wait */
	__s64 hold_until_ms; /* CLOCK_MONOTONIC */
	__s64 hold_ms;
	int last_error;
	__u64 lost_said;
	struct store_stats stats;
};

static __s64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__s64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int store_open(const char *dir, struct store **out)
{
	struct store *store = calloc(1, sizeof(*store));
	struct stat st;

	if (!store)
		return -ENOMEM;
	if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
		free(store);
		return -ENOTDIR;
	}
	store->dir = strdup(dir);
	store->room = aligned_alloc(64, ROOM);
	if (!store->dir || !store->room) {
		free(store->dir);
		free(store->room);
		free(store);
		return -ENOMEM;
	}
	*out = store;
	return 0;
}

static void store_leave_day(struct store *store)
{
	day_close(store->day);
	store->day = NULL;
}

/* Moves a day's file and its log out of the way, under a name that is not in use. */
static int store_set_aside(struct store *store, int why)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	char from[sizeof(store->path) + 8], to[sizeof(store->path) + 32];
	struct stat st;
	int n = 1;

	store_leave_day(store);
	do
		snprintf(to, sizeof(to), "%s.damaged-%d", store->path, n);
	while (lstat(to, &st) == 0 && ++n < 1000);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", store->path, ends[i]);
		snprintf(to, sizeof(to), "%s.damaged-%d%s", store->path, n, ends[i]);
		if (rename(from, to) && errno != ENOENT)
			return log_errno(errno, "cannot move the damaged %s aside", from);
	}
	store->stats.damaged++;
	log_error("event database %s %s: moved to %s, a new one is begun", store->path,
		  why == -EBADMSG ? "is damaged" : "was made by a newer esafe", to);
	return 0;
}

static int store_enter_day(struct store *store, __s64 at_us)
{
	__s64 start, end;
	unsigned day = store_day_of(at_us, &start, &end);
	int err;

	store_leave_day(store);
	err = store_day_path(store->dir, day, store->path, sizeof(store->path));
	if (err)
		return err;
	err = day_open(store->path, &store->day);
	if (err == -EBADMSG || err == -EPROTONOSUPPORT) {
		err = store_set_aside(store, err);
		if (!err)
			err = day_open(store->path, &store->day);
	}
	if (!err) {
		store->start = start;
		store->end = end;
	}
	return err;
}

static const struct day_entry *store_entry(const struct store *store, size_t at)
{
	return (const struct day_entry *)(store->room + at);
}

/* One transaction: the records from head on that belong to one day. *n is their number, *to where the next begins. */
static int store_write_run(struct store *store, __u64 *n, size_t *to)
{
	__s64 first = store_entry(store, store->head)->at_us;
	int err = 0;

	*n = 0;
	if (!store->day || first < store->start || first >= store->end)
		err = store_enter_day(store, first);
	if (!err)
		err = day_begin(store->day);
	for (*to = store->head; !err && *to < store->tail; *to += store_entry(store, *to)->size, ++*n) {
		const struct day_entry *entry = store_entry(store, *to);

		if (entry->at_us < store->start || entry->at_us >= store->end)
			break;
		err = day_add(store->day, entry);
	}
	if (!err)
		err = day_commit(store->day);
	if (err && store->day)
		day_rollback(store->day);
	if (err == -EBADMSG && store->day)
		store_set_aside(store, err);
	return err;
}

static __u64 lost_sum(const struct store *store)
{
	__u64 sum = 0;

	for (int verdict = 0; verdict < ESAFE_VERDICT_COUNT; verdict++)
		sum += store->stats.lost[verdict];
	return sum;
}

static int store_failed(struct store *store, int err)
{
	store->stats.errors++;
	if (!store->stats.failing)
		log_error("event database: %s; %llu records wait in memory", strerror(-err),
			  (unsigned long long)store->stats.pending);
	store->stats.failing = true;
	store->last_error = err;
	store->hold_ms = store->hold_ms ? store->hold_ms * 2 : HOLD_FIRST_MS;
	if (store->hold_ms > HOLD_MOST_MS)
		store->hold_ms = HOLD_MOST_MS;
	store->hold_until_ms = now_us() / 1000 + store->hold_ms;
	return err;
}

static void store_succeeded(struct store *store, __s64 began_us)
{
	__u64 lost = lost_sum(store);

	if (store->stats.failing)
		log_warn("event database: written again; %llu records were lost meanwhile",
			 (unsigned long long)(lost - store->lost_said));
	store->lost_said = lost;
	store->stats.failing = false;
	store->hold_ms = 0;
	store->head = 0;
	store->tail = 0;
	store->stats.last_commit_us = now_us() - began_us;
}

static int store_write_all(struct store *store)
{
	__s64 began = now_us();
	bool again = true; /* once, in a new file, when the day's file turned out to be damaged */
	size_t to;
	__u64 n;
	int err;

	while (store->head < store->tail) {
		err = store_write_run(store, &n, &to);
		if (err == -EBADMSG && !store->day && again) {
			again = false;
			continue;
		}
		if (err)
			return store_failed(store, err);
		store->head = to;
		store->stats.written += n;
		store->stats.pending -= n;
		store->stats.commits++;
	}
	store_succeeded(store, began);
	return 0;
}

int store_commit(struct store *store)
{
	if (store->head == store->tail)
		return 0;
	if (store->hold_ms && now_us() / 1000 < store->hold_until_ms)
		return store->last_error;
	return store_write_all(store);
}

/* Makes room for one more record; the ones that wait are never given up for it. */
static int store_make_room(struct store *store)
{
	if (ROOM - store->tail >= DAY_ENTRY_MAX)
		return 0;
	if (store_commit(store) && store->head) {
		memmove(store->room, store->room + store->head, store->tail - store->head);
		store->tail -= store->head;
		store->head = 0;
	}
	return ROOM - store->tail >= DAY_ENTRY_MAX ? 0 : -ENOBUFS;
}

int store_append(struct store *store, const struct record *record)
{
	struct record told;

	if (store_make_room(store)) {
		store->stats.lost[record->verdict < ESAFE_VERDICT_COUNT ? record->verdict : 0]++;
		return -ENOBUFS;
	}
	if (record->reason == ESAFE_R_HELP && *record->name) { /* whoever made it should have known */
		told = *record;
		told.name[0] = '\0';
		memset(told.dst, 0, sizeof(told.dst));
		record = &told;
	}
	store->tail += day_pack(record, (struct day_entry *)(store->room + store->tail));
	store->stats.pending++;
	return 0;
}

void store_stats(const struct store *store, struct store_stats *out)
{
	char log[sizeof(store->path) + 8];
	struct stat st;

	*out = store->stats;
	out->pending_bytes = store->tail - store->head;
	out->day_bytes = 0;
	if (!store->day)
		return;
	snprintf(log, sizeof(log), "%s-wal", store->path);
	if (stat(store->path, &st) == 0)
		out->day_bytes = (__u64)st.st_size;
	if (stat(log, &st) == 0)
		out->day_bytes += (__u64)st.st_size;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store->hold_ms = 0;
	if (store_commit(store))
		log_error("event database: %llu records could not be written and are lost",
			  (unsigned long long)store->stats.pending);
	store_leave_day(store);
	free(store->dir);
	free(store->room);
	free(store);
}
