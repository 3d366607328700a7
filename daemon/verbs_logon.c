/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A logon that a script of the domain told the pages: a person on a device, and nothing else of a session. That it was
 * told, and by whom, is the word of esafe-pages alone: what that word is worth is for esafed.yaml to say.
 */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "radius.h"
#include "register_people.h"
#include "sessions.h"
#include "verbs.h"

const struct arg page_logon_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "from", ARG_TEXT, true, ARG_WORD },
	{ "user", ARG_TEXT, true, ARG_WORD }, { .name = NULL }
};

/* ---- what the pages may say ---- */

static bool is_on(const struct config_logon *logon, const __u8 addr[16])
{
	for (size_t i = 0; i < logon->ons; i++)
		if (prefix_has(&logon->on[i], addr))
			return true;
	return !logon->ons;
}

/* The group that keeps this person from being logged on so; NULL: none does. */
static const char *never_group(const struct esafed *esafed, const char *account)
{
	const struct config_logon *logon = &esafed->config->logon;
	const char *found = NULL;
	struct reg_user user;

	/* A group that is misspelt, or has another name by now, protects nobody: then nobody is logged on. */
	for (size_t i = 0; i < logon->nevers; i++)
		if (!esafed->policy || policy_group(esafed->policy, logon->never[i]) == SIZE_MAX)
			return logon->never[i];
	if (!logon->nevers || register_user_find(esafed->reg, account, &user))
		return NULL;
	for (size_t i = 0; i < logon->nevers && !found; i++)
		if (!user.gone && !strcmp(user.holds, logon->never[i]))
			found = logon->never[i];
	register_user_free(&user);
	return found;
}

/* False: the request has ended. */
static bool may_be_told(struct request *request, const struct visitor *visitor, const char *account)
{
	const struct esafed *esafed = request_esafed(request);
	const struct config_logon *logon = &esafed->config->logon;
	const char *address = request_text(request, "address"), *from = request_text(request, "from");
	const char *group = never_group(esafed, account), *why;

	if (logon->http == LOGON_OFF)
		why = "logon.http of esafed.yaml is off";
	else if (logon->http == LOGON_OWN && strcmp(address, from))
		why = "logon.http of esafed.yaml lets devices speak for themselves only";
	else if (!is_on(logon, visitor->addr))
		why = "this address is not among logon.on of esafed.yaml";
	else if (group)
		why = "logon.never of esafed.yaml names the group, or one that the policy does not have";
	else
		return true;
	log_warn("%s is not logged on or off at %s, told from %s: %s%s%s", account, address, from, why, group ? ": " : "",
		 group ? group : "");
	request_end(request, CTL_DENIED, "%s", why);
	return false;
}

/* ---- who and where ---- */

/* As in RADIUS, SCHOOL\pupil12 and pupil12@school.example are pupil12. False: the request has ended. */
static bool take_claim(struct request *request, struct visitor *visitor, char account[RADIUS_TEXT + 1],
		       struct session_claim *claim)
{
	if (visitor_find(request_esafed(request), request_text(request, "address"), visitor)) {
		request_end(request, CTL_USAGE, "not an address");
		return false;
	}
	if (!radius_account(request_text(request, "user"), account)) {
		request_end(request, CTL_USAGE, "this is no person's name");
		return false;
	}
	*claim = (struct session_claim){
		.how = ESAFE_HOW_LOGON,
		.user = account,
		.addr = visitor->addr,
		.mac = visitor->key.kind == ESAFE_BY_MAC ? visitor->key.addr : NULL,
		.source = "logon",
		.who = "logon",
	};
	return may_be_told(request, visitor, account);
}

void verb_page_logon(struct request *request)
{
	struct problems problems = { 0 };
	char account[RADIUS_TEXT + 1];
	struct session_claim claim;
	struct visitor visitor;
	__u64 id;
	int err;

	if (!take_claim(request, &visitor, account, &claim))
		return;
	err = session_start(request_esafed(request), &claim, &id, &problems);
	if (problems.n)
		request_end_problems(request, CTL_USAGE, &problems);
	else
		request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
	problems_free(&problems);
}

void verb_page_logoff(struct request *request)
{
	char account[RADIUS_TEXT + 1];
	struct session_claim claim;
	struct visitor visitor;
	unsigned ended = 0;
	int err;

	if (!take_claim(request, &visitor, account, &claim))
		return;
	claim.mac = NULL; /* its address is enough, also where it was not seen as a neighbour when the session began */
	err = session_end(request_esafed(request), &claim, "log-off", &ended);
	if (!err && !ended)
		request_end(request, CTL_NOT_FOUND, "there is no such session");
	else
		request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}
