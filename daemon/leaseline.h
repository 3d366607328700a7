/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of lease files; pure.
 *
 * dnsmasq(8), --dhcp-leasefile: "EXPIRES MAC ADDRESS HOSTNAME CLIENT-ID", one lease a line; "*" is no hostname. A MAC
 * of another medium than Ethernet has its number and '-' in front. A line "duid ..." begins the DHCPv6 leases, whose
 * second word is an IAID. The file is written anew with each change.
 *
 * Kea, memfile: comma-separated values below a line with their names; a comma within a value is written &#x2c. Every
 * change of a lease is one more line: the last one of an address counts, with a lifetime of 0 it is gone.
 */
#ifndef ESAFE_LEASELINE_H
#define ESAFE_LEASELINE_H

#include <stdbool.h>
#include "leases.h"

#define LEASE_FIELDS_MAX 32 /* columns that are looked at */

enum lease_column {
	LEASE_ADDRESS, LEASE_HWADDR, LEASE_LIFETIME, LEASE_EXPIRE, LEASE_NAME, LEASE_STATE, LEASE_TYPE, LEASE_COLUMNS
};

struct lease_columns { /* which one of a line it is, from 1; 0: not there */
	unsigned at[LEASE_COLUMNS];
};

enum lease_line {
	LEASE_HOLDS,
	LEASE_OVER,  /* the address is nobody's any more, or somebody's whose MAC is not known */
	LEASE_OTHER, /* of another kind, or empty */
	LEASE_BAD,
};

enum lease_line lease_line_dnsmasq(const char *at, const char *end, struct lease *lease);

/* Is this the line with the names of the columns? */
bool lease_kea_header(const char *at, const char *end, struct lease_columns *columns);
enum lease_line lease_line_kea(const struct lease_columns *columns, const char *at, const char *end,
			       struct lease *lease);

#endif
