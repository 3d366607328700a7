/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "diff.h"
#include "policy_text.h"

static void keep(void *ctx, char sign, const char *path, const char *text)
{
	char *all = ctx;

	sprintf(all + strlen(all), "%c %s: %s\n", sign, path, text);
}

static void differs(const char *old, const char *new, int lines, const char *expected)
{
	struct policy *a = read_text(old), *b = read_text(new);
	char *all = calloc(1, 1 << 16);

	cr_expect_eq(policy_diff(a, b, keep, all), lines, "%s", all);
	cr_expect_str_eq(all, expected);
	free(all);
	policy_free(a);
	policy_free(b);
}

Test(diff, same_policy_says_nothing)
{
	differs(SCHOOL, SCHOOL, 0, "");
	/* spelt and ordered otherwise, but the same */
	differs(SCHOOL "  m: { inherit: staff, sites: { A.uk: block, b.uk: allow } }\n",
		SCHOOL "  m:\n    sites:\n      b.uk.: allow\n      a.uk: block\n    inherit: staff\n", 0, "");
}

Test(diff, shows_what_a_change_means_for_those_who_inherit)
{
	differs(SCHOOL "  ks2: { inherit: pupils }\n  m: { inherit: staff, categories: { social: block } }\n",
		SCHOOL
		"  ks2: { inherit: pupils, categories: { games: { block: lessons } } }\n  m: { inherit: staff }\n",
		2,
		"~ groups.ks2.categories.games: allow lunch -> block lessons\n"
		"~ groups.m.categories.social: block -> allow\n");
}

Test(diff, names_what_comes_and_goes)
{
	differs(SCHOOL "  m: { inherit: staff, sites: { a.uk: block } }\nholidays: [2026-12-24]\n",
		SCHOOL "  m: { inherit: staff, sites: { b.uk: supervised } }\nttl: 60\nprotected: { help: [h.uk] }\n",
		5,
		"- groups.m.sites.a.uk: block\n"
		"+ groups.m.sites.b.uk: supervised\n"
		"- holidays: 2026-12-24\n"
		"+ protected.help.h.uk: always open\n"
		"~ ttl: 30, negative 30 -> 60, negative 60\n");
	differs("times: { t: Mon 10:00-11:00 }\ncategories: { x: X }\n"
		"groups: { a: { default: block }, b: { default: allow } }\n"
		"places: [{ vlan: 2, group: a }]\nlists: [{ name: l, category: x, file: f }]\n",
		"times: { t: [Mon 10:00-11:00, Sun] }\ncategories: { x: X }\n"
		"groups: { a: { default: block }, b: { default: allow } }\nunknown: b\n"
		"places: [{ subnet: 10.0.0.0/8, group: b }]\nlists: [{ name: l, floor: y, file: f, format: hosts }]\n",
		4,
		"~ lists.l: category x from f, auto -> floor y from f, hosts\n"
		"~ places.01: vlan 2 -> a -> subnet 10.0.0.0/8 -> b\n"
		"~ times.t: Mon 10:00-11:00 -> Mon 10:00-11:00, Sun 00:00-24:00\n"
		"~ unknown: a -> b\n");
}

Test(diff, first_policy_is_all_new)
{
	struct policy *policy = read_text(SCHOOL);
	char *all = calloc(1, 1 << 16);
	int lines = policy_diff(NULL, policy, keep, all);

	cr_expect_gt(lines, 20);
	cr_expect(strstr(all, "+ groups.pupils.categories.games: allow lunch\n"), "%s", all);
	cr_expect(!strstr(all, "- groups") && !strstr(all, "~ "), "%s", all);
	free(all);
	policy_free(policy);
}
