// SPDX-License-Identifier: GPL-2.0-or-later
/* QUIC Initials: the vectors of RFC 9001 and RFC 9369, and packets that are made here with another implementation. */
#include <criterion/criterion.h>

#include "hello.h"
#include "initial.h"
#include "quicflight.h"
#include "quickeys.h"

#define NAME "www.School-Games_1.example"
static const __u8 name_wire[] = "\3www\016School-Games_1\7example";
static const __u8 rfc_dcid[] = "\x83\x94\xc8\xf0\x3e\x51\x57\x08";

/* The CRYPTO frame of RFC 9001 appendix A.2, which RFC 9369 appendix A.2 uses too. */
static const char rfc_crypto[] =
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
	"04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
	"616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
	"04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
	"baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
	"0d0010000e0403050306030203080408050806002d00020101001c0002400100"
	"3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
	"75300901100f088394c8f03e51570806048000ffff";

static struct hello message;
static struct quic_work work;
static struct quic_conn conn;
static __u8 frames[4096], packet[4096];

static __u32 unhex(const char *hex, __u8 *out)
{
	__u32 n = strlen(hex) / 2;

	for (; *hex; hex += 2)
		*out++ = strtoul((char[]){ hex[0], hex[1], 0 }, NULL, 16);
	return n;
}

static int equal(const void *bytes, const char *hex)
{
	__u8 expected[64];

	return !memcmp(bytes, expected, unhex(hex, expected));
}

static int derive(void)
{
	return quic_own_cid(&work) || quic_derive(&work);
}

static enum quic_kind load(const __u8 *bytes, __u32 len)
{
	memset(work.gcm.bytes, 0x5a, sizeof(work.gcm.bytes));
	memcpy(work.gcm.bytes, bytes, len < GCM_ROOM ? len : GCM_ROOM);
	work.have = len;
	return quic_header(&work);
}

static struct initial plain_initial(__u32 version)
{
	return (struct initial){ .version = version, .keys = rfc_dcid, .keys_len = 8, .dcid = rfc_dcid, .dcid_len = 8,
				 .number = 2, .number_len = 4, .frames = frames, .frames_len = 1162 };
}

static void vector(__u32 version, const char *key, const char *iv, const char *mask, const char *start,
		   const char *tag)
{
	struct initial p = plain_initial(version);
	__u32 len;

	memset(frames, 0, sizeof(frames));
	unhex(rfc_crypto, frames);
	len = initial_make(&p, packet);
	cr_assert_eq(len, 1200);
	cr_assert(equal(packet, start));
	cr_assert(!tag || equal(packet + len - 16, tag));
	cr_assert_eq(load(packet, len), QUIC_INITIAL);
	cr_assert_eq(derive(), 0);
	cr_assert(equal(work.keys.key, key));
	cr_assert(equal(work.keys.iv, iv));
	cr_assert(equal(work.keys.mask, mask));
	cr_assert_eq(quic_open(&work), 0);
	cr_assert_eq(work.expected, 3);
	cr_assert_arr_eq(GCM_AT(&work.gcm, work.at), frames, 1162);
	quic_begin(&conn, &work);
	cr_assert_eq(quic_frames(&conn, &work), 0);
	cr_assert_eq(quic_read(&conn), TLS_NAME);
	cr_assert_eq(conn.have, 241);
	cr_assert_eq(memcmp(conn.reader.name.wire, "\7example\3com", 13), 0);
}

Test(quic, rfc_9001_appendix_a)
{
	vector(1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2",
	       "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
	       "e221af44860018ab0856972e194cd934");
}

Test(quic, rfc_9369_appendix_a)
{
	vector(QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
	       "45b95e15235d6f45a6b19cbcb0294ba9", "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
	       NULL);
}

/* ---- first flights that are made here ---- */

/* Opens a packet with these frames, as the next of the connection. */
static enum tls_result take(struct initial p, __u32 len)
{
	p.frames_len = len < 4 ? 4 : len;
	cr_assert_eq(load(packet, initial_make(&p, packet)), QUIC_INITIAL);
	cr_assert_eq(derive(), 0);
	work.expected = p.number;
	cr_assert_eq(quic_open(&work), 0);
	cr_assert_eq(quic_frames(&conn, &work), 0);
	cr_assert_eq(work.differs, 0);
	if (conn.state == QUIC_READING && quic_read(&conn) == TLS_NAME)
		conn.state = QUIC_PASSED;
	return conn.state == QUIC_PASSED ? TLS_NAME : TLS_MORE;
}

static void expect_name(size_t what)
{
	cr_assert_eq(conn.reader.name.len, sizeof(name_wire), "%zu", what);
	cr_assert_arr_eq(conn.reader.name.wire, name_wire, sizeof(name_wire), "%zu", what);
}

static void begin(void)
{
	hello_message(&message, NAME, 3, 6);
	memset(&conn, 0x5a, sizeof(conn));
	quic_begin(&conn, &work);
	memset(frames, 0, sizeof(frames));
}

Test(quic, every_cut_into_two_packets_in_both_orders)
{
	for (__u32 cut = 1; cut < message.len || cut == 1; cut++)
		for (int order = 0; order < 2; order++) {
			enum tls_result result[2];

			begin();
			for (int i = 0; i < 2; i++) {
				__u32 from = i ^ order ? cut : 0, len = i ^ order ? message.len - cut : cut;
				struct initial p = plain_initial(cut & 1 ? 1 : QUIC_V2);

				p.number = i;
				memset(frames, 0, sizeof(frames));
				result[i] = take(p, initial_crypto(frames, message.bytes, from, len) + 5);
			}
			cr_assert(result[0] == TLS_NAME || result[1] == TLS_NAME, "cut at %u", cut);
			expect_name(cut);
		}
}

Test(quic, frames_in_any_order_and_overlapping)
{
	for (int turn = 0; turn < 3000; turn++) {
		__u32 at = 0, step = 1 + dice() % 60, pieces, first;
		struct initial p = plain_initial(1);

		begin();
		pieces = (message.len + step - 1) / step;
		first = dice() % pieces;
		for (__u32 i = 0; i < pieces; i++) {
			__u32 offset = (first + i * 7) % pieces * step, more = dice() % 9;

			if (pieces % 7 == 0)
				offset = (pieces - 1 - i) * step;
			if (at + step + more + 20 > 1300) {
				take(p, at);
				memset(frames, 0, sizeof(frames));
				at = 0;
			}
			if (offset + step + more > message.len)
				more = 0;
			if (offset + step > message.len)
				at += initial_crypto(frames + at, message.bytes, offset, message.len - offset);
			else
				at += initial_crypto(frames + at, message.bytes, offset, step + more);
			if (dice() % 4 == 0)
				frames[at++] = 1; /* PING */
			at += dice() % 12; /* padding */
		}
		cr_assert_eq(take(p, at), TLS_NAME, "turn %d, steps of %u", turn, step);
		expect_name(turn);
	}
}

Test(quic, a_byte_that_changes_is_seen)
{
	struct initial p = plain_initial(1);

	for (__u32 at = 0; at < 100; at++) {
		__u32 len;

		begin();
		take(p, initial_crypto(frames, message.bytes, 0, 100));
		message.bytes[at] ^= 1;
		len = initial_crypto(frames, message.bytes, at > 10 ? at - 10 : at, 60);
		p.frames_len = len;
		cr_assert_eq(load(packet, initial_make(&p, packet)), QUIC_INITIAL);
		derive();
		cr_assert_eq(quic_open(&work), 0);
		cr_assert_eq(quic_frames(&conn, &work), 0);
		cr_assert_eq(work.differs, 1, "byte %u", at);
		cr_assert_neq(conn.bytes[at], message.bytes[at]);
	}
}

Test(quic, acknowledgements_and_closing_are_moved_over)
{
	static const __u8 others[] = "\3\4\0\1\1\0\0\1\2\3" "\2\x40\x09\0\0\0" "\x1c\x0a\0\3why" "\1\0\0";
	struct initial p = plain_initial(1);
	__u32 at = sizeof(others) - 1;

	begin();
	memcpy(frames, others, at);
	at += initial_crypto(frames + at, message.bytes, 0, message.len);
	cr_assert_eq(take(p, at), TLS_NAME);
}

Test(quic, what_may_not_stand_in_an_initial)
{
	static const char *const bad[] = {
		"\x08\0\0\0", "\x40\x06\0\0", "\x06\0\x7f\xff", "\x02\0\0\x7f\xff", "\x1e\0\0\0"
	};

	for (size_t i = 0; i < ROWS(bad); i++) {
		struct initial p = plain_initial(1);

		begin();
		memcpy(frames, bad[i], 4);
		p.frames_len = 40;
		cr_assert_eq(load(packet, initial_make(&p, packet)), QUIC_INITIAL);
		derive();
		cr_assert_eq(quic_open(&work), 0);
		cr_assert_eq(quic_frames(&conn, &work), -1, "%zu", i);
	}
}

Test(quic, every_length_of_id_token_and_number)
{
	__u8 id[20];

	for (__u32 len = 0; len <= 20; len++)
		for (__u32 bytes = 1; bytes <= 4; bytes++) {
			struct initial p = plain_initial(len & 1 ? 1 : QUIC_V2);

			begin();
			memset(id, len, sizeof(id));
			p.keys = p.dcid = id;
			p.keys_len = p.dcid_len = len;
			p.scid = id;
			p.scid_len = 20 - len;
			p.token_len = len * 9;
			p.number_len = bytes;
			p.number = 7 + (bytes == 4 ? 0xfffffff0ULL << 4 : 0);
			cr_assert_eq(take(p, initial_crypto(frames, message.bytes, 0, message.len)), TLS_NAME, "%u",
				     len);
			cr_assert_eq(work.expected, p.number + 1);
		}
}

Test(quic, any_bit_that_is_changed_is_seen)
{
	struct initial p = plain_initial(1);
	__u32 len;

	begin();
	p.frames_len = initial_crypto(frames, message.bytes, 0, 60);
	len = initial_make(&p, packet);
	for (__u32 bit = 0; bit < len * 8; bit++) {
		packet[bit / 8] ^= 1 << bit % 8;
		if (load(packet, len) == QUIC_INITIAL) {
			derive();
			cr_assert_eq(quic_open(&work), -1, "bit %u", bit);
			cr_assert_arr_eq(work.gcm.bytes, packet, len, "bit %u: not as it was", bit);
		}
		packet[bit / 8] ^= 1 << bit % 8;
	}
}

Test(quic, headers_that_end_early_or_lie)
{
	struct initial p = plain_initial(1);
	__u32 len;

	begin();
	p.token_len = 70;
	p.scid = rfc_dcid;
	p.scid_len = 8;
	p.frames_len = 100;
	len = initial_make(&p, packet);
	for (__u32 have = 0; have < len; have++)
		cr_assert_eq(load(packet, have), QUIC_BAD, "%u bytes", have);
	packet[5] = 21;
	cr_assert_eq(load(packet, len), QUIC_BAD);
	packet[5] = 8;
	packet[4] = 9;
	cr_assert_eq(load(packet, len), QUIC_UNKNOWN);
	packet[0] = 0x40;
	cr_assert_eq(load(packet, len), QUIC_SHORT);
	for (int i = 0; i < 1000000; i++) {
		__u32 have = dice() % 60;

		for (__u32 at = 0; at < have; at++)
			packet[at] = dice();
		packet[0] |= 0x80;
		memcpy(packet + 1, "\0\0\0\1", 4);
		if (load(packet, have) == QUIC_INITIAL) {
			derive();
			cr_assert_eq(quic_open(&work), -1);
		}
	}
}

Test(quic, numbers_are_made_whole) /* RFC 9000 appendix A.3 */
{
	cr_assert_eq(quic_whole_number(0xa82f30ea + 1, 0x9b32, 2), 0xa82f9b32);
	cr_assert_eq(quic_whole_number(0, 200, 1), 200);
	cr_assert_eq(quic_whole_number(255, 1, 1), 257);
	cr_assert_eq(quic_whole_number(257, 254, 1), 254);
}
