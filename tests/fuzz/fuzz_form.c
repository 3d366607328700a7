/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A form of a browser: taken apart, or refused as a whole; what is taken can be put into a page, a log, a lesson. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "pagetext.h"
#include "sites.h"

static void other_uses(const char *value)
{
	char line[40], *sites = sites_of(value);

	text_line(value, line, sizeof(line));
	for (const char *at = line; *at; at++)
		if (*at < ' ' || *at > '~')
			abort();
	if (!sites || strpbrk(sites, " \t\r,;/?#:"))
		abort();
	free(sites);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a", "mark", NULL };
	struct form form = { .n = FORM_FIELDS + 1 };
	char *room = malloc(size + 1), *page = NULL;
	size_t len;
	FILE *out;
	int err;

	memcpy(room, data, size);
	err = form_parse(room, size, &form);
	if (err ? form.n != FORM_FIELDS + 1 : form.n > FORM_FIELDS)
		abort();
	out = open_memstream(&page, &len);
	for (unsigned i = 0; !err && i < form.n; i++) {
		const char *value = form.field[i].value;

		if (!*form.field[i].name || strcmp(form_get(&form, form.field[i].name), value) ||
		    !text_is_clean(value, strlen(value)) || strlen(value) > size)
			abort();
		text_escape(out, value);
		other_uses(value);
	}
	if (!err)
		form_keep(&form, names);
	if (!err && (form.n > 2 || (form.n && strcmp(form.field[form.n - 1].name, "a") && !form_has(&form, "mark"))))
		abort();
	fclose(out);
	if (strpbrk(page, "<>\"'"))
		abort();
	free(page);
	free(room);
	return 0;
}
