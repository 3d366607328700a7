/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions and notices in the register. Times are seconds since 1970 and come from the caller. */
#ifndef ESAFE_REGISTER_SESSIONS_H
#define ESAFE_REGISTER_SESSIONS_H

#include "register.h"
#include "session_table.h"

/* Adds one that is open, in the place of others; session->id is set. All of it or nothing. */
int register_session_begin(struct reg *reg, struct session *session, struct session *const *replaced, size_t n);
/* What may change of one that is open: its deadline and its addresses. */
int register_session_update(struct reg *reg, const struct session *session);
/* All of them or none. */
int register_sessions_end(struct reg *reg, struct session *const *session, size_t n, __s64 ended, const char *reason);
/* Those that are open, each a new one that `take` owns from then on, whatever it returns. */
int register_sessions_open(struct reg *reg, int (*take)(void *ctx, struct session *session), void *ctx);

struct reg_session { /* as a row for people to read */
	const struct session *session;
	__s64 ended; /* 0: open */
	const char *reason;
};
/* Newest first; user NULL: of everybody. */
int register_sessions(struct reg *reg, const char *user, unsigned limit,
		      int (*row)(void *ctx, const struct reg_session *session), void *ctx);
/* Whose it is or was: "" if a class's own. -ENOENT */
int register_session_user(struct reg *reg, __u64 id, char *name, size_t size);
/* Forgets those that ended before. */
int register_sessions_expire(struct reg *reg, __s64 before);

struct reg_notice { /* something that a person should know of */
	__u64 id;
	__s64 time;
	const char *kind; /* "session", "quota" */
	const char *text;
};
int register_notice_add(struct reg *reg, __s64 time, const char *kind, const char *text);
int register_notices(struct reg *reg, unsigned limit, int (*row)(void *ctx, const struct reg_notice *notice),
		     void *ctx);
int register_notices_expire(struct reg *reg, __s64 before);

#endif
