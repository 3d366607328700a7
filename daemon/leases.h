/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lease files of DHCP servers, dnsmasq and Kea: which address was given to which MAC, and what the machine calls
 * itself. Pure. The hostname is the client's own word: good for a person to read, never an identity.
 */
#ifndef ESAFE_LEASES_H
#define ESAFE_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define LEASES_MAX 65536
#define LEASE_HOSTNAME 64

struct lease {
	__u8 mac[6];
	__u8 addr[16];  /* IPv4 as ::ffff:a.b.c.d */
	__s64 expires;  /* seconds since 1970; 0: never */
	__u32 place;    /* in the files */
	bool over;      /* within the reading: the address was given back */
	char hostname[LEASE_HOSTNAME]; /* letters, digits, '-', '_' and '.'; "": none */
};

struct leases {
	size_t n;
	size_t bad;  /* lines not understood */
	struct lease *item;   /* by MAC, each address once; of equal MACs the last in the files comes last */
	__u32 *by_addr;       /* numbers of items by address */
};

struct leases_text { /* a file, of whichever server */
	const char *text;
	size_t len;
};

/*
 * Of each address the last line counts, the files taken one behind the other. Lines without a MAC (DHCPv6 leases of
 * dnsmasq name a DUID) are skipped. 0 or -ENOMEM; out is untouched then.
 */
int leases_read(const struct leases_text *texts, size_t n, struct leases *out);
/* Is it a file of Kea's? Then what is to be read before it stands beside it, see leasewatch.c. */
bool leases_are_keas(const char *text, size_t len);
void leases_free(struct leases *leases);

/* The last lease of this MAC or address that has not run out, or NULL. */
const struct lease *leases_of_mac(const struct leases *leases, const __u8 mac[6], __s64 now);
const struct lease *leases_of_addr(const struct leases *leases, const __u8 addr[16], __s64 now);

#endif
