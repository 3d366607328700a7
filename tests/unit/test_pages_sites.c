/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sites.h"

Test(sites, out_of_what_people_paste)
{
	static const struct { const char *text, *sites; } rows[] = {
		{ "", "" },
		{ " \r\n ", "" },
		{ "a.example", "a.example" },
		{ "a.example\r\nb.example\r\n", "a.example\nb.example" },
		{ "a.example, b.example;c.example d.example", "a.example\nb.example\nc.example\nd.example" },
		{ "https://www.a.example/volcano?x=1#y", "www.a.example" },
		{ "http://a.example:8080/", "a.example" },
		{ "a.example/page\nhttps://b.example", "a.example\nb.example" },
		{ "https://", "" },
		{ "https://\nb.example", "b.example" },
		{ "a://b://c", "b" },
		{ "/x\n?y\na.example", "a.example" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *sites = sites_of(rows[i].text);

		cr_expect_str_eq(sites, rows[i].sites, "row %zu", i);
		free(sites);
	}
}
