/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS questions (RFC 1035) and QUIC Initials (RFC 9000, RFC 9001, RFC 9369). */
#ifndef GAUNTLET_UDP_H
#define GAUNTLET_UDP_H

#include "dnsmsg.h"
#include "gauntlet.h"
#include "gauntlet_ip.h"
#include "gauntlet_tls.h"
#include "initial.h"

static void datagram(struct run *r, const uint8_t *bytes, size_t len, const struct odd *odd)
{
	static const struct odd plain;
	uint8_t l4[STREAM_MAX + 8];

	if (!odd)
		odd = &plain;
	wire_put16(l4, r->t.sport);
	wire_put16(l4 + 2, r->t.dport);
	wire_put16(l4 + 4, len + 8);
	memcpy(l4 + 8, bytes, len);
	wire_l4_sum(&r->t.w, IPPROTO_UDP, l4, len + 8, 6, odd);
	wire_send(&r->t.w, IPPROTO_UDP, l4, len + 8, odd);
}

static void play_datagrams(struct run *r)
{
	for (size_t i = 0; i < r->pieces; i++)
		datagram(r, r->stream + r->piece[i], (i + 1 < r->pieces ? r->piece[i + 1] : r->len) - r->piece[i], NULL);
}

static void add_datagram(struct run *r, const uint8_t *bytes, size_t len)
{
	r->piece[r->pieces++] = r->len;
	memcpy(r->stream + r->len, bytes, len);
	r->len += len;
}

/* ---- DNS ---- */

enum question {
	Q_PLAIN, Q_CASE, Q_TWO, Q_TWO_FIRST, Q_POINTER, Q_PADDING, Q_COOKIE, Q_ANY, Q_TRAILING, Q_RESPONSE, Q_OPCODE,
	Q_CLASS, Q_NO_OPT, Q_UPDATE, Q_ANSWERS, Q_BIT8, Q_ZERO_COUNT, Q_FLAGS,
};

/* The second question, or the only one: `bytes` stands behind a complete message. Returns its length. */
static size_t question_more(uint8_t *bytes, size_t len, const char *name)
{
	uint8_t other[DNS_QUESTION_MAX];
	size_t n = dns_question(other, 0, name, 1) - DNS_HEADER - 11;

	memmove(bytes + DNS_HEADER + n, bytes + DNS_HEADER, len - DNS_HEADER);
	memcpy(bytes + DNS_HEADER, other + DNS_HEADER, n);
	wire_put16(bytes + 4, 2);
	return len + n;
}

/* Options in the OPT record, which is the last thing in the message. */
static size_t question_option(uint8_t *bytes, size_t len, unsigned code, size_t n)
{
	wire_put16(bytes + len - 2, n + 4);
	wire_put16(bytes + len, code);
	wire_put16(bytes + len + 2, n);
	memset(bytes + len + 4, code == 10 ? 0x5a : 0, n);
	return len + 4 + n;
}

/* The name's end is a pointer to a copy of it behind the question. */
static size_t question_pointer(uint8_t *bytes, const char *name)
{
	size_t first = strcspn(name, "."), at = DNS_HEADER + 1 + first, n;
	uint8_t other[DNS_QUESTION_MAX];

	n = dns_question(other, 0, name + first + 1, 1) - DNS_HEADER - 11 - 4;
	wire_put16(bytes + at, 0xc000 | (at + 6));
	wire_put16(bytes + at + 2, 1);
	wire_put16(bytes + at + 4, 1);
	memcpy(bytes + at + 6, other + DNS_HEADER, n);
	wire_put16(bytes + 10, 0);
	return at + 6 + n;
}

static size_t question_odd(uint8_t *bytes, size_t len, const struct run *r)
{
	switch (r->s->arg) {
	case Q_CASE:
		for (size_t i = DNS_HEADER; i < len - 15; i += 2)
			bytes[i] -= bytes[i] >= 'a' && bytes[i] <= 'z' ? 32 : 0;
		return len;
	case Q_TWO:
		return question_more(bytes, len, r->innocent);
	case Q_TWO_FIRST:
		len = dns_question(bytes, 99, r->innocent, 1);
		return question_more(bytes, len, r->name);
	case Q_POINTER:
		return question_pointer(bytes, r->name);
	case Q_PADDING:
		return question_option(bytes, len, 12, 400);
	case Q_COOKIE:
		return question_option(bytes, len, 10, 8);
	case Q_ANY:
		bytes[len - 11 - 3] = 255;
		return len;
	case Q_TRAILING:
		memset(bytes + len, 0x41, 60);
		return len + 60;
	case Q_NO_OPT:
		bytes[11] = 0;
		return len - 11;
	case Q_CLASS:
		bytes[len - 11 - 1] = r->s->arg2;
		return len;
	case Q_ANSWERS:
		bytes[7] = 1;
		return len;
	case Q_ZERO_COUNT:
		bytes[5] = 0;
		return len;
	case Q_FLAGS:
		wire_put16(bytes + 2, r->s->arg2);
		return len;
	default:
		return len;
	}
}

static void make_question(struct run *r)
{
	uint8_t bytes[2048];
	size_t len = dns_question(bytes, 99 + r->port, r->name, 1);

	add_datagram(r, bytes, question_odd(bytes, len, r));
}

static void play_question_fragments(struct run *r)
{
	struct odd odd = { .fragment = r->s->arg2, .order = r->s->arg == Q_CASE ? FRAGMENTS_BACKWARD : FRAGMENTS_FORWARD };

	datagram(r, r->stream, r->len, &odd);
}

static void play_question_no_sum(struct run *r) { datagram(r, r->stream, r->len, &(struct odd){ .no_sum = 1 }); }

static void play_question_extensions(struct run *r)
{
	struct odd odd = { 0 };

	extensions(&odd, IPPROTO_DSTOPTS, 3);
	datagram(r, r->stream, r->len, &odd);
}

static void play_question_options(struct run *r)
{
	struct odd odd = { .options = { 1, 1, 1, 1 }, .options_len = 4 };

	datagram(r, r->stream, r->len, &odd);
}

/* The datagram says that it is shorter than its packet. */
static void play_question_short(struct run *r)
{
	static const struct odd plain;
	uint8_t l4[2048];
	size_t len = r->len + 8;

	memset(l4, 0, sizeof(l4));
	wire_put16(l4, r->t.sport);
	wire_put16(l4 + 2, r->t.dport);
	wire_put16(l4 + 4, len);
	memcpy(l4 + 8, r->stream, r->len);
	wire_l4_sum(&r->t.w, IPPROTO_UDP, l4, len, 6, &plain);
	wire_send(&r->t.w, IPPROTO_UDP, l4, len + 40, &plain);
}

/* Over TCP (RFC 7766): messages with their lengths; arg: innocent ones before; arg2: padding, -opcode. */
static void make_tcp_question(struct run *r)
{
	static uint8_t all[STREAM_MAX];
	size_t at = 0;

	for (long i = 0; i <= r->s->arg; i++) {
		size_t len = dns_question(all + at + 2, i, i < r->s->arg ? r->innocent : r->name, 1);

		if (r->s->arg2 > 0)
			len = question_option(all + at + 2, len, 12, r->s->arg2);
		if (r->s->arg2 < 0 && i < r->s->arg)
			all[at + 4] |= -r->s->arg2 << 3;
		wire_put16(all + at, len);
		at += len + 2;
	}
	set_stream(r, all, at);
}

/* ---- QUIC ---- */

struct quic {
	uint8_t hello[HELLO_MAX];
	size_t len;
	uint8_t dcid[8], scid[8], frames[2048];
	size_t frames_len;
	uint32_t version;
	unsigned number;
	uint8_t packet[2048];
};

static void quic_start(struct quic *q, struct run *r, const char *name)
{
	static struct hello h;

	hello_make(&h, name, !!(r->s->flags & BROWSER));
	memcpy(q->hello, h.bytes + 5, h.len - 5);
	q->len = h.len - 5;
	for (int i = 0; i < 8; i++)
		q->dcid[i] = rand(), q->scid[i] = rand();
	q->version = 1;
	q->number = 0;
	q->frames_len = 0;
}

static void quic_crypto(struct quic *q, size_t from, size_t to)
{
	q->frames_len += initial_crypto(q->frames + q->frames_len, q->hello, from, (to < q->len ? to : q->len) - from);
}

static void quic_frame(struct quic *q, int frame, size_t n)
{
	memset(q->frames + q->frames_len, frame, n);
	q->frames_len += n;
}

/* One datagram of what was put together; padded to the size that a client must send. */
static size_t quic_seal(struct quic *q, size_t size)
{
	struct initial p = { .version = q->version, .keys = q->dcid, .keys_len = 8, .dcid = q->dcid, .dcid_len = 8,
			     .scid = q->scid, .scid_len = 8, .number = q->number++, .number_len = 2 };

	if (q->frames_len + 48 < size)
		quic_frame(q, 0, size - 48 - q->frames_len);
	p.frames = q->frames;
	p.frames_len = q->frames_len;
	q->frames_len = 0;
	return initial_make(&p, q->packet);
}

static void quic_send(struct quic *q, struct run *r, size_t size) { add_datagram(r, q->packet, quic_seal(q, size)); }

static void make_quic(struct run *r) /* arg: version; arg2: bytes of the hello in each datagram */
{
	static struct quic q;
	size_t each = r->s->arg2 ? r->s->arg2 : 1100;

	quic_start(&q, r, r->name);
	q.version = r->s->arg;
	for (size_t at = 0; at < q.len; at += each) {
		quic_crypto(&q, at, at + each);
		quic_send(&q, r, 1200);
	}
}

static void make_quic_reordered(struct run *r)
{
	static struct quic q;
	size_t half = 300;

	quic_start(&q, r, r->name);
	for (size_t at = (q.len - 1) / half * half + half; at; at -= half) {
		quic_crypto(&q, at - half, at);
		quic_send(&q, r, 1200);
	}
}

/* Many frames in one packet, from the last to the first, with others between them. */
static void make_quic_frames(struct run *r)
{
	static struct quic q;

	quic_start(&q, r, r->name);
	for (size_t at = (q.len - 1) / 30 * 30 + 30; at; at -= 30) {
		quic_crypto(&q, at - 30, at);
		quic_frame(&q, at & 1, 1); /* PADDING or PING */
	}
	quic_send(&q, r, 1200);
}

static void make_quic_overlap(struct run *r) /* each frame repeats half of the one before */
{
	static struct quic q;

	quic_start(&q, r, r->name);
	for (size_t at = 0; at < q.len; at += 20)
		quic_crypto(&q, at, at + 40);
	quic_send(&q, r, 1200);
}

static void make_quic_padding_first(struct run *r)
{
	static struct quic q;

	quic_start(&q, r, r->name);
	quic_frame(&q, 0, 700);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

static void make_quic_empty_first(struct run *r) /* arg: Initials with nothing in them */
{
	static struct quic q;

	quic_start(&q, r, r->name);
	for (long i = 0; i < r->s->arg; i++) {
		quic_frame(&q, 1, 1);
		quic_send(&q, r, 1200);
	}
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

static void make_quic_coalesced(struct run *r) /* two Initials in one datagram, the name is in the second */
{
	static struct quic q;
	uint8_t both[2600];
	size_t n;

	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, 100);
	n = quic_seal(&q, 200);
	memcpy(both, q.packet, n);
	quic_crypto(&q, 100, q.len);
	memcpy(both + n, q.packet, 0);
	{
		size_t m = quic_seal(&q, 1000);

		memcpy(both + n, q.packet, m);
		add_datagram(r, both, n + m);
	}
}

static void make_quic_second(struct run *r) /* another connection of the same socket, the first is innocent */
{
	static struct quic q;

	quic_start(&q, r, r->innocent);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

/* An innocent Initial and one of another connection in the same datagram. */
static void make_quic_second_coalesced(struct run *r)
{
	static struct quic q;
	uint8_t both[2600];
	size_t n, m;

	quic_start(&q, r, r->innocent);
	quic_crypto(&q, 0, q.len);
	n = quic_seal(&q, 500);
	memcpy(both, q.packet, n);
	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	m = quic_seal(&q, 600);
	memcpy(both + n, q.packet, m);
	add_datagram(r, both, n + m);
}

static void make_quic_two_names(struct run *r) /* the innocent one first */
{
	static struct hello h;
	static struct quic q;

	quic_start(&q, r, r->name);
	hello_cook(&h, &(struct recipe){ .name = r->name, .sni = sni_twice });
	memcpy(q.hello, h.bytes + 5, h.len - 5);
	q.len = h.len - 5;
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

/* As when the server has asked for another key; arg: the first packet holds a part of the second hello. */
static void make_quic_second_hello(struct run *r)
{
	static struct hello h;
	static struct quic q;
	size_t first;

	quic_start(&q, r, r->innocent);
	first = q.len + r->s->arg;
	hello_make(&h, r->name, 0);
	memcpy(q.hello + q.len, h.bytes + 5, h.len - 5);
	q.len += h.len - 5;
	quic_crypto(&q, 0, first);
	quic_send(&q, r, 1200);
	quic_crypto(&q, first, q.len);
	quic_send(&q, r, 1200);
}

static void make_quic_small(struct run *r) /* below 1200 bytes: servers drop it, but who knows */
{
	static struct quic q;

	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 500);
}

static void make_quic_short_first(struct run *r) /* a packet of a connection that does not exist, then the Initial */
{
	static struct quic q;
	uint8_t bytes[40];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = rand();
	bytes[0] = 0x40 | (bytes[0] & 0x3f);
	add_datagram(r, bytes, sizeof(bytes));
	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

static void make_quic_forged_first(struct run *r) /* its tag is wrong: servers throw it away */
{
	static struct quic q;
	size_t n;

	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	n = quic_seal(&q, 1200);
	q.packet[n - 1] ^= 1;
	add_datagram(r, q.packet, n);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

/* An allowed connection opens the port for what follows; then another one's hello, the name is in its second half. */
static void make_quic_halves(struct run *r)
{
	static struct quic q;

	quic_start(&q, r, r->innocent);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, 100);
	quic_send(&q, r, 1200);
	quic_crypto(&q, 100, q.len);
	quic_send(&q, r, 1200);
}

/* The last datagram from another port: a server finds its connection by the id alone. */
static void play_quic_two_ports(struct run *r)
{
	size_t last = r->piece[r->pieces - 1], len = r->len;

	r->pieces--;
	r->len = last;
	play_datagrams(r);
	r->pieces++;
	r->len = len;
	r->t.sport++;
	datagram(r, r->stream + last, len - last, NULL);
	r->t.sport--;
}

#endif
