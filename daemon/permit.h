/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody opened or closed for a while, and what of it the kernel's maps must say. Pure: knows neither clock,
 * register nor maps. Times are seconds since 1970.
 */
#ifndef ESAFE_PERMIT_H
#define ESAFE_PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <esafe/abi.h>

#define PERMITS_MAX 8192       /* alive at a time */
#define PERMIT_SITES_MAX 500   /* of one lesson */

enum permit_kind { /* kept in the register: never reuse a number */
	PERMIT_LESSON = 1,
	PERMIT_SUPERVISE = 2,
	PERMIT_GRANT = 3,
	PERMIT_DENY = 4,
	PERMIT_SUSPEND = 5,
	PERMIT_QUARANTINE = 6,
	PERMIT_KINDS = 7,
};

struct permit_site {
	__u64 hash;
	__u8 labels;
};

struct permit {
	__u32 id;              /* row in the register */
	__u8 kind;             /* enum permit_kind */
	bool only;             /* lesson: nothing else */
	bool by_category;      /* grant, deny: `what` is a category */
	bool by_addr;          /* quarantine: whatever has this address; the scope is for people to read */
	struct esafe_scope_key scope;
	struct esafe_device_key addr;
	__u16 category;        /* its number; ESAFE_NO_CATEGORY: not known to the policy */
	unsigned sites;
	struct permit_site *site;
	__s64 started, until;  /* until 0: until it is lifted */
	char *scope_name;
	char *what;            /* names, one a line; or a category */
	char *who, *reason;
};
void permit_free(struct permit *permit);

const char *permit_kind_name(unsigned kind);
const char *permit_scope_word(unsigned scope_kind); /* "device", "user" ... */
bool permit_alive(const struct permit *permit, __s64 now);
/* "lesson for class 4B: 12 sites, nothing else"; for the record of changes */
void permit_text(const struct permit *permit, char *out, size_t size);
/* Reads `what` into site, hashed with these seeds; the category is the caller's to find. 0, -EINVAL, -ENOMEM. */
int permit_read_sites(struct permit *permit, __u64 k1, __u64 k2);

/* ---- those that are alive ---- */
struct permits {
	struct permit **item;
	size_t n, room;
};
int permits_add(struct permits *permits, struct permit *permit); /* which it owns then; -ENOSPC, -ENOMEM */
void permits_remove(struct permits *permits, const struct permit *permit); /* the caller frees it */
void permits_free(struct permits *permits);
struct permit *permits_get(const struct permits *permits, __u32 id);
/* One that a new one would repeat: a lesson or supervision in the same scope, or the same thing granted there. */
struct permit *permits_twin(const struct permits *permits, const struct permit *fresh);
__s64 permits_deadline(const struct permits *permits); /* the first of all; 0: none */

/* ---- for the maps ---- */
/* Entries of map grant that the permit asks for: how many, and their keys. */
unsigned permit_grants(const struct permit *permit);
void permit_grant_key(const struct permit *permit, unsigned i, struct esafe_grant_key *key);
/* What all that are alive together make of an entry; false: nothing, it should not be there. */
bool permits_grant(const struct permits *permits, const struct esafe_grant_key *key, __s64 now, __s64 tai_ns,
		   struct esafe_grant *out);
bool permits_scope(const struct permits *permits, const struct esafe_scope_key *key, __s64 now, __s64 tai_ns,
		   struct esafe_scope *out);
/* Lays suspensions and quarantine over a device of the map: of these keys, and as `value` has it. False: none. */
bool permits_device(const struct permits *permits, const struct esafe_device_key *key, const __u8 *mac, __s64 now,
		    __s64 tai_ns, struct esafe_device *value);

#endif
