/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to the pages of the gateway itself: whatever their Host field says, and whoever may go nowhere else, they
 * are what the filter sends devices to.
 */
#ifndef ESAFE_PAGE_H
#define ESAFE_PAGE_H

#include "maps.h"
#include "pkt.h"

static __always_inline int page_is_wanted(const struct pkt *pkt)
{
	const struct esafe_policy *p = policy_get();
	const __u64 *dst = (const __u64 *)pkt->dst, *page;

	if (!p || !pkt->dport || (pkt->dport != p->page_port[0] && pkt->dport != p->page_port[1]))
		return 0;
	for (int i = 0; i < 2; i++) {
		page = (const __u64 *)p->page[i];
		if (dst[0] == page[0] && dst[1] == page[1] && (page[0] | page[1]))
			return 1;
	}
	return 0;
}

#endif
