/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * https://url.spec.whatwg.org/#application/x-www-form-urlencoded: fields with '&' between them, each a name, '=' and a
 * value; a space is '+', other bytes may be %XX.
 */
#include <errno.h>
#include <string.h>

#include "form.h"
#include "hex.h"
#include "pagetext.h"

/* In place: what is decoded is never longer. Returns the length, or -EINVAL. */
static long decode(char *text, size_t len)
{
	size_t to = 0;

	for (size_t at = 0; at < len; at++) {
		char c = text[at];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = at + 2 < len ? hex_digit(text[at + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[at + 2]);

			if (low < 0)
				return -EINVAL;
			c = (char)(high << 4 | low);
			at += 2;
		}
		text[to++] = c;
	}
	return (long)to;
}

/* Decoded, ended by a zero byte and fit to be shown. Nothing behind `len` is touched but the byte at text[len]. */
static int take(char *text, size_t len)
{
	long got = decode(text, len);

	if (got < 0)
		return -EINVAL;
	text[got] = '\0';
	return text_is_clean(text, (size_t)got) ? 0 : -EINVAL;
}

static int take_field(char *text, size_t len, struct form *form)
{
	char *equals = memchr(text, '=', len);
	size_t name = equals ? (size_t)(equals - text) : len;
	char *value = equals ? equals + 1 : text + len;

	if (form->n == FORM_FIELDS || take(value, (size_t)(text + len - value)) || take(text, name) || !*text)
		return -EINVAL;
	if (form_has(form, text))
		return -EINVAL;
	form->field[form->n].name = text;
	form->field[form->n++].value = value;
	return 0;
}

int form_parse(char *text, size_t len, struct form *out)
{
	struct form form = { .n = 0 };
	char *end = text + len;

	if (len > FORM_BYTES)
		return -EINVAL;
	while (text < end) {
		char *stop = memchr(text, '&', (size_t)(end - text));
		size_t part = (size_t)((stop ? stop : end) - text);

		if (part && take_field(text, part, &form))
			return -EINVAL;
		text += part + 1;
	}
	*out = form;
	return 0;
}

void form_keep(struct form *form, const char *const *names)
{
	struct form kept = { .n = 0 };

	for (; *names; names++)
		for (unsigned i = 0; i < form->n; i++)
			if (!strcmp(form->field[i].name, *names))
				kept.field[kept.n++] = form->field[i];
	*form = kept;
}

bool form_has(const struct form *form, const char *name)
{
	for (unsigned i = 0; i < form->n; i++)
		if (!strcmp(form->field[i].name, name))
			return true;
	return false;
}

const char *form_get(const struct form *form, const char *name)
{
	for (unsigned i = 0; i < form->n; i++)
		if (!strcmp(form->field[i].name, name))
			return form->field[i].value;
	return "";
}
