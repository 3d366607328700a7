/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pages.yaml: where the pages are shown, in whose name, and where things stand. Pure. */
#ifndef ESAFE_PAGES_SETTINGS_H
#define ESAFE_PAGES_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "prefix.h"
#include "problem.h"

#define SETTINGS_LISTEN 16
#define SETTINGS_UNNAMED 64
#define SETTINGS_SERVERS 64

struct settings {
	char *listen[SETTINGS_LISTEN]; /* addresses of this gateway */
	size_t listens;
	unsigned http_port, https_port, metrics_port /* on 127.0.0.1; 0: off */;
	char *name;        /* in links and the certificate; NULL: the first address */
	char *certificate, *key; /* PEM; NULL: made by ourselves */
	char *school;      /* its name, on top of each page */
	char *tell;        /* whom to tell: "your teacher" */
	char *venue;       /* address of a page about the school for guests; NULL: none */
	char *files_dir;   /* templates and style */
	char *state_dir;   /* the certificate that was made */
	char *socket;      /* of esafed */
	char *unnamed[SETTINGS_UNNAMED]; /* categories that the block page does not name */
	size_t unnamed_n;
	unsigned idle_minutes; /* a teacher is signed out after */
	char *logon_token;     /* file of what logon scripts must say; NULL: there are none */
	struct esafe_prefix logon_server[SETTINGS_SERVERS]; /* may speak for other devices */
	size_t logon_servers;
	bool logon_devices;    /* devices may speak for themselves */
};

struct settings *settings_read(const char *file, const char *text, size_t len, struct problems *problems);
void settings_free(struct settings *settings);

/* "https://gateway.example:8443", without a slash at the end */
void settings_base(const struct settings *settings, char *out, size_t size);
/* Is `host`, as a browser says it, one of our own names or addresses? */
int settings_is_own_host(const struct settings *settings, const char *host);

#endif
