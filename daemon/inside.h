/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is inside the packets of a capture: tunnels and labels whose content can be read, as they are on the lines
 * between switches, sites and mobile networks, where captures are taken. The gateway opens none of them: it refuses or
 * passes a tunnel as such (bpf/tunnel.h). Pure.
 */
#ifndef ESAFE_INSIDE_H
#define ESAFE_INSIDE_H

#include "frame.h"

/*
 * Writes the packet that is inside of this one as a frame to out[LINKTYPE_FRAME_MAX] and returns its length; *kind
 * becomes what it was in. A tunnel without hardware addresses of its own leaves it those, and the VLAN, of the packet
 * around it. 0: nothing is inside that could be read. `missing`: so many bytes of the packet are not in hand.
 */
size_t inside_open(const struct frame *frame, size_t missing, const char **kind, __u8 *out);

#endif
