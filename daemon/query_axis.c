/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <esafe/abi.h>

#include "db.h"
#include "query_axis.h"

#define EXTEND_STEP 10000 /* rows looked at in one step */
#define PICK_ROWS 2000    /* wanted rows that are still looked up one by one */
#define NUMBER_MOST ((sqlite3_int64)1 << 32)

struct axis_kind {
	const char *rows, *events; /* events: NULL where finished days have no index */
	bool (*asked)(const struct query_match *match);
	bool (*wants)(const struct query_match *match, sqlite3_stmt *row);
};

static bool same(const char *wanted, sqlite3_stmt *row, int column)
{
	return !wanted || !strcasecmp(wanted, db_text(row, column));
}

static bool same_blob(const __u8 *wanted, size_t len, sqlite3_stmt *row, int column)
{
	const void *blob = sqlite3_column_blob(row, column);

	return blob && (size_t)sqlite3_column_bytes(row, column) == len && !memcmp(wanted, blob, len);
}

static bool who_asked(const struct query_match *match)
{
	return match->device || match->user || match->class_name || match->group;
}

static bool wants_device(const struct query_match *match, sqlite3_stmt *row)
{
	if (same(match->device, row, 2))
		return true;
	if (match->device_id >= 0 && sqlite3_column_int64(row, 1) == match->device_id)
		return true;
	if (!match->device_is_key)
		return false;
	return match->device_kind == ESAFE_BY_MAC ? same_blob(match->device_addr, 6, row, 3) :
						    same_blob(match->device_addr, 16, row, 4);
}

static bool who_wants(const struct query_match *match, sqlite3_stmt *row)
{
	bool user = same(match->user, row, 6) ||
		    (match->user_id >= 0 && sqlite3_column_int64(row, 5) == match->user_id);

	bool class = same(match->class_name, row, 8) ||
		     (match->class_id >= 0 && sqlite3_column_int64(row, 9) == match->class_id);

	return user && class && same(match->group, row, 7) && wants_device(match, row);
}

static bool what_asked(const struct query_match *match)
{
	return match->category || match->verdict >= 0 || match->reason >= 0;
}

static bool what_wants(const struct query_match *match, sqlite3_stmt *row)
{
	return (match->verdict < 0 || sqlite3_column_int(row, 1) == match->verdict) &&
	       (match->reason < 0 || sqlite3_column_int(row, 2) == match->reason) && same(match->category, row, 3);
}

static bool name_asked(const struct query_match *match)
{
	return match->name != NULL;
}

/* The name itself or one below it: not "notexample.org" for "example.org". */
static bool name_wants(const struct query_match *match, sqlite3_stmt *row)
{
	const char *text = db_text(row, 1);
	size_t len = strlen(text);

	return len >= match->name_len && !strcmp(text + len - match->name_len, match->name) &&
	       (len == match->name_len || text[len - match->name_len - 1] == '.');
}

static const struct axis_kind kinds[AXES] = {
	[AXIS_WHO] = { "SELECT id, device_id, device, mac, address, user_id, user, grp, class, class_id FROM who"
		       " WHERE id > ? ORDER BY id",
		       "SELECT id FROM event WHERE who = ?", who_asked, who_wants },
	[AXIS_WHAT] = { "SELECT id, verdict, reason, category FROM what WHERE id > ? ORDER BY id",
			NULL, what_asked, what_wants },
	[AXIS_NAME] = { "SELECT id, text FROM name WHERE id > ? ORDER BY id", "SELECT id FROM event WHERE name = ?",
			name_asked, name_wants },
};

int axis_open(struct axis *axis, int which, sqlite3 *db, const struct query_match *match)
{
	*axis = (struct axis){ .kind = &kinds[which], .match = match, .all = !kinds[which].asked(match) };
	return axis->all ? 0 : db_prepare(db, axis->kind->rows, &axis->rows);
}

void axis_close(struct axis *axis)
{
	sqlite3_finalize(axis->rows);
	sqlite3_finalize(axis->events);
	free(axis->bits);
}

static int axis_set(struct axis *axis, sqlite3_int64 number)
{
	size_t word = (size_t)number / 64;
	size_t words = axis->words ? axis->words : 1024;
	__u64 *bits;

	while (words <= word)
		words *= 2;
	if (words > axis->words) {
		bits = realloc(axis->bits, words * sizeof(*bits));
		if (!bits)
			return -ENOMEM;
		memset(bits + axis->words, 0, (words - axis->words) * sizeof(*bits));
		axis->bits = bits;
		axis->words = words;
	}
	axis->bits[word] |= (__u64)1 << (number % 64);
	axis->wanted++;
	return 0;
}

int axis_extend(struct axis *axis)
{
	int state = QUERY_MORE;
	int rc;

	if (axis->all)
		return QUERY_END;
	sqlite3_bind_int64(axis->rows, 1, axis->seen);
	for (int looked = 0; looked < EXTEND_STEP && state == QUERY_MORE; looked++) {
		sqlite3_int64 number;

		rc = sqlite3_step(axis->rows);
		if (rc != SQLITE_ROW) {
			state = rc == SQLITE_DONE ? QUERY_END : db_errno(rc);
			break;
		}
		number = sqlite3_column_int64(axis->rows, 0);
		if (number <= axis->seen || number >= NUMBER_MOST)
			state = -EBADMSG;
		else if (axis->kind->wants(axis->match, axis->rows))
			state = axis_set(axis, number) ? -ENOMEM : QUERY_MORE;
		axis->seen = number;
	}
	sqlite3_reset(axis->rows);
	return state;
}

static int pick_row(struct axis *axis, sqlite3_int64 number, size_t most, sqlite3_int64 **picked, size_t *n)
{
	int rc;

	sqlite3_bind_int64(axis->events, 1, number);
	while ((rc = sqlite3_step(axis->events)) == SQLITE_ROW && *n < most)
		(*picked)[(*n)++] = sqlite3_column_int64(axis->events, 0);
	sqlite3_reset(axis->events);
	return rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? -EFBIG : db_errno(rc);
}

int axis_pick(struct axis *axis, size_t most, sqlite3_int64 **out, size_t *out_n)
{
	sqlite3_int64 *picked;
	size_t n = 0;
	int err = 0;

	if (axis->all || !axis->kind->events || axis->wanted > PICK_ROWS)
		return -EFBIG;
	picked = malloc(most * sizeof(*picked));
	if (!picked)
		return -ENOMEM;
	if (!axis->events)
		err = db_prepare(sqlite3_db_handle(axis->rows), axis->kind->events, &axis->events);
	for (size_t word = 0; word < axis->words && !err; word++)
		for (__u64 left = axis->bits[word]; left && !err; left &= left - 1)
			err = pick_row(axis, (sqlite3_int64)(word * 64) + __builtin_ctzll(left), most, &picked, &n);
	if (err) {
		free(picked);
		return err;
	}
	*out = picked;
	*out_n = n;
	return 0;
}
