/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register: devices, numbers of groups and categories, policies, lists, changes and secrets, in DIR/register.db.
 * Times are seconds since 1970 and come from the caller.
 */
#ifndef ESAFE_REGISTER_H
#define ESAFE_REGISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <esafe/abi.h>

struct reg;
struct idtable;

int register_open(const char *dir, struct reg **reg);
void register_close(struct reg *reg);

/* A second copy beside the one in this folder, for register_open() to fall back on. Any thread may make it. */
int register_backup(const char *dir);
int register_restore(const char *dir); /* moves a damaged register aside and the copy, if any, into its place */

/* Several calls as one: all of them or none. Not nested. */
int register_begin(struct reg *reg);
int register_commit(struct reg *reg);
void register_rollback(struct reg *reg);

/* ---- register_devices.c ---- */
struct reg_device {
	__u32 id;
	__u8 kind;     /* ESAFE_BY_MAC or ESAFE_BY_ADDRESS */
	__u8 addr[16]; /* as in struct esafe_device_key */
	char *name;    /* unique, not empty */
	char *group;   /* "": by place */
	char *owner;
	char *note;
	char *class_name; /* "": none */
	char *room;       /* "": none */
	char *holds;      /* read only: its group or that of its class; "": by place */
	__u16 class_id, room_id; /* read only; 0: none */
	__s64 created, changed;
};
void register_device_free(struct reg_device *device);

int register_device_copy(const struct reg_device *from, struct reg_device *to);

/*
 * Adds (id 0) or changes (id) a device; *id is set. -EEXIST: the name or the address belongs to another one; -ENXIO: no
 * such class or room.
 */
int register_device_put(struct reg *reg, const struct reg_device *device, __s64 now, __u32 *id);
int register_device_remove(struct reg *reg, __u32 id);                              /* -ENOENT */
int register_device_get(struct reg *reg, __u32 id, struct reg_device *out);         /* -ENOENT */
int register_device_find(struct reg *reg, const char *what, struct reg_device *out); /* name, MAC, address, #number */
int register_device_by_addr(struct reg *reg, __u8 kind, const __u8 addr[16], struct reg_device *out);
/* In order of name; anything but 0 from `row` ends it with that result. `row` must not write to the register. */
int register_devices(struct reg *reg, int (*row)(void *ctx, const struct reg_device *device), void *ctx);

/* ---- register_ids.c ---- */
int register_ids_load(struct reg *reg, const char *kind, struct idtable *table);
int register_ids_save(struct reg *reg, const char *kind, const struct idtable *table);

/* ---- register_changes.c: each row carries a hash over itself and the one before ---- */
struct reg_change {
	__u64 id;
	__s64 time;
	const char *who;    /* account */
	const char *action; /* verb: "policy apply" */
	const char *detail;
	__u8 hash[32];
};
int register_change_add(struct reg *reg, __s64 time, const char *who, const char *action, const char *detail);
int register_changes(struct reg *reg, __u64 after, __u64 limit, int (*row)(void *ctx, const struct reg_change *change),
		     void *ctx);
/* 0; -EBADMSG: row *bad was altered, or rows before it were removed. *rows: how many there are. */
int register_changes_verify(struct reg *reg, __u64 *rows, __u64 *bad);

/* ---- register_policies.c ---- */
struct reg_policy {
	__u32 version;
	__s64 time;
	char *who;
	char *file;
	char *text;
	size_t text_len;
	__u8 sha256[32];
};
void register_policy_free(struct reg_policy *policy);
int register_policy_add(struct reg *reg, __s64 time, const char *who, const char *file, const char *text, size_t len,
			__u32 *version);
int register_policy_get(struct reg *reg, __u32 version, struct reg_policy *out); /* 0: the last one; -ENOENT */
/* Newest first, without their text. */
int register_policies(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_policy *policy),
		      void *ctx);

/* ---- register_lists.c: every load of every list; the last good one of each is what the next is judged by ---- */
struct reg_list {
	const char *name;
	const char *path;
	__u8 sha256[32];
	__u64 names;
	__u64 rejects;
	__s64 loaded;
	bool refused;  /* not taken: the one before stayed */
	const char *problem; /* why */
};
int register_list_add(struct reg *reg, const struct reg_list *list);
/* The newest first, and for each list at least the last one taken. */
int register_lists(struct reg *reg, int (*row)(void *ctx, const struct reg_list *list), void *ctx);

/* ---- register_secrets.c: made at random the first time they are asked for ---- */
int register_secret(struct reg *reg, const char *name, void *out, size_t size);
/* One that may serve as multiplier: odd and with bits in both halves. */
int register_secret_odd(struct reg *reg, const char *name, __u64 *out);

#endif
