/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * esafe-pages as a whole: what devices see of the filter. A process without rights of its own; whatever it knows or
 * does it asks esafed for, by the verbs that its role may call. One thread; everything that a stranger can make it keep
 * is bounded.
 */
#ifndef ESAFE_PAGES_H
#define ESAFE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "loop.h"
#include "settings.h"
#include "template.h"

struct asker;
struct server;
struct signed_in;

enum pages_count { /* what the process has counted; names in figures.c */
	COUNT_VISITS,
	COUNT_REFUSED,   /* whatever else is not done */
	COUNT_SLOW,      /* connections that were too slow to ask */
	COUNT_FOREIGN,   /* forms that another site sent */
	COUNT_FLOODED,   /* more than one address may ask */
	COUNT_FORGED,    /* a form without the mark of its page */
	COUNT_LOGINS,
	COUNT_LOGINS_BAD,
	COUNT_SLOWED,    /* log-ins put off because of too many wrong ones */
	COUNT_LOGONS,    /* told by scripts, and taken */
	COUNT_LOGONS_FORGED,
	COUNT_LOGONS_SLOWED,
	COUNT_UNANSWERED, /* esafed did not answer */
	COUNT_FAILED,    /* esafed could not do it, such as write it down */
	COUNTS
};

struct pages {
	struct loop *loop;
	struct settings *settings;
	struct templates templates;
	char *style;             /* style.css */
	size_t style_len;
	struct asker *asker;
	struct server *server;
	struct signed_in *signed_in;
	struct limit *visits;    /* by address */
	struct limit *attempts;  /* to log in, by address */
	struct limit *attempts_all;
	struct limit *accounts;  /* to log in, by account */
	struct limit *forgeries; /* of logons, by address */
	struct limit *notes;     /* lines of the log about what is refused, by address */
	struct limit *notes_all;
	uint8_t token[32];       /* SHA-256 of what logon scripts must say */
	uint8_t secret[32];      /* of the marks in forms; new with each start */
	unsigned long long count[COUNTS];
};


#endif
