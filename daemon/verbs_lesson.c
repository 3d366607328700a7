/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "clock.h"
#include "duration.h"
#include "permit_ask.h"
#include "permits.h"
#include "verbs.h"

#define MINUTE 60

#define PLACES { "class", ARG_TEXT, false, ARG_WORD }, { "room", ARG_TEXT, false, ARG_WORD }
#define UNTIL_ARGS { "for", ARG_TEXT, false, 32 }, { "until", ARG_NUMBER, false, ARG_TIME_MAX }

const struct arg lesson_start_args[] = {
	PLACES, { "sites", ARG_TEXT, false, ESAFE_CTL_LINE_MAX / 4 }, { "file", ARG_TEXT, false, 4096 },
	{ "site", ARG_TEXT, false, 16 * ARG_NAME }, { "only", ARG_FLAG, false, 0 }, UNTIL_ARGS,
	{ "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};
const struct arg lesson_stop_args[] = { { "id", ARG_NUMBER, false, ARG_NUMBER_MAX }, PLACES, { .name = NULL } };
const struct arg lesson_extend_args[] = {
	{ "id", ARG_NUMBER, false, ARG_NUMBER_MAX }, PLACES, UNTIL_ARGS, { .name = NULL }
};
const struct arg supervise_start_args[] = {
	PLACES, { "device", ARG_TEXT, false, ARG_WORD }, UNTIL_ARGS, { "reason", ARG_TEXT, false, ARG_REMARK },
	{ .name = NULL }
};
const struct arg supervise_stop_args[] = {
	{ "id", ARG_NUMBER, false, ARG_NUMBER_MAX }, PLACES, { "device", ARG_TEXT, false, ARG_WORD }, { .name = NULL }
};

#define WHERE (SCOPE_BIT(CLASS) | SCOPE_BIT(ROOM))

void verb_lesson_start(struct request *request)
{
	__s64 longest = request_esafed(request)->config->grant_longest;
	struct permit *permit = permit_ask(request, PERMIT_LESSON);

	if (!permit)
		return;
	permit->only = request_flag(request, "only");
	if (permit_ask_scope(request, WHERE, permit) && permit_ask_until(request, 60 * MINUTE, longest, permit) &&
	    permit_ask_sites(request, permit))
		permit_ask_start(request, permit);
	else
		permit_free(permit);
}

void verb_lesson_stop(struct request *request)
{
	struct permit *permit = permit_ask_which(request, 1 << PERMIT_LESSON, WHERE);

	if (permit)
		permit_ask_end(request, permit);
}

void verb_lesson_extend(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	struct permit *permit = permit_ask_which(request, 1 << PERMIT_LESSON | 1 << PERMIT_SUPERVISE, WHERE);
	__s64 now = clock_seconds(), until;
	char text[32];
	int err;

	if (!permit || !request_until(request, permit->until, 0, &until))
		return;
	if (!until) {
		request_end(request, CTL_USAGE, "by how much? --for 10m, or --until 12:00");
		return;
	}
	if (until > now + esafed->config->grant_longest) {
		duration_text(esafed->config->grant_longest, text, sizeof(text));
		request_end(request, CTL_USAGE, "at most for %s from now", text);
		return;
	}
	err = permit_extend(esafed, permit, until, request->peer.name, request->verb->name);
	if (!err)
		request_row(request, permit_row(permit));
	request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}

void verb_supervise_start(struct request *request)
{
	__s64 longest = request_esafed(request)->config->grant_longest;
	struct permit *permit = permit_ask(request, PERMIT_SUPERVISE);

	if (!permit)
		return;
	if (permit_ask_scope(request, WHERE | SCOPE_BIT(DEVICE), permit) &&
	    permit_ask_until(request, 30 * MINUTE, longest, permit))
		permit_ask_start(request, permit);
	else
		permit_free(permit);
}

void verb_supervise_stop(struct request *request)
{
	struct permit *permit = permit_ask_which(request, 1 << PERMIT_SUPERVISE, WHERE | SCOPE_BIT(DEVICE));

	if (permit)
		permit_ask_end(request, permit);
}
