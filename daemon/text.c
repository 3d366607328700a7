/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/types.h>

#include "text.h"

/* Length of the well-formed UTF-8 character at `at`, or 0. */
static size_t utf8_length(const unsigned char *at, const unsigned char *end, __u32 *out)
{
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
	__u32 character;

	*out = *at;
	if (len <= 1)
		return len;
	if ((size_t)(end - at) < len)
		return 0;
	character = *at & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (at[i] & 0x3f);
	}
	*out = character;
	return character < least[len] || character > 0x10ffff || (character >> 11) == 0x1b ? 0 : len;
}

static int is_invisible(__u32 character)
{
	static const struct {
		__u32 first, last;
	} hidden[] = {
		{ 0xad, 0xad }, { 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (character >= hidden[i].first && character <= hidden[i].last)
			return 1;
	return 0;
}

const char *text_fault(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;

	while (at < end) {
		__u32 character;
		size_t step = utf8_length(at, end, &character);

		if (!step)
			return "not UTF-8: save the sheet as \"CSV UTF-8\"";
		if (character < 0x20 || (character >= 0x7f && character < 0xa0))
			return "a control character (a line break within a value?)";
		if (is_invisible(character))
			return "an invisible character";
		at += step;
	}
	return NULL;
}
