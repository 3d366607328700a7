/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: a person or a class on a device until a deadline. Whoever learns of one (RADIUS, logon, portal, a command)
 * says so here; register, device map and deadlines are seen to. Ranks: RADIUS, logon, portal, voucher, class, then the
 * register of devices, then the place; what ranks lower never takes the place of a live one that ranks higher, but
 * waits behind it. An identity is never taken from what a client says in its traffic.
 */
#ifndef ESAFE_SESSIONS_H
#define ESAFE_SESSIONS_H

#include "esafed.h"
#include "session_table.h"

struct session_claim {
	enum esafe_how how;
	const char *user;       /* NULL: a class's session */
	const char *class_name; /* NULL: the user's, or none */
	const char *adult;      /* who looks after the class; NULL */
	const __u8 *mac;        /* 6 bytes; NULL: not known */
	const __u8 *addr;       /* 16 bytes, IPv4 as ::ffff:a.b.c.d; NULL: not known */
	__s64 at;               /* when it began or ended, seconds since 1970; 0: now */
	__s64 until;            /* 0: the default of `how` */
	const char *source;     /* NAS, server or "cli" */
	const char *source_id;  /* Acct-Session-Id or the like; NULL: none */
	const char *group;      /* overrides that of user and class; NULL */
	const char *who;        /* account that says so; NULL: the source */
};

/*
 * Begins a session, or goes on with the one that is meant: then its deadline moves and an address is added, which is
 * what an interim update is for. Written to the register before it returns; callers with many at once may put them
 * between register_begin() and register_commit(). Addresses without a MAC wait for the neighbour to appear.
 * -EINVAL, -ENOENT (no such class) with the problem told; -ENOSPC; *id is the row of the register.
 */
int session_start(struct esafed *esafed, const struct session_claim *claim, __u64 *id, struct problems *problems);

/*
 * Ends the sessions meant: by source and source_id if there is an id, else all that have the user, class, MAC and
 * address that are given (at least one of them), and `how` unless 0. *ended: how many.
 */
int session_end(struct esafed *esafed, const struct session_claim *claim, const char *reason, unsigned *ended);
int session_end_id(struct esafed *esafed, __u64 id, const char *reason);                       /* -ENOENT */
/* All that this source told of: Accounting-On and -Off. */
int session_end_source(struct esafed *esafed, const char *source, const char *reason, unsigned *ended);

/*
 * What began or ended since register_begin() is rolled back there, or could not be committed: table and device map are
 * read again from the register. Pointers to sessions are no longer good.
 */
int sessions_again(struct esafed *esafed);

/* Roster, classes or rooms changed: people who left lose their sessions, and groups are looked up again. */
int sessions_roster_changed(struct esafed *esafed);

/* ---- for devices.c ---- */
/* Lays what holds on a device over what the register says; false: nothing does. */
bool sessions_overlay(const struct esafed *esafed, const __u8 *mac, const __u8 *addr, struct esafe_device *value);
/* Every key that a session holds on. */
int sessions_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx);
int sessions_touch(struct esafed *esafed, const struct session *session); /* its entries in the device map */
/* Neighbours or leases changed: addresses find their MACs, and lose those that went elsewhere. */
void sessions_join(struct esafed *esafed);

/* ---- for the daemon ---- */
int sessions_load(struct esafed *esafed);  /* from the register, before the device map is written */
int sessions_start(struct esafed *esafed); /* deadlines are kept from now on */
void sessions_stop(struct esafed *esafed);

struct sessions_stats {
	__u64 started, refreshed, ended, expired, replaced, elsewhere; /* elsewhere: one person in two places */
	size_t open, pending; /* pending: the MAC is not known yet */
};
void sessions_stats(const struct esafed *esafed, struct sessions_stats *out);
const struct session_table *sessions_table(const struct esafed *esafed);
/* What the register says of the device that it is on: -ENOENT, or a device to be freed. */
int sessions_device(const struct esafed *esafed, const struct session *session, struct reg_device *out);
/* Another place where this person is at the same time; NULL: none. */
const struct session *sessions_elsewhere(const struct esafed *esafed, const struct session *session);

#endif
