/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "permit_ask.h"
#include "permits.h"
#include "register_permits.h"
#include "verbs.h"

#define MINUTE 60
#define DAY 86400

#define SCOPE_ARGS                                                                                              \
	{ "device", ARG_TEXT, false, ARG_WORD }, { "user", ARG_TEXT, false, ARG_WORD },                         \
	{ "class", ARG_TEXT, false, ARG_WORD }, { "room", ARG_TEXT, false, ARG_WORD }
#define UNTIL_ARGS { "for", ARG_TEXT, false, 32 }, { "until", ARG_NUMBER, false, ARG_TIME_MAX }

const struct arg grant_args[] = {
	SCOPE_ARGS, { "group", ARG_TEXT, false, ARG_WORD }, { "site", ARG_TEXT, false, ARG_NAME },
	{ "category", ARG_TEXT, false, ARG_WORD }, UNTIL_ARGS, { "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};
const struct arg grant_ls_args[] = {
	{ "past", ARG_FLAG, false, 0 }, { "limit", ARG_NUMBER, false, ARG_NUMBER_MAX }, { .name = NULL }
};
const struct arg grant_end_args[] = {
	{ "id", ARG_NUMBER, true, ARG_NUMBER_MAX }, { "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};

#define ALL_SCOPES (SCOPE_BIT(DEVICE) | SCOPE_BIT(USER) | SCOPE_BIT(CLASS) | SCOPE_BIT(ROOM) | SCOPE_BIT(GROUP))

static bool leads(const struct request *request)
{
	return request->peer.roles & (MAY(ADMIN) | MAY(HEAD));
}

/* What is opened for one child must not open for a whole group by a slip of the hand. */
bool permit_ask_may_group(struct request *request)
{
	if (!request_text(request, "group") || leads(request))
		return true;
	request_end(request, CTL_DENIED, "to open or close something for a whole group needs the role head or administrator");
	return false;
}

static void grant(struct request *request, enum permit_kind kind, __s64 longest)
{
	struct permit *permit;

	if (!permit_ask_may_group(request))
		return;
	permit = permit_ask(request, kind);
	if (!permit)
		return;
	if (permit_ask_scope(request, ALL_SCOPES, permit) && permit_ask_until(request, 15 * MINUTE, longest, permit) &&
	    permit_ask_what(request, permit))
		permit_ask_start(request, permit);
	else
		permit_free(permit);
}

void verb_grant(struct request *request)
{
	grant(request, PERMIT_GRANT, request_esafed(request)->config->grant_longest);
}

void verb_deny(struct request *request)
{
	grant(request, PERMIT_DENY, 31 * DAY);
}

/* ---- ls ---- */

static int past_row(void *ctx, const struct reg_permit *permit)
{
	json_t *row = permit_row(permit->permit);

	reply_time(row, "ended", permit->ended);
	reply_text(row, "ended_by", permit->ended_by);
	reply_text(row, "state", permit->ended ? permit->why : "open");
	return request_row(ctx, row);
}

static void ls(struct request *request, unsigned kinds)
{
	const struct esafed *esafed = request_esafed(request);
	const struct permits *open = permits_open(esafed);
	int err = 0;

	if (request_flag(request, "past")) {
		err = register_permits(esafed->reg, request_number(request, "limit", 100), past_row, request);
	} else {
		for (size_t i = 0; i < open->n && !err; i++)
			if (kinds >> open->item[i]->kind & 1 && permit_alive(open->item[i], clock_seconds()))
				err = request_row(request, permit_row(open->item[i]));
	}
	request_end(request, err && err != -EPIPE ? CTL_FAILED : CTL_OK, NULL);
}

void verb_grant_ls(struct request *request)
{
	ls(request, ~0u);
}

void verb_lesson_ls(struct request *request)
{
	ls(request, 1 << PERMIT_LESSON | 1 << PERMIT_SUPERVISE);
}

/* ---- end ---- */

/* What opens something anybody who may open it may close; what somebody closed stays closed. */
static bool may_end(struct request *request, const struct permit *permit)
{
	if (leads(request) || permit->kind <= PERMIT_GRANT || !strcmp(permit->who, request->peer.name))
		return true;
	request_end(request, CTL_DENIED, "this is for %s to end, or for the role head or administrator", permit->who);
	return false;
}

void permit_ask_end(struct request *request, struct permit *permit)
{
	const char *reason = request_text(request, "reason");
	int err;

	request_row(request, permit_row(permit));
	err = permit_end(request_esafed(request), permit, request->peer.name, reason ? reason : "lifted",
			 request->verb->name);
	request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}

void verb_grant_end(struct request *request)
{
	struct permit *permit = permit_ask_which(request, 1 << PERMIT_GRANT | 1 << PERMIT_DENY, 0);

	if (permit && may_end(request, permit))
		permit_ask_end(request, permit);
}
