/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Should this be open?" and "this should be blocked": asked on the block page, answered by the school. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "names.h"
#include "register_requests.h"
#include "verbs.h"

#define WITHIN_S 600 /* a device may ask for */
#define MOST 5       /* different things in that time */

const struct arg request_add_args[] = {
	{ "name", ARG_TEXT, true, ARG_NAME }, { "address", ARG_TEXT, false, ARG_WORD }, { "block", ARG_FLAG, false, 0 },
	{ "words", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};
const struct arg request_ls_args[] = {
	{ "past", ARG_FLAG, false, 0 }, { "name", ARG_TEXT, false, ARG_NAME }, { "limit", ARG_NUMBER, false, ARG_NUMBER_MAX },
	{ .name = NULL }
};
/* ---- add ---- */

/* Why it is refused now; nothing of a locked list (see verbs_pages.c). */
static void fill_reason(const struct esafed *esafed, const struct visitor *visitor, struct reg_request *out)
{
	struct esafe_why answer;

	if (visitor_why(esafed, visitor, out->name, &answer))
		return;
	out->group = idtable_name(&esafed->groups, answer.event.group);
	out->reason = event_reason_name(answer.event.reason == ESAFE_R_FLOOR ? ESAFE_R_SITE : answer.event.reason);
	if (answer.event.category != ESAFE_NO_CATEGORY && answer.event.reason != ESAFE_R_FLOOR)
		out->category = idtable_name(&esafed->categories, answer.event.category);
}

/* Asked for a device on the block page, or by a person at the command. */
static void add(struct request *request, const struct visitor *visitor, const char *name)
{
	struct esafed *esafed = request_esafed(request);
	__s64 now = clock_seconds();
	struct reg_request asked = {
		.name = name,
		.block = request_flag(request, "block"),
		.words = request_text(request, "words"),
		.first = now,
		.device = visitor ? visitor->device : request->peer.name,
	};
	const void *key = visitor ? (const void *)&visitor->key : request->peer.name;
	size_t key_len = visitor ? sizeof(visitor->key) : strlen(request->peer.name);
	__u32 id;
	int err;

	if (visitor)
		fill_reason(esafed, visitor, &asked);
	err = register_request_add(esafed->reg, &asked, key, key_len, now - WITHIN_S, visitor ? MOST : 1000, &id);
	if (err == -EBUSY)
		request_end(request, CTL_BUSY, "this device has asked for %d things within ten minutes", MOST);
	else if (err)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	if (err)
		return;
	request_row(request, json_pack("{si ss}", "id", (int)id, "name", name));
	request_end(request, CTL_OK, NULL);
}

void verb_request_add(struct request *request)
{
	const char *address = request_text(request, "address"), *name = request_text(request, "name");
	bool person = request->peer.roles & MAY_PERSONS;
	char plain[NAME_TEXT_MAX];
	__u8 wire[ESAFE_NAME_MAX];
	struct visitor visitor;
	int len = name_from_text(name, strlen(name), wire);

	/* One label is no site: a whole top-level domain can neither be granted. */
	if (len <= 1 || wire[wire[0] + 1] == 0 || name_to_text(wire, (size_t)len, plain, sizeof(plain)) < 0)
		request_end(request, CTL_USAGE, "not the name of a site, such as example.com: %s", name);
	else if (!address && !person)
		request_end(request, CTL_USAGE, "whose request is it?");
	else if (address && visitor_find(request_esafed(request), address, &visitor))
		request_end(request, CTL_USAGE, "not an address: %s", address);
	else
		add(request, address ? &visitor : NULL, plain);
}

/* ---- ls ---- */

static const char *const states[] = {
	[REQUEST_WAITING] = "waiting", [REQUEST_OPENED] = "opened", [REQUEST_KEPT] = "kept"
};

static int ls_row(void *ctx, const struct reg_request *asked)
{
	json_t *row = json_object();

	reply_number(row, "id", asked->id);
	reply_text(row, "name", asked->name);
	reply_text(row, "wish", asked->block ? "block" : "open");
	reply_number(row, "asked", (long long)asked->asked);
	reply_time(row, "first", asked->first);
	reply_time(row, "last", asked->last);
	reply_text(row, "reason", asked->reason);
	reply_text(row, "category", asked->category);
	reply_text(row, "group", asked->group);
	reply_text(row, "device", asked->device);
	reply_text(row, "words", asked->words);
	reply_text(row, "state", !asked->state && *asked->proposed_by ? "proposed" :
				 (unsigned)asked->state <= REQUEST_KEPT ? states[asked->state] : "?");
	reply_time(row, "answered", asked->answered);
	reply_text(row, "who", asked->who);
	reply_text(row, "note", asked->note);
	reply_time(row, "until", asked->until);
	reply_text(row, "proposed_by", asked->proposed_by);
	reply_text(row, "proposed_for", asked->proposed_for);
	return request_row(ctx, row) ? -EPIPE : 0;
}

void verb_request_ls(struct request *request)
{
	long long limit = request_number(request, "limit", 200);
	int err = register_requests(request_esafed(request)->reg, request_flag(request, "past"),
				    request_text(request, "name"), (unsigned)limit, ls_row, request);

	if (err && err != -EPIPE)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}
