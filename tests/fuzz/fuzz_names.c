/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is read as text of a name and as its wire form; what one makes the other must take, unchanged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static void round_trip(const __u8 *wire, int len)
{
	char text[NAME_TEXT_MAX];
	__u8 back[ESAFE_NAME_MAX];
	int text_len = name_to_text(wire, len, text, sizeof(text));

	if (text_len < 0)
		return;
	for (int i = 0; i < text_len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			abort();
	if (name_from_shown(text, text_len, back) != len)
		abort();
	for (int i = 0; i < len; i++)
		if (back[i] != wire[i] && back[i] != (wire[i] | 0x20))
			abort();
	if (name_hash(wire, len, 3, 5) != name_hash(back, len, 3, 5))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text((const char *)data, size, wire);

	if (len > 0)
		round_trip(wire, len);
	round_trip(data, size < ESAFE_NAME_MAX ? size : ESAFE_NAME_MAX);
	return 0;
}
