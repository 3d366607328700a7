/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages (RFC 1035 section 4, EDNS of RFC 6891, extended errors of RFC 8914):
 *
 *   header    id 2 | flags 2 | QDCOUNT 2 | ANCOUNT 2 | NSCOUNT 2 | ARCOUNT 2
 *   question  name | type 2 | class 2
 *   OPT       name 0 | type 41 | UDP size 2 | extended RCODE 1 | version 1 | DO and zeros 2 | length 2 | options
 */
#ifndef ESAFE_DNS_H
#define ESAFE_DNS_H

#include <linux/types.h>
#include "bytes.h"
#include "esafe/abi.h"
#include "esafe/hash.h"

#define DNS_HEADER 12
#define DNS_ELSEWHERE 2048 /* longer than any question over TCP to another port than 53 may be */
#define DNS_TOP_MAX 40     /* bytes of a top-level label that are believed: there are 24 */
#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28
#define DNS_TYPE_SVCB 64
#define DNS_TYPE_HTTPS 65
#define DNS_TYPE_OPT 41
#define DNS_FORMERR 1
#define DNS_SERVFAIL 2
#define DNS_NXDOMAIN 3
#define DNS_REPLY_EXTRA (ESAFE_ANSWER_BODY + 34 + 48) /* longest answer, SOA and OPT behind a question */

struct dns_question {
	__u32 end;     /* offset of the byte behind the question */
	__u16 qtype, qclass;
	__u8 has_opt;
	__u8 dnssec_ok;
	__u8 pad[2];
};

#define DNS_MASK 1023 /* of the buffer that holds a message, a power of two less one */
#define DNS_AT(msg, i) ((msg)[(i) & DNS_MASK])
#define DNS_U16(msg, i) __builtin_bswap16(load2(&DNS_AT(msg, i)))

/* Is this the header of one question? (QR 0, QDCOUNT 1; any opcode: UPDATE and NOTIFY name a zone there.) */
static __always_inline int dns_header_ok(const __u8 *msg, __u32 len)
{
	return len >= DNS_HEADER && !(DNS_AT(msg, 2) & 0x80) && DNS_U16(msg, 4) == 1;
}

/*
 * Does a datagram to any other port begin like a plain question: a query without records before the additional section,
 * no bit set that only an answer has, and at most an OPT? One in some 2^70 random datagrams does.
 */
static __always_inline int dns_header_plain(const __u8 *msg)
{
	return !(msg[2] & 0xfe) && !(msg[3] & 0x8f) && !msg[4] && msg[5] == 1 && !msg[6] && !msg[7] && !msg[8] && !msg[9] &&
	       !msg[10] && msg[11] <= 1;
}

/*
 * May a resolver answer it all the same? They overlook most of the header: what must be there is no answer, asks
 * (opcode 0), and has one question or more. dns_names_site() says whether it is one.
 */
static __always_inline int dns_header_asks(const __u8 *msg)
{
	return !(msg[2] & 0xf8) && (msg[4] | msg[5]);
}

/* The same, and two labels of a name at the most as long as labels are; the first 77 bytes must be readable. */
static __always_inline int dns_may_ask(const __u8 *msg)
{
	return dns_header_plain(msg) || (dns_header_asks(msg) && msg[12] - 1U < 63 && msg[13 + (msg[12] & 63)] < 64);
}

static __always_inline int dns_is_ldh(__u8 c)
{
	return (__u8)((c | 32) - 'a') < 26 || (__u8)(c - '0') < 10 || c == '-';
}

/*
 * Is it the question for a site: of the Internet, with a top-level label as there are, two letters or more? With the
 * header, 39 bits of a datagram at random say so, and bytes that stand for anything else hardly ever.
 */
static __always_inline int dns_names_site(const struct esafe_name *name, const struct dns_question *q)
{
	if (name->len < 4 || (q->qclass != 1 && q->qclass != 255))
		return 0;
	for (__u32 i = 0; i < DNS_TOP_MAX + 1; i++) {
		__u8 c = name->wire[(name->len - 2 - i) & (ESAFE_WIRE_ROOM - 1)];

		if (!dns_is_ldh(c)) /* the length, which is less than any of those */
			return i >= 2 && c == i;
	}
	return 0;
}

/*
 * Does a stream to another port than 53 begin like DNS over TCP (RFC 7766 section 8): a length that questions have, and
 * the header of a question with nothing but one question and at most three additional records? 68 bits say so. 1, 0,
 * or -1: so far. DNS_ELSEWHERE is in the first of them.
 */
static __always_inline int dns_begins(const __u8 *m, __u32 len)
{
	static const __u8 matter[14] = { 0xf8, 0, 0, 0, 0xf8, 0, 255, 255, 255, 255, 255, 255, 255, 0xfc };

	if (len > 1 && (m[0] << 8 | m[1]) < DNS_HEADER + 5)
		return 0;
	for (__u32 i = 0; i < sizeof(matter); i++) {
		if (i >= len)
			return -1;
		if ((m[i] & matter[i]) != (i == 7))
			return 0;
	}
	return 1;
}

/*
 * What follows the name of a question, which takes name_len bytes from offset 12 on. `len` bytes are in view. Returns
 * 0, or -1 if the question is cut short; *q is then unchanged.
 */
static __always_inline int dns_question_rest(const __u8 *msg, __u32 len, __u32 name_len, struct dns_question *q)
{
	__u32 at = DNS_HEADER + name_len, end = at + 4;

	if (end > len)
		return -1;
	q->qtype = DNS_U16(msg, at);
	q->qclass = DNS_U16(msg, at + 2);
	q->end = end;
	q->has_opt = q->dnssec_ok = 0;
	/* with no other record before it, OPT is the first of the additional section */
	if (!DNS_U16(msg, 6) && !DNS_U16(msg, 8) && DNS_U16(msg, 10) && end + 11 <= len && !DNS_AT(msg, end) &&
	    DNS_U16(msg, end + 1) == DNS_TYPE_OPT) {
		q->has_opt = 1;
		q->dnssec_ok = DNS_AT(msg, end + 7) >> 7;
	}
	return 0;
}

static __always_inline void dns_put16(__u8 *msg, __u32 at, __u32 value)
{
	store2(&DNS_AT(msg, at), __builtin_bswap16(value));
}

static __always_inline void dns_put32(__u8 *msg, __u32 at, __u32 value)
{
	store4(&DNS_AT(msg, at), __builtin_bswap32(value));
}

/* `words` times eight bytes; what is too much is written over by what follows. */
static __always_inline void dns_put_words(__u8 *msg, __u32 at, const __u8 *from, __u32 words)
{
	for (__u32 i = 0; i < words; i++)
		esafe_store8(&DNS_AT(msg, at + i * 8), esafe_load8(from + i * 8));
}

/* Makes the header of a question that of its answer: QR, RA and the code; opcode, RD and CD stay (RFC 6840 5.6). */
static __always_inline void dns_answer_header(__u8 *msg, __u32 rcode, __u32 ancount, __u32 nscount, __u32 arcount)
{
	msg[2] = (msg[2] & 0x79) | 0x80;
	msg[3] = (msg[3] & 0x10) | 0x80 | rcode;
	dns_put16(msg, 6, ancount);
	dns_put16(msg, 8, nscount);
	dns_put16(msg, 10, arcount);
}

/* The SOA that lets a resolver keep a negative answer for `ttl` seconds (RFC 2308). Returns its length. */
static __always_inline __u32 dns_put_soa(__u8 *msg, __u32 at, __u32 ttl)
{
	static const __u8 soa[40] = {
		0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, /* owner, type, class, TTL, length */
		0, 0,                                    /* MNAME, RNAME: the root */
		0, 0, 0, 1, 0, 0, 0x0e, 0x10,            /* SERIAL, REFRESH */
		0, 0, 2, 0x58, 0, 1, 0x51, 0x80,         /* RETRY, EXPIRE */
	};

	dns_put_words(msg, at, soa, 5);
	dns_put32(msg, at + 6, ttl);
	dns_put32(msg, at + 30, ttl); /* MINIMUM */
	return 34;
}

/* The OPT of an answer, with an extended error unless it is ESAFE_NO_EDE. Returns its length. */
static __always_inline __u32 dns_put_opt(__u8 *msg, __u32 at, __u32 dnssec_ok, __u32 ede)
{
	static const __u8 opt[40] = {
		0, 0, DNS_TYPE_OPT, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 6 + 21, /* name, type, size, flags, length */
		0, 15, 0, 2 + 21, 0, 0, /* OPTION-CODE, OPTION-LENGTH, INFO-CODE */
		'b', 'l', 'o', 'c', 'k', 'e', 'd', ' ', 'b', 'y', ' ', 't', 'h', 'e', ' ', 's', 'c', 'h', 'o', 'o', 'l',
	};

	dns_put_words(msg, at, opt, 5);
	dns_put16(msg, at + 7, dnssec_ok ? 0x8000 : 0);
	if (ede == ESAFE_NO_EDE) {
		dns_put16(msg, at + 9, 0);
		return 11;
	}
	dns_put16(msg, at + 15, ede);
	if (ede < 15 || ede > 17) { /* not Blocked, Censored or Filtered: the code alone */
		dns_put16(msg, at + 9, 6);
		dns_put16(msg, at + 13, 2);
		return 11 + 6;
	}
	return 11 + 6 + 21;
}

/* The records of a compiled answer behind the question. Returns their length. */
static __always_inline __u32 dns_put_records(__u8 *msg, __u32 at, const struct esafe_records *records)
{
	__u32 len = records->len <= ESAFE_ANSWER_BODY ? records->len : 0;

	for (__u32 i = 0; i < ESAFE_ANSWER_BODY / 8; i++)
		esafe_store8(&msg[(at & 511) + i * 8], esafe_load8(&records->body[i * 8]));
	for (__u32 i = 0; i < 8; i++) {
		if (i >= records->fix)
			break;
		dns_put16(msg, at + records->fix_first + i * records->fix_step, 0xc000 | (at + 12));
	}
	return len;
}

/*
 * Makes the question in `msg` its answer, in place. The buffer has MESSAGE_ROOM bytes; q->end is below 512. `answer` 0:
 * no data, no error. Returns the new length.
 */
static __always_inline __u32 dns_answer(__u8 *msg, const struct dns_question *q, const struct esafe_answer *answer,
					__u32 ttl)
{
	__u32 at = q->end, count = 0, rcode = 0, ede = ESAFE_NO_EDE, negative = 1;

	if (answer) {
		const struct esafe_records *records = 0;

		rcode = answer->rcode & 15;
		ede = answer->ede;
		if (q->qtype == DNS_TYPE_A)
			records = &answer->a;
		else if (q->qtype == DNS_TYPE_AAAA)
			records = &answer->aaaa;
		if (records && records->count) {
			at += dns_put_records(msg, at, records);
			count = records->count;
			negative = 0;
		}
	}
	if (negative && (rcode == 0 || rcode == DNS_NXDOMAIN))
		at += dns_put_soa(msg, at, ttl);
	else
		negative = 0;
	dns_answer_header(msg, rcode, count, negative, q->has_opt);
	if (q->has_opt)
		at += dns_put_opt(msg, at, q->dnssec_ok, ede);
	return at;
}

/* Makes a message that is not a proper question "format error", header only. */
static __always_inline __u32 dns_format_error(__u8 *msg)
{
	dns_put16(msg, 4, 0);
	dns_answer_header(msg, DNS_FORMERR, 0, 0, 0);
	return DNS_HEADER;
}

#endif
