/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A form as browsers send it (application/x-www-form-urlencoded), and the query of an address; pure. */
#ifndef ESAFE_PAGES_FORM_H
#define ESAFE_PAGES_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS 24
#define FORM_BYTES 16384 /* of a whole form */

struct form {
	struct {
		const char *name, *value;
	} field[FORM_FIELDS];
	unsigned n;
};

/*
 * Takes `text`, which has room for a zero byte at text[len], apart in place; the fields point into it. -EINVAL: what no
 * browser sends for our forms: a broken escape, a name twice, too many fields, bytes that are not UTF-8, control
 * characters. Nothing of such a form is used.
 */
int form_parse(char *text, size_t len, struct form *out);

/* Forgets all fields but these, up to a NULL. */
void form_keep(struct form *form, const char *const *names);

const char *form_get(const struct form *form, const char *name); /* "" when it is not there */
bool form_has(const struct form *form, const char *name);

#endif
