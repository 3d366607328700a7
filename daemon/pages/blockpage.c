/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block page. The name is the one that the browser came with, where the refused name itself leads here; after a
 * redirect, which cannot say it, it is the last one that this device was refused.
 */
#include <string.h>

#include "routes.h"

/* What the template says of a reason of include/esafe/abi.h; those that are not here are "rule". */
static const struct {
	const char *reason, *say;
} says[] = {
	{ "category", "by_category" },  { "time", "by_time" },          { "supervised", "by_supervised" },
	{ "suspended", "by_suspended" }, { "lesson-only", "by_lesson" }, { "no-internet", "by_offline" },
	{ "default", "by_default" },    { "quota", "by_quota" },        { "safesearch-bypass", "by_search" },
	{ "quarantine", "by_suspended" },
};

static const char *say_of(const char *reason)
{
	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
		if (reason && !strcmp(says[i].reason, reason))
			return says[i].say;
	return "by_rule";
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* Some categories have names that are nothing for a child to read. */
static bool may_be_named(const struct visit *visit, const char *category)
{
	const struct settings *settings = visit->pages->settings;

	for (size_t i = 0; category && i < settings->unnamed_n; i++)
		if (!strcmp(settings->unnamed[i], category))
			return false;
	return category != NULL;
}

static void say_why(struct visit *visit, json_t *row)
{
	const char *category = text_of(row, "category");
	json_t *help = json_object_get(row, "help");

	visit_say(visit, "name", text_of(row, "name"));
	json_object_set_new(visit->data, say_of(text_of(row, "reason")), json_true());
	if (may_be_named(visit, category))
		visit_say(visit, "about", text_of(row, "about") ?: category);
	if (help)
		json_object_set(visit->data, "help", help);
	if (json_object_get(row, "asked")) {
		visit_clock(json_object_get(row, "asked"), "until");
		json_object_set(visit->data, "asked", json_object_get(row, "asked"));
	}
	visit_put_mark(visit);
}

static void shown(struct visit *visit, const struct reply *reply)
{
	json_t *row = json_array_get(reply->rows, 0);
	const char *verdict = text_of(row, "verdict");

	if (strcmp(reply->code, "ok")) {
		visit_unanswered(visit, reply);
		return;
	}
	if (json_is_true(json_object_get(row, "captive"))) {
		char base[300];

		settings_base(visit->pages->settings, base, sizeof(base));
		visit_go(visit, "%s/portal", base);
		return;
	}
	say_why(visit, row);
	if (!verdict || strcmp(verdict, "block"))
		json_object_set_new(visit->data, visit->own_host ? "nothing" : "again", json_true());
	visit_page(visit, visit->own_host ? 200 : 403, "block");
}

/* The name of the Host field without a port, if it is one that could be asked about. */
static const char *name_wanted(const struct visit *visit, char room[256])
{
	size_t len = strcspn(visit->host, ":");

	if (visit->own_host || !len || len > 253)
		return NULL;
	memcpy(room, visit->host, len);
	room[len] = '\0';
	return room;
}

void block_show(struct visit *visit)
{
	json_t *args = json_pack("{ss}", "address", visit->address);
	char room[256];
	const char *name = name_wanted(visit, room);

	if (name)
		json_object_set_new(args, "name", json_string(name) ?: json_string("?"));
	visit_ask(visit, "page why", args, shown);
}

static void requested(struct visit *visit, const struct reply *reply)
{
	json_t *row = json_array_get(reply->rows, 0);

	if (!strcmp(reply->code, "busy")) {
		visit_sorry(visit, 429, "This device has asked a lot just now. Please ask again later.");
		return;
	}
	if (strcmp(reply->code, "ok")) {
		visit_unanswered(visit, reply);
		return;
	}
	visit_say(visit, "name", text_of(row, "name"));
	if (*form_get(&visit->form, "block"))
		json_object_set_new(visit->data, "to_block", json_true());
	visit_page(visit, 200, "thanks");
}

void block_request(struct visit *visit)
{
	const char *words = form_get(&visit->form, "words");
	json_t *args = json_pack("{ssss}", "address", visit->address, "name", form_get(&visit->form, "name"));

	if (strlen(words) > 300) {
		json_decref(args);
		visit_sorry(visit, 400, "That is too long. Please say it in fewer words.");
		return;
	}
	if (*words)
		json_object_set_new(args, "words", json_string(words));
	if (*form_get(&visit->form, "block"))
		json_object_set_new(args, "block", json_true());
	visit_ask(visit, "request add", args, requested);
}
