/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections through the loaded programs, segment by segment. */
#ifndef CONN_H
#define CONN_H

#include "lab.h"

#define CLIENT_ISN 0xfffffc00u /* sequence numbers wrap inside the first flight */
#define SERVER_ISN 7000u
#define START (CLIENT_ISN + 1)

static struct lab *lab;
static __u16 port = 1024;

static inline void conn_open(const char *policy, const struct lab_name *names, const char *group)
{
	lab = lab_open();
	lab_policy(lab, policy);
	lab_names(lab, names);
	lab_device(lab, group, 1);
}

static inline void conn_close(void)
{
	lab_close(lab);
}

static inline struct lab_packet conn(__u16 dport)
{
	return (struct lab_packet){ .sport = ++port, .dport = dport, .ack = SERVER_ISN + 1 };
}

static inline int segment_flags(struct lab_packet p, __u8 flags, __u32 seq, const void *payload, __u32 len)
{
	p.flags = flags;
	p.seq = seq;
	p.payload = payload;
	p.len = len;
	return lab_in(lab, &p, NULL);
}

static inline int segment(struct lab_packet p, __u32 offset, const void *payload, __u32 len)
{
	return segment_flags(p, 0x18, START + offset, payload, len);
}

static inline int server(struct lab_packet p, __u8 flags, __u32 seq, __u32 ack)
{
	p.from_server = 1;
	p.flags = flags;
	p.seq = seq;
	p.ack = ack;
	return lab_out(lab, &p);
}

static inline void shake(struct lab_packet p)
{
	cr_assert_eq(segment_flags(p, 0x02, CLIENT_ISN, NULL, 0), TC_ACT_UNSPEC);
	cr_assert_eq(server(p, 0x12, SERVER_ISN, START), TC_ACT_UNSPEC);
	cr_assert_eq(segment_flags(p, 0x10, START, NULL, 0), TC_ACT_UNSPEC);
}

/* Data of a connection that was reset is dropped, whatever it is; on any other it would be the next in order. */
static inline int conn_is_blocked(struct lab_packet p, __u32 offset)
{
	return segment(p, offset, "x", 1) == TC_ACT_SHOT;
}

#endif
