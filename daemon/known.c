/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "known.h"
#include "permit.h"
#include "register_people.h"

static int add_name(struct known_names *known, const char *name)
{
	if (known->n == known->room) {
		size_t room = known->room ? known->room * 2 : 64;
		char **bigger = realloc(known->name, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		known->name = bigger;
		known->room = room;
	}
	known->name[known->n] = strdup(name);
	return known->name[known->n] ? (known->n++, 0) : -ENOMEM;
}

static int add_device(void *ctx, const struct reg_device *device)
{
	return add_name(ctx, device->name);
}

static int add_user(void *ctx, const struct reg_user *user)
{
	return user->gone ? 0 : add_name(ctx, user->name);
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

static int gather(struct known_names *known, const struct esafed *esafed)
{
	switch (known->kind) {
	case ESAFE_SCOPE_DEVICE:
		return register_devices(esafed->reg, add_device, known);
	case ESAFE_SCOPE_USER:
		return register_users(esafed->reg, add_user, known);
	case ESAFE_SCOPE_CLASS:
		return register_classes(esafed->reg, add_class, known);
	case ESAFE_SCOPE_ROOM:
		return register_rooms(esafed->reg, add_room, known);
	default:
		return add_groups(known, esafed->policy);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

int known_names_load(struct known_names *known, unsigned kind, const struct esafed *esafed)
{
	int err;

	*known = (struct known_names){ .kind = kind };
	err = gather(known, esafed);
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
	*known = (struct known_names){ .kind = known->kind };
}

/* Groups are told apart by case, all others are not. */
bool known_names_has(const struct known_names *known, const char *name)
{
	bool groups = known->kind == ESAFE_SCOPE_GROUP;
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

	snprintf(out, size, "%s no %s %s%s%s%s", known->kind == ESAFE_SCOPE_GROUP ? "the policy has" : "there is",
		 permit_scope_word(known->kind), name, near ? "; did you mean " : "", near ?: "", near ? "?" : "");
}
