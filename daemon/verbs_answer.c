/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to what people asked for on the block page (verbs_request.c). A yes is more than a word: the site is open
 * for those who asked or for whom the answer names, until a deadline; or for good, which is for the head to say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "permit_ask.h"
#include "permits.h"
#include "register_requests.h"
#include "subjects.h"
#include "verbs.h"

#define DAY 86400
#define ASKERS 40 /* devices; more are a class or a group */
#define ALL_SCOPES (SCOPE_BIT(DEVICE) | SCOPE_BIT(USER) | SCOPE_BIT(CLASS) | SCOPE_BIT(ROOM) | SCOPE_BIT(GROUP))

const struct arg request_answer_args[] = {
	{ "id", ARG_NUMBER, true, ARG_NUMBER_MAX }, { "open", ARG_FLAG, false, 0 }, { "keep", ARG_FLAG, false, 0 },
	{ "note", ARG_TEXT, false, ARG_REMARK }, { "device", ARG_TEXT, false, ARG_WORD },
	{ "user", ARG_TEXT, false, ARG_WORD }, { "class", ARG_TEXT, false, ARG_WORD },
	{ "room", ARG_TEXT, false, ARG_WORD }, { "group", ARG_TEXT, false, ARG_WORD },
	{ "for", ARG_TEXT, false, 32 }, { "until", ARG_NUMBER, false, ARG_TIME_MAX }, { "always", ARG_FLAG, false, 0 },
	{ .name = NULL }
};

/* What is answered, and what the answer opened. */
struct answer {
	struct request *request;
	struct reg *reg;
	__u32 id;
	char *name;         /* of the site; the texts are NULL or ours */
	char *proposed_for;
	bool block, own;    /* own: whoever answers has asked for it */
	unsigned askers;
	__u32 device[ASKERS];
	unsigned devices;   /* of the register that asked */
	__u32 permit[ASKERS];
	unsigned permits;
	struct permit *wanted; /* for whom and until when; NULL: taken over */
};

static void answer_free(struct answer *answer)
{
	free(answer->name);
	free(answer->proposed_for);
	if (answer->wanted)
		permit_free(answer->wanted);
}

/* ---- what was asked for, and by whom ---- */

static int take_request(void *ctx, const struct reg_request *asked)
{
	struct answer *answer = ctx;

	if (asked->state != REQUEST_WAITING)
		return -EALREADY;
	answer->block = asked->block;
	answer->name = strdup(asked->name);
	answer->proposed_for = strdup(asked->proposed_for);
	return answer->name && answer->proposed_for ? 1 : -ENOMEM;
}

/* A device by its address, or a person at the command by the account. */
static int take_asker(void *ctx, const void *key, size_t len)
{
	const char *account = ((struct answer *)ctx)->request->peer.name;
	struct esafe_device_key device_key;
	struct answer *answer = ctx;
	struct reg_device device;

	answer->askers++;
	if (len != sizeof(device_key)) {
		answer->own = answer->own || (len == strlen(account) && !memcmp(key, account, len));
		return 0;
	}
	memcpy(&device_key, key, sizeof(device_key));
	if (answer->devices == ASKERS || register_device_by_addr(answer->reg, device_key.kind, device_key.addr, &device))
		return 0;
	answer->device[answer->devices++] = device.id;
	register_device_free(&device);
	return 0;
}

/* False: the request has ended. */
static bool look_up(struct answer *answer)
{
	int err = register_request_get(answer->reg, answer->id, take_request, answer);

	if (err > 0)
		err = register_request_askers(answer->reg, answer->id, take_asker, answer) ?: 1;
	if (err > 0)
		return true;
	if (!err || err == -EALREADY)
		request_end(answer->request, CTL_NOT_FOUND, err ? "request %u is answered" : "there is no request %u", answer->id);
	else
		request_end(answer->request, CTL_FAILED, "the register: %s", strerror(-err));
	return false;
}

/* ---- the answer itself ---- */

static int write_answer(struct answer *answer, enum reg_request_state state, __s64 until, const char *what)
{
	struct request *request = answer->request;
	const char *note = request_text(request, "note");
	struct reg_answer given = {
		.state = state, .who = request->peer.name, .note = note ? note : "", .at = clock_seconds(), .until = until
	};
	char detail[1024], end[CLOCK_TEXT_SIZE] = "";
	int err = register_begin(answer->reg);

	if (err)
		return err;
	if (until)
		clock_text(until, end);
	snprintf(detail, sizeof(detail), "#%u %s%s%s%s%s", answer->id, what, until ? " until " : "", end, note ? ": " : "",
		 note ? note : "");
	err = state == REQUEST_WAITING ? register_request_propose(answer->reg, answer->id, request->peer.name,
								  answer->proposed_for) :
					 register_request_answer(answer->reg, answer->id, &given);
	if (!err)
		err = register_change_add(answer->reg, given.at, request->peer.name, request->verb->name, detail);
	if (!err)
		return register_commit(answer->reg);
	register_rollback(answer->reg);
	return err;
}

static void end_answer(struct answer *answer, int err)
{
	if (err)
		request_end(answer->request, CTL_FAILED, "the register: %s", strerror(-err));
	else
		request_end(answer->request, CTL_OK, NULL);
}

/* ---- for whom ---- */

static bool names_scope(const struct request *request)
{
	for (unsigned i = ESAFE_SCOPE_DEVICE; i <= ESAFE_SCOPE_GROUP; i++)
		if (request_text(request, permit_scope_word(i)))
			return true;
	return false;
}

/* "group pupils", as it was proposed. */
static bool take_proposed(struct answer *answer)
{
	const char *space = strchr(answer->proposed_for, ' ');
	struct permit *permit = answer->wanted;

	for (unsigned i = ESAFE_SCOPE_DEVICE; space && i <= ESAFE_SCOPE_GROUP; i++) {
		const char *word = permit_scope_word(i);

		if (strlen(word) != (size_t)(space - answer->proposed_for) || strncmp(word, answer->proposed_for, strlen(word)))
			continue;
		free(permit->scope_name);
		permit->scope_name = NULL;
		permit->scope.kind = i;
		return subject_find(answer->request, i, space + 1, &permit->scope.id, &permit->scope_name);
	}
	request_end(answer->request, CTL_USAGE, "for whom? nobody has proposed that yet");
	return false;
}

/* False: the request has ended. A scope of kind 0 stands for the devices that asked. */
static bool ask_whom(struct answer *answer, bool always)
{
	struct request *request = answer->request;

	if (names_scope(request))
		/* to propose is not to open */
		return (always || permit_ask_may_group(request)) && permit_ask_scope(request, ALL_SCOPES, answer->wanted);
	if (always && *answer->proposed_for)
		return take_proposed(answer);
	if (!always && !answer->block && answer->devices && answer->devices == answer->askers)
		return true;
	if (always || answer->block)
		request_end(request, CTL_USAGE, "for whom? one of --device, --user, --class, --room, --group");
	else
		request_end(request, CTL_USAGE, "%u of the %u who asked %s no device of the register: say for whom, with one of "
			    "--device, --user, --class, --room, --group", answer->askers - answer->devices, answer->askers,
			    answer->askers == 1 ? "is" : "are");
	return false;
}

/* ---- opening ---- */

static int open_for(struct answer *answer, const struct esafe_scope_key *scope, const char *name)
{
	const struct permit *wanted = answer->wanted;
	struct permit *permit = calloc(1, sizeof(*permit));
	int err;

	if (!permit)
		return -ENOMEM;
	*permit = (struct permit){ .kind = wanted->kind, .category = wanted->category, .started = wanted->started,
				   .until = wanted->until, .scope = *scope, .who = strdup(wanted->who),
				   .reason = strdup(wanted->reason), .what = strdup(wanted->what), .scope_name = strdup(name) };
	if (!permit->who || !permit->reason || !permit->what || !permit->scope_name) {
		permit_free(permit);
		return -ENOMEM;
	}
	err = permit_start(request_esafed(answer->request), permit, answer->request->verb->name,
			   &answer->permit[answer->permits]);
	if (err)
		return err;
	request_row(answer->request, permit_row(permits_get(permits_open(request_esafed(answer->request)),
							    answer->permit[answer->permits])));
	answer->permits++;
	return 0;
}

static int open_all(struct answer *answer)
{
	int err = 0;

	if (answer->wanted->scope.kind)
		return open_for(answer, &answer->wanted->scope, answer->wanted->scope_name);
	for (unsigned i = 0; i < answer->devices && !err; i++) {
		struct esafe_scope_key scope = { .kind = ESAFE_SCOPE_DEVICE, .id = answer->device[i] };
		struct reg_device device;

		err = register_device_get(answer->reg, answer->device[i], &device);
		if (err)
			continue;
		err = open_for(answer, &scope, device.name);
		register_device_free(&device);
	}
	return err;
}

/* Nothing half done: what was opened for an answer that could not be written down is closed again. */
static void take_back(struct answer *answer)
{
	struct esafed *esafed = request_esafed(answer->request);

	while (answer->permits) {
		struct permit *permit = permits_get(permits_open(esafed), answer->permit[--answer->permits]);

		if (permit)
			permit_end(esafed, permit, answer->request->peer.name, "not answered", answer->request->verb->name);
	}
}

static void say_yes(struct answer *answer)
{
	int err = open_all(answer);

	if (!err)
		err = write_answer(answer, REQUEST_OPENED, answer->wanted->until, answer->block ? "block" : "open");
	if (err)
		take_back(answer);
	end_answer(answer, err);
}

/* For good changes what the school's policy says: the head has the last word, and nobody on a wish of their own. */
static void say_always(struct answer *answer)
{
	struct request *request = answer->request;
	char what[256];
	json_t *row;
	int err;

	if (answer->own) {
		request_end(request, CTL_DENIED, "nobody decides on what they asked for themselves");
	} else if (request->peer.roles & MAY(HEAD)) {
		say_yes(answer);
	} else {
		snprintf(what, sizeof(what), "%s %s", permit_scope_word(answer->wanted->scope.kind), answer->wanted->scope_name);
		free(answer->proposed_for);
		answer->proposed_for = strdup(what);
		err = answer->proposed_for ? write_answer(answer, REQUEST_WAITING, 0, "proposed for good") : -ENOMEM;
		if (!err) {
			row = permit_row(answer->wanted);
			reply_text(row, "kind", "proposal");
			request_row(request, row);
		}
		end_answer(answer, err);
	}
}

/* The site, checked as that of a grant is: what stands above a grant cannot be opened. */
static bool ask_site(struct answer *answer)
{
	return !json_object_set_new(answer->request->args, "site", json_string(answer->name)) &&
	       permit_ask_what(answer->request, answer->wanted);
}

static void open_or_propose(struct answer *answer)
{
	struct request *request = answer->request;
	const struct config *config = request_esafed(request)->config;
	bool always = request_flag(request, "always");
	__s64 longest = answer->block ? 31 * DAY : config->grant_longest;
	char reason[32];

	if (always && (request_text(request, "for") || request_number(request, "until", 0))) {
		request_end(request, CTL_USAGE, "either --always or a deadline");
		return;
	}
	snprintf(reason, sizeof(reason), "request #%u", answer->id);
	json_object_set_new(request->args, "reason", json_string(reason));
	answer->wanted = permit_ask(request, answer->block ? PERMIT_DENY : PERMIT_GRANT);
	if (!answer->wanted || !ask_whom(answer, always) || !ask_site(answer))
		return;
	if (always)
		say_always(answer);
	else if (permit_ask_until(request, longest, longest, answer->wanted))
		say_yes(answer);
}

void verb_request_answer(struct request *request)
{
	struct answer answer = { .request = request, .reg = request_esafed(request)->reg,
				 .id = (__u32)request_number(request, "id", 0) };
	bool open = request_flag(request, "open"), keep = request_flag(request, "keep");

	if (open == keep) {
		request_end(request, CTL_USAGE, "either --open or --keep");
		return;
	}
	if (look_up(&answer)) {
		if (open)
			open_or_propose(&answer);
		else
			end_answer(&answer, write_answer(&answer, REQUEST_KEPT, 0, "keep"));
	}
	answer_free(&answer);
}
