/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection through the kernel programs, its segments cut, ordered, repeated, overlapped and altered in any way,
 * against a reader that sees the stream as the other side puts it together: whatever that one finds, the programs must
 * have found in the same order, or not have let through. Of two bytes that were passed for one place, either counts.
 *
 *   mode 1     bits 0..1: bytes to port 443; a ClientHello that is made; questions to port 53; answers from it
 *              bit 2: everything is refused; bit 3: nothing is altered, so that in the end all must get through
 *   length 2   of the stream, or of what it is made from
 *   stream     then steps of six bytes: what, offset 2, length 2, how (bit 1: it is lost behind the programs)
 */
#include "native.h"
#include "hello.h"

#define ROOM 24000
#define CLIENT_ISN 0xfffff800u
#define SERVER_ISN 0xfffffe00u
#define ITEMS 256

enum mode { M_RAW, M_HELLO, M_QUESTIONS, M_ANSWERS };

struct item {
	__u32 len; /* of the name; 0: it names nobody */
	__u8 wire[256];
};

static struct {
	__u8 mode, refused, clean, dead, lost; /* lost: what passes now does not arrive */
	struct hello stream;
	/* the other side, as if the first byte that comes for a place counted, and as if the last did */
	__u8 seen[ROOM], first[ROOM], last[ROOM];
	__u32 next;
	struct item item[ITEMS];
	unsigned items;
} t;

static void must(int ok)
{
	if (!ok)
		abort();
}

/* ---- the reader that sees everything ---- */

static void found(const __u8 *wire, size_t len)
{
	must(!t.refused);
	if (t.items == ITEMS)
		return;
	t.item[t.items].len = len;
	for (size_t i = 0; i < len; i++)
		t.item[t.items].wire[i] = http_lower(wire[i]);
	t.items++;
}

static __u32 u16(const __u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Length of the question's name, or 0: this is no proper question. */
static size_t question_name(const __u8 *msg, size_t len)
{
	size_t at = 12;

	if (len < 17 || msg[2] & 0x80 || msg[4] || msg[5] != 1)
		return 0;
	while (at < len && msg[at] && msg[at] < 64)
		at += 1 + msg[at];
	return at < len && !msg[at] && at + 5 <= len && at - 11 <= 255 ? at - 11 : 0;
}

static void hello_found(const __u8 *bytes, size_t len)
{
	size_t wire_len = 0;
	__u8 wire[256];

	switch (whole_read(bytes, len, wire, &wire_len)) {
	case TLS_NAME:
		return found(wire, wire_len);
	case TLS_NO_NAME:
		return found(NULL, 0);
	default:
		return must(whole_read(bytes, len, wire, &wire_len) == TLS_MORE);
	}
}

/* Hellos in a stream of something else, wherever they begin. */
static void whole_plain(const __u8 *bytes, size_t len)
{
	static __u8 copy[ROOM];

	for (size_t at = 0; at < len && at < UPGRADE_ROOM; at++) {
		int is_hello;

		memcpy(copy, bytes + at, len - at);
		copy[1] = copy[1] < 16 ? 3 : copy[1]; /* the first record may be of any version */
		is_hello = whole_is_hello(copy, len - at);
		if (is_hello < 0)
			return;
		if (is_hello)
			hello_found(copy, len - at);
	}
}

/* A stream of something else; of the first bytes a tunnel is made out before it is judged. */
static size_t whole_other(const __u8 *bytes, size_t from, size_t len)
{
	if (len - from < TUNNEL_STREAM)
		return len;
	found(NULL, 0);
	if (!tunnel_stream(bytes + from, TUNNEL_STREAM))
		whole_plain(bytes + from, len - from);
	return len;
}

static void whole_dns(const __u8 *bytes, size_t len);

/* Does a stream of another shape begin at `from`? */
static int whole_shape(const __u8 *bytes, size_t from, size_t len)
{
	size_t have = len - from < TUNNEL_STREAM ? len - from : TUNNEL_STREAM, question;
	const __u8 *at = bytes + from;

	if (tunnel_stream(at, have) || tunnel_socks(at, have))
		return whole_other(bytes, from, len), 1;
	if (dns_begins(at, have) <= 0)
		return dns_begins(at, have);
	question = u16(at) < MESSAGE_READ ? u16(at) : MESSAGE_READ;
	if (len - from < 2 + question)
		return 1;
	if (question_name(at + 2, question))
		whole_dns(at, len - from);
	else
		whole_other(bytes, from, len);
	return 1;
}

/* A stream that begins as TLS does; all of it that counts is the first flight. */
static void whole_tls(const __u8 *bytes, size_t len)
{
	size_t wire_len = 0;
	__u8 wire[256];

	switch (whole_read(bytes, len, wire, &wire_len)) {
	case TLS_MORE:
		must(len <= FLIGHT_ROOM);
		return;
	case TLS_BAD:
		return must(0);
	case TLS_NAME:
		return found(wire, wire_len);
	case TLS_OTHER:
		return (void)whole_other(bytes, 0, len);
	default:
		return found(NULL, 0);
	}
}

/* Requests of HTTP, one behind the other. Returns where a stream of another kind begins, or len. */
static size_t whole_http(const __u8 *bytes, size_t len)
{
	struct http_reader r;
	size_t at = 0, from = 0;

	http_start(&r);
	while (at < len) {
		enum http_result result;

		if (at == from && whole_shape(bytes, from, len))
			return len;
		result = http_step(&r, bytes[at++]);
		if (result == HTTP_NAME || result == HTTP_NO_NAME) {
			const struct hostname *h = http_name(&r);

			found(h->wire, result == HTTP_NAME ? h->len : 0);
			result = http_behind_head(&r);
		}
		must(result != HTTP_BAD);
		if (result == HTTP_OTHER)
			return whole_other(bytes, from, len);
		if (result == HTTP_CONTENT) {
			if (r.body > len - at)
				return len;
			at += r.body;
			result = r.field == HTTP_F_END ? HTTP_DONE : HTTP_MORE;
		}
		if (result == HTTP_DONE) {
			if (at < len && tls_content(bytes[at]))
				return at;
			http_start(&r);
			from = at;
		}
	}
	return len;
}

/* Offset behind the name at `at`, or 0. */
static size_t skip_name(const __u8 *msg, size_t len, size_t at)
{
	for (; at < len; at += 1 + msg[at]) {
		if (!msg[at])
			return at + 1;
		if (msg[at] >= 0xc0)
			return at + 2 <= len ? at + 2 : 0;
		if (msg[at] > 63)
			return 0;
	}
	return 0;
}

/* May the record of type 64 or 65 pass: can its parameters be read, and is "ech" not among them? */
static int service_fine(const __u8 *msg, size_t at, size_t end)
{
	at = skip_name(msg, end, at + 2);
	if (!at)
		return 0;
	while (at < end) {
		if (at + 4 > end || u16(msg + at) == SVCB_ECH)
			return 0;
		at += 4 + u16(msg + at + 2);
	}
	return at == end;
}

/* May this answer pass as far as its form and keys are concerned? */
static int answer_fine(const __u8 *msg, size_t len)
{
	size_t at, records = u16(msg + 6) + u16(msg + 8) + u16(msg + 10);

	if (!(msg[2] & 0x80) || msg[2] & 0x78 || !u16(msg + 6))
		return 1; /* not an answer */
	at = skip_name(msg, len, 12);
	if (!at || u16(msg + 4) != 1)
		return 0;
	for (at += 4; records--;) {
		size_t data = skip_name(msg, len, at) + 10;

		if (data == 10 || data > len)
			return 0;
		at = data + u16(msg + data - 2);
		if (at > len || ((u16(msg + data - 10) | 1) == 65 && !service_fine(msg, data, at)))
			return 0;
	}
	return 1;
}

static void whole_dns(const __u8 *bytes, size_t len)
{
	for (size_t at = 0; at + 2 <= len && at + 2 + u16(bytes + at) <= len; at += 2 + u16(bytes + at)) {
		const __u8 *msg = bytes + at + 2;
		size_t n = u16(bytes + at);

		if (t.mode == M_ANSWERS) {
			must(n >= 12 && n <= 16382 && answer_fine(msg, n));
		} else {
			must(question_name(msg, n));
			found(msg + 12, question_name(msg, n));
		}
	}
}

/* ---- what it found, and what the programs did ---- */

static int same(const struct item *item, const struct native_event *e)
{
	return e->event.verdict == ESAFE_ALLOW && e->event.name_len == item->len &&
	       !memcmp(e->event.name, item->wire, item->len);
}

static void compare(const __u8 *bytes)
{
	unsigned event = 0;
	size_t at = 0;

	t.items = 0;
	if (t.mode >= M_QUESTIONS) {
		whole_dns(bytes, t.next);
	} else {
		if (t.next && !tls_content(bytes[0]))
			at = whole_http(bytes, t.next);
		if (at < t.next)
			whole_tls(bytes + at, t.next - at);
	}
	if (native_events_n > NATIVE_EVENTS)
		return;
	for (unsigned i = 0; i < t.items; i++) {
		while (event < native_events_n && !same(&t.item[i], &native_events[event]))
			event++;
		must(event++ < native_events_n);
	}
}

/* The other side gets these bytes. */
static void arrive(__u32 at, const __u8 *bytes, __u32 len)
{
	__u32 before = t.next;

	for (__u32 i = 0; i < len; i++) {
		__u32 place = at + i;

		if (place < t.next || place >= ROOM)
			continue; /* it has that already, or it is before the stream */
		if (!t.seen[place])
			t.first[place] = bytes[i];
		t.last[place] = bytes[i];
		t.seen[place] = 1;
	}
	while (t.next < ROOM && t.seen[t.next])
		t.next++;
	if (t.next == before)
		return;
	compare(t.first);
	compare(t.last);
}

/* ---- packets ---- */

static void put32(__u8 *at, __u32 value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, 4);
}

/* A packet of the connection. Returns 1 if it went on its way as it was. */
static int packet(int from_client, __u8 flags, __u32 seq, __u32 ack, const __u8 *bytes, __u32 len)
{
	static const __u8 client[4] = { 10, 0, 0, 1 }, server[4] = { 203, 0, 113, 80 };
	__u16 port = t.mode >= M_QUESTIONS ? 53 : 443;
	__u8 *b = native_frame;
	int fate;

	memset(b, 0, 54);
	memcpy(b + (from_client ? 6 : 0), "\2\0\0\0\0\1", 6);
	memcpy(b + (from_client ? 0 : 6), "\2\0\0\0\0\376", 6);
	b[12] = 8;
	b[14] = 0x45;
	b[16] = (40 + len) >> 8;
	b[17] = 40 + len;
	b[22] = 61;
	b[23] = IPPROTO_TCP;
	memcpy(b + 26, from_client ? client : server, 4);
	memcpy(b + 30, from_client ? server : client, 4);
	b[from_client ? 34 : 36] = 40000 >> 8;
	b[from_client ? 35 : 37] = 40000 & 255;
	b[from_client ? 36 : 34] = port >> 8;
	b[from_client ? 37 : 35] = port;
	put32(b + 38, seq);
	put32(b + 42, ack);
	b[46] = 0x50;
	b[47] = flags;
	if (len)
		memcpy(b + 54, bytes, len);
	native_copies = 0;
	fate = native_run(from_client ? esafe_ingress : esafe_egress, 54 + len);
	t.dead |= !!native_copies;
	return fate == TC_ACT_UNSPEC && !native_copies;
}

static void acknowledge(void)
{
	packet(0, TCP_ACK, SERVER_ISN + 1, CLIENT_ISN + 1 + t.next, NULL, 0);
}

static void segment(__u8 flags, __u32 at, const __u8 *bytes, __u32 len)
{
	int dead = t.dead, from_client = t.mode != M_ANSWERS;
	__u32 seq = (from_client ? CLIENT_ISN : SERVER_ISN) + 1 + at;

	if (!packet(from_client, flags, seq, (from_client ? SERVER_ISN : CLIENT_ISN) + 1, bytes, len))
		return;
	if (flags & TCP_SYN)
		return; /* a side that is connected takes no byte of it */
	must(!dead); /* a connection that was ended stays so */
	if (!t.lost)
		arrive(at, bytes, len);
}

/* ---- the steps ---- */

static void altered(__u32 at, __u32 len, __u8 how)
{
	static __u8 copy[ROOM];

	memcpy(copy, t.stream.bytes + at, len);
	copy[how * 7 % len] ^= 1 + how / 37;
	segment(TCP_ACK | TCP_PSH, at, copy, len);
}

static void odd(__u32 at, __u32 len, __u8 how)
{
	static const __u8 flags[] = { TCP_FIN | TCP_ACK, TCP_URG | TCP_ACK, TCP_PSH, TCP_SYN, TCP_SYN | TCP_ACK };
	__u32 ahead = how & 8 ? 1U << 31 : how & 16 ? -at - 5 : how & 32 ? 20000 : 0;

	switch (how & 7) {
	case 5: /* the client begins anew, as the server may not see */
		packet(1, TCP_SYN, CLIENT_ISN + (how >> 3), 0, NULL, 0);
		break;
	case 6:
		packet(1, TCP_RST | TCP_ACK, CLIENT_ISN + 1 + at, SERVER_ISN + 1, NULL, 0);
		break;
	case 7: /* the server says that it has what it has not: it does not lie, but a late packet may be old */
		packet(0, TCP_ACK, SERVER_ISN + 1, CLIENT_ISN + 1 + (at < t.next ? at : t.next), NULL, 0);
		break;
	default:
		segment(flags[how & 7], at + ahead, t.stream.bytes + at, len);
	}
}

static void step(const __u8 *s)
{
	__u32 at = u16(s + 1) % (t.stream.len ? t.stream.len : 1), most = t.stream.len - at, len = u16(s + 3);

	len = len >> 8 == 0xff ? most : len & 0x7ff;
	len = len < most ? len : most;
	t.lost = s[5] >> 1 & 1;
	if (!len)
		return acknowledge();
	switch (s[0] & 7) {
	case 0:
		native_jiffies += s[5] * 16;
		return acknowledge();
	case 1:
		return t.clean ? segment(TCP_ACK, at, t.stream.bytes + at, len) : odd(at, len, s[5]);
	case 2:
		return t.clean ? segment(TCP_ACK, at, t.stream.bytes + at, len) : altered(at, len, s[5]);
	case 3: /* what is due */
		at = t.next < t.stream.len ? t.next : 0;
		len = len < t.stream.len - at ? len : t.stream.len - at;
		break;
	}
	segment(TCP_ACK | TCP_PSH, at, t.stream.bytes + at, len);
	if (s[5] & 1)
		acknowledge();
}

/* Everything once more, in order: what is proper gets through. */
static void finish(void)
{
	while (!t.dead && t.next < t.stream.len) {
		__u32 before = t.next, len = t.stream.len - t.next;

		acknowledge();
		segment(TCP_ACK | TCP_PSH, t.next, t.stream.bytes + t.next, len < 1400 ? len : 1400);
		if (t.next == before)
			break;
	}
	if (t.mode == M_HELLO && !t.refused && t.items == 1)
		must(t.next == t.stream.len && !t.dead);
}

static void load(const __u8 *text, size_t len)
{
	static struct hello message;
	char name[256];

	t.stream.len = 0;
	if (t.mode != M_HELLO) {
		hello_put(&t.stream, text, len < ROOM - 64 ? len : ROOM - 64);
		return;
	}
	if (len < 4)
		return;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i + 4 < len ? text[i + 4] : 0;
	name[255] = 0;
	hello_message(&message, text[0] & 1 ? name : NULL, text[1] & 15, text[0] >> 1 & 15);
	hello_records(&t.stream, &message, 1 + u16(text + 2) % 2000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t text;

	if (size < 3 || size > 20000)
		return 0;
	native_reset();
	memset(&t, 0, offsetof(typeof(t), stream));
	memset(t.seen, 0, sizeof(t.seen));
	t.next = t.items = 0;
	t.mode = data[0] & 3;
	t.refused = data[0] >> 2 & 1 && t.mode != M_ANSWERS;
	t.clean = data[0] >> 3 & 1;
	text = u16(data + 1) < size - 3 ? u16(data + 1) : size - 3;
	load(data + 3, text);
	native_set_policy(t.refused ? ESAFE_BLOCK : ESAFE_ALLOW);
	must(packet(1, TCP_SYN, CLIENT_ISN, 0, NULL, 0));
	must(packet(0, TCP_SYN | TCP_ACK, SERVER_ISN, CLIENT_ISN + 1, NULL, 0));
	for (size_t at = 3 + text; at + 6 <= size; at += 6)
		step(data + at);
	t.lost = 0;
	if (t.clean)
		finish();
	return 0;
}
