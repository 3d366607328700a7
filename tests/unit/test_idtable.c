/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "idtable.h"

Test(idtable, gives_the_lowest_free_number_and_keeps_it)
{
	struct idtable table = { 0 };

	cr_expect_eq(idtable_take(&table, "pupils", 4), 0);
	cr_expect_eq(idtable_take(&table, "staff", 4), 1);
	cr_expect_eq(idtable_put(&table, "office", 3), 0);
	cr_expect_eq(idtable_take(&table, "guests", 4), 2);
	cr_expect_eq(idtable_take(&table, "pupils", 4), 0);
	cr_expect_eq(idtable_take(&table, "one too many", 4), -ENOSPC);
	cr_expect_eq(idtable_get(&table, "office"), 3);
	cr_expect_eq(idtable_get(&table, "Office"), -ENOENT);
	cr_expect_str_eq(idtable_name(&table, 1), "staff");
	cr_expect_null(idtable_name(&table, 4));
	idtable_free(&table);
	cr_expect_eq(table.n, 0);
}

Test(idtable, no_number_and_no_name_twice)
{
	struct idtable table = { 0 };

	cr_expect_eq(idtable_put(&table, "a", 7), 0);
	cr_expect_eq(idtable_put(&table, "a", 7), 0);
	cr_expect_eq(idtable_put(&table, "a", 8), -EEXIST);
	cr_expect_eq(idtable_put(&table, "b", 7), -EEXIST);
	cr_expect_eq(table.n, 1);
	idtable_free(&table);
}

Test(idtable, a_copy_stands_alone)
{
	struct idtable table = { 0 }, copy = { 0 };

	idtable_put(&table, "a", 7);
	idtable_put(&table, "b", 2);
	cr_assert_eq(idtable_copy(&copy, &table), 0);
	idtable_free(&table);
	cr_expect_eq(idtable_get(&copy, "a"), 7);
	cr_expect_eq(idtable_get(&copy, "b"), 2);
	idtable_free(&copy);
}
