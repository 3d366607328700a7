// SPDX-License-Identifier: GPL-2.0-or-later
/* What is open or closed for a while, for a device, user, class, room or group: who it holds for, and until when. */
#include <criterion/criterion.h>
#include "scoped.h"
#include "why.h"

static const char policy[] =
	"categories: { games: Games, adult: Adult, social: Social, news: News, locked: Locked }\n"
	"groups:\n"
	"  pupils: { default: allow, safesearch: strict,\n"
	"            categories: { games: block, adult: block, social: supervised },\n"
	"            sites: { good.example: allow, bad.example: block, led.example: supervised } }\n"
	"  peers: { default: allow, safesearch: strict,\n"
	"            categories: { games: block, adult: block, social: supervised },\n"
	"            sites: { good.example: allow, bad.example: block, led.example: supervised } }\n"
	"  ks1: { default: block, categories: { adult: block } }\n"
	"  early: { default: supervised }\n"
	"  shut: { default: allow, internet: no }\n"
	"unknown: ks1\n"
	"services:\n"
	"  search: { kind: search, names: [www.search.example],\n"
	"            strict: { cname: safe.search.example, ipv4: [192.0.2.9], ipv6: [\"2001:db8::9\"] } }\n"
	"  canary: { kind: canary, names: [use-application-dns.net], rcode: nxdomain }\n"
	"protected: { help: [childline.org.uk], update: [update.example] }\n";

static const struct lab_name names[] = {
	{ "games.example", "games", 0 },  { "adult.example", "adult", 0 },     { "both.example", "games", 0 },
	{ "both.example", "adult", 0 },   { "bad.example", "games", 0 },       { "social.example", "social", 0 },
	{ "news.example", "news", 0 },    { "good.example", "news", 0 },       { "illegal.example", "locked", 0 },
	{ "mixed.example", "games", 0 },  { "mixed.example", "social", 0 },    { NULL, NULL, 0 },
};

static struct lab *lab;
static struct esafe_device device;
static __u64 until;

static void setup(void)
{
	struct esafe_device other;
	int locked;

	lab = lab_open_with(LAB_WHY);
	lab_policy(lab, policy);
	locked = idtable_get(&lab->categories, "locked");
	lab->policy->floor[locked / 64] |= 1ULL << locked % 64;
	LAB_CHECK(!maps_set_policy(&lab->maps, lab->policy));
	lab_names(lab, names);
	device = scoped_device(lab, "pupils", 1);
	scoped_put_device(lab, 1, &device);
	other = scoped_device(lab, "peers", 2);
	scoped_put_device(lab, 2, &other);
	until = lab_now(CLOCK_TAI) + 3600000000000ULL;
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(scope, .init = setup, .fini = teardown);

static struct esafe_event ask(__u8 host, const char *name, __u64 at)
{
	struct why_question q = { .mac = { 2, 0, 0, 0, 0, host }, .address = { [10] = 0xff, 0xff, 10, 0, 0, host },
				  .ifindex = 1, .qtype = 1, .at_tai_ns = at };
	struct esafe_why answer;
	__u8 wire[ESAFE_NAME_MAX];

	q.name = wire;
	q.name_len = name_from_text(name, strlen(name), wire);
	cr_assert(!why_ask(&lab->maps, &q, &answer));
	return answer.event;
}

/* What the reason makes of a packet, in all these tests. */
static int verdict_of(unsigned reason)
{
	switch (reason) {
	case ESAFE_R_QUARANTINE:
		return ESAFE_DROP;
	case ESAFE_R_SAFESEARCH:
	case ESAFE_R_CANARY:
		return ESAFE_REWRITE;
	case ESAFE_R_HELP:
	case ESAFE_R_UPDATE:
	case ESAFE_R_GRANT:
	case ESAFE_R_LESSON:
	case ESAFE_R_SUPERVISION:
	case ESAFE_R_DEFAULT:
		return ESAFE_ALLOW;
	default:
		return ESAFE_BLOCK;
	}
}

static void expect(const char *row, __u8 host, const char *name, __u64 at, unsigned reason, int rule)
{
	struct esafe_event e = ask(host, name, at);

	cr_expect_eq(e.reason, reason, "%s, host %d, %s: reason %d, not %d", row, host, name, e.reason, reason);
	if (reason != ESAFE_R_SITE)
		cr_expect_eq(e.verdict, verdict_of(reason), "%s, host %d, %s: verdict %d", row, host, name, e.verdict);
	if (rule >= 0)
		cr_expect_eq(e.rule, (__u32)rule, "%s, host %d, %s: rule %u", row, host, name, e.rule);
}

struct row {
	enum scoped_act act;
	const char *what, *name;
	unsigned during, after; /* reasons */
	int has_rule;
};

static const struct row rows[] = {
	{ GRANT, "games.example", "www.games.example", ESAFE_R_GRANT, ESAFE_R_CATEGORY, 1 },
	{ GRANT, "games.example", "games.example", ESAFE_R_GRANT, ESAFE_R_CATEGORY, 1 },
	{ GRANT, "www.games.example", "games.example", ESAFE_R_CATEGORY, ESAFE_R_CATEGORY, 0 },
	{ GRANT, "games.example", "xgames.example", ESAFE_R_DEFAULT, ESAFE_R_DEFAULT, 0 },
	{ GRANT, "example", "adult.example", ESAFE_R_GRANT, ESAFE_R_CATEGORY, 1 },
	{ GRANT, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.games.example", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.games.example",
	  ESAFE_R_CATEGORY, ESAFE_R_CATEGORY, 0 }, /* deeper than a grant may be */
	{ GRANT, "b.c.d.e.f.g.h.i.j.k.l.m.n.games.example", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.games.example",
	  ESAFE_R_GRANT, ESAFE_R_CATEGORY, 1 },
	{ GRANT, "bad.example", "bad.example", ESAFE_R_GRANT, ESAFE_R_SITE, 1 },
	{ GRANT, "social.example", "social.example", ESAFE_R_GRANT, ESAFE_R_SUPERVISED, 1 },
	{ GRANT, "illegal.example", "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR, 0 },
	{ GRANT, "search.example", "www.search.example", ESAFE_R_SAFESEARCH, ESAFE_R_SAFESEARCH, 1 },
	{ GRANT, "use-application-dns.net", "use-application-dns.net", ESAFE_R_CANARY, ESAFE_R_CANARY, 0 },
	{ GRANT_CATEGORY, "games", "games.example", ESAFE_R_GRANT, ESAFE_R_CATEGORY, 1 },
	{ GRANT_CATEGORY, "games", "both.example", ESAFE_R_CATEGORY, ESAFE_R_CATEGORY, 0 },
	{ GRANT_CATEGORY, "games", "mixed.example", ESAFE_R_SUPERVISED, ESAFE_R_CATEGORY, 0 },
	{ GRANT_CATEGORY, "games", "bad.example", ESAFE_R_SITE, ESAFE_R_SITE, 0 },
	{ GRANT_CATEGORY, "social", "social.example", ESAFE_R_GRANT, ESAFE_R_SUPERVISED, 1 },
	{ GRANT_CATEGORY, "locked", "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR, 0 },
	{ GRANT_CATEGORY, "news", "news.example", ESAFE_R_DEFAULT, ESAFE_R_DEFAULT, 0 },
	{ DENY, "fine.example", "www.fine.example", ESAFE_R_DENY, ESAFE_R_DEFAULT, 1 },
	{ DENY, "childline.org.uk", "childline.org.uk", ESAFE_R_HELP, ESAFE_R_HELP, 0 },
	{ DENY, "update.example", "a.update.example", ESAFE_R_UPDATE, ESAFE_R_UPDATE, 0 },
	{ DENY, "search.example", "www.search.example", ESAFE_R_DENY, ESAFE_R_SAFESEARCH, 1 },
	{ DENY_CATEGORY, "news", "news.example", ESAFE_R_DENY, ESAFE_R_DEFAULT, 1 },
	{ DENY_CATEGORY, "news", "good.example", ESAFE_R_DENY, ESAFE_R_SITE, 1 },
	{ DENY_CATEGORY, "news", "fine.example", ESAFE_R_DEFAULT, ESAFE_R_DEFAULT, 0 },
	{ LESSON_LIST, "games.example", "www.games.example", ESAFE_R_LESSON, ESAFE_R_CATEGORY, 1 },
	{ LESSON_LIST, "games.example", "fine.example", ESAFE_R_DEFAULT, ESAFE_R_DEFAULT, 0 },
	{ LESSON_LIST, "games.example", "adult.example", ESAFE_R_CATEGORY, ESAFE_R_CATEGORY, 0 },
	{ LESSON_LIST, "illegal.example", "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR, 0 },
	{ LESSON_LIST, "www.search.example", "www.search.example", ESAFE_R_SAFESEARCH, ESAFE_R_SAFESEARCH, 1 },
	{ LESSON_ONLY, "volcano.example", "www.volcano.example", ESAFE_R_LESSON, ESAFE_R_DEFAULT, 1 },
	{ LESSON_ONLY, "volcano.example", "fine.example", ESAFE_R_LESSON_ONLY, ESAFE_R_DEFAULT, 1 },
	{ LESSON_ONLY, "volcano.example", "good.example", ESAFE_R_LESSON_ONLY, ESAFE_R_SITE, 1 },
	{ LESSON_ONLY, "volcano.example", "games.example", ESAFE_R_LESSON_ONLY, ESAFE_R_CATEGORY, 1 },
	{ LESSON_ONLY, "volcano.example", "www.search.example", ESAFE_R_LESSON_ONLY, ESAFE_R_SAFESEARCH, 1 },
	{ LESSON_ONLY, "volcano.example", "www.childline.org.uk", ESAFE_R_HELP, ESAFE_R_HELP, 0 },
	{ LESSON_ONLY, "volcano.example", "update.example", ESAFE_R_UPDATE, ESAFE_R_UPDATE, 0 },
	{ LESSON_ONLY, "volcano.example", "use-application-dns.net", ESAFE_R_CANARY, ESAFE_R_CANARY, 0 },
	{ LESSON_ONLY, "volcano.example", "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR, 0 },
	{ SUPERVISE, NULL, "social.example", ESAFE_R_SUPERVISION, ESAFE_R_SUPERVISED, 1 },
	{ SUPERVISE, NULL, "led.example", ESAFE_R_SUPERVISION, ESAFE_R_SUPERVISED, 1 },
	{ SUPERVISE, NULL, "mixed.example", ESAFE_R_CATEGORY, ESAFE_R_CATEGORY, 0 },
	{ SUPERVISE, NULL, "bad.example", ESAFE_R_SITE, ESAFE_R_SITE, 0 },
};

/* Every act in a scope of every kind: just before and at its deadline, for whom it is and for another. */
Test(scope, verdicts)
{
	static const char *const kinds[] = { "", "device", "user", "class", "room", "group" };

	for (__u8 kind = ESAFE_SCOPE_DEVICE; kind <= ESAFE_SCOPE_GROUP; kind++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			const struct row *r = &rows[i];
			char row[64];

			snprintf(row, sizeof(row), "%s, row %zu", kinds[kind], i);
			scoped_act(lab, scoped_key(&device, kind), r->act, r->what, until, 1000 + i);
			expect(row, 1, r->name, until - 1, r->during, r->has_rule ? 1000 + i : 0);
			expect(row, 1, r->name, until, r->after, 0);
			expect(row, 2, r->name, until - 1, r->after, 0);
			scoped_forget(lab);
			expect(row, 1, r->name, until - 1, r->after, 0);
		}
	}
}

/* Several scopes at once: denied anywhere, then granted anywhere, then the lessons. */
Test(scope, together)
{
	enum { D = ESAFE_SCOPE_DEVICE, U = ESAFE_SCOPE_USER, C = ESAFE_SCOPE_CLASS, R = ESAFE_SCOPE_ROOM,
	       G = ESAFE_SCOPE_GROUP };
	static const struct {
		struct { __u8 kind; enum scoped_act act; const char *what; } act[3];
		const char *name;
		unsigned reason;
		int rule; /* 1 to 3: of that act */
	} table[] = {
		{ { { D, GRANT, "a.example" }, { G, DENY, "a.example" } }, "a.example", ESAFE_R_DENY, 2 },
		{ { { D, DENY, "a.example" }, { G, GRANT, "www.a.example" } }, "www.a.example", ESAFE_R_DENY, 1 },
		{ { { D, GRANT, "games.example" }, { U, DENY_CATEGORY, "games" } }, "games.example", ESAFE_R_DENY, 2 },
		{ { { R, GRANT, "games.example" }, { C, LESSON_ONLY, "x.example" } }, "games.example", ESAFE_R_GRANT, 1 },
		{ { { C, LESSON_ONLY, "x.example" }, { R, LESSON_LIST, "games.example" } }, "games.example", ESAFE_R_LESSON, 2 },
		{ { { C, LESSON_ONLY, "x.example" }, { R, LESSON_LIST, "y.example" } }, "z.example", ESAFE_R_LESSON_ONLY, 1 },
		{ { { R, LESSON_ONLY, "x.example" }, { D, LESSON_ONLY, "y.example" } }, "x.example", ESAFE_R_LESSON, 1 },
		{ { { C, DENY, "x.example" }, { R, LESSON_ONLY, "x.example" } }, "x.example", ESAFE_R_DENY, 1 },
		{ { { C, GRANT_CATEGORY, "games" }, { R, LESSON_ONLY, "x.example" } }, "games.example", ESAFE_R_LESSON_ONLY, 2 },
		{ { { D, GRANT_CATEGORY, "games" }, { G, GRANT_CATEGORY, "adult" } }, "both.example", ESAFE_R_GRANT, 1 },
		{ { { D, GRANT_CATEGORY, "games" }, { G, SUPERVISE, NULL } }, "mixed.example", ESAFE_R_SUPERVISION, 2 },
		{ { { D, SUPERVISE, NULL }, { G, LESSON_ONLY, "x.example" } }, "social.example", ESAFE_R_LESSON_ONLY, 2 },
		{ { { D, GRANT, "x.example" }, { D, LESSON_ONLY, "y.example" }, { D, DENY, "a.x.example" } },
		  "b.x.example", ESAFE_R_GRANT, 1 },
		{ { { D, GRANT, "x.example" }, { D, LESSON_ONLY, "y.example" }, { D, DENY, "a.x.example" } },
		  "a.x.example", ESAFE_R_DENY, 3 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char row[16];

		snprintf(row, sizeof(row), "row %zu", i);
		for (int j = 0; j < 3 && table[i].act[j].act; j++)
			scoped_act(lab, scoped_key(&device, table[i].act[j].kind), table[i].act[j].act,
				   table[i].act[j].what, until, j + 1);
		expect(row, 1, table[i].name, until - 1, table[i].reason, table[i].rule);
		scoped_forget(lab);
	}
}

/* A grant may end before the scope does, and a session's end takes the user and class out of their scopes. */
Test(scope, deadlines_of_their_own)
{
	struct esafe_scope_key user = scoped_key(&device, ESAFE_SCOPE_USER), class = scoped_key(&device, ESAFE_SCOPE_CLASS);

	scoped_act(lab, user, GRANT, "games.example", until, 1);
	scoped_act(lab, user, GRANT, "adult.example", until + 10, 2);
	expect("first", 1, "games.example", until - 1, ESAFE_R_GRANT, 1);
	expect("first", 1, "games.example", until, ESAFE_R_CATEGORY, 0);
	expect("second", 1, "adult.example", until + 9, ESAFE_R_GRANT, 2);
	expect("second", 1, "adult.example", until + 10, ESAFE_R_CATEGORY, 0);
	scoped_act(lab, user, SUPERVISE, NULL, until, 4);
	expect("adult", 1, "social.example", until - 1, ESAFE_R_SUPERVISION, 4);
	expect("adult", 1, "social.example", until, ESAFE_R_SUPERVISED, 0);
	scoped_act(lab, user, LESSON_ONLY, "mixed.example", until, 5);
	expect("lesson", 1, "mixed.example", until - 1, ESAFE_R_LESSON, 5);
	expect("lesson", 1, "mixed.example", until, ESAFE_R_CATEGORY, 0);
	expect("lesson", 1, "fine.example", until - 1, ESAFE_R_LESSON_ONLY, 5);
	expect("lesson", 1, "fine.example", until, ESAFE_R_DEFAULT, 0);
	scoped_act(lab, class, GRANT, "both.example", until + 10, 3);
	device.until_ns = until;
	device.base_group = device.group;
	device.base_class = 0;
	scoped_put_device(lab, 1, &device);
	expect("session", 1, "adult.example", until - 1, ESAFE_R_GRANT, 2);
	expect("session", 1, "both.example", until - 1, ESAFE_R_GRANT, 3);
	expect("session", 1, "adult.example", until, ESAFE_R_CATEGORY, 0);
	expect("session", 1, "both.example", until, ESAFE_R_CATEGORY, 0);
}

/* Groups that allow nothing by default. */
Test(scope, where_nothing_is_allowed)
{
	device.group = idtable_get(&lab->groups, "ks1");
	scoped_put_device(lab, 1, &device);
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_ROOM), GRANT, "fine.example", until, 1);
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_ROOM), GRANT_CATEGORY, "news", until, 2);
	expect("site", 1, "www.fine.example", until - 1, ESAFE_R_GRANT, 1);
	expect("category", 1, "news.example", until - 1, ESAFE_R_GRANT, 2);
	cr_expect_eq(ask(1, "social.example", until - 1).verdict, ESAFE_BLOCK);
	cr_expect_eq(ask(1, "news.example", until).verdict, ESAFE_BLOCK);
	device.group = idtable_get(&lab->groups, "shut");
	scoped_put_device(lab, 1, &device);
	expect("shut", 1, "www.fine.example", until - 1, ESAFE_R_NO_INTERNET, 0);
	device.group = idtable_get(&lab->groups, "early");
	scoped_put_device(lab, 1, &device);
	expect("early", 1, "open.example", until - 1, ESAFE_R_SUPERVISED, 0);
	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_ROOM), SUPERVISE, NULL, until, 3);
	expect("early", 1, "open.example", until - 1, ESAFE_R_SUPERVISION, 3);
}

/* What is said of the device itself outranks every grant; of them, what is said first counts. */
Test(scope, devices)
{
	enum { Q = ESAFE_DEVICE_QUARANTINED, S = ESAFE_DEVICE_SUSPENDED, V = ESAFE_DEVICE_OVER_QUOTA };
	static const struct { __u8 flags; const char *name; unsigned during, after; } table[] = {
		{ S, "fine.example", ESAFE_R_SUSPENDED, ESAFE_R_GRANT },
		{ S, "www.childline.org.uk", ESAFE_R_HELP, ESAFE_R_HELP },
		{ S, "update.example", ESAFE_R_UPDATE, ESAFE_R_UPDATE },
		{ S, "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR },
		{ S, "use-application-dns.net", ESAFE_R_CANARY, ESAFE_R_CANARY },
		{ S | V, "fine.example", ESAFE_R_SUSPENDED, ESAFE_R_QUOTA },
		{ V, "fine.example", ESAFE_R_QUOTA, ESAFE_R_QUOTA },
		{ V, "update.example", ESAFE_R_UPDATE, ESAFE_R_UPDATE },
		{ Q, "fine.example", ESAFE_R_QUARANTINE, ESAFE_R_QUARANTINE },
		{ Q, "childline.org.uk", ESAFE_R_QUARANTINE, ESAFE_R_QUARANTINE },
		{ Q | S | V, "illegal.example", ESAFE_R_FLOOR, ESAFE_R_FLOOR },
	};

	scoped_act(lab, scoped_key(&device, ESAFE_SCOPE_DEVICE), GRANT, "fine.example", until + 1000, 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char row[16];

		snprintf(row, sizeof(row), "row %zu", i);
		device.flags = table[i].flags;
		device.suspended_until_ns = until;
		scoped_put_device(lab, 1, &device);
		expect(row, 1, table[i].name, until - 1, table[i].during, -1);
		expect(row, 1, table[i].name, until, table[i].after, -1);
		device.suspended_until_ns = 0;
		scoped_put_device(lab, 1, &device);
		expect(row, 1, table[i].name, until + 1, table[i].during, -1);
	}
}
