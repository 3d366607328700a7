/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request line of the control socket, checked against the table of verbs. Pure: text in, verb and arguments out. */
#ifndef ESAFE_REQUEST_H
#define ESAFE_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

struct request;

/* Groups of the operating system, see peer.c; root has all these roles. */
enum role {
	ROLE_ADMIN,    /* the network manager */
	ROLE_HEAD,
	ROLE_DSL,      /* designated safeguarding lead */
	ROLE_TEACHER,
	ROLE_GOVERNOR,
	ROLE_PAGES,    /* no person: the process that shows pages */
	ROLE_COUNT
};

/* Roles as a set. */
#define MAY(role) (1u << ROLE_##role)
#define MAY_PERSONS (MAY(ADMIN) | MAY(HEAD) | MAY(DSL) | MAY(TEACHER) | MAY(GOVERNOR))
#define MAY_ANYBODY (1u << ROLE_COUNT) /* whoever may open the socket */
/* In a verb's row: it shows what persons did, so that its use is written down before it is answered (see audit.c). */
#define LOOK (1u << 31)

enum arg_type { ARG_TEXT, ARG_NUMBER, ARG_FLAG };

struct arg {
	const char *name; /* NULL ends a row's table */
	enum arg_type type;
	bool needed;
	long long max; /* bytes of a text, or the greatest number; the least is 0 */
};

struct verb {
	const char *name;
	unsigned may; /* roles, one of which is needed; LOOK */
	const struct arg *args; /* NULL: none */
	void (*fn)(struct request *request);
};

/* An argument that goes with each verb: the account that the process of the pages acts for. */
#define REQUEST_AS "as"
#define REQUEST_AS_MAX 63

/*
 * 0 and the verb with its arguments (a new reference), or -EINVAL with a problem added. The line need not end in NUL.
 */
int request_parse(const char *line, size_t len, const struct verb *verbs, size_t n, const struct verb **verb,
		  json_t **args, struct problems *problems);

#endif
