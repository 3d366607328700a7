/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A logon that a script of the domain told the pages: a person on a device, and nothing else of a session. */
#include <errno.h>
#include <string.h>

#include "radius.h"
#include "sessions.h"
#include "verbs.h"

const struct arg page_logon_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "user", ARG_TEXT, true, ARG_WORD }, { .name = NULL }
};

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
	return true;
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
