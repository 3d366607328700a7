/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roster as a school's office exports it: user, name, group, class with a heading; pure. */
#ifndef ESAFE_ROSTER_CSV_H
#define ESAFE_ROSTER_CSV_H

#include <stddef.h>

#include "problem.h"
#include "register_people.h"

struct roster {
	size_t n;
	struct reg_user *item; /* id 0; texts of columns that are not there are NULL: not spoken of */
	int *line;
	size_t room;
};

/* As devices_csv_read(): only the user must be there. */
int roster_csv_read(const char *file, const char *text, size_t len, struct roster *out, struct problems *problems);
int roster_add(struct roster *roster, const struct reg_user *user, int line); /* takes the texts; 0 or -ENOMEM */
void roster_free(struct roster *roster);

/*
 * What importing `want` would do to `have`: '+' new, '~' changed or back again (text names the fields), '=' the same,
 * '-' in `have`, not in `want`, and not gone yet. `old`: the one in `have`, or NULL. `line` returns 0 or what ends it.
 */
struct roster_line {
	char sign;
	const struct reg_user *old, *new; /* new NULL: '-' */
	const char *text;
};
int roster_diff(const struct roster *have, const struct roster *want,
		int (*line)(void *ctx, const struct roster_line *line), void *ctx);

#endif
