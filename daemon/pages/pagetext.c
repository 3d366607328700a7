/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "pagetext.h"

/* Bytes that follow a leading byte, and the least number that may be spelt with so many (RFC 3629 section 3). */
static const struct {
	unsigned char mask, lead, more;
	unsigned least;
} forms[] = {
	{ 0x80, 0x00, 0, 0 }, { 0xe0, 0xc0, 1, 0x80 }, { 0xf0, 0xe0, 2, 0x800 }, { 0xf8, 0xf0, 3, 0x10000 },
};

/* Length of the character at the start, or 0 if it is none that may be shown. */
static size_t character(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		unsigned number = text[0] & (unsigned char)~forms[i].mask;

		if ((text[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].more >= len)
			return 0;
		for (unsigned char more = 1; more <= forms[i].more; more++) {
			if ((text[more] & 0xc0) != 0x80)
				return 0;
			number = number << 6 | (text[more] & 0x3f);
		}
		if (number < forms[i].least || number > 0x10ffff || (number >= 0xd800 && number < 0xe000))
			return 0;
		/* C0, DEL and C1; marks that turn the direction of what stands around them */
		if ((number < 0x20 && number != '\n' && number != '\r' && number != '\t') ||
		    (number >= 0x7f && number < 0xa0) || (number >= 0x202a && number <= 0x202e) ||
		    (number >= 0x2066 && number <= 0x2069))
			return 0;
		return forms[i].more + 1u;
	}
	return 0;
}

bool text_is_clean(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	while (len) {
		size_t step = character(at, len);

		if (!step)
			return false;
		at += step;
		len -= step;
	}
	return true;
}

void text_escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void text_line(const char *text, char *out, size_t size)
{
	size_t at = 0;

	for (; *text && strcmp(text, "\n") && at < size - 1; text++)
		out[at++] = *text >= ' ' && *text <= '~' ? *text : '?';
	out[at] = '\0';
}
