/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions against a real register, without a kernel: whose is the device, until when, and what is left of it later. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "register_people.h"
#include "register_sessions.h"
#include "scratch.h"
#include "sessions.h"

static struct config config;
static struct esafed esafed;
static const __u8 laptop[6] = { 2, 0, 0, 0, 0, 1 }, tablet[6] = { 2, 0, 0, 0, 0, 2 };
static const __u8 desk[16] = { [10] = 0xff, 0xff, 10, 0, 0, 7 };

static void open_all(void)
{
	scratch_make();
	config = (struct config){ .sessions = {
		.span = { [ESAFE_HOW_RADIUS] = 43200, [ESAFE_HOW_LOGON] = 36000, [ESAFE_HOW_USER] = 36000,
			  [ESAFE_HOW_PORTAL] = 36000, [ESAFE_HOW_VOUCHER] = 3600, [ESAFE_HOW_CLASS] = 3600 },
		.end_of_day = -1,
		.devices = 2,
	} };
	esafed = (struct esafed){ .config = &config };
	cr_assert_eq(register_open(scratch, &esafed.reg), 0);
	cr_assert_eq(register_class_put(esafed.reg, &(struct reg_class){ .name = "4B", .group = "juniors", .room = "" }, 1,
					&(__u16){ 0 }), 0);
	cr_assert_eq(sessions_load(&esafed), 0);
}

static void close_all(void)
{
	sessions_stop(&esafed);
	register_close(esafed.reg);
	scratch_remove();
}

static void again(void)
{
	sessions_stop(&esafed);
	register_close(esafed.reg);
	cr_assert_eq(register_open(scratch, &esafed.reg), 0);
	cr_assert_eq(sessions_load(&esafed), 0);
}

TestSuite(sessions, .init = open_all, .fini = close_all, .timeout = 60);

static int start(enum esafe_how how, const char *user, const __u8 *mac, const __u8 *addr, const char *source_id)
{
	struct session_claim claim = {
		.how = how, .mac = mac, .addr = addr, .source = how == ESAFE_HOW_RADIUS ? "nas1" : "cli",
		.source_id = source_id,
	};
	struct problems problems = { 0 };
	__u64 id = 0;
	int err;

	if (how == ESAFE_HOW_CLASS)
		claim.class_name = user;
	else
		claim.user = user;
	err = session_start(&esafed, &claim, &id, &problems);
	cr_expect_eq(problems.n != 0, err == -EINVAL || err == -ENOENT);
	problems_free(&problems);
	return err;
}

static const char *user_of(const __u8 *mac, const __u8 *addr)
{
	const struct session *session = session_best(sessions_table(&esafed), mac, addr, clock_seconds());

	if (!session)
		return "nobody";
	return *session->user_name ? session->user_name : session->class_name;
}

static unsigned end_of(struct session_claim claim)
{
	unsigned ended = 99;

	cr_assert_eq(session_end(&esafed, &claim, "log-off", &ended), 0);
	return ended;
}

static size_t open_count(void)
{
	return session_table_count(sessions_table(&esafed));
}

Test(sessions, the_higher_rank_holds_and_the_lower_waits)
{
	cr_assert_eq(start(ESAFE_HOW_CLASS, "4B", laptop, NULL, NULL), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "4B");
	cr_assert_eq(start(ESAFE_HOW_VOUCHER, "guest7", laptop, NULL, NULL), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "guest7");
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, NULL, "a1"), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "pupil12");
	cr_assert_eq(start(ESAFE_HOW_LOGON, "pupil13", laptop, NULL, NULL), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "pupil12", "a lower rank overrides nothing");
	cr_expect_eq(open_count(), 4);
	cr_expect_eq(end_of((struct session_claim){ .source = "nas1", .source_id = "a1" }), 1);
	cr_expect_str_eq(user_of(laptop, NULL), "pupil13", "what waited holds now");
	cr_expect_str_eq(user_of(tablet, NULL), "nobody");
}

Test(sessions, another_person_replaces)
{
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, NULL, "a1"), 0);
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil13", laptop, NULL, "a2"), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "pupil13");
	cr_expect_eq(open_count(), 1);
	cr_expect_eq(end_of((struct session_claim){ .source = "nas1", .source_id = "a1" }), 0, "the late Stop of the old one");
	cr_expect_str_eq(user_of(laptop, NULL), "pupil13");
}

Test(sessions, an_interim_is_the_same_session)
{
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, NULL, "a1"), 0);
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, desk, "a1"), 0, "the address comes later");
	cr_expect_eq(open_count(), 1);
	cr_expect_str_eq(user_of(NULL, desk), "pupil12");
	again();
	cr_expect_eq(open_count(), 1);
	cr_expect_str_eq(user_of(NULL, desk), "pupil12");
	cr_expect_str_eq(user_of(laptop, NULL), "pupil12");
}

Test(sessions, an_id_used_again_for_another_device_is_another_session)
{
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, NULL, "1"), 0);
	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", tablet, NULL, "1"), 0);
	cr_expect_str_eq(user_of(tablet, NULL), "pupil12");
	cr_expect_str_eq(user_of(laptop, NULL), "nobody");
}

Test(sessions, ends_by_user_device_or_source)
{
	unsigned ended;

	cr_assert_eq(start(ESAFE_HOW_RADIUS, "pupil12", laptop, NULL, "a1"), 0);
	cr_assert_eq(start(ESAFE_HOW_LOGON, "Pupil12", tablet, NULL, NULL), 0);
	cr_assert_eq(start(ESAFE_HOW_LOGON, "pupil14", NULL, desk, NULL), 0);
	cr_expect_eq(end_of((struct session_claim){ .user = "pupil12", .mac = tablet }), 1, "both must be meant");
	cr_expect_eq(end_of((struct session_claim){ .addr = desk }), 1);
	cr_expect_eq(session_end(&esafed, &(struct session_claim){ .how = ESAFE_HOW_LOGON }, "x", &ended), -EINVAL);
	cr_expect_eq(session_end_source(&esafed, "nas1", "Accounting-On", &ended), 0);
	cr_expect_eq(ended, 1);
	cr_expect_eq(open_count(), 0);
	again();
	cr_expect_eq(open_count(), 0, "the register knows, too");
}

Test(sessions, what_no_session_is)
{
	static const __u8 nobody[6], many[6] = { 1, 0, 0x5e, 0, 0, 1 };
	char longest[300];

	memset(longest, 'x', 254);
	longest[254] = '\0';
	cr_expect_eq(start(ESAFE_HOW_RADIUS, "", laptop, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_DEVICE, "pupil12", laptop, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_RADIUS, "pupil12", NULL, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_RADIUS, "pupil12", nobody, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_RADIUS, "pupil12", many, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_RADIUS, "pupil\n12", laptop, NULL, NULL), -EINVAL);
	cr_expect_eq(start(ESAFE_HOW_RADIUS, longest, laptop, NULL, NULL), -EINVAL);
	cr_expect_eq(open_count(), 0);
}

static __u32 enrol(const char *name, const char *group)
{
	struct reg_user user = { .name = (char *)name, .full = "", .group = (char *)group, .class_name = "4B" };
	__u32 id = 0;

	cr_assert_eq(register_user_put(esafed.reg, &user, 1, &id), 0);
	return id;
}

Test(sessions, the_roster_says_which_group)
{
	__u32 id = enrol("pupil12", "");
	const struct session *session;

	cr_assert_eq(start(ESAFE_HOW_LOGON, "PUPIL12", laptop, NULL, NULL), 0);
	cr_assert_eq(start(ESAFE_HOW_LOGON, "visitor", tablet, NULL, NULL), 0);
	session = session_best(sessions_table(&esafed), laptop, NULL, clock_seconds());
	cr_expect_eq(session->user, id);
	cr_expect_str_eq(session_group(session), "juniors", "that of the class");
	cr_assert_eq(register_user_remove(esafed.reg, id), 0);
	cr_expect_eq(sessions_roster_changed(&esafed), 0);
	cr_expect_str_eq(user_of(laptop, NULL), "nobody", "who left has no session");
	cr_expect_str_eq(user_of(tablet, NULL), "visitor", "who never was on the roster keeps it");
}

Test(sessions, no_such_class)
{
	cr_expect_eq(start(ESAFE_HOW_CLASS, "9Z", laptop, NULL, NULL), -ENOENT);
	cr_expect_eq(open_count(), 0);
}

Test(sessions, one_person_on_too_many_devices_is_noticed)
{
	static const __u8 third[6] = { 2, 0, 0, 0, 0, 3 };
	struct sessions_stats stats;

	cr_assert_eq(start(ESAFE_HOW_LOGON, "pupil12", laptop, NULL, NULL), 0);
	cr_assert_eq(start(ESAFE_HOW_LOGON, "pupil12", tablet, NULL, NULL), 0);
	sessions_stats(&esafed, &stats);
	cr_expect_eq(stats.elsewhere, 0);
	cr_assert_eq(start(ESAFE_HOW_LOGON, "pupil12", third, NULL, NULL), 0);
	sessions_stats(&esafed, &stats);
	cr_expect_eq(stats.elsewhere, 1);
}

/* ---- deadlines: pure ---- */

static __s64 at(int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute,
			 .tm_isdst = -1 };

	return mktime(&tm);
}

Test(sessions, deadlines)
{
	struct session_limits limits = { .span = { [ESAFE_HOW_LOGON] = 36000 }, .end_of_day = 18 * 60 };

	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(11, 20, 9, 0)), at(11, 20, 18, 0), "the day ends first");
	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(11, 20, 7, 30)), at(11, 20, 17, 30));
	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(11, 20, 18, 0)), at(11, 21, 4, 0), "an evening");
	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(3, 28, 18, 0)), at(3, 29, 5, 0), "clocks go forward");
	limits.span[ESAFE_HOW_LOGON] = 86400 * 2;
	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(10, 24, 19, 0)), at(10, 25, 18, 0), "and back");
	limits.end_of_day = -1;
	cr_expect_eq(session_deadline(&limits, ESAFE_HOW_LOGON, at(11, 20, 9, 0)), at(11, 22, 9, 0));
	cr_expect(!session_is_end_of_day(&limits, at(11, 20, 18, 0)));
}
