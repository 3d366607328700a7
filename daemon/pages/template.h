/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages with places to fill in; pure.
 *
 *   {{name}}                the value, escaped; nothing if there is none
 *   {{#name}} ... {{/name}} for each of a list, or once if the value says something; inside of it names are first
 *                           looked up in the element; {{.}} is an element that is a text
 *   {{^name}} ... {{/name}} if it says nothing
 *   {{> file}}              another template, which must have been read before
 *
 * A name stands for one thing only, in all pages: `words` lists them, and another one is an error with the nearest.
 */
#ifndef ESAFE_PAGES_TEMPLATE_H
#define ESAFE_PAGES_TEMPLATE_H

#include <jansson.h>
#include <stdio.h>

#include "problem.h"

struct template;

struct templates {
	const char *const *words;
	size_t words_n;
	struct template *first;
};

/* Adds one; its file is known by `name`. -EINVAL with problems told, or -ENOMEM. */
int template_read(struct templates *templates, const char *name, const char *file, const char *text, size_t len,
		  struct problems *problems);
const struct template *template_find(const struct templates *templates, const char *name);
void template_write(const struct template *template, json_t *data, FILE *out);
void templates_free(struct templates *templates);

#endif
