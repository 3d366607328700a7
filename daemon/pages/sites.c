/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "sites.h"

#define GAPS " \t\r\n,;"

/* "https://name:port/path?query" or the name alone */
static size_t name_in(const char **word, size_t len)
{
	const char *text = *word, *end = text + len, *scheme = strstr(text, "://");
	size_t n;

	if (scheme && scheme < end)
		text = scheme + 3;
	n = strcspn(text, "/?#:" GAPS);
	*word = text;
	return n > (size_t)(end - text) ? (size_t)(end - text) : n;
}

char *sites_of(const char *text)
{
	char *out = malloc(strlen(text) + 1), *to = out;

	if (!out)
		return NULL;
	while (*(text += strspn(text, GAPS))) {
		size_t len = strcspn(text, GAPS), n;
		const char *name = text;

		n = name_in(&name, len);
		if (n && to > out)
			*to++ = '\n';
		memcpy(to, name, n);
		to += n;
		text += len;
	}
	*to = '\0';
	return out;
}
