/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lease file, and every lease found again by its keys. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "leases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leases leases;

	if (leases_read((const char *)data, size, &leases))
		return 0;
	for (size_t i = 0; i < leases.n; i++) {
		const struct lease *item = &leases.item[i];

		if (strlen(item->hostname) >= LEASE_HOSTNAME)
			abort();
		if (!item->expires && (!leases_of_mac(&leases, item->mac, 1) || !leases_of_addr(&leases, item->addr, 1)))
			abort();
	}
	leases_free(&leases);
	return 0;
}
