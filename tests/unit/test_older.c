/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Days that an older esafe wrote: they can be read, and the one that is open goes on. */
#include <sqlite3.h>

#include "records.h"

TestSuite(older, .init = scratch_make, .fini = scratch_remove, .timeout = 60);

/* Makes the open day what the version before would have written. */
static void age_day(void)
{
	unsigned *days;
	char path[200];
	sqlite3 *db;
	size_t n;

	cr_assert_eq(store_days(scratch, &days, &n), 0);
	cr_assert_eq(store_day_path(scratch, days[n - 1], path, sizeof(path)), 0);
	free(days);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "DROP VIEW log; ALTER TABLE who DROP COLUMN class_id; ALTER TABLE who DROP COLUMN class;"
				      "ALTER TABLE what DROP COLUMN rule; ALTER TABLE what DROP COLUMN known;"
				      "CREATE VIEW log AS SELECT 1; PRAGMA user_version = 1", NULL, NULL, NULL),
		     SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int no_class(void *ctx, const struct record *record)
{
	cr_expect_str_eq(record->class_name, "");
	cr_expect(!record->class_id && !record->rule && !record->known);
	cr_expect(*record->iface && *record->name);
	return 0;
}

static void find(const struct query_filter *filter, query_row *row)
{
	struct query *query;

	cr_assert_eq(query_open(scratch, filter, &query), 0);
	while (query_step(query, row, NULL) == QUERY_MORE)
		;
	query_close(query);
}

Test(older, a_day_of_the_version_before)
{
	struct query_filter class = { .verdict = -1, .reason = -1, .class_name = "4B" };
	struct query_filter device = { .verdict = -1, .reason = -1, .device = "library" };
	struct query_filter all = QUERY_FILTER_ALL;
	struct store *store = open_store();
	unsigned before;

	append(store, 0, 100, NOON);
	store_close(store);
	before = count_rows(&device);
	cr_expect(before && count_rows(&class) == 25);
	age_day();
	cr_expect_eq(count_all(), 100);
	cr_expect_eq(count_rows(&device), before);
	cr_expect_eq(count_rows(&class), 0);
	find(&all, no_class);
	store = open_store();
	append(store, 100, 100, NOON);
	cr_assert_eq(store_commit(store), 0, "it goes on in the new form");
	cr_expect_eq(count_all(), 200);
	cr_expect_eq(count_rows(&class), 25);
	store_close(store);
	before = count_rows(&device);
	age_day();
	cr_assert_eq(store_finish_days(scratch, NOON + 5 * DAY), 1);
	cr_expect_eq(count_rows(&device), before, "by the indexes of a finished day, too");
}
