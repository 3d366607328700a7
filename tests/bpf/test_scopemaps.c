// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon writes of devices, scopes and grants, and the counts by which the programs know whether to look. */
#include <criterion/criterion.h>
#include "lab.h"

static struct lab *lab;

static void setup(void)
{
	lab = lab_open();
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(scopemaps, .init = setup, .fini = teardown);

static struct esafe_config config(void)
{
	struct esafe_config now;

	cr_assert(!maps_get_config(&lab->maps, &now));
	return now;
}

Test(scopemaps, devices_that_are_cut_are_counted)
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, 9 } };
	struct esafe_device device = { .id = 9 };
	__u32 epoch = config().epoch;

	cr_assert(!maps_device_set(&lab->maps, &key, &device));
	cr_assert_eq(config().cut_devices, 0);
	cr_assert_eq(config().epoch, epoch);
	for (int flag = ESAFE_DEVICE_QUARANTINED; flag <= ESAFE_DEVICE_OVER_QUOTA; flag *= 2) {
		device.flags = flag;
		cr_assert(!maps_device_set(&lab->maps, &key, &device));
		cr_assert_eq(config().cut_devices, 1, "flag %d", flag);
		cr_assert_neq(config().epoch, epoch, "flag %d", flag);
		epoch = config().epoch;
	}
	device.suspended_until_ns = 5;
	cr_assert(!maps_device_set(&lab->maps, &key, &device));
	cr_assert_neq(config().epoch, epoch);
	device.flags = 0;
	cr_assert(!maps_device_set(&lab->maps, &key, &device));
	cr_assert_eq(config().cut_devices, 0);
	device.flags = ESAFE_DEVICE_SUSPENDED;
	cr_assert(!maps_device_set(&lab->maps, &key, &device));
	cr_assert(!maps_device_del(&lab->maps, &key));
	cr_assert(!maps_device_del(&lab->maps, &key));
	cr_assert_eq(config().cut_devices, 0);
}

Test(scopemaps, scopes_are_looked_up_only_where_there_are_any)
{
	struct esafe_scope_key room = { .id = 3, .kind = ESAFE_SCOPE_ROOM }, class = { .id = 3, .kind = ESAFE_SCOPE_CLASS };
	struct esafe_scope scope = { .until_ns = 1 };

	cr_assert(!maps_scope_set(&lab->maps, &room, &scope));
	cr_assert(!maps_scope_set(&lab->maps, &class, &scope));
	cr_assert_eq(config().scopes, 1 << ESAFE_SCOPE_ROOM | 1 << ESAFE_SCOPE_CLASS);
	cr_assert_eq(config().cut_scopes, 0);
	scope.flags = ESAFE_SCOPE_LESSON_ONLY;
	for (int i = 0; i < 2; i++)
		cr_assert(!maps_scope_set(&lab->maps, &class, &scope));
	cr_assert_eq(config().cut_scopes, 1);
	cr_assert(!maps_scope_del(&lab->maps, &room));
	cr_assert_eq(config().scopes, 1 << ESAFE_SCOPE_ROOM | 1 << ESAFE_SCOPE_CLASS);
	for (int i = 0; i < 2; i++)
		cr_assert(!maps_scope_del(&lab->maps, &class));
	cr_assert_eq(config().cut_scopes, 0);
	cr_assert_eq(config().scopes, 0);
}

static int add_scope(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope)
{
	*(__u64 *)ctx += key->id * scope->until_ns;
	return 0;
}

static int add_grant(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant)
{
	*(__u64 *)ctx += key->id * grant->rule;
	return 0;
}

Test(scopemaps, all_of_them_are_told)
{
	__u64 scopes = 0, grants = 0;

	for (__u32 id = 1; id <= 3; id++) {
		struct esafe_scope_key key = { .id = id, .kind = ESAFE_SCOPE_USER };
		struct esafe_scope scope = { .until_ns = 10 * id };
		struct esafe_grant_key what = { .what = 77, .id = id, .kind = ESAFE_SCOPE_USER };
		struct esafe_grant grant = { .rule = 100 * id };

		cr_assert(!maps_scope_set(&lab->maps, &key, &scope));
		cr_assert(!maps_grant_set(&lab->maps, &what, &grant));
		if (id == 2)
			cr_assert(!maps_grant_del(&lab->maps, &what) && !maps_grant_del(&lab->maps, &what));
	}
	cr_assert(!maps_scope_each(&lab->maps, add_scope, &scopes));
	cr_assert(!maps_grant_each(&lab->maps, add_grant, &grants));
	cr_assert_eq(scopes, 10 + 40 + 90);
	cr_assert_eq(grants, 100 + 900);
}
