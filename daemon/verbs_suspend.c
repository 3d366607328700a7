/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "devices_csv.h"
#include "letter.h"
#include "permit_ask.h"
#include "permits.h"
#include "policyfile.h"
#include "register_people.h"
#include "verbs.h"

const struct arg suspend_args[] = {
	{ "user", ARG_TEXT, false, ARG_WORD }, { "device", ARG_TEXT, false, ARG_WORD }, { "for", ARG_TEXT, false, 32 },
	{ "until", ARG_NUMBER, false, ARG_TIME_MAX }, { "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};
const struct arg reinstate_args[] = {
	{ "user", ARG_TEXT, false, ARG_WORD }, { "device", ARG_TEXT, false, ARG_WORD },
	{ "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};
const struct arg quarantine_args[] = {
	{ "device", ARG_TEXT, true, ARG_WORD }, { "reason", ARG_TEXT, false, ARG_REMARK }, { .name = NULL }
};

static bool has_reason(struct request *request)
{
	const char *reason = request_text(request, "reason");

	if (reason && *reason)
		return true;
	request_end(request, CTL_USAGE, "why? --reason \"...\"");
	return false;
}

/* ---- the letter ---- */

static void date_text(__s64 at, const char *form, char *out, size_t size)
{
	time_t t = at;
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&t, &tm))
		strftime(out, size, form, &tm);
}

static void print_lines(struct request *request, char *text)
{
	for (char *line = text, *end; line && *line; line = end ? end + 1 : NULL) {
		json_t *row = json_object();

		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		json_object_set_new(row, "line", json_string(line) ?: json_string("(not UTF-8)"));
		request_row(request, row);
	}
}

static void fill_letter(struct request *request, const char *template, const struct permit *permit)
{
	struct reg_user user = { 0 };
	char date[48], until[64] = "until further notice";
	char *text;

	if (permit->scope.kind == ESAFE_SCOPE_USER)
		register_user_find(request_esafed(request)->reg, permit->scope_name, &user);
	date_text(permit->started, "%-d %B %Y", date, sizeof(date));
	if (permit->until)
		date_text(permit->until, "until %H:%M on %-d %B %Y", until, sizeof(until));
	const struct letter_word words[] = {
		{ "name", permit->scope_name },
		{ "full", user.full && *user.full ? user.full : permit->scope_name },
		{ "class", user.class_name ? user.class_name : "" },
		{ "date", date }, { "until", until }, { "reason", permit->reason }, { "who", permit->who }, { 0 },
	};

	text = letter_write(template, words);
	if (text)
		print_lines(request, text);
	free(text);
	register_user_free(&user);
}

static void print_letter(struct request *request, const struct permit *permit)
{
	const struct config *config = request_esafed(request)->config;
	char shipped[PATH_MAX];
	char *template = NULL;
	size_t len;
	int err;

	snprintf(shipped, sizeof(shipped), "%s/letter.txt", config->data_dir);
	err = file_read(config->letter ? config->letter : shipped, LETTER_MAX, &template, &len);

	if (!err)
		fill_letter(request, template, permit);
	else
		print_lines(request, (char[]){ "There is no letter: its template cannot be read." });
	free(template);
}

/* ---- suspend and reinstate ---- */

#define WHO (SCOPE_BIT(USER) | SCOPE_BIT(DEVICE))

void verb_suspend(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	struct permit *permit;
	__u32 id;
	int err;

	permit = has_reason(request) ? permit_ask(request, PERMIT_SUSPEND) : NULL;
	if (!permit)
		return;
	if (!permit_ask_scope(request, WHO, permit) || !permit_ask_until(request, 0, 0, permit)) {
		permit_free(permit);
		return;
	}
	err = permit_start(esafed, permit, request->verb->name, &id);
	if (!err)
		print_letter(request, permits_get(permits_open(esafed), id));
	request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}

void verb_reinstate(struct request *request)
{
	struct permit *permit = permit_ask_which(request, 1 << PERMIT_SUSPEND, WHO);

	if (permit)
		permit_ask_end(request, permit);
}

/* ---- quarantine and release ---- */

/* By its very address: a device that is taken off the register stays cut off. */
static bool find_device(struct request *request, struct permit *permit)
{
	const char *what = request_text(request, "device");
	struct reg_device device;

	permit->by_addr = true;
	free(permit->scope_name);
	if (!register_device_find(request_esafed(request)->reg, what, &device)) {
		permit->addr.kind = device.kind;
		memcpy(permit->addr.addr, device.addr, sizeof(device.addr));
		permit->scope = (struct esafe_scope_key){ .kind = ESAFE_SCOPE_DEVICE, .id = device.id };
		permit->scope_name = strdup(device.name);
		register_device_free(&device);
		return permit->scope_name;
	}
	permit->scope_name = strdup(what);
	if (!device_key_parse(what, &permit->addr.kind, permit->addr.addr))
		return permit->scope_name;
	request_end(request, CTL_NOT_FOUND, "there is no device %s; one that is not registered is named by its MAC", what);
	return false;
}

void verb_quarantine(struct request *request)
{
	struct permit *permit = has_reason(request) ? permit_ask(request, PERMIT_QUARANTINE) : NULL;

	if (!permit)
		return;
	if (find_device(request, permit))
		permit_ask_start(request, permit);
	else
		permit_free(permit);
}

void verb_release(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	const struct permits *open = permits_open(esafed);
	const char *reason = request_text(request, "reason");
	struct permit wanted = { 0 };
	unsigned released = 0;
	int err = 0;

	if (!find_device(request, &wanted)) {
		free(wanted.scope_name);
		return;
	}
	free(wanted.scope_name);
	for (size_t i = 0; i < open->n && !err;) {
		struct permit *permit = open->item[i];

		if (permit->kind != PERMIT_QUARANTINE || memcmp(&permit->addr, &wanted.addr, sizeof(wanted.addr))) {
			i++;
			continue;
		}
		err = permit_end(esafed, permit, request->peer.name, reason ? reason : "released", request->verb->name);
		released++;
	}
	if (!err && !released)
		request_end(request, CTL_NOT_FOUND, "%s is not in quarantine", request_text(request, "device"));
	else
		request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}
