/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts, order, overlaps, repetition and places outside the window: one stream, brought in many shapes. */
#ifndef GAUNTLET_SHAPES_H
#define GAUNTLET_SHAPES_H

#include "gauntlet.h"

/* Places in the stream that do not depend on the name's length. */
enum { AT_NAME = 10000, MID_NAME, END_NAME, HALF, LAST };

static inline size_t place(const struct run *r, long at)
{
	switch (at) {
	case AT_NAME:
		return r->name_at;
	case MID_NAME:
		return r->name_at + strlen(r->name) / 2;
	case END_NAME:
		return name_end(r);
	case HALF:
		return r->len / 2;
	case LAST:
		return r->len - 1;
	default:
		return at;
	}
}

static void play_whole(struct run *r) { put(r, 0, r->len); }

/* ---- cuts ---- */

static void play_cut(struct run *r)
{
	size_t first = place(r, r->s->arg), second = r->s->arg2 ? place(r, r->s->arg2) : first;

	put(r, 0, first);
	put(r, first, second);
	put(r, second, r->len);
}

static void play_each(struct run *r) /* so many bytes at a time */
{
	for (size_t at = 0; at < r->len; at += r->s->arg)
		put(r, at, at + r->s->arg);
}

static void play_each_of_name(struct run *r)
{
	put(r, 0, r->name_at);
	for (size_t at = r->name_at; at < name_end(r); at++)
		put(r, at, at + 1);
	put(r, name_end(r), r->len);
}

/* The next piece only when the server has acknowledged the one before. */
static void play_slowly(struct run *r)
{
	for (size_t at = 0; at < r->len; at += r->s->arg) {
		put(r, at, at + r->s->arg);
		settle(r);
	}
}

/* ---- order ---- */

#define PIECES 12

static void play_order(struct run *r, int (*which)(int))
{
	size_t size = (r->len + PIECES - 1) / PIECES;

	for (int i = 0; i < PIECES; i++)
		put(r, which(i) * size, (which(i) + 1) * size);
}

static int reverse(int i) { return PIECES - 1 - i; }
static int odd_even(int i) { return i < PIECES / 2 ? i * 2 + 1 : (i - PIECES / 2) * 2; }
static int shuffled(int i) { return (i * 5 + 3) % PIECES; }
static int pairs(int i) { return i ^ 1; }
static void play_reverse(struct run *r) { play_order(r, reverse); }
static void play_odd_even(struct run *r) { play_order(r, odd_even); }
static void play_shuffled(struct run *r) { play_order(r, shuffled); }
static void play_pairs(struct run *r) { play_order(r, pairs); }

/* From `arg` on first, then what stands before it. */
static void play_tail_first(struct run *r)
{
	size_t at = place(r, r->s->arg);

	put(r, at, r->len);
	settle(r);
	put(r, 0, at);
}

/* ---- overlaps ---- */

/* Each piece repeats half of the one before, with the same bytes. */
static void play_overlap_same(struct run *r)
{
	for (size_t at = 0; at < r->len; at += 40)
		put(r, at, at + 80);
}

/* A piece with other bytes arrives ahead, then the true one over it: the server keeps the first or the last. */
static void play_decoy_ahead(struct run *r)
{
	put_decoy(r, place(r, r->s->arg), place(r, r->s->arg2), NULL);
	settle(r);
	put(r, 0, r->len);
}

static void play_true_ahead(struct run *r)
{
	put(r, place(r, r->s->arg), place(r, r->s->arg2));
	settle(r);
	put_decoy(r, 0, r->len, NULL);
}

/* In order, but what was sent last is sent again with other bytes in front of the rest. */
static void play_decoy_behind(struct run *r)
{
	size_t mid = place(r, MID_NAME);

	put(r, 0, mid);
	put_decoy(r, r->name_at, r->len, NULL);
	put(r, mid, r->len);
}

static void play_true_behind(struct run *r)
{
	size_t mid = place(r, MID_NAME);

	put_decoy(r, 0, mid, NULL);
	put(r, r->name_at, r->len);
	put_decoy(r, mid, r->len, NULL);
}

/* One byte less than all of it, with the innocent name; then all of it with the other. */
static void play_decoy_all_but_first(struct run *r)
{
	put_decoy(r, 1, r->len, NULL);
	put(r, 0, r->len);
}

/* ---- repeated ---- */

static void play_twice(struct run *r)
{
	put(r, 0, r->len);
	put(r, 0, r->len);
}

/* The decoy is lost behind the gateway; what is repeated has other bytes. */
static void play_repeat_differs(struct run *r)
{
	static const struct segment_odd dies = { .ip.ttl = 1 };

	put_decoy(r, place(r, r->s->arg), r->len, &dies);
	settle(r);
	put(r, 0, r->len);
}

/* An innocent hello is judged, allowed and lost; with its record's rest a second one. */
static void play_decoy_then_longer(struct run *r)
{
	static const struct segment_odd dies = { .ip.ttl = 1 };

	put_decoy(r, 0, r->len, &dies);
	put_decoy(r, 0, r->len, &dies);
	settle(r);
	for (size_t at = 0; at < r->len; at += 100)
		put(r, at, at + 100);
}

/* ---- the window ---- */

static void play_at_offset(struct run *r)
{
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first + r->s->arg, r->t.rcv, r->decoy, r->len, NULL);
	settle(r);
	put(r, 0, r->len);
}

/* One byte of nonsense before the stream, in the same segment as its start. */
static void play_straddling(struct run *r)
{
	uint8_t bytes[STREAM_MAX];

	memset(bytes, 'x', r->s->arg);
	memcpy(bytes + r->s->arg, r->stream, r->len);
	tcp_segment(&r->t, T_ACK | T_PSH, r->t.first - r->s->arg, r->t.rcv, bytes, r->len + r->s->arg, NULL);
}

/* A probe as keep-alive sends it (RFC 9293 section 3.8.4): one old byte. */
static void play_keepalive(struct run *r)
{
	tcp_segment(&r->t, T_ACK, r->t.first - 1, r->t.rcv, (const uint8_t *)"x", 1, NULL);
	put(r, 0, place(r, MID_NAME));
	settle(r);
	tcp_segment(&r->t, T_ACK, r->t.una - 1, r->t.rcv, (const uint8_t *)"x", 1, NULL);
	put(r, place(r, MID_NAME), r->len);
}

/* ---- urgent data ---- */

static void play_urgent(struct run *r)
{
	struct segment_odd odd = { .urgent = 1 };
	size_t at = place(r, r->s->arg);

	put(r, 0, at);
	tcp_put(&r->t, r->stream, at, r->len, &odd);
}

/* A byte more in the name, which the server's program does not see: it is the urgent one. */
static void play_urgent_byte(struct run *r)
{
	struct segment_odd odd = { .urgent = 1 };
	uint8_t more[STREAM_MAX];
	size_t at = place(r, r->s->arg);

	memcpy(more, r->stream, at);
	more[at] = 'x';
	memcpy(more + at + 1, r->stream + at, r->len - at);
	tcp_put(&r->t, more, 0, at, NULL);
	tcp_put(&r->t, more, at, at + 1, &odd);
	tcp_put(&r->t, more, at + 1, r->len + 1, NULL);
}

static void play_urgent_flag(struct run *r) /* the flag alone, its pointer is zero */
{
	tcp_segment(&r->t, T_ACK | T_PSH | T_URG, r->t.first, r->t.rcv, r->stream, r->len, NULL);
}

#endif
