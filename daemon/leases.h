/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lease file of dnsmasq: which address was given to which MAC, and what the machine calls itself. Pure. The
 * hostname is the client's own word: good for a person to read, never an identity.
 */
#ifndef ESAFE_LEASES_H
#define ESAFE_LEASES_H

#include <stddef.h>
#include <linux/types.h>

#define LEASES_MAX 65536
#define LEASE_HOSTNAME 64

struct lease {
	__u8 mac[6];
	__u8 addr[16];  /* IPv4 as ::ffff:a.b.c.d */
	__s64 expires;  /* seconds since 1970; 0: never */
	__u32 place;    /* in the file */
	char hostname[LEASE_HOSTNAME]; /* letters, digits, '-', '_' and '.'; "": none */
};

struct leases {
	size_t n;
	size_t bad;  /* lines not understood */
	struct lease *item;   /* by MAC; of equal ones the last in the file comes last */
	__u32 *by_addr;       /* numbers of items by address */
};

/* Lines without a MAC (DHCPv6 leases name a DUID) are skipped. 0 or -ENOMEM; out is untouched then. */
int leases_read(const char *text, size_t len, struct leases *out);
void leases_free(struct leases *leases);

/* The last lease of this MAC or address that has not run out, or NULL. */
const struct lease *leases_of_mac(const struct leases *leases, const __u8 mac[6], __s64 now);
const struct lease *leases_of_addr(const struct leases *leases, const __u8 addr[16], __s64 now);

#endif
