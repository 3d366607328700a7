/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection that begins with neither TLS nor HTTP nor DNS is plain, and may go over to TLS yet: behind STARTTLS, a
 * line of the PROXY protocol, what PostgreSQL asks, a greeting of SOCKS. So its first bytes are looked through for
 * ClientHellos, wherever one starts, however the segments are cut. Six bytes that could begin one (see tls_begins())
 * are read on as a candidate; once that can be nothing else than a hello, it is read to its end, and the search goes on
 * meanwhile: its bytes may be meant for a server that overlooks them, and another one be meant in earnest. Behind it,
 * the same. Two of which one begins inside the other are refused: which of them is meant nobody knows.
 *
 * 16 KiB is some fifty times what clients say before they go over, and what is kept of a stream anyway. Of streams of
 * so many bytes at random one in 2^27 has 41 bits in it that pass for a hello.
 */
#ifndef ESAFE_UPGRADE_H
#define ESAFE_UPGRADE_H

#include "flow.h"
#include "part.h"
#include "plaindns.h"

#define UPGRADE_ROOM (FLIGHT_ROOM - 64) /* the search ends before the ring is full */

/* Some steps of a reader: a part, so that the verifier need not follow it through every turn of the loop. */
PART int flight_steps(struct flight *f, struct tls_reader *r)
{
	if (!f || !r)
		return TLS_BAD;
	for (int i = 0; i < 8; i++) {
		int result = tls_step(r, f->bytes, f->have, FLIGHT_ROOM - 1);

		if (result != TLS_AGAIN)
			return result;
	}
	return TLS_AGAIN;
}

/* Reads on in a ClientHello. One of one record takes about 80 steps. */
PART int flight_parse_tls(struct flight *f)
{
	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 32; i++) {
		int result = flight_steps(f, &f->tls);

		if (result != TLS_AGAIN)
			return result;
	}
	return TLS_AGAIN;
}

/* From flight.start on the stream is plain. */
PART int upgrade_start(struct flight *f)
{
	if (!f)
		return -1;
	f->at = f->plain_from = f->start;
	f->kind = FLIGHT_PLAIN;
	f->plain = FLIGHT_UNNAMED;
	f->trying = f->reading = f->asked = 0;
	f->next = f->start;
	f->skip = 0;
	return 0;
}

/* Behind the hello of a stream that began as TLS comes no other. If it is not TLS either, the stream is plain now. */
PART int upgrade_behind(struct flight *f)
{
	if (!f)
		return TLS_BAD;
	if (f->tls.at == f->have || tls_content(FLIGHT_AT(f, f->tls.at)) || f->tls.record)
		return TLS_DONE;
	f->start = f->tls.at;
	return upgrade_start(f) ? TLS_BAD : TLS_AGAIN;
}

/* How many of the eight bytes at `at` cannot begin a record of the handshake, at the least? */
static __always_inline __u32 upgrade_skip(const struct flight *f, __u32 at)
{
	__u64 differs = esafe_load8(&FLIGHT_AT(f, at)) ^ 0x1616161616161616ULL;

	if (!(differs & 0xff))
		return 0;
	return (differs - 0x0101010101010101ULL) & ~differs & 0x8080808080808080ULL ? 1 : 8;
}

/* Some steps, of up to eight bytes each. TLS_AGAIN: a hello may begin at flight.at; TLS_OTHER: none does so far. */
PART int upgrade_steps(struct flight *f)
{
	enum tls_result result = TLS_OTHER;
	__u32 at, left, skip;

	if (!f)
		return TLS_BAD;
	at = f->at;
	for (int i = 0; i < 16; i++) {
		left = f->have - at;
		skip = upgrade_skip(f, at);
		if (!skip && left) {
			result = tls_begins(f->bytes, at, f->have, FLIGHT_ROOM - 1);
			if (result != TLS_OTHER)
				break;
			skip = 1;
		}
		at += skip < left ? skip : left;
	}
	f->at = at;
	return at == f->have ? TLS_MORE : result;
}

/* Looks on. TLS_AGAIN: a hello may begin, or there is more to look at; TLS_DONE: that was enough. */
PART int upgrade_look(struct flight *f)
{
	int result = TLS_OTHER;

	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 32; i++) {
		result = upgrade_steps(f);
		if (result != TLS_OTHER)
			break;
	}
	if (result == TLS_AGAIN) {
		tls_start_later(&f->candidate, f->at);
		f->trying = 1;
	} else if (f->at - f->plain_from >= UPGRADE_ROOM) {
		return f->reading ? TLS_MORE : TLS_DONE;
	}
	return result == TLS_OTHER ? TLS_AGAIN : result;
}

/* Reads on in the candidate until it can be nothing else than a hello, or none. */
PART int upgrade_try(struct flight *f)
{
	int result = TLS_AGAIN;

	if (!f)
		return TLS_BAD;
	for (int i = 0; i < 32 && result == TLS_AGAIN && !tls_is_hello(&f->candidate); i++)
		result = flight_steps(f, &f->candidate);
	if (tls_is_hello(&f->candidate)) {
		if (f->reading)
			return TLS_BAD;
		tls_start_later(&f->tls, f->candidate.begin);
		f->reading = 1;
	} else if (result == TLS_MORE || result == TLS_AGAIN) {
		return result;
	}
	f->trying = 0;
	f->at = f->candidate.begin + 1;
	return TLS_AGAIN;
}

/* One step in a plain stream: in the hello that is read, in the candidate, or in the search. */
static __always_inline int upgrade_step(struct flight *f)
{
	if (f->reading) {
		int result = flight_parse_tls(f);

		if (result == TLS_DONE)
			f->reading = 0;
		else if (result != TLS_MORE)
			return result;
	}
	return f->trying ? upgrade_try(f) : upgrade_look(f);
}

/* Reads on in a plain stream. */
PART int upgrade_parse(struct flight *f)
{
	int result;

	if (!f)
		return TLS_BAD;
	result = plaindns_look(f);
	if (result != PLAINDNS_PART)
		return result == PLAINDNS_QUESTION ? plaindns_found(f) : TLS_AGAIN;
	result = upgrade_step(f);
	f->start = f->reading ? f->tls.begin : f->trying ? f->candidate.begin : f->at;
	plaindns_keep(f);
	return result == TLS_DONE ? plaindns_stays(f) : result;
}

#endif
