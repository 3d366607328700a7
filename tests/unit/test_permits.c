/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is open for a while, and what the maps must say of it: each scope exactly, and nothing longer than it lasts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "letter.h"
#include "names.h"
#include "permit.h"

#define NOW 1000
#define TAI 37000000000ll
#define K1 0x9e3779b97f4a7c15ull
#define K2 0xd6e8feb86659fd93ull

static struct permits open_now;

static void close_all(void)
{
	permits_free(&open_now);
}

TestSuite(permits, .fini = close_all, .timeout = 30);

static struct permit *add(__u32 id, enum permit_kind kind, unsigned scope, __u32 scope_id, const char *what,
			  __s64 until)
{
	struct permit *permit = calloc(1, sizeof(*permit));

	*permit = (struct permit){
		.id = id, .kind = kind, .scope = { .kind = scope, .id = scope_id }, .until = until, .started = 1,
		.what = strdup(what), .scope_name = strdup("x"), .who = strdup("teacher3"), .reason = strdup(""),
		.category = ESAFE_NO_CATEGORY,
	};
	cr_assert_eq(permit_read_sites(permit, K1, K2), 0);
	cr_assert_eq(permits_add(&open_now, permit), 0);
	return permit;
}

static struct permit *add_category(__u32 id, enum permit_kind kind, __u32 scope_id, __u16 category, __s64 until)
{
	struct permit *permit = add(id, kind, ESAFE_SCOPE_USER, scope_id, "", until);

	permit->by_category = true;
	permit->category = category;
	return permit;
}

static __u64 hash(const char *name)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text(name, strlen(name), wire);

	return name_hash(wire, len, K1, K2);
}

static bool grant_of(unsigned kind, __u32 id, const char *name, __s64 now, struct esafe_grant *out)
{
	struct esafe_grant_key key = { .what = hash(name), .id = id, .kind = kind };

	return permits_grant(&open_now, &key, now, TAI, out);
}

static bool scope_of(unsigned kind, __u32 id, __s64 now, struct esafe_scope *out)
{
	struct esafe_scope_key key = { .id = id, .kind = kind };

	return permits_scope(&open_now, &key, now, TAI, out);
}

Test(permits, a_grant_is_for_its_scope_alone_and_ends)
{
	struct esafe_grant grant;
	struct esafe_scope scope;

	add(7, PERMIT_GRANT, ESAFE_SCOPE_USER, 3, "games.example.com", 2000);
	cr_assert(grant_of(ESAFE_SCOPE_USER, 3, "games.example.com", NOW, &grant));
	cr_expect_eq(grant.rule, 7);
	cr_expect_eq(grant.verdict, ESAFE_ALLOW);
	cr_expect_eq(grant.until_ns, 2000 * 1000000000ull + TAI);
	cr_assert(scope_of(ESAFE_SCOPE_USER, 3, NOW, &scope));
	cr_expect_eq(scope.until_ns, 2000 * 1000000000ull + TAI);
	cr_expect_eq(scope.sites, ESAFE_DEPTH_BIT(3));
	cr_expect_eq(scope.lesson_until_ns, 0);
	cr_expect(!grant_of(ESAFE_SCOPE_USER, 4, "games.example.com", NOW, &grant), "another user");
	cr_expect(!grant_of(ESAFE_SCOPE_DEVICE, 3, "games.example.com", NOW, &grant), "a device of that number");
	cr_expect(!grant_of(ESAFE_SCOPE_USER, 3, "other.example.com", NOW, &grant));
	cr_expect(!scope_of(ESAFE_SCOPE_DEVICE, 3, NOW, &scope));
	cr_expect(!grant_of(ESAFE_SCOPE_USER, 3, "games.example.com", 2000, &grant), "over");
	cr_expect(!scope_of(ESAFE_SCOPE_USER, 3, 2000, &scope));
}

Test(permits, denied_outranks_granted_and_the_later_deadline_holds)
{
	struct esafe_grant grant;

	add(1, PERMIT_GRANT, ESAFE_SCOPE_CLASS, 2, "a.example", 5000);
	add(2, PERMIT_DENY, ESAFE_SCOPE_CLASS, 2, "a.example", 3000);
	cr_assert(grant_of(ESAFE_SCOPE_CLASS, 2, "a.example", NOW, &grant));
	cr_expect_eq(grant.verdict, ESAFE_BLOCK);
	cr_expect_eq(grant.rule, 2);
	cr_assert(grant_of(ESAFE_SCOPE_CLASS, 2, "a.example", 3000, &grant), "the grant is left");
	cr_expect_eq(grant.rule, 1);
	add(3, PERMIT_GRANT, ESAFE_SCOPE_CLASS, 2, "a.example", 9000);
	cr_assert(grant_of(ESAFE_SCOPE_CLASS, 2, "a.example", 3000, &grant));
	cr_expect_eq(grant.rule, 3);
}

Test(permits, a_scope_is_all_that_is_open_there)
{
	struct esafe_scope scope;
	struct permit *lesson = add(4, PERMIT_LESSON, ESAFE_SCOPE_CLASS, 2, "a.example\nb.c.example", 4000);

	lesson->only = true;
	add(5, PERMIT_SUPERVISE, ESAFE_SCOPE_CLASS, 2, "", 3000);
	cr_assert(scope_of(ESAFE_SCOPE_CLASS, 2, NOW, &scope));
	cr_expect_eq(scope.lesson, 4);
	cr_expect_eq(scope.supervision, 5);
	cr_expect_eq(scope.flags, ESAFE_SCOPE_LESSON_ONLY);
	cr_expect_eq(scope.lesson_sites, ESAFE_DEPTH_BIT(2) | ESAFE_DEPTH_BIT(3));
	cr_expect_eq(scope.sites, 0);
	cr_expect_eq(scope.until_ns, scope.lesson_until_ns);
	cr_expect_eq(permits_deadline(&open_now), 3000);
	cr_assert(scope_of(ESAFE_SCOPE_CLASS, 2, 3000, &scope));
	cr_expect_eq(scope.supervised_until_ns, 0);
	cr_expect_eq(permit_grants(lesson), 2);
}

Test(permits, sites_of_a_lesson_are_its_own)
{
	struct esafe_grant grant;

	add(4, PERMIT_LESSON, ESAFE_SCOPE_CLASS, 2, "a.example", 4000);
	cr_expect(grant_of(ESAFE_SCOPE_LESSON, 4, "a.example", NOW, &grant));
	cr_expect_eq(grant.until_ns, 0, "that of the lesson, which may be extended");
	cr_expect(!grant_of(ESAFE_SCOPE_CLASS, 2, "a.example", NOW, &grant));
	cr_expect(!grant_of(ESAFE_SCOPE_LESSON, 5, "a.example", NOW, &grant));
}

Test(permits, categories)
{
	struct esafe_grant_key key = { .what = 70, .id = 3, .kind = ESAFE_SCOPE_USER, .category = 1 };
	struct esafe_grant grant;
	struct esafe_scope scope;

	add_category(1, PERMIT_GRANT, 3, 70, 4000);
	cr_expect(permits_grant(&open_now, &key, NOW, TAI, &grant));
	cr_assert(scope_of(ESAFE_SCOPE_USER, 3, NOW, &scope));
	cr_expect_eq(scope.categories[1], 1ull << 6);
	key.category = 0;
	cr_expect(!permits_grant(&open_now, &key, NOW, TAI, &grant), "a name of that hash is another thing");
}

Test(permits, twins)
{
	struct permit *lesson = add(1, PERMIT_LESSON, ESAFE_SCOPE_CLASS, 2, "a.example", 4000);
	struct permit *grant = add(2, PERMIT_GRANT, ESAFE_SCOPE_CLASS, 2, "a.example", 4000);
	struct permit fresh = { .kind = PERMIT_LESSON, .scope = { .kind = ESAFE_SCOPE_CLASS, .id = 2 }, .what = "b.example" };

	cr_expect_eq(permits_twin(&open_now, &fresh), lesson, "a class has one lesson");
	fresh.kind = PERMIT_GRANT;
	cr_expect_null(permits_twin(&open_now, &fresh), "but many grants");
	fresh.what = "a.example";
	cr_expect_eq(permits_twin(&open_now, &fresh), grant);
	fresh.scope.id = 3;
	cr_expect_null(permits_twin(&open_now, &fresh));
}

Test(permits, suspension_and_quarantine_of_devices)
{
	static const __u8 mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct esafe_device_key key = { .kind = ESAFE_BY_ADDRESS, .addr = { 10 } };
	struct esafe_device value = { .id = 9, .user = 3 };
	struct permit *cut;

	add(1, PERMIT_SUSPEND, ESAFE_SCOPE_USER, 3, "", 2000);
	cr_expect(permits_device(&open_now, &key, mac, NOW, TAI, &value));
	cr_expect_eq(value.flags, ESAFE_DEVICE_SUSPENDED);
	cr_expect_eq(value.suspended_until_ns, 2000 * 1000000000ull + TAI);
	value = (struct esafe_device){ .id = 3, .user = 0 };
	cr_expect(!permits_device(&open_now, &key, mac, NOW, TAI, &value), "device 3 is not user 3");
	value = (struct esafe_device){ .id = 9, .user = 3 };
	add(2, PERMIT_SUSPEND, ESAFE_SCOPE_DEVICE, 9, "", 0);
	cr_expect(permits_device(&open_now, &key, mac, NOW, TAI, &value));
	cr_expect_eq(value.suspended_until_ns, 0, "until it is lifted");
	cut = add(3, PERMIT_QUARANTINE, ESAFE_SCOPE_DEVICE, 8, "", 0);
	cut->by_addr = true;
	memcpy(cut->addr.addr, mac, 6);
	value = (struct esafe_device){ 0 };
	cr_expect(permits_device(&open_now, &key, mac, NOW, TAI, &value), "no longer registered, and cut off all the same");
	cr_expect_eq(value.flags, ESAFE_DEVICE_QUARANTINED);
	value = (struct esafe_device){ .id = 8 };
	cr_expect(!permits_device(&open_now, &key, NULL, NOW, TAI, &value));
}

Test(permits, a_site_is_kept_as_it_is_shown)
{
	struct permit permit = { .kind = PERMIT_LESSON, .what = "a=b.example\n<x>*.example" };
	__u8 wire[ESAFE_NAME_MAX] = "\3a=b\7example";

	cr_assert_eq(permit_read_sites(&permit, K1, K2), 0);
	cr_expect_eq(permit.sites, 2);
	cr_expect_eq(permit.site[0].hash, name_hash(wire, 13, K1, K2));
	free(permit.site);
}

Test(permits, what_is_no_site)
{
	struct permit permit = { .kind = PERMIT_LESSON, .what = "good.example\nbad site" };

	cr_expect_eq(permit_read_sites(&permit, K1, K2), -EINVAL);
	free(permit.site);
	permit = (struct permit){ .what = "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16" };
	cr_expect_eq(permit_read_sites(&permit, K1, K2), -EINVAL, "deeper than the kernel looks");
	free(permit.site);
}

Test(letter, words_are_filled_in)
{
	const struct letter_word words[] = { { "full", "Pupil\nTwelve {who}" }, { "who", "the head" }, { 0 } };
	char *text = letter_write("# a remark\nDear {full},\n{who} {nobody} {\n# last", words);

	cr_assert(text);
	cr_expect_str_eq(text, "Dear Pupil Twelve {who},\nthe head {nobody} {\n", "what a name says is not read again");
	free(text);
}

Test(letter, too_long)
{
	char *long_text = malloc(LETTER_MAX + 2);

	memset(long_text, 'x', LETTER_MAX + 1);
	long_text[LETTER_MAX + 1] = '\0';
	cr_expect_null(letter_write(long_text, &(struct letter_word){ 0 }));
	free(long_text);
}
