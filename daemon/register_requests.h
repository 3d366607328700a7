/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people asked for: "should this be open?", "this should be blocked". In the register. */
#ifndef ESAFE_REGISTER_REQUESTS_H
#define ESAFE_REGISTER_REQUESTS_H

#include "register.h"

enum reg_request_state { REQUEST_WAITING, REQUEST_OPENED, REQUEST_KEPT };

struct reg_request {
	__u32 id;
	const char *name;   /* of the site */
	bool block;         /* it should be blocked; else opened */
	__u64 asked;        /* by so many devices */
	__s64 first, last;  /* seconds since 1970 */
	const char *words;  /* of the first who said something */
	const char *reason; /* why it was refused then */
	const char *category;
	const char *group;  /* of the first who asked */
	const char *device; /* name or address of the first who asked */
	enum reg_request_state state;
	__s64 answered;     /* 0: not yet */
	const char *who;    /* answered */
	const char *note;
	__s64 until;        /* REQUEST_OPENED: it is open until then; 0: for good */
	const char *proposed_by;  /* who would open it for good, which the head has not decided yet; "": nobody */
	const char *proposed_for; /* "group pupils" */
};

/*
 * One that is like another which waits is added to it; *id is set. key: who asks. -EBUSY: this one asked for `most`
 * different things since `since` already.
 */
int register_request_add(struct reg *reg, const struct reg_request *request, const void *key, size_t key_len,
			 __s64 since, unsigned most, __u32 *id);
struct reg_answer {
	enum reg_request_state state;
	const char *who, *note;
	__s64 at, until;
};
/* -ENOENT: there is none; -EALREADY: it is answered. */
int register_request_answer(struct reg *reg, __u32 id, const struct reg_answer *answer);
int register_request_propose(struct reg *reg, __u32 id, const char *who, const char *what);
/* 1: told to row; 0: there is none. */
int register_request_get(struct reg *reg, __u32 id, int (*row)(void *ctx, const struct reg_request *request),
			 void *ctx);
/* Who asked for it, by the keys of register_request_add(); `key` returns -errno to stop. */
int register_request_askers(struct reg *reg, __u32 id, int (*key)(void *ctx, const void *key, size_t len), void *ctx);
/* Newest first: those that wait, or (all) every one; of one site (NULL: any). `row` must not write to the register. */
int register_requests(struct reg *reg, bool all, const char *name, unsigned limit,
		      int (*row)(void *ctx, const struct reg_request *request), void *ctx);
/* The last one for this site that this one asked for. 1: told to row; 0: there is none. */
int register_request_of(struct reg *reg, const char *name, const void *key, size_t key_len,
			int (*row)(void *ctx, const struct reg_request *request), void *ctx);

struct reg_request_stats {
	__u64 waiting, answered;
	double median; /* seconds until the answer, of those answered since `since` */
	double sum;
};
int register_request_stats(struct reg *reg, __s64 since, struct reg_request_stats *out);

#endif
