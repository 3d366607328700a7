/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "files.h"

#define BYTES (256u << 10)

/* In the order of reading: what others include comes first. */
static const char *const names[] = { "head", "top", "foot", "block", "thanks", "sorry", "portal", "welcome" };

/* Every {{name}} that a template may say. */
static const char *const words[] = {
	"school", "tell", "base", "account", "words", "problem", "mark", "name", "about", "help", "asked", "answer", "note",
	"when", "open", "again", "nothing", "to_block", "by_category", "by_time", "by_supervised", "by_suspended",
	"by_lesson", "by_offline", "by_default", "by_quota", "by_search", "by_rule", "terms", "version", "wrong", "until",
	"minutes", "here", "done", "classes", "lessons", "supervisions", "grants", "requests", "id", "class", "only",
	"sites", "scope", "what", "who", "device", "reason", "state", "time", "failed", "group", "refused",
};

static int read_template(struct pages *pages, const char *name, struct problems *problems)
{
	char path[512];
	size_t len;
	char *text;
	int err;

	snprintf(path, sizeof(path), "%s/%s.html", pages->settings->files_dir, name);
	err = file_read(path, BYTES, &text, &len);
	if (err) {
		problem_add(problems, path, 0, 0, "%s", strerror(-err));
		return err;
	}
	err = template_read(&pages->templates, name, path, text, len, problems);
	free(text);
	return err;
}

int files_templates(struct pages *pages, struct problems *problems)
{
	char path[512];
	int err;

	pages->templates = (struct templates){ .words = words, .words_n = sizeof(words) / sizeof(*words) };
	snprintf(path, sizeof(path), "%s/style.css", pages->settings->files_dir);
	err = file_read(path, BYTES, &pages->style, &pages->style_len);
	if (err)
		problem_add(problems, path, 0, 0, "%s", strerror(-err));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int bad = read_template(pages, names[i], problems);

		err = err ?: bad;
	}
	return err;
}

int files_settings(const char *path, struct settings **out, struct problems *problems)
{
	size_t len;
	char *text;
	int err = file_read(path, BYTES, &text, &len);

	if (err) {
		problem_add(problems, path, 0, 0, "%s", strerror(-err));
		return err;
	}
	*out = settings_read(path, text, len, problems);
	free(text);
	return *out ? 0 : -EINVAL;
}
