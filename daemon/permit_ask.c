/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "duration.h"
#include "permit_ask.h"
#include "permits.h"
#include "register_people.h"
#include "subjects.h"
#include "verbs.h"

struct permit *permit_ask(struct request *request, enum permit_kind kind)
{
	const char *reason = request_text(request, "reason");
	struct permit *permit = calloc(1, sizeof(*permit));

	if (permit) {
		permit->kind = kind;
		permit->category = ESAFE_NO_CATEGORY;
		permit->started = clock_seconds();
		permit->who = strdup(request->peer.name);
		permit->reason = strdup(reason ? reason : "");
		permit->what = strdup("");
		permit->scope_name = strdup("");
	}
	if (permit && permit->who && permit->reason && permit->what && permit->scope_name)
		return permit;
	permit_free(permit);
	request_end(request, CTL_FAILED, "out of memory");
	return NULL;
}

/* ---- for whom ---- */

static void ask_for_whom(struct request *request, unsigned allowed)
{
	char text[128] = "";
	size_t at = 0;

	for (unsigned i = ESAFE_SCOPE_DEVICE; i <= ESAFE_SCOPE_GROUP; i++)
		if (allowed >> i & 1)
			at += snprintf(text + at, sizeof(text) - at, "%s--%s", at ? ", " : "", permit_scope_word(i));
	request_end(request, CTL_USAGE, "for whom? one of %s", text);
}

bool permit_ask_scope(struct request *request, unsigned allowed, struct permit *permit)
{
	const char *given = NULL;
	unsigned kind = 0;

	for (unsigned i = ESAFE_SCOPE_DEVICE; i <= ESAFE_SCOPE_GROUP; i++) {
		const char *text = allowed >> i & 1 ? request_text(request, permit_scope_word(i)) : NULL;

		if (text && given) {
			request_end(request, CTL_USAGE, "either --%s or --%s: one scope at a time",
				    permit_scope_word(kind), permit_scope_word(i));
			return false;
		}
		if (text) {
			given = text;
			kind = i;
		}
	}
	if (!given) {
		ask_for_whom(request, allowed);
		return false;
	}
	free(permit->scope_name);
	permit->scope_name = NULL;
	permit->scope.kind = kind;
	return subject_find(request, kind, given, &permit->scope.id, &permit->scope_name);
}

/* ---- until when ---- */

bool permit_ask_until(struct request *request, __s64 standard, __s64 longest, struct permit *permit)
{
	char text[32];

	if (!request_until(request, permit->started, standard ? permit->started + standard : 0, &permit->until))
		return false;
	if (!longest || (permit->until && permit->until <= permit->started + longest))
		return true;
	duration_text(longest, text, sizeof(text));
	request_end(request, CTL_USAGE, "at most for %s", text);
	return false;
}

/* ---- numbers ---- */

struct permit *permit_ask_which(struct request *request, unsigned kinds, unsigned scopes)
{
	const struct permits *open = permits_open(request_esafed(request));
	long long id = request_number(request, "id", 0);
	struct permit wanted = { 0 };

	if (!id && !permit_ask_scope(request, scopes, &wanted))
		return NULL;
	free(wanted.scope_name);
	for (size_t i = 0; i < open->n; i++) {
		struct permit *permit = open->item[i];

		if (!(kinds >> permit->kind & 1))
			continue;
		if (id ? permit->id == id : !memcmp(&permit->scope, &wanted.scope, sizeof(wanted.scope)))
			return permit;
	}
	request_end(request, CTL_NOT_FOUND, "nothing of this kind is open for that");
	return NULL;
}

/* ---- rows ---- */

static void add_what(json_t *row, const struct permit *permit)
{
	char text[64];

	if (permit->kind != PERMIT_LESSON) {
		reply_text(row, "what", permit->what);
		return;
	}
	snprintf(text, sizeof(text), "%u sites%s", permit->sites, permit->only ? ", nothing else" : "");
	reply_text(row, "what", text);
}

json_t *permit_row(const struct permit *permit)
{
	json_t *row = json_object();

	reply_number(row, "id", permit->id);
	reply_text(row, "kind", permit_kind_name(permit->kind));
	reply_text(row, "scope", permit_scope_word(permit->scope.kind));
	reply_text(row, "name", permit->scope_name);
	add_what(row, permit);
	reply_time(row, "started", permit->started);
	reply_time(row, "until", permit->until);
	reply_text(row, "by", permit->who);
	reply_text(row, "reason", permit->reason);
	return row;
}

void permit_ask_start(struct request *request, struct permit *permit)
{
	struct esafed *esafed = request_esafed(request);
	__u32 id = 0;
	int err = permit_start(esafed, permit, request->verb->name, &id);

	if (!err) {
		request_row(request, permit_row(permits_get(permits_open(esafed), id)));
		request_end(request, CTL_OK, NULL);
	} else if (err == -ENOSPC && permits_open(esafed)->n >= PERMITS_MAX) { /* else the disk is full */
		request_end(request, CTL_FAILED, "too much is open for a while already");
	} else {
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	}
}
