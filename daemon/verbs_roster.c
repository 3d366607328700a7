/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roster from a spreadsheet: read, held against the register, and written all at once or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "change.h"
#include "clock.h"
#include "known.h"
#include "roster_csv.h"
#include "verbs.h"

struct import {
	struct request *request;
	struct reg *reg;        /* NULL: only to see */
	struct roster have, want;
	struct known_names classes; /* that are there already */
	bool remove;
	unsigned added, changed, left, classes_added;
	size_t here;            /* who have not left */
	unsigned leave;         /* who would */
	char detail[160];
};

static int keep_user(void *ctx, const struct reg_user *user)
{
	struct reg_user copy;
	struct import *import = ctx;
	int err = register_user_copy(user, &copy);

	if (err)
		return err;
	err = roster_add(&import->have, &copy, 0);
	if (err)
		register_user_free(&copy);
	import->here += !user->gone;
	return err;
}

static int check_groups(const struct import *import, const char *file, struct problems *problems)
{
	struct known_names groups;
	char text[512];
	int err = known_names_load(&groups, ESAFE_SCOPE_GROUP, request_esafed(import->request));

	for (size_t i = 0; i < import->want.n && !err; i++) {
		if (known_names_has(&groups, import->want.item[i].group))
			continue;
		known_names_complain(&groups, import->want.item[i].group, text, sizeof(text));
		problem_add(problems, file, import->want.line[i], 0, "%s", text);
	}
	known_names_free(&groups);
	return err;
}

static void show(struct import *import, char sign, const char *kind, const char *name, const char *change)
{
	char shown[2] = { sign };
	json_t *row = json_pack("{ss ss ss}", "sign", shown, "kind", kind, "name", name);

	reply_text(row, "change", change);
	request_row(import->request, row);
}

/* ---- classes: those that the roster speaks of are there afterwards ---- */

static int by_class(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_class(struct import *import, const char *name)
{
	const struct reg_class class = { .name = (char *)name, .group = "", .room = "" };
	__u16 id;

	show(import, '+', "class", name, "");
	import->classes_added++;
	return import->reg ? register_class_put(import->reg, &class, clock_seconds(), &id) : 0;
}

static int add_classes(struct import *import)
{
	const char **name = malloc((import->want.n + 1) * sizeof(*name));
	size_t n = 0;
	int err = 0;

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < import->want.n; i++)
		if (!known_names_has(&import->classes, import->want.item[i].class_name))
			name[n++] = import->want.item[i].class_name;
	if (n)
		qsort(name, n, sizeof(*name), by_class);
	for (size_t i = 0; i < n && !err; i++)
		if (!i || by_class(&name[i - 1], &name[i]))
			err = add_class(import, name[i]);
	free(name);
	return err;
}

/* ---- users ---- */

static int write_user(struct import *import, const struct roster_line *line)
{
	struct reg_user user = { .full = "", .group = "", .class_name = "" };
	__s64 now = clock_seconds();
	__u32 id;

	if (line->old)
		user = *line->old;
	user.gone = line->sign == '-' ? now : 0;
	if (line->new) {
		user.name = line->new->name;
		user.full = line->new->full ?: user.full;
		user.group = line->new->group ?: user.group;
		user.class_name = line->new->class_name ?: user.class_name;
	}
	return register_user_put(import->reg, &user, now, &id);
}

static int take_line(void *ctx, const struct roster_line *line)
{
	struct import *import = ctx;
	int err;

	if (line->sign == '=' || (line->sign == '-' && !import->remove))
		return 0;
	err = import->reg ? write_user(import, line) : 0;
	if (err)
		return err;
	import->added += line->sign == '+';
	import->changed += line->sign == '~';
	import->left += line->sign == '-';
	show(import, line->sign, "user", (line->new ?: line->old)->name, line->sign == '-' ? "left" : line->text);
	return 0;
}

#define LEAVERS_FEW 20 /* may always leave */

/* Half of a file, or last year's of another school, would send the pupils away. */
static bool too_many_leave(const struct import *import)
{
	return import->leave > LEAVERS_FEW && import->leave > import->here / 2 &&
	       !request_flag(import->request, "accept_shrunk");
}

static int count_leaver(void *ctx, const struct roster_line *line)
{
	struct import *import = ctx;

	import->leave += import->remove && line->sign == '-';
	return 0;
}

static int take_all(struct reg *reg, void *ctx)
{
	struct import *import = ctx;
	int err;

	import->reg = reg;
	err = roster_diff(&import->have, &import->want, count_leaver, import);
	if (!err && too_many_leave(import))
		err = -E2BIG;
	if (!err)
		err = add_classes(import);
	if (!err)
		err = roster_diff(&import->have, &import->want, take_line, import);
	snprintf(import->detail, sizeof(import->detail), "%zu users in the file: %u new, %u changed, %u left, %u new classes",
		 import->want.n, import->added, import->changed, import->left, import->classes_added);
	if (err)
		return err;
	return import->added + import->changed + import->left + import->classes_added ? 0 : CHANGE_NONE;
}

static int read_all(struct import *import, const char *file, struct problems *problems)
{
	const struct esafed *esafed = request_esafed(import->request);
	const char *text = request_text(import->request, "text");
	int err = roster_csv_read(file, text, strlen(text), &import->want, problems);

	if (!err)
		err = check_groups(import, file, problems);
	if (!err && problems->n)
		err = -EINVAL;
	if (!err)
		err = known_names_load(&import->classes, ESAFE_SCOPE_CLASS, esafed);
	return err ?: register_users(esafed->reg, keep_user, import);
}

void verb_user_import(struct request *request)
{
	struct import import = { .request = request };
	const char *file = request_text(request, "file");
	struct problems problems = { 0 };
	int err;

	import.remove = request_flag(request, "remove_leavers");
	err = read_all(&import, file ? file : "roster", &problems);
	if (!err && request_flag(request, "dry_run")) {
		err = take_all(NULL, &import);
		err = err == CHANGE_NONE ? 0 : err;
	} else if (!err) {
		err = change_people(request, take_all, &import, import.detail);
	}
	if (problems.n)
		request_end_problems(request, CTL_PROBLEMS, &problems);
	else if (err == -E2BIG)
		request_end(request, CTL_FAILED, "nothing was changed: %u of %zu users would leave; is the file whole? If so "
			    "say --accept-shrunk", import.leave, import.here);
	else if (err)
		request_end(request, CTL_FAILED, "nothing was changed: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
	problems_free(&problems);
	known_names_free(&import.classes);
	roster_free(&import.have);
	roster_free(&import.want);
}

/* ---- as a sheet again ---- */

static int export_row(void *ctx, const struct reg_user *user)
{
	json_t *row;

	if (user->gone)
		return 0;
	row = json_object();
	reply_text(row, "user", user->name);
	reply_text(row, "name", user->full);
	reply_text(row, "group", user->group);
	reply_text(row, "class", user->class_name);
	return request_row(ctx, row);
}

void verb_user_export(struct request *request)
{
	int err = register_users(request_esafed(request)->reg, export_row, request);

	change_end(request, err == -EPIPE ? 0 : err, "user", "");
}
