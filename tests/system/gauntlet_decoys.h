/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that the server never gets or never takes, meant for a filter that reads them; and ways to open and end. */
#ifndef GAUNTLET_DECOYS_H
#define GAUNTLET_DECOYS_H

#include "gauntlet.h"

/* ---- an innocent hello that the server does not take, then the true one ---- */

static void decoy_then_true(struct run *r, const struct segment_odd *odd)
{
	put_decoy(r, 0, r->len, odd);
	settle(r);
	put(r, 0, r->len);
}

static void play_decoy_ttl(struct run *r)
{
	static const struct segment_odd odd = { .ip.ttl = 1 };

	decoy_then_true(r, &odd);
}

static void play_decoy_sum(struct run *r)
{
	static const struct segment_odd odd = { .ip.bad_sum = 1 };

	decoy_then_true(r, &odd);
}

static void play_decoy_md5(struct run *r) /* RFC 2385: a signature where none was agreed on */
{
	static const struct segment_odd odd = { .options = { 1, 1, 19, 18 }, .options_len = 20 };

	decoy_then_true(r, &odd);
}

static void play_decoy_stamp(struct run *r)
{
	static const struct segment_odd odd = { .old_stamp = 1 };

	decoy_then_true(r, &odd);
}

static void decoy_segment(struct run *r, unsigned flags, uint32_t seq, uint32_t ack)
{
	tcp_segment(&r->t, flags, seq, ack, r->decoy, r->len < MINITCP_MSS ? r->len : MINITCP_MSS, NULL);
	settle(r);
	put(r, 0, r->len);
}

static void play_decoy_seq(struct run *r) { decoy_segment(r, T_ACK | T_PSH, r->t.first + r->s->arg, r->t.rcv); }
static void play_decoy_ack(struct run *r) { decoy_segment(r, T_ACK | T_PSH, r->t.first, r->t.rcv + r->s->arg); }
static void play_decoy_flags(struct run *r) { decoy_segment(r, r->s->arg, r->t.first, r->t.rcv); }

/* The true hello in a segment that says less, or more, than it should: with these flags. */
static void play_true_flags(struct run *r)
{
	tcp_segment(&r->t, r->s->arg, r->t.first, r->t.rcv, r->stream, r->len, NULL);
}

/* ---- an end or a new start that the server does not see ---- */

static void play_decoy_end(struct run *r) /* arg: flags, arg2: how far from the right place */
{
	struct segment_odd dies = { .ip.ttl = !r->s->arg2 };

	tcp_segment(&r->t, r->s->arg, r->t.first + r->s->arg2, r->t.rcv, NULL, 0, &dies);
	settle(r);
	r->t.reset = 0;
	put(r, 0, r->len);
}

static void play_decoy_end_sum(struct run *r)
{
	struct segment_odd odd = { .ip.bad_sum = 1 };

	tcp_segment(&r->t, r->s->arg, r->t.first, r->t.rcv, NULL, 0, &odd);
	settle(r);
	put(r, 0, r->len);
}

/* An innocent hello is begun, the end of the connection feigned, the hello goes on otherwise. */
static void play_end_in_middle(struct run *r)
{
	struct segment_odd dies = { .ip.ttl = 1 };
	size_t mid = place(r, MID_NAME);

	put(r, 0, mid);
	settle(r);
	tcp_segment(&r->t, r->s->arg, r->t.first + mid, r->t.rcv, NULL, 0, &dies);
	put(r, mid, r->len);
}

/* Another SYN on the open connection: the filter could begin anew. */
static void play_second_syn(struct run *r)
{
	struct segment_odd odd = { .ip.ttl = r->s->arg2 };
	const uint8_t *data = r->s->flags & INERT ? r->decoy : NULL;

	tcp_segment(&r->t, T_SYN, r->t.first - 1 + r->s->arg, 0, data, data ? 200 : 0, &odd);
	settle(r);
	put(r, 0, r->len);
}

/* ---- opening ---- */

static void play_with_ack(struct run *r) /* the third segment carries the hello */
{
	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, NULL);
	while (!r->t.open && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	put(r, 0, r->len);
}

static void play_syn_twice(struct run *r) /* two SYNs of different numbers: the server takes the first or the last */
{
	uint32_t other;

	tcp_start(&r->t);
	other = r->t.first - 1 + r->s->arg;
	tcp_segment(&r->t, T_SYN, other, 0, NULL, 0, &(struct segment_odd){ .ip.ttl = 1 });
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, NULL);
	while (!r->t.open && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	tcp_segment(&r->t, T_SYN, other, 0, NULL, 0, &(struct segment_odd){ .ip.ttl = 1 });
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	put(r, 0, r->len);
}

/* Ended by the client and opened again at once, from the same port; arg2: and by the same number. */
static void play_reopened(struct run *r)
{
	uint32_t first;

	tcp_start(&r->t);
	first = r->t.first;
	if (tcp_open(&r->t, 10 * r->patience))
		return;
	put_decoy(r, 0, r->len, NULL);
	settle(r);
	tcp_segment(&r->t, T_RST | T_ACK, r->t.una, r->t.rcv, NULL, 0, NULL);
	settle(r);
	tcp_start(&r->t);
	if (r->s->arg2)
		r->t.una = r->t.first = first;
	if (tcp_open(&r->t, 10 * r->patience))
		return;
	put(r, 0, r->len);
}

/* The client answers the server's SYN-ACK as if the server had opened the connection. */
static void play_split(struct run *r)
{
	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, NULL, 0, NULL);
	while (!r->t.open && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	tcp_segment(&r->t, T_SYN | T_ACK, r->t.first - 1, r->t.rcv, NULL, 0, NULL);
	settle(r);
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	put(r, 0, r->len);
}

/* A segment of the server's, feigned: the client sends it to itself through the gateway. */
static void feign(struct run *r, unsigned flags, uint32_t seq, uint32_t ack)
{
	static const struct odd plain;
	struct wire back = r->t.w;
	uint8_t l4[20] = { 0 };

	memcpy(back.src, r->t.w.dst, 16);
	memcpy(back.dst, r->t.w.src, 16);
	wire_put16(l4, r->t.dport);
	wire_put16(l4 + 2, r->t.sport);
	wire_put32(l4 + 4, seq);
	wire_put32(l4 + 8, ack);
	l4[12] = 0x50;
	l4[13] = flags;
	wire_put16(l4 + 14, 0xfaf0);
	wire_l4_sum(&back, IPPROTO_TCP, l4, 20, 16, &plain);
	wire_send(&back, IPPROTO_TCP, l4, 20, &plain);
	settle(r);
}

/* An innocent hello is lost behind the gateway, but acknowledged: the filter could take it for the one that counts. */
static void play_feigned_answer(struct run *r)
{
	put_decoy(r, 0, r->len, &(struct segment_odd){ .ip.ttl = 1 });
	settle(r);
	feign(r, T_ACK, r->t.rcv, r->t.first + r->len);
	r->t.una = r->t.first;
	put(r, 0, r->len);
}

/* As if the connection had come from outside. */
static void feign_inbound(struct run *r)
{
	uint32_t rcv = r->t.rcv;
	int open = r->t.open;

	feign(r, T_SYN, 77, 0);
	tcp_segment(&r->t, T_SYN | T_ACK, r->t.first - 1, 78, NULL, 0, &(struct segment_odd){ .ip.ttl = 1 });
	settle(r);
	r->t.reset = 0;
	r->t.open = open;
	r->t.rcv = rcv;
}

static void play_feigned_inbound(struct run *r)
{
	tcp_start(&r->t);
	feign_inbound(r);
	if (tcp_open(&r->t, 10 * r->patience))
		return;
	put(r, 0, r->len);
}

/* ---- so many connections that the filter must forget old ones ---- */

#define FLOOD_AT_ONCE 64

static void flood(struct run *r, long many)
{
	static uint8_t frames[FLOOD_AT_ONCE][80];
	struct mmsghdr messages[FLOOD_AT_ONCE] = { 0 };
	struct iovec io[FLOOD_AT_ONCE];
	static const struct odd plain;
	struct wire w = r->t.w;

	w.dst[w.family == 4 ? 0 : 2] ^= 0x40; /* no route leads there: only the filter sees them */
	for (int i = 0; i < FLOOD_AT_ONCE; i++) {
		io[i] = (struct iovec){ frames[i], w.family == 4 ? 54 : 74 };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &io[i], .msg_iovlen = 1 };
	}
	for (long done = 0; done < many; done += FLOOD_AT_ONCE) {
		for (int i = 0; i < FLOOD_AT_ONCE; i++) {
			uint8_t *l4 = frames[i] + 14;

			memset(frames[i], 0, 80);
			wire_put32(l4, rand());
			wire_put32(l4 + 4, rand());
			l4[12] = 0x50;
			l4[13] = T_SYN;
			w.dst[wire_address_len(&w) - 1] = rand();
			wire_l4_sum(&w, IPPROTO_TCP, l4, 20, 16, &plain);
			if (w.family == 4)
				wire_ipv4(&w, frames[i], IPPROTO_TCP, 20, 0, 0, &plain);
			else
				wire_ipv6(&w, frames[i], IPPROTO_TCP, 20, 0, 0, &plain);
			wire_frame(&w, frames[i]);
		}
		if (sendmmsg(w.fd, messages, FLOOD_AT_ONCE, 0) < 0)
			perror("flood");
	}
}

static void play_flood(struct run *r) /* arg: how much of the hello stands before it */
{
	size_t at = place(r, r->s->arg);

	put(r, 0, at);
	if (!r->turn++)
		flood(r, r->flood);
	put(r, at, r->len);
}

static void play_flood_feigned(struct run *r)
{
	if (!r->turn++) {
		flood(r, r->flood);
		feign_inbound(r);
	}
	put(r, 0, r->len);
}

/* ---- data in the SYN (RFC 7413) ---- */

static size_t syn_options(struct run *r, uint8_t *options, int with_cookie)
{
	memcpy(options, "\2\4\5\x64", 4);
	options[4] = 34;
	options[5] = 2 + (with_cookie ? r->t.cookie_len : 0);
	memcpy(options + 6, r->t.cookie, options[5] - 2);
	memset(options + 4 + options[5], 1, 4);
	return (4 + options[5] + 3) / 4 * 4;
}

static void syn_data(struct run *r, const uint8_t *bytes, size_t len, int with_cookie, const struct odd *ip)
{
	struct segment_odd odd = { 0 };

	if (ip)
		odd.ip = *ip;
	odd.options_len = syn_options(r, odd.options, with_cookie);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, bytes, len, &odd);
}

/* A first connection only for the cookie. */
static void fetch_cookie(struct run *r)
{
	uint8_t cookie[16];
	size_t len;

	r->t.sport++;
	tcp_start(&r->t);
	syn_data(r, NULL, 0, 0, NULL);
	while (!r->t.open && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	tcp_segment(&r->t, T_RST | T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	settle(r);
	len = r->t.cookie_len;
	memcpy(cookie, r->t.cookie, 16);
	r->t.sport--;
	tcp_start(&r->t);
	r->t.cookie_len = len;
	memcpy(r->t.cookie, cookie, 16);
}

static void after_syn_data(struct run *r, size_t sent)
{
	while (!r->t.open && !r->t.reset && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	if (!r->t.open)
		return;
	tcp_segment(&r->t, T_ACK, r->t.una, r->t.rcv, NULL, 0, NULL);
	put(r, r->t.una - r->t.first > sent ? sent : r->t.una - r->t.first, r->len);
}

static void play_syn_data(struct run *r) /* arg: how much of it in the SYN; arg2: with a cookie */
{
	size_t n = place(r, r->s->arg);

	tcp_start(&r->t);
	if (r->s->arg2)
		fetch_cookie(r);
	syn_data(r, r->stream, n, !!r->s->arg2, NULL);
	after_syn_data(r, n);
}

/* The innocent name in a SYN that is lost, or whose data the server does not take, then the other. */
static void play_syn_decoy(struct run *r)
{
	struct odd dies = { .ttl = r->s->arg };

	tcp_start(&r->t);
	if (r->s->arg2)
		fetch_cookie(r);
	syn_data(r, r->decoy, r->len, !!r->s->arg2, &dies);
	settle(r);
	syn_data(r, r->stream, r->len, !!r->s->arg2, NULL);
	after_syn_data(r, r->len);
}

static void play_syn_ignored(struct run *r) /* without a cookie the server drops the data: the stream begins anew */
{
	tcp_start(&r->t);
	tcp_segment(&r->t, T_SYN, r->t.first - 1, 0, r->decoy, r->len, NULL);
	while (!r->t.open && !r->t.reset && tcp_wait(&r->t, now_ms() + 20 * r->patience))
		;
	if (!r->t.open)
		return;
	tcp_segment(&r->t, T_ACK, r->t.first, r->t.rcv, NULL, 0, NULL);
	put(r, 0, r->len);
}

#endif
