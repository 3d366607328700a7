/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmicrohttpd: HTTP and HTTPS on all addresses, in the loop. The only file that knows it. */
#ifndef ESAFE_PAGES_SERVER_H
#define ESAFE_PAGES_SERVER_H

#include "pages.h"
#include "visit.h"

struct server;

int server_start(struct pages *pages, const char *certificate, const char *key, struct server **server);
void server_stop(struct server *server);

/* Told by visit.c when a visit that waited is answered. */
void server_resume(struct visit *visit);

#endif
