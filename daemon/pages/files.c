/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "file.h"
#include "files.h"

#define BYTES (256u << 10)
#define TOKEN_LEAST 32
#define TOKEN_MOST 256

/* In the order of reading: what others include comes first. */
static const char *const names[] = {
	"head", "top", "foot", "block", "thanks", "sorry", "portal", "welcome", "login", "teacher",
};

/* Every {{name}} that a template may say. */
static const char *const words[] = {
	"school", "tell", "account", "words", "problem", "mark", "name", "about", "help", "asked", "answer", "note",
	"open", "again", "nothing", "to_block", "by_category", "by_time", "by_supervised", "by_suspended",
	"by_lesson", "by_offline", "by_default", "by_quota", "by_search", "by_rule", "terms", "version", "wrong",
	"until", "done", "classes", "requests", "id", "class", "scope", "what", "reason", "state", "opened", "stop",
	"called", "extend", "by", "last", "some_opened", "some_requests",
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

static const char *token_problem(const char *path, const char *text, size_t len)
{
	struct stat st;

	if (stat(path, &st))
		return "it cannot be looked at";
	if (st.st_mode & 07 || (st.st_uid && st.st_uid != geteuid()) ||
	    (st.st_mode & 060 && st.st_gid && st.st_gid != getegid()))
		return "others can read it: chown root:esafe-pages and chmod 640";
	if (len < TOKEN_LEAST)
		return "a token has at least 32 characters: openssl rand -hex 32";
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return "a token is one word of letters, digits and the like";
	return NULL;
}

int files_token(struct pages *pages, struct problems *problems)
{
	const char *path = pages->settings->logon_token, *why;
	size_t len;
	char *text;
	int err = path ? file_read(path, TOKEN_MOST, &text, &len) : 0;

	if (err)
		problem_add(problems, path, 0, 0, "%s", strerror(-err));
	if (err || !path)
		return err;
	while (len && strchr("\r\n", text[len - 1]))
		len--;
	why = token_problem(path, text, len);
	if (why)
		problem_add(problems, path, 0, 0, "%s", why);
	else
		SHA256((const unsigned char *)text, len, pages->token);
	OPENSSL_cleanse(text, len);
	free(text);
	return why ? -EINVAL : 0;
}
