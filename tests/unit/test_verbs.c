/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command's table of verbs against the daemon's: what one sends the other must take. */
#include <criterion/criterion.h>
#include <string.h>

#include "esafed.h"
#include "../../cli/verbs.h" /* the daemon has a header of this name, too */

static const struct verb *daemon_verb(const char *name)
{
	for (size_t i = 0; i < verbs_count; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static const struct arg *daemon_arg(const struct verb *verb, const char *name)
{
	for (const struct arg *arg = verb->args; arg && arg->name; arg++)
		if (!strcmp(arg->name, name))
			return arg;
	return NULL;
}

static enum arg_type type_of(enum value_kind kind)
{
	if (kind == VALUE_FLAG)
		return ARG_FLAG;
	return kind == VALUE_NUMBER || kind == VALUE_TIME ? ARG_NUMBER : ARG_TEXT;
}

static void check_arg(const struct verb *verb, const char *name, enum value_kind kind)
{
	const struct arg *arg = daemon_arg(verb, name);

	cr_expect(arg && arg->type == type_of(kind), "%s: %s", verb->name, name);
	if (kind == VALUE_FILE)
		check_arg(verb, "file", VALUE_TEXT);
}

/* Asked by the process that shows pages, and by nobody else. */
static bool is_inner(const struct verb *verb)
{
	return verb->may == MAY(PAGES);
}

Test(verbs, both_sides_agree)
{
	size_t inner = 1; /* the one that is asked by itself */

	for (size_t i = 0; i < verbs_count; i++)
		inner += is_inner(&verbs[i]);
	cr_expect_eq(verbs_count, verb_rows_count + inner, "all but those that no person asks");
	cr_expect(daemon_verb(ESAFE_CTL_CLOCK) && !daemon_verb(ESAFE_CTL_CLOCK)->args);
	for (size_t i = 0; i < verb_rows_count; i++) {
		const struct verb_row *row = &verb_rows[i];
		const struct verb *verb = daemon_verb(row->name);

		cr_assert(verb && verb->fn, "%s", row->name);
		for (int option = 0; option < OPTION_COUNT; option++)
			if (row->options >> option & 1 && option_rows[option].arg)
				check_arg(verb, option_rows[option].arg, option_rows[option].kind);
		for (int at = 0; at < POSITIONALS && row->positional[at].arg; at++)
			check_arg(verb, row->positional[at].arg, row->positional[at].kind);
	}
}

Test(verbs, what_is_needed_can_be_said)
{
	for (size_t i = 0; i < verbs_count; i++) {
		for (const struct arg *arg = verbs[i].args; arg && arg->name; arg++) {
			bool said = is_inner(&verbs[i]);

			for (size_t row = 0; row < verb_rows_count; row++) {
				if (strcmp(verb_rows[row].name, verbs[i].name))
					continue;
				for (int at = 0; at < POSITIONALS && verb_rows[row].positional[at].arg; at++)
					said |= !strcmp(verb_rows[row].positional[at].arg, arg->name);
				for (int option = 0; option < OPTION_COUNT; option++)
					said |= verb_rows[row].options >> option & 1 && option_rows[option].arg &&
						!strcmp(option_rows[option].arg, arg->name);
			}
			cr_expect(said || !strcmp(arg->name, "file"), "%s: %s", verbs[i].name, arg->name);
		}
	}
}
