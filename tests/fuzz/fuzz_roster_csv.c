/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "roster_csv.h"
#include "text.h"

static int same(void *ctx, const struct roster_line *line)
{
	if (line->sign != '=')
		abort();
	return 0;
}

/* What was accepted must be whole: a user in every line, texts that may be names, and columns that are there or not. */
static void check(const struct roster *roster)
{
	for (size_t i = 0; i < roster->n; i++) {
		const struct reg_user *user = &roster->item[i];
		const char *const texts[] = { user->name, user->full, user->group, user->class_name };

		if (!*user->name || !user->class_name != !roster->item[0].class_name)
			abort();
		for (size_t t = 0; t < 4; t++)
			if (texts[t] && text_fault(texts[t], strlen(texts[t])))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct roster roster;

	if (!roster_csv_read("fuzz", (const char *)data, size, &roster, &problems)) {
		check(&roster);
		if (roster_diff(&roster, &roster, same, NULL))
			abort();
		roster_free(&roster);
	} else if (!problems.n) {
		abort();
	}
	problems_free(&problems);
	return 0;
}
