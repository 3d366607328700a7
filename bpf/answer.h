/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A refused request is answered in place of the server, where that can be done cleanly: the client gets the answer and
 * the end of the connection in one segment, the server a reset. The headers are built at the start of scratch.other,
 * the answer behind them at ANSWER_AT.
 */
#ifndef ESAFE_ANSWER_H
#define ESAFE_ANSWER_H

#include "question.h"
#include "reply.h"
#include "stream.h"

#define ANSWER_AT 1024
#define ANSWER_TEXT(s, at) (&(s)->other[ANSWER_AT + ((at) & (MESSAGE_ROOM - 1))])

/* The answer to the question in scratch.message, behind its length. Returns the length of both. */
PART int answer_dns(struct scratch *s)
{
	if (!s)
		return 0;
	question_answer();
	for (__u32 i = 0; i < MESSAGE_ROOM - 8; i += 8)
		esafe_store8(ANSWER_TEXT(s, i + 2), esafe_load8(&s->message[i]));
	store2(ANSWER_TEXT(s, 0), PKT_BE16(s->message_len));
	return 2 + s->message_len;
}

/* A number below 256 in decimal, and a byte behind it. Returns the offset behind that. */
static __always_inline __u32 answer_number(struct scratch *s, __u32 at, __u32 n, __u8 behind)
{
	__u32 hundreds = n / 100, tens = n / 10 % 10;

	if (hundreds)
		*ANSWER_TEXT(s, at++) = '0' + hundreds;
	if (hundreds || tens)
		*ANSWER_TEXT(s, at++) = '0' + tens;
	*ANSWER_TEXT(s, at++) = '0' + n % 10;
	*ANSWER_TEXT(s, at++) = behind;
	return at;
}

static __always_inline void answer_words(struct scratch *s, __u32 at, const __u8 *text, __u32 words)
{
	for (__u32 i = 0; i < words; i++)
		esafe_store8(ANSWER_TEXT(s, at + i * 8), esafe_load8(text + i * 8));
}

/* "302 Found" to the address that the group's answer to blocked names has. Returns its length, 0: it has none. */
PART int answer_http(struct scratch *s)
{
	static const __u8 head[40] = "HTTP/1.1 302 Found\r\nLocation: http://";
	static const __u8 tail[48] = "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	struct esafe_policy *p = policy_get();
	const struct esafe_records *a;
	__u32 at = 37;

	if (!s || !p || !s->answer)
		return 0;
	a = &p->answers[s->answer & (ESAFE_ANSWERS - 1)].a;
	if (!a->count || a->body[3] != DNS_TYPE_A)
		return 0;
	answer_words(s, 0, head, 5);
	for (int i = 0; i < 4; i++)
		at = answer_number(s, at, a->body[12 + i], '.');
	answer_words(s, at - 1, tail, 6);
	return at - 1 + 43;
}

/* scratch.other holds the reset to the client: makes it carry `len` bytes of answer and the end of the stream. */
PART int answer_headers(struct scratch *s, __u32 len)
{
	__u32 at;
	__u64 sum;

	if (!s)
		return -1;
	at = s->pkt.l4;
	sum = csum_pseudo(&s->pkt, IPPROTO_TCP, 20 + len);
	put_be16(s->other, at + 12, 5 << 12 | TCP_FIN | TCP_PSH | TCP_ACK);
	put_be16(s->other, at + 14, 0xffff);
	put16(s->other, at + 16, 0);
	s->tail = 20 + len;
	if (finish_ip())
		return -1;
	if (s->partial) {
		put16(s->other, at + 16, csum_fold(sum));
		return 0;
	}
	for (__u32 i = 0; i < 20; i += 2)
		sum += get16(s->other, at + i);
	esafe_store8(ANSWER_TEXT(s, len), 0);
	for (__u32 i = 0; i < MESSAGE_ROOM; i += 8) {
		if (i >= len)
			break;
		sum = csum_word(sum, esafe_load8(ANSWER_TEXT(s, i)));
	}
	put16(s->other, at + 16, ~csum_fold(sum));
	return 0;
}

/* Answers the refused request, or resets the connection where there is nothing to say. Returns a TC action. */
PART int tc_answer(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	__u32 headers, len;

	if (!s)
		return TC_ACT_SHOT;
	len = s->proto == ESAFE_P_HTTP ? answer_http(s) : answer_dns(s);
	if (!len)
		return tc_reset(skb, 0);
	headers = s->pkt.l4 + 20;
	if (load_headers(skb, s->other, headers) || reset_server() || reset_client() || answer_headers(s, len) ||
	    bpf_skb_change_tail(skb, headers + len, 0) || store_headers(skb, s->other, headers) ||
	    bpf_skb_store_bytes(skb, headers, &s->other[ANSWER_AT], bounded(len, MESSAGE_ROOM), 0) ||
	    send_copy(skb, s, 0) || bpf_skb_change_tail(skb, headers, 0) ||
	    store_headers(skb, s->message, headers)) {
		count_fault();
		return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

#endif
