/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the register knows of those whom a session names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "register_people.h"
#include "sessions_part.h"

static int set_text(char **text, const char *to)
{
	char *copy = strdup(to);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* A person who is not on the roster, or has left, may be there all the same: then the device's own group holds. */
static int look_up_user(const struct esafed *esafed, struct session *session)
{
	struct reg_user user;
	int err = register_user_find(esafed->reg, session->user_name, &user);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	if (!user.gone) {
		session->user = user.id;
		session->class = *session->class_name ? session->class : user.class;
		err = set_text(&session->group_found, user.holds);
	}
	register_user_free(&user);
	return err;
}

static int look_up_class(const struct esafed *esafed, struct session *session, struct problems *problems)
{
	struct reg_class class;
	int err = register_class_find(esafed->reg, session->class_name, &class);

	if (err == -ENOENT)
		problem_add(problems, NULL, 0, 0, "there is no class %s", session->class_name);
	if (err)
		return err;
	session->class = class.id;
	err = set_text(&session->group_found, class.group);
	register_class_free(&class);
	return err;
}

int sessions_device(const struct esafed *esafed, const struct session *session, struct reg_device *out)
{
	__u8 key[16] = { 0 };
	int err = -ENOENT;

	memcpy(key, session->mac, sizeof(session->mac));
	if (session->has_mac)
		err = register_device_by_addr(esafed->reg, ESAFE_BY_MAC, key, out);
	for (unsigned i = 0; i < session->addrs && err == -ENOENT; i++)
		err = register_device_by_addr(esafed->reg, ESAFE_BY_ADDRESS, session->addr[i], out);
	return err;
}

static int look_up_room(const struct esafed *esafed, struct session *session)
{
	struct reg_device device;
	int err = sessions_device(esafed, session, &device);

	if (err)
		return err == -ENOENT ? 0 : err;
	session->room = device.room_id;
	register_device_free(&device);
	return 0;
}

int sessions_look_up(const struct esafed *esafed, struct session *session, struct problems *problems)
{
	int err = set_text(&session->group_found, "");

	session->user = 0;
	session->class = 0;
	if (!err && *session->class_name)
		err = look_up_class(esafed, session, problems);
	if (!err && *session->user_name)
		err = look_up_user(esafed, session);
	return err ? err : look_up_room(esafed, session);
}
