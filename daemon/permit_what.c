/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sites and categories may be opened or closed for a while: the loaded program is asked what stands above. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "permit_ask.h"
#include "verbs.h"
#include "why.h"

#define SITE_LABELS_MIN 2 /* a whole top-level domain is nobody's lesson */

static int labels_of(const __u8 *wire)
{
	int labels = 0;

	for (; *wire; wire += *wire + 1)
		labels++;
	return labels;
}

/* What stands above any grant, in words; NULL: nothing. */
static const char *stands_above(const struct esafed *esafed, const __u8 *wire, size_t len, bool closing)
{
	struct why_question question = {
		.ifindex = esafed->config->ifaces ? if_nametoindex(esafed->config->iface[0].name) : 0,
		.qtype = 1, .name = wire, .name_len = len,
	};
	struct esafe_why answer;

	if (why_ask(esafed->maps, &question, &answer))
		return "cannot be asked about just now";
	switch (answer.event.reason) {
	case ESAFE_R_FLOOR:
		return "is on a locked list: nobody can open it";
	case ESAFE_R_CANARY:
		return "tells devices to use the school's own resolver: nobody can open it";
	case ESAFE_R_HELP:
	case ESAFE_R_UPDATE:
		return closing ? "is always open: nobody can close it" : NULL;
	case ESAFE_R_NO_POLICY:
		return "cannot be judged: no policy is in force";
	default:
		return NULL;
	}
}

struct names { /* one a line, in the form of our own */
	struct request *request;
	const char *file;
	bool closing;
	struct problems problems;
	char *text;
	size_t len;
	unsigned n;
};

static void add_name(struct names *names, const char *name, size_t len, int line)
{
	char text[NAME_TEXT_MAX];
	__u8 wire[ESAFE_NAME_MAX];
	int bytes = name_from_text(name, len, wire);
	int shown = len > 80 ? 80 : (int)len;
	const char *why = NULL;
	char *bigger;

	if (bytes < 0 || labels_of(wire) > ESAFE_GRANT_LABELS)
		why = "is not the name of a site";
	else if (labels_of(wire) < SITE_LABELS_MIN)
		why = "is too much: a site has at least two parts, such as example.com";
	else
		why = stands_above(request_esafed(names->request), wire, bytes, names->closing);
	if (why) {
		problem_add(&names->problems, names->file, line, 0, "%.*s %s", shown, name, why);
		return;
	}
	bytes = name_to_text(wire, bytes, text, sizeof(text));
	bigger = bytes < 0 ? NULL : realloc(names->text, names->len + bytes + 2);
	if (!bigger) {
		problem_add(&names->problems, names->file, line, 0, "out of memory");
		return;
	}
	names->text = bigger;
	names->len += sprintf(bigger + names->len, "%s%s", names->n++ ? "\n" : "", text);
}

/* "https://example.com/page" is what people copy: its host is meant. */
static void add_word(struct names *names, const char *word, size_t len, int line)
{
	const char *scheme;
	size_t host;

	while (len && strchr(" \t\r", *word)) {
		word++;
		len--;
	}
	scheme = memmem(word, len, "://", 3);
	if (scheme) {
		len -= scheme + 3 - word;
		word = scheme + 3;
	}
	for (host = 0; host < len && !strchr("/?#: \t\r", word[host]); host++)
		;
	if (host)
		add_name(names, word, host, line);
}

static void add_words(struct names *names, const char *text, const char *between, bool comments)
{
	for (int line = 1; *text; line++) {
		size_t len = strcspn(text, between);

		if (!comments || *text != '#')
			add_word(names, text, len, comments ? line : 0);
		if (names->n > PERMIT_SITES_MAX) {
			problem_add(&names->problems, names->file, comments ? line : 0, 0, "more than %d sites",
				    PERMIT_SITES_MAX);
			return;
		}
		text += len + (text[len] != '\0');
	}
}

static bool take_names(struct names *names, struct permit *permit)
{
	bool good = !names->problems.n;

	if (!good) {
		request_end_problems(names->request, CTL_PROBLEMS, &names->problems);
		free(names->text);
	} else if (names->n) {
		free(permit->what);
		permit->what = names->text;
	}
	problems_free(&names->problems);
	return good;
}

bool permit_ask_sites(struct request *request, struct permit *permit)
{
	const char *text = request_text(request, "sites"), *list = request_text(request, "site");
	struct names names = { .request = request, .file = request_text(request, "file") };

	add_words(&names, text ? text : "", "\n", true);
	names.file = NULL;
	add_words(&names, list ? list : "", ", ", false);
	if (!take_names(&names, permit))
		return false;
	if (names.n || permit->only)
		return true;
	request_end(request, CTL_USAGE, "which sites? --sites FILE or --site NAME,NAME");
	return false;
}

static bool ask_category(struct request *request, const char *name, struct permit *permit)
{
	const struct esafed *esafed = request_esafed(request);
	const struct policy *policy = esafed->policy;
	const char *known[ESAFE_CATEGORIES], *near;
	size_t n = 0;

	for (size_t i = 0; policy && i < policy->categories; i++) {
		int number = idtable_get(&esafed->categories, name);

		if (!policy->category[i].floor && n < ESAFE_CATEGORIES)
			known[n++] = policy->category[i].name;
		if (strcmp(policy->category[i].name, name) || number < 0)
			continue;
		if (policy->category[i].floor) {
			request_end(request, CTL_DENIED, "%s is a locked category: nobody can open it", name);
			return false;
		}
		permit->category = number;
	}
	if (permit->category == ESAFE_NO_CATEGORY) {
		near = nearest(name, known, n);
		request_end(request, CTL_NOT_FOUND, "the policy has no category %s%s%s%s", name,
			    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		return false;
	}
	free(permit->what);
	permit->what = strdup(name);
	permit->by_category = true;
	if (!permit->what)
		request_end(request, CTL_FAILED, "out of memory");
	return permit->what;
}

bool permit_ask_what(struct request *request, struct permit *permit)
{
	const char *site = request_text(request, "site"), *category = request_text(request, "category");
	struct names names = { .request = request, .closing = permit->kind == PERMIT_DENY };

	if (!site == !category) {
		request_end(request, CTL_USAGE, "what? either --site or --category");
		return false;
	}
	if (category)
		return ask_category(request, category, permit);
	add_word(&names, site, strlen(site), 0);
	if (!names.n && !names.problems.n)
		problem_add(&names.problems, NULL, 0, 0, "\"%.80s\" is not the name of a site", site);
	return take_names(&names, permit);
}
