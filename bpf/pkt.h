/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the frame to the transport header: Ethernet, up to two VLAN tags (IEEE 802.1Q, 802.1ad), PPPoE (RFC 2516),
 * IPv4 with options (RFC 791), IPv6 with extension headers (RFC 8200 section 4), TCP (RFC 9293) and UDP (RFC 768).
 * What cannot be followed is said to be so; the caller does not pass it.
 */
#ifndef ESAFE_PKT_H
#define ESAFE_PKT_H

#include <linux/types.h>
#include <linux/in.h>
#include <linux/in6.h>

#define PKT_HEADERS_MAX 192 /* bytes of headers that are looked at */
#define PKT_EXTENSIONS_MAX 8
#define PKT_FIRST_MIN 272   /* bytes of UDP payload in the first fragment of a longer datagram: any question of DNS */

enum pkt_kind {
	PKT_OTHER,    /* nothing that esafe judges */
	PKT_TCP,
	PKT_UDP,
	PKT_ICMP,     /* whole, or its first fragment; without ports */
	PKT_PROTO,    /* another protocol over IP: pkt.l4_proto; without ports */
	PKT_FRAGMENT, /* of a protocol that is judged: cannot be */
	PKT_BAD,      /* headers that contradict themselves or go on for too long */
	PKT_SHORT,    /* more bytes of headers are needed than are in view */
	PKT_NEXT,     /* within the reading: go on */
};

struct pkt {
	__u32 src[4], dst[4];  /* network byte order; IPv4 as ::ffff:a.b.c.d */
	__be16 sport, dport;
	__u32 seq, ack;        /* host byte order */
	__u32 l3, l4;          /* offsets from the start of the frame */
	__u32 payload;         /* offset of what TCP or UDP carries */
	__u32 payload_len;     /* by the IP header: padding of the frame is left out */
	__u32 ifindex;
	__u16 vlan_outer, vlan_inner; /* VLAN ids, 0: none */
	__u8 family;           /* 4, 6, or 0: neither */
	__u8 l4_proto;
	__u8 tcp_flags;
	__u8 first_fragment;   /* of a UDP datagram */
	__u8 mac[6];           /* source */
	__u8 pppoe;            /* eight bytes of it stand before the IP header */
	__u8 pad;
	__u8 mac_to[6];
	__u16 type;            /* of what the frame carries, behind VLAN tags and PPPoE */
};

/* To a group of hosts, or to all of them (RFC 5771, RFC 4291 section 2.7). */
static __always_inline int pkt_to_many(const struct pkt *p)
{
	const __u8 *dst = (const __u8 *)p->dst;

	return p->family == 4 ? dst[12] >= 224 : dst[0] == 0xff;
}

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16
#define TCP_URG 32

struct pkt_ipv4 {
	__u8 version_ihl, tos;
	__be16 total_len, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 src, dst;
};

struct pkt_ipv6 {
	__be32 flow;
	__be16 payload_len;
	__u8 next, hops;
	__be32 src[4], dst[4];
};

struct pkt_tcp {
	__be16 sport, dport;
	__be32 seq, ack;
	__u8 offset, flags;
	__be16 window, checksum, urgent;
};

struct pkt_udp {
	__be16 sport, dport, len, checksum;
};

#define PKT_BE16(x) __builtin_bswap16(x) /* little-endian machines only: the daemon refuses to start elsewhere */
#define PKT_BE32(x) __builtin_bswap32(x)

/* Where the reading stands: the bytes in view, and how long the frame really is. */
struct view {
	const __u8 *data, *end;
	__u32 frame_len;
};

/* `size` bytes at offset `at`, or 0. The verifier follows this form; `at` must be known to be small. */
static __always_inline const void *view_at(const struct view *v, __u32 at, __u32 size)
{
	const __u8 *from;

	if (at > PKT_HEADERS_MAX)
		return 0;
	from = v->data + at;
	return from + size > v->end ? 0 : from;
}

static __always_inline enum pkt_kind pkt_lacking(const struct view *v, __u32 at, __u32 size)
{
	if (at > PKT_HEADERS_MAX || at + size > v->frame_len)
		return PKT_BAD;
	return PKT_SHORT;
}

static __always_inline enum pkt_kind pkt_read_tcp(const struct view *v, struct pkt *p, __u32 l4_len)
{
	const struct pkt_tcp *tcp = view_at(v, p->l4, sizeof(*tcp));
	__u32 header;

	if (!tcp)
		return pkt_lacking(v, p->l4, sizeof(*tcp));
	header = (tcp->offset >> 4) * 4;
	if (header < sizeof(*tcp) || header > l4_len)
		return PKT_BAD;
	p->sport = tcp->sport;
	p->dport = tcp->dport;
	p->seq = PKT_BE32(tcp->seq);
	p->ack = PKT_BE32(tcp->ack);
	p->tcp_flags = tcp->flags;
	p->payload = p->l4 + header;
	p->payload_len = l4_len - header;
	return PKT_TCP;
}

static __always_inline enum pkt_kind pkt_read_udp(const struct view *v, struct pkt *p, __u32 l4_len)
{
	const struct pkt_udp *udp = view_at(v, p->l4, sizeof(*udp));
	__u32 len;

	if (!udp)
		return pkt_lacking(v, p->l4, sizeof(*udp));
	len = PKT_BE16(udp->len);
	if (len < sizeof(*udp) || l4_len < sizeof(*udp) || (len > l4_len && !p->first_fragment))
		return PKT_BAD;
	if (len > l4_len && l4_len < sizeof(*udp) + PKT_FIRST_MIN) /* so that its start says what it is (RFC 1858) */
		return PKT_FRAGMENT;
	p->sport = udp->sport;
	p->dport = udp->dport;
	p->payload = p->l4 + sizeof(*udp);
	p->payload_len = len - sizeof(*udp);
	return PKT_UDP;
}

static __always_inline int pkt_is_extension(__u32 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH || next == 135 || next == 139 || next == 140;
}

static __always_inline enum pkt_kind pkt_read_icmp(struct pkt *p, __u32 l4_len)
{
	p->sport = p->dport = 0;
	p->payload = p->l4;
	p->payload_len = l4_len;
	return PKT_ICMP;
}

/* What every network needs says nothing of where somebody goes. */
static __always_inline enum pkt_kind pkt_read_proto(struct pkt *p)
{
	p->sport = p->dport = 0;
	p->payload_len = 0;
	p->payload = p->l4;
	if (p->l4_proto == IPPROTO_ICMP || p->l4_proto == IPPROTO_IGMP || p->l4_proto == IPPROTO_ICMPV6)
		return PKT_OTHER;
	return PKT_PROTO;
}

static __always_inline enum pkt_kind pkt_read_l4(const struct view *v, struct pkt *p, __u32 l4_len)
{
	switch (p->l4_proto) {
	case IPPROTO_TCP:
		return p->first_fragment ? PKT_FRAGMENT : pkt_read_tcp(v, p, l4_len);
	case IPPROTO_UDP:
		return pkt_read_udp(v, p, l4_len);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return pkt_read_icmp(p, l4_len);
	default:
		return pkt_read_proto(p);
	}
}

/* A fragment behind the first, `at` bytes into the packet: it has no ports. TCP is never cut by IP. */
static __always_inline enum pkt_kind pkt_read_later(struct pkt *p, __u32 at)
{
	if (p->l4_proto == IPPROTO_TCP || pkt_is_extension(p->l4_proto))
		return PKT_FRAGMENT;
	if (p->l4_proto != IPPROTO_UDP)
		return pkt_read_proto(p);
	/* the first one was judged, and this one may not replace what was looked at */
	return at < sizeof(struct pkt_udp) + PKT_FIRST_MIN ? PKT_FRAGMENT : PKT_OTHER;
}

static __always_inline enum pkt_kind pkt_read_ipv4(const struct view *v, struct pkt *p)
{
	const struct pkt_ipv4 *ip = view_at(v, p->l3, sizeof(*ip));
	__u32 header, total, fragment;

	if (!ip)
		return pkt_lacking(v, p->l3, sizeof(*ip));
	header = (ip->version_ihl & 15) * 4;
	total = PKT_BE16(ip->total_len);
	if (!total) /* a merged packet of more than 64 KiB (BIG TCP) */
		total = v->frame_len - p->l3;
	if (ip->version_ihl >> 4 != 4 || header < sizeof(*ip) || total < header || p->l3 + total > v->frame_len)
		return PKT_BAD;
	p->family = 4;
	p->src[0] = p->src[1] = p->dst[0] = p->dst[1] = 0;
	p->src[2] = p->dst[2] = PKT_BE32(0xffff);
	p->src[3] = ip->src;
	p->dst[3] = ip->dst;
	p->l4_proto = ip->protocol;
	p->l4 = p->l3 + header;
	fragment = PKT_BE16(ip->fragment);
	if (fragment & 0x1fff)
		return pkt_read_later(p, (fragment & 0x1fff) * 8);
	p->first_fragment = !!(fragment & 0x2000);
	return pkt_read_l4(v, p, total - header);
}

/*
 * Makes the compiler read memory again. What the verifier reads from a map it knows nothing of: without this it would
 * follow every combination of headers by itself, a hundred thousand instructions of them.
 */
static __always_inline void pkt_forget(void)
{
	asm volatile("" ::: "memory");
}

/* One extension header: p->l4 and p->l4_proto move behind it. */
static __always_inline enum pkt_kind pkt_skip_extension(const struct view *v, struct pkt *p)
{
	__u32 at = p->l4, kind = p->l4_proto;
	const __u8 *ext = view_at(v, at, 8);

	if (!ext)
		return pkt_lacking(v, at, 8);
	p->l4_proto = ext[0];
	if (kind == IPPROTO_FRAGMENT) {
		__u32 fragment = ext[2] << 8 | ext[3];

		p->first_fragment |= fragment & 1; /* also when this is inside of another */
		p->l4 = at + 8;
		if (fragment & 0xfff8)
			return pkt_read_later(p, fragment & 0xfff8);
	} else if (kind == IPPROTO_AH) {
		p->l4 = at + (ext[1] + 2) * 4;
	} else {
		p->l4 = at + (ext[1] + 1) * 8;
	}
	return PKT_NEXT;
}

/* Follows the chain of extension headers. PKT_NEXT: l4 and l4_proto are set; anything else: that is what it is. */
static __always_inline enum pkt_kind pkt_skip_extensions(const struct view *v, struct pkt *p, __u32 next)
{
	p->l4 = p->l3 + sizeof(struct pkt_ipv6);
	p->l4_proto = next;
	for (int i = 0; i < PKT_EXTENSIONS_MAX; i++) {
		enum pkt_kind kind;

		pkt_forget();
		if (!pkt_is_extension(p->l4_proto))
			return PKT_NEXT;
		kind = pkt_skip_extension(v, p);
		if (kind != PKT_NEXT)
			return kind;
	}
	return pkt_is_extension(p->l4_proto) ? PKT_BAD : PKT_NEXT;
}

static __always_inline enum pkt_kind pkt_read_ipv6(const struct view *v, struct pkt *p)
{
	const struct pkt_ipv6 *ip = view_at(v, p->l3, sizeof(*ip));
	__u32 total;
	enum pkt_kind kind;

	if (!ip)
		return pkt_lacking(v, p->l3, sizeof(*ip));
	total = PKT_BE16(ip->payload_len) + sizeof(*ip);
	if (!ip->payload_len)
		total = v->frame_len - p->l3;
	if (PKT_BE32(ip->flow) >> 28 != 6 || p->l3 + total > v->frame_len)
		return PKT_BAD;
	p->family = 6;
	__builtin_memcpy(p->src, ip->src, sizeof(p->src));
	__builtin_memcpy(p->dst, ip->dst, sizeof(p->dst));
	kind = pkt_skip_extensions(v, p, ip->next);
	pkt_forget();
	if (kind != PKT_NEXT)
		return kind;
	if (p->l4 > p->l3 + total)
		return PKT_BAD;
	return pkt_read_l4(v, p, p->l3 + total - p->l4);
}

#define PKT_ETH_IPV4 0x0800
#define PKT_ETH_ARP 0x0806
#define PKT_ETH_IPV6 0x86dd
#define PKT_ETH_PPPOE 0x8864
#define PKT_PPPOE 8

/*
 * PPPoE (RFC 2516 section 4) and the PPP protocol behind it: version and type 1 | code 1 | session 2 | length 2 |
 * protocol 2. *type becomes that of what it carries. Other protocols of data (numbers below 0x8000, or cut to one byte)
 * could be IP in disguise: compressed, in parts.
 */
static __always_inline enum pkt_kind pkt_skip_pppoe(const struct view *v, struct pkt *p, __u32 at, __u32 *type)
{
	const __u8 *ppp = view_at(v, at, PKT_PPPOE);
	__u32 protocol;

	if (!ppp)
		return pkt_lacking(v, at, PKT_PPPOE);
	protocol = ppp[6] << 8 | ppp[7];
	if (ppp[0] != 0x11 || ppp[1])
		return PKT_BAD;
	if (protocol != 0x0021 && protocol != 0x0057)
		return protocol & 0x8000 && !(ppp[6] & 1) ? PKT_OTHER : PKT_BAD;
	*type = protocol == 0x0021 ? PKT_ETH_IPV4 : PKT_ETH_IPV6;
	p->pppoe = 1;
	return PKT_NEXT;
}

/*
 * Reads the headers of an Ethernet frame. `p` is complete for PKT_TCP and PKT_UDP, and but for ports for PKT_PROTO;
 * for PKT_FRAGMENT and PKT_BAD its addresses may be. ifindex and a VLAN tag that the kernel keeps beside the frame are
 * the caller's to set.
 */
static __always_inline enum pkt_kind pkt_read(const struct view *v, struct pkt *p)
{
	const __u8 *eth = view_at(v, 0, 14);
	__u32 at = 14, type;

	if (!eth)
		return pkt_lacking(v, 0, 14);
	__builtin_memcpy(p->mac, eth + 6, 6);
	__builtin_memcpy(p->mac_to, eth, 6);
	p->pppoe = p->family = 0;
	type = eth[12] << 8 | eth[13];
	for (int i = 0; i < 2; i++) {
		const __u8 *tag;

		if (type != 0x8100 && type != 0x88a8)
			break;
		tag = view_at(v, at, 4);
		if (!tag)
			return pkt_lacking(v, at, 4);
		if (!p->vlan_outer)
			p->vlan_outer = (tag[0] << 8 | tag[1]) & 0xfff;
		else
			p->vlan_inner = (tag[0] << 8 | tag[1]) & 0xfff;
		type = tag[2] << 8 | tag[3];
		at += 4;
	}
	if (type == PKT_ETH_PPPOE) {
		enum pkt_kind kind = pkt_skip_pppoe(v, p, at, &type);

		if (kind != PKT_NEXT)
			return kind;
		at += PKT_PPPOE;
	}
	p->l3 = at;
	p->type = type;
	pkt_forget();
	if (type == PKT_ETH_IPV4)
		return pkt_read_ipv4(v, p);
	if (type == PKT_ETH_IPV6)
		return pkt_read_ipv6(v, p);
	if (type == 0x8100 || type == 0x88a8)
		return PKT_BAD; /* a third tag */
	return PKT_OTHER;
}

#endif
