/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS answers made by hand, and sent to a device through the loaded program. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "lab.h"

static struct lab *lab;

static __u8 msg[16384];
static __u32 len;

#define TYPE_CNAME 5
#define OWNER_QUESTION 12

static inline void put(const void *bytes, size_t n)
{
	memcpy(msg + len, bytes, n);
	len += n;
}

static inline void put_labels(const char *name)
{
	for (; *name; name += *name == '.') {
		__u8 n = strcspn(name, ".");

		put(&n, 1);
		put(name, n);
		name += n;
	}
}

static inline void begin(const char *question, __u16 qtype)
{
	len = lab_question(msg, question, qtype, 0);
	msg[2] = 0x81;
	msg[3] = 0x80;
}

/* Returns where the data of the record begins. */
static inline __u32 record(__u16 owner, __u16 type, const void *rdata, size_t n)
{
	__u8 head[12] = { 0xc0 | owner >> 8, owner, type >> 8, type, 0, 1, 0, 0, 0, 60, n >> 8, n };
	__u32 at = len + sizeof(head);

	put(head, sizeof(head));
	put(rdata, n);
	lab_put16(msg + 6, (msg[6] << 8 | msg[7]) + 1);
	return at;
}

/* A CNAME whose target is `labels`, and the name at offset `tail` unless that is 0. Returns where the target stands. */
static inline __u32 cname(__u16 owner, const char *labels, __u16 tail)
{
	__u32 at = record(owner, TYPE_CNAME, "", 0), end;

	put_labels(labels);
	put((__u8[]){ 0xc0 | tail >> 8, tail }, tail ? 2 : 0);
	if (!tail)
		put("", 1);
	end = len;
	lab_put16(msg + at - 2, end - at);
	return at;
}

static inline void address(__u16 owner)
{
	record(owner, 1, "\x5d\xb8\xd8\x22", 4);
}

static inline void opt(int dnssec_ok)
{
	put((__u8[]){ 0, 0, 41, 4, 0xd0, 0, 0, dnssec_ok ? 0x80 : 0, 0, 0, 0 }, 11);
	msg[11]++;
}

/* A chain from the question through the names given, ended by NULL, to two addresses. */
static inline void chain(const char *question, const char *const *targets)
{
	__u32 owner = OWNER_QUESTION;

	begin(question, 1);
	for (; *targets; targets++)
		owner = cname(owner, *targets, 0);
	address(owner);
	address(owner);
}

static struct frame in, out;

/* A packet from the server, to a device: what goes out and comes out is in `in` and `out`. */
static inline int to_device(struct lab_packet p)
{
	p.from_server = 1;
	lab_frame(&in, &p);
	return lab_run(lab, lab->skel->progs.esafe_egress, &in, &out);
}

/* The answer in msg, to a device. */
static inline int deliver(const struct lab_packet *how)
{
	struct lab_packet p = *how;

	p.dport = p.dport ? p.dport : 53;
	p.payload = msg;
	p.len = len;
	return to_device(p);
}

static inline int unchanged(void)
{
	return in.len == out.len && !memcmp(in.bytes, out.bytes, in.len);
}

/* Length and checksums of the frame that came out, whose tags are taken off. */
static inline int right(int tags, int is_partial)
{
	static struct frame plain;
	const __u8 *ip = plain.bytes + 14, *l4;
	__u32 header, l4_len;
	int v6;

	plain = out;
	memmove(plain.bytes + 12, plain.bytes + 12 + 4 * tags, plain.len - 12 - 4 * tags);
	plain.len -= 4 * tags;
	v6 = ip[0] >> 4 == 6;
	header = v6 ? 40 : (ip[0] & 15) * 4;
	l4 = ip + header;
	l4_len = plain.len - 14 - header;
	if (!v6 && lab_sum(ip, header, 0) != 0xffff)
		return 0;
	if ((l4[4] << 8 | l4[5]) != (int)l4_len)
		return 0;
	if (v6 ? (ip[4] << 8 | ip[5]) != (int)l4_len : (ip[2] << 8 | ip[3]) != (int)(l4_len + header))
		return 0;
	if (is_partial)
		return (l4[6] << 8 | l4[7]) == (int)lab_pseudo(ip, v6, IPPROTO_UDP, l4_len);
	return lab_sum(l4, l4_len, lab_pseudo(ip, v6, IPPROTO_UDP, l4_len)) == 0xffff;
}

#endif
