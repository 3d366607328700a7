// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>

#include "frame.h"

#define TAGS_MAX 4 /* VLAN tags; the programs decide how many they take */
#define EXTENSIONS_MAX 16
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8
#define PPPOE_HEADER 8 /* with the protocol of PPP */

static unsigned get16(const __u8 *b)
{
	return b[0] << 8 | b[1];
}

static __u32 get32(const __u8 *b)
{
	return (__u32)get16(b) << 16 | get16(b + 2);
}

static void put16(__u8 *b, unsigned value)
{
	b[0] = value >> 8;
	b[1] = value;
}

static void put32(__u8 *b, __u32 value)
{
	put16(b, value >> 16);
	put16(b + 2, value);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- reading ---- */

static bool read_tcp(struct frame *f, size_t end)
{
	const __u8 *tcp = f->bytes + f->l4;
	size_t header;

	if (f->l4 + TCP_HEADER > end)
		return false;
	header = (tcp[12] >> 4) * 4;
	if (header < TCP_HEADER || f->l4 + header > end)
		return false;
	f->seq = get32(tcp + 4);
	f->ack = get32(tcp + 8);
	f->flags = tcp[13];
	f->payload = f->l4 + header;
	f->payload_len = end - f->payload;
	return true;
}

static bool read_udp(struct frame *f, size_t end)
{
	size_t len;

	if (f->l4 + UDP_HEADER > end)
		return false;
	len = get16(f->bytes + f->l4 + 4);
	f->payload = f->l4 + UDP_HEADER;
	f->payload_len = end - f->payload;
	if (len >= UDP_HEADER && len - UDP_HEADER < f->payload_len)
		f->payload_len = len - UDP_HEADER;
	return true;
}

/* Where the IP packet ends; a length of 0 was left to the network card to fill in when the packet was captured. */
static void set_end(struct frame *f, size_t length)
{
	f->claimed = length ? f->l3 + length : f->len;
	f->end = least(f->claimed, f->len);
}

static void read_l4(struct frame *f, unsigned proto)
{
	f->proto = proto;
	if ((proto == IPPROTO_TCP && !read_tcp(f, f->end)) || (proto == IPPROTO_UDP && !read_udp(f, f->end)))
		return;
	if ((proto != IPPROTO_TCP && proto != IPPROTO_UDP) || f->payload > FRAME_HEADERS_MAX)
		return;
	f->kind = proto == IPPROTO_TCP ? FRAME_TCP : FRAME_UDP;
	f->sport = get16(f->bytes + f->l4);
	f->dport = get16(f->bytes + f->l4 + 2);
}

static void read_ipv4(struct frame *f)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const __u8 *ip = f->bytes + f->l3;
	size_t header, total;
	unsigned part;

	if (f->l3 + IPV4_HEADER > f->len || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	f->family = 4;
	memcpy(f->src, mapped, 12);
	memcpy(f->dst, mapped, 12);
	memcpy(f->src + 12, ip + 12, 4);
	memcpy(f->dst + 12, ip + 16, 4);
	f->kind = FRAME_IP;
	f->l4 = f->l3 + header;
	if (header < IPV4_HEADER || (total && total < header) || f->l4 > f->len)
		return;
	set_end(f, total);
	part = get16(ip + 6);
	if (!(part & 0x3fff)) {
		read_l4(f, ip[9]);
		return;
	}
	f->proto = ip[9];
	f->fragment = (struct frame_fragment){
		.is = true, .more = part & 0x2000, .at = (part & 0x1fff) * 8, .id = get16(ip + 4)
	};
}

/* Of a fragment header: next 1 | 0 1 | offset and a bit for more of them 2 | id 4. */
static void read_fragment(struct frame *f, size_t said)
{
	const __u8 *ext = f->bytes + f->l4;
	unsigned part = get16(ext + 2);

	f->fragment = (struct frame_fragment){
		.is = true, .more = part & 1, .at = part & 0xfff8, .id = get32(ext + 4), .said = said
	};
	f->proto = ext[0];
	f->l4 += 8;
}

/* The protocol behind the extension headers; -1: a fragment, or not to be followed. */
static int skip_extensions(struct frame *f, unsigned next)
{
	size_t said = f->l3 + 6;

	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		const __u8 *ext = f->bytes + f->l4;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			return next;
		if (f->l4 + 8 > f->end)
			return -1;
		if (next == IPPROTO_FRAGMENT && get16(ext + 2) & 0xfff9) {
			read_fragment(f, said);
			return -1;
		}
		said = f->l4;
		f->l4 += next == IPPROTO_FRAGMENT ? 8 : next == IPPROTO_AH ? (ext[1] + 2) * 4 : (ext[1] + 1) * 8;
		next = ext[0];
	}
	return -1;
}

static void read_ipv6(struct frame *f)
{
	const __u8 *ip = f->bytes + f->l3;
	size_t total;
	int proto;

	if (f->l3 + IPV6_HEADER > f->len || ip[0] >> 4 != 6)
		return;
	f->family = 6;
	memcpy(f->src, ip + 8, 16);
	memcpy(f->dst, ip + 24, 16);
	f->kind = FRAME_IP;
	f->l4 = f->l3 + IPV6_HEADER;
	total = get16(ip + 4) + IPV6_HEADER;
	set_end(f, total > IPV6_HEADER ? total : 0);
	proto = skip_extensions(f, ip[6]);
	if (proto >= 0)
		read_l4(f, proto);
}

/* The Ethernet type that the PPP protocol behind a session header of PPPoE stands for; 0: no IP. */
static unsigned read_pppoe(struct frame *f, size_t at)
{
	const __u8 *pppoe = f->bytes + at;
	size_t len;

	if (at + PPPOE_HEADER > f->len || pppoe[0] != 0x11 || pppoe[1])
		return 0;
	len = get16(pppoe + 4);
	if (len >= 2)
		f->len = least(f->len, at + PPPOE_HEADER - 2 + len);
	f->pppoe = at;
	f->l3 = at + PPPOE_HEADER;
	return get16(pppoe + 6) == 0x0021 ? 0x0800 : get16(pppoe + 6) == 0x0057 ? 0x86dd : 0;
}

void frame_read(const __u8 *bytes, size_t len, struct frame *out)
{
	size_t at = 12;
	unsigned type;

	*out = (struct frame){ .kind = FRAME_STRANGE, .bytes = bytes, .len = len, .proto = FRAME_NO_PROTO };
	for (int tags = 0; tags < TAGS_MAX && at + 6 <= len; tags++, at += 4)
		if (get16(bytes + at) != 0x8100 && get16(bytes + at) != 0x88a8)
			break;
	if (at + 2 > len)
		return;
	out->l2 = at;
	out->l3 = at + 2;
	out->type = type = get16(bytes + at);
	if (type == 0x8864)
		type = read_pppoe(out, at + 2);
	if (type == 0x0800)
		read_ipv4(out);
	else if (type == 0x86dd)
		read_ipv6(out);
}

/* ---- writing ---- */

static __u32 sum(const __u8 *b, size_t len, __u32 so_far)
{
	for (size_t i = 0; i < len; i++)
		so_far += i & 1 ? b[i] : b[i] << 8;
	while (so_far >> 16)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

/* Lengths and checksums of the IP packet that ends a frame made from `of`; `kind` says what is at l4. */
static void finish(const struct frame *of, __u8 *frame, size_t len, size_t l4, enum frame_kind kind)
{
	size_t l3 = of->l3;
	__u8 *ip = frame + l3, *check = frame + l4 + (kind == FRAME_TCP ? 16 : 6);
	bool v6 = ip[0] >> 4 == 6;
	__u32 pseudo = (kind == FRAME_TCP ? IPPROTO_TCP : IPPROTO_UDP) + len - l4;
	unsigned value;

	if (of->pppoe)
		put16(frame + of->pppoe + 4, len - l3 + 2);
	if (v6) {
		put16(ip + 4, len - l3 - IPV6_HEADER);
	} else {
		put16(ip + 2, len - l3);
		put16(ip + 10, 0);
		put16(ip + 10, ~sum(ip, least((ip[0] & 15) * 4, len - l3), 0));
	}
	if (kind != FRAME_TCP && kind != FRAME_UDP)
		return;
	if (kind == FRAME_UDP)
		put16(frame + l4 + 4, len - l4);
	put16(check, 0);
	value = ~sum(frame + l4, len - l4, sum(ip + (v6 ? 8 : 12), v6 ? 32 : 8, pseudo));
	put16(check, kind == FRAME_UDP && !(value & 0xffff) ? 0xffff : value);
}

size_t frame_headers(const struct frame *frame)
{
	return frame->payload;
}

size_t frame_part(const struct frame *frame, size_t from, size_t count, __u8 *out)
{
	size_t header = frame->payload;
	__u8 *tcp = out + frame->l4;
	bool last;

	if (frame->kind != FRAME_TCP && frame->kind != FRAME_UDP) {
		count = least(count, frame->len);
		memcpy(out, frame->bytes, count);
		if (frame->kind == FRAME_IP && count >= frame->l3 + (frame->family == 6 ? IPV6_HEADER : IPV4_HEADER))
			finish(frame, out, count, 0, frame->kind);
		return count;
	}
	last = from + count >= frame->payload_len;
	memcpy(out, frame->bytes, header);
	memcpy(out + header, frame->bytes + header + from, count);
	if (frame->kind == FRAME_TCP) {
		put32(tcp + 4, frame->seq + from + (from && frame->flags & FRAME_SYN));
		tcp[13] = frame->flags & ~((from ? FRAME_SYN : 0) | (last ? 0 : FRAME_FIN | FRAME_PSH));
	}
	finish(frame, out, header + count, frame->l4, frame->kind);
	return header + count;
}

size_t frame_whole(const struct frame *first, const __u8 *bytes, size_t len, __u8 *out)
{
	size_t headers = first->l4 - (first->family == 6 ? 8 : 0);

	memcpy(out, first->bytes, headers);
	memcpy(out + headers, bytes, len);
	if (first->family == 6)
		out[first->fragment.said] = first->proto;
	else
		put16(out + first->l3 + 6, 0);
	finish(first, out, headers + len, headers, FRAME_IP);
	return headers + len;
}

static void swap(__u8 *a, __u8 *b, size_t len)
{
	__u8 keep[16];

	memcpy(keep, a, len);
	memcpy(a, b, len);
	memcpy(b, keep, len);
}

static void turn_round(__u8 *frame, size_t l3, bool v6, __u8 *tcp)
{
	size_t address = v6 ? 16 : 4;
	__u8 *src = frame + l3 + (v6 ? 8 : 12);

	swap(frame, frame + 6, 6);
	swap(src, src + address, address);
	swap(tcp, tcp + 2, 2);
}

size_t frame_syn(const struct frame *frame, bool back, __u32 seq, const __u32 *ack, __u8 *out)
{
	bool v6 = frame->family == 6;
	size_t l4 = frame->l3 + (v6 ? IPV6_HEADER : IPV4_HEADER);
	__u8 *ip = out + frame->l3, *tcp = out + l4;

	if (l4 + TCP_HEADER > FRAME_SYN_ROOM)
		return 0;
	memcpy(out, frame->bytes, l4); /* options and extension headers are not repeated */
	if (v6)
		ip[6] = IPPROTO_TCP;
	else
		ip[0] = 0x45;
	memset(tcp, 0, TCP_HEADER);
	put16(tcp, frame->sport);
	put16(tcp + 2, frame->dport);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack ? *ack : 0);
	tcp[12] = TCP_HEADER / 4 << 4;
	tcp[13] = FRAME_SYN | (ack ? FRAME_ACK : 0);
	put16(tcp + 14, 65535);
	if (back)
		turn_round(out, frame->l3, v6, tcp);
	finish(frame, out, l4 + TCP_HEADER, l4, FRAME_TCP);
	return l4 + TCP_HEADER;
}
