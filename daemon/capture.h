/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture file (pcap, pcapng), packet by packet. */
#ifndef ESAFE_CAPTURE_H
#define ESAFE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define CAPTURE_PROBLEM 256 /* what libpcap says of a file */

struct capture;

struct capture_packet {
	__s64 at_us;       /* since 1970 */
	const __u8 *data;  /* until the next one is read */
	size_t len;        /* in the file */
	size_t length;     /* on the wire */
};

/*
 * Takes the descriptor, also on failure. It must be a plain file: nothing else can be read without waiting. 0, or
 * -errno with the reason in problem.
 */
int capture_open(int fd, struct capture **capture, char problem[CAPTURE_PROBLEM]);
unsigned capture_link(const struct capture *capture); /* linktype.h */
/* 1: a packet; 0: the end; -EBADMSG: the file is damaged or cut off here, as problem says. */
int capture_next(struct capture *capture, struct capture_packet *packet, char problem[CAPTURE_PROBLEM]);
void capture_close(struct capture *capture);

#endif
