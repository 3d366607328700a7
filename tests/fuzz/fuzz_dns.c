/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS message as the kernel programs take it: read on a block of its size, then made its answer, which must be a
 * message that holds together. First byte: the answer (bit 7 none; bits 0..3 its code, bits 4..6 its records).
 */
#include <stdint.h>

#include "parse.h"
#include "dns.h"

#define READ 512

static void must(int ok)
{
	if (!ok)
		abort();
}

static struct esafe_answer make_answer(__u8 choice)
{
	struct esafe_answer a = { .rcode = choice & 15, .ede = choice & 16 ? 15 : ESAFE_NO_EDE };
	static const __u8 head[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1 };

	for (int i = 0; i < (choice >> 5 & 3) * 4; i++) {
		memcpy(a.a.body + a.a.len, head, sizeof(head));
		a.a.len += sizeof(head);
		a.a.count++;
	}
	a.aaaa = a.a;
	return a;
}

/* Moves over a name without following pointers. */
static __u32 skip_name(const __u8 *msg, __u32 len, __u32 at)
{
	for (;;) {
		must(at < len);
		if (msg[at] >= 0xc0)
			return at + 2;
		if (!msg[at])
			return at + 1;
		at += 1 + msg[at];
	}
}

static void check(const __u8 *msg, __u32 len, const __u8 *asked)
{
	__u32 records = 0, at = skip_name(msg, len, DNS_HEADER) + 4;

	must(msg[0] == asked[0] && msg[1] == asked[1] && msg[2] & 0x80 && !memcmp(msg + 4, "\0\1", 2));
	must(!memcmp(msg + DNS_HEADER, asked + DNS_HEADER, at - DNS_HEADER)); /* the case of letters, too */
	for (int i = 6; i < 12; i += 2)
		records += msg[i] << 8 | msg[i + 1];
	while (records--) {
		at = skip_name(msg, len, at) + 10;
		must(at <= len);
		at += msg[at - 2] << 8 | msg[at - 1];
		must(at <= len);
	}
	must(at == len);
}

static void answer(const __u8 *asked, __u32 len, const struct dns_question *q, __u8 choice)
{
	struct esafe_answer a = make_answer(choice);
	__u8 *room = calloc(1, DNS_MASK + 1), *cut;
	__u32 after;

	memcpy(room, asked, len);
	after = dns_answer(room, q, choice & 0x80 ? NULL : &a, 60);
	must(after > q->end - 1 && after <= q->end + DNS_REPLY_EXTRA);
	cut = exact(room, after);
	check(cut, after, asked);
	free(cut);
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u32 len = size - 1 < READ ? size - 1 : READ, copied;
	struct esafe_name name;
	struct dns_question q;
	__u8 *msg;

	if (size < 1)
		return 0;
	msg = exact(data + 1, len);
	if (dns_header_ok(msg, len)) {
		copied = len - DNS_HEADER < ESAFE_WIRE_ROOM ? len - DNS_HEADER : ESAFE_WIRE_ROOM;
		memset(&name, data[0], sizeof(name)); /* what the packet before left there */
		memcpy(name.wire, msg + DNS_HEADER, copied);
		if (!esafe_name_scan(&name, K1, K2) && !dns_question_rest(msg, len, name.len, &q)) {
			must(q.end <= len && q.end == DNS_HEADER + name.len + 4 && name.len <= ESAFE_NAME_MAX);
			answer(msg, len, &q, data[0]);
		}
	}
	free(msg);
	return 0;
}
