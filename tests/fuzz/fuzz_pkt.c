/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame, of which only the first bytes may be in view (first byte: how many are not; second: how much longer than
 * that the frame says it is). What is said to be a segment or a datagram must be within the frame, and seeing more of
 * the same frame must not change what it is.
 */
#include <stdint.h>

#include "parse.h"
#include "pkt.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

/* Two bytes stand before the frame, as in the kernel (NET_IP_ALIGN). */
static enum pkt_kind read_view(const uint8_t *frame, size_t have, size_t len, struct pkt *p)
{
	__u8 *block = malloc(have + 2);
	struct view v = { block + 2, block + 2 + have, len };
	enum pkt_kind kind;

	memcpy(block + 2, frame, have);
	memset(p, 0, sizeof(*p));
	kind = pkt_read(&v, p);
	free(block);
	must(kind < PKT_NEXT);
	must(kind != PKT_SHORT || have < len);
	if (kind == PKT_ICMP)
		must(p->payload == p->l4 && p->payload + p->payload_len <= len);
	if (kind == PKT_TCP || kind == PKT_UDP) {
		must(p->l3 >= 14 && p->l3 <= 22 && p->l4 >= p->l3 + 20 && p->l4 <= PKT_HEADERS_MAX);
		must(p->payload >= p->l4 + 8 && p->payload <= p->l4 + 60);
		must(p->first_fragment ? kind == PKT_UDP : p->payload + p->payload_len <= len);
		must(p->family == 4 ? p->src[2] == p->dst[2] && !p->src[0] : p->family == 6);
		must(p->vlan_outer < 4096 && p->vlan_inner < 4096);
	}
	return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pkt part, whole;
	enum pkt_kind kind, all;
	size_t have, len;

	if (size < 3)
		return 0;
	size -= 2;
	have = data[0] < size ? size - data[0] : 0;
	len = size + data[1] * 256;
	kind = read_view(data + 2, have, len, &part);
	all = read_view(data + 2, size, len, &whole);
	must(kind == PKT_SHORT || (kind == all && !memcmp(&part, &whole, sizeof(part))));
	return 0;
}
