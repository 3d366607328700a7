/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request to the daemon and its answer. */
#ifndef ESAFECTL_CLIENT_H
#define ESAFECTL_CLIENT_H

#include <jansson.h>

/*
 * Sends the request, with a file unless that is -1; row(ctx, row) for each row, end(ctx, end) for the end. Returns an
 * exit code of esafe/ctl.h. The references stay with the caller of the functions. Anything but 0 from `row` ends it
 * quietly with that exit code.
 */
int client_ask(const char *socket_path, const char *verb, json_t *args, int file, int (*row)(void *ctx, json_t *row),
	       void (*end)(void *ctx, json_t *end), void *ctx);

#endif
