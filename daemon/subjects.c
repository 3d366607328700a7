/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "register_people.h"
#include "subjects.h"
#include "verbs.h"

static void complain(struct request *request, unsigned kind, const char *what)
{
	struct known_names known;
	char text[512];

	known_names_load(&known, kind, request_esafed(request)); /* without them, the nearest is not told */
	known_names_complain(&known, what, text, sizeof(text));
	request_end(request, CTL_NOT_FOUND, "%s", text);
	known_names_free(&known);
}

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
