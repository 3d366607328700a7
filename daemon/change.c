/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "change.h"
#include "clock.h"
#include "devices.h"
#include "esafed.h"
#include "people.h"
#include "register_people.h"
#include "sessions.h"
#include "verbs.h"

static int write_down(struct request *request, const char *detail)
{
	struct reg *reg = request_esafed(request)->reg;
	__s64 now = clock_seconds();

	return register_access_note(reg, now, request->peer.name) ?:
	       register_change_add(reg, now, request->peer.name, request->verb->name, detail);
}

static int write_all(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	struct reg *reg = request_esafed(request)->reg;
	int err = register_begin(reg);

	if (err)
		return err;
	err = change(reg, ctx);
	if (!err)
		err = write_down(request, detail);
	if (!err)
		err = register_commit(reg);
	if (err)
		register_rollback(reg);
	return err;
}

int change_register(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	int err = write_all(request, change, ctx, detail);

	return err == CHANGE_NONE ? 0 : err ?: devices_sync(request_esafed(request));
}

/* Who left loses the session, who has another group gets it. */
static int sessions_follow(struct esafed *esafed)
{
	int err = register_begin(esafed->reg);

	if (err)
		return err;
	err = sessions_roster_changed(esafed);
	if (!err)
		err = register_commit(esafed->reg);
	else
		register_rollback(esafed->reg);
	if (err)
		sessions_again(esafed);
	return err;
}

int change_people(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	struct esafed *esafed = request_esafed(request);
	int err = write_all(request, change, ctx, detail);

	if (err)
		return err == CHANGE_NONE ? 0 : err;
	return people_sync(esafed) ?: sessions_follow(esafed) ?: devices_sync(esafed);
}

void change_end(struct request *request, int err, const char *kind, const char *what)
{
	if (!err)
		request_end(request, CTL_OK, NULL);
	else if (err == -ENOENT)
		request_end(request, CTL_NOT_FOUND, "there is no %s %s", kind, what);
	else if (err == -EEXIST)
		request_end(request, CTL_FAILED, "this name or address belongs to another %s", kind);
	else if (err == -EBUSY)
		request_end(request, CTL_FAILED, "%s %s is still in use: see %s ls", kind, what, kind);
	else if (err == -EINVAL)
		request_end(request, CTL_USAGE, "a name is empty, or has characters that no name may have");
	else if (err == -ENXIO)
		request_end(request, CTL_NOT_FOUND, "there is no such class or room");
	else
		request_end(request, CTL_FAILED, "%s", strerror(-err));
}

/* ---- names that must be known ---- */

static int add_name(struct known_names *known, const char *name)
{
	if (!(known->n & (known->n - 1))) { /* room doubles */
		char **bigger = realloc(known->name, (known->n ? known->n * 2 : 1) * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		known->name = bigger;
	}
	known->name[known->n] = strdup(name);
	return known->name[known->n] ? (known->n++, 0) : -ENOMEM;
}

static int add_class(void *ctx, const struct reg_class *class)
{
	return add_name(ctx, class->name);
}

static int add_room(void *ctx, const struct reg_room *room)
{
	return add_name(ctx, room->name);
}

static int add_groups(struct known_names *known, const struct policy *policy)
{
	int err = 0;

	for (size_t i = 0; policy && i < policy->groups && !err; i++)
		err = add_name(known, policy->group[i].name);
	return err;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

int known_names_load(struct known_names *known, enum known_kind kind, const struct esafed *esafed)
{
	static const char *const what[KNOWN_KINDS] = { "group", "class", "room" };
	int err;

	*known = (struct known_names){ .what = what[kind] };
	if (kind == KNOWN_GROUPS)
		err = add_groups(known, esafed->policy);
	else if (kind == KNOWN_CLASSES)
		err = register_classes(esafed->reg, add_class, known);
	else
		err = register_rooms(esafed->reg, add_room, known);
	if (err)
		known_names_free(known);
	else if (known->n)
		qsort(known->name, known->n, sizeof(*known->name), by_name);
	return err;
}

void known_names_free(struct known_names *known)
{
	for (size_t i = 0; i < known->n; i++)
		free(known->name[i]);
	free(known->name);
	*known = (struct known_names){ .what = known->what };
}

/* Groups are told apart by case, classes and rooms are not. */
bool known_names_has(const struct known_names *known, const char *name)
{
	bool groups = !strcmp(known->what, "group");
	char **found;

	if (!name || !*name || (groups && !known->n))
		return true;
	found = known->n ? bsearch(&name, known->name, known->n, sizeof(*known->name), by_name) : NULL;
	if (!found || !groups)
		return found;
	for (size_t i = 0; i < known->n; i++)
		if (!strcmp(known->name[i], name))
			return true;
	return false;
}

void known_names_complain(const struct known_names *known, const char *name, char *out, size_t size)
{
	const char *near = nearest(name, (const char *const *)known->name, known->n);

	snprintf(out, size, "%s %s%s%s%s", strcmp(known->what, "group") ? known->what[0] == 'c' ?
		 "there is no class" : "there is no room" : "the policy has no group", name,
		 near ? "; did you mean " : "", near ?: "", near ? "?" : "");
}

bool change_is_known(struct request *request, enum known_kind kind, const char *name)
{
	struct known_names known;
	char text[512];
	bool has;
	int err;

	if (!name || !*name)
		return true;
	err = known_names_load(&known, kind, request_esafed(request));
	if (err) {
		request_end(request, CTL_FAILED, "%s", strerror(-err));
		return false;
	}
	has = known_names_has(&known, name);
	if (!has) {
		known_names_complain(&known, name, text, sizeof(text));
		request_end(request, CTL_NOT_FOUND, "%s", text);
	}
	known_names_free(&known);
	return has;
}
