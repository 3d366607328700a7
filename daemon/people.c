/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "nameindex.h"
#include "people.h"
#include "register_people.h"

struct people {
	struct nameindex users, classes;
	size_t here, rooms;
};

static int add_user(void *ctx, const struct reg_user *user)
{
	struct people *people = ctx;

	people->here += !user->gone;
	return nameindex_add(&people->users, user->id, user->name);
}

static int add_class(void *ctx, const struct reg_class *class)
{
	struct people *people = ctx;

	return nameindex_add(&people->classes, class->id, class->name);
}

static int add_room(void *ctx, const struct reg_room *room)
{
	struct people *people = ctx;

	people->rooms++;
	return 0;
}

static void people_free(struct people *people)
{
	nameindex_free(&people->users);
	nameindex_free(&people->classes);
	free(people);
}

int people_sync(struct esafed *esafed)
{
	struct people *people = calloc(1, sizeof(*people));
	int err;

	if (!people)
		return -ENOMEM;
	err = register_users(esafed->reg, add_user, people) ?: register_classes(esafed->reg, add_class, people) ?:
	      register_rooms(esafed->reg, add_room, people);
	if (err) {
		people_free(people);
		return log_errno(err, "the names of users and classes could not be read");
	}
	nameindex_sort(&people->users);
	nameindex_sort(&people->classes);
	people_stop(esafed);
	esafed->people = people;
	return 0;
}

void people_stop(struct esafed *esafed)
{
	if (esafed->people)
		people_free(esafed->people);
	esafed->people = NULL;
}

const char *people_user(const struct people *people, __u32 id)
{
	return people ? nameindex_get(&people->users, id) : NULL;
}

const char *people_class(const struct people *people, __u32 id)
{
	return people ? nameindex_get(&people->classes, id) : NULL;
}

struct people_counts people_count(const struct people *people)
{
	return people ? (struct people_counts){ people->here, people->classes.n, people->rooms } :
			(struct people_counts){ 0 };
}
