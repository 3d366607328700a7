/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks of the policy, known by address and not by name. Part of abi.h. */
#ifndef ESAFE_NETS_H
#define ESAFE_NETS_H

#include <linux/types.h>

#define ESAFE_NETS 256      /* prefixes */
#define ESAFE_NET_PORTS 256 /* ranges of ports of them, in all */
#define ESAFE_PORTS_PER_NET 16
#define ESAFE_NET_FILTER 16384 /* bits */

struct esafe_prefix {
	__u8 addr[16]; /* IPv4 as ::ffff:a.b.c.d; already masked */
	__u8 mask[16];
};
_Static_assert(sizeof(struct esafe_prefix) == 32, "abi");

/*
 * Addresses that need no name: of a network that the group may reach, whatever was resolved. Where the group blocks its
 * category they are closed instead, whatever name is said. Those of the second kind are in net_filter: net_bit().
 */
struct esafe_net {
	struct esafe_prefix prefix;
	__u16 category;   /* ESAFE_NO_CATEGORY: open to every group */
	__u16 port_first; /* index into net_ports */
	__u8 ports;       /* 0: any port of any protocol */
	__u8 closes;      /* only: of any address */
	__u8 pad[2];
};
_Static_assert(sizeof(struct esafe_net) == 40, "abi");

struct esafe_net_port {
	__u16 first, last; /* host byte order */
	__u8 proto;        /* IPPROTO_TCP or _UDP */
	__u8 pad[3];
};
_Static_assert(sizeof(struct esafe_net_port) == 8, "abi");

/*
 * A small filter in front of the networks that a group may have closed: most first packets need not look at them.
 * A prefix is entered under its own address if it is that of one host, else under the first bits of it; one of any
 * address under its ports.
 */
enum net_bit_kind { NET_BIT_HOST = 1, NET_BIT_WIDE = 2, NET_BIT_PORT = 3 };

#define NET_BIT_WIDE4 16 /* bits of an IPv4 address */
#define NET_BIT_WIDE6 32

static inline __u32 net_bit(__u64 high, __u64 low, __u32 kind)
{
	__u64 hash = (high * 0x9e3779b97f4a7c15ULL ^ low ^ kind) * 0xbf58476d1ce4e5b9ULL;

	return (hash ^ hash >> 32) * 0x94d049bb133111ebULL >> 50 & (ESAFE_NET_FILTER - 1);
}

/* Of an address as two words of memory (little-endian), IPv4 as ::ffff:a.b.c.d. */
static inline __u32 net_bit_host(const __u64 addr[2])
{
	return net_bit(addr[0], addr[1], NET_BIT_HOST);
}

static inline __u32 net_bit_wide(const __u64 addr[2], int is_v4)
{
	return is_v4 ? net_bit(0, addr[1] >> 32 & 0xffff, NET_BIT_WIDE) : net_bit(1, addr[0] & 0xffffffff, NET_BIT_WIDE);
}

static inline __u32 net_bit_port(__u32 proto, __u32 port)
{
	return net_bit(proto, port, NET_BIT_PORT);
}

#endif
