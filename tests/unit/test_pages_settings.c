/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "settings.h"

static struct settings *settings_of(const char *text, struct problems *problems)
{
	return settings_read("pages.yaml", text, strlen(text), problems);
}

Test(settings, own_hosts)
{
	static const struct { const char *host; int own; } rows[] = {
		{ "192.0.2.1", 1 }, { "192.0.2.1:80", 1 }, { "192.0.2.1:", 1 }, { "[2001:db8::1]", 1 },
		{ "[2001:db8::1]:8443", 1 }, { "gateway.example", 1 }, { "GATEWAY.example:8443", 1 }, { "", 0 },
		{ "192.0.2.10", 0 }, { "192.0.2.1.example", 0 }, { "192.0.2.1:80x", 0 }, { "gateway.example.", 0 },
		{ "[2001:db8::1]x", 0 }, { "[2001:db8::1", 0 }, { "games.example", 0 },
	};
	struct problems problems = { 0 };
	struct settings *settings = settings_of("listen: [192.0.2.1, \"2001:db8::1\"]\nname: gateway.example\n", &problems);
	char base[300];

	cr_assert_not_null(settings);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(settings_is_own_host(settings, rows[i].host), rows[i].own, "%s", rows[i].host);
	settings_base(settings, base, sizeof(base));
	cr_expect_str_eq(base, "https://gateway.example:8443");
	settings_free(settings);
}

Test(settings, lists)
{
	struct problems problems = { 0 };
	struct settings *settings = settings_of("listen: [192.0.2.1]\nunnamed: [adult, gambling]\n"
						"logon: { token: /x, servers: [192.0.2.5, 10.0.8.0/24] }\n", &problems);

	cr_assert_not_null(settings);
	cr_expect_eq(settings->listens, 1);
	cr_assert_eq(settings->unnamed_n, 2);
	cr_expect_str_eq(settings->unnamed[1], "gambling");
	cr_assert_eq(settings->logon_servers, 2);
	cr_expect_eq(settings->logon_server[0].addr[15], 5);
	cr_expect_eq(settings->logon_server[1].addr[14], 8);
	settings_free(settings);
}

#define EIGHT \
	"192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, 192.0.2.8, "

Test(settings, wrong_ones_are_told)
{
	static const struct { const char *text, *problem; } rows[] = {
		{ "school: x\n", "listen" },
		{ "listen: []\n", "no address is given: nobody would see the pages" },
		{ "listen: [gateway]\n", "\"gateway\" is not an address" },
		{ "listen: [[192.0.2.1]]\n", "an address is a list here" },
		{ "listen: [" EIGHT EIGHT "192.0.2.9]\n", "more than 16 addresses" },
		{ "listen: [192.0.2.1]\nunnamed: [games, \"\"]\n", "a category is empty" },
		{ "listen: [192.0.2.1]\nname: \"a b\"\n", "\"a b\" is not a host name" },
		{ "listen: [192.0.2.1]\ncertificate: /x\n", "a certificate and its key belong together" },
		{ "listen: [192.0.2.1]\nvenue: \"javascript:x\"\n", "is not the address of a page" },
		{ "listen: [192.0.2.1]\nhttp_port: 8443\n", "http_port and https_port are the same" },
		{ "listen: [192.0.2.1]\nlogon: { servers: [192.0.2.5] }\n", "token" },
		{ "listen: [192.0.2.1]\nlogon: { token: here }\n", "token must be a whole path" },
		{ "listen: [192.0.2.1]\nlogon: { token: /x, servers: [192.0.2.5/24] }\n", "\"192.0.2.5/24\" is neither" },
		{ "listen: [192.0.2.1]\nlogon: { token: /x, devices: no }\n", "neither devices nor servers" },
		{ "listen: [192.0.2.1]\nfiles_dir: here\n", "files_dir must be a whole path" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct problems problems = { 0 };

		cr_expect_null(settings_of(rows[i].text, &problems), "%s", rows[i].text);
		cr_assert_geq(problems.n, 1);
		cr_expect(strstr(problems.item[0].text, rows[i].problem), "%s: %s", rows[i].text, problems.item[0].text);
		problems_free(&problems);
	}
}
