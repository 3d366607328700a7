/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "known.h"
#include "policy_text.h"
#include "register_people.h"
#include "scratch_register.h"

TestSuite(known, .init = open_register, .fini = close_register, .timeout = 60);

static void fill(void)
{
	const struct reg_class class = { .name = "4B", .group = "pupils", .room = "" };
	__u16 class_id;
	__u32 id;

	cr_assert_eq(register_class_put(reg, &class, 1, &class_id), 0);
	for (__u8 i = 1; i < 100; i++) {
		char name[16];
		struct reg_device device = { .addr = { 2, 0, 0, 0, 0, i }, .name = name, .group = "", .owner = "", .note = "",
					     .class_name = "", .room = "" };

		snprintf(name, sizeof(name), "laptop-%u", i);
		cr_assert_eq(register_device_put(reg, &device, 1, &id), 0);
	}
	cr_assert_eq(register_user_put(reg, &(struct reg_user){ .name = "zoe", .full = "", .group = "", .class_name = "" }, 1,
				       &id), 0);
	cr_assert_eq(register_user_put(reg, &(struct reg_user){ .name = "zac", .full = "", .group = "", .class_name = "",
								.gone = 5 }, 1, &id), 0);
}

Test(known, names)
{
	static const struct {
		unsigned kind;
		const char *name, *says; /* NULL: known */
	} rows[] = {
		{ ESAFE_SCOPE_CLASS, "4b", NULL },
		{ ESAFE_SCOPE_CLASS, "4C", "there is no class 4C; did you mean 4B?" },
		{ ESAFE_SCOPE_ROOM, "R1", "there is no room R1" },
		{ ESAFE_SCOPE_ROOM, "", NULL },
		{ ESAFE_SCOPE_DEVICE, "Laptop-99", NULL },
		{ ESAFE_SCOPE_DEVICE, "laptpo-42", "there is no device laptpo-42; did you mean laptop-42?" },
		{ ESAFE_SCOPE_USER, "zoe", NULL },
		{ ESAFE_SCOPE_USER, "zac", "there is no user zac" }, /* who has left */
		{ ESAFE_SCOPE_USER, "zeo", "there is no user zeo; did you mean zoe?" },
		{ ESAFE_SCOPE_GROUP, "staff", NULL },
		{ ESAFE_SCOPE_GROUP, "Staff", "the policy has no group Staff; did you mean staff?" },
	};
	struct esafed esafed = { .reg = reg, .policy = read_text(SCHOOL) };
	char text[512];

	fill();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct known_names known;

		cr_assert_eq(known_names_load(&known, rows[i].kind, &esafed), 0);
		cr_expect_eq(known_names_has(&known, rows[i].name), !rows[i].says, "%s", rows[i].name);
		known_names_complain(&known, rows[i].name, text, sizeof(text));
		if (rows[i].says)
			cr_expect_str_eq(text, rows[i].says);
		known_names_free(&known);
	}
	policy_free(esafed.policy);
}

Test(known, without_a_policy_every_group_is)
{
	struct esafed esafed = { .reg = reg };
	struct known_names known;

	cr_assert_eq(known_names_load(&known, ESAFE_SCOPE_GROUP, &esafed), 0);
	cr_expect(known_names_has(&known, "staff"));
	cr_expect(known_names_has(&known, NULL));
	known_names_free(&known);
}
