/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer as the kernel programs walk over it, against a reader written from RFC 1035 in one piece: both must find
 * the same records and the same names, or give up at the same place.
 */
#include <stdint.h>

#include "parse.h"
#include "records.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

static struct dns_message *block; /* of the size of the message, and the eight bytes that may be read behind it */

/* Length of the name that is spelt at `at`, in wire form; 0: it is none. *end: behind it in the message. */
static __u32 spell(const __u8 *msg, __u32 len, __u32 at, __u8 *wire, __u32 *end)
{
	__u32 limit = at, out = 0, steps = 0;

	*end = 0;
	for (;;) {
		__u32 label;

		if (at >= len || ++steps > DNS_EXPAND_STEPS)
			return 0;
		label = msg[at];
		if (label >= 0xc0) {
			if (at + 2 > len)
				return 0;
			if (!*end)
				*end = at + 2;
			at = (label & 0x3f) << 8 | msg[at + 1];
			if (at >= limit || at < DNS_HEADER)
				return 0;
			limit = at;
			continue;
		}
		if (label > 63 || at + 1 + label > len || out + label + 2 > ESAFE_NAME_MAX + !label)
			return 0;
		memcpy(wire + out, msg + at, label + 1);
		out += label + 1;
		at += label + 1;
		if (!label) {
			if (!*end)
				*end = at;
			return out;
		}
	}
}

static void compare_name(const __u8 *msg, __u32 len, __u32 at)
{
	struct dns_expansion e = { .len = len, .from = at };
	struct esafe_name name;
	__u8 wire[ESAFE_NAME_MAX + 64];
	__u32 end, n = spell(msg, len, at, wire, &end);
	int rc = dns_expand(block, &e, &name);

	must(rc == (n ? 0 : -1));
	if (n)
		must(e.to == n && !memcmp(name.wire, wire, n));
}

/* The names of a record's data that are judged. */
static void record(const __u8 *msg, __u32 len, const struct dns_records *r)
{
	must(r->rdata + r->rdata_len == r->at && r->at <= len && r->rdata >= 10);
	if (r->type == DNS_TYPE_CNAME)
		compare_name(msg, len, r->rdata);
	else if (r->type == DNS_TYPE_SVCB || r->type == DNS_TYPE_HTTPS)
		compare_name(msg, len, r->rdata + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u32 len = size < MESSAGE_MASK + 1 ? size : MESSAGE_MASK + 1, at;
	struct dns_records r = { .len = len };
	__u8 *msg = exact(data, len);

	block = malloc(len + 8);
	memcpy(block, data, len);
	memset((__u8 *)block + len, 0xc1, 8);
	for (at = 0; at < len && at < 40; at++)
		compare_name(msg, len, at);
	if (!dns_records_open(block, &r)) {
		must(r.question_end <= len && r.question_end >= DNS_HEADER + 5 && r.left);
		must(msg[2] & 0x80 && msg[5] == 1 && r.left == (__u32)(msg[6] << 8 | msg[7]));
		for (at = r.at; r.left; at = r.at) {
			__u32 left = r.left;

			if (dns_records_next(block, &r))
				break;
			must(r.left == left - 1 && r.at >= at + 11);
			record(msg, len, &r);
		}
	}
	must(!memcmp(block, data, len));
	free(block);
	free(msg);
	return 0;
}
