/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sessions that are open: who is behind which device, and until when. Pure: knows neither clock, register nor maps.
 * Of several sessions on one device the one of the highest rank holds, and of one rank there is only one.
 */
#ifndef ESAFE_SESSION_TABLE_H
#define ESAFE_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <esafe/abi.h>

#define SESSIONS_MAX 32768
#define SESSION_ADDRESSES 16 /* of one session; more are not kept */

struct session {
	__u64 id;         /* row in the register */
	__u8 how;         /* enum esafe_how */
	bool has_mac;
	__u8 mac[6];
	unsigned addrs;
	__u8 addr[SESSION_ADDRESSES][16]; /* IPv4 as ::ffff:a.b.c.d */
	__u32 user;       /* row in the register; 0: nobody, or not on the roster */
	__u16 class;
	__u16 room;       /* of the device; 0: not known */
	__s64 started, until; /* seconds since 1970 */
	char *user_name;  /* "": a class's own */
	char *class_name;
	char *adult;      /* who looks after the class */
	char *group;      /* "": the user's or the class's */
	char *group_found; /* of the user or the class, by the register */
	char *source;     /* NAS, server, "cli" */
	char *source_id;  /* "": none */
	char *who;        /* account that said so */
};
void session_free(struct session *session);

unsigned session_rank(unsigned how); /* 0: no session can be of this kind */
/* The number in events of somebody who is on no roster; 0 if the session is a class's own. */
__u32 session_user_number(const struct session *session);
/* The group that the session puts its device in; "": that of the device. */
const char *session_group(const struct session *session);

enum session_relation {
	SESSION_APART,   /* both live, the higher rank holds */
	SESSION_SAME,    /* the old one goes on */
	SESSION_REPLACES, /* the old one is over */
};
/* What a session that begins on the same device means for one that is open. */
enum session_relation session_relation(const struct session *old, const struct session *fresh);

struct session_table;

int session_table_new(struct session_table **table);
void session_table_free(struct session_table *table); /* and all sessions */
size_t session_table_count(const struct session_table *table);
struct session *session_table_at(const struct session_table *table, size_t i); /* in no order */

/* The table owns it then. -ENOSPC, -ENOMEM: it does not. */
int session_table_add(struct session_table *table, struct session *session);
/* Takes it out; the caller frees it. */
void session_table_remove(struct session_table *table, struct session *session);
/* Addresses of a session that is in the table: 0, -EEXIST, -ENOSPC or -ENOMEM. */
int session_table_bind(struct session_table *table, struct session *session, const __u8 mac[6]);
int session_table_add_addr(struct session_table *table, struct session *session, const __u8 addr[16]);
void session_table_drop_addr(struct session_table *table, struct session *session, const __u8 addr[16]);

/* Walks through the sessions with this MAC, address, user or id of its source; the table must not change in it. */
struct session_walk {
	unsigned kind, hash;
	const void *key, *more;
	const void *node;
};
struct session *session_walk_mac(const struct session_table *table, const __u8 mac[6], struct session_walk *walk);
struct session *session_walk_addr(const struct session_table *table, const __u8 addr[16], struct session_walk *walk);
struct session *session_walk_user(const struct session_table *table, const char *name, struct session_walk *walk);
struct session *session_walk_source(const struct session_table *table, const char *source, const char *source_id,
				    struct session_walk *walk);
struct session *session_walk_next(struct session_walk *walk);
struct session *session_table_get(const struct session_table *table, __u64 id);

/* The one that holds on a device found by this MAC (NULL: not known) or this address (NULL); NULL: none. */
struct session *session_best(const struct session_table *table, const __u8 *mac, const __u8 *addr, __s64 now);
/* The first deadline of all; 0: no session is open. */
__s64 session_table_deadline(const struct session_table *table);

/* ---- deadlines ---- */
struct session_limits {
	unsigned devices;            /* on which one person may be at a time before somebody is told; 0: any */
	__s64 span[ESAFE_HOW_COUNT]; /* seconds by how; 0: no session can be of this kind */
	int end_of_day;              /* minutes after midnight; -1: none */
};
/* Of a session that nobody gave one: the span of its kind, but not past the end of the day. Asks the zone of TZ. */
__s64 session_deadline(const struct session_limits *limits, unsigned how, __s64 now);
/* Whether this moment is the end of a day. */
bool session_is_end_of_day(const struct session_limits *limits, __s64 at);

#endif
