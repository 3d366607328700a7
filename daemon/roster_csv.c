/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "roster_csv.h"
#include "sheet.h"

#define USERS_MAX 100000

enum { COL_USER, COL_NAME, COL_GROUP, COL_CLASS, COLUMNS };

int roster_add(struct roster *roster, const struct reg_user *user, int line)
{
	int err = sheet_room((void **)&roster->item, sizeof(*roster->item), &roster->line, roster->n, &roster->room);

	if (err)
		return err;
	roster->line[roster->n] = line;
	roster->item[roster->n++] = *user;
	return 0;
}

void roster_free(struct roster *roster)
{
	for (size_t i = 0; i < roster->n; i++)
		register_user_free(&roster->item[i]);
	free(roster->item);
	free(roster->line);
	*roster = (struct roster){ 0 };
}

static int take_record(void *ctx, struct sheet *sheet, int line, const struct sheet_value *value)
{
	struct reg_user user = { 0 };
	char **const texts[COLUMNS] = { &user.name, &user.full, &user.group, &user.class_name };
	int err = 0;

	for (int i = 0; i < COLUMNS && !err; i++) {
		*texts[i] = value[i].text ? strdup(value[i].text) : NULL;
		err = value[i].text && !*texts[i] ? -ENOMEM : 0;
	}
	err = err ?: roster_add(ctx, &user, line);
	if (err)
		register_user_free(&user);
	return err;
}

static const struct sheet_column columns[COLUMNS] = {
	[COL_USER] = { "user", "login|username|account|upn|user id", true, NULL },
	[COL_NAME] = { "name", "full name|display name", false, NULL },
	[COL_GROUP] = { "group", "profile|role", false, NULL },
	[COL_CLASS] = { "class", "form|tutor group|registration group|reg group", false, NULL },
};
static const struct sheet_kind kind = { columns, COLUMNS, USERS_MAX, "users", take_record };

static int by_name(const void *a, const void *b)
{
	const struct reg_user *x = *(const struct reg_user *const *)a;
	const struct reg_user *y = *(const struct reg_user *const *)b;

	return strcasecmp(x->name, y->name);
}

int roster_csv_read(const char *file, const char *text, size_t len, struct roster *out, struct problems *problems)
{
	unsigned before = problems->n + problems->dropped;
	struct roster roster = { 0 };
	int err = sheet_read(&kind, file, text, len, problems, &roster);
	const struct sheet_twice twice = { file, "user", roster.item, roster.n, sizeof(*roster.item), roster.line, by_name };

	if (!err || err == -EINVAL)
		err = sheet_check_twice(&twice, problems) ?: err;
	if (!err && problems->n + problems->dropped > before)
		err = -EINVAL;
	if (err)
		roster_free(&roster);
	else
		*out = roster;
	return err;
}

/* ---- the difference ---- */

static const struct reg_user *find_name(const void **index, size_t n, const struct reg_user *key)
{
	const struct reg_user *const *found = n ? bsearch(&key, index, n, sizeof(*index), by_name) : NULL;

	return found ? *found : NULL;
}

static void describe(const struct reg_user *old, const struct reg_user *new, char *out, size_t size)
{
	const struct sheet_field fields[] = {
		{ "user", old ? old->name : "", new->name }, /* its case */
		{ "left", old && old->gone ? "yes" : "no", "no" },
		{ "name", old ? old->full : "", new->full },
		{ "group", old ? old->group : "", new->group },
		{ "class", old ? old->class_name : "", new->class_name },
	};
	size_t first = old ? 0 : 2;

	sheet_changes(fields + first, sizeof(fields) / sizeof(fields[0]) - first, out, size);
}

static int diff_lines(const struct roster *have, const struct roster *want, const void **had, const void **wanted,
		      int (*line)(void *ctx, const struct roster_line *line), void *ctx)
{
	char text[5 * 2 * (SHEET_TEXT_MAX + 16)];
	int stop = 0;

	for (size_t i = 0; i < want->n && !stop; i++) {
		struct roster_line one = { .new = &want->item[i], .text = text };

		one.old = find_name(had, have->n, one.new);
		describe(one.old, one.new, text, sizeof(text));
		one.sign = !one.old ? '+' : *text ? '~' : '=';
		stop = line(ctx, &one);
	}
	for (size_t i = 0; i < have->n && !stop; i++) {
		const struct roster_line one = { .sign = '-', .old = &have->item[i], .text = "" };

		if (!one.old->gone && !find_name(wanted, want->n, one.old))
			stop = line(ctx, &one);
	}
	return stop;
}

int roster_diff(const struct roster *have, const struct roster *want,
		int (*line)(void *ctx, const struct roster_line *line), void *ctx)
{
	const void **had = sheet_sorted(have->item, have->n, sizeof(*have->item), by_name);
	const void **wanted = sheet_sorted(want->item, want->n, sizeof(*want->item), by_name);
	int err = had && wanted ? diff_lines(have, want, had, wanted, line, ctx) : -ENOMEM;

	free(had);
	free(wanted);
	return err;
}
