/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotas by the clock: what counts, when it is told, when it is over, and what begins anew. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "policy_text.h"
#include "register_volumes.h"
#include "scratch.h"

#define M 1000000ull

static const char *const text =
	"times: { lunch: Mon-Fri 12:00-13:00, night: 22:00-02:00 }\n"
	"categories: { games: games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block }, quota: { lunch: 100M, always: 1G } }\n"
	"  juniors: { inherit: pupils }\n"
	"  seniors: { inherit: pupils, quota: none }\n"
	"  guests: { default: block, categories: { games: block }, quota: { night: 10M } }\n"
	"unknown: guests\n";

static struct policy *policy;
static struct volume_table *table;
static struct volume *volume;
static const struct quota *which;

static void open_all(void)
{
	struct problems problems = { 0 };

	scratch_make();
	policy = policy_read("policy.yaml", text, strlen(text), "/nowhere", &problems);
	cr_assert(policy, "%d: %s", problems.n ? problems.item[0].line : 0, problems.n ? problems.item[0].text : "");
	cr_assert_eq(volume_table_new(&table), 0);
	volume = volume_take(table, &(struct esafe_device_key){ .addr = { 2, 0, 0, 0, 0, 1 } });
}

static void close_all(void)
{
	volume_table_free(table);
	policy_free(policy);
	scratch_remove();
}

TestSuite(volume, .init = open_all, .fini = close_all, .timeout = 30);

static __s64 at(int day, int hour, int minute) /* of March 2026; the 27th is a Friday */
{
	struct tm tm = { .tm_year = 126, .tm_mon = 2, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1 };

	return mktime(&tm);
}

static unsigned use(const char *group, __u64 down, __s64 now)
{
	struct volume_clock clock;

	which = NULL;
	cr_assert_eq(volume_clock_read(policy, "Europe/London", now, &clock), 0);
	volume_sample(volume, volume->raw_up, volume->raw_down + down, now, clock.since[QUOTA_ALWAYS]);
	return volume_judge(volume, policy, &policy->group[policy_group(policy, group)], &clock, &which);
}

Test(volume, told_at_eighty_percent_and_over_until_the_window_ends)
{
	cr_expect_eq(use("pupils", 79 * M, at(27, 12, 1)), 0);
	cr_expect_eq(use("pupils", 1 * M, at(27, 12, 2)), VOLUME_TOLD);
	cr_expect_str_eq(quota_time(policy, which), "lunch");
	cr_expect_eq(use("pupils", 19 * M, at(27, 12, 3)), 0, "told once");
	cr_expect_eq(use("pupils", 1 * M, at(27, 12, 4)), VOLUME_OVER);
	cr_expect(volume->over);
	cr_expect_eq(use("pupils", 0, at(27, 12, 59)), 0);
	cr_expect_eq(use("pupils", 0, at(27, 13, 0)), VOLUME_WITHIN, "the time is over");
	cr_expect_eq(use("pupils", 0, at(30, 12, 1)), 0, "and the next one begins at nothing");
	cr_expect_eq(use("pupils", 79 * M, at(30, 12, 2)), 0);
}

Test(volume, by_the_day)
{
	cr_expect_eq(use("juniors", 900 * M, at(27, 9, 0)), VOLUME_TOLD, "inherited");
	cr_expect_eq(use("juniors", 100 * M, at(27, 9, 1)), VOLUME_OVER);
	cr_expect_eq(use("juniors", 5 * M, at(27, 23, 59)), 0);
	cr_expect_eq(volume->down, 1005 * M);
	cr_expect_eq(use("juniors", 5 * M, at(28, 0, 0)), VOLUME_WITHIN);
	cr_expect_eq(volume->down, 5 * M);
	cr_expect_eq(use("seniors", 9000 * M, at(28, 10, 0)), 0, "none");
}

Test(volume, over_midnight_is_one_window)
{
	cr_expect_eq(use("guests", 9 * M, at(27, 23, 0)), VOLUME_TOLD);
	cr_expect_eq(use("guests", 1 * M, at(28, 1, 0)), VOLUME_OVER);
	cr_expect_eq(use("guests", 0, at(28, 2, 0)), VOLUME_WITHIN);
	cr_expect_eq(use("guests", 8 * M, at(28, 23, 0)), VOLUME_TOLD, "another night");
}

Test(volume, counters_that_begin_anew)
{
	volume_sample(volume, 100, 1000, 50, 10);
	volume_sample(volume, 30, 1500, 60, 10);
	cr_expect_eq(volume->up, 130);
	cr_expect_eq(volume->down, 1500);
	cr_expect_eq(volume->last, 530);
}

static int add_row(void *ctx, const struct reg_volume *row)
{
	*(__u64 *)ctx += row->up * 1000000000 + row->down + row->devices;
	return 0;
}

Test(volume, the_register_keeps_it)
{
	struct reg *reg;
	__u64 sum = 0;

	cr_assert_eq(register_open(scratch, &reg), 0);
	strcpy(volume->group, "pupils");
	cr_expect_eq(use("pupils", 100 * M, at(27, 12, 1)), VOLUME_TOLD | VOLUME_OVER);
	cr_assert_eq(register_volumes_save(reg, table), 0);
	volume_table_free(table);
	cr_assert_eq(volume_table_new(&table), 0);
	cr_assert_eq(register_volumes_load(reg, table), 0);
	cr_assert_eq(volume_count(table), 1);
	volume = volume_take(table, &(struct esafe_device_key){ .addr = { 2, 0, 0, 0, 0, 1 } });
	cr_expect(volume->over);
	cr_expect_str_eq(volume->group, "pupils");
	cr_expect_eq(use("pupils", 0, at(27, 12, 5)), 0, "told before, and over still");
	cr_expect_eq(use("pupils", 0, at(27, 13, 5)), VOLUME_WITHIN);
	cr_expect_eq(register_volume_groups(reg, at(26, 0, 0), add_row, &sum), 0);
	cr_expect_eq(sum, 100 * M + 1);
	register_close(reg);
}

static void no_quota(const char *quota, const char *why)
{
	struct problems problems = { 0 };
	char all[512];

	snprintf(all, sizeof(all), "categories: { games: games }\n"
		 "groups: { g: { default: block, quota: %s } }\nunknown: g\n", quota);
	cr_expect_null(policy_read("policy.yaml", all, strlen(all), "/nowhere", &problems));
	cr_assert_geq(problems.n, 1);
	cr_expect(strstr(problems.item[0].text, why), "%s", problems.item[0].text);
	problems_free(&problems);
}

Test(volume, quotas_that_are_none)
{
	no_quota("{ always: much }", "500M");
	no_quota("{ always: 0 }", "500M");
	no_quota("{ alway: 1G }", "did you mean \"always\"");
}

Test(volume, amounts)
{
	__u64 bytes = 7;
	char out[16];

	cr_expect_eq(bytes_parse("500M", &bytes), 0);
	cr_expect_eq(bytes, 500 * M);
	cr_expect_eq(bytes_parse("2g", &bytes), 0);
	cr_expect_eq(bytes, 2000 * M);
	cr_expect_eq(bytes_parse("99999999T", &bytes), -ERANGE);
	cr_expect_eq(bytes_parse("5MB", &bytes), -EINVAL);
	bytes_text(1500 * M, out, sizeof(out));
	cr_expect_str_eq(out, "1.5G");
	bytes_text(999, out, sizeof(out));
	cr_expect_str_eq(out, "999");
}
