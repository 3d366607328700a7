/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnels by the shape of how they begin: what a client of each cannot leave out. Each row is so special that other
 * traffic is not taken for it: two bytes and a length at the least, mostly eight bytes and more. Ports are asked only
 * where the protocol itself has nothing to show.
 *
 *   WireGuard  type 1 | zero 3 | ...            148 bytes: a handshake begins
 *              type 2 | zero 3 | ...             92 bytes: one is answered, by a device here
 *              type 4 | zero 3 | receiver 4 | counter 8 | ...  whole blocks of 16: a session that began elsewhere; the
 *                                               counter's upper half is zero for the first 2^32 packets
 *   OpenVPN    opcode and key id 1 | session 8 | [HMAC 16..64 | id 4 | time 4] | acknowledged: 0 | message: 0 4
 *              P_CONTROL_HARD_RESET_CLIENT_V1 (0x08), _V2 (0x38): plain, or with tls-auth: the end is zero
 *              the same with tls-crypt: 54 bytes, id 4 is small; _V3 (0x50) has a wrapped key of 290..1024 bytes
 *              over TCP with the length 2 in front. A static key has no handshake, and no shape.
 *   IKE        SPI 8 | SPI 8 | next 1 | version 1 | exchange 1 | flags 1 | id 4 | length 4 (RFC 2408 section 3.1,
 *              RFC 7296 section 3.1), behind four zero bytes on port 4500 (RFC 3948)
 *   ESP        in UDP: port 4500, the SPI is more than 255 (RFC 3948 section 2.1)
 *   L2TP       flags and version 2 | length 2 | zero 8 | message type "start": 8 (RFC 2661 section 3.1, RFC 3931
 *              section 4.1.2); or any of its messages on port 1701
 *   Teredo     an IPv6 packet of just that length, from or to Teredo's own or a link-local address (RFC 4380), or any
 *              on port 3544
 *   SSH        "SSH-", the first bytes of the client (RFC 4253 section 4.2)
 *   ICMP       what is neither an echo (RFC 792, RFC 4443 section 4) nor an error, or longer than one needs to be that
 *              only asks who is there, or quotes what went wrong
 *   PPTP       length 156 2 | type 1 2 | 1a2b3c4d (RFC 2637 section 2.1)
 *   SOCKS 5    version 5 1 | count 1 | methods 1..., one of them 0, 1 or 2; and nothing, as the proxy is to choose, or
 *              what some send without waiting for it: version 5 1 | command 1..3 1, or version 1 1 of a log-in
 *              (RFC 1928, RFC 1929)
 *   SOCKS 4    version 4 1 | command 1..2 1 | port 2 | address 4 | user, to a zero byte; a name likewise if the address
 *              is 0.0.0.x
 *
 * What is behind them is sealed: whoever changes how a protocol begins (there are such programs) is not seen here. The
 * names and addresses that it needs are what is left to judge it by.
 */
#ifndef ESAFE_TUNNEL_H
#define ESAFE_TUNNEL_H

#include <linux/types.h>
#include "esafe/abi.h"
#include "esafe/hash.h"

#define TUNNEL_ROOM 128  /* bytes of a message that are looked at, a power of two */
#define TUNNEL_STREAM 96 /* and of a stream */

enum { TUNNEL_NONE = 0, TUNNEL_MORE = -1 }; /* beside enum esafe_reason; MORE: more bytes are needed to tell */

#define TUNNEL_AT(m, i) ((m)[(i) & (TUNNEL_ROOM - 1)])

static __always_inline __u32 tunnel_be16(const __u8 *m, __u32 at)
{
	return (__u32)m[at] << 8 | m[at + 1];
}

static __always_inline __u32 tunnel_be32(const __u8 *m, __u32 at)
{
	return tunnel_be16(m, at) << 16 | tunnel_be16(m, at + 2);
}

/* A question with the number 0x0100 could be taken for a handshake whose sender chose the number 0x100. */
static __always_inline int tunnel_is_wireguard(const __u8 *m, __u32 whole)
{
	if (tunnel_be32(m, 0) & 0xffffff)
		return 0;
	switch (m[0]) {
	case 1:
		return whole == 148 && tunnel_be32(m, 4) != 0x00010000;
	case 2:
		return whole == 92;
	case 4:
		return whole >= 32 && !(whole & 15) && !tunnel_be32(m, 12);
	default:
		return 0;
	}
}

/* The number of a packet that is sealed: the first ones of a session. 2.6 adds 0x0f000000 to say what it can do. */
static __always_inline int openvpn_id_small(const __u8 *m, __u32 at)
{
	return (tunnel_be32(m, at) & 0xf0ffffff) < 256;
}

/* Does tls-auth make the first message so long? By a digest of 128, 160, 224, 256, 384 or 512 bits. */
static __always_inline int openvpn_signed(__u32 whole)
{
	return whole == 38 || whole == 42 || whole == 50 || whole == 54 || whole == 70 || whole == 86;
}

/* The length at which the first message could begin as this one does? `whole`: its length. */
static __always_inline int openvpn_could(__u8 first, __u32 whole)
{
	if (first == 0x50)
		return whole >= 54 + 290 && whole <= 54 + 1024;
	return (first == 0x38 || first == 0x08) && (whole == 14 || openvpn_signed(whole));
}

/* The message at `at`, `whole` bytes long, with at least TUNNEL_STREAM of them there or all. */
static __always_inline int tunnel_is_openvpn(const __u8 *m, __u32 at, __u32 whole)
{
	__u32 rest = 0;

	if (!openvpn_could(m[at], whole))
		return 0;
	if (m[at] == 0x50)
		return openvpn_id_small(m, at + 9);
	if (!(tunnel_be32(m, at + 1) | tunnel_be32(m, at + 5)))
		return 0; /* no session */
	for (__u32 i = 1; i <= 5; i++)
		rest |= TUNNEL_AT(m, at + whole - i);
	if (!rest)
		return whole == 14 || !(TUNNEL_AT(m, at + whole - 13) & 0xf0);
	return whole == 54 && openvpn_id_small(m, at + 9);
}

/* The header at `at` of a message of `whole` bytes; 28 of them are there. */
static __always_inline int tunnel_is_ike(const __u8 *m, __u32 at, __u32 whole)
{
	__u32 exchange = m[at + 18];

	if (tunnel_be32(m, at + 24) != whole || !(tunnel_be32(m, at) | tunnel_be32(m, at + 4)))
		return 0;
	if (m[at + 17] == 0x10)
		return (exchange && exchange <= 6) || exchange == 32 || exchange == 33;
	return m[at + 17] == 0x20 && exchange >= 34 && exchange <= 44;
}

static __always_inline int tunnel_is_ipsec(const __u8 *m, __u32 len, __u32 whole, __u32 port)
{
	if (len >= 28 && tunnel_is_ike(m, 0, whole))
		return 1;
	if (port != 4500 || len < 16)
		return 0;
	if (len >= 32 && !tunnel_be32(m, 0))
		return tunnel_is_ike(m, 4, whole - 4);
	return tunnel_be32(m, 0) > 255;
}

static __always_inline int tunnel_is_l2tp(const __u8 *m, __u32 len, __u32 whole, __u32 port)
{
	if (len >= 4 && port == 1701 && ((m[1] & 15) == 2 || (m[1] & 15) == 3))
		return 1;
	return len >= 20 && (tunnel_be16(m, 0) & ~1U) == 0xc802 && tunnel_be16(m, 2) == whole &&
	       !(tunnel_be32(m, 4) | tunnel_be32(m, 8)) && tunnel_be32(m, 12) == 0x80080000 &&
	       tunnel_be32(m, 16) == 1;
}

static __always_inline int tunnel_is_teredo(const __u8 *m, __u32 len, __u32 whole, __u32 port)
{
	__u32 from;

	if (len >= 8 && port == 3544)
		return m[0] >> 4 == 6 || tunnel_be16(m, 0) <= 1; /* an indication in front (RFC 4380 section 5.1.1) */
	if (len < 32 || m[0] >> 4 != 6 || tunnel_be16(m, 4) + 40 != whole)
		return 0;
	from = tunnel_be32(m, 8);
	return from == 0x20010000 || from == 0xfe800000 || tunnel_be32(m, 24) == 0x20010000;
}

/*
 * A datagram of `whole` bytes to this port, of which the first `len` are in m: all or TUNNEL_ROOM. Which tunnel it
 * begins: enum esafe_reason, or TUNNEL_NONE.
 */
static __always_inline int tunnel_datagram(const __u8 *m, __u32 len, __u32 whole, __u32 port)
{
	if (len >= 16 && tunnel_is_wireguard(m, whole))
		return ESAFE_R_WIREGUARD;
	if (len >= 14 && (len == whole || len == TUNNEL_ROOM) && tunnel_is_openvpn(m, 0, whole))
		return ESAFE_R_OPENVPN;
	if (tunnel_is_ipsec(m, len, whole, port))
		return ESAFE_R_IPSEC;
	if (tunnel_is_l2tp(m, len, whole, port))
		return ESAFE_R_L2TP;
	return tunnel_is_teredo(m, len, whole, port) ? ESAFE_R_TEREDO : TUNNEL_NONE;
}

/* Are the first `len` bytes, at most eight, those of the word? */
static __always_inline int tunnel_begins(const __u8 *m, __u32 len, __u64 word)
{
	__u64 differs = 0;

	for (__u32 i = 0; i < 8; i++)
		if (i < len)
			differs |= m[i] ^ (word >> (56 - i * 8) & 0xff);
	return !differs;
}

/* The first `len` bytes of a client's stream, at most TUNNEL_STREAM: enum esafe_reason, TUNNEL_NONE, or TUNNEL_MORE. */
static __always_inline int tunnel_stream(const __u8 *m, __u32 len)
{
	__u32 whole;

	if (tunnel_begins(m, len < 4 ? len : 4, 0x5353482d00000000)) /* "SSH-" */
		return len < 4 ? TUNNEL_MORE : ESAFE_R_SSH;
	if (tunnel_begins(m, len < 8 ? len : 8, 0x009c00011a2b3c4d))
		return len < 8 ? TUNNEL_MORE : ESAFE_R_PPTP;
	if (m[0] > 4) /* the highest byte of a length */
		return TUNNEL_NONE;
	if (len < 3)
		return TUNNEL_MORE;
	whole = tunnel_be16(m, 0);
	if (!openvpn_could(m[2], whole))
		return TUNNEL_NONE;
	if (len < 16 || (m[2] != 0x50 && len < 2 + whole))
		return TUNNEL_MORE;
	return tunnel_is_openvpn(m, 2, whole) ? ESAFE_R_OPENVPN : TUNNEL_NONE;
}

#define SOCKS_METHODS 8 /* clients name one to four */

/* m[0] is 5. What stands behind the greeting counts too: other protocols begin with these few bytes and go on. */
static __always_inline int tunnel_socks5(const __u8 *m, __u32 len)
{
	__u32 count, usual = 0, next;

	if (len < 2)
		return TUNNEL_MORE;
	count = m[1];
	if (!count || count > SOCKS_METHODS)
		return TUNNEL_NONE;
	if (len < 2 + count)
		return TUNNEL_MORE;
	for (__u32 i = 0; i < SOCKS_METHODS; i++)
		if (i < count)
			usual |= m[2 + i] <= 2;
	if (!usual || len == 2 + count)
		return usual ? ESAFE_R_SOCKS : TUNNEL_NONE;
	next = TUNNEL_AT(m, 2 + count);
	if (len == 3 + count)
		return next == 5 || next == 1 ? ESAFE_R_SOCKS : TUNNEL_NONE;
	if (next == 5)
		return TUNNEL_AT(m, 3 + count) - 1U < 3 ? ESAFE_R_SOCKS : TUNNEL_NONE;
	return next == 1 && TUNNEL_AT(m, 3 + count) ? ESAFE_R_SOCKS : TUNNEL_NONE;
}

/* m[0] is 4. A user or name that does not end in view is long, but text. */
static __always_inline int tunnel_socks4(const __u8 *m, __u32 len)
{
	__u32 addr, ends;

	if (len > 1 && m[1] - 1U > 1)
		return TUNNEL_NONE;
	if (len < 9)
		return TUNNEL_MORE;
	addr = tunnel_be32(m, 4);
	if (!tunnel_be16(m, 2) || !addr || addr >> 24 >= 224 || (addr >> 24 == 0 && addr > 255))
		return TUNNEL_NONE;
	ends = addr > 255 ? 1 : 2;
	for (__u32 i = 8; i < TUNNEL_STREAM; i++) {
		if (i >= len)
			return TUNNEL_MORE;
		if (m[i] && (m[i] < ' ' || m[i] == 127))
			return TUNNEL_NONE;
		ends -= !m[i];
		if (!ends)
			break;
	}
	return ESAFE_R_SOCKS;
}

/* The same for a stream that begins none of those. */
static __always_inline int tunnel_socks(const __u8 *m, __u32 len)
{
	if (m[0] == 5)
		return tunnel_socks5(m, len);
	return m[0] == 4 ? tunnel_socks4(m, len) : TUNNEL_NONE;
}

#define TUNNEL_ECHO_MAX 136 /* header and data; ping has 40 or 64 */

/* Types of ICMP, a bit each: errors and redirects; echoes; from 128 on also what hosts of IPv6 say on their link. */
#define ICMP4_ERRORS (1ULL << 3 | 1ULL << 4 | 1ULL << 5 | 1ULL << 11 | 1ULL << 12)
#define ICMP4_ECHOES (1ULL << 0 | 1ULL << 8)
#define ICMP6_ERRORS (1ULL << 1 | 1ULL << 2 | 1ULL << 3 | 1ULL << 4)
#define ICMP6_REDIRECT 137
#define ICMP6_SHORT (0x1ffULL | 7ULL << (141 - 128) | 3ULL << (148 - 128) | 7ULL << (151 - 128))

/*
 * A message of ICMP in an IP packet of `whole` bytes, `len` of them its own: more than any host needs to say through a
 * gateway? Errors quote a packet, up to 576 bytes in all or 1280 (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4).
 */
static __always_inline int tunnel_is_icmp(__u32 family, __u32 protocol, __u8 type, __u32 len, __u32 whole)
{
	__u64 bit = 1ULL << (type & 63);

	if ((family == 4) != (protocol == 1))
		return 1;
	if (family == 4)
		return type < 64 && ICMP4_ERRORS & bit ? whole > 576 :
		       !(type < 64 && ICMP4_ECHOES & bit) || len > TUNNEL_ECHO_MAX;
	if ((type < 64 && ICMP6_ERRORS & bit) || type == ICMP6_REDIRECT)
		return whole > 1280;
	return type >> 6 != 2 || !(ICMP6_SHORT & bit) || len > TUNNEL_ECHO_MAX;
}

/* An IP protocol that is neither TCP nor UDP nor for control. */
static __always_inline int tunnel_protocol(__u32 protocol)
{
	switch (protocol) {
	case 50: /* ESP */
	case 51: /* AH */
		return ESAFE_R_IPSEC;
	case 47:
		return ESAFE_R_GRE;
	case 4:   /* IPv4 */
	case 41:  /* IPv6 */
	case 55:  /* minimal encapsulation (RFC 2004) */
	case 94:  /* IPIP */
	case 97:  /* Ethernet (RFC 3378) */
	case 98:  /* encapsulation (RFC 1241) */
	case 137: /* MPLS (RFC 4023) */
		return ESAFE_R_IP_IN_IP;
	case 115: /* version 3 of L2TP */
		return ESAFE_R_L2TP;
	default:
		return ESAFE_R_PROTOCOL;
	}
}

#endif
