// SPDX-License-Identifier: GPL-2.0-or-later
/* The way to the pages through the loaded programs: open for everybody, and only to them. */
#include <criterion/criterion.h>
#include "lab.h"
#include "conn.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, categories: { games: block }, answer: page }\n"
	"  portal: { default: block, answer: page, portal: yes }\n"
	"  offline: { inherit: pupils, internet: no }\n"
	"block_page: { ipv4: 192.0.2.109, ipv6: \"2001:db8::109\", https_port: 9443 }\n"
	"protected: { help: [help.example], update: [probe.example] }\n"
	"unknown: pupils\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static void setup(void)
{
	conn_open(policy, names, "portal");
}

TestSuite(page, .init = setup, .fini = conn_close);

/* Whether two segments of a connection that nobody may have pass, unread and untold. */
static int passes(const char *dst, int v6, __u16 dport)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: games.example\r\n\r\n";
	struct lab_packet p = conn(dport);
	int through;

	p.dst = dst;
	p.v6 = v6;
	shake(p);
	through = segment(p, 0, text, strlen(text)) == TC_ACT_UNSPEC && !lab->events;
	return through && segment(p, 90, "x", 1) == TC_ACT_UNSPEC;
}

Test(page, open_for_everybody)
{
	static const char *const groups[] = { "portal", "offline", "pupils" };
	static const struct { const char *dst; int v6; __u16 port; int through; } rows[] = {
		{ "192.0.2.109", 0, 80, 1 },    { "192.0.2.109", 0, 9443, 1 },   { "2001:db8::109", 1, 80, 1 },
		{ "2001:db8::109", 1, 9443, 1 }, { "192.0.2.109", 0, 8443, 0 },  { "192.0.2.109", 0, 443, 0 },
		{ "192.0.2.108", 0, 80, 0 },    { "2001:db8::108", 1, 80, 0 },   { "2001:db9::109", 1, 80, 0 },
		{ NULL, 0, 80, 0 },             { NULL, 1, 9443, 0 },
	};

	for (size_t group = 0; group < 3; group++) {
		lab_device(lab, groups[group], 1);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			cr_expect_eq(passes(rows[i].dst, rows[i].v6, rows[i].port), rows[i].through, "%s: row %zu",
				     groups[group], i);
	}
}

Test(page, none_without_an_address)
{
	lab_policy(lab, "categories: {}\ngroups:\n  pupils: { default: block }\n  staff: { default: allow }\n"
			"unknown: pupils\n");
	lab_device(lab, "pupils", 1);
	cr_expect_not(passes("0.0.0.0", 0, 80));
	cr_expect_not(passes("::", 1, 80));
	cr_expect_not(passes("0.0.0.0", 0, 8443));
}

static int reason_of(const char *name)
{
	__u8 msg[512];
	struct lab_packet p = { .dport = 53, .payload = msg };
	struct frame out;

	p.len = lab_question(msg, name, 1, 1);
	lab_in(lab, &p, &out);
	cr_assert_eq(lab->events, 1);
	return lab->event[0].event.reason;
}

Test(page, probes_wait_for_the_log_in)
{
	cr_expect_eq(reason_of("probe.example"), ESAFE_R_DEFAULT);
	cr_expect_eq(reason_of("help.example"), ESAFE_R_HELP);
	lab_device(lab, "pupils", 1);
	cr_expect_eq(reason_of("probe.example"), ESAFE_R_UPDATE);
}
