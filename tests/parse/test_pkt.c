/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "frame.h"

/* ---- every chain: tags, IP header, what comes between ---- */

struct chain {
	int tags, ppp, v6, tcp;
	__u32 options;     /* of IPv4, or of TCP with IPv6 */
	__u8 between[8];   /* extension headers of IPv6 */
	int n;
};

/* An extension header of kind `kind` before one of kind `next`. */
static void extension(struct frame *f, __u8 kind, __u8 next)
{
	if (kind == IPPROTO_FRAGMENT) {
		put(f, (__u8[]){ next, 0, 0, 0, 1, 2, 3, 4 }, 8);
	} else if (kind == IPPROTO_AH) {
		put(f, (__u8[]){ next, 2, 0, 0 }, 4); /* 16 bytes */
		fill(f, 0xff, 12);
	} else {
		__u32 more = kind == IPPROTO_HOPOPTS ? 1 : 0;

		put(f, (__u8[]){ next, more }, 2);
		fill(f, 0xff, 6 + 8 * more);
	}
}

static void build(struct frame *f, const struct chain *c, __u32 payload)
{
	static const __u16 tags[] = { 12, 345, 678 };
	__u8 proto = c->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	__u32 at;

	ethernet(f, tags, c->tags, c->ppp ? 0x8864 : c->v6 ? 0x86dd : 0x0800);
	if (c->ppp)
		pppoe(f, c->v6 ? 0x0057 : 0x0021);
	if (c->v6) {
		at = ipv6(f, c->n ? c->between[0] : proto);
		for (int i = 0; i < c->n; i++)
			extension(f, c->between[i], i + 1 < c->n ? c->between[i + 1] : proto);
	} else {
		at = ipv4(f, c->options, 0x4000, proto);
	}
	if (c->tcp)
		tcp(f, c->v6 ? c->options : 0, payload);
	else
		udp(f, payload, 0);
	close_ip(f, at, 0);
	if (f->len < 60)
		fill(f, 0, 60 - f->len); /* padding is no payload */
}

static void expect_addresses(const struct pkt *p, int v6)
{
	static const __u8 four[2][16] = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3 },
					  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9 } };
	static const __u8 six[2][16] = { "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2" };

	cr_assert_arr_eq((const __u8 *)p->src, v6 ? six[0] : four[0], 16);
	cr_assert_arr_eq((const __u8 *)p->dst, v6 ? six[1] : four[1], 16);
	cr_assert_arr_eq(p->mac, "\2\0\0\0\0\2", 6);
}

static void expect_read(const struct chain *c, __u32 payload)
{
	struct frame f;
	struct pkt p;
	enum pkt_kind kind;
	int last = 0;

	build(&f, c, payload);
	kind = read_frame(&f, &p);
	cr_assert_eq(kind, c->tcp ? PKT_TCP : PKT_UDP, "%d tags, v6 %d, %d between: %d", c->tags, c->v6, c->n, kind);
	expect_addresses(&p, c->v6);
	cr_assert(p.family == (c->v6 ? 6 : 4) && !p.first_fragment && p.sport == PKT_BE16(0x1234));
	cr_assert_eq(p.payload_len, payload);
	cr_assert(!payload || (f.bytes[p.payload] == 'p' && f.bytes[p.payload + payload - 1] == 'p'));
	cr_assert(f.bytes[p.l4] == 0x12 && f.bytes[p.l4 + 1] == 0x34);
	cr_assert_eq(p.pppoe, c->ppp);
	cr_assert(p.vlan_outer == (c->tags ? 12 : 0) && p.vlan_inner == (c->tags > 1 ? 345 : 0));
	if (c->tcp)
		cr_assert(p.seq == 0xdeadbeef && p.ack == 0xcafebabe && p.tcp_flags == TCP_ACK);
	/* with fewer bytes in view: more are asked for, and only as long as they are needed */
	for (__u32 have = 0; have < f.len; have++) {
		kind = read_view(&f, have, &p);
		cr_assert(kind == PKT_SHORT || kind == (c->tcp ? PKT_TCP : PKT_UDP), "%u of %u: %d", have, f.len, kind);
		cr_assert(kind != PKT_SHORT || !last, "%u of %u: short again", have, f.len);
		last = kind != PKT_SHORT;
	}
	/* a frame that ends there is no packet; one whose headers end is none even less */
	for (__u32 have = 0; have < p.payload + payload; have++) {
		struct frame cut = f;

		cut.len = have;
		kind = read_frame(&cut, &p);
		cr_assert(kind == PKT_BAD, "cut to %u of %u: %d", have, f.len, kind);
	}
}

Test(pkt, chains_of_ipv4)
{
	for (int tags = 0; tags <= 2; tags++)
		for (__u32 options = 0; options <= 40; options += 4)
			for (int is_tcp = 0; is_tcp < 2; is_tcp++)
				for (__u32 payload = 0; payload < 40; payload += 13)
					expect_read(&(struct chain){ .tags = tags, .ppp = options / 4 % 2, .tcp = is_tcp,
								     .options = options }, payload);
}

Test(pkt, chains_of_ipv6)
{
	static const __u8 kinds[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT,
				      IPPROTO_AH, 135, 139, 140 };

	for (int number = 0; number < 8 * 8 * 8; number++) {
		struct chain c = { .v6 = 1, .tags = number % 3, .ppp = number / 3 % 2, .tcp = number & 1,
				   .options = number % 11 * 4, .n = 3 };

		for (int i = 0; i < 3; i++)
			c.between[i] = kinds[number >> 3 * i & 7];
		for (c.n = number < 64 ? number < 8 ? number ? 1 : 0 : 2 : 3; c.n <= 3; c.n++)
			expect_read(&c, number % 40);
	}
}

Test(pkt, number_of_extensions)
{
	for (int n = 0; n <= 10; n++) {
		struct frame f;
		struct pkt p;
		__u32 at;

		ethernet(&f, NULL, 0, 0x86dd);
		at = ipv6(&f, n ? IPPROTO_DSTOPTS : IPPROTO_TCP);
		for (int i = 0; i < n; i++)
			extension(&f, IPPROTO_DSTOPTS, i + 1 < n ? IPPROTO_DSTOPTS : IPPROTO_TCP);
		tcp(&f, 0, 10);
		close_ip(&f, at, 0);
		cr_expect_eq(read_frame(&f, &p), n <= PKT_EXTENSIONS_MAX ? PKT_TCP : PKT_BAD, "%d", n);
	}
}

/* Headers that go on behind what is looked at are not waited for. */
Test(pkt, headers_that_go_on)
{
	for (int len = 0; len < 256; len++) {
		struct frame f;
		struct pkt p;
		__u32 at;
		enum pkt_kind kind;

		ethernet(&f, NULL, 0, 0x86dd);
		at = ipv6(&f, IPPROTO_DSTOPTS);
		put(&f, (__u8[]){ IPPROTO_TCP, len }, 2);
		fill(&f, 0, 6 + (len < 150 ? len * 8 : 1200));
		tcp(&f, 0, 10);
		close_ip(&f, at, 0);
		kind = read_frame(&f, &p);
		cr_expect_eq(kind, 54 + 8 + len * 8 <= PKT_HEADERS_MAX ? PKT_TCP : PKT_BAD, "%d: %d", len, kind);
		kind = read_view(&f, 100, &p);
		cr_expect_eq(kind, len <= 2 ? PKT_TCP : 54 + 8 + len * 8 <= PKT_HEADERS_MAX ? PKT_SHORT : PKT_BAD,
			     "100 bytes, %d: %d", len, kind);
	}
}

Test(pkt, tags)
{
	static const __u16 three[] = { 1, 2, 3 }, priority[] = { 0, 7 };
	struct frame f;
	struct pkt p;
	__u32 at;

	ethernet(&f, three, 3, 0x0800);
	at = ipv4(&f, 0, 0, IPPROTO_TCP);
	tcp(&f, 0, 4);
	close_ip(&f, at, 0);
	cr_expect_eq(read_frame(&f, &p), PKT_BAD, "a third tag");
	ethernet(&f, priority, 2, 0x0800);
	at = ipv4(&f, 0, 0, IPPROTO_TCP);
	tcp(&f, 0, 4);
	close_ip(&f, at, 0);
	cr_expect_eq(read_frame(&f, &p), PKT_TCP);
	cr_expect(p.vlan_outer == 7 && !p.vlan_inner, "a priority tag is no VLAN");
	for (int type = 0; type < 0x10000; type += 7) {
		if (type == 0x0800 || type == 0x86dd || type == 0x8100 || type == 0x88a8 || type == 0x8864)
			continue;
		ethernet(&f, NULL, 0, type);
		fill(&f, 0x45, 46);
		cr_assert_eq(read_frame(&f, &p), PKT_OTHER, "%x", type);
	}
}

Test(pkt, other_protocols)
{
	for (int proto = 0; proto < 256; proto++) {
		int extension_of_v6 = proto == 0 || proto == 43 || proto == 44 || proto == 51 || proto == 60 || proto == 135 ||
				      proto == 139 || proto == 140;

		for (int v6 = 0; v6 < 2; v6++) {
			struct frame f;
			struct pkt p;
			__u32 at;

			if (proto == IPPROTO_TCP || proto == IPPROTO_UDP || (v6 && extension_of_v6))
				continue;
			ethernet(&f, NULL, 0, v6 ? 0x86dd : 0x0800);
			at = v6 ? ipv6(&f, proto) : ipv4(&f, 0, 0, proto);
			fill(&f, 0, 8);
			close_ip(&f, at, 0);
			cr_assert_eq(read_frame(&f, &p), proto == 1 || proto == 58 ? PKT_ICMP : proto == 2 ? PKT_OTHER :
				     PKT_PROTO, "%d", proto);
			cr_assert(p.l4_proto != 1 || (p.payload == p.l4 && p.payload_len == 8));
			cr_assert_eq(p.l4_proto, proto);
			expect_addresses(&p, v6);
		}
	}
}

/* ---- fragments ---- */

/* `have`: bytes of payload, of a datagram that has 1000 more if this is the first fragment. */
static enum pkt_kind read_fragment4_of(__u16 fragment, __u8 proto, __u32 have, struct pkt *p)
{
	struct frame f;
	__u32 at;

	ethernet(&f, NULL, 0, 0x0800);
	at = ipv4(&f, 0, fragment, proto);
	if (proto == IPPROTO_TCP)
		tcp(&f, 0, 44);
	else
		udp(&f, have, fragment & 0x2000 ? 1000 : 0);
	close_ip(&f, at, 0);
	return read_frame(&f, p);
}

static enum pkt_kind read_fragment4(__u16 fragment, __u8 proto, struct pkt *p)
{
	return read_fragment4_of(fragment, proto, PKT_FIRST_MIN, p);
}

Test(pkt, fragments_of_ipv4)
{
	struct pkt p;

	cr_expect_eq(read_fragment4(0x4000, IPPROTO_TCP, &p), PKT_TCP, "do not fragment");
	cr_expect_eq(read_fragment4(0x2000, IPPROTO_TCP, &p), PKT_FRAGMENT, "the first");
	cr_expect_eq(read_fragment4(0x2001, IPPROTO_TCP, &p), PKT_FRAGMENT, "one between");
	cr_expect_eq(read_fragment4(0x1fff, IPPROTO_TCP, &p), PKT_FRAGMENT, "the last");
	cr_expect_eq(read_fragment4(0x0023, IPPROTO_UDP, &p), PKT_OTHER, "the last");
	cr_expect_eq(read_fragment4(0x0022, IPPROTO_UDP, &p), PKT_FRAGMENT, "one that covers what the first one said");
	cr_expect_eq(read_fragment4(0x0001, 1, &p), PKT_OTHER, "of ICMP");
	cr_expect_eq(read_fragment4(0x2000, 1, &p), PKT_ICMP, "the first of ICMP");
	cr_expect_eq(p.first_fragment, 1);
	cr_expect_eq(read_fragment4(0x0001, 47, &p), PKT_PROTO, "of a tunnel");
	cr_expect_eq(read_fragment4(0, IPPROTO_UDP, &p), PKT_UDP);
	cr_expect_eq(p.first_fragment, 0);
	cr_expect_eq(read_fragment4(0x2000, IPPROTO_UDP, &p), PKT_UDP, "the first");
	cr_expect(p.first_fragment && p.payload_len == PKT_FIRST_MIN + 1000 && p.dport == PKT_BE16(53));
	for (__u32 have = 0; have < PKT_FIRST_MIN; have++)
		cr_expect_eq(read_fragment4_of(0x2000, IPPROTO_UDP, have, &p), PKT_FRAGMENT, "only %u bytes of it", have);
}

/* Fragment headers one behind the other, each with its flags, then the transport header. */
static enum pkt_kind read_fragments6(const __u16 *flags, int n, __u8 proto, struct pkt *p)
{
	struct frame f;
	__u32 at;

	ethernet(&f, NULL, 0, 0x86dd);
	at = ipv6(&f, IPPROTO_FRAGMENT);
	for (int i = 0; i < n; i++)
		put(&f, (__u8[]){ i + 1 < n ? IPPROTO_FRAGMENT : proto, 0, flags[i] >> 8, flags[i], 1, 2, 3, 4 }, 8);
	if (proto == IPPROTO_TCP)
		tcp(&f, 0, 44);
	else
		udp(&f, PKT_FIRST_MIN, 0);
	close_ip(&f, at, 0);
	return read_frame(&f, p);
}

Test(pkt, fragments_of_ipv6)
{
	static const __u16 atomic[] = { 0 }, first[] = { 1 }, later[] = { 280 }, between[] = { 0xfff9 }, over[] = { 272 };
	struct pkt p;

	cr_expect_eq(read_fragments6(atomic, 1, IPPROTO_TCP, &p), PKT_TCP, "a packet in one fragment");
	cr_expect_eq(read_fragments6(first, 1, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(later, 1, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(between, 1, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(between, 1, IPPROTO_DSTOPTS, &p), PKT_FRAGMENT, "what is behind is not known");
	cr_expect_eq(read_fragments6(later, 1, IPPROTO_UDP, &p), PKT_OTHER);
	cr_expect_eq(read_fragments6(over, 1, IPPROTO_UDP, &p), PKT_FRAGMENT, "covers what the first one said");
	cr_expect_eq(read_fragments6(later, 1, 47, &p), PKT_PROTO, "of a tunnel");
	cr_expect_eq(read_fragments6(atomic, 1, IPPROTO_UDP, &p), PKT_UDP);
	cr_expect_eq(p.first_fragment, 0);
	cr_expect_eq(read_fragments6(first, 1, IPPROTO_UDP, &p), PKT_UDP);
	cr_expect_eq(p.first_fragment, 1);
}

/* A fragment inside a fragment: the outer one is not whole because the inner one says that it is. */
Test(pkt, fragments_in_fragments)
{
	static const __u16 first_atomic[] = { 1, 0 }, atomic_first[] = { 0, 1 };
	static const __u16 atomic_atomic[] = { 0, 0 }, first_later[] = { 1, 8 };
	struct pkt p;

	cr_expect_eq(read_fragments6(first_atomic, 2, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(atomic_first, 2, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(atomic_atomic, 2, IPPROTO_TCP, &p), PKT_TCP);
	cr_expect_eq(read_fragments6(first_later, 2, IPPROTO_TCP, &p), PKT_FRAGMENT);
	cr_expect_eq(read_fragments6(first_atomic, 2, IPPROTO_UDP, &p), PKT_UDP);
	cr_expect_eq(p.first_fragment, 1);
}

Test(pkt, other_protocols_of_ppp)
{
	static const struct { __u16 protocol; enum pkt_kind kind; const char *what; } rows[] = {
		{ 0x0021, PKT_TCP, "IPv4" }, { 0xc021, PKT_OTHER, "LCP" }, { 0xc223, PKT_OTHER, "CHAP" },
		{ 0x8021, PKT_OTHER, "IPCP" }, { 0x2145, PKT_BAD, "a protocol cut to one byte" },
		{ 0x00fd, PKT_BAD, "compressed" }, { 0x003d, PKT_BAD, "in parts" }, { 0x002d, PKT_BAD, "compressed TCP" },
		{ 0x0057, PKT_BAD, "IPv4 said to be IPv6" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		for (int odd = 0; odd < 3; odd++) {
			struct frame f;
			struct pkt p;
			__u32 at;

			ethernet(&f, NULL, 0, 0x8864);
			pppoe(&f, rows[i].protocol);
			at = ipv4(&f, 0, 0, IPPROTO_TCP);
			tcp(&f, 0, 40);
			close_ip(&f, at, 0);
			f.bytes[13 + odd] = odd ? 0x21 : f.bytes[13];
			cr_expect_eq(read_frame(&f, &p), odd ? PKT_BAD : rows[i].kind, "%s, %d", rows[i].what, odd);
		}
	}
}

/* ---- lengths that lie ---- */

Test(pkt, lengths_that_lie)
{
	for (int v6 = 0; v6 < 2; v6++) {
		for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
			for (int lie = -60; lie <= 60; lie++) {
				struct frame f;
				struct pkt p;
				enum pkt_kind kind, expected = PKT_BAD;
				__u32 at, header = is_tcp ? 20 : 8;

				ethernet(&f, NULL, 0, v6 ? 0x86dd : 0x0800);
				at = v6 ? ipv6(&f, is_tcp ? 6 : 17) : ipv4(&f, 0, 0, is_tcp ? 6 : 17);
				if (is_tcp)
					tcp(&f, 0, 30);
				else
					udp(&f, 30, -10);
				close_ip(&f, at, lie);
				fill(&f, 0, 20); /* padding */
				kind = read_frame(&f, &p);
				/* the datagram of 20 bytes and the segment's header must be within */
				if (!f.bytes[at + (v6 ? 5 : 3)])
					continue; /* no length: see big_packets */
				if (lie <= 20 && lie >= (is_tcp ? -30 : -10))
					expected = is_tcp ? PKT_TCP : PKT_UDP;
				cr_expect_eq(kind, expected, "v6 %d tcp %d %d: %d", v6, is_tcp, lie, kind);
				if (kind == expected && kind != PKT_BAD)
					cr_expect_eq(p.payload_len, is_tcp ? 30U + lie : 20U, "%d", lie);
				cr_expect(kind == PKT_BAD || p.payload == p.l4 + header);
			}
		}
	}
}

Test(pkt, header_fields_that_lie)
{
	static const struct { __u32 at; __u8 value; const char *what; } rows[] = {
		{ 14, 0x55, "version 5" }, { 14, 0x65, "version 6 in IPv4" }, { 14, 0x44, "a header of 16 bytes" },
		{ 14, 0x40, "a header of none" }, { 14, 0x4f, "a header longer than the packet" },
		{ 46, 0x40, "a TCP header of 16 bytes" }, { 46, 0x00, "of none" }, { 46, 0xf0, "longer than the packet" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct frame f;
		struct pkt p;
		__u32 at;

		ethernet(&f, NULL, 0, 0x0800);
		at = ipv4(&f, 0, 0, IPPROTO_TCP);
		tcp(&f, 0, 10);
		close_ip(&f, at, 0);
		cr_assert_eq(read_frame(&f, &p), PKT_TCP);
		f.bytes[rows[i].at] = rows[i].value;
		cr_expect_eq(read_frame(&f, &p), PKT_BAD, "%s", rows[i].what);
	}
	for (int len = 0; len < 20; len++) {
		struct frame f;
		struct pkt p;
		__u32 at;

		ethernet(&f, NULL, 0, 0x0800);
		at = ipv4(&f, 0, 0, IPPROTO_UDP);
		udp(&f, 4, len - 12);
		close_ip(&f, at, 0);
		fill(&f, 0, 30);
		cr_expect_eq(read_frame(&f, &p), len >= 8 && len <= 12 ? PKT_UDP : PKT_BAD, "UDP length %d", len);
	}
}

/* A first fragment too short for its UDP header: the ports must not be read out of the padding. */
Test(pkt, ports_are_not_in_the_padding)
{
	for (__u32 have = 0; have < 16; have++) {
		struct frame f;
		struct pkt p;

		ethernet(&f, NULL, 0, 0x0800);
		ipv4(&f, 0, 0x2000, IPPROTO_UDP);
		udp(&f, 100, 0);
		f.bytes[14 + 2] = 0;
		f.bytes[14 + 3] = 20 + have;
		cr_expect_eq(read_frame(&f, &p), have < 8 ? PKT_BAD : PKT_FRAGMENT, "%u bytes", have);
	}
}

/* A merged packet of more than 64 KiB says 0; its length is that of the frame. */
Test(pkt, big_packets)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct frame f;
		struct pkt p;

		ethernet(&f, NULL, 0, v6 ? 0x86dd : 0x0800);
		if (v6)
			ipv6(&f, IPPROTO_TCP);
		else
			ipv4(&f, 0, 0, IPPROTO_TCP);
		tcp(&f, 12, 1000);
		cr_expect_eq(read_frame(&f, &p), PKT_TCP);
		cr_expect_eq(p.payload_len, 1000);
		f.len = 100000; /* only the first bytes are in view */
		cr_expect_eq(read_view(&f, 200, &p), PKT_TCP);
		cr_expect_eq(p.payload_len, 100000 - p.payload);
	}
}

/* Anything at all: nothing is read behind the view, and what is said to be in the frame is. */
Test(pkt, noise)
{
	static const __u8 kinds[] = { 0, 43, 44, 51, 60, 135, 139, 140, 6, 17, 58 };
	unsigned said[PKT_NEXT + 1] = { 0 };

	for (int round = 0; round < 200000; round++) {
		struct chain c = { .tags = dice() % 4, .v6 = dice() % 4 != 0, .tcp = dice() % 2, .n = dice() % 6 };
		struct frame f;
		struct pkt p;
		enum pkt_kind kind;
		__u32 have;

		for (int i = 0; i < c.n; i++)
			c.between[i] = kinds[dice() % sizeof(kinds)];
		build(&f, &c, dice() % 50);
		for (int n = dice() % 4; n; n--)
			f.bytes[dice() % f.len] = dice() % 2 ? dice() : kinds[dice() % sizeof(kinds)];
		have = dice() % 2 ? f.len : dice() % (f.len + 1);
		if (dice() % 8 == 0)
			f.len = have;
		kind = read_view(&f, have, &p);
		cr_assert_lt(kind, PKT_NEXT);
		cr_assert(kind != PKT_SHORT || have < f.len, "more is asked for than there is");
		if (kind == PKT_TCP || kind == PKT_UDP) {
			cr_assert(p.l4 > p.l3 && p.payload > p.l4 && p.payload - p.l4 <= 60 && p.l4 <= PKT_HEADERS_MAX);
			cr_assert(p.first_fragment || p.payload + p.payload_len <= f.len, "round %d", round);
			cr_assert(!p.first_fragment || kind == PKT_UDP);
		}
		said[kind]++;
	}
	for (int kind = 0; kind < PKT_NEXT; kind++)
		cr_expect_gt(said[kind], 500, "%d: %u", kind, said[kind]);
}
