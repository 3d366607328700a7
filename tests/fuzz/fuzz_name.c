/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of names. The input is read as text of a host name and as its wire form: a name that is spelt must
 * be one that can be hashed, garbage behind it and the case of its letters must not matter, and every parent's hash
 * must be that of the parent alone.
 */
#include <stdint.h>

#include "hello.h"
#include "esafe/hash.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

static int scan(struct esafe_name *name, const __u8 *wire, size_t len, int garbage)
{
	memset(name, garbage, sizeof(*name));
	memcpy(name->wire, wire, len < ESAFE_WIRE_ROOM ? len : ESAFE_WIRE_ROOM);
	return esafe_name_scan(name, K1, K2);
}

static void check(const __u8 *wire, size_t len)
{
	struct esafe_name *name = malloc(sizeof(*name)), *other = malloc(sizeof(*other));
	__u8 upper[ESAFE_WIRE_ROOM], lower[ESAFE_WIRE_ROOM];
	__u32 at = 0, skipped = 0;

	if (!scan(name, wire, len, 0) && name->len <= len) {
		must(name->len >= 1 && name->len <= ESAFE_NAME_MAX && name->labels <= ESAFE_LABELS_MAX);
		memcpy(upper, wire, name->len);
		for (__u32 label = 0; upper[label]; label += 1 + upper[label])
			for (__u32 i = label + 1; i <= label + upper[label]; i++)
				if (upper[i] >= 'a' && upper[i] <= 'z')
					upper[i] -= 32;
		must(!scan(other, upper, name->len, 0xff));
		esafe_lower_wire(lower, name->wire);
		esafe_lower_wire(other->wire, other->wire);
		must(other->len == name->len && !memcmp(other->wire, lower, name->len));
		must(!memcmp(other->suffix, name->suffix, name->labels * sizeof(name->suffix[0])));
		for (; wire[at]; at += 1 + wire[at], skipped++) {
			must(!scan(other, wire + at, name->len - at, 0x41));
			must(other->labels == name->labels - skipped);
			must(other->suffix[other->labels - 1] == name->suffix[name->labels - 1 - skipped]);
		}
	}
	free(name);
	free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hostname host;
	__u8 wire[256];
	size_t len;

	check(data, size);
	hostname_start(&host);
	for (size_t i = 0; i < size; i++)
		hostname_add(&host, data[i]);
	len = whole_name((const char *)data, size, wire);
	if (hostname_end(&host)) {
		must(!len);
		return 0;
	}
	must(len == host.len && !memcmp(wire, host.wire, len));
	check(host.wire, host.len);
	return 0;
}
