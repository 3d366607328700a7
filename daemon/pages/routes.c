/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/sha.h>

#include "clock.h"
#include "routes.h"

enum flags {
	ON_HTTP = 1,
	ON_TLS = 2,
	SIGNED_IN = 4, /* else the log-in is shown */
	MARKED = 8,    /* the form must come from our own page */
	BELOW = 16,    /* and what is below the path */
};

static void style_show(struct visit *visit)
{
	char *copy = malloc(visit->pages->style_len + 1);

	if (copy)
		memcpy(copy, visit->pages->style, visit->pages->style_len);
	visit_text(visit, copy ? 200 : 500, "text/css; charset=utf-8", copy, copy ? visit->pages->style_len : 0);
}

static void teacher_at_tls(struct visit *visit)
{
	char base[300];

	settings_base(visit->pages->settings, base, sizeof(base));
	visit_go(visit, "%s/teacher", base);
}

static void portal_at_tls(struct visit *visit)
{
	char base[300];

	settings_base(visit->pages->settings, base, sizeof(base));
	visit_go(visit, "%s/portal", base);
}

static const struct route {
	const char *method, *path;
	unsigned flags;
	void (*fn)(struct visit *visit);
	const char *fields[ROUTE_FIELDS]; /* of the form or query; no others reach the function */
} routes[] = {
	{ "GET", "/style.css", ON_HTTP | ON_TLS, style_show, { NULL } },
	{ "GET", "/", ON_HTTP | ON_TLS, block_show, { NULL } },
	{ "POST", "/request", ON_HTTP | ON_TLS | MARKED, block_request, { "name", "words", "block" } },
	{ "GET", "/portal", ON_HTTP, portal_at_tls, { NULL } },
	{ "GET", "/portal", ON_TLS, portal_show, { NULL } },
	{ "GET", "/captive-portal/api", ON_TLS, portal_api, { NULL } },
	{ "POST", "/session", ON_HTTP | ON_TLS, logon_post, { "action", "user", "token", "ip" } },
	{ "POST", "/portal/voucher", ON_TLS | MARKED, portal_voucher, { "code", "accept", "version" } },
	{ "POST", "/portal/login", ON_TLS | MARKED, portal_login, { "user", "password", "accept", "version" } },
	{ "GET", "/teacher", ON_HTTP, teacher_at_tls, { NULL } },
	{ "GET", "/teacher", ON_TLS, teacher_show, { "done" } },
	{ "POST", "/teacher/login", ON_TLS | MARKED, teacher_login, { "user", "password" } },
	{ "POST", "/teacher/logout", ON_TLS | MARKED | SIGNED_IN, teacher_logout, { NULL } },
	{ "POST", "/teacher/", ON_TLS | MARKED | SIGNED_IN | BELOW, teacher_act, { NULL } }, /* fields: teacher.c's table */
};

static void print_route(FILE *out, const struct route *route, const char *below, const char *const *fields)
{
	fprintf(out, "%s %s%s %s", route->method, route->path, below,
		!(route->flags & ON_TLS) ? "http" : route->flags & ON_HTTP ? "http,https" : "https");
	if (route->flags & MARKED)
		fputs(" mark", out);
	for (; *fields; fields++)
		fprintf(out, " %s", *fields);
	fputc('\n', out);
}

void routes_print(FILE *out)
{
	const char *fields[ROUTE_FIELDS], *below;

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!(routes[i].flags & BELOW))
			print_route(out, &routes[i], "", routes[i].fields);
		for (size_t j = 0; routes[i].flags & BELOW && teacher_act_row(j, &below, fields); j++)
			print_route(out, &routes[i], below, fields);
	}
}

static bool is_there(const struct route *route, const struct visit *visit)
{
	size_t len = strlen(route->path);

	if (!(route->flags & (visit->tls ? ON_TLS : ON_HTTP)))
		return false;
	return route->flags & BELOW ? !strncmp(visit->path, route->path, len) : !strcmp(visit->path, route->path);
}

/* "https://gateway.example:8443" of the start of an address */
static bool is_here(const struct visit *visit, const char *from)
{
	const char *scheme = visit->tls ? "https://" : "http://";
	size_t len = strlen(scheme), host = strlen(visit->host);

	return !strncasecmp(from, scheme, len) && !strncasecmp(from + len, visit->host, host) &&
	       (!from[len + host] || from[len + host] == '/');
}

/* What browsers say of where a form stands. Scripts and old browsers say nothing: the mark, or the token, must do. */
static bool is_foreign(const struct visit *visit)
{
	if (*visit->fetch_site && strcmp(visit->fetch_site, "same-origin") && strcmp(visit->fetch_site, "none"))
		return true;
	return (*visit->origin && !is_here(visit, visit->origin)) || (*visit->referer && !is_here(visit, visit->referer));
}

static void go_to(struct visit *visit, const struct route *route)
{
	if (!strcmp(route->method, "POST") && is_foreign(visit)) {
		visit->counts_as = COUNT_FOREIGN;
		visit_sorry(visit, 403, "This form came from a page of another site. Nothing was done.");
		return;
	}
	if (route->flags & SIGNED_IN && !*visit->account) {
		visit_go(visit, "/teacher");
		return;
	}
	if (route->flags & MARKED && !visit_has_mark(visit)) {
		visit->counts_as = COUNT_FORGED;
		visit_sorry(visit, 403, "This form was open for too long, or came from another page. Please try again.");
		return;
	}
	if (!(route->flags & BELOW)) {
		form_keep(&visit->form, route->fields);
		form_keep(&visit->query, route->fields);
	}
	route->fn(visit);
}

/* A name that is refused leads here: whatever was wanted of it, this is the answer. */
static void route_stranger(struct visit *visit)
{
	const char *own[] = { "/style.css", "/request" };

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++)
			if (!strcmp(routes[i].path, own[j]) && is_there(&routes[i], visit) &&
			    !strcmp(routes[i].method, visit->method)) {
				go_to(visit, &routes[i]);
				return;
			}
	block_show(visit);
}

static void route_own(struct visit *visit)
{
	bool there = false;

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!is_there(&routes[i], visit))
			continue;
		there = true;
		if (!strcmp(routes[i].method, visit->method)) {
			go_to(visit, &routes[i]);
			return;
		}
	}
	if (there)
		visit_plain(visit, 405, "Not in this way.\n");
	else
		visit_sorry(visit, 404, "There is no such page here.");
}

void visit_route(struct visit *visit)
{
	struct pages *pages = visit->pages;
	uint64_t now = clock_monotonic_ms();

	if (visit->figures) {
		figures_show(visit);
		return;
	}
	pages->count[COUNT_VISITS]++;
	visit->data = json_object();
	if (!logon_is_server(visit) && !limit_take(pages->visits, visit->source, now, NULL)) {
		visit->counts_as = COUNT_FLOODED;
		visit_plain(visit, 429, "Too many requests from this device. Please wait a moment.\n");
	} else if (visit->over || (strcmp(visit->method, "GET") && strcmp(visit->method, "POST"))) {
		visit_plain(visit, visit->over ? 400 : 405, "That is not a request for this server.\n");
	} else if (visit->tls && !visit->own_host) {
		visit_plain(visit, 421, "This server does not speak for that name.\n");
	} else {
		if (visit->tls && *visit->cookie)
			signed_in_find(pages->signed_in, visit->cookie, now, visit->account);
		if (visit->own_host)
			route_own(visit);
		else
			route_stranger(visit);
	}
}

/* ---- log-ins ---- */

/* PAM may know "SCHOOL\\Teacher3" and "teacher3@school.example" as teacher3: they are slowed down as one. */
static void account_key(const char *account, unsigned char digest[32])
{
	const char *back = strrchr(account, '\\');
	char plain[128];
	size_t len;

	if (back)
		account = back + 1;
	account += strspn(account, " ");
	len = strcspn(account, "@ ");
	if (len >= sizeof(plain))
		len = sizeof(plain) - 1;
	for (size_t i = 0; i < len; i++)
		plain[i] = account[i] >= 'A' && account[i] <= 'Z' ? (char)(account[i] + 'a' - 'A') : account[i];
	SHA256((const unsigned char *)plain, len, digest);
}

/*
 * An account is slowed down as well as an address, so that many devices together do not get further; slowed down only:
 * nobody can lock a teacher out for long.
 */
bool attempt_allowed(struct visit *visit, const char *account)
{
	static const uint8_t everybody[16];
	struct pages *pages = visit->pages;
	uint64_t now = clock_monotonic_ms();
	unsigned char digest[32];

	account_key(account, digest);
	if (limit_take(pages->attempts, visit->source, now, NULL) &&
	    (!*account || limit_take(pages->accounts, digest, now, NULL)) &&
	    limit_take(pages->attempts_all, everybody, now, NULL))
		return true;
	visit->counts_as = COUNT_SLOWED;
	visit_sorry(visit, 429, "That was tried too often. Please wait a minute and try again.");
	return false;
}
