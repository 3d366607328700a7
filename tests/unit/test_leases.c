/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leases.h"
#include "leasewatch.h"
#include "parse.h"

static struct leases read_text(const char *text)
{
	struct leases leases;
	size_t len = strlen(text);
	char *copy = exact(text, len);

	cr_assert_eq(leases_read(&(struct leases_text){ copy, len }, 1, &leases), 0);
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

/* ---- Kea ---- */

#define KEA4 "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state," \
	"user_context\n"
#define KEA6 "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd," \
	"fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source\n"
#define MAC_A "02:00:00:00:00:11"
#define MAC_B "02:00:00:00:00:ab"

Test(leases, lines_of_kea)
{
	struct leases leases = read_text(KEA4
					 "192.0.2.11," MAC_A ",01:" MAC_A ",600,1000,1,0,0,pupil-laptop.school.example.,0,\n"
					 "192.0.2.12," MAC_B ",,4294967295,4294968295,1,0,0,,0,{ &#x2c }\n"
					 "192.0.2.13,,01:02:03,600,1000,1,0,0,without-a-mac,0,\n");

	cr_expect_eq(leases.n, 2);
	cr_expect_eq(leases.bad, 0);
	cr_expect_str_eq(leases_of_mac(&leases, mac_a, 999)->hostname, "pupil-laptop.school.example");
	cr_expect_null(leases_of_mac(&leases, mac_a, 1000));
	cr_expect_not_null(leases_of_mac(&leases, mac_b, 1ll << 40), "for ever");
	leases_free(&leases);
}

Test(leases, kea_of_ipv6)
{
	static const __u8 addr[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 0x11 };
	struct leases leases = read_text(KEA6
					 "2001:db8::11,00:01:00:01,600,1000,1,300,0,7,128,0,0,one," MAC_A ",0,,1,2\n"
					 "2001:db8:1::,00:01:00:01,600,1000,1,300,2,7,56,0,0,prefix," MAC_A ",0,,1,2\n"
					 "2001:db8::12,00:01:00:01,600,1000,1,300,0,7,128,0,0,two,,0,,,\n");

	cr_expect_eq(leases.n, 1);
	cr_expect_eq(leases.bad, 0);
	cr_expect_str_eq(leases_of_addr(&leases, addr, 1)->hostname, "one");
	leases_free(&leases);
}

/* What was said last of the address of A: released, declined, somebody's without a MAC, B's; and A's once more. */
Test(leases, kea_says_what_changes)
{
	static const struct {
		const char *line, *hostname; /* whose it is then; NULL: nobody's */
	} rows[] = {
		{ "192.0.2.11," MAC_A ",,0,1000,1,0,0,a,0,\n", NULL },
		{ "192.0.2.11," MAC_A ",,600,1000,1,0,0,a,1,\n", NULL },
		{ "192.0.2.11," MAC_A ",,600,1000,1,0,0,a,2,\n", NULL },
		{ "192.0.2.11," MAC_A ",,600,1000,1,0,0,a,4,\n", "a" },
		{ "192.0.2.11,,01:02,600,1000,1,0,0,x,0,\n", NULL },
		{ "192.0.2.11," MAC_B ",,600,1000,1,0,0,b,0,\n", "b" },
		{ "192.0.2.11," MAC_A ",,0,1000,1,0,0,a,0,\n192.0.2.11," MAC_A ",,600,1000,1,0,0,again,0,\n", "again" },
		{ "192.0.2.11," MAC_B ",,600,1000,1,0,0,half a li", "a" }, /* being written */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[1024];
		struct leases leases;
		const struct lease *lease;

		snprintf(text, sizeof(text), "%s192.0.2.11,%s,,600,1000,1,0,0,a,0,\n%s", KEA4, MAC_A, rows[i].line);
		leases = read_text(text);
		lease = leases_of_addr(&leases, addr_a, 1);
		cr_expect_str_eq(lease ? lease->hostname : "nobody", rows[i].hostname ?: "nobody", "row %zu", i);
		cr_expect_eq(leases.bad, 0, "row %zu", i);
		leases_free(&leases);
	}
}

/* Columns by their names: later versions have more of them. The rest is no lease, or no file of Kea's. */
Test(leases, kea_odd)
{
	struct leases leases = read_text("address,pool_id,hwaddr,expire,valid_lifetime,hostname\n"
					 "192.0.2.11,0," MAC_A ",1000,600,\033[2Jx\n"
					 "192.0.2,0," MAC_A ",1000,600,a\n"
					 "192.0.2.12\n"
					 "192.0.2.12,0," MAC_A ",soon,600,a\n"
					 ",,,,,\n"
					 "\n");

	cr_expect_eq(leases.n, 1);
	cr_expect_eq(leases.bad, 4);
	cr_expect_str_eq(leases_of_mac(&leases, mac_a, 1)->hostname, "");
	leases_free(&leases);
	leases = read_text("addresses,hwaddr\n");
	cr_expect(leases.n == 0 && leases.bad == 1);
	leases_free(&leases);
	cr_expect(leases_are_keas(KEA4, strlen(KEA4)));
	cr_expect_not(leases_are_keas(KEA4, strlen(KEA4) - 1), "being written");
	cr_expect_not(leases_are_keas("", 0));
	cr_expect_not(leases_are_keas("1000 " MAC_A " 192.0.2.11 a *\n", 40));
}

/* A later file counts, whichever server's; and a change of many lines fits. */
Test(leases, several_files)
{
	size_t many = 2 * LEASES_MAX + 1000, room = many * 64 + 256;
	char *long_one = malloc(room), *at = long_one + sprintf(long_one, "%s", KEA4);
	struct leases_text texts[] = {
		{ "0 " MAC_A " 192.0.2.11 old *\n0 " MAC_A " 192.0.2.77 other *\n", 0 },
		{ long_one, 0 },
	};
	struct leases leases;

	for (size_t i = 0; i < many; i++)
		at += sprintf(at, "192.0.2.11," MAC_A ",,600,%zu,1,0,0,host-%zu,0,\n", 1000 + i, i);
	for (int i = 0; i < 2; i++)
		texts[i].len = strlen(texts[i].text);
	cr_assert_eq(leases_read(texts, 2, &leases), 0);
	cr_expect_eq(leases.n, 2);
	cr_expect_eq(leases.bad, 0);
	cr_expect_eq(leases_of_addr(&leases, addr_a, 1)->expires, (__s64)(1000 + many - 1));
	leases_free(&leases);
	free(long_one);
}

Test(leases, too_many)
{
	size_t many = 2 * LEASES_MAX + 1000;
	char *text = malloc(many * 64), *at = text;
	struct leases leases;

	for (size_t i = 0; i < many; i++)
		at += sprintf(at, "0 " MAC_A " 10.%zu.%zu.%zu a *\n", i >> 16, i >> 8 & 255, i & 255);
	leases = read_text(text);
	cr_expect_eq(leases.n, LEASES_MAX);
	cr_expect_eq(leases.bad, many - LEASES_MAX);
	leases_free(&leases);
	free(text);
}

/* ---- files ---- */

static void stop(void *ctx)
{
	loop_stop(ctx, 0);
}

/* Kea's files beside each other, each with a line for the same address; "*" is the file itself, "-" means another's. */
Test(leases, kea_tidies_up)
{
	static const struct {
		const char *files[4], *hostname; /* of the lease in the end */
	} rows[] = {
		{ { "*" }, "*" },
		{ { ".1" }, ".1" }, /* the new one is not there yet */
		{ { ".2" }, ".2" },
		{ { "-.1" }, "" }, /* somebody's who keeps old files so */
		{ { ".1", ".2" }, ".1" },
		{ { ".2", ".1", "*" }, "*" },
		{ { ".2", ".completed" }, ".completed" },
		{ { ".1", ".2", ".completed" }, ".completed" },
		{ { ".completed", "*" }, "*" },
		{ { ".output" }, "" }, /* not finished */
		{ { "-", ".1" }, "-" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char dir[] = "/tmp/esafe-leases-XXXXXX", path[64], file[96];
		char *paths[] = { "/nowhere/at/all", path, NULL };
		struct leasewatch *watch = NULL;
		struct loop *loop;
		const struct lease *lease;

		cr_assert_eq(loop_new(&loop), 0);
		cr_assert_not_null(mkdtemp(dir));
		snprintf(path, sizeof(path), "%s/leases", dir);
		for (int j = 0; j < 4 && rows[i].files[j]; j++) {
			const char *name = rows[i].files[j];
			FILE *out;

			snprintf(file, sizeof(file), "%s%s", path, name + !!strchr("*-", *name));
			out = fopen(file, "w");
			if (*name == '-')
				fprintf(out, "0 " MAC_A " 192.0.2.11 h- *\n");
			else
				fprintf(out, KEA4 "192.0.2.11," MAC_A ",,600,1000,1,0,0,h%s,0,\n", *name == '*' ? "_" : name);
			fclose(out);
		}
		cr_assert_eq(leasewatch_start(loop, paths, stop, loop, &watch), 0);
		loop_run(loop);
		lease = leases_of_addr(leasewatch_leases(watch), addr_a, 1);
		snprintf(file, sizeof(file), "h%s", *rows[i].hostname == '*' ? "_" : rows[i].hostname);
		cr_expect_str_eq(lease ? lease->hostname : "h", file, "row %zu: %s", i, lease ? lease->hostname : "none");
		leasewatch_stop(watch);
		loop_free(loop);
		snprintf(file, sizeof(file), "rm -r %s", dir);
		cr_assert_eq(system(file), 0);
	}
}
