/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <errno.h>
#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#include "esafe/hash.h"

#define LABEL_MAX 63
#define UTF8_MAX (4 * 253) /* bytes of the longest name if every character took four */

/* What a byte stands for in a name: itself in lower case, or 0. The dot is not among them. */
static const __u8 letter[256] = {
	['-'] = '-', ['_'] = '_',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
#define L(upper, lower) [upper] = lower, [lower] = lower
	L('A', 'a'), L('B', 'b'), L('C', 'c'), L('D', 'd'), L('E', 'e'), L('F', 'f'), L('G', 'g'), L('H', 'h'),
	L('I', 'i'), L('J', 'j'), L('K', 'k'), L('L', 'l'), L('M', 'm'), L('N', 'n'), L('O', 'o'), L('P', 'p'),
	L('Q', 'q'), L('R', 'r'), L('S', 's'), L('T', 't'), L('U', 'u'), L('V', 'v'), L('W', 'w'), L('X', 'x'),
	L('Y', 'y'), L('Z', 'z'),
#undef L
};

struct writer {
	__u8 wire[ESAFE_NAME_MAX + 1];
	size_t at;    /* of the next byte */
	size_t start; /* of the length byte of this label */
};

static bool close_label(struct writer *w)
{
	size_t len = w->at - w->start - 1;

	if (!len || len > LABEL_MAX)
		return false;
	w->wire[w->start] = len;
	w->start = w->at++;
	return true;
}

static int digit(unsigned char byte)
{
	return byte >= '0' && byte <= '9' ? byte - '0' : -1;
}

/* \DDD or \X at text; bytes used in *used. The byte meant, or -1. */
static int escape(const unsigned char *text, size_t len, size_t *used)
{
	int value;

	if (len < 2)
		return -1;
	if (digit(text[1]) < 0) {
		*used = 2;
		return text[1] > ' ' && text[1] < 0x7f ? text[1] : -1;
	}
	if (len < 4 || digit(text[2]) < 0 || digit(text[3]) < 0)
		return -1;
	value = digit(text[1]) * 100 + digit(text[2]) * 10 + digit(text[3]);
	*used = 4;
	return value < 256 ? value : -1;
}

static __u8 lower(int byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static int fail(enum name_fault *fault, enum name_fault what)
{
	*fault = what;
	return what == NAME_LONG ? -ENAMETOOLONG : -EINVAL;
}

/* What name_to_text() writes as it is: printable, and nothing to RFC 1035 section 5.1. */
static bool is_plain(__u8 byte)
{
	return byte > ' ' && byte < 0x7f && !strchr(".\\\";()@$", byte);
}

/* ASCII text, not empty, without its final dot; `any`: plain bytes stand for themselves, of whatever kind. */
static int parse_ascii(const unsigned char *text, size_t len, bool any, struct writer *w, enum name_fault *fault)
{
	w->start = 0;
	w->at = 1;
	for (size_t i = 0; i < len; i++) {
		__u8 byte = letter[text[i]];

		if (w->at >= ESAFE_NAME_MAX - 1)
			return fail(fault, NAME_LONG);
		if (byte) {
			w->wire[w->at++] = byte;
		} else if (text[i] == '.') {
			if (!close_label(w))
				return fail(fault, NAME_LABEL);
		} else {
			size_t used = 0;
			int value = text[i] == '\\' ? escape(text + i, len - i, &used) : -1;

			if (any && is_plain(text[i])) {
				value = text[i];
				used = 1;
			}
			if (value < 0)
				return fail(fault, NAME_CHARACTER);
			w->wire[w->at++] = lower(value);
			i += used - 1;
		}
	}
	if (!close_label(w))
		return fail(fault, NAME_LABEL);
	w->wire[w->start] = 0;
	return w->at;
}

static int parse_unicode(const unsigned char *text, size_t len, struct writer *w, enum name_fault *fault)
{
	char copy[UTF8_MAX + 1], *ascii = NULL;
	int rc;

	if (len > UTF8_MAX)
		return fail(fault, NAME_LONG);
	/* Escapes and spaces are no part of an internationalised name; libidn2 would let some of them pass. */
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x80 && !letter[text[i]] && text[i] != '.')
			return fail(fault, NAME_CHARACTER);
	memcpy(copy, text, len);
	copy[len] = '\0';
	rc = idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return fail(fault, rc == IDN2_TOO_BIG_DOMAIN ? NAME_LONG : NAME_IDN);
	len = strlen(ascii);
	if (len && ascii[len - 1] == '.') /* other full stops than the ASCII one were still there above */
		len--;
	rc = len ? parse_ascii((unsigned char *)ascii, len, false, w, fault) : fail(fault, NAME_LABEL);
	idn2_free(ascii);
	return rc;
}

static bool is_ascii(const unsigned char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= text[i];
	return all < 0x80;
}

static bool ends_in_dot(const unsigned char *text, size_t len)
{
	size_t slashes = 0;

	if (!len || text[len - 1] != '.')
		return false;
	while (slashes + 1 < len && text[len - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

static int parse(const char *text, size_t len, bool any, __u8 wire[ESAFE_NAME_MAX], enum name_fault *fault)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct writer w;
	int rc;

	if (len == 1 && text[0] == '.') {
		wire[0] = 0;
		return 1;
	}
	if (ends_in_dot(bytes, len))
		len--;
	if (!len)
		return fail(fault, NAME_LABEL);
	rc = parse_ascii(bytes, len, any, &w, fault);
	if (rc < 0 && !is_ascii(bytes, len))
		rc = parse_unicode(bytes, len, &w, fault);
	if (rc > 0)
		memcpy(wire, w.wire, rc);
	return rc;
}

int name_parse(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX], enum name_fault *fault)
{
	return parse(text, len, false, wire, fault);
}

int name_from_text(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX])
{
	enum name_fault fault;

	return parse(text, len, false, wire, &fault);
}

int name_from_shown(const char *text, size_t len, __u8 wire[ESAFE_NAME_MAX])
{
	enum name_fault fault;

	return parse(text, len, true, wire, &fault);
}

/* Text of one byte of a label; returns its length. */
static size_t put_byte(__u8 byte, char out[4])
{
	if (is_plain(byte)) {
		out[0] = byte;
		return 1;
	}
	out[0] = '\\';
	if (byte > ' ' && byte < 0x7f) {
		out[1] = byte;
		return 2;
	}
	out[1] = '0' + byte / 100;
	out[2] = '0' + byte / 10 % 10;
	out[3] = '0' + byte % 10;
	return 4;
}

int name_to_text(const __u8 *wire, size_t len, char *out, size_t size)
{
	char text[NAME_TEXT_MAX + 8];
	size_t at = 0, to = 0;

	if (!len || len > ESAFE_NAME_MAX)
		return -EINVAL;
	while (wire[at]) {
		size_t label = wire[at++];

		if (label > LABEL_MAX || at + label >= len)
			return -EINVAL;
		if (to)
			text[to++] = '.';
		for (; label; label--)
			to += put_byte(wire[at++], text + to);
	}
	if (at + 1 != len)
		return -EINVAL;
	if (!to)
		text[to++] = '.';
	if (to >= size)
		return -ENOSPC;
	memcpy(out, text, to);
	out[to] = '\0';
	return to;
}

__u64 name_hash(const __u8 *wire, size_t len, __u64 k1, __u64 k2)
{
	struct esafe_name name;

	if (!len || len > ESAFE_NAME_MAX)
		return 0;
	memcpy(name.wire, wire, len);
	memset(name.wire + len, 0, 8);
	if (esafe_name_scan(&name, k1, k2) || name.len != len || !name.labels)
		return 0;
	return name.suffix[name.labels - 1];
}
