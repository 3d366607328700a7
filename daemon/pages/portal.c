/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The portal: what a guest's device shows by itself (RFC 8908, RFC 8910), the terms of use, and the log-in by voucher
 * or by user name and password.
 */
#include <stdlib.h>
#include <string.h>

#include "routes.h"

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* ---- the page ---- */

static void with_terms(struct visit *visit, const struct reply *reply)
{
	const json_t *row = json_array_get(reply->rows, 0);

	if (strcmp(reply->code, "ok")) {
		visit_unanswered(visit, reply);
		return;
	}
	visit_say(visit, "terms", text_of(row, "text"));
	visit_say(visit, "version", text_of(row, "version"));
	visit_put_mark(visit);
	visit_page(visit, visit->failed ? 403 : 200, "portal");
}

static void show_form(struct visit *visit, const char *wrong)
{
	visit_wrong(visit, 403, wrong);
	visit_ask(visit, "page terms", json_object(), with_terms);
}

static void say_until(struct visit *visit, const json_t *row)
{
	visit_say(visit, "until", text_of(row, "until"));
	visit_clock(visit->data, "until");
}

static void shown(struct visit *visit, const struct reply *reply)
{
	const json_t *row = json_array_get(reply->rows, 0);

	if (strcmp(reply->code, "ok")) {
		visit_unanswered(visit, reply);
	} else if (json_is_true(json_object_get(row, "captive"))) {
		show_form(visit, NULL);
	} else {
		say_until(visit, row);
		visit_page(visit, 200, "welcome");
	}
}

void portal_show(struct visit *visit)
{
	visit_ask(visit, "page who", json_pack("{ss}", "address", visit->address), shown);
}

/* ---- logging in ---- */

static void entered(struct visit *visit, const struct reply *reply)
{
	const json_t *row = json_array_get(reply->rows, 0);

	if (!strcmp(reply->code, "ok")) {
		visit->pages->count[COUNT_LOGINS]++;
		if (json_is_true(json_object_get(row, "captive"))) {
			show_form(visit, "You are logged in, but this account has no group. Please ask the office.");
			return;
		}
		say_until(visit, row);
		json_object_set_new(visit->data, "done", json_true());
		visit_page(visit, 200, "welcome");
	} else if (!strcmp(reply->code, "not-found") || !strcmp(reply->code, "problems") ||
		   !strcmp(reply->code, "busy") || !strcmp(reply->code, "usage")) {
		char words[300];

		if (!strcmp(reply->code, "not-found"))
			visit->counts_as = COUNT_LOGINS_BAD;
		snprintf(words, sizeof(words), "That did not work: %s.", reply->problem);
		show_form(visit, words);
	} else {
		visit_unanswered(visit, reply);
	}
}

/* The box must be ticked: what is accepted is said by the version of the text that was shown. */
static json_t *order(struct visit *visit)
{
	json_t *args = json_pack("{ss}", "address", visit->address);
	const char *version = form_get(&visit->form, "version");

	if (*form_get(&visit->form, "accept") && *version)
		json_object_set_new(args, "version", json_string(version));
	return args;
}

void portal_voucher(struct visit *visit)
{
	json_t *args;

	if (!attempt_allowed(visit, ""))
		return;
	args = order(visit);
	json_object_set_new(args, "code", json_string(form_get(&visit->form, "code")));
	visit_ask(visit, "page voucher", args, entered);
}

void portal_login(struct visit *visit)
{
	const char *user = form_get(&visit->form, "user");
	json_t *args;

	if (!attempt_allowed(visit, user))
		return;
	args = order(visit);
	json_object_set_new(args, "user", json_string(user));
	json_object_set_new(args, "password", json_string(form_get(&visit->form, "password")));
	visit_ask(visit, "page portal", args, entered);
}

/* ---- RFC 8908 ---- */

static void api_answer(struct visit *visit, const struct reply *reply)
{
	const struct settings *settings = visit->pages->settings;
	const json_t *row = json_array_get(reply->rows, 0), *seconds = json_object_get(row, "seconds");
	json_t *answer = json_object();
	char base[300], url[320], *text;

	if (strcmp(reply->code, "ok")) {
		json_decref(answer);
		visit_plain(visit, 503, "esafed does not answer\n");
		return;
	}
	settings_base(settings, base, sizeof(base));
	snprintf(url, sizeof(url), "%s/portal", base);
	json_object_set_new(answer, "captive", json_boolean(json_is_true(json_object_get(row, "captive"))));
	json_object_set_new(answer, "user-portal-url", json_string(url));
	if (settings->venue)
		json_object_set_new(answer, "venue-info-url", json_string(settings->venue));
	if (json_is_integer(seconds) && json_integer_value(seconds) >= 0)
		json_object_set_new(answer, "seconds-remaining", json_integer(json_integer_value(seconds)));
	text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	visit_text(visit, text ? 200 : 500, "application/captive+json", text, text ? strlen(text) : 0);
}

void portal_api(struct visit *visit)
{
	visit_ask(visit, "page who", json_pack("{ss}", "address", visit->address), api_answer);
}
