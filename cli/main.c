/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "esafe/ctl.h"

struct showing {
	const struct verb_row *verb;
	struct printer printer;
	unsigned long rows;
};

/* A picture of the whole: on a terminal it takes the place of the one before. */
static void show_picture(struct showing *showing, const json_t *picture)
{
	json_t *row;
	size_t i;

	if (showing->printer.style == PRINT_JSON) {
		print_row(&showing->printer, picture);
		return;
	}
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	showing->printer.headed = false;
	json_array_foreach(json_object_get(picture, "rows"), i, row)
		print_row(&showing->printer, row);
	if (!i)
		puts("nothing yet");
}

/* What a table of events comes down to. */
static void show_summary(const json_t *summary, bool behind_table)
{
	struct printer printer = { .to = stdout };

	if (behind_table)
		fputc('\n', stdout);
	print_row(&printer, summary);
}

static int show_row(void *ctx, json_t *row)
{
	struct showing *showing = ctx;
	const char *line = showing->verb->line ? json_string_value(json_object_get(row, showing->verb->line)) : NULL;

	showing->rows++;
	if (showing->verb->live) {
		show_picture(showing, row);
	} else if (line && showing->printer.style == PRINT_TEXT) {
		print_safe(stdout, line);
		fputc('\n', stdout);
	} else if (json_object_get(row, "summary") && showing->printer.style == PRINT_TEXT) {
		show_summary(json_object_get(row, "summary"), showing->rows > 1);
	} else {
		print_row(&showing->printer, row);
	}
	return ferror(stdout) ? CTL_EXIT_FAILED : 0;
}

static void show_problem(const json_t *problem)
{
	const char *file = json_string_value(json_object_get(problem, "file"));
	const char *text = json_string_value(json_object_get(problem, "text"));
	long long line = json_integer_value(json_object_get(problem, "line"));
	long long column = json_integer_value(json_object_get(problem, "column"));

	if (file) {
		print_safe(stderr, file);
		if (line)
			fprintf(stderr, ":%lld", line);
		if (column)
			fprintf(stderr, ":%lld", column);
		fputs(": ", stderr);
	} else {
		fputs("esafectl: ", stderr);
	}
	print_safe(stderr, text ? text : "?");
	fputc('\n', stderr);
}

static void show_end(void *ctx, json_t *end)
{
	struct showing *showing = ctx;
	const char *code = json_string_value(json_object_get(end, "code"));
	long long dropped = json_integer_value(json_object_get(end, "dropped"));
	json_t *problem;
	size_t i;

	fflush(stdout);
	json_array_foreach(json_object_get(end, "problems"), i, problem)
		show_problem(problem);
	if (dropped)
		fprintf(stderr, "esafectl: and %lld more\n", dropped);
	if (code && !strcmp(code, "ok") && !showing->rows && showing->verb->none && showing->printer.style == PRINT_TEXT)
		puts(showing->verb->none);
}

/* Asks the terminal whether the act is meant; without one the option --yes must say so. */
static bool is_meant(const struct command *command)
{
	char answer[16];

	if (!(command->verb->options & OPT(YES)) || command->options & OPT(YES))
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "esafectl: \"%s\" needs --yes\n", command->verb->name);
		return false;
	}
	fprintf(stderr, "\"%s\" %s. Is that meant (yes/no)? ", command->verb->name, command->verb->about);
	return fgets(answer, sizeof(answer), stdin) && !strcmp(answer, "yes\n");
}

static const char *socket_path(const struct command *command)
{
	const char *path = command->socket ? command->socket : getenv("ESAFE_SOCKET");

	return path ? path : ESAFE_CTL_SOCKET;
}

static int run(struct command *command)
{
	struct showing showing = { .verb = command->verb, .printer = { .to = stdout } };
	int code;

	if (!is_meant(command))
		return CTL_EXIT_USAGE;
	showing.printer.columns = command->verb->columns;
	if (command->options & OPT(JSON))
		showing.printer.style = PRINT_JSON;
	else if ((command->options & OPT(CSV)) || command->verb->options & PRINTS_CSV)
		showing.printer.style = PRINT_CSV;
	if (command->options & OPT(FOLLOW) || command->verb->live)
		setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (!strcmp(command->verb->name, "policy show") && showing.printer.style == PRINT_JSON &&
	    !(command->options & OPT(SOURCE)))
		json_object_set_new(command->args, "flat", json_true());
	code = client_ask(socket_path(command), command->verb->name, command->args, command->file, show_row,
			  show_end, &showing);
	if (fflush(stdout) && !code)
		code = CTL_EXIT_FAILED;
	return code;
}

static int take_zone(void *ctx, json_t *row)
{
	const char *zone = json_string_value(json_object_get(row, "zone"));

	if (zone)
		setenv("TZ", zone, 1);
	tzset();
	return 0;
}

static void ignore_end(void *ctx, json_t *end)
{
}

#define OPTS_TIME (OPT(SINCE) | OPT(UNTIL) | OPT(AT))

/* Times are meant in the zone of the school, which the daemon knows: where there are any they are read once more. */
static int parse(int argc, char **argv, struct command *command)
{
	time_t now = time(NULL);
	json_t *none;
	int code;

	code = command_parse(argc, argv, now, command, stderr);
	if (code || !(command->options & OPTS_TIME) || command->options & (OPT(HELP) | OPT(VERSION)))
		return code;
	none = json_object();
	code = client_ask(socket_path(command), ESAFE_CTL_CLOCK, none, -1, take_zone, ignore_end, NULL);
	json_decref(none);
	command_free(command);
	return code ? code : command_parse(argc, argv, now, command, stderr);
}

int main(int argc, char **argv)
{
	struct command command;
	int code;

	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_DFL);
	code = parse(argc, argv, &command);
	if (code)
		return code;
	if (command.options & OPT(VERSION))
		puts("esafectl " ESAFE_VERSION);
	else if (command.options & OPT(HELP))
		command_help(command.verb, stdout);
	else
		code = run(&command);
	command_free(&command);
	return code;
}
