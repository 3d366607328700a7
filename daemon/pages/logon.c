/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logon and logoff told by scripts of the domain: POST /session with action, user, token and, from a listed server, the
 * ip of the device. Who is there is believed for the token's sake, where it is for the address that the connection came
 * from; nothing else that a device says counts.
 */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "clock.h"
#include "routes.h"

bool logon_is_server(const struct visit *visit)
{
	const struct settings *settings = visit->pages->settings;

	for (size_t i = 0; settings->logon_token && i < settings->logon_servers; i++)
		if (prefix_has(&settings->logon_server[i], visit->source))
			return true;
	return false;
}

/* Compared by their sums: how long it takes says nothing of the token, nor of its length. */
static bool has_token(const struct visit *visit)
{
	const char *given = form_get(&visit->form, "token");
	unsigned char digest[32];

	SHA256((const unsigned char *)given, strlen(given), digest);
	return !CRYPTO_memcmp(digest, visit->pages->token, sizeof(digest));
}

static void forged(struct visit *visit, const char *what)
{
	visit->counts_as = COUNT_LOGONS_FORGED;
	visit->because = what;
	limit_take(visit->pages->forgeries, visit->source, clock_monotonic_ms(), NULL);
	visit_plain(visit, 403, "This logon is not taken.\n");
}

/* Which device is meant; NULL: none that this address may speak for. */
static const char *device_of(const struct visit *visit)
{
	const char *ip = form_get(&visit->form, "ip");

	if (logon_is_server(visit))
		return ip;
	return visit->pages->settings->logon_devices && (!*ip || !strcmp(ip, visit->address)) ? visit->address : NULL;
}

static void told(struct visit *visit, const struct reply *reply)
{
	static const struct {
		const char *code, *words;
		unsigned status;
	} rows[] = {
		{ "ok", "Done.\n", 200 },
		{ "not-found", "There is no such session.\n", 404 },
		{ "failed", VISIT_FAILED "\n", 503 },
		{ "denied", "This logon is not taken.\n", 403 },
		{ "busy", "Too many at once: again in a moment.\n", 503 },
		{ "unreachable", "The filter does not answer just now: again in a moment.\n", 503 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(reply->code, rows[i].code)) {
			visit->pages->count[COUNT_LOGONS] += !i;
			visit->counts_as = !strcmp(reply->code, "failed") ? COUNT_FAILED :
					   rows[i].status == 503 ? COUNT_UNANSWERED : 0;
			visit->because = *reply->problem ? reply->problem : NULL;
			visit_plain(visit, rows[i].status, rows[i].words);
			return;
		}
	visit_plain(visit, 400, "This user or this address is none.\n");
}

void logon_post(struct visit *visit)
{
	const char *action = form_get(&visit->form, "action"), *user = form_get(&visit->form, "user"), *device;
	struct pages *pages = visit->pages;
	bool starts = !strcmp(action, "start");

	if (!pages->settings->logon_token) {
		visit_sorry(visit, 404, "There is no such page here.");
		return;
	}
	if (!limit_has(pages->forgeries, visit->source, clock_monotonic_ms())) {
		visit->counts_as = COUNT_LOGONS_SLOWED;
		visit_plain(visit, 429, "Too many wrong logons from here: again in a minute.\n");
		return;
	}
	device = device_of(visit);
	if (!has_token(visit))
		forged(visit, "the token is wrong");
	else if (!device)
		forged(visit, "it is for another device, or devices may not say it");
	else if (!*device || !*user || (!starts && strcmp(action, "end")))
		visit_plain(visit, 400, "Needed: action=start or end, user, token, and from a server the ip of the device.\n");
	else
		visit_ask(visit, starts ? "page logon" : "page logoff",
			  json_pack("{ssssss}", "address", device, "from", visit->address, "user", user), told);
}
