/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lease file or two, and every lease found again by its keys. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "leases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = size ? memchr(data, 0xff, size) : NULL; /* between two of them */
	size_t first = mark ? (size_t)(mark - data) : size, second = mark ? size - first - 1 : 0;
	struct leases_text texts[] = { { (const char *)data, first }, { mark ? (const char *)mark + 1 : NULL, second } };
	struct leases leases;

	if (leases_read(texts, mark ? 2 : 1, &leases))
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
