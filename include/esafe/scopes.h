/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody opened or closed for a while: maps "scope" and "grant", hashes. Part of abi.h.
 *
 * A device may belong to five scopes. A scope that has no entry, or whose deadline is over, costs one look-up; one that
 * has, one more for each category of the name and for each parent of it that its grants may speak of.
 */
#ifndef ESAFE_SCOPES_H
#define ESAFE_SCOPES_H

#include <linux/types.h>

#define ESAFE_SCOPES 16384
#define ESAFE_GRANTS 65536
#define ESAFE_GRANT_LABELS 15 /* labels of a site that a grant or a lesson speaks of, at most */
#define ESAFE_DEPTH_BIT(labels) (1u << (labels))
enum esafe_scope_kind {
	ESAFE_SCOPE_DEVICE = 1,
	ESAFE_SCOPE_USER = 2,
	ESAFE_SCOPE_CLASS = 3,
	ESAFE_SCOPE_ROOM = 4,
	ESAFE_SCOPE_GROUP = 5,
	ESAFE_SCOPE_LESSON = 6, /* only in map "grant": the sites of a lesson */
};
struct esafe_scope_key {
	__u32 id;      /* row in the register; number of the group */
	__u8 kind;     /* enum esafe_scope_kind */
	__u8 pad[3];
};
_Static_assert(sizeof(struct esafe_scope_key) == 8, "abi");

struct esafe_scope {
	__u64 until_ns;            /* CLOCK_TAI; the last of all deadlines of this scope */
	__u64 lesson_until_ns;     /* CLOCK_TAI; 0: no lesson */
	__u64 supervised_until_ns; /* CLOCK_TAI; 0: no adult's session */
	__u32 lesson;              /* row in the register */
	__u32 supervision;         /* likewise */
	__u64 categories[4];       /* those that a grant of this scope may speak of */
	__u16 sites;               /* ESAFE_DEPTH_BIT() of every site that a grant of this scope may speak of */
	__u16 lesson_sites;        /* likewise of the sites of the lesson */
	__u8 flags;                /* ESAFE_SCOPE_* */
	__u8 pad[3];
};
_Static_assert(sizeof(struct esafe_scope) == 72, "abi");
#define ESAFE_SCOPE_LESSON_ONLY 1 /* nothing but the sites of the lesson */

struct esafe_grant_key {
	__u64 what;    /* hash of the site's name, which stands for those below it too; or a category */
	__u32 id;      /* of the scope, or of the lesson */
	__u8 kind;     /* enum esafe_scope_kind */
	__u8 category; /* 1: `what` is one */
	__u8 pad[2];
};
_Static_assert(sizeof(struct esafe_grant_key) == 16, "abi");

struct esafe_grant {
	__u64 until_ns; /* CLOCK_TAI; 0: no other than that of its scope or lesson */
	__u32 rule;     /* row in the register */
	__u8 verdict;   /* ESAFE_ALLOW or ESAFE_BLOCK */
	__u8 pad[3];
};
_Static_assert(sizeof(struct esafe_grant) == 16, "abi");

#endif
