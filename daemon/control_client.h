/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by control.c (the socket and its clients) and answer.c (what is sent to them); nobody else's business. */
#ifndef ESAFE_CONTROL_CLIENT_H
#define ESAFE_CONTROL_CLIENT_H

#include <stdint.h>
#include <sys/un.h>

#include "control.h"

struct client {
	struct client *next, **link;
	struct control *control;
	int fd;
	struct loop_source *source;
	struct peer peer;
	struct request *request; /* being answered */
	int passed; /* descriptor that came with the bytes in hand, or -1 */
	char *in;
	size_t in_len, in_size;
	char *out;
	size_t out_at, out_len, out_size;
	uint64_t moved_ms; /* when a byte last went either way */
	bool eof;          /* asks no more */
	bool closing;      /* after what waits was sent */
	bool pumping;      /* client_pump() is on the stack: nothing below it may free the client */
	bool dead;
};

struct control {
	struct loop *loop;
	const struct verb *verbs;
	size_t verbs_count;
	struct control_limits limits;
	struct control_hooks hooks;
	void *owner;
	int fd;
	struct loop_source *source, *sweep;
	struct client *clients;
	struct control_stats stats;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

uint64_t client_now_ms(void);
size_t client_waiting(const struct client *client); /* bytes that it has not read */
int client_send(struct client *client, json_t *line); /* the reference stays the caller's */

#endif
