/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "esafe/ctl.h"
#include "suggest.h"
#include "when.h"

#define WORDS_MAX 8
#define FILE_MAX (ESAFE_CTL_LINE_MAX / 2) /* quoting may make it longer */

struct parse {
	struct command *command;
	const char *word[WORDS_MAX]; /* neither options nor their values */
	int words;
	time_t now;
	FILE *errors;
};

static int complain(struct parse *parse, const char *what, const char *word, const char *near)
{
	fprintf(parse->errors, "esafectl: %s: ", what);
	print_safe(parse->errors, word);
	fprintf(parse->errors, near ? "; did you mean %s?\n" : "\n", near);
	return CTL_EXIT_USAGE;
}

/* ---- values ---- */

static int put(struct parse *parse, const char *arg, json_t *value)
{
	if (!value || json_object_set_new(parse->command->args, arg, value))
		return complain(parse, "not UTF-8, or no memory", arg, NULL);
	return 0;
}

static int put_number(struct parse *parse, const char *arg, const char *text)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || end == text || *end || number < 0)
		return complain(parse, "a whole number is needed", text, NULL);
	return put(parse, arg, json_integer(number));
}

static int put_time(struct parse *parse, const char *arg, const char *text)
{
	time_t when;

	if (!when_parse(text, parse->now, &when) && when >= 0)
		return put(parse, arg, json_integer(when));
	complain(parse, "not a time", text, NULL);
	fprintf(parse->errors, "times are %s\n", WHEN_FORMS);
	return CTL_EXIT_USAGE;
}

static int put_file(struct parse *parse, const char *arg, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *text = file ? malloc(FILE_MAX + 1) : NULL;
	char whole[PATH_MAX];
	size_t len;
	int code;

	len = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
	if (!text || ferror(file) || len > FILE_MAX) {
		fprintf(parse->errors, "esafectl: %s: %s\n", path, text && len > FILE_MAX ? "too large" : strerror(errno));
		code = CTL_EXIT_FAILED;
	} else {
		code = put(parse, arg, json_stringn(text, len));
	}
	if (!code)
		code = put(parse, "file", json_string(file == stdin || !realpath(path, whole) ? path : whole));
	free(text);
	if (file && file != stdin)
		fclose(file);
	return code;
}

/* What comes through a pipe, as a file: the daemon reads nothing that it would have to wait for. */
static int spool(int from)
{
	int to = memfd_create("capture", MFD_CLOEXEC);
	char part[65536];
	ssize_t got = 0;

	while (to >= 0 && (got = read(from, part, sizeof(part))) > 0)
		if (write(to, part, got) != got)
			got = -1;
	if (to >= 0 && (got < 0 || lseek(to, 0, SEEK_SET) < 0)) {
		close(to);
		return -1;
	}
	return to;
}

/* Opened as the one who asks: the daemon must not read files for people who may not. */
static int put_handed(struct parse *parse, const char *arg, const char *path)
{
	struct stat st;
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);

	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		int copy = S_ISDIR(st.st_mode) ? (errno = EISDIR, -1) : spool(fd), err = errno;

		close(fd);
		fd = copy;
		errno = err;
	}
	if (fd < 0) {
		fprintf(parse->errors, "esafectl: %s: %s\n", path, strerror(errno));
		return CTL_EXIT_FAILED;
	}
	parse->command->file = fd;
	return put(parse, arg, json_string(path));
}

static int put_value(struct parse *parse, enum value_kind kind, const char *arg, const char *text)
{
	switch (kind) {
	case VALUE_FLAG:
		return put(parse, arg, json_true());
	case VALUE_TEXT:
		return put(parse, arg, json_string(text));
	case VALUE_NUMBER:
		return put_number(parse, arg, text);
	case VALUE_TIME:
		return put_time(parse, arg, text);
	case VALUE_FILE:
		return put_file(parse, arg, text);
	case VALUE_HANDED:
		return put_handed(parse, arg, text);
	}
	return CTL_EXIT_USAGE;
}

/* ---- options ---- */

static int find_option(struct parse *parse, const char *word, size_t len)
{
	const char *near = NULL;
	unsigned far = 3;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (!strcmp(option_rows[i].name, name))
			return i;
		suggest_weigh(name, option_rows[i].name, &near, &far);
	}
	snprintf(name, sizeof(name), "--%s", near ? near : "");
	complain(parse, "no such option", word - 2, near ? name : NULL);
	return -1;
}

static int find_letter(struct parse *parse, const char *word)
{
	for (int i = 0; word[1] && i < OPTION_COUNT; i++)
		if (option_rows[i].letter && option_rows[i].letter == word[1])
			return i;
	complain(parse, "no such option", word, NULL);
	return -1;
}

static int take_option(struct parse *parse, int id, const char *value)
{
	const struct option_row *option = &option_rows[id];

	parse->command->options |= 1ull << id;
	if (id == OPT_SOCKET)
		parse->command->socket = value;
	return option->arg ? put_value(parse, option->kind, option->arg, value) : 0;
}

/* One option and its value, which may be the next word; *at is moved on. */
static int parse_option(struct parse *parse, int argc, char *const *argv, int *at)
{
	const char *word = argv[*at], *value = NULL;
	const char *equals = strchr(word, '=');
	bool is_long = word[1] == '-';
	int id;

	if (is_long)
		id = find_option(parse, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word) - 2);
	else
		id = find_letter(parse, word);
	if (id < 0)
		return CTL_EXIT_USAGE;
	if (is_long && equals)
		value = equals + 1;
	else if (!is_long && word[2])
		value = word + 2;
	if (option_rows[id].kind == VALUE_FLAG)
		return value ? complain(parse, "this option has no value", word, NULL) : take_option(parse, id, NULL);
	if (!value && ++*at >= argc)
		return complain(parse, "a value is missing behind", word, NULL);
	return take_option(parse, id, value ? value : argv[*at]);
}

/* ---- verbs ---- */

static int no_such_verb(struct parse *parse)
{
	const char *near = NULL;
	unsigned far = 4;
	char typed[64];
	size_t len = strlen(parse->word[0]);
	bool family = false;

	snprintf(typed, sizeof(typed), "%s%s%s", parse->word[0], parse->words > 1 ? " " : "",
		 parse->words > 1 ? parse->word[1] : "");
	for (size_t i = 0; i < verb_rows_count; i++) {
		family |= !strncmp(verb_rows[i].name, parse->word[0], len) && verb_rows[i].name[len] == ' ';
		suggest_weigh(typed, verb_rows[i].name, &near, &far);
		suggest_weigh(parse->word[0], verb_rows[i].name, &near, &far);
	}
	complain(parse, family && parse->words == 1 ? "which one" : "no such verb", typed,
		 family && parse->words == 1 ? NULL : near);
	for (size_t i = 0; family && i < verb_rows_count; i++)
		if (!strncmp(verb_rows[i].name, parse->word[0], len) && verb_rows[i].name[len] == ' ')
			fprintf(parse->errors, "  esafectl %s %s\n", verb_rows[i].name, verb_rows[i].usage);
	return CTL_EXIT_USAGE;
}

/* The verb that the first word or two are; *used says how many. */
static const struct verb_row *find_verb(const struct parse *parse, int *used)
{
	char two[64];

	snprintf(two, sizeof(two), "%s %s", parse->word[0], parse->words > 1 ? parse->word[1] : "");
	for (size_t i = 0; i < verb_rows_count; i++) {
		*used = 1 + (strchr(verb_rows[i].name, ' ') != NULL);
		if (!strcmp(verb_rows[i].name, *used == 2 ? two : parse->word[0]))
			return &verb_rows[i];
	}
	return NULL;
}

static int take_positionals(struct parse *parse, const struct verb_row *verb, int used)
{
	for (int i = 0; i < POSITIONALS && verb->positional[i].arg; i++) {
		const struct positional *positional = &verb->positional[i];
		int code;

		if (used >= parse->words) {
			if (!positional->needed)
				return 0;
			fprintf(parse->errors, "esafectl: usage: esafectl %s %s\n", verb->name, verb->usage);
			return CTL_EXIT_USAGE;
		}
		code = put_value(parse, positional->kind, positional->arg, parse->word[used++]);
		if (code)
			return code;
	}
	return used < parse->words ? complain(parse, "one word too many", parse->word[used], NULL) : 0;
}

static int check_options(struct parse *parse, const struct verb_row *verb)
{
	unsigned long long strange = parse->command->options & ~(verb->options | OPTS_ALWAYS);
	char option[32];

	if (!strange)
		return 0;
	snprintf(option, sizeof(option), "--%s", option_rows[__builtin_ctzll(strange)].name);
	fprintf(parse->errors, "esafectl: \"%s\" has no option ", verb->name);
	fprintf(parse->errors, "%s\n", option);
	return CTL_EXIT_USAGE;
}

static int parse_words(struct parse *parse)
{
	const struct verb_row *verb;
	int used, code;

	if (!parse->words)
		parse->word[parse->words++] = parse->command->options & (OPT(HELP) | OPT(VERSION)) ? "help" : "status";
	if (!strcmp(parse->word[0], "help")) {
		parse->command->options |= parse->command->options & OPT(VERSION) ? 0 : OPT(HELP);
		parse->words--;
		memmove(parse->word, parse->word + 1, parse->words * sizeof(*parse->word));
		if (!parse->words)
			return 0;
	}
	verb = find_verb(parse, &used);
	if (!verb)
		return no_such_verb(parse);
	parse->command->verb = verb;
	if (parse->command->options & (OPT(HELP) | OPT(VERSION)))
		return 0;
	code = check_options(parse, verb);
	return code ? code : take_positionals(parse, verb, used);
}

int command_parse(int argc, char *const *argv, time_t now, struct command *out, FILE *errors)
{
	struct command command = { .args = json_object(), .file = -1 };
	struct parse parse = { .command = &command, .now = now, .errors = errors };
	bool options = true;
	int code = 0;

	for (int at = 1; at < argc && !code; at++) {
		if (options && !strcmp(argv[at], "--"))
			options = false;
		else if (options && argv[at][0] == '-' && argv[at][1])
			code = parse_option(&parse, argc, argv, &at);
		else if (parse.words < WORDS_MAX)
			parse.word[parse.words++] = argv[at];
		else
			code = complain(&parse, "one word too many", argv[at], NULL);
	}
	if (!code)
		code = parse_words(&parse);
	if (code)
		command_free(&command);
	else
		*out = command;
	return code;
}

void command_free(struct command *command)
{
	if (command->file >= 0)
		close(command->file);
	command->file = -1;
	json_decref(command->args);
	command->args = NULL;
}
