/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a DNS message (RFC 1035 section 4.1.3) and the names in them (section 4.1.4):
 *
 *   record   name | type 2 | class 2 | TTL 4 | RDLENGTH 2 | RDATA
 *   name     labels, ended by a zero byte or by a pointer 11oooooo oooooooo to an earlier name
 *
 * A pointer may only lead backwards, before the name or the part of a name that it stands in: no chain of them ends
 * where it began.
 */
#ifndef ESAFE_RECORDS_H
#define ESAFE_RECORDS_H

#include "dns.h"
#include "part.h"

#define DNS_TYPE_CNAME 5
#define DNS_EXPAND_STEPS 144 /* labels and pointers of one name */

#define MESSAGE_MASK 16383 /* of the longest message that is read, a power of two less one */
#define MESSAGE_AT(m, i) ((m)->byte[(i) & MESSAGE_MASK])
#define MESSAGE_U16(m, i) __builtin_bswap16(load2(&MESSAGE_AT(m, i)))

/* Eight bytes may be read from any offset. What stands behind its length does not matter. */
struct dns_message {
	__u8 byte[MESSAGE_MASK + 1 + 16];
};

struct dns_records {
	__u32 len;   /* bytes of the message in view */
	__u32 at;    /* next record */
	__u32 left;  /* records still to come */
	__u32 type, rdata, rdata_len; /* of the one that was read */
	__u32 question_end, qtype;
};

/* Offset behind the name at `at`, whose pointer is not followed; 0: it is not one. */
static __always_inline __u32 dns_skip_name(const struct dns_message *m, __u32 len, __u32 at)
{
	for (int i = 0; i <= ESAFE_LABELS_MAX; i++) {
		__u32 label;

		if (at >= len)
			return 0;
		label = MESSAGE_AT(m, at);
		if (!label)
			return at + 1;
		if (label >= 0xc0)
			return at + 2 <= len ? at + 2 : 0;
		if (label > 63)
			return 0;
		at += label + 1;
	}
	return 0;
}

/*
 * To the first record of an answer to one question, with r->len set. Returns 0; 1: not an answer, or without records;
 * -1: malformed.
 */
PART int dns_records_open(const struct dns_message *m, struct dns_records *r)
{
	__u32 at;

	if (!m || !r)
		return -1;
	r->left = r->qtype = 0;
	if (r->len < DNS_HEADER)
		return -1;
	if (!(m->byte[2] & 0x80) || m->byte[2] & 0x78)
		return 1;
	r->left = MESSAGE_U16(m, 6);
	if (!r->left)
		return 1;
	at = dns_skip_name(m, r->len, DNS_HEADER);
	if (MESSAGE_U16(m, 4) != 1 || !at || at > DNS_HEADER + ESAFE_NAME_MAX || at + 4 > r->len)
		return -1;
	r->qtype = MESSAGE_U16(m, at);
	r->question_end = r->at = at + 4;
	return 0;
}

/* Reads the next record. Returns 0, or -1 if it is malformed or cut short. */
PART int dns_records_next(const struct dns_message *m, struct dns_records *r)
{
	__u32 at;

	if (!m || !r)
		return -1;
	at = dns_skip_name(m, r->len, r->at);
	if (!at || at + 10 > r->len)
		return -1;
	r->type = MESSAGE_U16(m, at);
	r->rdata_len = MESSAGE_U16(m, at + 8);
	r->rdata = at + 10;
	r->at = r->rdata + r->rdata_len;
	r->left--;
	return r->at > r->len ? -1 : 0;
}

struct dns_expansion {
	__u32 len;    /* bytes of the message in view */
	__u32 from;   /* read up to here */
	__u32 before; /* a pointer must lead to before this */
	__u32 to;     /* written up to here */
};

/* One label or pointer, into name->wire. Returns 1; 0: that was the end of the name; -1: malformed. */
PART int dns_expand_step(const struct dns_message *m, struct dns_expansion *e, struct esafe_name *name)
{
	__u32 at, label;

	if (!m || !e || !name || e->from >= e->len)
		return -1;
	at = e->from;
	label = MESSAGE_AT(m, at);
	if (label >= 0xc0) {
		__u32 target = MESSAGE_U16(m, at) & 0x3fff;

		if (at + 2 > e->len || target >= e->before || target < DNS_HEADER)
			return -1;
		e->from = e->before = target;
		return 1;
	}
	if (label > 63 || at + 1 + label > e->len || e->to + 1 + label + !!label > ESAFE_NAME_MAX)
		return -1;
	for (__u32 i = 0; i < 64; i += 8) { /* the length byte and the label */
		if (i > label)
			break;
		esafe_store8(&name->wire[(e->to + i) & (ESAFE_WIRE_ROOM - 1)], esafe_load8(&MESSAGE_AT(m, at + i)));
	}
	e->from += 1 + label;
	e->to += 1 + label;
	return !!label;
}

/* Writes the name at offset e->from, whose message has e->len bytes, to name->wire. 0, or -1: malformed. */
PART int dns_expand(const struct dns_message *m, struct dns_expansion *e, struct esafe_name *name)
{
	if (!e)
		return -1;
	e->before = e->from;
	e->to = 0;
	for (int i = 0; i < DNS_EXPAND_STEPS; i++) {
		int more = dns_expand_step(m, e, name);

		if (more <= 0)
			return more;
	}
	return -1;
}

#endif
