/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections through the loaded programs, segment by segment. */
#ifndef CONN_H
#define CONN_H

#include <poll.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
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

/* As a flood of other connections does. */
static inline void lose_flights(void)
{
	int fd = bpf_map__fd(lab->skel->maps.flight_owners);
	__u32 sets = bpf_map__max_entries(lab->skel->maps.flight_owners);
	__u64 owners[8] = { 0 };

	for (__u32 set = 0; set < sets; set++)
		LAB_CHECK(!bpf_map_update_elem(fd, &set, owners, BPF_ANY));
}

/* ---- what the programs send by themselves: a packet run by hand comes from the loopback interface ---- */

static inline int wire_open(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = if_nametoindex("lo") };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	LAB_CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)));
	return fd;
}

/* The next TCP packet from the server to this port of the device. */
static inline void wire_read(int fd, const struct lab_packet *p, struct frame *out)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (;;) {
		__u32 l4 = p->v6 ? 54 : 34;
		ssize_t len;

		LAB_CHECK(poll(&wait, 1, 5000) == 1);
		len = recv(fd, out->bytes, sizeof(out->bytes), 0);
		LAB_CHECK(len > 0);
		out->len = len;
		if (out->len >= l4 + 20 && out->bytes[l4 - (p->v6 ? 34 : 11)] == IPPROTO_TCP &&
		    (out->bytes[l4 + 2] << 8 | out->bytes[l4 + 3]) == p->sport &&
		    (out->bytes[l4] << 8 | out->bytes[l4 + 1]) == p->dport)
			return;
	}
}

/*
 * The packet to the client carries an answer and the end of the stream, with the right numbers, lengths and checksums:
 * its text. `asked` bytes had come from the client. *len: of the text.
 */
static inline const __u8 *wire_answer(const struct lab_packet *p, struct frame *f, __u32 asked, __u32 *len)
{
	__u32 l4 = p->v6 ? 54 : 34, l4_len = f->len - l4;
	const __u8 *ip = f->bytes + 14, *tcp = f->bytes + l4;

	cr_assert_eq(tcp[13], 0x19, "flags %x", tcp[13]);
	cr_expect_eq((__u32)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7], p->ack);
	cr_expect_eq((__u32)tcp[8] << 24 | tcp[9] << 16 | tcp[10] << 8 | tcp[11], START + asked);
	cr_expect_eq(ip[p->v6 ? 4 : 2] << 8 | ip[p->v6 ? 5 : 3], l4_len + (p->v6 ? 0 : 20));
	cr_expect(p->v6 || lab_sum(ip, 20, 0) == 0xffff);
	if (p->partial)
		cr_expect_eq(tcp[16] << 8 | tcp[17], lab_pseudo(ip, p->v6, IPPROTO_TCP, l4_len));
	else
		cr_expect_eq(lab_sum(tcp, l4_len, lab_pseudo(ip, p->v6, IPPROTO_TCP, l4_len)), 0xffff);
	*len = l4_len - 20;
	return tcp + 20;
}

#endif
