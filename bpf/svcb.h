/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of type 64 and 65 (RFC 9460 section 2.2) and the keys for encrypted names in them:
 *
 *   RDATA    priority 2 | target name, not compressed | parameters
 *   parameter key 2, each greater than the one before | length 2 | value
 *
 * Without parameter "ech" a browser says the real name of the site. What follows moves up, so no pointer to behind the
 * first cut holds any longer: answers with such a one are given up, and the other sections are not kept.
 */
#ifndef ESAFE_SVCB_H
#define ESAFE_SVCB_H

#include "records.h"

#define SVCB_ECH 5
#define SVCB_PARAMETERS 32 /* in one record */
#define SVCB_RECORDS 16    /* in one answer */
#define SVCB_MESSAGE 2048  /* bytes of an answer out of which something is cut */
#define DNS_TYPE_RRSIG 46

struct svcb_cut {
	__u32 first;    /* where bytes were first cut out; 0: nowhere */
	__u32 from, to; /* of the parameter that was found */
};

/* Offset of the parameters of the record that was read; 0: malformed. */
PART __u32 svcb_parameters(const struct dns_message *m, const struct dns_records *r)
{
	if (!m || !r)
		return 0;
	return dns_skip_name(m, r->at, r->rdata + 2);
}

/* Finds "ech" in the record that was read. 1: from where to where it goes; 0: there is none; -1: malformed. */
PART int svcb_find_ech(const struct dns_message *m, const struct dns_records *r, struct svcb_cut *cut)
{
	__u32 at = svcb_parameters(m, r), least = 0, found = 0;

	if (!m || !r || !cut || !at)
		return -1;
	for (int i = 0; i < SVCB_PARAMETERS; i++) {
		__u32 key, next;

		if (at == r->at)
			return found;
		if (at + 4 > r->at)
			return -1;
		key = MESSAGE_U16(m, at);
		next = at + 4 + MESSAGE_U16(m, at + 2);
		if (next > r->at || key < least)
			return -1;
		if (key == SVCB_ECH) {
			cut->from = at;
			cut->to = next;
			found = 1;
		}
		least = key + 1;
		at = next;
	}
	return at == r->at ? (int)found : -1;
}

/* Takes the parameter that was found out of the message. */
PART int svcb_take_out(struct dns_message *m, struct dns_records *r, struct svcb_cut *cut)
{
	__u32 gone;

	if (!m || !r || !cut)
		return -1;
	if (r->len > SVCB_MESSAGE)
		return -1;
	gone = cut->to - cut->from;
	for (__u32 i = 0; i < SVCB_MESSAGE; i += 8) {
		if (cut->to + i >= r->len)
			break;
		esafe_store8(&MESSAGE_AT(m, cut->from + i), esafe_load8(&MESSAGE_AT(m, cut->to + i)));
	}
	if (!cut->first)
		cut->first = cut->from;
	r->rdata_len -= gone;
	r->at -= gone;
	r->len -= gone;
	store2(&MESSAGE_AT(m, r->rdata - 2), __builtin_bswap16(r->rdata_len));
	return 0;
}

/* The next record, without "ech" if it is of such a type. 0, or -1: the answer cannot be kept. */
PART int svcb_next(struct dns_message *m, struct dns_records *r, struct svcb_cut *cut)
{
	__u32 owner;
	int found;

	if (!m || !r || !cut)
		return -1;
	owner = MESSAGE_U16(m, r->at);
	if (cut->first && (owner < 0xc000 || (owner & 0x3fff) >= cut->first))
		return -1;
	if (dns_records_next(m, r))
		return -1;
	if (r->type != DNS_TYPE_SVCB && r->type != DNS_TYPE_HTTPS) /* those whose data may hold pointers */
		return cut->first && r->type != DNS_TYPE_A && r->type != DNS_TYPE_AAAA && r->type != DNS_TYPE_RRSIG ?
		       -1 : 0;
	found = svcb_find_ech(m, r, cut);
	return found > 0 ? svcb_take_out(m, r, cut) : found;
}

/*
 * Takes every "ech" out of the answers of a message whose records were opened; r->at is then their end. 1: some were
 * found; 0: none, nothing is changed; -1: the answer cannot be kept.
 */
PART int svcb_cut_all(struct dns_message *m, struct dns_records *r, struct svcb_cut *cut)
{
	if (!m || !r || !cut)
		return -1;
	cut->first = 0;
	for (int i = 0; i < SVCB_RECORDS; i++) {
		if (!r->left)
			return !!cut->first;
		if (svcb_next(m, r, cut))
			return -1;
	}
	return r->left ? -1 : !!cut->first;
}

#endif
