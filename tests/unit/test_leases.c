/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leases.h"

static struct leases read_text(const char *text)
{
	struct leases leases;
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	cr_assert_eq(leases_read(copy, len, &leases), 0);
	free(copy);
	return leases;
}

static const __u8 mac_a[6] = { 2, 0, 0, 0, 0, 0x11 }, mac_b[6] = { 2, 0, 0, 0, 0, 0xab };
static const __u8 addr_a[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 11 };

Test(leases, lines_of_dnsmasq)
{
	struct leases leases = read_text("1000 02:00:00:00:00:11 192.0.2.11 pupil-laptop 01:02:00:00:00:00:11\n"
					 "0 02:00:00:00:00:AB 192.0.2.12 * *\n"
					 "duid 00:01:00:01:2a:bb:cc:dd:02:00:00:00:00:01\n"
					 "1000 12345678 2001:db8::11 pupil-laptop 00:01:00:01\n"
					 "\n"
					 "1000 02:00:00:00:00:11 2001:db8::12 pupil-laptop *");

	cr_expect_eq(leases.n, 3);
	cr_expect_eq(leases.bad, 0);
	cr_expect_str_eq(leases_of_mac(&leases, mac_a, 999)->hostname, "pupil-laptop");
	cr_expect_null(leases_of_mac(&leases, mac_a, 1000));
	cr_expect_str_eq(leases_of_mac(&leases, mac_b, 5000)->hostname, "");
	cr_expect_eq(memcmp(leases_of_addr(&leases, addr_a, 1)->mac, mac_a, 6), 0);
	leases_free(&leases);
}

Test(leases, the_last_line_counts)
{
	struct leases leases = read_text("10 02:00:00:00:00:11 192.0.2.11 old *\n"
					 "20 02:00:00:00:00:ab 192.0.2.11 new *\n");

	cr_expect_str_eq(leases_of_addr(&leases, addr_a, 1)->hostname, "new");
	cr_expect_str_eq(leases_of_addr(&leases, addr_a, 15)->hostname, "new");
	cr_expect_null(leases_of_addr(&leases, addr_a, 25));
	leases_free(&leases);
}

Test(leases, what_is_no_lease)
{
	struct leases leases = read_text("x 02:00:00:00:00:11 192.0.2.11 a *\n"
					 "10 02:00:00:00:00:11 192.0.2 a *\n"
					 "10 02:00:00:00:00:11\n"
					 "10\n"
					 "99999999999999999999999 02:00:00:00:00:11 192.0.2.11 a *\n"
					 "10 02:00:00:00:00:1 192.0.2.11 a *\n"
					 "10 06-02:00:00:00:00:11 192.0.2.11 a *\n");

	cr_expect_eq(leases.n, 0);
	cr_expect_eq(leases.bad, 5);
	cr_expect_null(leases_of_mac(&leases, mac_a, 0));
	leases_free(&leases);
}

Test(leases, hostnames_that_are_not_plain_are_dropped)
{
	struct leases leases = read_text("0 02:00:00:00:00:11 192.0.2.11 \033[2Jx *\n"
					 "0 02:00:00:00:00:ab 192.0.2.12 =cmd|calc *\n");

	cr_expect_eq(leases.n, 2);
	cr_expect_str_eq(leases_of_mac(&leases, mac_a, 0)->hostname, "");
	cr_expect_str_eq(leases_of_mac(&leases, mac_b, 0)->hostname, "");
	leases_free(&leases);
}

Test(leases, thousands)
{
	char *text = malloc(5000 * 64), *at = text;
	struct leases leases;

	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "0 02:00:00:00:%02x:%02x 192.0.%d.%d host-%d *\n", i >> 8, i & 255, i >> 8, i & 255, i);
	leases = read_text(text);
	cr_expect_eq(leases.n, 5000);
	for (int i = 0; i < 5000; i++) {
		__u8 mac[6] = { 2, 0, 0, 0, i >> 8, i & 255 };
		char name[32];

		sprintf(name, "host-%d", i);
		cr_assert_str_eq(leases_of_mac(&leases, mac, 1)->hostname, name);
	}
	leases_free(&leases);
	free(text);
}
