/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "policy_text.h"
#include "told.h"

static struct config *read_config(const char *text, struct problems *problems)
{
	return config_read("esafed.yaml", text, strlen(text), problems);
}

Test(config, fills_in_what_is_not_said)
{
	struct problems problems = { 0 };
	struct config *config = read_config("interfaces:\n  - { name: lan0, identity: address, xdp: native }\n"
					    "  - { name: lan1 }\nretention_days: 30\nmetrics: \"[::1]:9000\"\n",
					    &problems);

	cr_assert_not_null(config);
	cr_assert_eq(config->ifaces, 2);
	cr_expect_str_eq(config->iface[0].name, "lan0");
	cr_expect_eq(config->iface[0].identity, ESAFE_BY_ADDRESS);
	cr_expect(config->iface[0].xdp);
	cr_expect_eq(config->iface[1].identity, ESAFE_BY_MAC);
	cr_expect_not(config->iface[1].xdp);
	cr_expect_eq(config->retention_days, 30);
	cr_expect(config->metrics.on && config->metrics.ipv6 && config->metrics.port == 9000);
	cr_expect_str_eq(config->state_dir, "/var/lib/esafe");
	cr_expect_str_eq(config->pin_dir, "/sys/fs/bpf/esafe");
	cr_expect_str_eq(config->socket, "/run/esafe/control");
	cr_expect_str_eq(config->zone, "Europe/London");
	cr_expect_null(config->dhcp_leases[0]);
	config_free(config);
}

Test(config, one_lease_file_or_several)
{
	static const char *const texts[] = { "/a", "[/a]", "[/a, /b]" };

	for (int i = 0; i < 3; i++) {
		struct problems problems = { 0 };
		char text[96];
		struct config *config;

		snprintf(text, sizeof(text), "interfaces: [{ name: a }]\ndhcp_leases: %s\n", texts[i]);
		config = read_config(text, &problems);
		cr_assert_not_null(config);
		cr_expect_str_eq(config->dhcp_leases[0], "/a");
		cr_expect_str_eq(config->dhcp_leases[1] ?: "none", i == 2 ? "/b" : "none");
		cr_expect_null(config->dhcp_leases[2]);
		config_free(config);
	}
}

Test(config, says_where_it_is_wrong)
{
	static const struct wrong_text wrong[] = {
		{ "zone: Europe/London\n", 1, 1, "\"interfaces\" is missing" },
		{ "interfaces: []\n", 1, 13, "nothing would be filtered" },
		{ "interfaces:\n", 1, 12, "nothing would be filtered" },
		{ "interfaces: [{ name: a }]\nretension_days: 3\n", 2, 1, "did you mean \"retention_days\"" },
		{ "interfaces: [{ name: a, xdp: generic }]\n", 1, 30, "off or native" },
		{ "interfaces: [{ name: averylonginterface }]\n", 1, 22, "cannot be the name" },
		{ "interfaces: [{ name: a/b }]\n", 1, 22, "cannot be the name" },
		{ "interfaces: [{ name: a }, { name: a }]\n", 1, 27, "stands in line 1" },
		{ "interfaces: [{ name: a }]\ndhcp_leases: [/a, b]\n", 2, 19, "begins with /" },
		{ "interfaces: [{ name: a }]\ndhcp_leases: [/a, /b, /c, /d, /e]\n", 2, 31, "more than 4 lease files" },
		{ "interfaces: [{ name: a }]\nretention_days: 0\n", 2, 17, "from 1 to 3660" },
		{ "interfaces: [{ name: a }]\nmetrics: 0.0.0.0:9464\n", 2, 10, "127.0.0.1:PORT" },
		{ "interfaces: [{ name: a }]\nmetrics: 127.0.0.1:99999\n", 2, 10, "127.0.0.1:PORT" },
		{ "interfaces: [{ name: a }]\nradius: { clients: [{ name: w, address: 10.0.0.1/24, secret: /s }] }\n", 2, 41,
		  "neither an address nor a subnet" },
		{ "interfaces: [{ name: a }]\nradius: { clients: [{ name: w, address: 10.0.0.1, secret: plain }] }\n", 2, 59,
		  "only root reads" },
		{ "interfaces: [{ name: a }]\nradius: { clients: [{ name: w, address: 10.0.0.1 }] }\n", 2, 21, "secret" },
		{ "interfaces: [{ name: a }]\nradius: { clients: [{ name: w, address: 10.0.0.1, secret: /s },\n"
		  "  { name: w, address: 10.0.0.2, secret: /s }] }\n", 3, 3, "stands in line 2" },
		{ "interfaces: [{ name: a }]\nlogon: { never: [staff] }\n", 2, 8, "http" },
		{ "interfaces: [{ name: a }]\nlogon: { http: yes }\n", 2, 16, "off, own or listed" },
		{ "interfaces: [{ name: a }]\nlogon: { http: own, on: [] }\n", 2, 25, "no device" },
		{ "interfaces: [{ name: a }]\nlogon: { http: own, on: [10.0.0.1/24] }\n", 2, 26, "neither an address" },
		{ "interfaces: [{ name: a }]\nzone: Europe/Londn\n", 2, 7, "is not a time zone" },
		{ "interfaces: [{ name: a }]\nzone: ../../etc/passwd\n", 2, 7, "is not a time zone" },
		{ "interfaces: [{ name: a }]\nstate_dir: var/lib\n", 2, 12, "whole path" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct problems problems = { 0 };

		cr_assert_null(read_config(wrong[i].text, &problems), "%s", wrong[i].text);
		told(&problems, &wrong[i]);
	}
}

Test(config, logon)
{
	struct problems problems = { 0 };
	struct config *config = read_config("interfaces: [{ name: a }]\n", &problems);

	cr_assert_not_null(config);
	cr_expect_eq(config->logon.http, LOGON_OFF, "as shipped");
	config_free(config);
	config = read_config("interfaces: [{ name: a }]\n"
			     "logon: { http: listed, on: [10.1.0.0/16, 2001:db8::/32], never: [staff, office] }\n", &problems);
	cr_assert_not_null(config, "%s", problems.n ? problems.item[0].text : "");
	cr_expect_eq(config->logon.http, LOGON_LISTED);
	cr_expect_eq(config->logon.ons, 2);
	cr_expect_eq(config->logon.nevers, 2);
	cr_expect_str_eq(config->logon.never[1], "office");
	config_free(config);
}

Test(config, a_socket_path_fits_its_address)
{
	struct problems problems = { 0 };
	char text[300];

	snprintf(text, sizeof(text), "interfaces: [{ name: a }]\nsocket: /%0120d\n", 0);
	cr_expect_null(read_config(text, &problems));
	cr_expect_eq(problems.n, 1);
	problems_free(&problems);
}

Test(config, shipped_file_is_right)
{
	struct problems problems = { 0 };
	size_t len;
	char *text = source_file("daemon/share/esafed.yaml", &len);
	struct config *config = config_read("esafed.yaml", text, len, &problems);

	cr_assert_not_null(config, "%s", problems.n ? problems.item[0].text : "");
	cr_expect_eq(config->ifaces, 1);
	config_free(config);
	free(text);
}
