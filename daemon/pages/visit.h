/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request of a browser, from its last byte to its answer. A route's function gets it and must see to it that it is
 * answered exactly once, by one of the functions below, now or when esafed has said what was asked.
 */
#ifndef ESAFE_PAGES_VISIT_H
#define ESAFE_PAGES_VISIT_H

#include <jansson.h>

#include "ask.h"
#include "form.h"
#include "pages.h"
#include "signedin.h"

#define VISIT_TOKEN 65 /* 256 bits in hexadecimal digits, and the end */

struct visit {
	struct pages *pages;
	struct MHD_Connection *connection; /* server.c's */
	const char *method, *path;
	const char *host;        /* as the browser said it; "" */
	const char *origin, *referer, *fetch_site; /* where it says that a form comes from; "" */
	char address[46];        /* of the device */
	uint8_t source[16];      /* the same; IPv4 as ::ffff:a.b.c.d */
	char cookie[VISIT_TOKEN]; /* "" */
	bool tls, own_host, figures; /* figures: of the process, for this machine */
	struct form query, form;
	char *query_text, *body;
	size_t body_len, body_seen;
	char account[SIGNED_IN_ACCOUNT]; /* who is signed in; "": nobody */
	json_t *data;            /* what the page will say, gathered on the way */

	void (*then)(struct visit *visit, const struct reply *reply);
	bool failed;             /* what was sent before did not work */
	enum pages_count counts_as; /* when it is refused; 0: COUNT_REFUSED */
	const char *because;     /* why it is refused, for the log; NULL: the words that are shown */
	bool waiting, answered, over; /* over: too large, or no form */
	unsigned status;
	char *text;              /* of the answer */
	size_t len;
	const char *type;
	char location[512];
	char set_cookie[256];
};

/* Asks esafed; then() answers the visit or asks on. Takes the reference of args. */
void visit_ask(struct visit *visit, const char *verb, json_t *args,
	       void (*then)(struct visit *visit, const struct reply *reply));

/* ---- answers ---- */
void visit_page(struct visit *visit, unsigned status, const char *template); /* with visit->data */
void visit_text(struct visit *visit, unsigned status, const char *type, char *text, size_t len); /* text is taken */
/* 400 and more is a refusal: counted, and written to the log as long as that is not too much. */
void visit_plain(struct visit *visit, unsigned status, const char *text);
void visit_go(struct visit *visit, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* 303 */
void visit_sorry(struct visit *visit, unsigned status, const char *words); /* a page that says what went wrong */
#define VISIT_FAILED "The filter could not do that just now. Nothing was changed."
void visit_unanswered(struct visit *visit, const struct reply *reply);     /* esafed did not say what it should */
/* The form will be shown again, with what was wrong on it (NULL: nothing was). */
void visit_wrong(struct visit *visit, unsigned status, const char *words);

/* ---- the mark of a form: mark.h ---- */
void visit_put_mark(struct visit *visit);
bool visit_has_mark(const struct visit *visit);

/* ---- what a page says ---- */
void visit_say(struct visit *visit, const char *name, const char *text); /* nothing when text is NULL */
/* "2026-09-03T15:00:00+01:00": the minute and the day are what people read */
void visit_clock(json_t *row, const char *key);

/* routes.c: the whole request is there */
void visit_route(struct visit *visit);

#endif
