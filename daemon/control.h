/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket. No client can hold up the loop: what it does not read waits in a bounded buffer, and who neither
 * asks nor reads is sent away.
 */
#ifndef ESAFE_CONTROL_H
#define ESAFE_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "esafe/ctl.h"
#include "loop.h"
#include "request.h"

struct control;

struct peer {
	uid_t uid;
	unsigned roles; /* MAY(...) */
	char name[64]; /* of the account, or "uid 1000" */
};

/*
 * A request being answered. The verb's function, or whatever it started, ends it exactly once with request_end(); rows
 * for a client that is gone are dropped.
 */
struct request {
	const struct verb *verb;
	json_t *args;
	struct peer peer;
	void *owner; /* the ctx of control_start() */
	void *state; /* the verb's own, for the functions below */
	/* Called in each turn of the loop in which the client has room for rows; may end the request: request_want() */
	void (*more)(struct request *request);
	/* Called once when the client went away; must see to it that the request ends, now or later. NULL: it ends. */
	void (*gone)(struct request *request);
	struct client *client; /* control.c's; NULL: gone */
	int fd;                /* a file that came with the request, or -1; closed with it unless the verb takes it */
};

/* What the owner of the socket is told; each may be NULL. */
struct control_hooks {
	void (*refused)(void *owner, const struct peer *peer, const struct verb *verb);
	/* Before a verb with LOOK is answered; anything but 0: it is not. */
	int (*looks)(void *owner, const struct peer *peer, const struct verb *verb, const json_t *args);
	/* Whom the process of the pages acts for with argument "as"; anything but 0: nobody of that name has logged in. */
	int (*acts)(void *owner, const char *account, struct peer *person);
};

struct control_stats {
	unsigned long long requests, errors, refused;
	unsigned clients;
};

struct control_limits {
	unsigned clients;
	unsigned idle_ms;  /* without a request */
	unsigned stuck_ms; /* without reading what waits for it */
	size_t line_max;
	size_t room;       /* bytes waiting for a client above which `more` is not called */
	size_t room_max;   /* and above which it is sent away */
};
extern const struct control_limits control_limits_default;

int control_start(struct loop *loop, const char *path, const struct verb *verbs, size_t n,
		  const struct control_limits *limits, const struct control_hooks *hooks, void *owner,
		  struct control **control);
void control_stop(struct control *control); /* sends all clients away; the socket file goes, too */
void control_stats(const struct control *control, struct control_stats *out);

/* Arguments; NULL, `other` or false where not given. */
const char *request_text(const struct request *request, const char *name);
long long request_number(const struct request *request, const char *name, long long other);
bool request_flag(const struct request *request, const char *name);

/* Sends a row (the reference is taken, also on failure). -EPIPE: the client is gone. */
int request_row(struct request *request, json_t *row);
/* From now on more(request) is called whenever the client has room; NULL: no longer. */
void request_want(struct request *request, void (*more)(struct request *request));
bool request_room(const struct request *request); /* more rows are welcome */

/* Ends the request and frees it. The text may be NULL if the code says it all. */
void request_end(struct request *request, enum ctl_end code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void request_end_problems(struct request *request, enum ctl_end code, const struct problems *problems);

#endif
