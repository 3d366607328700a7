/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

#include "caps.h"
#include "log.h"

/*
 * BPF and PERFMON: programs and maps. NET_ADMIN: attaching, test runs of network programs, the neighbour table.
 * Pins, state and lists belong to root, who needs no capability for his own files.
 */
static const int kept[] = { CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN };

int caps_drop(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, kept[i]))
			return -EINVAL;
	if (capng_apply(CAPNG_SELECT_BOTH) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_error("capabilities could not be dropped");
		return -EPERM;
	}
	return 0;
}
