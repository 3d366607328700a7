/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "records.h"

TestSuite(store, .init = scratch_make, .fini = scratch_remove, .timeout = 60);

struct one {
	struct record record;
	char text[6][64];
	unsigned n;
};

static int keep_row(void *ctx, const struct record *record)
{
	struct one *one = ctx;

	one->record = *record;
	strcpy(one->text[0], record->device);
	strcpy(one->text[1], record->user);
	strcpy(one->text[2], record->group);
	strcpy(one->text[3], record->category);
	strcpy(one->text[4], record->iface);
	strcpy(one->text[5], record->class_name);
	one->n++;
	return 0;
}

static void read_one(struct one *one)
{
	struct query_filter all = QUERY_FILTER_ALL;
	struct query *query;

	one->n = 0;
	cr_assert_eq(query_open(scratch, &all, &query), 0);
	while (query_step(query, keep_row, one) == QUERY_MORE)
		;
	query_close(query);
}

Test(store, every_field_comes_back)
{
	struct store *store = open_store();
	struct record record;
	struct one one;

	sample(30, NOON, &record);
	record.vlan_outer = 4000;
	record.class_id = 65535;
	record.class_name = "4B";
	record.rule = 4000000000u;
	record.known = ESAFE_KNOWN_OUTER;
	cr_assert_eq(store_append(store, &record), 0);
	cr_assert_eq(store_commit(store), 0);
	read_one(&one);
	cr_assert_eq(one.n, 1);
#define SAME(field) cr_expect_eq(one.record.field, record.field, #field)
	SAME(at_us);
	SAME(device_id);
	SAME(user_id);
	SAME(policy);
	SAME(line);
	SAME(qtype);
	SAME(sport);
	SAME(dport);
	SAME(vlan_outer);
	SAME(vlan_inner);
	SAME(proto);
	SAME(verdict);
	SAME(reason);
	SAME(how);
	SAME(confidence);
	SAME(class_id);
	SAME(rule);
	SAME(known);
	cr_expect_str_eq(one.text[5], "4B");
	cr_expect_arr_eq(one.record.src, record.src, 16);
	cr_expect_arr_eq(one.record.dst, record.dst, 16);
	cr_expect_arr_eq(one.record.mac, record.mac, 6);
	cr_expect_str_eq(one.record.name, record.name);
	cr_expect_str_eq(one.text[0], record.device);
	cr_expect_str_eq(one.text[1], record.user);
	cr_expect_str_eq(one.text[2], record.group);
	cr_expect_str_eq(one.text[3], record.category);
	cr_expect_str_eq(one.text[4], record.iface);
	store_close(store);
}

Test(store, files_are_private)
{
	struct store *store = open_store();
	char path[128];
	struct stat st;

	append(store, 0, 1, NOON);
	cr_assert_eq(store_commit(store), 0);
	cr_assert_eq(store_day_path(scratch, 20260528, path, sizeof(path)), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	strcat(path, "-wal");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	store_close(store);
}

Test(store, help_is_never_written_by_name)
{
	struct store *store = open_store();
	struct record record;
	struct one one;

	sample(1, NOON, &record);
	record.reason = ESAFE_R_HELP;
	cr_assert_eq(store_append(store, &record), 0);
	store_close(store);
	read_one(&one);
	cr_assert_eq(one.n, 1);
	cr_expect_str_eq(one.record.name, "");
	cr_expect_eq(one.record.dst[0], 0);
}

Test(store, one_file_a_local_day)
{
	struct store *store = open_store();
	__s64 start, end;
	unsigned *days;
	size_t n;

	cr_expect_eq(store_day_of(NOON * 1000000, &start, &end), 20260528);
	cr_expect_eq(end - start, 24 * 3600 * 1000000LL);
	append(store, 0, 10, end / 1000000 - 1);
	append(store, 10, 10, end / 1000000);
	append(store, 20, 10, end / 1000000 - 1); /* late */
	cr_assert_eq(store_commit(store), 0);
	cr_assert_eq(store_days(scratch, &days, &n), 0);
	cr_assert_eq(n, 2);
	cr_expect_eq(days[0], 20260528);
	cr_expect_eq(days[1], 20260529);
	free(days);
	cr_expect_eq(count_all(), 30);
	/* the night in which the clock is put back has an hour more */
	cr_expect_eq(store_day_of(1792900000 * 1000000LL, &start, &end), 20261025);
	cr_expect_eq(end - start, 25 * 3600 * 1000000LL);
	store_close(store);
}

Test(store, nothing_committed_is_lost_by_a_kill)
{
	int ready[2];
	unsigned committed = 0, got;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		struct store *store;
		struct record record;

		if (store_open(scratch, &store))
			_exit(1);
		for (unsigned i = 0;; i++) {
			sample(i, NOON, &record);
			if (store_append(store, &record))
				_exit(2);
			if (i % 500 == 499 && !store_commit(store)) {
				committed = i + 1;
				if (write(ready[1], &committed, sizeof(committed)) < 0)
					_exit(3);
			}
		}
	}
	close(ready[1]);
	while (committed < 20000 && read(ready[0], &got, sizeof(got)) == sizeof(got))
		committed = got;
	kill(pid, SIGKILL);
	while (read(ready[0], &got, sizeof(got)) == sizeof(got))
		committed = got;
	waitpid(pid, NULL, 0);
	cr_assert_geq(committed, 20000);
	got = count_all();
	cr_expect_geq(got, committed);
	cr_expect_leq(got, committed + 500);
	/* and it goes on in the same file */
	struct store *store = open_store();
	struct store_stats stats;

	append(store, 0, 100, NOON);
	cr_expect_eq(store_commit(store), 0);
	store_stats(store, &stats);
	cr_expect_eq(stats.damaged, 0);
	cr_expect_eq(count_all(), got + 100);
	store_close(store);
}

/* Until it is written again or 20 seconds have passed; the store itself decides when it tries. */
static int commit_soon(struct store *store)
{
	int err = -EIO;

	for (int i = 0; i < 4000 && err; i++) {
		err = store_commit(store);
		if (err)
			poll(NULL, 0, 5);
	}
	return err;
}

Test(store, a_full_disk_loses_nothing_that_has_room)
{
	struct store *store = open_store();
	struct query_filter filter = QUERY_FILTER_ALL;
	struct rlimit limit, before;
	struct store_stats stats;
	struct record record;

	signal(SIGXFSZ, SIG_IGN);
	append(store, 0, 100, NOON);
	cr_assert_eq(store_commit(store), 0);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 400000; /* stands for the disk */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned i = 100; i < 30100; i++) {
		sample(i, NOON, &record);
		snprintf(record.name, sizeof(record.name), "x%u.example.com", i); /* rows that are taken back */
		cr_assert_eq(store_append(store, &record), 0);
	}
	cr_assert_lt(store_commit(store), 0);
	store_stats(store, &stats);
	cr_expect(stats.failing);
	cr_expect_eq(stats.errors, 1);
	cr_expect_eq(stats.pending, 30000);
	append(store, 30100, 900, NOON);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_assert_eq(commit_soon(store), 0);
	store_stats(store, &stats);
	cr_expect_not(stats.failing);
	cr_expect_eq(stats.pending, 0);
	cr_expect_eq(stats.written, 31000);
	cr_expect_eq(stats.lost[0] + stats.lost[1], 0);
	cr_expect_eq(count_all(), 31000);
	filter.name = "example.com";
	cr_expect_eq(count_rows(&filter), 30000);
	store_close(store);
}

Test(store, what_has_no_room_is_counted)
{
	struct store *store = open_store();
	struct rlimit limit, before;
	struct store_stats stats;
	struct record record;
	unsigned taken = 0, lost = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned i = 0; lost < 1000; i++) {
		sample(i, NOON, &record);
		if (store_append(store, &record))
			lost++;
		else
			taken++;
	}
	store_stats(store, &stats);
	cr_expect_eq(stats.lost[0] + stats.lost[1], lost);
	cr_expect_eq(stats.lost[1], 100, "counted by verdict");
	cr_expect_eq(stats.pending, taken);
	cr_expect_gt(taken, 20000);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_assert_eq(commit_soon(store), 0);
	cr_expect_eq(count_all(), taken);
	store_close(store);
}

static void spoil(unsigned day, long from, size_t len)
{
	char path[128], bytes[16384];
	int fd;

	memset(bytes, 0xa5, sizeof(bytes));
	cr_assert_eq(store_day_path(scratch, day, path, sizeof(path)), 0);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, len, from), (ssize_t)len);
	close(fd);
}

Test(store, a_damaged_day_is_moved_aside)
{
	struct store *store;
	struct store_stats stats;

	spoil(20260528, 0, 5000);
	store = open_store();
	append(store, 0, 50, NOON);
	cr_assert_eq(store_commit(store), 0);
	store_stats(store, &stats);
	cr_expect_eq(stats.damaged, 1);
	cr_expect_eq(scratch_count(".damaged-1"), 1);
	cr_expect_eq(count_all(), 50);
	store_close(store);
}

Test(store, a_day_damaged_inside_is_moved_aside)
{
	struct store *store = open_store();
	struct store_stats stats;
	char path[128];
	struct stat st;

	append(store, 0, 20000, NOON);
	store_close(store); /* the log is folded in and gone */
	cr_assert_eq(store_day_path(scratch, 20260528, path, sizeof(path)), 0);
	cr_assert_eq(stat(path, &st), 0);
	for (long at = 8192; at < st.st_size; at += 8192) /* everything behind the first page */
		spoil(20260528, at, 8192);
	store = open_store();
	append(store, 0, 50, NOON);
	cr_assert_eq(store_commit(store), 0);
	store_stats(store, &stats);
	cr_expect_eq(stats.damaged, 1);
	cr_expect_eq(stats.written, 50);
	cr_expect_eq(count_all(), 50);
	store_close(store);
}

Test(store, a_day_damaged_under_the_writer_is_moved_aside)
{
	struct store *store = open_store();
	struct store_stats stats;
	char path[128];
	struct stat st;
	sqlite3 *db;

	append(store, 0, 20000, NOON);
	cr_assert_eq(store_commit(store), 0);
	cr_assert_eq(store_day_path(scratch, 20260528, path, sizeof(path)), 0);
	/* a change by somebody else makes the writer read its pages again */
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "CREATE TABLE other (x); PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
		     SQLITE_OK);
	sqlite3_close(db);
	cr_assert_eq(stat(path, &st), 0);
	for (long at = 8192; at < st.st_size; at += 8192)
		spoil(20260528, at, 8192);
	append(store, 0, 50, NOON);
	cr_assert_eq(store_commit(store), 0, "the same records go into the new file");
	store_stats(store, &stats);
	cr_expect_eq(stats.damaged, 1);
	cr_expect_eq(stats.written, 20050);
	cr_expect_eq(count_all(), 50);
	store_close(store);
}

Test(store, a_day_of_a_newer_esafe_is_left_alone)
{
	struct store *store;
	char path[128];
	sqlite3 *db;

	cr_assert_eq(store_day_path(scratch, 20260528, path, sizeof(path)), 0);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "CREATE TABLE x (y); PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	store = open_store();
	append(store, 0, 5, NOON);
	cr_assert_eq(store_commit(store), 0);
	cr_expect_eq(scratch_count(".damaged-1"), 1);
	cr_expect_eq(count_all(), 5);
	store_close(store);
}

Test(store, more_names_than_are_remembered)
{
	struct store *store = open_store();
	struct query_filter filter = QUERY_FILTER_ALL;
	struct record record;

	for (unsigned i = 0; i < 150000; i++) {
		sample(i, NOON, &record);
		snprintf(record.name, sizeof(record.name), "x%u.example.org", i % 75000);
		cr_assert_eq(store_append(store, &record), 0);
	}
	cr_assert_eq(store_commit(store), 0);
	filter.name = "x7.example.org";
	cr_expect_eq(count_rows(&filter), 2);
	filter.name = "example.org";
	cr_expect_eq(count_rows(&filter), 150000);
	store_close(store);
}

Test(store, finished_days_have_indexes)
{
	struct store *store = open_store();
	struct query_filter filter = QUERY_FILTER_ALL;

	append(store, 0, 1000, NOON);
	append(store, 0, 1000, NOON + DAY);
	store_close(store);
	filter.device = "library";
	cr_expect_eq(count_rows(&filter), 286);
	cr_expect_eq(store_finish_days(scratch, NOON + DAY), 1, "the day that is not over is left alone");
	cr_expect_eq(store_finish_days(scratch, NOON + DAY), 0);
	cr_expect_eq(count_rows(&filter), 286);
	cr_expect_eq(count_all(), 2000);
	store = open_store(); /* a late event finds its place */
	append(store, 3, 1, NOON);
	cr_expect_eq(store_commit(store), 0);
	store_close(store);
	cr_expect_eq(count_rows(&filter), 287);
}

static void touch_day(unsigned day, const char *end)
{
	char path[160];

	cr_assert_eq(store_day_path(scratch, day, path, sizeof(path)), 0);
	strcat(path, end);
	close(open(path, O_CREAT | O_RDWR, 0600));
}

Test(store, old_days_are_deleted)
{
	unsigned *days;
	size_t n;

	touch_day(20260520, "");
	touch_day(20260520, "-wal");
	touch_day(20260520, ".damaged-1");
	touch_day(20260521, "");
	touch_day(20260528, "");
	cr_expect_eq(store_expire(scratch, 7, NOON), 3);
	cr_assert_eq(store_days(scratch, &days, &n), 0);
	cr_assert_eq(n, 2);
	cr_expect_eq(days[0], 20260521);
	free(days);
	cr_expect_eq(store_expire(scratch, 0, NOON), 1, "never today");
	cr_expect_eq(scratch_count("2026-05-28"), 1);
}

Test(store, a_wrong_clock_deletes_nothing)
{
	touch_day(20260520, "");
	touch_day(20260528, "");
	cr_expect_eq(store_expire(scratch, 7, NOON + 500 * DAY), -ERANGE);
	cr_expect_eq(scratch_count("events-"), 2);
}

Test(store, strange_files_are_left_alone)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/events-notes.txt", scratch);
	close(open(path, O_CREAT | O_RDWR, 0600));
	touch_day(20260520, "");
	cr_expect_eq(store_expire(scratch, 1, NOON), 1);
	cr_expect_eq(scratch_count("notes"), 1);
}
