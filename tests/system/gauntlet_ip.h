/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Below TCP: fragments (RFC 791, RFC 8200 section 4.5), options, extension headers. */
#ifndef GAUNTLET_IP_H
#define GAUNTLET_IP_H

#include "gauntlet.h"

static void play_fragments(struct run *r) /* arg: bytes of each; arg2: how many are repeated */
{
	struct segment_odd odd = { .ip = { .fragment = r->s->arg, .overlap = r->s->arg2 } };

	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

static void play_fragments_backward(struct run *r)
{
	struct segment_odd odd = { .ip = { .fragment = r->s->arg, .order = FRAGMENTS_BACKWARD } };

	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

/* Two fragments with the innocent rest before the true one: which of them counts depends on the receiver. */
static void play_fragments_decoy(struct run *r)
{
	static uint8_t l4[STREAM_MAX + 20];
	struct segment_odd odd = { .ip = { .fragment = 120 } };

	memset(l4, 0, 20);
	memcpy(l4 + 20, r->decoy, r->len);
	odd.ip.decoy = l4;
	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

/* The SYN itself in two pieces: the flags come in the second. */
static void play_fragmented_syn(struct run *r)
{
	struct segment_odd odd = { .ip.fragment = 8 };

	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, &odd);
	while (!r->t.open && !r->t.reset && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	if (!r->t.open)
		return;
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	put(r, 0, r->len);
}

static void play_atomic(struct run *r) /* RFC 6946 */
{
	struct segment_odd odd = { .ip.atomic = 1 };

	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

static const uint8_t ipv4_options[][40] = {
	{ 1, 1, 1, 1, 1, 1, 1, 0 },                                  /* no operation */
	{ 7, 7, 4, 0, 0, 0, 0, 0 },                                  /* record route */
	{ 68, 36, 5, 0 },                                            /* timestamps, 40 bytes with what follows */
	{ 0x94, 4, 0, 0 },                                           /* router alert */
	{ 0x1e, 8, 1, 2, 3, 4, 5, 6 },                               /* unknown */
};
static const size_t ipv4_options_len[] = { 8, 8, 40, 4, 8 };

static void play_ipv4_options(struct run *r)
{
	struct segment_odd odd = { .ip.options_len = ipv4_options_len[r->s->arg] };

	memcpy(odd.ip.options, ipv4_options[r->s->arg], 40);
	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

/* arg: kind of the first extension header; arg2: how many, the others are destination options. */
static void extensions(struct odd *odd, unsigned kind, unsigned many)
{
	odd->first_extension = kind;
	for (unsigned i = 0; i < many; i++) {
		uint8_t *at = odd->extensions + i * 8;

		odd->last_kind_at = i * 8;
		at[0] = IPPROTO_DSTOPTS;
		at[1] = 0;
		memset(at + 2, 0, 6);
		if (i || kind != IPPROTO_ROUTING) {
			at[2] = 1; /* PadN */
			at[3] = 4;
		} else {
			at[2] = 4; /* segment routing without segments left; the kind that is refused is 0 */
		}
	}
	odd->extensions_len = many * 8;
}

static void play_extensions(struct run *r)
{
	struct segment_odd odd = { 0 };

	extensions(&odd.ip, r->s->arg, r->s->arg2);
	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

/* One of 264 bytes: behind what a filter looks at. */
static void play_long_extension(struct run *r)
{
	struct segment_odd odd = { .ip = { .first_extension = IPPROTO_DSTOPTS, .extensions_len = 264 } };
	uint8_t *at = odd.ip.extensions;

	at[1] = 32;
	at[2] = 0x1e; /* an option that who does not know it leaves out */
	at[3] = 255;
	at[259] = 1;
	at[260] = 3;
	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

static void play_extension_and_fragments(struct run *r)
{
	struct segment_odd odd = { .ip.fragment = 160 };

	extensions(&odd.ip, IPPROTO_DSTOPTS, 1);
	tcp_put(&r->t, r->stream, 0, r->len, &odd);
}

#endif
