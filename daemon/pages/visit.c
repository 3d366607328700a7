/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "server.h"
#include "signedin.h"
#include "pagetext.h"
#include "visit.h"

#define TYPE_HTML "text/html; charset=utf-8"
#define MARK_S 3600 /* how long a form may lie open, at least */

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

void visit_plain(struct visit *visit, unsigned status, const char *text)
{
	char *copy = strdup(text);

	answer(visit, status, "text/plain; charset=utf-8", copy, copy ? strlen(copy) : 0);
}

void visit_say(struct visit *visit, const char *name, const char *text)
{
	if (text && visit->data)
		json_object_set_new(visit->data, name, json_string(text) ?: json_string("?"));
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
	if (visit->person)
		visit_say(visit, "account", person_account(visit->person));
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
	visit_say(visit, "words", words);
	visit_page(visit, status, "sorry");
}

void visit_unanswered(struct visit *visit, const struct reply *reply)
{
	if (!strcmp(reply->code, "unreachable")) {
		visit->pages->count[COUNT_UNANSWERED]++;
		visit_sorry(visit, 503, "The filter does not answer just now. Please try again in a minute.");
	} else {
		visit_say(visit, "problem", reply->problem);
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
	if (asker_ask(visit->pages->asker, verb, args, replied, visit))
		visit_sorry(visit, 503, "Too many people ask just now. Please try again in a minute.");
}

/* ---- marks ---- */

/* Of the device that was shown the page, or of the person who is signed in, in this hour or the one before. */
static void mark(const struct visit *visit, long hour, char out[65])
{
	unsigned char text[128], digest[32];
	size_t len = sizeof(visit->source);

	memcpy(text, visit->source, len);
	memcpy(text + len, &hour, sizeof(hour));
	len += sizeof(hour);
	if (visit->person) {
		memcpy(text + len, visit->cookie, 64);
		len += 64;
	}
	HMAC(EVP_sha256(), visit->pages->secret, sizeof(visit->pages->secret), text, len, digest, NULL);
	text_hex(digest, sizeof(digest), out);
}

void visit_put_mark(struct visit *visit)
{
	char text[65];

	mark(visit, time(NULL) / MARK_S, text);
	visit_say(visit, "mark", text);
}

bool visit_has_mark(struct visit *visit)
{
	const char *given = form_get(&visit->form, "mark");
	long hour = time(NULL) / MARK_S;
	char text[65];

	for (int back = 0; back < 2 && strlen(given) == 64; back++) {
		mark(visit, hour - back, text);
		if (!CRYPTO_memcmp(given, text, 64))
			return true;
	}
	visit->pages->count[COUNT_FORGED]++;
	return false;
}
