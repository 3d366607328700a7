/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "command.h"

static void help_option(const struct option_row *option, FILE *to)
{
	char shown[48];

	snprintf(shown, sizeof(shown), "%s%c%s --%s%s%s", option->letter ? "-" : " ", option->letter ? option->letter : ' ',
		 option->letter ? "," : " ", option->name, option->value ? " " : "", option->value ? option->value : "");
	fprintf(to, "  %-26s %s\n", shown, option->about);
}

static void help_all(FILE *to)
{
	char usage[64];

	fprintf(to, "esafectl [VERB] [OPTION ...]: the school's Internet filter. Without a verb: status.\n\n");
	for (size_t i = 0; i < verb_rows_count; i++) {
		snprintf(usage, sizeof(usage), "%s %s", verb_rows[i].name, verb_rows[i].usage);
		fprintf(to, "  %-26s %s\n", usage, verb_rows[i].about);
	}
	fprintf(to, "\n");
	for (int i = 0; i <= OPT_SOCKET; i++)
		help_option(&option_rows[i], to);
	fprintf(to, "\n`esafectl VERB --help` names the options of a verb; esafectl(8) says more.\n"
		    "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no daemon, 4 something wrong in a file.\n");
}

void command_help(const struct verb_row *verb, FILE *to)
{
	unsigned long long options;

	if (!verb) {
		help_all(to);
		return;
	}
	options = verb->options | OPTS_ALWAYS;
	fprintf(to, "esafectl %s %s: %s\n\n", verb->name, verb->usage, verb->about);
	for (int i = 0; i < OPTION_COUNT; i++)
		if (options >> i & 1)
			help_option(&option_rows[i], to);
}
