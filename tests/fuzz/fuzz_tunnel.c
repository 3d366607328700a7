/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message (first bytes: how many more bytes than there are here it has, its port): seen as a datagram and as a stream
 * that comes byte by byte. What a stream was taken for must not change with what comes behind.
 */
#include <stdint.h>

#include "parse.h"
#include "tunnel.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

static void is_reason(int found)
{
	must(found == TUNNEL_NONE || found == ESAFE_R_SOCKS ||
	     (found >= ESAFE_R_WIREGUARD && found <= ESAFE_R_PROTOCOL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u32 len, more, port;
	int found = TUNNEL_MORE;
	__u8 *copy;

	if (size < 4)
		return 0;
	more = data[0] | data[1] << 8;
	port = data[2] | data[3] << 8;
	len = size - 4 < TUNNEL_ROOM ? size - 4 : TUNNEL_ROOM;
	copy = exact(data + 4, len);
	is_reason(tunnel_datagram(copy, len, len == TUNNEL_ROOM ? len + more : len, port));
	free(copy);
	for (__u32 have = 1; have <= len && have <= TUNNEL_STREAM; have++) {
		int now;

		copy = exact(data + 4, have);
		now = tunnel_socks(copy, have);
		if (now != TUNNEL_MORE)
			is_reason(now);
		now = tunnel_stream(copy, have);
		free(copy);
		must(found == TUNNEL_MORE || now == found);
		if (now != TUNNEL_MORE)
			is_reason(now);
		found = now;
	}
	return 0;
}
