/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "esafe/ctl.h"

#define WORDS 12

/* Parses the words of a line; returns the exit code, with what was said in `said`. */
static int parse(const char *line, struct command *command, char said[512])
{
	char copy[256], *argv[WORDS + 1] = { "esafectl" };
	FILE *errors = fmemopen(said, 512, "w");
	int argc = 1, code;

	said[0] = '\0';
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word && argc < WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	code = command_parse(argc, argv, 1000000, command, errors);
	fclose(errors);
	return code;
}

Test(command, good_lines)
{
	static const struct {
		const char *line, *verb, *args;
	} rows[] = {
		{ "", "status", "{}" },
		{ "--json", "status", "{}" },
		{ "why games.example --device pupil-laptop", "why", "{\"device\":\"pupil-laptop\",\"name\":\"games.example\"}" },
		{ "--device=x why a -t AAAA", "why", "{\"device\":\"x\",\"name\":\"a\",\"type\":\"AAAA\"}" },
		{ "why -dx a", "why", "{\"device\":\"x\",\"name\":\"a\"}" },
		{ "log --since -15m --limit 5 -f", "log", "{\"follow\":true,\"limit\":5,\"since\":999100}" },
		{ "policy rollback 3", "policy rollback", "{\"version\":3}" },
		{ "policy apply", "policy apply", "{}" },
		{ "device add 02:00:00:00:00:11 laptop --group pupils", "device add",
		  "{\"address\":\"02:00:00:00:00:11\",\"group\":\"pupils\",\"name\":\"laptop\"}" },
		{ "list find -- --odd", "list find", "{\"name\":\"--odd\"}" },
	};
	char said[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct command command;
		char *args;

		cr_assert_eq(parse(rows[i].line, &command, said), 0, "%s: %s", rows[i].line, said);
		cr_expect_str_eq(command.verb->name, rows[i].verb);
		args = json_dumps(command.args, JSON_COMPACT | JSON_SORT_KEYS);
		cr_expect_str_eq(args, rows[i].args, "%s gave %s", rows[i].line, args);
		free(args);
		command_free(&command);
	}
}

Test(command, bad_lines)
{
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "stauts", "did you mean status" },
		{ "polcy check", "did you mean policy check" },
		{ "policy", "esafectl policy apply" },
		{ "policy aply", "did you mean policy apply" },
		{ "why", "usage: esafectl why NAME" },
		{ "why a b", "one word too many: b" },
		{ "why a --devcie x", "did you mean --device" },
		{ "why a --device", "a value is missing" },
		{ "why a -q", "no such option: -q" },
		{ "status --follow", "has no option --follow" },
		{ "log --limit x", "whole number" },
		{ "log --limit -3", "whole number" },
		{ "log --limit 99999999999999999999", "whole number" },
		{ "log --since teatime", "not a time: teatime" },
		{ "log --follow=yes", "has no value" },
		{ "\033[2Jx", "\\x1b[2Jx" },
	};
	char said[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct command command;

		cr_expect_eq(parse(rows[i].line, &command, said), CTL_EXIT_USAGE, "%s", rows[i].line);
		cr_expect(strstr(said, rows[i].said), "%s said: %s", rows[i].line, said);
	}
}

Test(command, help_and_version)
{
	struct command command;
	char said[512];

	cr_expect_eq(parse("--version", &command, said), 0);
	cr_expect(command.options & OPT(VERSION));
	command_free(&command);
	cr_expect_eq(parse("help policy apply", &command, said), 0);
	cr_expect(command.options & OPT(HELP));
	cr_expect_str_eq(command.verb->name, "policy apply");
	command_free(&command);
	cr_expect_eq(parse("device import --help", &command, said), 0);
	cr_expect_str_eq(command.verb->name, "device import");
	command_free(&command);
}

Test(command, files)
{
	char path[] = "/tmp/esafe-test-XXXXXX", line[64], said[512];
	int fd = mkstemp(path);
	struct command command;

	cr_assert(write(fd, "groups: {}\n", 11) == 11);
	sprintf(line, "policy check %s", path);
	cr_assert_eq(parse(line, &command, said), 0, "%s", said);
	cr_expect_str_eq(json_string_value(json_object_get(command.args, "text")), "groups: {}\n");
	cr_expect_str_eq(json_string_value(json_object_get(command.args, "file")), path);
	command_free(&command);
	cr_assert(write(fd, "\xff\xfe", 2) == 2);
	cr_expect_neq(parse(line, &command, said), 0);
	cr_expect_eq(ftruncate(fd, ESAFE_CTL_LINE_MAX), 0);
	cr_expect_eq(parse(line, &command, said), CTL_EXIT_FAILED);
	cr_expect(strstr(said, "too large"), "%s", said);
	unlink(path);
	close(fd);
	cr_expect_eq(parse(line, &command, said), CTL_EXIT_FAILED);
	cr_expect(strstr(said, path) && strstr(said, "No such file"), "%s", said);
}

/* Each row of the table must be usable: no option twice by its letter, every option known by some verb. */
Test(command, tables_are_whole)
{
	unsigned long long used = OPTS_ALWAYS;

	for (size_t i = 0; i < verb_rows_count; i++)
		used |= verb_rows[i].options;
	cr_expect_eq(used & ~PRINTS_CSV, (1ull << OPTION_COUNT) - 1);
	for (int i = 0; i < OPTION_COUNT; i++) {
		cr_expect(option_rows[i].name && option_rows[i].about, "option %d", i);
		cr_expect_eq(option_rows[i].kind == VALUE_FLAG, !option_rows[i].value, "%s", option_rows[i].name);
		for (int j = 0; j < i; j++)
			cr_expect(!option_rows[i].letter || option_rows[i].letter != option_rows[j].letter, "-%c",
				  option_rows[i].letter);
	}
}

/* The manual page and the completion know every verb, and the page every option. */
static bool file_has(const char *path, const char *text)
{
	static char content[200000];
	FILE *file = fopen(path, "r");
	size_t len;

	cr_assert(file, "%s", path);
	len = fread(content, 1, sizeof(content) - 1, file);
	fclose(file);
	content[len] = '\0';
	return strstr(content, text);
}

Test(command, documents_are_whole)
{
	char text[128];

	for (size_t i = 0; i < verb_rows_count; i++) {
		snprintf(text, sizeof(text), "\n\t%s\n", verb_rows[i].name);
		cr_expect(file_has(ESAFE_SOURCE "/cli/esafectl.bash", text), "completion lacks %s", verb_rows[i].name);
		snprintf(text, sizeof(text), "\n.B esafectl %s\n", verb_rows[i].name);
		cr_expect(file_has(ESAFE_SOURCE "/cli/esafectl.8", text), "the page lacks %s", verb_rows[i].name);
	}
	for (int i = 0; i < OPTION_COUNT; i++) {
		char *to = text + sprintf(text, "\n.BR \\-\\-");

		for (const char *from = option_rows[i].name; *from; from++)
			to += sprintf(to, *from == '-' ? "\\-" : "%c", *from);
		cr_expect(file_has(ESAFE_SOURCE "/cli/esafectl.8", text), "the page lacks %s", text + 1);
	}
}
