// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "inside.h"
#include "linktype.h"

/* What each reader finds, as a link type of libpcap; TYPED: two bytes, the type as in Ethernet, what it says. */
#define ETHERNET 1
#define PPP 9
#define RAW 12
#define TYPED 104
#define WLAN 105
#define NOTHING (-1)

struct rest { /* what is not read yet */
	const __u8 *at;
	size_t len;
};

static unsigned get16(const __u8 *b)
{
	return b[0] << 8 | b[1];
}

static bool skip(struct rest *r, size_t count)
{
	if (count > r->len)
		return false;
	r->at += count;
	r->len -= count;
	return true;
}

static int behind(struct rest *r, size_t count, int link)
{
	return skip(r, count) ? link : NOTHING;
}

static int open_ip(struct rest *r)
{
	return RAW;
}

static int open_ppp(struct rest *r)
{
	return PPP;
}

static int open_ethernet(struct rest *r)
{
	return ETHERNET;
}

/*
 * RFC 3032 section 2.1: label 20 bits | class 3 | last 1 | hops 8. What follows nothing says: IP, or Ethernet, with a
 * control word that begins with zero bits (RFC 4385 section 3) or without.
 */
static int open_mpls(struct rest *r)
{
	for (bool last = false; !last; skip(r, 4)) {
		if (r->len < 4)
			return NOTHING;
		last = r->at[2] & 1;
	}
	if (!r->len)
		return NOTHING;
	if (*r->at >> 4 == 4 || *r->at >> 4 == 6)
		return RAW;
	return *r->at >> 4 ? ETHERNET : behind(r, 4, ETHERNET);
}

/* ERSPAN type II: version, VLAN, session, index 8. */
static int open_erspan2(struct rest *r)
{
	return behind(r, 8, ETHERNET);
}

/* ERSPAN type III: as II, with a time 12; the lowest bit says that eight bytes of the platform follow. */
static int open_erspan3(struct rest *r)
{
	return r->len < 12 ? NOTHING : behind(r, 12 + (r->at[11] & 1) * 8, ETHERNET);
}

/* WCCP version 2 has four bytes of its own before the IP packet, version 1 has none. */
static int open_wccp(struct rest *r)
{
	return r->len && *r->at >> 4 == 4 ? RAW : behind(r, 4, RAW);
}

/* What GRE, Geneve and others say with a type of Ethernet. */
static int open_type(struct rest *r, unsigned type)
{
	static const struct {
		unsigned type;
		int (*open)(struct rest *r);
	} types[] = {
		{ 0x0800, open_ip }, { 0x86dd, open_ip }, { 0x6558, open_ethernet }, { 0x880b, open_ppp },
		{ 0x8847, open_mpls }, { 0x8848, open_mpls }, { 0x88be, open_erspan2 }, { 0x22eb, open_erspan3 },
		{ 0x883e, open_wccp },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == type)
			return types[i].open(r);
	return NOTHING;
}

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACKNOWLEDGED 0x0080 /* version 1 */

/*
 * RFC 2784, RFC 2890: flags and version 2 | type 2 | [checksum, reserved 4] | [key 4] | [sequence 4]; version 1 is that
 * of PPTP (RFC 2637 section 4.1), whose key is a length and a call, with [acknowledgement 4]. Routing is long gone.
 */
static int open_gre(struct rest *r)
{
	size_t header = 4;
	unsigned flags, type, version;

	if (r->len < header)
		return NOTHING;
	flags = get16(r->at);
	type = get16(r->at + 2);
	version = flags & 7;
	if (flags & GRE_ROUTING || version > 1 || (version && !(flags & GRE_SEQUENCE)))
		return NOTHING;
	header += flags & GRE_CHECKSUM ? 4 : 0;
	header += flags & GRE_KEY ? 4 : 0;
	header += flags & GRE_SEQUENCE ? 4 : 0;
	header += version && flags & GRE_ACKNOWLEDGED ? 4 : 0;
	if (!skip(r, header))
		return NOTHING;
	if (type == 0x88be && !(flags & GRE_SEQUENCE))
		return ETHERNET; /* ERSPAN type I has no header */
	return open_type(r, type);
}

/* RFC 3378 section 3: version 3 4 bits | zero 12 bits. */
static int open_etherip(struct rest *r)
{
	return r->len >= 2 && get16(r->at) == 0x3000 ? behind(r, 2, ETHERNET) : NOTHING;
}

/* RFC 7348 section 5: flags 1 | reserved 3 | network 3 | reserved 1. */
static int open_vxlan(struct rest *r)
{
	return r->len >= 8 && r->at[0] & 8 ? behind(r, 8, ETHERNET) : NOTHING;
}

/* Likewise, and the last reserved byte before the network says what follows (draft-ietf-nvo3-vxlan-gpe section 3). */
static int open_vxlan_gpe(struct rest *r)
{
	static const int links[] = { NOTHING, RAW, RAW, ETHERNET };

	if (r->len < 8 || !(r->at[0] & 4))
		return open_vxlan(r);
	return r->at[3] < 4 ? behind(r, 8, links[r->at[3]]) : NOTHING;
}

/* RFC 8926 section 3.4: version 2 bits, length of options in words 6 | flags 1 | type 2 | network 3 | reserved 1. */
static int open_geneve(struct rest *r)
{
	unsigned type;

	if (r->len < 8 || r->at[0] >> 6)
		return NOTHING;
	type = get16(r->at + 2);
	return skip(r, 8 + r->at[0] * 4) ? open_type(r, type) : NOTHING;
}

/*
 * 3GPP TS 29.281 section 5.1: version 1 3 bits, GTP 1, 0, E S PN | type 255 1 | length 2 | tunnel 4, and if one of E, S
 * and PN is set: sequence 2 | N-PDU 1 | next extension 1. An extension: length in words 1 | ... | next 1.
 */
static int open_gtp(struct rest *r)
{
	unsigned flags, next;

	if (r->len < 8 || r->at[0] >> 4 != 3 || r->at[1] != 255)
		return NOTHING;
	flags = r->at[0];
	skip(r, 8);
	if (!(flags & 7))
		return RAW;
	if (r->len < 4)
		return NOTHING;
	next = flags & 4 ? r->at[3] : 0;
	skip(r, 4);
	while (next) {
		size_t length = r->len ? r->at[0] * 4 : 0;

		if (!length || !skip(r, length))
			return NOTHING;
		next = r->at[-1];
	}
	return RAW;
}

/* RFC 2661 section 3.1: flags and version 2 2 | [length 2] | tunnel 2 | session 2 | [sequence 4] | [offset 2, pad]. */
static int open_l2tp(struct rest *r)
{
	size_t header = 6;
	unsigned flags;

	if (r->len < 2)
		return NOTHING;
	flags = get16(r->at);
	if (flags & 0x8000 || (flags & 15) != 2) /* its own messages; other versions */
		return NOTHING;
	header += flags & 0x4000 ? 2 : 0;
	header += flags & 0x0800 ? 4 : 0;
	if (flags & 0x0200) {
		if (r->len < header + 2)
			return NOTHING;
		header += 2 + get16(r->at + header);
	}
	return behind(r, header, PPP);
}

/* RFC 4380 section 5.1.1: [0 1 | lengths of id and value 2 | id | value | nonce 8 | 1] [0 0 | port 2 | address 4] */
static int open_teredo(struct rest *r)
{
	if (r->len >= 4 && get16(r->at) == 1 && !skip(r, 13 + r->at[2] + r->at[3]))
		return NOTHING;
	if (r->len >= 8 && !get16(r->at))
		skip(r, 8);
	return r->len && *r->at >> 4 == 6 ? RAW : NOTHING;
}

/*
 * RFC 5415 section 4.3: version and type 0 1 | length in words 5 bits, radio 5, binding 5, native 1 | fragment 1,
 * last 1, ..., keep-alive 1, reserved 3 | ... Its frames are those of the air if they are native.
 */
static int open_capwap(struct rest *r)
{
	if (r->len < 8 || r->at[0] || r->at[3] & 0x88)
		return NOTHING;
	return behind(r, (r->at[1] >> 3) * 4, r->at[2] & 1 ? WLAN : ETHERNET);
}

/* TaZmen: version 1 1 | type 0 or 1 1 | protocol 2, then fields: tag 1 | length 1 | ...; 0 is padding, 1 the end. */
static int open_tzsp(struct rest *r)
{
	int link;

	if (r->len < 4 || r->at[0] != 1 || r->at[1] > 1)
		return NOTHING;
	link = get16(r->at + 2) == 1 ? ETHERNET : get16(r->at + 2) == 18 ? WLAN : NOTHING;
	skip(r, 4);
	while (r->len) {
		unsigned tag = r->at[0];

		if (tag == 1)
			return behind(r, 1, link);
		if (tag ? r->len < 2 || !skip(r, 2 + r->at[1]) : !skip(r, 1))
			return NOTHING;
	}
	return NOTHING;
}

/* IEEE 802.2 with SNAP (RFC 1042): aa aa 03 | zero 3 | type 2. */
static int open_snap(struct rest *r)
{
	static const __u8 snap[6] = { 0xaa, 0xaa, 3 };

	return r->len < sizeof(snap) || memcmp(r->at, snap, sizeof(snap)) ? NOTHING : behind(r, 4, TYPED);
}

/* IEEE 802.1ah section 9.7: flags and service 4, then the customer's frame. */
static int open_pbb(struct rest *r)
{
	return behind(r, 4, ETHERNET);
}

/* IEEE 802.1BR section 7.5 and Cisco's like it: a tag, and the type of what follows. */
static int open_vntag(struct rest *r)
{
	return behind(r, 2, TYPED);
}

static int open_etag(struct rest *r)
{
	return behind(r, 4, TYPED);
}

#define LENGTH 1500 /* a type that is not greater is the length of the frame (IEEE 802.3) */

enum by { BY_TYPE, BY_PROTO, BY_PORT };

static const struct row {
	enum by by;
	unsigned number;
	const char *kind;
	int (*open)(struct rest *r);
} rows[] = {
	{ BY_TYPE, LENGTH, "snap", open_snap },
	{ BY_TYPE, 0x8847, "mpls", open_mpls },
	{ BY_TYPE, 0x8848, "mpls", open_mpls },
	{ BY_TYPE, 0x88e7, "pbb", open_pbb },
	{ BY_TYPE, 0x8926, "vntag", open_vntag },
	{ BY_TYPE, 0x893f, "etag", open_etag },
	{ BY_PROTO, IPPROTO_IPIP, "ip-in-ip", open_ip },
	{ BY_PROTO, IPPROTO_IPV6, "ip-in-ip", open_ip },
	{ BY_PROTO, IPPROTO_GRE, "gre", open_gre },
	{ BY_PROTO, 97, "etherip", open_etherip },
	{ BY_PROTO, IPPROTO_MPLS, "mpls", open_mpls },
	{ BY_PORT, 1701, "l2tp", open_l2tp },
	{ BY_PORT, 2152, "gtp", open_gtp },
	{ BY_PORT, 3544, "teredo", open_teredo },
	{ BY_PORT, 4754, "gre", open_gre },
	{ BY_PORT, 4789, "vxlan", open_vxlan },
	{ BY_PORT, 4790, "vxlan", open_vxlan_gpe },
	{ BY_PORT, 5247, "capwap", open_capwap },
	{ BY_PORT, 6081, "geneve", open_geneve },
	{ BY_PORT, 6635, "mpls", open_mpls },
	{ BY_PORT, 8472, "vxlan", open_vxlan },
	{ BY_PORT, 37008, "tzsp", open_tzsp },
};

/* Is what the row speaks of in this packet, and where? */
static bool concerns(const struct frame *f, const struct row *row, struct rest *out)
{
	size_t at = row->by == BY_TYPE ? f->l3 : row->by == BY_PROTO ? f->l4 : f->payload;
	size_t end = row->by == BY_TYPE ? f->len : row->by == BY_PROTO ? f->end : f->payload + f->payload_len;
	bool fits;

	if (row->by == BY_TYPE)
		fits = f->l3 && (f->type == row->number || (row->number == LENGTH && f->type < LENGTH));
	else if (row->by == BY_PROTO)
		fits = f->kind == FRAME_IP && f->proto == row->number && !f->fragment.is;
	else
		fits = f->kind == FRAME_UDP && (f->dport == row->number || f->sport == row->number);
	if (!fits || at > end)
		return false;
	*out = (struct rest){ f->bytes + at, end - at };
	return true;
}

static size_t write_frame(const struct frame *around, int link, const struct rest *r, __u8 *out)
{
	size_t tags = linktype_has_mac(link) ? 0 : around->l2 - 12;
	int len = linktype_frame(link, r->at, r->len, out + tags);

	if (len < 0)
		return 0;
	if (!linktype_has_mac(link))
		memcpy(out, around->bytes, around->l2);
	return tags + len;
}

/* Not everything on a port is what the port is known for: an IP packet is there as far as it says. */
static bool is_likely(const __u8 *bytes, size_t len, size_t missing)
{
	struct frame frame;

	frame_read(bytes, len, &frame);
	return frame.kind == FRAME_STRANGE || (frame.l4 <= frame.end && frame.claimed <= len + missing);
}

size_t inside_open(const struct frame *frame, size_t missing, const char **kind, __u8 *out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rest rest;
		size_t len;
		int link;

		if (!concerns(frame, &rows[i], &rest))
			continue;
		link = rows[i].open(&rest);
		len = link < 0 ? 0 : write_frame(frame, link, &rest, out);
		if (!len || !is_likely(out, len, missing))
			continue;
		*kind = rows[i].kind;
		return len;
	}
	return 0;
}
