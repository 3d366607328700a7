/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "mark.h"
#include "pagetext.h"
#include "server.h"
#include "visit.h"

#define TYPE_HTML "text/html; charset=utf-8"

static void answer(struct visit *visit, unsigned status, const char *type, char *text, size_t len)
{
	if (visit->answered) {
		free(text);
		return;
	}
	visit->answered = true;
	visit->status = status;
	visit->type = type;
	visit->text = text;
	visit->len = len;
	server_resume(visit);
}

void visit_text(struct visit *visit, unsigned status, const char *type, char *text, size_t len)
{
	answer(visit, status, type, text, len);
}

/*
 * Whoever floods the pages does not flood the log: each address has a few lines, and all together have a few a second.
 * What a stranger sent stands in it as letters of one line.
 */
static void refused(struct visit *visit, unsigned status, const char *words)
{
	static const uint8_t everybody[16];
	struct pages *pages = visit->pages;
	uint64_t now = clock_monotonic_ms();
	char path[64], why[200];

	pages->count[visit->counts_as ?: COUNT_REFUSED]++;
	if (!limit_take(pages->notes, visit->source, now, NULL) || !limit_take(pages->notes_all, everybody, now, NULL))
		return;
	text_line(visit->path, path, sizeof(path));
	text_line(visit->because ?: words, why, sizeof(why));
	log_warn("%s: %s %s is refused (%u): %s", visit->address, visit->method, path, status, why);
}

void visit_plain(struct visit *visit, unsigned status, const char *text)
{
	char *copy = strdup(text);

	if (status >= 400)
		refused(visit, status, text);
	answer(visit, status, "text/plain; charset=utf-8", copy, copy ? strlen(copy) : 0);
}

void visit_say(struct visit *visit, const char *name, const char *text)
{
	if (text && visit->data)
		json_object_set_new(visit->data, name, json_string(text) ?: json_string("?"));
}

void visit_clock(json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));
	char clock[24];

	if (!text || strlen(text) < 16)
		return;
	snprintf(clock, sizeof(clock), "%.5s, %.2s/%.2s", text + 11, text + 8, text + 5);
	json_object_set_new(row, key, json_string(clock));
}

/* What every page may say. */
static void say_common(struct visit *visit)
{
	const struct settings *settings = visit->pages->settings;
	char base[300];

	settings_base(settings, base, sizeof(base));
	visit_say(visit, "school", settings->school);
	visit_say(visit, "tell", settings->tell);
	visit_say(visit, "base", base);
	if (*visit->account)
		visit_say(visit, "account", visit->account);
}

void visit_page(struct visit *visit, unsigned status, const char *name)
{
	const struct template *template = template_find(&visit->pages->templates, name);
	char *text = NULL;
	size_t len = 0;
	FILE *out = template && visit->data ? open_memstream(&text, &len) : NULL;

	if (out) {
		say_common(visit);
		template_write(template, visit->data, out);
		if (!fclose(out)) {
			answer(visit, status, TYPE_HTML, text, len);
			return;
		}
	}
	free(text);
	visit_plain(visit, 500, "The page could not be made.\n");
}

void visit_go(struct visit *visit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(visit->location, sizeof(visit->location), fmt, args);
	va_end(args);
	answer(visit, 303, TYPE_HTML, strdup(""), 0);
}

void visit_sorry(struct visit *visit, unsigned status, const char *words)
{
	refused(visit, status, words);
	visit_say(visit, "words", words);
	visit_page(visit, status, "sorry");
}

void visit_wrong(struct visit *visit, unsigned status, const char *words)
{
	visit->failed = words != NULL;
	visit_say(visit, "wrong", words);
	if (words)
		refused(visit, status, words);
}

void visit_unanswered(struct visit *visit, const struct reply *reply)
{
	if (!strcmp(reply->code, "unreachable")) {
		visit->counts_as = COUNT_UNANSWERED;
		visit_sorry(visit, 503, "The filter does not answer just now. Please try again in a minute.");
	} else if (!strcmp(reply->code, "failed")) {
		visit->counts_as = COUNT_FAILED;
		visit->because = reply->problem;
		visit_say(visit, "problem", reply->problem);
		visit_sorry(visit, 503, VISIT_FAILED " Please tell the school.");
	} else {
		visit_say(visit, "problem", reply->problem);
		visit->because = reply->problem;
		visit_sorry(visit, !strcmp(reply->code, "denied") ? 403 : 400, "That was not possible.");
	}
}

static void replied(void *ctx, const struct reply *reply)
{
	struct visit *visit = ctx;

	visit->then(visit, reply);
}

void visit_ask(struct visit *visit, const char *verb, json_t *args,
	       void (*then)(struct visit *visit, const struct reply *reply))
{
	visit->then = then;
	if (!asker_ask(visit->pages->asker, verb, args, replied, visit))
		return;
	visit->counts_as = COUNT_UNANSWERED;
	visit_sorry(visit, 503, "Too many people ask just now. Please try again in a minute.");
}

/* ---- marks ---- */

static const char *signed_in_cookie(const struct visit *visit)
{
	return *visit->account ? visit->cookie : "";
}

void visit_put_mark(struct visit *visit)
{
	char text[MARK_TEXT];

	mark_make(visit->pages->secret, visit->source, signed_in_cookie(visit), time(NULL), text);
	visit_say(visit, "mark", text);
}

bool visit_has_mark(const struct visit *visit)
{
	return mark_fits(visit->pages->secret, visit->source, signed_in_cookie(visit), time(NULL),
			 form_get(&visit->form, "mark"));
}
