/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small web server inside the event loop: GET and HEAD of a few fixed pages. */
#ifndef ESAFE_HTTP_H
#define ESAFE_HTTP_H

#include <stddef.h>
#include <stdio.h>
#include "loop.h"

struct http_page {
	const char *path; /* "/metrics" */
	const char *type; /* content type */
	int (*write)(void *ctx, FILE *out); /* returns the HTTP status (200, 503) or -errno (500) */
	void *ctx;
};
#define HTTP_TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"

struct http;

/* `listen`: "127.0.0.1:9464" or "[::1]:9464"; port 0: any free one. `pages` must last until http_stop(). */
int http_start(struct loop *loop, const char *listen, const struct http_page *pages, size_t n, struct http **http);
unsigned http_port(const struct http *http);
void http_stop(struct http *http);

#endif
