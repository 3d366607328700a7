/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies compiled: what they decide, how they answer, and what is refused. */
#include "compiled.h"
#include "event.h"
#include "policy_lists.h"

Test(compile, categories_follow_the_clock)
{
	struct made m = make(SCHOOL "  ks1: { default: supervised }\n  evening: { default: { block: lessons } }\n");

	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", AT(11, 59)), "block time");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", AT(12, 0)), "allow default");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", AT(13, 0)), "block time");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "social", AT(12, 0)), "block category");
	cr_expect_str_eq(judge(&m, "staff", "x.uk", "games", AT(11, 0)), "allow default");
	cr_expect_str_eq(judge(&m, "ks1", "x.uk", "games", AT(11, 0)), "block supervised");
	cr_expect_str_eq(judge(&m, "ks1", "x.uk", NULL, AT(11, 0)), "block supervised");
	cr_expect_str_eq(judge(&m, "evening", "x.uk", NULL, AT(11, 0)), "block time");
	cr_expect_str_eq(judge(&m, "evening", "x.uk", NULL, AT(17, 0)), "allow default");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", utc(2026, 2, 27, 12, 30)), "allow default",
			 "weeks ahead");
	unmake(&m);
}

Test(compile, clocks_change_in_the_laid_out_slots)
{
	struct made m = { .policy = read_text(SCHOOL) };
	struct problems problems = { 0 };
	struct compile_env env = env_of(&m);

	m.p = calloc(1, sizeof(*m.p));
	env.now_realtime_ns = utc(2026, 3, 26, 0, 0) * SECOND;
	cr_assert_eq(policy_compile(m.policy, &env, m.p, &problems), 0);
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", utc(2026, 3, 27, 12, 30)), "allow default", "winter");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", utc(2026, 3, 30, 12, 30)), "block time", "summer");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", utc(2026, 3, 30, 11, 30)), "allow default", "summer");
	unmake(&m);
}

Test(compile, slots_are_whole)
{
	struct made m = make(SCHOOL);
	const struct esafe_policy *p = m.p;

	cr_expect_eq(p->abi, ESAFE_ABI);
	cr_expect_eq(p->version, 3);
	cr_assert_gt(p->transitions_count, 8);
	cr_expect_eq(p->transitions[0].at_ns, 0);
	cr_expect_eq(p->transitions[1].at_ns, (AT(9, 0) + TAI) * SECOND);
	for (__u32 i = 0; i < p->transitions_count; i++) {
		cr_assert(p->transitions[i].windows & 1, "always is always open");
		if (i)
			cr_assert_gt(p->transitions[i].at_ns, p->transitions[i - 1].at_ns);
	}
	cr_expect_geq(p->transitions[p->transitions_count - 1].at_ns, (utc(2026, 1, 5, 0, 0) + 8 * 86400ULL) * SECOND);
	/* pupils in lunch or not, staff: three levels, however many slots */
	cr_expect_eq(p->profiles[2].block_answer != 0, 1);
	cr_expect_eq(p->profiles[3].block_answer, 0, "not shared");
	unmake(&m);
}

Test(compile, sites_cover_what_is_below_and_the_longest_counts)
{
	struct made m = make(
		SCHOOL
		"    \n"
		"  ks2:\n    inherit: pupils\n"
		"    sites: { a.uk: block, ok.a.uk: allow, l.uk: { allow: lunch },"
		" d.uk: { block: [lunch, lessons] }, s.uk: supervised }\n"
		"  year6:\n    inherit: ks2\n    sites: { l.uk: allow }\n");

	cr_expect_str_eq(judge(&m, "ks2", "a.uk", NULL, AT(10, 0)), "block site");
	cr_expect_str_eq(judge(&m, "ks2", "x.y.a.uk", NULL, AT(10, 0)), "block site");
	cr_expect_str_eq(judge(&m, "ks2", "xa.uk", NULL, AT(10, 0)), "allow default");
	cr_expect_str_eq(judge(&m, "ks2", "ok.a.uk", "adult", AT(10, 0)), "allow site");
	cr_expect_str_eq(judge(&m, "ks2", "l.uk", NULL, AT(10, 0)), "block time");
	cr_expect_str_eq(judge(&m, "ks2", "www.l.uk", "adult", AT(12, 59)), "allow site");
	cr_expect_str_eq(judge(&m, "ks2", "d.uk", NULL, AT(10, 0)), "block time");
	cr_expect_str_eq(judge(&m, "ks2", "d.uk", NULL, AT(12, 30)), "block time");
	cr_expect_str_eq(judge(&m, "ks2", "d.uk", "adult", AT(16, 0)), "allow site");
	cr_expect_str_eq(judge(&m, "ks2", "s.uk", NULL, AT(10, 0)), "block supervised");
	cr_expect_str_eq(judge(&m, "year6", "l.uk", NULL, AT(10, 0)), "allow site");
	cr_expect_str_eq(judge(&m, "year6", "a.uk", NULL, AT(10, 0)), "block site");
	/* nothing leaks to a group that did not say so */
	cr_expect_str_eq(judge(&m, "pupils", "a.uk", NULL, AT(10, 0)), "allow default");
	cr_expect_str_eq(judge(&m, "staff", "ok.a.uk", "adult", AT(10, 0)), "block category");
	cr_expect_eq(site_of(&m, "a.uk")->line, 13);
	cr_expect_eq(site_of(&m, "a.uk")->clauses, 1, "two groups share it");
	cr_expect_eq(site_of(&m, "nowhere.uk")->line, 0);
	unmake(&m);
}

Test(compile, sites_with_the_same_rules_share_clauses)
{
	struct made m = make(SCHOOL "  m:\n    inherit: staff\n    sites: { a.uk: block, b.uk: block, c.uk: allow }\n");

	cr_expect_eq(site_of(&m, "a.uk")->clause, site_of(&m, "b.uk")->clause);
	cr_expect_neq(site_of(&m, "a.uk")->clause, site_of(&m, "c.uk")->clause);
	cr_expect_neq(site_of(&m, "a.uk")->clause, 0);
	unmake(&m);
}

Test(compile, times_of_one_group_are_not_those_of_another)
{
	struct made m = make(SCHOOL "  a:\n    inherit: staff\n    sites: { x.uk: { allow: lunch } }\n"
				    "  b:\n    inherit: staff\n    sites: { x.uk: { allow: lessons } }\n");

	cr_expect_str_eq(judge(&m, "a", "x.uk", NULL, AT(12, 30)), "allow site");
	cr_expect_str_eq(judge(&m, "a", "x.uk", NULL, AT(10, 0)), "block time");
	cr_expect_str_eq(judge(&m, "b", "x.uk", NULL, AT(12, 30)), "block time");
	cr_expect_str_eq(judge(&m, "b", "x.uk", NULL, AT(10, 0)), "allow site");
	unmake(&m);
}

/* Two thousand different sets of groups: a clause shared by mistake would show. */
Test(compile, every_site_is_for_its_own_groups)
{
	char *text = malloc(1 << 20), host[64], name[16];
	size_t at = sprintf(text, SCHOOL);
	struct made m;

	for (int g = 0; g < 11; g++) {
		at += sprintf(text + at, "  g%d:\n    inherit: staff\n    sites:\n      every.uk: block\n", g);
		for (int i = 0; i < 2048; i++)
			if (i >> g & 1)
				at += sprintf(text + at, "      n%d.uk: block\n", i);
	}
	m = make(text);
	for (int i = 0; i < 2048; i++) {
		for (int g = 0; g < 11; g++) {
			snprintf(host, sizeof(host), "n%d.uk", i);
			snprintf(name, sizeof(name), "g%d", g);
			cr_assert_str_eq(judge(&m, name, host, NULL, AT(10, 0)),
					 i >> g & 1 ? "block site" : "allow default", "%s for %s", host, name);
		}
	}
	unmake(&m);
	free(text);
}

Test(compile, a_full_table_of_sites_is_found_again)
{
	char *text = malloc(1 << 20);
	size_t at = sprintf(text, SCHOOL "  m:\n    inherit: staff\n    sites:\n");
	struct made m;

	for (int i = 1; i < ESAFE_SITES; i++)
		at += sprintf(text + at, "      n%d.example.org: %s\n", i, i % 3 ? "allow" : "block");
	m = make(text);
	for (int i = 1; i < ESAFE_SITES; i++) {
		char host[64];

		snprintf(host, sizeof(host), "n%d.example.org", i);
		cr_assert_eq(site_of(&m, host)->line, SCHOOL_LINES + 3 + i, "%s", host);
		cr_assert_str_eq(judge(&m, "m", host, NULL, AT(10, 0)), i % 3 ? "allow site" : "block site", "%s",
				 host);
	}
	unmake(&m);
	at += sprintf(text + at, "  n:\n    inherit: staff\n    sites: { one.more.uk: allow }\n");
	refuses(text, SCHOOL_LINES + 3 + ESAFE_SITES - 1, "more than 16383 names");
	free(text);
}

Test(compile, protected_names_cannot_be_blocked)
{
	struct made m = make(SCHOOL "protected: { help: [help.uk, both.uk], update: [update.uk, both.uk] }\n");

	cr_expect_str_eq(judge(&m, "pupils", "www.help.uk", "adult", AT(10, 0)), "allow help");
	cr_expect_str_eq(judge(&m, "pupils", "update.uk", "adult", AT(10, 0)), "allow update");
	cr_expect_str_eq(judge(&m, "pupils", "both.uk", "adult", AT(10, 0)), "allow help");
	unmake(&m);
	refuses(SCHOOL "  m: { inherit: staff, sites: { help.uk: block } }\nprotected: { help: [help.uk] }\n", 10,
		"this name is protected");
}

#define SERVICES                                                                          \
	"services:\n"                                                                     \
	"  find: { kind: search, names: [www.find.uk], strict: { cname: safe.find.uk,"    \
	" ipv4: [10.1.0.1, 10.1.0.2], ipv6: [\"fd00::1\"] } }\n"                          \
	"  tube: { kind: video, names: [tube.uk], strict: { cname: strict.tube.uk,"       \
	" ipv4: [10.2.0.1] }, moderate: { ipv4: [10.2.0.2] } }\n"                         \
	"  lost: { kind: search, names: [lost.uk], strict: { cname: safe.lost.uk } }\n"   \
	"  doh: { kind: canary, names: [canary.uk], rcode: nxdomain }\n"                  \
	"  ddr: { kind: canary, names: [resolver.arpa], rcode: nodata }\n"

static const struct esafe_answer *service_answer(const struct made *m, const char *group, const char *host)
{
	const struct esafe_profile *profile =
		&m->p->profiles[m->p->transitions[0].profile[idtable_get(&m->groups, group)]];
	__u16 index = profile->service_answer[site_of(m, host)->service];

	return index ? &m->p->answers[index] : NULL;
}

Test(compile, services_are_answered_by_group)
{
	struct made m =
		make(SCHOOL "  tutors: { inherit: staff, youtube: moderate, safesearch: off, answer: refused }\n"
			    "  free: { inherit: staff, youtube: off }\n" SERVICES);
	const struct esafe_answer *answer = service_answer(&m, "pupils", "www.find.uk");

	cr_assert_not_null(answer);
	cr_expect_eq(answer->rcode, 0);
	cr_expect_eq(answer->ede, 4);
	cr_expect_eq(answer->a.count, 3);
	cr_expect_eq(answer->aaaa.count, 2);
	cr_expect_null(service_answer(&m, "tutors", "www.find.uk"));
	cr_expect_null(service_answer(&m, "free", "tube.uk"));
	cr_expect_eq(service_answer(&m, "tutors", "tube.uk")->a.count, 1, "an address without a CNAME");
	cr_expect_eq(service_answer(&m, "tutors", "tube.uk")->a.fix, 0);
	cr_expect_eq(service_answer(&m, "pupils", "tube.uk")->aaaa.count, 0, "no address, no CNAME to follow");
	cr_expect_eq(service_answer(&m, "pupils", "lost.uk")->rcode, 3, "cannot be locked: blocked as the group is");
	cr_expect_eq(service_answer(&m, "free", "canary.uk")->rcode, 3);
	cr_expect_eq(service_answer(&m, "free", "canary.uk")->ede, ESAFE_NO_EDE);
	cr_expect_eq(service_answer(&m, "free", "resolver.arpa")->rcode, 0);
	cr_expect_eq(service_answer(&m, "free", "resolver.arpa")->a.count, 0);
	cr_expect(site_of(&m, "canary.uk")->canary);
	cr_expect_not(site_of(&m, "tube.uk")->canary);
	cr_expect_eq(m.p->pinned_count, 5);
	unmake(&m);
	refuses(SCHOOL "services:\n  a: { kind: canary, names: [x.uk], rcode: nodata }\n"
		       "  b: { kind: canary, names: [x.uk], rcode: nodata }\n",
		12, "in two services, \"a\" and \"b\"");
}

Test(compile, records_are_what_dns_says)
{
	static const __u8 expected[] = {
		0xc0, 0x0c, 0,	  5,	0,   1, 0,    0,    0, 77, 0, 14, 4, 's', 'a', 'f', 'e', 4, 'f', 'i',
		'n',  'd',  2,	  'u',	'k', 0, 0xc0, 0x0c, 0, 1,  0, 1,  0, 0,	  0,   77,  0,	 4, 10,	 1,
		0,    1,    0xc0, 0x0c, 0,   1, 0,    1,    0, 0,  0, 77, 0, 4,	  10,  1,   0,	 2,
	};
	struct made m = make(SCHOOL SERVICES "ttl: 77\n");
	const struct esafe_answer *answer = service_answer(&m, "pupils", "www.find.uk");

	cr_assert_eq(answer->a.len, sizeof(expected));
	cr_expect_arr_eq(answer->a.body, expected, sizeof(expected));
	cr_expect_eq(answer->a.fix, 2);
	cr_expect_eq(answer->a.fix_first, 26);
	cr_expect_eq(answer->a.fix_step, 16);
	cr_expect_eq(answer->aaaa.fix_step, 28);
	cr_expect_eq(answer->aaaa.len, 26 + 28);
	cr_expect_eq(m.p->negative_ttl, 77);
	unmake(&m);
}

static size_t seen_addresses(void *ctx, const struct domain *target, __u8 (*out)[16], size_t room)
{
	static const __u8 addr[16] = { [10] = 0xff, [11] = 0xff, 10, 9, 8, 7 };

	if (target->len != 14 || memcmp(target->wire, "\4safe\4lost\2uk", 14))
		return 0;
	memcpy(out[0], addr, 16);
	return 1;
}

Test(compile, addresses_that_were_seen_stand_in)
{
	struct made m = { .policy = read_text(SCHOOL SERVICES) };
	struct problems problems = { 0 };
	struct compile_env env = env_of(&m);

	m.p = calloc(1, sizeof(*m.p));
	env.addresses = seen_addresses;
	cr_assert_eq(policy_compile(m.policy, &env, m.p, &problems), 0);
	cr_expect_eq(service_answer(&m, "pupils", "lost.uk")->a.count, 2);
	cr_expect_eq(m.p->pinned_count, 6);
	cr_expect_eq(service_answer(&m, "pupils", "www.find.uk")->a.count, 3);
	unmake(&m);
}

Test(compile, block_answers_by_group)
{
	struct made m = make("block_page: { ipv4: 10.0.0.1 }\n" SCHOOL
			     "  a: { inherit: staff, answer: nodata }\n  b: { inherit: staff, answer: refused }\n"
			     "  c: { inherit: staff, answer: page }\n");
	static const struct {
		const char *group;
		int rcode, ede, a, aaaa;
	} want[] = { { "staff", 3, 15, 0, 0 }, { "a", 0, 15, 0, 0 }, { "b", 5, 15, 0, 0 }, { "c", 0, 4, 1, 0 } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		int g = idtable_get(&m.groups, want[i].group);
		const struct esafe_answer *answer =
			&m.p->answers[m.p->profiles[m.p->transitions[0].profile[g]].block_answer];

		cr_expect_eq(answer->rcode, want[i].rcode, "%s", want[i].group);
		cr_expect_eq(answer->ede, want[i].ede, "%s", want[i].group);
		cr_expect_eq(answer->a.count, want[i].a, "%s", want[i].group);
		cr_expect_eq(answer->aaaa.count, want[i].aaaa, "%s", want[i].group);
	}
	unmake(&m);
}

Test(compile, tunnels)
{
	struct made m = make(SCHOOL "  a: { inherit: staff, tunnels: [ssh, wireguard] }\n  b: { inherit: a }\n"
				    "  c: { inherit: a, tunnels: none }\n  d: { inherit: a, tunnels: all }\n"
				    "  e: { inherit: a, tunnels: gre }\nunknown: pupils\n");
	static const struct { const char *group; int tunnels; } want[] = {
		{ "staff", 0 },	 { "a", 1 << 8 | 1 }, { "b", 1 << 8 | 1 }, { "c", 0 }, { "d", 0x63ff }, { "e", 1 << 5 },
	};
	char text[128];

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		cr_expect_eq(m.p->groups[idtable_get(&m.groups, want[i].group)].tunnels, want[i].tunnels, "%s",
			     want[i].group);
	setting_text(SET_TUNNELS, 1 << 8 | 1, text, sizeof(text));
	cr_expect_str_eq(text, "wireguard, ssh");
	setting_text(SET_TUNNELS, 0, text, sizeof(text));
	cr_expect_str_eq(text, "none");
	setting_text(SET_TUNNELS, 0x63ff, text, sizeof(text));
	cr_expect_str_eq(text, "all");
	for (int bit = 0; bit < 15; bit++) { /* the words are those of the log */
		if (!(0x63ff >> bit & 1))
			continue;
		setting_text(SET_TUNNELS, 1 << bit, text, sizeof(text));
		cr_expect_str_eq(text, event_reason_name(ESAFE_R_WIREGUARD + bit));
	}
	unmake(&m);
}

/* Port 853 leads to encrypted resolvers: a policy that has no category for them has them blocked for everybody. */
Test(compile, category_of_port_853)
{
	struct made m = make(SCHOOL "unknown: pupils\n");
	int doh = idtable_get(&m.categories, "doh");

	cr_assert_geq(doh, 0);
	cr_expect_eq(m.p->doh, doh);
	cr_expect(has(m.p->profiles[m.p->transitions[0].profile[idtable_get(&m.groups, "staff")]].block, doh));
	unmake(&m);
	m = make("categories: { doh: resolvers }\ngroups:\n  a: { default: allow }\n  b: { default: block }\n");
	doh = idtable_get(&m.categories, "doh");
	cr_expect_eq(m.p->doh, doh);
	cr_expect_not(has(m.p->profiles[m.p->transitions[0].profile[idtable_get(&m.groups, "a")]].block, doh));
	unmake(&m);
}

Test(compile, floor_groups_and_places)
{
	struct made m =
		make(SCHOOL "  out: { inherit: staff, internet: no, log: none, quic: allow, https_records: pass }\n"
			    "lists: [{ name: iwf, floor: illegal, file: x }]\n"
			    "places:\n  - { vlan: 20, interface: eth1, group: pupils }\n"
			    "  - { subnet: 10.0.0.0/8, vlan: 3, group: staff }\nunknown: pupils\n");
	int out = idtable_get(&m.groups, "out");

	cr_expect(has(m.p->floor, idtable_get(&m.categories, "illegal")));
	cr_expect_not(has(m.p->floor, idtable_get(&m.categories, "adult")));
	cr_expect_eq(m.p->groups[out].flags, ESAFE_GROUP_NO_INTERNET);
	cr_expect_eq(m.p->groups[out].log, ESAFE_LOG_NONE);
	cr_expect_eq(m.p->groups[out].quic, ESAFE_QUIC_ALLOW);
	cr_expect_eq(m.p->groups[idtable_get(&m.groups, "staff")].flags, ESAFE_GROUP_HIDE_HTTPS_RR);
	cr_expect_eq(m.p->strictest, idtable_get(&m.groups, "pupils"));
	cr_assert_eq(m.p->places_count, 2);
	cr_expect_eq(m.p->places[0].ifindex, 7);
	cr_expect_eq(m.p->places[0].vlan, 20);
	cr_expect_eq(m.p->places[0].how, ESAFE_HOW_VLAN);
	cr_expect_eq(m.p->places[1].how, ESAFE_HOW_SUBNET);
	cr_expect_eq(m.p->places[1].addr[12], 10);
	unmake(&m);
	refuses(SCHOOL "places: [{ interface: eth9, group: staff }]\n", 10, "no interface called \"eth9\"");
}

Test(compile, numbers_stay_when_a_policy_changes)
{
	struct made m = make(SCHOOL),
		    n = { .policy = read_text("categories: { new: New, adult: Adult }\ngroups:\n"
					      "  first: { default: block }\n"
					      "  staff: { default: allow, categories: { adult: block } }\n") };
	int staff = idtable_get(&m.groups, "staff"), adult = idtable_get(&m.categories, "adult");

	idtable_copy(&n.groups, &m.groups);
	idtable_copy(&n.categories, &m.categories);
	compile(&n);
	cr_expect_eq(idtable_get(&n.groups, "staff"), staff);
	cr_expect_eq(idtable_get(&n.categories, "adult"), adult);
	cr_expect_not(n.p->groups[idtable_get(&n.groups, "pupils")].valid);
	cr_expect_str_eq(judge(&n, "staff", "x.uk", "adult", AT(10, 0)), "block category");
	unmake(&m);
	unmake(&n);
}

Test(compile, times_that_change_too_often_are_refused)
{
	char text[1 << 14];
	size_t at = sprintf(text, "times:\n");

	for (int t = 0; t < 4; t++) {
		at += sprintf(text + at, "  t%d:\n", t);
		for (int i = 0; i < 24; i++)
			at += sprintf(text + at, "    - %02d:%02d-%02d:%02d\n", i, 7 * t, i, 7 * t + 5);
	}
	strcpy(text + at, "categories: { adult: Adult }\ngroups:\n  a: { default: block }\n  b: { default: allow }\n");
	refuses(text, 2, "too often");
}

Test(compile, shipped_policy_compiles)
{
	struct problems problems = { 0 };
	struct made m = { .policy = shipped_policy(&problems) };
	struct list_spec *specs;
	size_t n;

	cr_assert_not_null(m.policy);
	compile(&m);
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "social", AT(12, 30)), "block category");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "games", AT(12, 30)), "allow default");
	cr_expect_str_eq(judge(&m, "pupils", "x.uk", "conferencing", AT(12, 30)), "block supervised");
	cr_expect_str_eq(judge(&m, "ks1", "x.uk", NULL, AT(10, 0)), "block default");
	cr_expect_str_eq(judge(&m, "ks1", "www.bbc.co.uk", NULL, AT(10, 0)), "allow site");
	cr_expect_str_eq(judge(&m, "ks1", "www.bbc.co.uk", NULL, AT(16, 0)), "block time");
	cr_expect_str_eq(judge(&m, "ks1", "www.childline.org.uk", NULL, AT(16, 0)), "allow help");
	cr_expect_str_eq(judge(&m, "staff", "x.uk", "social", AT(10, 0)), "block time");
	cr_expect_str_eq(judge(&m, "staff", "x.uk", "social", AT(15, 30)), "allow default");
	cr_expect_str_eq(judge(&m, "community", "x.uk", NULL, AT(10, 0)), "block time");
	cr_expect_eq(service_answer(&m, "pupils", "www.google.co.uk")->a.count, 2);
	cr_expect_eq(service_answer(&m, "pupils", "www.youtube.com")->a.body[12 + 22 + 12 + 3], 120);
	cr_expect_eq(service_answer(&m, "staff", "www.youtube.com")->a.count, 2);
	cr_expect_neq(service_answer(&m, "staff", "www.youtube.com"), service_answer(&m, "pupils", "www.youtube.com"));
	cr_expect_eq(service_answer(&m, "leaders", "use-application-dns.net")->rcode, 3);
	cr_expect_eq(service_answer(&m, "leaders", "_dns.resolver.arpa")->rcode, 0);
	cr_expect_eq(m.p->pinned[0].services, 1u << site_of(&m, "www.google.com")->service |
						      1u << site_of(&m, "www.youtube.com")->service,
		     "one address, two services");
	cr_assert_eq(policy_lists(m.policy, &m.categories, &specs, &n), 0);
	cr_expect_eq(n, m.policy->lists);
	cr_expect_str_eq(specs[0].file, ESAFE_SOURCE "/daemon/share/lists/pornography.txt");
	cr_expect_eq((int)specs[0].category, idtable_get(&m.categories, "pornography"));
	free(specs);
	unmake(&m);
}
