/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>

#include "clock.h"
#include "routes.h"
#include "signedin.h"

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
} routes[] = {
	{ "GET", "/style.css", ON_HTTP | ON_TLS, style_show },
	{ "GET", "/", ON_HTTP | ON_TLS, block_show },
	{ "POST", "/request", ON_HTTP | ON_TLS | MARKED, block_request },
	{ "GET", "/portal", ON_HTTP, portal_at_tls },
	{ "GET", "/portal", ON_TLS, portal_show },
	{ "GET", "/captive-portal/api", ON_TLS, portal_api },
	{ "POST", "/session", ON_HTTP | ON_TLS, logon_post },
	{ "POST", "/portal/voucher", ON_TLS | MARKED, portal_voucher },
	{ "POST", "/portal/login", ON_TLS | MARKED, portal_login },
	{ "GET", "/teacher", ON_HTTP, teacher_at_tls },
	{ "GET", "/teacher", ON_TLS, teacher_show },
	{ "POST", "/teacher/login", ON_TLS | MARKED, teacher_login },
	{ "POST", "/teacher/logout", ON_TLS | MARKED | SIGNED_IN, teacher_logout },
	{ "POST", "/teacher/", ON_TLS | MARKED | SIGNED_IN | BELOW, teacher_act },
};

static bool is_there(const struct route *route, const struct visit *visit)
{
	size_t len = strlen(route->path);

	if (!(route->flags & (visit->tls ? ON_TLS : ON_HTTP)))
		return false;
	return route->flags & BELOW ? !strncmp(visit->path, route->path, len) : !strcmp(visit->path, route->path);
}

static void go_to(struct visit *visit, const struct route *route)
{
	if (route->flags & SIGNED_IN && !visit->person) {
		visit_go(visit, "/teacher");
		return;
	}
	if (route->flags & MARKED && !visit_has_mark(visit)) {
		visit_sorry(visit, 403, "This form was open for too long, or came from another page. Please try again.");
		return;
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
		pages->count[COUNT_FLOODED]++;
		visit_plain(visit, 429, "Too many requests from this device. Please wait a moment.\n");
	} else if (visit->over || (strcmp(visit->method, "GET") && strcmp(visit->method, "POST"))) {
		pages->count[COUNT_REFUSED]++;
		visit_plain(visit, visit->over ? 400 : 405, "That is not a request for this server.\n");
	} else if (visit->tls && !visit->own_host) {
		pages->count[COUNT_REFUSED]++;
		visit_plain(visit, 421, "This server does not speak for that name.\n");
	} else {
		if (visit->tls && *visit->cookie)
			visit->person = signed_in_find(pages->signed_in, visit->cookie, now);
		if (visit->own_host)
			route_own(visit);
		else
			route_stranger(visit);
	}
}

/* ---- log-ins ---- */

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

	SHA256((const unsigned char *)account, strlen(account), digest);
	if (limit_take(pages->attempts, visit->source, now, NULL) &&
	    (!*account || limit_take(pages->accounts, digest, now, NULL)) &&
	    limit_take(pages->attempts_all, everybody, now, NULL))
		return true;
	pages->count[COUNT_SLOWED]++;
	visit_sorry(visit, 429, "That was tried too often. Please wait a minute and try again.");
	return false;
}
