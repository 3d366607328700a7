/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys for encrypted names taken out of an answer. What is left must be a message whose records can be read to its end,
 * with the same owners and other data as before and without "ech"; where nothing was cut, not a byte may have changed.
 */
#include <stdint.h>

#include "parse.h"
#include "svcb.h"

static void must(int ok)
{
	if (!ok)
		abort();
}

/* The parameters of one record, from the RFC's grammar. 1: "ech" is there; 0: not; -1: malformed. */
static int has_ech(const __u8 *msg, const struct dns_records *r)
{
	__u32 at = r->rdata + 2, found = 0;
	int last = -1;

	while (at < r->at && msg[at] && msg[at] < 64)
		at += msg[at] + 1;
	at += at < r->at && msg[at] >= 0xc0 ? 2 : 1;
	while (at < r->at) {
		int key = msg[at] << 8 | msg[at + 1];
		__u32 len;

		if (at + 4 > r->at || key <= last)
			return -1;
		len = msg[at + 2] << 8 | msg[at + 3];
		found |= key == SVCB_ECH;
		last = key;
		at += 4 + len;
	}
	return at == r->at ? (int)found : -1;
}

/* Every record of the answer section can be read, and holds none. */
static void check(const __u8 *msg, __u32 len, __u32 answers, __u32 end)
{
	struct dns_records r = { .len = len };

	must(!dns_records_open((const struct dns_message *)msg, &r) && r.left == answers);
	while (r.left) {
		must(!dns_records_next((const struct dns_message *)msg, &r));
		if (r.type == DNS_TYPE_SVCB || r.type == DNS_TYPE_HTTPS)
			must(has_ech(msg, &r) == 0);
	}
	must(r.at == end);
}

/* Is there a parameter to take out of one of the answers, as far as they can be read? */
static int any_ech(const __u8 *msg, __u32 len)
{
	struct dns_records r = { .len = len };

	if (dns_records_open((const struct dns_message *)msg, &r))
		return 0;
	while (r.left && !dns_records_next((const struct dns_message *)msg, &r))
		if ((r.type == DNS_TYPE_SVCB || r.type == DNS_TYPE_HTTPS) && has_ech(msg, &r) > 0)
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u32 len = size < 4096 ? size : 4096, answers;
	struct dns_records r = { .len = len };
	struct svcb_cut cut = { 0 };
	__u8 *block = malloc(len + 8), *left;
	int rc;

	memcpy(block, data, len);
	memset(block + len, 0xcc, 8);
	if (!dns_records_open((struct dns_message *)block, &r)) {
		answers = r.left;
		rc = svcb_cut_all((struct dns_message *)block, &r, &cut);
		must(rc >= -1 && rc <= 1);
		if (rc == 0)
			must(!memcmp(block, data, len) && !any_ech(block, len));
		if (rc > 0) {
			must(r.len < len && r.at <= r.len && any_ech(data, len) && cut.first);
			left = malloc(r.len + 8);
			memcpy(left, block, r.len);
			memset(left + r.len, 0xdd, 8);
			check(left, r.len, answers, r.at);
			must(!memcmp(left, data, r.question_end)); /* id, flags, counts, question */
			free(left);
		}
	}
	free(block);
	return 0;
}
