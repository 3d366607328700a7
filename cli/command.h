/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was typed, made into a request. */
#ifndef ESAFECTL_COMMAND_H
#define ESAFECTL_COMMAND_H

#include <jansson.h>
#include <time.h>

#include "verbs.h"

struct command {
	const struct verb_row *verb; /* NULL: help or version */
	json_t *args;
	unsigned long long options;  /* OPT() of those given */
	const char *socket;
	int file; /* to be handed over, or -1 */
};

/* 0, or an exit code with the reason told on `errors`. `now` is what times count from. */
int command_parse(int argc, char *const *argv, time_t now, struct command *out, FILE *errors);
void command_free(struct command *command);

void command_help(const struct verb_row *verb, FILE *to); /* NULL: of all */

#endif
