/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persons, classes and rooms in the register, and who had which group when. Names are unique without regard to case;
 * numbers are never used again.
 */
#ifndef ESAFE_REGISTER_PEOPLE_H
#define ESAFE_REGISTER_PEOPLE_H

#include "register.h"

#define REG_CLASSES 65535 /* and rooms: the device map has sixteen bits for them */

/* What find() is given: a name, or #number. All -ENOENT where there is none. */

/* ---- register_people.c ---- */
struct reg_user {
	__u32 id;
	char *name;       /* for log-in */
	char *full;
	char *group;      /* "": that of the class */
	char *class_name; /* "": none */
	char *holds;      /* read only: the group that counts, "": that of the device or its place */
	__u16 class;      /* read only */
	__s64 gone;       /* since; 0: has not left */
	__s64 created, changed;
};
void register_user_free(struct reg_user *user);
int register_user_copy(const struct reg_user *from, struct reg_user *to);

/* Adds (id 0) or changes (id) a user. -EEXIST: the name is another one's; -ENXIO: no such class; -EINVAL: the texts. */
int register_user_put(struct reg *reg, const struct reg_user *user, __s64 now, __u32 *id);
int register_user_remove(struct reg *reg, __u32 id);
int register_user_find(struct reg *reg, const char *what, struct reg_user *out);
/* In order of name; anything but 0 from `row` ends it with that result. `row` must not write to the register. */
int register_users(struct reg *reg, int (*row)(void *ctx, const struct reg_user *user), void *ctx);

/* ---- register_classes.c ---- */
struct reg_class {
	__u16 id;
	char *name;
	char *group; /* of its users and devices that have none of their own; "": none */
	char *room;  /* "": none */
	unsigned users, devices; /* read only */
	__s64 created, changed;
};
void register_class_free(struct reg_class *class);

/* As for users; -ENXIO: no such room; -ENOSPC: too many. */
int register_class_put(struct reg *reg, const struct reg_class *class, __s64 now, __u16 *id);
int register_class_remove(struct reg *reg, __u16 id); /* -EBUSY: somebody is in it */
int register_class_find(struct reg *reg, const char *what, struct reg_class *out);
int register_classes(struct reg *reg, int (*row)(void *ctx, const struct reg_class *class), void *ctx);

struct reg_room {
	__u16 id;
	char *name;
	unsigned classes, devices; /* read only */
	__s64 created;
};
void register_room_free(struct reg_room *room);
int register_room_add(struct reg *reg, const char *name, __s64 now, __u16 *id);
int register_room_remove(struct reg *reg, __u16 id); /* -EBUSY: something is in it */
int register_room_find(struct reg *reg, const char *what, struct reg_room *out);
int register_rooms(struct reg *reg, int (*row)(void *ctx, const struct reg_room *room), void *ctx);

/* ---- register_access.c: who had which group from when to when, and who said so ---- */
struct reg_access {
	const char *kind;  /* "user" or "device" */
	const char *name;  /* the last that it had in this time */
	const char *group;
	__s64 since;
	const char *who;   /* account; "": not known */
	__s64 until;       /* 0: still so */
	const char *ended; /* account */
};

/* Writes down what the other tables have now: to be called with each change of them, in its transaction. */
int register_access_note(struct reg *reg, __s64 now, const char *who);

struct reg_access_filter {
	const char *kind, *name; /* NULL: any */
	const char *group;
	__s64 at;                /* what held then; 0: what holds now */
	bool all;                /* whenever */
};
int register_access(struct reg *reg, const struct reg_access_filter *filter,
		    int (*row)(void *ctx, const struct reg_access *access), void *ctx);

#endif
