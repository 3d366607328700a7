/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "db.h"
#include "query_axis.h"
#include "query_day.h"
#include "store_day.h"

#define SCAN_STEP 20000   /* events looked at in one step */
#define PICK_MOST 100000  /* events fetched by their numbers; from there on reading all in a row is quicker */

enum { EVENT_UP, EVENT_DOWN, EVENT_ONE, WHO_ONE, WHAT_ONE, DEST_ONE, NAME_ONE, STATEMENTS };

#define EVENT "SELECT id, at, who, what, dest, name, sport FROM event WHERE id "
static const char *const sql[STATEMENTS] = {
	[EVENT_UP] = EVENT "> ? ORDER BY id",
	[EVENT_DOWN] = EVENT "< ? ORDER BY id DESC",
	[EVENT_ONE] = EVENT "= ?",
	[WHO_ONE] = "SELECT device_id, device, mac, address, iface, vlan_outer, vlan_inner, user_id, user, grp, how,"
		    " confidence, class_id, class FROM who WHERE id = ?",
	[WHAT_ONE] = "SELECT verdict, reason, category, proto, qtype, policy, line, rule, known FROM what WHERE id = ?",
	[DEST_ONE] = "SELECT address, port FROM dest WHERE id = ?",
	[NAME_ONE] = "SELECT text FROM name WHERE id = ?",
};

/*
 * A day that an older esafe wrote, and finished, is not written again: what its tables lack is seen through views of
 * the same names. By version.
 */
static const char *const older[DAY_VERSION] = {
	[1] = "CREATE TEMP VIEW who AS SELECT *, 0 AS class_id, '' AS class FROM main.who;"
	      "CREATE TEMP VIEW what AS SELECT *, 0 AS rule, 0 AS known FROM main.what;",
};

struct query_day {
	const struct query_match *match;
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENTS];
	struct axis axis[AXES];
	char *path;
	ino_t inode;
	bool begun;
	sqlite3_int64 at;          /* number of the last event seen */
	sqlite3_int64 end;         /* stop before (forwards) or at (backwards) this number */
	sqlite3_int64 *picked;     /* numbers to fetch, in order; NULL: read all */
	size_t picked_n, picked_at;
	struct record record;
};

/* ---- open ---- */
void query_day_close(struct query_day *day)
{
	if (!day)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(day->stmt[i]);
	for (int i = 0; i < AXES; i++)
		axis_close(&day->axis[i]);
	sqlite3_close(day->db);
	free(day->picked);
	free(day->path);
	free(day);
}

static int query_day_prepare(struct query_day *day)
{
	sqlite3_int64 version;
	int err = db_number(day->db, "PRAGMA user_version", &version);

	if (!err && (version < 1 || version > DAY_VERSION))
		err = -EPROTONOSUPPORT;
	if (!err && version < DAY_VERSION)
		err = db_exec(day->db, older[version]);
	for (int i = 0; i < STATEMENTS && !err; i++)
		err = db_prepare(day->db, sql[i], &day->stmt[i]);
	for (int i = 0; i < AXES && !err; i++)
		err = axis_open(&day->axis[i], i, day->db, day->match);
	return err;
}

static int query_day_last(struct query_day *day, sqlite3_int64 *last)
{
	return db_number(day->db, "SELECT coalesce(max(id), 0) FROM event", last);
}

int query_day_open(const char *path, const struct query_match *match, bool from_end, struct query_day **out)
{
	struct query_day *day = calloc(1, sizeof(*day));
	struct stat st;
	int err;

	if (!day)
		return -ENOMEM;
	day->match = match;
	day->path = strdup(path);
	err = !day->path ? -ENOMEM : stat(path, &st) ? -errno : db_open_read(path, &day->db);
	if (!err) {
		day->inode = st.st_ino;
		sqlite3_busy_timeout(day->db, 50);
		err = query_day_prepare(day);
	}
	if (!err && from_end) {
		err = query_day_last(day, &day->at);
		day->end = INT64_MAX;
		day->begun = true;
	}
	if (err) {
		query_day_close(day);
		return err;
	}
	*out = day;
	return 0;
}

bool query_day_replaced(const struct query_day *day)
{
	struct stat st;

	return stat(day->path, &st) == 0 && st.st_ino != day->inode;
}

/* ---- where to begin and end ---- */
static int event_time(struct query_day *day, sqlite3_int64 id, __s64 *at_us)
{
	sqlite3_stmt *stmt = day->stmt[EVENT_ONE];
	int rc;

	sqlite3_bind_int64(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*at_us = sqlite3_column_int64(stmt, 1);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -EBADMSG : db_errno(rc);
}

/* The first event from `low` on that is not before `at_us`, by halving; `high` if there is none. */
static int event_search(struct query_day *day, sqlite3_int64 low, sqlite3_int64 high, __s64 at_us, sqlite3_int64 *found)
{
	while (low < high) {
		sqlite3_int64 middle = low + (high - low) / 2;
		__s64 time = 0;
		int err = event_time(day, middle, &time);

		if (err)
			return err;
		if (time < at_us)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low;
	return 0;
}

static int query_day_bounds(struct query_day *day)
{
	sqlite3_int64 disorder, last, low = 1, high;
	int err = query_day_last(day, &last);

	if (!err)
		err = db_number(day->db, "SELECT count(*) FROM note WHERE key = 'disorder'", &disorder);
	if (err)
		return err;
	high = last + 1;
	if (!disorder && day->match->since_us > DAY_DISORDER_US)
		err = event_search(day, low, high, day->match->since_us - DAY_DISORDER_US, &low);
	if (!err && !disorder && day->match->until_us < INT64_MAX - DAY_DISORDER_US)
		err = event_search(day, low, high, day->match->until_us + DAY_DISORDER_US, &high);
	if (err)
		return err;
	day->at = day->match->backwards ? high : low - 1;
	/* Forwards a search goes on into rows that are written meanwhile. */
	day->end = day->match->backwards ? low : high == last + 1 ? INT64_MAX : high;
	return 0;
}

/* ---- few events of a finished day: by their numbers ---- */
static int by_number(const void *a, const void *b)
{
	sqlite3_int64 x = *(const sqlite3_int64 *)a, y = *(const sqlite3_int64 *)b;

	return (x > y) - (x < y);
}

static int query_day_pick(struct query_day *day)
{
	sqlite3_int64 *picked = NULL;
	size_t n = 0;
	int err = -EFBIG;

	for (int i = 0; i < AXES && err == -EFBIG; i++)
		err = axis_pick(&day->axis[i], PICK_MOST, &picked, &n);
	if (err)
		return err == -EFBIG ? 0 : err;
	if (n)
		qsort(picked, n, sizeof(*picked), by_number);
	day->picked = picked;
	day->picked_n = n;
	return 0;
}

/* QUERY_MORE: not ready yet; QUERY_END: ready */
static int query_day_begin(struct query_day *day)
{
	sqlite3_int64 finished;
	int state = QUERY_END;
	int err;

	for (int i = 0; i < AXES && state == QUERY_END; i++)
		state = axis_extend(&day->axis[i]);
	if (state != QUERY_END || day->begun)
		return state;
	err = query_day_bounds(day);
	if (!err)
		err = db_number(day->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'event_name'", &finished);
	if (!err && finished)
		err = query_day_pick(day);
	day->begun = !err;
	return err;
}

/* ---- rows ---- */
static void copy_blob(sqlite3_stmt *stmt, int column, __u8 *out, int size)
{
	const void *blob = sqlite3_column_blob(stmt, column);

	memset(out, 0, (size_t)size);
	if (blob && sqlite3_column_bytes(stmt, column) == size)
		memcpy(out, blob, (size_t)size);
}

static int fetch(sqlite3_stmt *stmt, sqlite3_int64 id)
{
	int rc;

	sqlite3_bind_int64(stmt, 1, id);
	rc = sqlite3_step(stmt);
	return rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -EBADMSG : db_errno(rc);
}

static int fetch_who(struct query_day *day, sqlite3_int64 id)
{
	sqlite3_stmt *stmt = day->stmt[WHO_ONE];
	struct record *record = &day->record;
	int err = fetch(stmt, id);

	if (err)
		return err;
	record->device_id = (__u32)sqlite3_column_int64(stmt, 0);
	record->device = db_text(stmt, 1);
	copy_blob(stmt, 2, record->mac, sizeof(record->mac));
	copy_blob(stmt, 3, record->src, sizeof(record->src));
	record->iface = db_text(stmt, 4);
	record->vlan_outer = (__u16)sqlite3_column_int(stmt, 5);
	record->vlan_inner = (__u16)sqlite3_column_int(stmt, 6);
	record->user_id = (__u32)sqlite3_column_int64(stmt, 7);
	record->user = db_text(stmt, 8);
	record->group = db_text(stmt, 9);
	record->how = (__u8)sqlite3_column_int(stmt, 10);
	record->confidence = (__u8)sqlite3_column_int(stmt, 11);
	record->class_id = (__u16)sqlite3_column_int(stmt, 12);
	record->class_name = db_text(stmt, 13);
	return 0;
}

static int fetch_what(struct query_day *day, sqlite3_int64 id)
{
	sqlite3_stmt *stmt = day->stmt[WHAT_ONE];
	struct record *record = &day->record;
	int err = fetch(stmt, id);

	if (err)
		return err;
	record->verdict = (__u8)sqlite3_column_int(stmt, 0);
	record->reason = (__u8)sqlite3_column_int(stmt, 1);
	record->category = db_text(stmt, 2);
	record->proto = (__u8)sqlite3_column_int(stmt, 3);
	record->qtype = (__u16)sqlite3_column_int(stmt, 4);
	record->policy = (__u32)sqlite3_column_int64(stmt, 5);
	record->line = (__u32)sqlite3_column_int64(stmt, 6);
	record->rule = (__u32)sqlite3_column_int64(stmt, 7);
	record->known = (__u8)sqlite3_column_int(stmt, 8);
	return 0;
}

static int fetch_dest_name(struct query_day *day, sqlite3_int64 dest, sqlite3_int64 name)
{
	struct record *record = &day->record;
	const char *text = "";
	size_t len;
	int err = fetch(day->stmt[DEST_ONE], dest);

	if (!err && name)
		err = fetch(day->stmt[NAME_ONE], name);
	if (err)
		return err;
	copy_blob(day->stmt[DEST_ONE], 0, record->dst, sizeof(record->dst));
	record->dport = (__u16)sqlite3_column_int(day->stmt[DEST_ONE], 1);
	if (name)
		text = db_text(day->stmt[NAME_ONE], 0);
	len = strnlen(text, sizeof(record->name) - 1);
	memcpy(record->name, text, len);
	record->name[len] = '\0';
	return 0;
}

/* The event that `stmt` stands on: looked at, and yielded if it is wanted. 1: yielded; 0: not wanted; -errno */
static int query_day_event(struct query_day *day, sqlite3_stmt *stmt, query_row *row, void *ctx, int *stop)
{
	__s64 at_us = sqlite3_column_int64(stmt, 1);
	int err;

	if (at_us < day->match->since_us || at_us >= day->match->until_us)
		return 0;
	if (!axis_has(&day->axis[AXIS_WHO], sqlite3_column_int64(stmt, 2)) ||
	    !axis_has(&day->axis[AXIS_WHAT], sqlite3_column_int64(stmt, 3)) ||
	    !axis_has(&day->axis[AXIS_NAME], sqlite3_column_int64(stmt, 5)))
		return 0;
	day->record.at_us = at_us;
	day->record.sport = (__u16)sqlite3_column_int(stmt, 6);
	err = fetch_who(day, sqlite3_column_int64(stmt, 2));
	if (!err)
		err = fetch_what(day, sqlite3_column_int64(stmt, 3));
	if (!err)
		err = fetch_dest_name(day, sqlite3_column_int64(stmt, 4), sqlite3_column_int64(stmt, 5));
	if (!err)
		*stop = row(ctx, &day->record);
	for (int i = WHO_ONE; i < STATEMENTS; i++)
		sqlite3_reset(day->stmt[i]);
	return err ? err : 1;
}

static int query_day_scan(struct query_day *day, __u64 most, query_row *row, void *ctx, __u64 *rows, int *stop)
{
	bool down = day->match->backwards;
	sqlite3_stmt *stmt = day->stmt[down ? EVENT_DOWN : EVENT_UP];
	int state = QUERY_MORE;
	int rc, yielded;

	sqlite3_bind_int64(stmt, 1, day->at);
	for (int looked = 0; looked < SCAN_STEP && *rows < most && !*stop; looked++) {
		sqlite3_int64 id;

		rc = sqlite3_step(stmt);
		id = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
		if (rc != SQLITE_ROW || (down ? id < day->end : id >= day->end)) {
			state = rc == SQLITE_ROW || rc == SQLITE_DONE ? QUERY_END : db_errno(rc);
			break;
		}
		yielded = query_day_event(day, stmt, row, ctx, stop);
		if (yielded < 0) {
			state = yielded;
			break;
		}
		day->at = id;
		*rows += (__u64)yielded;
	}
	sqlite3_reset(stmt);
	return state;
}

static int query_day_picked(struct query_day *day, __u64 most, query_row *row, void *ctx, __u64 *rows, int *stop)
{
	sqlite3_stmt *stmt = day->stmt[EVENT_ONE];
	int err = 0;

	for (int looked = 0; looked < SCAN_STEP / 10 && *rows < most && !*stop && !err; looked++) {
		size_t i = day->match->backwards ? day->picked_n - 1 - day->picked_at : day->picked_at;

		if (day->picked_at == day->picked_n)
			return QUERY_END;
		err = fetch(stmt, day->picked[i]);
		if (!err)
			err = query_day_event(day, stmt, row, ctx, stop);
		sqlite3_reset(stmt);
		if (err > 0) {
			++*rows;
			err = 0;
		}
		day->picked_at++;
	}
	return err ? err : QUERY_MORE;
}

int query_day_step(struct query_day *day, __u64 most, query_row *row, void *ctx, __u64 *rows, int *stop)
{
	int state = db_exec(day->db, "BEGIN"); /* one view of it all in this step */

	*rows = 0;
	*stop = 0;
	if (state)
		return state;
	state = query_day_begin(day);
	if (state == QUERY_END && day->picked)
		state = query_day_picked(day, most, row, ctx, rows, stop);
	else if (state == QUERY_END)
		state = query_day_scan(day, most, row, ctx, rows, stop);
	db_exec(day->db, "COMMIT");
	return state;
}
