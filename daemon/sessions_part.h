/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that keep sessions share, and nobody else sees. */
#ifndef ESAFE_SESSIONS_PART_H
#define ESAFE_SESSIONS_PART_H

#include "register_sessions.h"
#include "sessions.h"

struct sessions {
	struct session_table *table;
	struct loop_source *timer;
	struct sessions_stats stats;
};

struct found { /* sessions; they may be ended one after the other */
	struct session **item;
	size_t n, room;
};
int found_add(struct found *found, struct session *session); /* once each */
/* Register, table and device map; frees the list and the sessions in it. */
int sessions_end_found(struct esafed *esafed, struct found *found, const char *reason, __s64 at);

/* Those on the same device, or told under the same id, for which a session that begins has this meaning. */
int sessions_related(const struct session_table *table, const struct session *fresh, enum session_relation relation,
		     struct found *found);
bool sessions_find_mac(const struct esafed *esafed, const __u8 addr[16], __u8 mac[6]); /* by neighbours and leases */
void sessions_arm(struct esafed *esafed); /* the timer, for the first deadline */

/* sessions_who.c: what the register knows of the names in the session: numbers, group, class. -ENOENT: no such one. */
int sessions_look_up(const struct esafed *esafed, struct session *session, struct problems *problems);

#endif
