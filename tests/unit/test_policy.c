/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>

#include "names.h"
#include "policy_show.h"
#include "policy_text.h"
#include "policyfile.h"

static const struct group *group(const struct policy *policy, const char *name)
{
	size_t index = policy_group(policy, name);

	cr_assert_neq(index, SIZE_MAX, "%s", name);
	return &policy->group[index];
}

static const char *verdict(const struct policy *policy, const char *name, const char *category)
{
	static char text[128];

	for (size_t i = 0; i < policy->categories; i++)
		if (!strcmp(policy->category[i].name, category))
			rule_text(policy, &group(policy, name)->category[i], text, sizeof(text));
	return text;
}

static const char *site(const struct policy *policy, const char *name, const char *host)
{
	static char text[128];
	const struct group *g = group(policy, name);

	strcpy(text, "no rule");
	for (size_t i = 0; i < g->sites; i++) {
		char other[NAME_TEXT_MAX];

		name_to_text(g->site[i].name->wire, g->site[i].name->len, other, sizeof(other));
		if (!strcmp(other, host))
			rule_text(policy, &g->site[i].rule, text, sizeof(text));
	}
	return text;
}

Test(policy, reads_a_school)
{
	struct policy *policy = read_text(SCHOOL);

	cr_expect_eq(policy->groups, 2);
	cr_expect_str_eq(verdict(policy, "pupils", "games"), "allow lunch");
	cr_expect_str_eq(verdict(policy, "pupils", "social"), "block");
	cr_expect_str_eq(verdict(policy, "staff", "games"), "allow", "takes the default");
	cr_expect_eq(policy->ttl, 30);
	cr_expect_eq(policy->negative_ttl, 30);
	cr_expect_eq(group(policy, "staff")->set[SET_SAFESEARCH], LOCK_STRICT, "the careful side");
	cr_expect_eq(group(policy, "staff")->set[SET_QUIC], ESAFE_QUIC_REJECT);
	policy_free(policy);
}

Test(policy, inherits_and_overrides)
{
	struct policy *policy =
		read_text(SCHOOL "  year6:\n"
				 "    inherit: year5\n"
				 "    sites: { a.example: block }\n"
				 "  year5:\n"
				 "    inherit: pupils\n"
				 "    youtube: moderate\n"
				 "    categories: { games: block }\n"
				 "    sites: { a.example: allow, b.example: { block: [lunch, lessons] } }\n");

	cr_expect_str_eq(verdict(policy, "year6", "games"), "block");
	cr_expect_str_eq(verdict(policy, "year6", "social"), "block");
	cr_expect_eq(group(policy, "year6")->set[SET_YOUTUBE], LOCK_MODERATE);
	cr_expect_eq(group(policy, "pupils")->set[SET_YOUTUBE], LOCK_STRICT);
	cr_expect_str_eq(site(policy, "year6", "a.example"), "block");
	cr_expect_str_eq(site(policy, "year6", "b.example"), "block lunch+lessons");
	cr_expect_str_eq(site(policy, "year5", "a.example"), "allow");
	cr_expect_str_eq(site(policy, "pupils", "a.example"), "no rule");
	policy_free(policy);
}

Test(policy, what_is_inherited_is_never_looser_than_the_default)
{
	struct policy *policy = read_text(SCHOOL "  ks1: { inherit: pupils, default: block }\n"
						 "  club: { inherit: staff, default: { allow: lunch } }\n");

	cr_expect_str_eq(verdict(policy, "ks1", "games"), "block");
	cr_expect_str_eq(verdict(policy, "club", "games"), "allow lunch");
	cr_expect_str_eq(verdict(policy, "club", "adult"), "block");
	policy_free(policy);
	refused(SCHOOL "  ks1: { default: block, categories: { games: allow } }\n", 10, 40, "cannot be looser");
}

Test(policy, strictest_group_is_found_or_named)
{
	struct policy *policy = read_text(SCHOOL "  open: { default: allow }\n");

	cr_expect_str_eq(policy->group[policy->unknown].name, "pupils");
	policy_free(policy);
	policy = read_text(SCHOOL "  none: { inherit: staff, internet: no }\n");
	cr_expect_str_eq(policy->group[policy->unknown].name, "none");
	policy_free(policy);
	policy = read_text(SCHOOL "unknown: staff\n");
	cr_expect_str_eq(policy->group[policy->unknown].name, "staff");
	policy_free(policy);
	refused(SCHOOL "unknown: stuff\n", 10, 10, "no group is called \"stuff\"");
}

Test(policy, one_level_for_everybody_is_refused)
{
	refused("categories: { adult: Adult }\ngroups:\n  all: { default: block }\n", 3, 3,
		"every group gets the same");
	refused("categories: { adult: Adult }\ngroups:\n  a: { default: block }\n  b: { inherit: a, log: none }\n", 3,
		3, "every group gets the same");
	refused("categories: { adult: Adult }\ngroups: {}\n", 1, 1, "every group gets the same");
}

Test(policy, errors_name_line_column_and_the_nearest_word)
{
	static const struct {
		const char *text;
		int line, column;
		const char *says;
	} wrong[] = {
		{ "groups: {}\n", 1, 1, "\"categories\" is missing" },
		{ SCHOOL "  ks2: { inherits: pupils }\n", 10, 10, "did you mean \"inherit\"" },
		{ SCHOOL "  ks2: { inherit: pupil }\n", 10, 19, "did you mean \"pupils\"" },
		{ SCHOOL "  ks2: { inherit: pupils, categories: { gmaes: block } }\n", 10, 41,
		  "did you mean \"games\"" },
		{ SCHOOL "  ks2: { inherit: pupils, categories: { games: blok } }\n", 10, 48,
		  "did you mean \"block\"" },
		{ SCHOOL "  ks2: { inherit: pupils, categories: { games: { allow: luncg } } }\n", 10, 57, "\"lunch\"" },
		{ SCHOOL "  ks2: { inherit: pupils, categories: { games: { alow: lunch } } }\n", 10, 48,
		  "not \"alow\"" },
		{ SCHOOL "  ks2: { inherit: pupils, categories: { games: { allow: [] } } }\n", 10, 57, "no times" },
		{ SCHOOL "  ks2: { inherit: pupils, youtube: off, youtube: strict }\n", 10, 41, "stands here twice" },
		{ SCHOOL "  ks2: { inherit: pupils, quic: read }\n", 10, 33, "reject, inspect or allow" },
		{ SCHOOL "  ks2: { inherit: pupils, tunnels: shh }\n", 10, 36, "did you mean \"ssh\"" },
		{ SCHOOL "  ks2: { inherit: pupils, tunnels: [ssh, opnvpn] }\n", 10, 42, "did you mean \"openvpn\"" },
		{ SCHOOL "  ks2: { inherit: pupils, tunnels: [ssh, all] }\n", 10, 42, "stands by itself" },
		{ SCHOOL "  ks2: { log: full }\n", 10, 3, "has no default" },
		{ SCHOOL "  a: { inherit: b }\n  b: { inherit: a }\n", 10, 17, "inherits from itself" },
		{ SCHOOL "  a: { inherit: a }\n", 10, 17, "inherits from itself" },
		{ SCHOOL "  a b: { inherit: pupils }\n", 10, 3, "letters, digits" },
		{ SCHOOL "  p2: { inherit: pupils, answer: page }\n", 10, 3, "block_page gives no address" },
		{ SCHOOL "grups: 1\n", 10, 1, "did you mean \"groups\"" },
		{ SCHOOL "ttl: 1.5\n", 10, 6, "whole number from 0 to 3600" },
		{ SCHOOL "block_page: { ipv4: 10.0.0.256 }\n", 10, 21, "not an IPv4 address" },
		{ SCHOOL "holidays: [2026-12-32]\n", 10, 12, "a date is written" },
		{ "times:\n  x: [Mon 09:00-10:00, Mon 9:00-10:00]\n", 2, 28, "08:30" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(wrong[i].text, wrong[i].line, wrong[i].column, wrong[i].says);
}

Test(policy, sites_are_names_of_hosts)
{
	static const struct {
		const char *name, *says;
	} wrong[] = {
		{ "https://bbc.co.uk", "address of a page" }, { "bbc.co.uk/news", "address of a page" },
		{ "\"*.bbc.co.uk\"", "leave out the star" },  { "10.0.0.1", "where a name is wanted" },
		{ "\"::1\"", "where a name is wanted" },       { "bbc..co.uk", "not the name of a host" },
		{ "\".\"", "not the name of a host" },	       { "\"b c.uk\"", "not the name of a host" },
		{ "\"\"", "not the name of a host" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text), SCHOOL "    sites: { %s: allow }\n", wrong[i].name);
		/* the last group is written in one line: open it up */
		snprintf(text, sizeof(text), SCHOOL "  more:\n    inherit: staff\n    sites: { %s: allow }\n",
			 wrong[i].name);
		refused(text, SCHOOL_LINES + 3, 14, wrong[i].says);
	}
	refused(SCHOOL "  m:\n    inherit: staff\n    sites: { a.uk: allow, A.UK.: block }\n", 12, 0,
		"spelt otherwise");
}

Test(policy, lists_have_a_category_or_a_floor)
{
	struct policy *policy = read_text(SCHOOL "lists:\n  - { name: a, category: adult, file: a.txt }\n"
						 "  - { name: iwf, floor: illegal, file: /x, format: plain }\n"
						 "  - { name: ctiru, floor: illegal, file: /y }\n");

	cr_expect_eq(policy->lists, 3);
	cr_expect_eq(policy->categories, 4, "both floor lists share a category");
	cr_expect(policy->category[3].floor);
	cr_expect_not(policy->category[policy->list[0].category].floor);
	policy_free(policy);
	refused(SCHOOL "lists:\n  - { name: a, file: b }\n", 11, 5, "either a category or a floor");
	refused(SCHOOL "lists:\n  - { name: a, file: b, floor: x, category: adult }\n", 11, 5, "either a category");
	refused(SCHOOL "lists:\n  - { name: a, file: b, floor: adult }\n", 11, 32, "a floor needs another name");
	refused(SCHOOL "lists:\n  - { name: a, file: b, category: adlut }\n", 11, 0, "did you mean \"adult\"");
	refused(SCHOOL "lists:\n  - { name: a, file: b, category: adult }\n  - { name: a, file: c, category: adult }\n",
		12, 5, "stands in line 11");
	refused(SCHOOL "  m: { inherit: staff, categories: { x: allow } }\n"
		       "lists:\n  - { name: a, file: b, floor: x }\n",
		10, 41, "locked");
}

Test(policy, places)
{
	struct policy *policy = read_text(SCHOOL "places:\n  - { vlan: 20, group: pupils }\n"
						 "  - { subnet: 10.0.32.0/20, group: staff }\n"
						 "  - { subnet: \"fd00:1::/32\", interface: eth1, group: staff }\n"
						 "  - { subnet: 0.0.0.0/0, group: pupils }\n");

	cr_expect_eq(policy->places, 4);
	cr_expect_eq(policy->place[1].mask[14], 0xf0);
	cr_expect_eq(policy->place[1].mask[15], 0);
	cr_expect_eq(policy->place[1].addr[10], 0xff);
	cr_expect_eq(policy->place[2].mask[3], 0xff);
	cr_expect_eq(policy->place[2].mask[4], 0);
	cr_expect_eq(policy->place[3].mask[11], 0xff, "all of IPv4, and no IPv6");
	cr_expect_eq(policy->place[3].mask[12], 0);
	policy_free(policy);
	refused(SCHOOL "places: [{ group: staff }]\n", 10, 10, "a vlan, a subnet or an interface");
	refused(SCHOOL "places: [{ vlan: 4095, group: staff }]\n", 10, 18, "from 1 to 4094");
	refused(SCHOOL "places: [{ subnet: 10.0.0.1/24, group: staff }]\n", 10, 20, "behind its prefix");
	refused(SCHOOL "places: [{ subnet: 10.0.0.0/33, group: staff }]\n", 10, 20, "not a subnet");
	refused(SCHOOL "places: [{ subnet: 10.0.0.0, group: staff }]\n", 10, 20, "not a subnet");
	refused(SCHOOL "places: [{ vlan: 2, group: stafff }]\n", 10, 28, "did you mean \"staff\"");
}

Test(policy, services)
{
	struct policy *policy = read_text(
		SCHOOL
		"services:\n"
		"  s: { kind: search, names: [\"www.s.*\"], endings: [uk, co.ke], strict: { ipv4: [10.0.0.1] } }\n");

	cr_assert_eq(policy->services, 1);
	cr_expect_eq(policy->service[0].names_n, 2);
	cr_expect_eq(policy->service[0].names[1]->len, 13);
	policy_free(policy);
	refused(SCHOOL "services:\n  s: { kind: search, names: [\"www.s.*\"], strict: { cname: a.b } }\n", 11, 30,
		"no endings");
	refused(SCHOOL "services:\n  s: { kind: canary, names: [a.b], strict: { cname: a.b } }\n", 11, 6,
		"by an rcode");
	refused(SCHOOL "services:\n  s: { kind: search, names: [a.b], rcode: nodata }\n", 11, 6, "has a strict side");
	refused(SCHOOL "services:\n  s: { kind: search, names: [a.b], strict: {} }\n", 11, 44, "neither a cname nor");
}

Test(policy, shipped_data_gives_way_and_may_not_do_more)
{
	const char *own = SCHOOL "services:\n  s: { kind: search, names: [own.uk], strict: { ipv4: [10.0.0.1] } }\n";
	const char *data = "services:\n  s: { kind: search, names: [a.uk, b.uk], strict: { ipv4: [10.0.0.2] } }\n"
			   "  t: { kind: canary, names: [c.uk], rcode: nxdomain }\nprotected: { help: [h.uk] }\n";
	struct policy_text texts[] = { { "p.yaml", own, strlen(own) }, { "s.yaml", data, strlen(data) } };
	struct problems problems = { 0 };
	struct policy *policy = policy_read_all(texts, 2, "/data", &problems);

	cr_assert_not_null(policy);
	cr_assert_eq(policy->services, 2);
	cr_expect_eq(policy->service[0].names_n, 1);
	cr_expect_eq(policy->helps, 1);
	cr_expect_str_eq(policy->help[0]->at.file, "s.yaml");
	policy_free(policy);
	texts[1].text = "groups: {}\n";
	texts[1].len = strlen(texts[1].text);
	cr_expect_null(policy_read_all(texts, 2, "/data", &problems));
	cr_assert_eq(problems.n, 1);
	cr_expect_str_eq(problems.item[0].file, "s.yaml");
	problems_free(&problems);
}

Test(policy, too_much_is_refused_with_its_line)
{
	char *text = malloc(1 << 20);
	size_t at = sprintf(text, SCHOOL);

	for (int i = 0; i < ESAFE_GROUPS; i++)
		at += sprintf(text + at, "  g%d: { inherit: staff }\n", i);
	refused(text, SCHOOL_LINES + ESAFE_GROUPS - 1, 0, "more than 64 groups");
	at = sprintf(text, SCHOOL "  m:\n    inherit: staff\n    sites:\n");
	for (int i = 0; i < ESAFE_SITES; i++)
		at += sprintf(text + at, "      n%d.uk: allow\n", i);
	refused(text, SCHOOL_LINES + 4, 0, "more than 16383 sites");
	at = sprintf(text, "times:\n");
	for (int i = 0; i < ESAFE_WINDOWS; i++)
		at += sprintf(text + at, "  t%d: daily\n", i);
	refused(text, 1 + ESAFE_WINDOWS, 0, "more than 63 named times");
	free(text);
}

struct seen {
	char text[65536];
};

static void keep(void *ctx, const char *text)
{
	struct seen *seen = ctx;

	strncat(seen->text, text, sizeof(seen->text) - strlen(seen->text) - 2);
	strcat(seen->text, "\n");
}

Test(policy, show_is_a_table)
{
	struct policy *policy = read_text(SCHOOL);
	struct seen *seen = calloc(1, sizeof(*seen));

	cr_expect_eq(policy_show(policy, "nobody", keep, seen), -ENOENT);
	cr_expect_eq(policy_show(policy, NULL, keep, seen), 0);
	cr_expect(strstr(seen->text, "               pupils       staff\n"), "%s", seen->text);
	cr_expect(strstr(seen->text, "games          allow lunch  allow\n"), "%s", seen->text);
	cr_expect(strstr(seen->text, "time lessons          weekdays 09:00-12:00\n"), "%s", seen->text);
	memset(seen, 0, sizeof(*seen));
	cr_expect_eq(policy_show(policy, "staff", keep, seen), 0);
	cr_expect(!strstr(seen->text, "pupils"), "%s", seen->text);
	cr_expect(strstr(seen->text, "adult          block\n"), "%s", seen->text);
	free(seen);
	policy_free(policy);
}

Test(policy, shipped_files_are_right)
{
	struct problems problems = { 0 };
	struct policy *policy = shipped_policy(&problems);

	cr_assert_not_null(policy, "%s:%d: %s", problems.n ? problems.item[0].file : "",
			   problems.n ? problems.item[0].line : 0, problems.n ? problems.item[0].text : "");
	cr_expect_str_eq(verdict(policy, "pupils", "social"), "block");
	cr_expect_str_eq(verdict(policy, "pupils", "conferencing"), "supervised");
	cr_expect_str_eq(verdict(policy, "pupils", "games"), "allow lunch");
	cr_expect_str_eq(verdict(policy, "staff", "social"), "allow lunch+after-school");
	cr_expect_str_eq(verdict(policy, "leaders", "social"), "allow");
	cr_expect_str_eq(verdict(policy, "ks1", "games"), "block");
	cr_expect_str_eq(policy->group[policy->unknown].name, "ks1");
	for (size_t i = 0; i < policy->groups; i++)
		cr_expect_str_eq(verdict(policy, policy->group[i].name, "pornography"), "block", "%s",
				 policy->group[i].name);
	policy_free(policy);
}

Test(policy, example_of_the_manual_is_right)
{
	struct problems problems = { 0 };
	size_t len;
	char *text = source_file("daemon/esafe-policy.5", &len);
	char *from = strstr(text, ".Bd -literal"), *to = from ? strstr(from, ".Ed") : NULL;
	struct policy *policy;

	cr_assert_not_null(to);
	from = strchr(from, '\n') + 1;
	policy = policy_read("example", from, to - from, "/data", &problems);
	cr_expect_not_null(policy, "%d: %s", problems.n ? problems.item[0].line : 0,
			   problems.n ? problems.item[0].text : "");
	policy_free(policy);
	free(text);
}

Test(policy, a_missing_file_is_a_problem)
{
	struct problems problems = { 0 };
	size_t len;
	char *text;

	cr_expect_null(policy_load("p.yaml", SCHOOL, strlen(SCHOOL), "/nowhere", &problems));
	cr_assert_eq(problems.n, 1);
	cr_expect_str_eq(problems.item[0].file, "/nowhere/services.yaml");
	problems_free(&problems);
	cr_expect_eq(file_read("/nowhere/policy.yaml", FILE_BYTES, &text, &len), -ENOENT);
	cr_expect_eq(file_read("/dev/zero", FILE_BYTES, &text, &len), -EINVAL);
}
