// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as they come, and the frames of Initials as if they had been opened. Every CRYPTO frame is put together
 * twice: byte by byte in a model, and by the code that the kernel runs.
 */
#include <stdlib.h>
#include <string.h>
#include "quicflight.h"
#include "quickeys.h"

static struct quic_work work;
static struct quic_conn conn;
static __u8 bytes[QUIC_FLIGHT_ROOM], seen[QUIC_FLIGHT_ROOM];

/* Puts the frame into the model: first come, first kept. Returns 1 if a byte is not as it was. */
static int model_put(void)
{
	int differs = 0;

	for (__u32 i = 0; i < work.len && work.offset + i < QUIC_FLIGHT_ROOM; i++) {
		__u8 byte = QUIC_BYTE(&work, work.data + i);
		__u32 at = work.offset + i;

		if (seen[at] && bytes[at] != byte)
			differs = 1;
		if (!seen[at])
			bytes[at] = byte;
		seen[at] = 1;
	}
	return differs;
}

static void frames(void)
{
	for (int frame, steps = 0; (frame = quic_frame(&work)) != QUIC_F_END && frame != QUIC_F_BAD;) {
		if (steps++ > 4 * GCM_ROOM)
			abort(); /* it goes round without reading */
		if (frame != QUIC_F_CRYPTO)
			continue;
		if (work.at > work.frames_end)
			abort();
		work.differs = 0;
		quic_put(&conn, &work);
		if ((__u32)model_put() != work.differs)
			abort();
	}
}

static void compare(void)
{
	__u32 have = 0;

	for (__u32 at = 0; at < QUIC_FLIGHT_ROOM; at++) {
		int bit = ((__u8 *)conn.seen)[at / 8] >> at % 8 & 1;

		if (bit != seen[at] || (bit && conn.bytes[at] != bytes[at]))
			abort();
	}
	while (have < QUIC_FLIGHT_ROOM && seen[have])
		have++;
	quic_count(&conn);
	if (conn.have != have)
		abort();
	quic_read(&conn);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	if (size > GCM_ROOM - 16)
		return 0;
	memset(&work, 0, sizeof(work));
	memcpy(work.gcm.bytes, data, size);
	work.have = size;
	if (quic_header(&work) == QUIC_INITIAL) {
		quic_own_cid(&work);
		quic_derive(&work);
		quic_open(&work);
	}
	memcpy(work.gcm.bytes + 16, data, size);
	memset(seen, 0, sizeof(seen));
	quic_begin(&conn, &work);
	work.at = 16;
	work.frames_end = 16 + size;
	work.skip = 0;
	frames();
	compare();
	return 0;
}
