/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS over TCP in a connection that began as something else. A server takes one message behind the other, each with its
 * length in front, and whatever it cannot use, it answers with an error and goes on: another opcode, another answer, no
 * question. So from the beginning of a plain stream on it is looked where the next message would stand, and whether
 * that is a question for a site (see dns_names_site(): by chance one in 2^39 is). The search for ClientHellos goes on
 * meanwhile: what is behind a question could be meant for another server. When it ends, a stream that has asked
 * something is read as DNS alone; one that has not is left alone.
 */
#ifndef ESAFE_PLAINDNS_H
#define ESAFE_PLAINDNS_H

#include "dns.h"
#include "flow.h"
#include "part.h"

#define PLAINDNS_READ 512 /* bytes of a message that are waited for, as MESSAGE_READ */
#define PLAINDNS_GONE (1U << 30) /* no further message is waited for */

enum plaindns { PLAINDNS_PART = -1, PLAINDNS_OTHER, PLAINDNS_QUESTION };

/* Is the message of `len` bytes at `at` a question for a site? Its header was looked at. */
PART int plaindns_names_site(struct flight *f, __u32 at, __u32 len)
{
	__u32 end = DNS_HEADER, top = 0, label = 0;

	if (!f)
		return PLAINDNS_OTHER;
	for (int i = 0; i <= ESAFE_LABELS_MAX; i++) {
		label = FLIGHT_AT(f, at + end);
		if (!label || label > 63)
			break;
		top = label;
		end += label + 1;
	}
	if (label || end > DNS_HEADER + ESAFE_NAME_MAX - 1 || end + 5 > len || top < 2 || top > DNS_TOP_MAX)
		return PLAINDNS_OTHER;
	for (__u32 i = 1; i <= DNS_TOP_MAX; i++) {
		if (i > top)
			break;
		if (!dns_is_ldh(FLIGHT_AT(f, at + end - i)))
			return PLAINDNS_OTHER;
	}
	return !FLIGHT_AT(f, at + end + 3) && (FLIGHT_AT(f, at + end + 4) == 1 || FLIGHT_AT(f, at + end + 4) == 255);
}

/* What the next message is, enum plaindns, by as much of it as is there. */
static __always_inline int plaindns_message(struct flight *f, __u32 len)
{
	__u32 at = f->next, avail = f->have - at;

	if (avail > 4 && FLIGHT_AT(f, at + 4) & 0xf8)
		return PLAINDNS_OTHER;
	if (avail > 7 && !(FLIGHT_AT(f, at + 6) | FLIGHT_AT(f, at + 7)))
		return PLAINDNS_OTHER;
	if (avail > 14 && FLIGHT_AT(f, at + 14) - 1U >= 63)
		return PLAINDNS_OTHER;
	if (avail < 2 + (len < PLAINDNS_READ ? len : PLAINDNS_READ))
		return PLAINDNS_PART;
	return plaindns_names_site(f, at + 2, len);
}

/* Goes over the next message, unless it is a question or not all there yet: enum plaindns. */
PART int plaindns_step(struct flight *f)
{
	__u32 len;
	int found;

	if (!f || (__s32)(f->have - f->next) < 2)
		return PLAINDNS_PART;
	len = FLIGHT_AT(f, f->next) << 8 | FLIGHT_AT(f, f->next + 1);
	if (len < DNS_HEADER) {
		f->next = f->have + PLAINDNS_GONE; /* where all servers give up */
		return PLAINDNS_PART;
	}
	found = plaindns_message(f, len);
	if (!found)
		f->next += 2 + len;
	return found;
}

/* Goes over messages up to such a one. */
static __always_inline int plaindns_look(struct flight *f)
{
	int found = PLAINDNS_OTHER;

	for (int i = 0; i < 160 && !found; i++) /* more than can stand in FLIGHT_CHUNK bytes */
		found = plaindns_step(f);
	return found;
}

/* A question was found: the reader stands at it. */
static __always_inline int plaindns_found(struct flight *f)
{
	f->searched = f->at;
	f->asked = 1;
	f->at = f->start = f->next;
	f->kind = FLIGHT_DNS;
	return TLS_NAME;
}

/* It was allowed: the reader goes back to where it was. */
static __always_inline void plaindns_behind(struct flight *f)
{
	f->next += 2 + (FLIGHT_AT(f, f->next) << 8 | FLIGHT_AT(f, f->next + 1));
	f->at = f->searched;
	f->kind = FLIGHT_PLAIN;
}

/* The search has ended: the stream is DNS from the next message on, if it has asked before. */
static __always_inline int plaindns_stays(struct flight *f)
{
	__u32 ahead = f->next - f->at;

	if (!f->asked || ahead - PLAINDNS_GONE / 2 < PLAINDNS_GONE)
		return TLS_DONE;
	f->kind = FLIGHT_DNS;
	f->plain = 0;
	f->skip = (__s32)ahead > 0 ? ahead : 0;
	if (!f->skip)
		f->at = f->start = f->next;
	return TLS_AGAIN;
}

/* A message that may yet be a question must not be taken for read. */
static __always_inline void plaindns_keep(struct flight *f)
{
	if ((__s32)(f->have - f->next) > 0 && (__s32)(f->start - f->next) > 0)
		f->start = f->next;
}

#endif
