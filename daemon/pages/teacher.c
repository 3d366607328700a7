/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of teachers: what is open for their classes, and the forms that open and close it. Each form is one verb of
 * esafed, asked as the person who is signed in; esafed knows who that is and what a teacher may.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "routes.h"
#include "sites.h"
#include "signedin.h"

/* ---- what each form does ---- */

enum how { PLAIN, FLAG, NUMBER, SITE, SITES };

struct field {
	const char *name; /* of the form, and of the verb's argument; NULL ends the list */
	enum how how;
};

#define FIELDS (ROUTE_FIELDS - 1)

static const struct act {
	const char *path, *verb;
	struct field field[FIELDS];
	const char *done;
} acts[] = {
	{ "lesson", "lesson start", { { "class", PLAIN }, { "sites", SITES }, { "only", FLAG }, { "for", PLAIN } },
	  "The lesson has begun." },
	{ "lesson-stop", "lesson stop", { { "id", NUMBER } }, "The lesson is over." },
	{ "extend", "lesson extend", { { "id", NUMBER }, { "for", PLAIN } }, "There is more time now." },
	{ "supervise", "supervise start", { { "class", PLAIN }, { "for", PLAIN } },
	  "Supervised pages are open for the class." },
	{ "supervise-stop", "supervise stop", { { "id", NUMBER } }, "Supervised pages are closed again." },
	{ "grant", "grant", { { "site", SITE }, { "class", PLAIN }, { "user", PLAIN }, { "device", PLAIN }, { "for", PLAIN },
			      { "reason", PLAIN } },
	  "The site is open." },
	{ "grant-end", "grant end", { { "id", NUMBER } }, "It is closed again." },
	{ "request", "request add", { { "name", SITE }, { "words", PLAIN }, { "block", FLAG } },
	  "The school will look at it." },
};

#define ACTS (sizeof(acts) / sizeof(*acts))

bool teacher_act_row(size_t i, const char **path, const char *fields[ROUTE_FIELDS])
{
	if (i >= ACTS)
		return false;
	*path = acts[i].path;
	for (size_t j = 0; j < FIELDS; j++)
		fields[j] = acts[i].field[j].name;
	fields[FIELDS] = NULL;
	return true;
}

/* What can be ended from a row of `grant ls`, and how. */
static const struct {
	const char *kind, *stop, *called;
	bool extend;
} kinds[] = {
	{ "lesson", "lesson-stop", "Lesson", true },
	{ "supervise", "supervise-stop", "Supervised", true },
	{ "grant", "grant-end", "Open", false },
	{ "deny", "grant-end", "Closed", false },
};

/* ---- the page ---- */

static void sign_out(struct visit *visit)
{
	signed_in_end(visit->pages->signed_in, visit->cookie);
	*visit->account = '\0';
}

static json_t *as_person(struct visit *visit)
{
	return json_pack("{ss}", "as", visit->account);
}

/* False: esafed no longer knows the person, or could not answer; the visit is answered. */
static bool answered_well(struct visit *visit, const struct reply *reply)
{
	if (!strcmp(reply->code, "ok"))
		return true;
	if (!strcmp(reply->code, "denied") && !strncmp(reply->problem, "nobody of this name", 19)) {
		sign_out(visit);
		visit_go(visit, "/teacher");
	} else {
		visit_unanswered(visit, reply);
	}
	return false;
}

static void with_requests(struct visit *visit, const struct reply *reply)
{
	json_t *row;
	size_t i;

	if (!answered_well(visit, reply))
		return;
	json_array_foreach(reply->rows, i, row) {
		const char *state = json_string_value(json_object_get(row, "state"));
		const char *wish = json_string_value(json_object_get(row, "wish"));

		if (state && (!strcmp(state, "waiting") || !strcmp(state, "proposed")))
			json_object_del(row, "state");
		if (wish && !strcmp(wish, "block"))
			json_object_set_new(row, "to_block", json_true());
		visit_clock(row, "last");
	}
	json_object_set(visit->data, "requests", reply->rows);
	json_object_set_new(visit->data, "some_requests", json_boolean(json_array_size(reply->rows)));
	visit_put_mark(visit);
	visit_page(visit, visit->failed ? 400 : 200, "teacher");
}

/* Rows of other kinds are not for this page. */
static void say_kind(json_t *rows, json_t *row)
{
	const char *kind = json_string_value(json_object_get(row, "kind"));

	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].kind, kind))
			continue;
		json_object_set_new(row, "stop", json_string(kinds[i].stop));
		json_object_set_new(row, "called", json_string(kinds[i].called));
		if (kinds[i].extend)
			json_object_set_new(row, "extend", json_true());
		visit_clock(row, "until");
		json_array_append(rows, row);
	}
}

static void with_open(struct visit *visit, const struct reply *reply)
{
	json_t *args, *rows = json_array(), *row;
	size_t i;

	if (answered_well(visit, reply)) {
		json_array_foreach(reply->rows, i, row)
			say_kind(rows, row);
		json_object_set(visit->data, "opened", rows);
		json_object_set_new(visit->data, "some_opened", json_boolean(json_array_size(rows)));
		args = as_person(visit);
		json_object_set_new(args, "past", json_true());
		json_object_set_new(args, "limit", json_integer(12));
		visit_ask(visit, "request ls", args, with_requests);
	}
	json_decref(rows);
}

static void with_classes(struct visit *visit, const struct reply *reply)
{
	if (!answered_well(visit, reply))
		return;
	json_object_set(visit->data, "classes", reply->rows);
	visit_ask(visit, "grant ls", as_person(visit), with_open);
}

static void show(struct visit *visit, const char *wrong)
{
	visit_wrong(visit, 400, wrong);
	visit_ask(visit, "class ls", as_person(visit), with_classes);
}

static void show_login(struct visit *visit, const char *wrong)
{
	visit_wrong(visit, 403, wrong);
	visit_put_mark(visit);
	visit_page(visit, wrong ? 403 : 200, "login");
}

void teacher_show(struct visit *visit)
{
	const char *done = form_get(&visit->query, "done");

	if (!*visit->account) {
		show_login(visit, NULL);
		return;
	}
	for (size_t i = 0; i < ACTS; i++)
		if (!strcmp(acts[i].path, done))
			visit_say(visit, "done", acts[i].done);
	show(visit, NULL);
}

/* ---- signing in and out ---- */

/* Always by a cookie that nobody had before; the one that the browser came with is worth nothing from now on. */
static void begin_session(struct visit *visit, const char *user)
{
	struct pages *pages = visit->pages;
	char cookie[VISIT_TOKEN];

	sign_out(visit);
	if (signed_in_add(pages->signed_in, user, clock_monotonic_ms(), cookie)) {
		visit_sorry(visit, 503, "Too many people are signed in. Please try again later.");
		return;
	}
	pages->count[COUNT_LOGINS]++;
	snprintf(visit->set_cookie, sizeof(visit->set_cookie), "__Host-esafe=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
		 cookie);
	visit_go(visit, "/teacher");
}

static void signed_in(struct visit *visit, const struct reply *reply)
{
	const char *user = json_string_value(json_object_get(json_array_get(reply->rows, 0), "user"));

	if (!strcmp(reply->code, "unreachable") || !strcmp(reply->code, "failed")) {
		visit_unanswered(visit, reply);
	} else if (strcmp(reply->code, "ok") || !user) {
		char words[200];

		visit->counts_as = COUNT_LOGINS_BAD;
		snprintf(words, sizeof(words), "That did not work: %.150s.", reply->problem);
		show_login(visit, words);
	} else {
		begin_session(visit, user);
	}
}

void teacher_login(struct visit *visit)
{
	const char *user = form_get(&visit->form, "user");

	if (attempt_allowed(visit, user))
		visit_ask(visit, "page login", json_pack("{ssssss}", "address", visit->address, "user", user, "password",
							  form_get(&visit->form, "password")), signed_in);
}

static void signed_out(struct visit *visit, const struct reply *reply)
{
	snprintf(visit->set_cookie, sizeof(visit->set_cookie),
		 "__Host-esafe=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	visit_go(visit, "/teacher");
}

void teacher_logout(struct visit *visit)
{
	json_t *args = json_pack("{ss}", "user", visit->account);

	sign_out(visit);
	visit_ask(visit, "page logout", args, signed_out);
}

/* ---- acting ---- */

static void acted(struct visit *visit, const struct reply *reply)
{
	char words[400];

	if (!strcmp(reply->code, "ok")) {
		visit_go(visit, "/teacher?done=%s", visit->path + strlen("/teacher/"));
	} else if (!strcmp(reply->code, "unreachable") || !strncmp(reply->problem, "nobody of this name", 19)) {
		answered_well(visit, reply);
	} else if (!strcmp(reply->code, "failed")) {
		visit_unanswered(visit, reply);
	} else {
		snprintf(words, sizeof(words), "That was not done: %.350s.", reply->problem);
		show(visit, words);
	}
}

/* What is left empty is not said. */
static void put_field(json_t *args, const struct field *field, const char *text)
{
	char *sites;

	if (!*text)
		return;
	switch (field->how) {
	case PLAIN:
		json_object_set_new(args, field->name, json_string(text));
		break;
	case FLAG:
		json_object_set_new(args, field->name, json_true());
		break;
	case NUMBER:
		json_object_set_new(args, field->name, json_integer(strtoll(text, NULL, 10)));
		break;
	case SITE:
	case SITES:
		sites = sites_of(text);
		if (sites && field->how == SITE)
			sites[strcspn(sites, "\n")] = '\0';
		if (sites && *sites)
			json_object_set_new(args, field->name, json_string(sites));
		free(sites);
		break;
	}
}

void teacher_act(struct visit *visit)
{
	const char *path = visit->path + strlen("/teacher/");
	const struct act *act = acts;
	json_t *args;

	while (act < acts + ACTS && strcmp(act->path, path))
		act++;
	if (act == acts + ACTS) {
		visit_sorry(visit, 404, "There is no such page here.");
		return;
	}
	args = as_person(visit);
	for (const struct field *field = act->field; field < act->field + FIELDS && field->name; field++)
		put_field(args, field, form_get(&visit->form, field->name));
	visit_ask(visit, act->verb, args, acted);
}
