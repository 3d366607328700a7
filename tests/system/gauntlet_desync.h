/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What public programs send to get out of step with a filter, each a row of steps: false parts that the server never
 * gets or never takes, mixed with the parts of the true stream in some order. The words are those of their manuals
 * (fakedsplit, hostfakesplit, disorder, sequence overlap, tampered copies).
 */
#ifndef GAUNTLET_DESYNC_H
#define GAUNTLET_DESYNC_H

#include "gauntlet_decoys.h"
#include "gauntlet_udp.h"

#define ALL STREAM_MAX /* the end of the stream */

enum bytes { END_OF_STEPS, TRUE_BYTES, DECOY_BYTES, ZEROS, NOISE, NO_BYTES, WAIT };

/* How a segment is sent. */
enum way {
	PLAINLY, DIES, BAD_SUM, SIGNED, BEHIND, LONG_HEADER_DIES, LONG_HEADER_BAD, LONG_HEADER_ACKS, ACKS_OTHER,
	SHORT_PACKET, SHORT_PACKET_FIN, TWO_HOPS, RST_SIGNED, RST_BEHIND, ALL_FLAGS_BAD, ALL_FLAGS_DIES,
	ODD_FLAGS_DIES, FAR_ACK, USER_TIMEOUT, UNKNOWN_OPTIONS, RESERVED_BITS,
};

static const struct {
	struct segment_odd odd;
	unsigned flags; /* 0: of a segment with data */
	int32_t seq, ack; /* how far from the right ones */
} ways[] = {
	[DIES] = { .odd.ip.ttl = 1 },
	[BAD_SUM] = { .odd.ip.bad_sum = 1 },
	[SIGNED] = { .odd = { .options = { 1, 1, 19, 18 }, .options_len = 20 } },
	[BEHIND] = { .seq = -10000 },
	[LONG_HEADER_DIES] = { .odd = { .ip.ttl = 1, .offset = 10 } },
	[LONG_HEADER_BAD] = { .odd = { .ip.bad_sum = 1, .offset = 10 } },
	[LONG_HEADER_ACKS] = { .odd.offset = 10, .ack = 0x3000000 },
	[ACKS_OTHER] = { .ack = 0x3000000 },
	[SHORT_PACKET] = { .odd.ip.says_len = 64 },
	[SHORT_PACKET_FIN] = { .odd.ip.says_len = 78, .flags = T_FIN },
	[TWO_HOPS] = { .odd.ip = { .extensions = { 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 1, 4 }, .extensions_len = 16,
				   .last_kind_at = 8 } },
	[RST_SIGNED] = { .odd = { .options = { 1, 1, 19, 18 }, .options_len = 20 }, .flags = T_RST },
	[RST_BEHIND] = { .flags = T_RST | T_ACK, .seq = -10000 },
	[ALL_FLAGS_BAD] = { .odd.ip.bad_sum = 1, .flags = 0x7f },
	[ALL_FLAGS_DIES] = { .odd.ip.ttl = 1, .flags = 0xff },
	[ODD_FLAGS_DIES] = { .odd.ip.ttl = 1, .flags = 0xd5 },
	[FAR_ACK] = { .flags = T_ACK, .seq = 0x5a5a5a },
	[USER_TIMEOUT] = { .odd = { .options = { 28, 4, 0xde, 0xad }, .options_len = 4 } }, /* RFC 5482 */
	[UNKNOWN_OPTIONS] = { .odd = { .options = { 254, 40 }, .options_len = 40 } },
	[RESERVED_BITS] = { .odd.reserved = 7 },
};

struct step {
	enum bytes bytes;
	enum way way;
	size_t from, to; /* also AT_NAME and so on */
};

enum desync {
	FAKE_SPLIT, FAKE_SPLIT_BAD_SUM, FAKE_SPLIT_SIGNED, FAKE_DISORDER, FAKEDSPLIT, FAKEDSPLIT_BAD_SUM,
	FAKEDSPLIT_BEHIND, FAKEDSPLIT_SHORT, FAKEDDISORDER, FAKEDDISORDER_SHORT, HOSTFAKESPLIT, HOSTFAKESPLIT_OTHER,
	HOSTFAKESPLIT_MIDHOST, FIRST_DIES, FIRST_HALF_DIES, EACH_DIES, FAKE_FIRST_HALF, FAKE_BOTH_HALVES,
	FAKES_OF_EACH_KIND, FAKE_NOISE, FAKE_NOISE_BAD_SUM, FAKE_NOISE_ACKS, FAKE_ZEROS, COPY_LONG_HEADER,
	COPY_LONG_HEADER_BAD, COPY_LONG_HEADER_ACKS, COPY_SHORT_PACKET, COPY_SHORT_FIN, FAKE_TWO_HOPS, OTHER_SIGNED,
	OTHER_BEHIND, OTHER_ALL_FLAGS_BAD, OTHER_ALL_FLAGS_DIES, OTHER_ODD_FLAGS_DIES, ACK_ELSEWHERE,
	TRUE_USER_TIMEOUT, TRUE_UNKNOWN_OPTIONS, TRUE_RESERVED_BITS, COPIES_FIRST,
};

#define REST { TRUE_BYTES, PLAINLY, 0, ALL }
#define FAKE(way) { DECOY_BYTES, way, 0, ALL }

static const struct step scripts[][8] = {
	[FAKE_SPLIT] = { FAKE(DIES), { WAIT }, { TRUE_BYTES, 0, 0, AT_NAME }, { TRUE_BYTES, 0, AT_NAME, MID_NAME },
			 { TRUE_BYTES, 0, MID_NAME, ALL } },
	[FAKE_SPLIT_BAD_SUM] = { FAKE(BAD_SUM), { TRUE_BYTES, 0, 0, 1 }, { TRUE_BYTES, 0, 1, MID_NAME },
				 { TRUE_BYTES, 0, MID_NAME, ALL } },
	[FAKE_SPLIT_SIGNED] = { FAKE(SIGNED), { TRUE_BYTES, 0, 0, 2 }, { TRUE_BYTES, 0, 2, ALL } },
	[FAKE_DISORDER] = { FAKE(DIES), { TRUE_BYTES, 0, MID_NAME, ALL }, { TRUE_BYTES, 0, AT_NAME, MID_NAME },
			    { TRUE_BYTES, 0, 0, AT_NAME } },
	[FAKEDSPLIT] = { { ZEROS, DIES, 0, MID_NAME }, { TRUE_BYTES, 0, 0, MID_NAME }, { ZEROS, DIES, 0, MID_NAME },
			 { ZEROS, DIES, MID_NAME, ALL }, { TRUE_BYTES, 0, MID_NAME, ALL }, { ZEROS, DIES, MID_NAME, ALL } },
	[FAKEDSPLIT_BAD_SUM] = { { DECOY_BYTES, BAD_SUM, 0, MID_NAME }, { TRUE_BYTES, 0, 0, MID_NAME },
				 { DECOY_BYTES, BAD_SUM, 0, MID_NAME }, { DECOY_BYTES, BAD_SUM, MID_NAME, ALL },
				 { TRUE_BYTES, 0, MID_NAME, ALL }, { DECOY_BYTES, BAD_SUM, MID_NAME, ALL } },
	[FAKEDSPLIT_BEHIND] = { { DECOY_BYTES, BEHIND, 0, MID_NAME }, { TRUE_BYTES, 0, 0, MID_NAME },
				{ DECOY_BYTES, BEHIND, MID_NAME, ALL }, { TRUE_BYTES, 0, MID_NAME, ALL } },
	[FAKEDSPLIT_SHORT] = { { TRUE_BYTES, 0, 0, MID_NAME }, { DECOY_BYTES, DIES, MID_NAME, ALL },
			       { TRUE_BYTES, 0, MID_NAME, ALL } },
	[FAKEDDISORDER] = { { DECOY_BYTES, DIES, MID_NAME, ALL }, { TRUE_BYTES, 0, MID_NAME, ALL },
			    { DECOY_BYTES, DIES, MID_NAME, ALL }, { DECOY_BYTES, DIES, 0, MID_NAME },
			    { TRUE_BYTES, 0, 0, MID_NAME }, { DECOY_BYTES, DIES, 0, MID_NAME } },
	[FAKEDDISORDER_SHORT] = { { TRUE_BYTES, 0, MID_NAME, ALL }, { ZEROS, DIES, 0, MID_NAME },
				  { TRUE_BYTES, 0, 0, MID_NAME } },
	[HOSTFAKESPLIT] = { { TRUE_BYTES, 0, 0, AT_NAME }, { DECOY_BYTES, DIES, AT_NAME, END_NAME },
			    { TRUE_BYTES, 0, AT_NAME, END_NAME }, { DECOY_BYTES, DIES, AT_NAME, END_NAME },
			    { TRUE_BYTES, 0, END_NAME, ALL } },
	[HOSTFAKESPLIT_OTHER] = { { TRUE_BYTES, 0, 0, AT_NAME }, { DECOY_BYTES, DIES, AT_NAME, END_NAME },
				  { TRUE_BYTES, 0, END_NAME, ALL }, { TRUE_BYTES, 0, AT_NAME, END_NAME } },
	[HOSTFAKESPLIT_MIDHOST] = { { TRUE_BYTES, 0, 0, AT_NAME }, { DECOY_BYTES, SIGNED, AT_NAME, END_NAME },
				    { TRUE_BYTES, 0, AT_NAME, MID_NAME }, { TRUE_BYTES, 0, MID_NAME, END_NAME },
				    { DECOY_BYTES, SIGNED, AT_NAME, END_NAME }, { TRUE_BYTES, 0, END_NAME, ALL } },
	[FIRST_DIES] = { { TRUE_BYTES, DIES, 0, 1 }, { TRUE_BYTES, 0, 1, ALL }, { WAIT }, { TRUE_BYTES, 0, 0, 1 } },
	[FIRST_HALF_DIES] = { { TRUE_BYTES, DIES, 0, MID_NAME }, { TRUE_BYTES, 0, MID_NAME, ALL }, { WAIT },
			      { TRUE_BYTES, 0, 0, MID_NAME } },
	[EACH_DIES] = { { TRUE_BYTES, DIES, 0, AT_NAME }, { TRUE_BYTES, DIES, AT_NAME, MID_NAME },
			{ TRUE_BYTES, 0, MID_NAME, ALL }, { WAIT }, { TRUE_BYTES, 0, 0, AT_NAME }, { TRUE_BYTES, 0, AT_NAME, MID_NAME } },
	[FAKE_FIRST_HALF] = { { DECOY_BYTES, DIES, 0, MID_NAME }, { TRUE_BYTES, 0, MID_NAME, ALL }, { WAIT },
			      { TRUE_BYTES, 0, 0, MID_NAME } },
	[FAKE_BOTH_HALVES] = { { DECOY_BYTES, DIES, 0, MID_NAME }, { DECOY_BYTES, DIES, MID_NAME, ALL }, { WAIT },
			       { TRUE_BYTES, 0, 0, MID_NAME }, { TRUE_BYTES, 0, MID_NAME, ALL } },
	[FAKES_OF_EACH_KIND] = { FAKE(DIES), FAKE(DIES), { ZEROS, DIES, 0, ALL }, FAKE(BAD_SUM), REST },
	[FAKE_NOISE] = { { NOISE, DIES, 0, ALL }, REST },
	[FAKE_NOISE_BAD_SUM] = { { NOISE, BAD_SUM, 0, ALL }, REST },
	[FAKE_NOISE_ACKS] = { { NOISE, ACKS_OTHER, 0, ALL }, REST },
	[FAKE_ZEROS] = { { ZEROS, DIES, 0, ALL }, REST },
	[COPY_LONG_HEADER] = { { TRUE_BYTES, LONG_HEADER_DIES, 0, ALL }, REST },
	[COPY_LONG_HEADER_BAD] = { { TRUE_BYTES, LONG_HEADER_BAD, 0, ALL }, REST },
	[COPY_LONG_HEADER_ACKS] = { { TRUE_BYTES, LONG_HEADER_ACKS, 0, ALL }, REST },
	[COPY_SHORT_PACKET] = { { TRUE_BYTES, SHORT_PACKET, 0, ALL }, REST },
	[COPY_SHORT_FIN] = { { TRUE_BYTES, SHORT_PACKET_FIN, 0, ALL }, REST },
	[FAKE_TWO_HOPS] = { FAKE(TWO_HOPS), REST },
	[OTHER_SIGNED] = { { NO_BYTES, RST_SIGNED }, { WAIT }, REST },
	[OTHER_BEHIND] = { { NO_BYTES, RST_BEHIND }, { WAIT }, REST },
	[OTHER_ALL_FLAGS_BAD] = { { NO_BYTES, ALL_FLAGS_BAD }, { WAIT }, REST },
	[OTHER_ALL_FLAGS_DIES] = { { NO_BYTES, ALL_FLAGS_DIES }, { WAIT }, REST },
	[OTHER_ODD_FLAGS_DIES] = { { NO_BYTES, ODD_FLAGS_DIES }, { WAIT }, REST },
	[ACK_ELSEWHERE] = { { NO_BYTES, FAR_ACK }, { TRUE_BYTES, 0, 8, ALL }, { TRUE_BYTES, 0, 0, 4 },
			    { TRUE_BYTES, 0, 4, 8 } },
	[TRUE_USER_TIMEOUT] = { { TRUE_BYTES, USER_TIMEOUT, 0, ALL } },
	[TRUE_UNKNOWN_OPTIONS] = { { TRUE_BYTES, UNKNOWN_OPTIONS, 0, ALL } },
	[TRUE_RESERVED_BITS] = { { TRUE_BYTES, RESERVED_BITS, 0, ALL } },
	[COPIES_FIRST] = { { TRUE_BYTES, DIES, 0, ALL }, { TRUE_BYTES, SIGNED, 0, ALL }, REST },
};

static const uint8_t *step_bytes(const struct run *r, enum bytes bytes)
{
	static uint8_t zeros[STREAM_MAX], noise[STREAM_MAX];

	switch (bytes) {
	case TRUE_BYTES:
		return r->stream;
	case DECOY_BYTES:
		return r->decoy;
	case NOISE:
		for (size_t i = 0; i < r->len; i++)
			noise[i] = rand();
		return noise;
	default:
		return zeros;
	}
}

static void play_step(struct run *r, const struct step *step)
{
	const uint8_t *bytes = step_bytes(r, step->bytes);
	unsigned flags = ways[step->way].flags ? ways[step->way].flags : T_ACK | T_PSH;
	uint32_t first = r->t.first + ways[step->way].seq, ack = r->t.rcv + ways[step->way].ack;
	size_t at = place(r, step->from), to = place(r, step->to);

	to = to < r->len ? to : r->len;
	if (step->bytes == NO_BYTES) {
		tcp_segment(&r->t, flags, first, ack, NULL, 0, &ways[step->way].odd);
		return;
	}
	for (size_t n; at < to; at += n) {
		n = to - at < MINITCP_MSS ? to - at : MINITCP_MSS;
		tcp_segment(&r->t, flags, first + at, ack, bytes + at, n, &ways[step->way].odd);
	}
}

static void play_desync(struct run *r) /* arg2: which script */
{
	const struct step *step = scripts[r->s->arg2];

	for (int i = 0; i < 8 && step[i].bytes; i++) {
		if (step[i].bytes == WAIT) {
			settle(r);
			r->t.reset = 0;
		} else {
			play_step(r, &step[i]);
		}
	}
}

/* ---- what is no row of steps ---- */

/* The first segment begins before the stream, with a whole innocent hello. */
static void play_overlap_front(struct run *r)
{
	static uint8_t bytes[STREAM_MAX * 2];
	size_t half = place(r, MID_NAME);

	memcpy(bytes, r->decoy, r->len);
	memcpy(bytes + r->len, r->stream, half);
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first - r->len, r->t.rcv, bytes, r->len + half, NULL);
	put(r, half, r->len);
}

/* The second half is sent first, and with it false bytes for the end of the first one. */
static void play_overlap_ahead(struct run *r)
{
	uint8_t bytes[STREAM_MAX];
	size_t half = place(r, MID_NAME);

	memcpy(bytes, r->decoy, half);
	memcpy(bytes + half, r->stream + half, r->len - half);
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first + 1, r->t.rcv, bytes + 1, r->len - 1, NULL);
	put(r, 0, half);
}

/* A lost hello says of itself that all that follows is its padding. */
static void play_swallowing(struct run *r)
{
	uint8_t bytes[STREAM_MAX];

	memcpy(bytes, r->decoy, r->len);
	wire_put16(bytes + 3, r->len * 2 - 5);
	wire_put16(bytes + 7, r->len * 2 - 9);
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first, r->t.rcv, bytes, r->len, &(struct segment_odd){ .ip.ttl = 1 });
	settle(r);
	put(r, 0, r->len);
}

/* An urgent byte behind the first half, in the same segment; with arg2 that is lost, and comes again without. */
static void play_urgent_behind(struct run *r)
{
	size_t half = place(r, r->s->arg);
	struct segment_odd odd = { .urgent = half + 1, .ip.ttl = r->s->arg2 };
	uint8_t bytes[STREAM_MAX];

	memcpy(bytes, r->stream, half);
	bytes[half] = 'x';
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first, r->t.rcv, bytes, half + 1, &odd);
	if (r->s->arg2) {
		put(r, half, r->len);
		settle(r);
		put(r, 0, half);
	} else {
		tcp_segment(&r->t, T_ACK | T_PSH, r->t.first + half + 1, r->t.rcv, r->stream + half, r->len - half, NULL);
	}
}

static void wait_open(struct run *r)
{
	while (!r->t.open && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	r->t.reset = 0;
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
}

static void play_answer_first(struct run *r) /* what only a server sends, before the SYN; arg: how far it comes */
{
	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN | T_ACK, r->t.first - 1, 0, NULL, 0, &(struct segment_odd){ .ip.ttl = r->s->arg });
	settle(r);
	r->t.reset = 0;
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, NULL);
	wait_open(r);
	put(r, 0, r->len);
}

static void play_noise_in_second_syn(struct run *r)
{
	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, NULL);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, (const uint8_t *)"0123456789abcdef", 16, NULL);
	wait_open(r);
	put(r, 0, r->len);
}

/* The server may only send a few bytes at a time: a filter that waits for its answer sees none. */
static void play_small_window(struct run *r)
{
	r->t.window = r->s->arg;
	tcp_start(&r->t);
	if (!tcp_open(&r->t, 10 * r->patience))
		put(r, 0, r->len);
}

/* ---- QUIC ---- */

static struct quic desync_decoy;
static size_t desync_decoy_len;

/* An innocent Initial of the same connection, before the true one. */
static void make_quic_faked(struct run *r)
{
	static struct quic q;

	quic_start(&desync_decoy, r, r->innocent);
	quic_crypto(&desync_decoy, 0, desync_decoy.len);
	desync_decoy_len = quic_seal(&desync_decoy, 1200);
	quic_start(&q, r, r->name);
	memcpy(q.dcid, desync_decoy.dcid, 8);
	memcpy(q.scid, desync_decoy.scid, 8);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

static void make_quic_whole(struct run *r) /* in one Initial; arg, arg2 are of the play */
{
	static struct quic q;

	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	quic_send(&q, r, 1200);
}

static void play_quic_faked(struct run *r)
{
	datagram(r, desync_decoy.packet, desync_decoy_len, &(struct odd){ .ttl = 1 });
	settle(r);
	play_datagrams(r);
}

static void play_quic_zeros_first(struct run *r) /* arg: how far they come */
{
	static const uint8_t zeros[64];

	datagram(r, zeros, sizeof(zeros), &(struct odd){ .ttl = r->s->arg });
	settle(r);
	play_datagrams(r);
}

static void play_quic_fragments(struct run *r) /* arg: bytes of each */
{
	datagram(r, r->stream, r->len, &(struct odd){ .fragment = r->s->arg });
}

static void make_quic_longer(struct run *r) /* bytes behind the packet that belong to none */
{
	static struct quic q;
	uint8_t bytes[2048] = { 0 };
	size_t n;

	quic_start(&q, r, r->name);
	quic_crypto(&q, 0, q.len);
	n = quic_seal(&q, 1200);
	memcpy(bytes, q.packet, n);
	add_datagram(r, bytes, n + 30);
}

#endif
