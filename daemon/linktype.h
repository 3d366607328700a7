/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a capture has of each packet, made into the Ethernet frame that the programs read; pure. The numbers of link
 * types are those of libpcap, which are not everywhere those in the file.
 */
#ifndef ESAFE_LINKTYPE_H
#define ESAFE_LINKTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define LINKTYPE_PACKET_MAX 262144 /* bytes of a packet in a capture */
#define LINKTYPE_FRAME_MAX (LINKTYPE_PACKET_MAX + 14)

/* How a link type is called; NULL: it is none that is understood. */
const char *linktype_name(unsigned type);
/* Its packets say which device sent them. */
bool linktype_has_mac(unsigned type);

/*
 * Writes the frame of a packet to out[LINKTYPE_FRAME_MAX]; returns its length. Addresses that the link does not have,
 * or has as zeros, become made-up ones. -EPROTONOSUPPORT: no such link type; -EBADMSG: too short for its own header,
 * or nothing that travels in Ethernet frames.
 */
int linktype_frame(unsigned type, const __u8 *data, size_t len, __u8 *out);

#endif
