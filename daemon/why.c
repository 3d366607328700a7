// SPDX-License-Identifier: GPL-2.0-or-later
#include "why.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>

#define TRIES 100 /* a real packet that comes between makes the answer worthless: ask again */

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

static size_t put16(__u8 *frame, size_t at, unsigned value)
{
	frame[at] = value >> 8;
	frame[at + 1] = value;
	return at + 2;
}

static size_t put_ip(__u8 *frame, size_t at, const __u8 address[16], size_t udp_len)
{
	static const __u8 none[16];

	if (memcmp(address, mapped, 12) && memcmp(address, none, 16)) {
		frame[at] = 0x60;
		put16(frame, at + 4, udp_len);
		frame[at + 6] = IPPROTO_UDP;
		frame[at + 7] = 64;
		memcpy(frame + at + 8, address, 16);
		frame[at + 24 + 15] = 1;
		return at + 40;
	}
	frame[at] = 0x45;
	put16(frame, at + 2, 20 + udp_len);
	frame[at + 8] = 64;
	frame[at + 9] = IPPROTO_UDP;
	memcpy(frame + at + 12, address + 12, 4);
	frame[at + 16] = 127;
	frame[at + 19] = 1;
	return at + 20;
}

/* An Ethernet frame with the question. Returns its length; `frame` has room for the longest. */
static size_t build(const struct why_question *q, __u8 *frame)
{
	static const __u8 any[16];
	int v6 = memcmp(q->address, mapped, 12) && memcmp(q->address, any, 16);
	size_t dns = 12 + q->name_len + 4, at = 12;

	memset(frame, 0, 6);
	memcpy(frame + 6, q->mac, 6);
	if (q->vlan) {
		at = put16(frame, at, 0x8100);
		at = put16(frame, at, q->vlan);
	}
	at = put16(frame, at, v6 ? 0x86dd : 0x0800);
	at = put_ip(frame, at, q->address, 8 + dns);
	at = put16(frame, at, 1024);
	at = put16(frame, at, 53);
	at = put16(frame, at, 8 + dns);
	at += 2;
	put16(frame, at + 2, 0x0100);
	put16(frame, at + 4, 1);
	at += 12;
	memcpy(frame + at, q->name, q->name_len);
	at += q->name_len;
	at = put16(frame, at, q->qtype);
	return put16(frame, at, 1);
}

int why_ask(struct maps *maps, const struct why_question *q, struct esafe_why *answer)
{
	__u8 frame[14 + 4 + 40 + 8 + 12 + ESAFE_NAME_MAX + 4] = { 0 };
	struct __sk_buff skb = { .ifindex = q->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .repeat = 1);
	struct esafe_why ask = { .at_ns = q->at_tai_ns };
	__u32 zero = 0;

	if (!q->name_len || q->name_len > ESAFE_NAME_MAX)
		return -EINVAL;
	run.data_size_in = build(q, frame);
	if (q->ifindex > 1) {
		run.ctx_in = &skb;
		run.ctx_size_in = sizeof(skb);
	}
	for (int i = 0; i < TRIES; i++) {
		if (bpf_map_update_elem(maps->why, &zero, &ask, BPF_ANY))
			return -errno;
		if (bpf_prog_test_run_opts(maps->why_prog, &run))
			return -errno;
		if (run.retval == 2)
			return -EINVAL;
		if (!run.retval)
			return bpf_map_lookup_elem(maps->why, &zero, answer) ? -errno : 0;
	}
	return -EAGAIN;
}
