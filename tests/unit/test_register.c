/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "idtable.h"
#include "scratch_register.h"

TestSuite(reg, .init = open_register, .fini = close_register, .timeout = 60);

/* What somebody with the file and the sqlite3 command could do. */
static void tamper(const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/register.db", scratch);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int put(const char *name, __u8 last, __u32 id, __u32 *out)
{
	struct reg_device device = {
		.id = id, .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, last }, .name = (char *)name,
		.group = "pupils", .owner = "year 4", .note = "",
	};

	return register_device_put(reg, &device, 1000, out);
}

Test(reg, file_is_private)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/register.db", scratch);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600, "it holds secrets");
}

Test(reg, devices)
{
	struct reg_device device;
	__u32 one = 0, two = 0;

	cr_expect_eq(put("reading-1", 1, 0, &one), 0);
	cr_expect_eq(put("reading-2", 2, 0, &two), 0);
	cr_expect_neq(one, two);
	reopen_register();
	const char *const ways[] = { "reading-1", "READING-1", "02:00:00:00:00:01", "0200.0000.0001", "#1" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		cr_assert_eq(register_device_find(reg, ways[i], &device), 0, "%s", ways[i]);
		cr_expect_eq(device.id, one);
		cr_expect_str_eq(device.group, "pupils");
		cr_expect_eq(device.created, 1000);
		register_device_free(&device);
	}
	cr_expect_eq(register_device_find(reg, "reading-3", &device), -ENOENT);
	cr_expect_eq(register_device_find(reg, "#77", &device), -ENOENT);
	cr_expect_eq(register_device_find(reg, "' OR 1=1 --", &device), -ENOENT);
}

Test(reg, no_device_twice)
{
	__u32 id = 99;

	cr_assert_eq(put("reading-1", 1, 0, &id), 0);
	id = 99;
	cr_expect_eq(put("Reading-1", 2, 0, &id), -EEXIST, "the same name");
	cr_expect_eq(put("reading-2", 1, 0, &id), -EEXIST, "the same MAC");
	cr_expect_eq(put("", 3, 0, &id), -EINVAL);
	cr_expect_eq(put("a\nb", 3, 0, &id), -EINVAL);
	cr_expect_eq(put("reading-9", 9, 55, &id), -ENOENT, "no such device to change");
	cr_expect_eq(id, 99, "untouched");
}

Test(reg, numbers_of_devices_are_not_used_again)
{
	__u32 one, two;

	cr_assert_eq(put("reading-1", 1, 0, &one), 0);
	cr_expect_eq(register_device_remove(reg, one), 0);
	cr_expect_eq(register_device_remove(reg, one), -ENOENT);
	reopen_register();
	cr_assert_eq(put("reading-2", 2, 0, &two), 0);
	cr_expect_gt(two, one);
}

static int count_device(void *ctx, const struct reg_device *device)
{
	char *names = ctx;

	strcat(strcat(names, device->name), " ");
	return 0;
}

Test(reg, all_or_none)
{
	char names[100] = "";
	__u32 id;

	cr_assert_eq(register_begin(reg), 0);
	cr_assert_eq(put("b", 1, 0, &id), 0);
	register_rollback(reg);
	cr_assert_eq(register_begin(reg), 0);
	cr_assert_eq(put("d", 2, 0, &id), 0);
	cr_assert_eq(put("c", 3, 0, &id), 0);
	cr_assert_eq(register_change_add(reg, 5, "root", "device import", "2 devices"), 0);
	cr_assert_eq(register_commit(reg), 0);
	cr_expect_eq(register_devices(reg, count_device, names), 0);
	cr_expect_str_eq(names, "c d ");
}

Test(reg, ids)
{
	struct idtable table = { 0 }, back = { 0 };

	cr_expect_eq(idtable_take(&table, "pupils", 64), 0);
	cr_expect_eq(idtable_take(&table, "staff", 64), 1);
	cr_assert_eq(idtable_put(&table, "guests", 7), 0);
	cr_assert_eq(register_ids_save(reg, "group", &table), 0);
	cr_assert_eq(register_ids_save(reg, "group", &table), 0, "a second time");
	reopen_register();
	cr_assert_eq(register_ids_load(reg, "group", &back), 0);
	cr_expect_eq(back.n, 3);
	cr_expect_eq(idtable_get(&back, "guests"), 7);
	idtable_free(&back);
	cr_assert_eq(register_ids_load(reg, "category", &back), 0);
	cr_expect_eq(back.n, 0);
	idtable_free(&back);
	idtable_free(&table);
}

static void write_changes(void)
{
	char detail[32];

	for (int i = 1; i <= 10; i++) {
		snprintf(detail, sizeof(detail), "version %d", i);
		cr_assert_eq(register_change_add(reg, 1000 + i, "root", "policy apply", detail), 0);
	}
}

static const struct {
	const char *sql;
	__u64 bad;
} tamperings[] = {
	{ "UPDATE changes SET detail = 'nothing' WHERE id = 4", 4 },
	{ "UPDATE changes SET who = 'somebody' WHERE id = 1", 1 },
	{ "UPDATE changes SET time = time + 1 WHERE id = 10", 10 },
	{ "DELETE FROM changes WHERE id = 6", 7 },
	{ "DELETE FROM changes WHERE id = 1", 2 },
	{ "DELETE FROM changes WHERE id > 8", 9 },
	{ "DELETE FROM changes", 1 },
	{ "UPDATE changes SET hash = zeroblob(32) WHERE id = 5", 5 },
	{ "UPDATE changes SET action = 'policy ', detail = 'apply' || detail WHERE id = 3", 3 },
};

Test(reg, changes_show_tampering)
{
	__u64 rows, bad;

	for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
		close_register();
		open_register();
		write_changes();
		cr_assert_eq(register_changes_verify(reg, &rows, &bad), 0);
		cr_expect_eq(rows, 10);
		tamper(tamperings[i].sql);
		cr_expect_eq(register_changes_verify(reg, &rows, &bad), -EBADMSG, "%s", tamperings[i].sql);
		cr_expect_eq(bad, tamperings[i].bad, "%s: %llu", tamperings[i].sql, (unsigned long long)bad);
	}
}

Test(reg, changes_go_on_after_a_restart)
{
	__u64 rows, bad;

	write_changes();
	reopen_register();
	write_changes();
	cr_expect_eq(register_changes_verify(reg, &rows, &bad), 0);
	cr_expect_eq(rows, 20);
}

static int first_policy(void *ctx, const struct reg_policy *policy)
{
	*(__u32 *)ctx = policy->version;
	return 1;
}

Test(reg, policies)
{
	struct reg_policy policy;
	__u32 version = 0;

	cr_expect_eq(register_policy_get(reg, 0, &policy), -ENOENT);
	cr_assert_eq(register_policy_add(reg, 50, "root", "/etc/esafe/policy.yaml", "a: 1\n", 5, &version), 0);
	cr_expect_eq(version, 1);
	cr_assert_eq(register_policy_add(reg, 60, "root", "/etc/esafe/policy.yaml", "a: 2\n", 5, &version), 0);
	cr_assert_eq(register_policy_get(reg, 1, &policy), 0);
	cr_expect_str_eq(policy.text, "a: 1\n");
	cr_expect_eq(policy.time, 50);
	register_policy_free(&policy);
	cr_assert_eq(register_policy_get(reg, 0, &policy), 0);
	cr_expect_eq(policy.version, 2);
	register_policy_free(&policy);
	cr_expect_eq(register_policies(reg, 5, first_policy, &version), 1);
	cr_expect_eq(version, 2);
	tamper("UPDATE policies SET text = CAST('a: 3' AS BLOB) WHERE version = 1");
	cr_expect_eq(register_policy_get(reg, 1, &policy), -EBADMSG, "not the text that was applied");
}

struct loads {
	unsigned n;
	__u64 taken; /* names of the last one that was not refused */
};

static int count_load(void *ctx, const struct reg_list *list)
{
	struct loads *loads = ctx;

	loads->n++;
	if (!loads->taken && !list->refused)
		loads->taken = list->names;
	return 0;
}

Test(reg, lists)
{
	struct reg_list list = { .name = "adult", .path = "/lists/adult", .sha256 = { 1 }, .names = 100, .loaded = 10 };
	struct loads loads = { 0 };

	cr_assert_eq(register_list_add(reg, &list), 0);
	list.names = 3;
	list.refused = true;
	list.problem = "shrank";
	for (int i = 0; i < 300; i++)
		cr_assert_eq(register_list_add(reg, &list), 0);
	cr_assert_eq(register_lists(reg, count_load, &loads), 0);
	cr_expect_eq(loads.n, 201);
	cr_expect_eq(loads.taken, 100, "the one taken is never forgotten");
}

Test(reg, secrets)
{
	__u64 one, two, three;

	cr_assert_eq(register_secret(reg, "hash", &one, sizeof(one)), 0);
	cr_assert_eq(register_secret(reg, "flow", &two, sizeof(two)), 0);
	cr_expect_neq(one, two);
	reopen_register();
	cr_assert_eq(register_secret(reg, "hash", &three, sizeof(three)), 0);
	cr_expect_eq(one, three, "it stays");
	cr_assert_eq(register_secret_odd(reg, "flow", &three), 0);
	cr_expect_eq(three & 1, 1);
	cr_expect_eq(register_secret(reg, "hash", &three, 4), -EBADMSG);
}

static void spoil(void)
{
	char path[128], bytes[8192];
	int fd;

	register_close(reg);
	reg = NULL;
	memset(bytes, 0xa5, sizeof(bytes));
	snprintf(path, sizeof(path), "%s/register.db", scratch);
	fd = open(path, O_RDWR);
	cr_assert_eq(pwrite(fd, bytes, sizeof(bytes), 8192), (ssize_t)sizeof(bytes));
	close(fd);
}

Test(reg, a_damaged_register_falls_back_on_its_copy)
{
	struct reg_device device;
	__u64 one, two;
	__u32 id;

	cr_assert_eq(put("reading-1", 1, 0, &id), 0);
	cr_assert_eq(register_secret(reg, "hash", &one, sizeof(one)), 0);
	cr_assert_eq(register_backup(scratch), 0);
	cr_assert_eq(register_backup(scratch), 0, "a second time");
	spoil();
	cr_assert_eq(register_open(scratch, &reg), 0);
	cr_assert_eq(register_device_find(reg, "reading-1", &device), 0);
	register_device_free(&device);
	cr_assert_eq(register_secret(reg, "hash", &two, sizeof(two)), 0);
	cr_expect_eq(one, two);
	cr_expect_eq(scratch_count("register.db.damaged-1"), 1);
}

Test(reg, a_damaged_register_without_a_copy)
{
	struct reg_device device;
	__u32 id;

	cr_assert_eq(put("reading-1", 1, 0, &id), 0);
	spoil();
	cr_assert_eq(register_open(scratch, &reg), 0);
	cr_expect_eq(register_device_find(reg, "reading-1", &device), -ENOENT);
	cr_expect_eq(put("reading-1", 1, 0, &id), 0);
}

Test(reg, one_of_a_newer_esafe_is_not_touched)
{
	struct reg *other;

	tamper("PRAGMA user_version = 99");
	cr_expect_eq(register_open(scratch, &other), -EPROTONOSUPPORT);
	cr_expect_eq(scratch_count("damaged"), 0);
}
