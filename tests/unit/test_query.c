/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <strings.h>

#include "records.h"

TestSuite(query, .init = scratch_make, .fini = scratch_remove, .timeout = 60);

#define ROWS 3000 /* of each of three days */

static struct store *store;

static void fill(void)
{
	struct record record;

	store = open_store();
	for (unsigned day = 0; day < 3; day++)
		for (unsigned i = 0; i < ROWS; i++) {
			sample(i, NOON + day * DAY + i / 10, &record);
			cr_assert_eq(store_append(store, &record), 0);
		}
	cr_assert_eq(store_commit(store), 0);
}

/* The filter once more, in the plainest words. */
static bool below(const char *name, const char *parent)
{
	const char *at = strstr(name, parent);

	while (at && strlen(at) != strlen(parent))
		at = strstr(at + 1, parent);
	return at && (at == name || at[-1] == '.');
}

static bool wanted(const struct query_filter *filter, const struct record *record)
{
	return (!filter->device || !strcmp(filter->device, record->device) ||
		(!strcmp(filter->device, "#3") && record->device_id == 3) ||
		(!strcmp(filter->device, "02-00-00-00-00-04") && record->mac[5] == 4) ||
		(!strcmp(filter->device, "10.0.0.4") && record->src[15] == 4)) &&
	       (!filter->user || !strcmp(filter->user, record->user) ||
		(!strcmp(filter->user, "#41") && record->user_id == 41)) &&
	       (!filter->class_name || !strcmp(filter->class_name, record->class_name) ||
		(!strcmp(filter->class_name, "#9") && record->class_id == 9)) &&
	       (!filter->group || !strcmp(filter->group, record->group)) &&
	       (!filter->category || !strcmp(filter->category, record->category)) &&
	       (!filter->name || below(record->name, filter->name)) &&
	       (filter->verdict < 0 || filter->verdict == record->verdict) &&
	       (filter->reason < 0 || filter->reason == record->reason) && record->at_us >= filter->since_us &&
	       (!filter->until_us || record->at_us < filter->until_us);
}

static unsigned expected(const struct query_filter *filter)
{
	struct record record;
	unsigned n = 0;

	for (unsigned day = 0; day < 3; day++)
		for (unsigned i = 0; i < ROWS; i++) {
			sample(i, NOON + day * DAY + i / 10, &record);
			n += wanted(filter, &record);
		}
	return filter->limit && n > filter->limit ? (unsigned)filter->limit : n;
}

struct check {
	const struct query_filter *filter;
	__s64 last_us;
	unsigned rows;
};

static int check_row(void *ctx, const struct record *record)
{
	struct check *check = ctx;

	cr_expect(wanted(check->filter, record), "%s %s %s", record->device, record->group, record->name);
	if (check->rows)
		cr_expect(check->filter->oldest_first ? record->at_us > check->last_us : record->at_us < check->last_us);
	check->last_us = record->at_us;
	check->rows++;
	return 0;
}

static void check_filter(const struct query_filter *filter, int number)
{
	struct check check = { .filter = filter };
	struct query *query;
	unsigned damaged;
	int state;

	cr_assert_eq(query_open(scratch, filter, &query), 0);
	do {
		unsigned before = check.rows;

		state = query_step(query, check_row, &check);
		cr_expect_leq(check.rows - before, 256, "a step is bounded");
	} while (state == QUERY_MORE);
	cr_expect_eq(state, QUERY_END);
	cr_expect_eq(check.rows, expected(filter), "filter %d: %u rows, not %u", number, check.rows, expected(filter));
	cr_expect_eq(query_damaged(query, &damaged), 0);
	query_close(query);
}

#define ANY .verdict = -1, .reason = -1
#define US 1000000LL
static const struct query_filter filters[] = {
	{ ANY },
	{ ANY, .device = "library" },
	{ ANY, .device = "#3" },
	{ ANY, .device = "02-00-00-00-00-04" },
	{ ANY, .device = "10.0.0.4" },
	{ ANY, .device = "nobody" },
	{ ANY, .device = "library' OR 1=1 --" },
	{ ANY, .user = "teacher" },
	{ ANY, .user = "#41" },
	{ ANY, .class_name = "4B" },
	{ ANY, .class_name = "#9", .user = "pupil" },
	{ ANY, .class_name = "4C" },
	{ ANY, .group = "staff" },
	{ ANY, .category = "games" },
	{ ANY, .name = "example.org" },
	{ ANY, .name = "www.example.org" },
	{ ANY, .name = "org" },
	{ .verdict = 1, .reason = -1 },
	{ .verdict = -1, .reason = 16 },
	{ .verdict = 1, .reason = 13, .group = "ks1", .device = "office" },
	{ ANY, .since_us = (NOON + 100) * US },
	{ ANY, .until_us = (NOON + 100) * US },
	{ ANY, .since_us = (NOON + DAY + 17) * US, .until_us = (NOON + DAY + 90) * US },
	{ ANY, .since_us = (NOON + 3 * DAY) * US },
	{ ANY, .limit = 1 },
	{ ANY, .limit = 300, .group = "ks2" },
	{ ANY, .limit = 5000 },
	{ .verdict = 1, .reason = -1, .name = "example.org", .since_us = (NOON + 50) * US },
};

static void check_all(void)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct query_filter filter = filters[i];

		check_filter(&filter, (int)i);
		filter.oldest_first = true;
		check_filter(&filter, (int)i);
	}
}

Test(query, filters_while_days_are_open)
{
	fill();
	check_all();
	store_close(store);
}

Test(query, filters_when_days_are_finished)
{
	fill();
	store_close(store);
	cr_assert_eq(store_finish_days(scratch, NOON + 5 * DAY), 3);
	check_all();
}

Test(query, names_are_made_canonical)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;

	fill();
	filter.name = "Example.ORG.";
	cr_expect_eq(count_rows(&filter), 3 * ROWS * 3 / 5);
	filter.name = ".";
	cr_expect_eq(count_rows(&filter), 3 * ROWS);
	filter.name = "no name at all";
	cr_expect_eq(query_open(scratch, &filter, &query), -EINVAL);
	store_close(store);
}

Test(query, a_clock_that_was_set_back)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct record record;

	store = open_store();
	for (unsigned i = 0; i < 1000; i++) { /* an hour is lived twice */
		sample(i, NOON + i % 500 * 6, &record);
		cr_assert_eq(store_append(store, &record), 0);
	}
	cr_assert_eq(store_commit(store), 0);
	filter.since_us = (NOON + 600) * US;
	filter.until_us = (NOON + 1200) * US;
	cr_expect_eq(count_rows(&filter), 200);
	store_close(store);
}

static int stop_row(void *ctx, const struct record *record)
{
	return ++*(unsigned *)ctx == 3 ? -ECANCELED : 0;
}

Test(query, a_reader_that_has_enough)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;
	unsigned rows = 0;
	int state;

	fill();
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	while ((state = query_step(query, stop_row, &rows)) == QUERY_MORE)
		;
	cr_expect_eq(state, -ECANCELED);
	cr_expect_eq(rows, 3);
	query_close(query);
	store_close(store);
}

/* Steps until there is nothing more; returns the rows since the last time. */
static unsigned follow(struct query *query)
{
	unsigned rows = 0;
	int state;

	while ((state = query_step(query, count_row, &rows)) == QUERY_MORE)
		;
	cr_assert_eq(state, QUERY_WAIT);
	return rows;
}

static void add(unsigned n, __s64 at_s)
{
	append(store, 0, n, at_s);
	cr_assert_eq(store_commit(store), 0);
}

Test(query, follows_what_is_written)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;

	fill();
	filter.follow = true;
	filter.group = "staff";
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	cr_expect_eq(follow(query), 0, "what was there before is not shown");
	add(300, NOON + 2 * DAY + 900);
	cr_expect_eq(follow(query), 100);
	cr_expect_eq(follow(query), 0);
	add(30, NOON + 3 * DAY); /* the next day has begun */
	cr_expect_eq(follow(query), 10);
	query_close(query);
	store_close(store);
}

Test(query, follows_from_nothing_and_from_a_time)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;

	filter.follow = true;
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	cr_expect_eq(follow(query), 0);
	store = open_store();
	add(7, NOON);
	cr_expect_eq(follow(query), 7);
	query_close(query);
	filter.since_us = NOON * US;
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	cr_expect_eq(follow(query), 7);
	query_close(query);
	store_close(store);
}

static void spoil_day(unsigned day)
{
	char path[128], bytes[8192];
	int fd;

	memset(bytes, 0xa5, sizeof(bytes));
	cr_assert_eq(store_day_path(scratch, day, path, sizeof(path)), 0);
	fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	close(fd);
}

Test(query, a_damaged_day_costs_a_day_and_is_told)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;
	unsigned rows = 0, day = 0;

	fill();
	store_close(store);
	spoil_day(20260529);
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	while (query_step(query, count_row, &rows) == QUERY_MORE)
		;
	cr_expect_eq(rows, 2 * ROWS);
	cr_expect_eq(query_damaged(query, &day), 1);
	cr_expect_eq(day, 20260529);
	query_close(query);
}

/* As the store does with a damaged file. */
static void set_aside(unsigned day)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	char from[160], to[200];

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(store_day_path(scratch, day, from, sizeof(from) - 8), 0);
		strcat(from, ends[i]);
		snprintf(to, sizeof(to), "%s.damaged-1", from);
		rename(from, to);
	}
}

Test(query, follows_past_a_day_that_was_moved_aside)
{
	struct query_filter filter = QUERY_FILTER_ALL;
	struct query *query;

	store = open_store();
	add(5, NOON);
	filter.follow = true;
	cr_assert_eq(query_open(scratch, &filter, &query), 0);
	cr_expect_eq(follow(query), 0);
	store_close(store);
	set_aside(20260528);
	store = open_store();
	add(4, NOON);
	cr_expect_eq(follow(query), 4);
	query_close(query);
	store_close(store);
}
