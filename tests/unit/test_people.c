/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users, classes, rooms and the access register. */
#include <errno.h>
#include <sqlite3.h>

#include "people.h"
#include "register_people.h"
#include "scratch_register.h"

TestSuite(people, .init = open_register, .fini = close_register, .timeout = 60);

static int put_user(__u32 id, const char *name, const char *group, const char *class, __s64 gone, __u32 *out)
{
	const struct reg_user user = {
		.id = id, .name = (char *)name, .full = "A name", .group = (char *)group, .class_name = (char *)class, .gone = gone,
	};

	return register_user_put(reg, &user, 1000, out);
}

static int put_class(__u16 id, const char *name, const char *group, const char *room, __u16 *out)
{
	const struct reg_class class = { .id = id, .name = (char *)name, .group = (char *)group, .room = (char *)room };

	return register_class_put(reg, &class, 1000, out);
}

static int put_device(__u32 id, __u8 last, const char *group, const char *class, const char *room, __u32 *out)
{
	char name[16];
	const struct reg_device device = {
		.id = id, .addr = { 2, 0, 0, 0, 0, last }, .name = name, .group = (char *)group,
		.class_name = (char *)class, .room = (char *)room,
	};

	snprintf(name, sizeof(name), "device-%d", last);
	return register_device_put(reg, &device, 1000, out);
}

Test(people, users_classes_and_rooms)
{
	struct reg_user user;
	struct reg_class class;
	struct reg_room room;
	__u16 r1, c4b;
	__u32 id, other;

	cr_assert_eq(register_room_add(reg, "R1", 1000, &r1), 0);
	cr_expect_eq(register_room_add(reg, "r1", 1000, &r1), -EEXIST);
	cr_expect_eq(put_class(0, "4B", "ks2", "R9", &c4b), -ENXIO, "no such room");
	cr_assert_eq(put_class(0, "4B", "ks2", "R1", &c4b), 0);
	cr_expect_eq(put_user(0, "pupil12", "", "4C", 0, &id), -ENXIO, "no such class");
	cr_assert_eq(put_user(0, "pupil12", "", "4b", 0, &id), 0);
	cr_expect_eq(put_user(0, "PUPIL12", "", "", 0, &other), -EEXIST);
	cr_assert_eq(register_user_find(reg, "Pupil12", &user), 0);
	cr_expect_eq(user.id, id);
	cr_expect_str_eq(user.name, "pupil12");
	cr_expect_str_eq(user.class_name, "4B");
	cr_expect_eq(user.class, c4b);
	cr_expect_str_eq(user.group, "");
	cr_expect_str_eq(user.holds, "ks2", "that of the class");
	register_user_free(&user);
	cr_assert_eq(put_user(id, "pupil12", "ks1", "4B", 0, &id), 0);
	cr_assert_eq(register_user_find(reg, "#1", &user), 0);
	cr_expect_str_eq(user.holds, "ks1", "its own");
	register_user_free(&user);
	cr_assert_eq(register_class_find(reg, "4b", &class), 0);
	cr_expect_str_eq(class.room, "R1");
	cr_expect_eq(class.users, 1);
	register_class_free(&class);
	cr_assert_eq(register_room_find(reg, "R1", &room), 0);
	cr_expect_eq(room.classes, 1);
	register_room_free(&room);
	cr_expect_eq(register_room_remove(reg, r1), -EBUSY);
	cr_expect_eq(register_class_remove(reg, c4b), -EBUSY);
	cr_expect_eq(register_user_remove(reg, id), 0);
	cr_expect_eq(register_user_remove(reg, id), -ENOENT);
	cr_expect_eq(register_class_remove(reg, c4b), 0);
	cr_expect_eq(register_room_remove(reg, r1), 0);
	cr_assert_eq(put_user(0, "pupil12", "", "", 0, &other), 0);
	cr_expect_gt(other, id, "numbers are not used again");
	cr_expect_eq(register_user_find(reg, "#99", &user), -ENOENT);
	cr_expect_eq(register_user_find(reg, "#", &user), -ENOENT);
	cr_expect_eq(register_user_find(reg, "' OR 1=1 --", &user), -ENOENT);
}

Test(people, names_that_no_name_may_be)
{
	static const char *const wrong[] = {
		"", "a\nb", "a\x7f", "\xc2\x9b[2J", "caf\xe9", "a\xe2\x80\xae" "b", "a\xe2\x80\x8b", "\xf4\x90\x80\x80",
	};
	char longest[600];
	__u32 id = 77;
	__u16 number = 77;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_expect_eq(put_user(0, wrong[i], "", "", 0, &id), -EINVAL, "user %zu", i);
		cr_expect_eq(put_class(0, wrong[i], "", "", &number), -EINVAL, "class %zu", i);
		cr_expect_eq(register_room_add(reg, wrong[i], 1, &number), -EINVAL, "room %zu", i);
		if (*wrong[i])
			cr_expect_eq(put_user(0, "a", wrong[i], "", 0, &id), -EINVAL, "group %zu", i);
	}
	cr_expect_eq(put_user(0, longest, "", "", 0, &id), -EINVAL);
	cr_expect(id == 77 && number == 77, "untouched");
	cr_expect_eq(put_user(0, "caf\xc3\xa9 \xe5\x90\x8d", "", "", 0, &id), 0);
}

Test(people, a_device_is_in_class_and_room)
{
	struct reg_device device;
	__u16 number;
	__u32 id;

	cr_assert_eq(register_room_add(reg, "R1", 1, &number), 0);
	cr_assert_eq(put_class(0, "4B", "ks2", "", &number), 0);
	cr_expect_eq(put_device(0, 1, "", "4C", "", &id), -ENXIO);
	cr_expect_eq(put_device(0, 1, "", "", "R2", &id), -ENXIO);
	cr_assert_eq(put_device(0, 1, "", "4B", "R1", &id), 0);
	cr_assert_eq(register_device_get(reg, id, &device), 0);
	cr_expect_str_eq(device.class_name, "4B");
	cr_expect_str_eq(device.room, "R1");
	cr_expect_str_eq(device.holds, "ks2");
	cr_expect(device.class_id == 1 && device.room_id == 1);
	register_device_free(&device);
	cr_assert_eq(put_device(id, 1, "staff", "", NULL, &id), 0);
	cr_assert_eq(register_device_get(reg, id, &device), 0);
	cr_expect_str_eq(device.holds, "staff");
	cr_expect(device.class_id == 0 && device.room_id == 0);
	register_device_free(&device);
}

/* ---- the access register ---- */

static int add_text(void *ctx, const struct reg_access *access)
{
	sprintf((char *)ctx + strlen(ctx), "%s %s %s %lld %s", access->kind, access->name, access->group, access->since,
		access->who);
	if (access->until)
		sprintf((char *)ctx + strlen(ctx), " to %lld %s", access->until, access->ended);
	strcat(ctx, "|");
	return 0;
}

#define expect_access(want, ...)                                                    \
	do {                                                                        \
		const struct reg_access_filter filter = { __VA_ARGS__ };            \
		char text[2000] = "";                                               \
		cr_expect_eq(register_access(reg, &filter, add_text, text), 0);     \
		cr_expect_str_eq(text, want);                                       \
	} while (0)

static void note(__s64 now, const char *who)
{
	cr_assert_eq(register_access_note(reg, now, who), 0);
}

Test(people, who_had_which_group_when)
{
	__u16 c4b;
	__u32 id, device;

	cr_assert_eq(put_class(0, "4B", "ks2", "", &c4b), 0);
	cr_assert_eq(put_user(0, "pupil12", "", "4B", 0, &id), 0);
	cr_assert_eq(put_device(0, 1, "", "", "", &device), 0);
	note(100, "root");
	expect_access("user pupil12 ks2 100 root|");
	note(150, "nobody");
	expect_access("user pupil12 ks2 100 root|", .all = true);
	cr_assert_eq(put_device(device, 1, "staff", "", "", &device), 0);
	note(200, "teacher3");
	cr_assert_eq(put_class(c4b, "4B", "ks1", "", &c4b), 0);
	note(300, "head1");
	expect_access("user pupil12 ks1 300 head1|device device-1 staff 200 teacher3|");
	expect_access("user pupil12 ks2 100 root to 300 head1|", .at = 150);
	expect_access("user pupil12 ks2 100 root to 300 head1|device device-1 staff 200 teacher3|", .at = 299);
	expect_access("user pupil12 ks1 300 head1|", .at = 300, .kind = "user");
	expect_access("", .at = 99);
	expect_access("device device-1 staff 200 teacher3|", .group = "staff");
	cr_assert_eq(put_user(id, "pupil12", "", "4B", 400, &id), 0);
	note(400, "root");
	expect_access("user pupil12 ks2 100 root to 300 head1|user pupil12 ks1 300 head1 to 400 root|", .kind = "user",
		      .name = "PUPIL12", .all = true);
	cr_assert_eq(put_user(id, "pupil12b", "", "4B", 0, &id), 0);
	note(500, "root");
	cr_assert_eq(put_user(id, "pupil13", "", "4B", 0, &id), 0);
	note(600, "root");
	expect_access("user pupil13 ks1 500 root|", .kind = "user");
	cr_assert_eq(register_user_remove(reg, id), 0);
	cr_assert_eq(register_device_remove(reg, device), 0);
	note(700, "root");
	expect_access("");
	expect_access("device device-1 staff 200 teacher3 to 700 root|", .kind = "device", .all = true);
}

Test(people, the_access_register_is_quick_enough)
{
	char name[16];
	__u32 id;

	cr_assert_eq(register_begin(reg), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		cr_assert_eq(put_user(0, name, "ks1", "", 0, &id), 0);
	}
	note(1, "root");
	cr_assert_eq(register_commit(reg), 0);
	for (int i = 0; i < 20; i++) /* in the square of the users it would not end */
		note(2, "root");
}

/* A register of the first version: what it holds goes on. */
Test(people, the_first_version)
{
	char path[128];
	struct reg_device device;
	sqlite3 *db;

	register_close(reg);
	snprintf(path, sizeof(path), "%s/register.db", scratch);
	unlink(path);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "CREATE TABLE devices (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
				      " addr BLOB NOT NULL, name TEXT NOT NULL COLLATE NOCASE UNIQUE, grp TEXT NOT NULL,"
				      " owner TEXT NOT NULL, note TEXT NOT NULL, created INTEGER NOT NULL,"
				      " changed INTEGER NOT NULL, UNIQUE (kind, addr));"
				      "INSERT INTO devices VALUES (7, 0, zeroblob(16), 'device-1', 'pupils', '', '', 5, 1000);"
				      "INSERT INTO devices VALUES (8, 0, x'02', 'device-2', '', '', '', 5, 1000);"
				      "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	cr_assert_eq(register_open(scratch, &reg), 0);
	cr_assert_eq(register_device_find(reg, "device-1", &device), 0);
	cr_expect_eq(device.id, 7);
	cr_expect_str_eq(device.group, "pupils");
	cr_expect_str_eq(device.class_name, "");
	register_device_free(&device);
	expect_access("device device-1 pupils 1000 |");
	note(2000, "root");
	expect_access("device device-1 pupils 1000 |", .all = true);
}

Test(people, names_by_number)
{
	struct esafed esafed = { .reg = reg };
	struct people_counts counts;
	__u16 class;
	__u32 one, two;

	cr_assert_eq(put_class(0, "4B", "", "", &class), 0);
	cr_assert_eq(put_user(0, "zoe", "", "", 0, &one), 0);
	cr_assert_eq(put_user(0, "abe", "", "", 5, &two), 0);
	cr_expect_null(people_user(esafed.people, one));
	cr_assert_eq(people_sync(&esafed), 0);
	cr_expect_str_eq(people_user(esafed.people, one), "zoe");
	cr_expect_str_eq(people_user(esafed.people, two), "abe", "events of who left still come, for a moment");
	cr_expect_str_eq(people_class(esafed.people, class), "4B");
	cr_expect_null(people_user(esafed.people, 99));
	cr_expect_null(people_class(esafed.people, 0));
	counts = people_count(esafed.people);
	cr_expect(counts.users == 1 && counts.classes == 1 && counts.rooms == 0);
	people_stop(&esafed);
}
