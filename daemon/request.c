/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "esafe/ctl.h"
#include "request.h"

#define VERBS_MAX 128
#define ARGS_MAX 32

static const char *const type_text[] = {
	[ARG_TEXT] = "a text",
	[ARG_NUMBER] = "a whole number",
	[ARG_FLAG] = "true or false",
};

/* A word that a stranger sent, short enough and without surprises for a message. */
static const char *shown(const char *word, char out[33])
{
	size_t i;

	for (i = 0; i < 32 && word[i]; i++)
		out[i] = word[i] >= ' ' && word[i] <= '~' ? word[i] : '?';
	out[i] = '\0';
	return out;
}

static const struct verb *find_verb(const char *name, const struct verb *verbs, size_t n, struct problems *problems)
{
	const char *known[VERBS_MAX], *near;
	char word[33];
	size_t i;

	for (i = 0; i < n && i < VERBS_MAX; i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
		known[i] = verbs[i].name;
	}
	near = nearest(name, known, i);
	problem_add(problems, NULL, 0, 0, "no such verb: %s%s%s%s", shown(name, word), near ? "; did you mean " : "",
		    near ? near : "", near ? "?" : "");
	return NULL;
}

static const struct arg *find_arg(const char *name, const struct arg *args, struct problems *problems)
{
	const char *known[ARGS_MAX], *near;
	size_t n = 0;
	char word[33];

	for (; args && args[n].name && n < ARGS_MAX; n++) {
		if (!strcmp(args[n].name, name))
			return &args[n];
		known[n] = args[n].name;
	}
	near = nearest(name, known, n);
	problem_add(problems, NULL, 0, 0, "no such argument: %s%s%s%s", shown(name, word),
		    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

static bool arg_fits(const struct arg *arg, const json_t *value, struct problems *problems)
{
	bool right = (arg->type == ARG_TEXT && json_is_string(value)) ||
		     (arg->type == ARG_NUMBER && json_is_integer(value)) ||
		     (arg->type == ARG_FLAG && json_is_boolean(value));

	if (!right) {
		problem_add(problems, NULL, 0, 0, "argument %s must be %s", arg->name, type_text[arg->type]);
		return false;
	}
	if (arg->type == ARG_TEXT && json_string_length(value) > (size_t)arg->max) {
		problem_add(problems, NULL, 0, 0, "argument %s is longer than %lld bytes", arg->name, arg->max);
		return false;
	}
	if (arg->type == ARG_NUMBER && (json_integer_value(value) < 0 || json_integer_value(value) > arg->max)) {
		problem_add(problems, NULL, 0, 0, "argument %s must be from 0 to %lld", arg->name, arg->max);
		return false;
	}
	return true;
}

/* "as": for whom the pages act, with any verb; control.c decides whether they may. */
static bool is_person(const char *name, const json_t *value)
{
	return !strcmp(name, REQUEST_AS) && json_is_string(value) && json_string_length(value) <= REQUEST_AS_MAX;
}

static bool args_fit(const struct arg *args, json_t *object, struct problems *problems)
{
	const struct arg *arg;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		if (is_person(name, value))
			continue;
		arg = find_arg(name, args, problems);
		if (!arg || !arg_fits(arg, value, problems))
			return false;
	}
	for (arg = args; arg && arg->name; arg++) {
		if (arg->needed && !json_object_get(object, arg->name)) {
			problem_add(problems, NULL, 0, 0, "argument %s is missing", arg->name);
			return false;
		}
	}
	return true;
}

static int parse_object(json_t *line, const struct verb *verbs, size_t n, const struct verb **verb, json_t **args,
			struct problems *problems)
{
	json_t *given = json_object_get(line, "args");
	const char *name = json_string_value(json_object_get(line, "verb"));
	const struct verb *found;

	if (json_integer_value(json_object_get(line, "esafe")) != ESAFE_CTL_VERSION || !name) {
		problem_add(problems, NULL, 0, 0, "not a request of version %d", ESAFE_CTL_VERSION);
		return -EINVAL;
	}
	if (given && !json_is_object(given)) {
		problem_add(problems, NULL, 0, 0, "args must be an object");
		return -EINVAL;
	}
	found = find_verb(name, verbs, n, problems);
	if (!found)
		return -EINVAL;
	given = given ? json_incref(given) : json_object();
	if (!given || !args_fit(found->args, given, problems)) {
		json_decref(given);
		return -EINVAL;
	}
	*verb = found;
	*args = given;
	return 0;
}

int request_parse(const char *line, size_t len, const struct verb *verbs, size_t n, const struct verb **verb,
		  json_t **args, struct problems *problems)
{
	json_error_t error;
	json_t *object;
	int err;

	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object)) {
		problem_add(problems, NULL, 0, 0, "not a JSON object on one line");
		json_decref(object);
		return -EINVAL;
	}
	err = parse_object(object, verbs, n, verb, args, problems);
	json_decref(object);
	return err;
}
