/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timetable of a year with both changes of the clock: as compiled, and as it is told to people. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "compiled.h"
#include "timeline.h"

static const char *const text =
	"times:\n"
	"  lunch: term Mon-Fri 12:00-13:00\n"
	"  night: Sun 00:30-02:30\n"
	"holidays: [2026-10-26 to 2026-10-30, 2026-12-21 to 2027-01-01]\n"
	"inset: [2026-11-02]\n"
	"categories: { games: games, chat: chat, adult: adults only }\n"
	"groups:\n"
	"  pupils:\n"
	"    default: allow\n"
	"    categories: { games: { allow: lunch }, chat: { block: night }, adult: block }\n"
	"    sites: { www.example.com: { allow: lunch } }\n"
	"  guests: { default: block, categories: { games: block, chat: block, adult: block } }\n"
	"unknown: guests\n";

static struct made made;

static void make_policy(void)
{
	struct problems problems = { 0 };

	setenv("TZ", "Europe/London", 1);
	tzset();
	made.policy = policy_read("policy.yaml", text, strlen(text), "/nowhere", &problems);
	cr_assert(made.policy, "%d: %s", problems.n ? problems.item[0].line : 0, problems.n ? problems.item[0].text : "");
}

static void drop_policy(void)
{
	policy_free(made.policy);
	free(made.p);
	idtable_free(&made.groups);
	idtable_free(&made.categories);
}

TestSuite(timeline, .init = make_policy, .fini = drop_policy, .timeout = 60);

/* What a person with a calendar and a clock on the wall would say; nothing of ours is asked. */
static bool is_lunch(const struct tm *tm)
{
	int date = (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 + tm->tm_mday;
	bool holiday = (date >= 20261026 && date <= 20261030) || (date >= 20261221 && date <= 20270101);

	return tm->tm_wday >= 1 && tm->tm_wday <= 5 && tm->tm_hour == 12 && !holiday && date != 20261102;
}

static bool is_night(const struct tm *tm)
{
	int minute = tm->tm_hour * 60 + tm->tm_min;

	return tm->tm_wday == 0 && minute >= 30 && minute < 150;
}

static bool blocks(const struct esafe_policy *p, __u32 transition, const char *category)
{
	int group = idtable_get(&made.groups, "pupils"), number = idtable_get(&made.categories, category);
	const struct esafe_profile *profile = &p->profiles[p->transitions[transition].profile[group]];

	return profile->block[number / 64] >> number % 64 & 1;
}

Test(timeline, every_minute_of_a_year)
{
	struct compile_env env = env_of(&made);
	struct problems problems = { 0 };
	__s64 start = utc(2026, 2, 1, 0, 0), end = utc(2027, 2, 1, 0, 0);
	unsigned wrong = 0, changes = 0;
	__u32 current = 0;

	env.now_realtime_ns = start * SECOND;
	env.days = 366;
	made.p = calloc(1, sizeof(*made.p));
	cr_assert_eq(policy_compile(made.policy, &env, made.p, &problems), 0);
	for (__s64 at = start; at < end; at += 60) {
		time_t t = at;
		struct tm tm;

		localtime_r(&t, &tm);
		while (current + 1 < made.p->transitions_count &&
		       made.p->transitions[current + 1].at_ns <= (at + TAI) * SECOND) {
			current++;
			changes++;
		}
		wrong += blocks(made.p, current, "games") == is_lunch(&tm);
		wrong += blocks(made.p, current, "chat") != is_night(&tm);
	}
	cr_expect_eq(wrong, 0, "%u minutes of the year are wrong", wrong);
	cr_expect_gt(changes, 500);
}

static char told[16384];

static int tell(void *ctx, const struct timeline_row *row)
{
	time_t t = row->at;
	struct tm tm;
	char when[32];

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%a %d %H:%M %Z", &tm);
	sprintf(told + strlen(told), "%s %s [%s] %s%s\n", when, row->day, row->open, row->about, row->change);
	return 0;
}

Test(timeline, a_week_as_it_is_told)
{
	told[0] = '\0';
	cr_assert_eq(policy_timeline(made.policy, 0, "Europe/London", utc(2026, 10, 22, 12, 0), 12, tell, NULL), 0);
	cr_expect_str_eq(told,
			 "Thu 22 13:00 BST term [] games blocked, chat allowed, www.example.com blocked\n"
			 "Fri 23 12:00 BST term [lunch] games allowed, www.example.com allowed\n"
			 "Fri 23 13:00 BST term [] games blocked, www.example.com blocked\n"
			 "Sun 25 00:30 BST term [night] chat blocked\n"
			 "Sun 25 01:00 GMT term [night] the clocks go back by an hour\n"
			 "Sun 25 02:30 GMT term [] chat allowed\n"
			 "Mon 26 00:00 GMT holiday [] holiday begins\n"
			 "Sat 31 00:00 GMT term [] term time begins\n"
			 "Sun 01 00:30 GMT term [night] chat blocked\n"
			 "Sun 01 02:30 GMT term [] chat allowed\n"
			 "Mon 02 00:00 GMT inset [] inset day\n"
			 "Tue 03 00:00 GMT term [] term time begins\n", "%s", told);
}

Test(timeline, the_clocks_go_forward)
{
	told[0] = '\0';
	cr_assert_eq(policy_timeline(made.policy, 0, "Europe/London", utc(2026, 3, 28, 12, 0), 1, tell, NULL), 0);
	cr_expect_str_eq(told,
			 "Sat 28 12:00 GMT term [] games blocked, chat allowed, www.example.com blocked\n"
			 "Sun 29 00:30 GMT term [night] chat blocked\n"
			 "Sun 29 02:00 BST term [night] the clocks go forward by an hour\n"
			 "Sun 29 02:30 BST term [] chat allowed\n", "%s", told);
}

Test(timeline, a_group_without_times)
{
	told[0] = '\0';
	cr_assert_eq(policy_timeline(made.policy, 1, "Europe/London", utc(2026, 9, 7, 0, 0), 7, tell, NULL), 0);
	cr_expect_str_eq(told, "Mon 07 01:00 BST term [] \n", "%s", told);
	cr_expect_eq(policy_timeline(made.policy, 0, "Europe/London", 0, 367, tell, NULL), -EINVAL);
}
