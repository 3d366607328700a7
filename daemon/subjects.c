/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "permit.h"
#include "register_people.h"
#include "subjects.h"
#include "verbs.h"

/* ---- names, for the nearest of them ---- */

struct known {
	char **name;
	size_t n, room;
};

static int add_name(struct known *known, const char *name)
{
	if (known->n == known->room) {
		size_t room = known->room ? known->room * 2 : 64;
		char **bigger = realloc(known->name, room * sizeof(char *));

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

static void gather(const struct esafed *esafed, unsigned kind, struct known *known)
{
	switch (kind) {
	case ESAFE_SCOPE_DEVICE:
		register_devices(esafed->reg, add_device, known);
		break;
	case ESAFE_SCOPE_USER:
		register_users(esafed->reg, add_user, known);
		break;
	case ESAFE_SCOPE_CLASS:
		register_classes(esafed->reg, add_class, known);
		break;
	case ESAFE_SCOPE_ROOM:
		register_rooms(esafed->reg, add_room, known);
		break;
	default:
		for (size_t i = 0; esafed->policy && i < esafed->policy->groups; i++)
			if (add_name(known, esafed->policy->group[i].name))
				break;
	}
}

static void complain(struct request *request, unsigned kind, const char *what)
{
	struct known known = { 0 };
	const char *near;

	gather(request_esafed(request), kind, &known);
	near = nearest(what, (const char *const *)known.name, known.n);
	request_end(request, CTL_NOT_FOUND, "there is no %s %s%s%s%s", permit_scope_word(kind), what,
		    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	while (known.n)
		free(known.name[--known.n]);
	free(known.name);
}

/* ---- numbers ---- */

static int find_device(const struct esafed *esafed, const char *what, __u32 *id, char **name)
{
	struct reg_device device;
	int err = register_device_find(esafed->reg, what, &device);

	if (err)
		return err;
	*id = device.id;
	*name = strdup(device.name);
	register_device_free(&device);
	return *name ? 0 : -ENOMEM;
}

static int find_user(const struct esafed *esafed, const char *what, __u32 *id, char **name)
{
	struct reg_user user;
	int err = register_user_find(esafed->reg, what, &user);

	if (err)
		return err;
	*id = user.id;
	*name = user.gone ? NULL : strdup(user.name);
	err = user.gone ? -ENOENT : *name ? 0 : -ENOMEM;
	register_user_free(&user);
	return err;
}

static int find_class(const struct esafed *esafed, const char *what, __u32 *id, char **name)
{
	struct reg_class class;
	int err = register_class_find(esafed->reg, what, &class);

	if (err)
		return err;
	*id = class.id;
	*name = strdup(class.name);
	register_class_free(&class);
	return *name ? 0 : -ENOMEM;
}

static int find_room(const struct esafed *esafed, const char *what, __u32 *id, char **name)
{
	struct reg_room room;
	int err = register_room_find(esafed->reg, what, &room);

	if (err)
		return err;
	*id = room.id;
	*name = strdup(room.name);
	register_room_free(&room);
	return *name ? 0 : -ENOMEM;
}

static int find_group(const struct esafed *esafed, const char *what, __u32 *id, char **name)
{
	int number = idtable_get(&esafed->groups, what);

	if (number < 0 || !esafed->policy || policy_group(esafed->policy, what) == SIZE_MAX)
		return -ENOENT;
	*id = number;
	*name = strdup(what);
	return *name ? 0 : -ENOMEM;
}

static int (*const find[])(const struct esafed *esafed, const char *what, __u32 *id, char **name) = {
	[ESAFE_SCOPE_DEVICE] = find_device, [ESAFE_SCOPE_USER] = find_user, [ESAFE_SCOPE_CLASS] = find_class,
	[ESAFE_SCOPE_ROOM] = find_room, [ESAFE_SCOPE_GROUP] = find_group,
};

bool subject_find(struct request *request, unsigned scope_kind, const char *what, __u32 *id, char **name)
{
	int err = find[scope_kind](request_esafed(request), what, id, name);

	if (err == -ENOENT)
		complain(request, scope_kind, what);
	else if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	return !err;
}
