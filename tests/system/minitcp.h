/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of TCP (RFC 9293), of the least kind: it opens a connection and takes what the server sends. What
 * goes out, and in which order, is said by the caller, segment by segment.
 */
#ifndef MINITCP_H
#define MINITCP_H

#include "wire.h"

#define T_FIN 1
#define T_SYN 2
#define T_RST 4
#define T_PSH 8
#define T_ACK 16
#define T_URG 32

#define MINITCP_MSS 1380
#define MINITCP_IN 32768

struct tcp {
	struct wire w;
	unsigned sport, dport;
	uint32_t first;      /* sequence number of the first byte of the stream */
	uint32_t una;        /* what the server waits for */
	uint32_t rcv;        /* what is waited for from the server */
	int open, reset, ended;
	uint16_t window;     /* how much the server may send; 0: a lot */
	int stamps;          /* send timestamps (RFC 7323) */
	uint32_t stamp, stamp_in;
	uint8_t cookie[16];  /* Fast Open (RFC 7413) */
	size_t cookie_len;
	uint8_t in[MINITCP_IN];
	size_t in_len;
};

/* What is odd about a segment; all zero: nothing. */
struct segment_odd {
	struct odd ip;
	uint16_t urgent;
	uint8_t options[40];
	size_t options_len;
	int old_stamp;
	uint8_t offset, reserved; /* where the data begins as the header says it, in words (0: the truth); bits beside it */
};

static inline size_t tcp_stamp(const struct tcp *t, uint8_t *at, int old)
{
	if (!t->stamps)
		return 0;
	memcpy(at, "\1\1\x8\xa", 4);
	wire_put32(at + 4, t->stamp - (old ? 1000000 : 0));
	wire_put32(at + 8, t->stamp_in);
	return 12;
}

static inline void tcp_segment(struct tcp *t, unsigned flags, uint32_t seq, uint32_t ack, const uint8_t *bytes,
			       size_t len, const struct segment_odd *odd)
{
	static const struct segment_odd plain;
	uint8_t l4[WIRE_ROOM];
	size_t header = 20;

	if (!odd)
		odd = &plain;
	memset(l4, 0, 20);
	header += tcp_stamp(t, l4 + header, odd->old_stamp);
	memcpy(l4 + header, odd->options, odd->options_len);
	header += odd->options_len;
	wire_put16(l4, t->sport);
	wire_put16(l4 + 2, t->dport);
	wire_put32(l4 + 4, seq);
	wire_put32(l4 + 8, ack);
	l4[12] = (odd->offset ? odd->offset : header / 4) << 4 | odd->reserved;
	l4[13] = flags | (odd->urgent ? T_URG : 0);
	wire_put16(l4 + 14, t->window ? t->window : 0xfaf0);
	wire_put16(l4 + 18, odd->urgent);
	if (len)
		memcpy(l4 + header, bytes, len);
	wire_l4_sum(&t->w, IPPROTO_TCP, l4, header + len, 16, &odd->ip);
	wire_send(&t->w, IPPROTO_TCP, l4, header + len, &odd->ip);
}

static inline void tcp_options_in(struct tcp *t, const uint8_t *l4, size_t header)
{
	for (size_t at = 20; at + 1 < header && l4[at];) {
		size_t len = l4[at] == 1 ? 1 : l4[at + 1];

		if (!len || at + len > header)
			return;
		if (l4[at] == 8 && len == 10)
			t->stamp_in = wire_get32(l4 + at + 2);
		if (l4[at] == 34 && len > 2 && len <= 18) {
			t->cookie_len = len - 2;
			memcpy(t->cookie, l4 + at + 2, t->cookie_len);
		}
		at += len;
	}
}

/* A segment of the server's. */
static inline void tcp_in(struct tcp *t, const uint8_t *l4, size_t len)
{
	size_t header = (l4[12] >> 4) * 4, n = len - header;
	unsigned flags = l4[13];
	uint32_t seq = wire_get32(l4 + 4), ack = wire_get32(l4 + 8);

	if (header < 20 || header > len)
		return;
	tcp_options_in(t, l4, header);
	if (flags & T_RST) {
		t->reset = 1;
		return;
	}
	if (flags & T_ACK && (int32_t)(ack - t->una) > 0)
		t->una = ack;
	if (flags & T_SYN) {
		t->rcv = seq + 1;
		t->open = 1;
		return;
	}
	if (!n && !(flags & T_FIN))
		return;
	if (seq == t->rcv && t->in_len + n <= MINITCP_IN) {
		memcpy(t->in + t->in_len, l4 + header, n);
		t->in_len += n;
		t->rcv += n + !!(flags & T_FIN);
		t->ended |= !!(flags & T_FIN);
	}
	tcp_segment(t, T_ACK, t->una, t->rcv, NULL, 0, NULL);
}

/* Takes what comes until `deadline`, or until one segment for us came. 1: it did. */
static inline int tcp_wait(struct tcp *t, double deadline)
{
	static uint8_t frame[WIRE_ROOM];
	struct pollfd p = { .fd = t->w.fd, .events = POLLIN };

	for (;;) {
		double left = deadline - now_ms();
		const uint8_t *l4;
		size_t len;
		ssize_t n;

		if (poll(&p, 1, left > 0 ? left + 1 : 0) <= 0)
			return 0;
		n = recv(t->w.fd, frame, sizeof(frame), MSG_DONTWAIT);
		l4 = wire_read(&t->w, frame, n, IPPROTO_TCP, &len);
		if (l4 && len >= 20 && wire_get16(l4) == t->dport && wire_get16(l4 + 2) == t->sport) {
			tcp_in(t, l4, len);
			return 1;
		}
		if (left < 0)
			return 0;
	}
}

static inline void tcp_start(struct tcp *t)
{
	t->una = t->first = rand() * 2654435761U;
	t->open = t->reset = t->ended = 0;
	t->in_len = t->cookie_len = 0;
	t->stamp = 5000000;
}

/* Bytes `from` to `to` of a stream, in segments of a usual size. */
static inline void tcp_put(struct tcp *t, const uint8_t *stream, size_t from, size_t to, const struct segment_odd *odd)
{
	while (from < to) {
		size_t n = to - from < MINITCP_MSS ? to - from : MINITCP_MSS;

		tcp_segment(t, T_ACK | T_PSH, t->first + from, t->rcv, stream + from, n, odd);
		from += n;
	}
}

/* The three segments that open a connection. */
static inline int tcp_open(struct tcp *t, int wait_ms)
{
	for (int tries = 0; tries < 4 && !t->open && !t->reset; tries++) {
		double deadline = now_ms() + wait_ms;

		tcp_segment(t, T_SYN, t->first - 1, 0, NULL, 0, NULL);
		while (!t->open && !t->reset && tcp_wait(t, deadline))
			;
	}
	if (t->open)
		tcp_segment(t, T_ACK, t->first, t->rcv, NULL, 0, NULL);
	return t->open ? 0 : -ETIMEDOUT;
}

static inline void tcp_abort(struct tcp *t)
{
	if (t->open && !t->reset)
		tcp_segment(t, T_RST | T_ACK, t->una, t->rcv, NULL, 0, NULL);
}

#endif
