/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames made by hand, with anything in them that a sender should not do. No kernel's TCP is asked. */
#ifndef WIRE_H
#define WIRE_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "net.h"

#define WIRE_ROOM 65536
#define WIRE_FRAME 1514

struct wire {
	int fd, family;               /* 4 or 6 */
	uint8_t own[6], router[6];
	uint8_t src[16], dst[16];     /* of IPv4 the first four */
};

enum fragment_order { FRAGMENTS_FORWARD, FRAGMENTS_BACKWARD };

/* What is odd about a packet; all zero: nothing. */
struct odd {
	uint8_t ttl;                  /* 0: 64 */
	uint8_t bad_sum;              /* of TCP or UDP */
	uint8_t no_sum;               /* UDP over IPv4: none */
	uint16_t says_len;            /* how long the packet says it is; 0: the truth */
	uint8_t options[40];          /* of IPv4 */
	size_t options_len;
	uint8_t first_extension;      /* of IPv6: the kind of the first one; the last names the kind in last_kind_at */
	uint8_t extensions[400];
	size_t extensions_len, last_kind_at;
	size_t fragment;              /* payload bytes of each; a multiple of eight; 0: whole */
	size_t overlap;               /* each repeats so many bytes of the one before */
	enum fragment_order order;
	int atomic;                   /* IPv6: a fragment header although it is whole */
	const uint8_t *decoy;         /* the first fragments carry these bytes, then the true ones follow */
};

static inline void wire_put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value & 255;
}

static inline void wire_put32(uint8_t *at, uint32_t value)
{
	wire_put16(at, value >> 16);
	wire_put16(at + 2, value & 0xffff);
}

static inline uint32_t wire_get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static inline unsigned wire_get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline uint32_t wire_sum(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += wire_get16(bytes + i);
	if (len & 1)
		sum += bytes[len - 1] << 8;
	return sum;
}

static inline uint16_t wire_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static inline size_t wire_address_len(const struct wire *w)
{
	return w->family == 4 ? 4 : 16;
}

/* The checksum of TCP or UDP at `at` in `l4`. */
static inline void wire_l4_sum(const struct wire *w, unsigned protocol, uint8_t *l4, size_t len, size_t at,
			       const struct odd *odd)
{
	uint32_t sum = protocol + len;

	sum = wire_sum(sum, w->src, wire_address_len(w));
	sum = wire_sum(sum, w->dst, wire_address_len(w));
	wire_put16(l4 + at, 0);
	if (odd->no_sum)
		return;
	wire_put16(l4 + at, wire_fold(wire_sum(sum, l4, len)) ^ (odd->bad_sum ? 0x5a5a : 0));
}

static inline void wire_frame(const struct wire *w, uint8_t *frame)
{
	memcpy(frame, w->router, 6);
	memcpy(frame + 6, w->own, 6);
	wire_put16(frame + 12, w->family == 4 ? ETH_P_IP : ETH_P_IPV6);
}

/* One packet or fragment over IPv4. */
static inline size_t wire_ipv4(const struct wire *w, uint8_t *frame, unsigned protocol, size_t len, unsigned id,
			       unsigned fragment, const struct odd *odd)
{
	uint8_t *ip = frame + 14;
	size_t header = 20 + odd->options_len;

	memmove(ip + header, ip, len);
	memset(ip, 0, header);
	ip[0] = 0x40 | header / 4;
	wire_put16(ip + 2, odd->says_len ? odd->says_len : header + len);
	wire_put16(ip + 4, id);
	wire_put16(ip + 6, fragment);
	ip[8] = odd->ttl ? odd->ttl : 64;
	ip[9] = protocol;
	memcpy(ip + 12, w->src, 4);
	memcpy(ip + 16, w->dst, 4);
	memcpy(ip + 20, odd->options, odd->options_len);
	wire_put16(ip + 10, wire_fold(wire_sum(0, ip, header)));
	return 14 + header + len;
}

static inline size_t wire_ipv6(const struct wire *w, uint8_t *frame, unsigned protocol, size_t len, unsigned id,
			       unsigned fragment, const struct odd *odd)
{
	int fragmented = fragment || odd->atomic;
	size_t front = odd->extensions_len + (fragmented ? 8 : 0);
	uint8_t *ip = frame + 14, *at = ip + 40 + odd->extensions_len;

	memmove(ip + 40 + front, ip, len);
	memset(ip, 0, 40 + front);
	ip[0] = 0x60;
	wire_put16(ip + 4, odd->says_len ? odd->says_len - 40U : front + len);
	ip[6] = odd->extensions_len ? odd->first_extension : fragmented ? IPPROTO_FRAGMENT : protocol;
	ip[7] = odd->ttl ? odd->ttl : 64;
	memcpy(ip + 8, w->src, 16);
	memcpy(ip + 24, w->dst, 16);
	memcpy(ip + 40, odd->extensions, odd->extensions_len);
	if (odd->extensions_len)
		ip[40 + odd->last_kind_at] = fragmented ? IPPROTO_FRAGMENT : protocol;
	if (fragmented) {
		at[0] = protocol;
		wire_put16(at + 2, (fragment & 0x1fff) << 3 | !!(fragment & 0x2000));
		wire_put32(at + 4, id);
	}
	return 14 + 40 + front + len;
}

static inline void wire_fragment(const struct wire *w, unsigned protocol, const uint8_t *l4, size_t from, size_t to,
				 size_t whole, unsigned id, const struct odd *odd)
{
	static uint8_t frame[WIRE_ROOM + 1024];
	unsigned fragment = from / 8 | (to < whole ? 0x2000 : 0);
	size_t n = to - from;

	memcpy(frame + 14, l4 + from, n);
	n = w->family == 4 ? wire_ipv4(w, frame, protocol, n, id, fragment, odd) :
			     wire_ipv6(w, frame, protocol, n, id, fragment, odd);
	wire_frame(w, frame);
	if (n > WIRE_FRAME || send(w->fd, frame, n, 0) < 0)
		perror("a frame was not sent");
}

/* A whole packet, perhaps in fragments. */
static inline void wire_send(const struct wire *w, unsigned protocol, const uint8_t *l4, size_t len,
			     const struct odd *odd)
{
	static unsigned id;
	size_t size = odd->fragment ? odd->fragment : len, pieces = (len + size - 1) / size;

	id += 1 + getpid();
	for (size_t i = 0; i < pieces; i++) {
		size_t piece = odd->order == FRAGMENTS_BACKWARD ? pieces - 1 - i : i;
		size_t from = piece * size, to = from + size < len ? from + size : len;

		if (odd->decoy && piece + 1 == pieces)
			wire_fragment(w, protocol, odd->decoy, from, to, len, id, odd);
		from -= from > odd->overlap ? odd->overlap : 0;
		wire_fragment(w, protocol, l4, from, to, len, id, odd);
	}
}

static inline int wire_open(struct wire *w, const char *interface, const char *router, const char *src, const char *dst)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq request = { 0 };
	int size = 1 << 22;

	w->family = strchr(src, ':') ? 6 : 4;
	if (inet_pton(w->family == 4 ? AF_INET : AF_INET6, src, w->src) != 1 ||
	    inet_pton(w->family == 4 ? AF_INET : AF_INET6, dst, w->dst) != 1 ||
	    sscanf(router, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &w->router[0], &w->router[1], &w->router[2], &w->router[3],
		   &w->router[4], &w->router[5]) != 6)
		return -EINVAL;
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	at.sll_ifindex = if_nametoindex(interface);
	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (w->fd < 0 || ioctl(w->fd, SIOCGIFHWADDR, &request) || bind(w->fd, (void *)&at, sizeof(at)))
		return -errno;
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	memcpy(w->own, request.ifr_hwaddr.sa_data, 6);
	return 0;
}

/* The transport header of a frame that came for us from the server, or NULL. */
static inline const uint8_t *wire_read(const struct wire *w, uint8_t *frame, ssize_t len, unsigned protocol,
				       size_t *l4_len)
{
	const uint8_t *ip = frame + 14;
	size_t header, total;

	if (len < 14 + 40 || memcmp(frame, w->own, 6))
		return NULL;
	if (w->family == 4) {
		header = (ip[0] & 15) * 4;
		total = wire_get16(ip + 2);
		if (wire_get16(frame + 12) != ETH_P_IP || ip[9] != protocol || memcmp(ip + 12, w->dst, 4) ||
		    memcmp(ip + 16, w->src, 4))
			return NULL;
	} else {
		header = 40;
		total = 40 + wire_get16(ip + 4);
		if (wire_get16(frame + 12) != ETH_P_IPV6 || ip[6] != protocol || memcmp(ip + 8, w->dst, 16) ||
		    memcmp(ip + 24, w->src, 16))
			return NULL;
	}
	if (14 + total > (size_t)len || total < header + 8)
		return NULL;
	*l4_len = total - header;
	return ip + header;
}

#endif
