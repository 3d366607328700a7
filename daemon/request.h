/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request line of the control socket, checked against the table of verbs. Pure: text in, verb and arguments out. */
#ifndef ESAFE_REQUEST_H
#define ESAFE_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

struct request;

enum role {
	ROLE_ANYBODY, /* whoever may open the socket */
	ROLE_ADMIN,   /* root, or group esafe-admin */
	ROLE_COUNT
};

enum arg_type { ARG_TEXT, ARG_NUMBER, ARG_FLAG };

struct arg {
	const char *name; /* NULL ends a row's table */
	enum arg_type type;
	bool needed;
	long long max; /* bytes of a text, or the greatest number; the least is 0 */
};

struct verb {
	const char *name;
	enum role role;
	const struct arg *args; /* NULL: none */
	void (*fn)(struct request *request);
};

/*
 * 0 and the verb with its arguments (a new reference), or -EINVAL with a problem added. The line need not end in NUL.
 */
int request_parse(const char *line, size_t len, const struct verb *verbs, size_t n, const struct verb **verb,
		  json_t **args, struct problems *problems);

#endif
