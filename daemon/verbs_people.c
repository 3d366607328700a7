/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users, classes and rooms by hand. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "change.h"
#include "clock.h"
#include "register_people.h"
#include "verbs.h"
#include "permits.h"

static void end_rows(struct request *request, int err)
{
	change_end(request, err == -EPIPE ? 0 : err, "row", "");
}

static const char *given(const struct request *request, const char *arg, const char *other)
{
	return request_text(request, arg) ?: other;
}

/* ---- users ---- */

static json_t *user_row(const struct reg_user *user)
{
	json_t *row = json_object();

	reply_number(row, "id", user->id);
	reply_text(row, "user", user->name);
	reply_text(row, "name", user->full);
	reply_text(row, "group", user->holds);
	if (*user->holds)
		reply_text(row, "by", *user->group ? "user" : "class");
	reply_text(row, "class", user->class_name);
	reply_time(row, "left", user->gone);
	reply_time(row, "created", user->created);
	reply_time(row, "changed", user->changed);
	return row;
}

static int ls_user(void *ctx, const struct reg_user *user)
{
	const char *group = request_text(ctx, "group"), *class = request_text(ctx, "class");

	if ((group && strcmp(group, user->holds)) || (class && strcasecmp(class, user->class_name)) ||
	    (request_flag(ctx, "left") ? !user->gone : user->gone))
		return 0;
	return request_row(ctx, user_row(user));
}

void verb_user_ls(struct request *request)
{
	end_rows(request, register_users(request_esafed(request)->reg, ls_user, request));
}

static int add_history(void *ctx, const struct reg_access *access)
{
	json_t *one = json_object();

	reply_text(one, "group", access->group);
	reply_time(one, "since", access->since);
	reply_text(one, "by", access->who);
	reply_time(one, "until", access->until);
	reply_text(one, "ended_by", access->ended);
	return json_array_append_new(ctx, one);
}

void verb_user_show(struct request *request)
{
	struct reg *reg = request_esafed(request)->reg;
	const char *what = request_text(request, "user");
	struct reg_access_filter filter = { .kind = "user", .all = true };
	struct reg_user user;
	json_t *row, *history;
	int err = register_user_find(reg, what, &user);

	if (err) {
		change_end(request, err, "user", what);
		return;
	}
	row = user_row(&user);
	history = json_array();
	filter.name = user.name;
	err = register_access(reg, &filter, add_history, history);
	json_object_set_new(row, "groups", history);
	request_row(request, row);
	register_user_free(&user);
	change_end(request, err, "user", what);
}

static int put_user(struct reg *reg, void *ctx)
{
	struct reg_user *user = ctx;

	return register_user_put(reg, user, clock_seconds(), &user->id);
}

/* The texts may belong to the request. */
static void put_and_show_user(struct request *request, struct reg_user *user)
{
	struct reg_user stored;
	char detail[512], id[16];
	int err;

	if (!change_is_known(request, ESAFE_SCOPE_GROUP, user->group) ||
	    !change_is_known(request, ESAFE_SCOPE_CLASS, user->class_name))
		return;
	snprintf(detail, sizeof(detail), "%s group %s class %s", user->name, *user->group ? user->group : "of the class",
		 *user->class_name ? user->class_name : "none");
	err = change_people(request, put_user, user, detail);
	snprintf(id, sizeof(id), "#%u", user->id);
	if (!err && !register_user_find(request_esafed(request)->reg, id, &stored)) {
		request_row(request, user_row(&stored));
		register_user_free(&stored);
	}
	change_end(request, err, "user", user->name);
}

/* One who left and comes back keeps number and history. */
void verb_user_add(struct request *request)
{
	struct reg_user user = {
		.name = (char *)request_text(request, "user"),
		.full = (char *)given(request, "name", ""),
		.group = (char *)given(request, "group", ""),
		.class_name = (char *)given(request, "class", ""),
	};
	struct reg_user old;

	if (!register_user_find(request_esafed(request)->reg, user.name, &old)) {
		user.id = old.gone && !strcasecmp(old.name, user.name) ? old.id : 0;
		register_user_free(&old);
	}
	put_and_show_user(request, &user);
}

void verb_user_set(struct request *request)
{
	const char *what = request_text(request, "user");
	struct reg_user old, user;
	int err = register_user_find(request_esafed(request)->reg, what, &old);

	if (err) {
		change_end(request, err, "user", what);
		return;
	}
	user = old;
	user.full = (char *)given(request, "name", old.full);
	user.group = (char *)given(request, "group", old.group);
	user.class_name = (char *)given(request, "class", old.class_name);
	put_and_show_user(request, &user);
	register_user_free(&old);
}

static int remove_user(struct reg *reg, void *ctx)
{
	const struct reg_user *user = ctx;

	return register_user_remove(reg, user->id);
}

void verb_user_remove(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	const char *what = request_text(request, "user");
	struct reg_user user;
	int err = register_user_find(esafed->reg, what, &user);

	if (!err) {
		err = change_people(request, remove_user, &user, user.name);
		if (!err)
			err = permits_subject_gone(esafed, ESAFE_SCOPE_USER, user.id);
		if (!err)
			request_row(request, user_row(&user));
		register_user_free(&user);
	}
	change_end(request, err, "user", what);
}

/* ---- classes ---- */

static json_t *class_row(const struct reg_class *class)
{
	json_t *row = json_object();

	reply_number(row, "id", class->id);
	reply_text(row, "class", class->name);
	reply_text(row, "group", class->group);
	reply_text(row, "room", class->room);
	reply_number(row, "users", class->users);
	reply_number(row, "devices", class->devices);
	reply_time(row, "changed", class->changed);
	return row;
}

static int ls_class(void *ctx, const struct reg_class *class)
{
	return request_row(ctx, class_row(class));
}

void verb_class_ls(struct request *request)
{
	end_rows(request, register_classes(request_esafed(request)->reg, ls_class, request));
}

static int put_class(struct reg *reg, void *ctx)
{
	struct reg_class *class = ctx;

	return register_class_put(reg, class, clock_seconds(), &class->id);
}

static void put_and_show_class(struct request *request, struct reg_class *class)
{
	struct reg_class stored;
	char detail[512];
	int err;

	if (!change_is_known(request, ESAFE_SCOPE_GROUP, class->group) ||
	    !change_is_known(request, ESAFE_SCOPE_ROOM, class->room))
		return;
	snprintf(detail, sizeof(detail), "%s group %s room %s", class->name, *class->group ? class->group : "none",
		 *class->room ? class->room : "none");
	err = change_people(request, put_class, class, detail);
	if (!err && !register_class_find(request_esafed(request)->reg, class->name, &stored)) {
		request_row(request, class_row(&stored));
		register_class_free(&stored);
	}
	change_end(request, err, "class", class->name);
}

void verb_class_add(struct request *request)
{
	struct reg_class class = {
		.name = (char *)request_text(request, "class"),
		.group = (char *)given(request, "group", ""),
		.room = (char *)given(request, "room", ""),
	};

	put_and_show_class(request, &class);
}

void verb_class_set(struct request *request)
{
	const char *what = request_text(request, "class");
	struct reg_class old, class;
	int err = register_class_find(request_esafed(request)->reg, what, &old);

	if (err) {
		change_end(request, err, "class", what);
		return;
	}
	class = old;
	class.name = (char *)given(request, "name", old.name);
	class.group = (char *)given(request, "group", old.group);
	class.room = (char *)given(request, "room", old.room);
	put_and_show_class(request, &class);
	register_class_free(&old);
}

static int remove_class(struct reg *reg, void *ctx)
{
	const struct reg_class *class = ctx;

	return register_class_remove(reg, class->id);
}

void verb_class_remove(struct request *request)
{
	const char *what = request_text(request, "class");
	struct reg_class class;
	int err = register_class_find(request_esafed(request)->reg, what, &class);

	if (!err) {
		err = change_people(request, remove_class, &class, class.name);
		if (!err)
			err = permits_subject_gone(request_esafed(request), ESAFE_SCOPE_CLASS, class.id);
		if (!err)
			request_row(request, class_row(&class));
		register_class_free(&class);
	}
	change_end(request, err, "class", what);
}

/* ---- rooms ---- */

static int ls_room(void *ctx, const struct reg_room *room)
{
	json_t *row = json_object();

	reply_number(row, "id", room->id);
	reply_text(row, "room", room->name);
	reply_number(row, "classes", room->classes);
	reply_number(row, "devices", room->devices);
	return request_row(ctx, row);
}

void verb_room_ls(struct request *request)
{
	end_rows(request, register_rooms(request_esafed(request)->reg, ls_room, request));
}

static int add_room(struct reg *reg, void *ctx)
{
	__u16 id;

	return register_room_add(reg, ctx, clock_seconds(), &id);
}

static void show_room(struct request *request, const char *name)
{
	struct reg_room room;

	if (register_room_find(request_esafed(request)->reg, name, &room))
		return;
	ls_room(request, &room);
	register_room_free(&room);
}

void verb_room_add(struct request *request)
{
	const char *name = request_text(request, "room");
	int err = change_people(request, add_room, (void *)name, name);

	if (!err)
		show_room(request, name);
	change_end(request, err, "room", name);
}

static int remove_room(struct reg *reg, void *ctx)
{
	const struct reg_room *room = ctx;

	return register_room_remove(reg, room->id);
}

void verb_room_remove(struct request *request)
{
	const char *what = request_text(request, "room");
	struct reg_room room;
	int err = register_room_find(request_esafed(request)->reg, what, &room);

	if (!err) {
		err = change_people(request, remove_room, &room, room.name);
		if (!err)
			err = permits_subject_gone(request_esafed(request), ESAFE_SCOPE_ROOM, room.id);
		if (!err)
			ls_room(request, &room);
		register_room_free(&room);
	}
	change_end(request, err, "room", what);
}
