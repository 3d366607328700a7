/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "prefix.h"
#include "schema.h"

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Masked as the packets' addresses are: bits behind the prefix would make a range that never fits. */
static int prefix_mask(const __u8 addr[16], unsigned bits, struct esafe_prefix *out)
{
	struct esafe_prefix prefix;

	for (unsigned i = 0; i < 16; i++) {
		unsigned in = bits > i * 8 ? bits - i * 8 : 0;

		prefix.mask[i] = in >= 8 ? 0xff : 0xff << (8 - in);
		prefix.addr[i] = addr[i];
		if (addr[i] & ~prefix.mask[i])
			return -ERANGE;
	}
	*out = prefix;
	return 0;
}

int prefix_parse(const char *text, struct esafe_prefix *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	__u8 addr[16] = { 0 };
	unsigned bits, most = 128;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = 0;
	if (inet_pton(AF_INET, host, addr + 12) == 1) {
		memcpy(addr, mapped, sizeof(mapped));
		most = 32;
	} else if (inet_pton(AF_INET6, host, addr) != 1) {
		return -EINVAL;
	}
	bits = most;
	if (slash && number_from_text(slash + 1, 0, most, &bits))
		return -EINVAL;
	return prefix_mask(addr, bits + 128 - most, out);
}

bool prefix_has(const struct esafe_prefix *prefix, const __u8 addr[16])
{
	for (unsigned i = 0; i < 16; i++)
		if ((addr[i] & prefix->mask[i]) != prefix->addr[i])
			return false;
	return true;
}
