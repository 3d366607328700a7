/* SPDX-License-Identifier: GPL-2.0-or-later */
/* esafed.yaml: what the daemon needs to know of the machine that it runs on. */
#ifndef ESAFE_CONFIG_H
#define ESAFE_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "config_logon.h"
#include "config_radius.h"
#include "problem.h"
#include "session_table.h"

#define CONFIG_INTERFACES 32
#define CONFIG_LEASES 4

struct config_iface {
	char name[IF_NAMESIZE];
	int identity; /* ESAFE_BY_MAC or ESAFE_BY_ADDRESS */
	bool xdp;     /* native XDP answers DNS on this port */
	int line;
};

struct config_listen { /* loopback only */
	bool on;
	bool ipv6;
	__u16 port;
};

struct config {
	struct config_iface *iface;
	size_t ifaces;
	char *policy;      /* file */
	char *data_dir;    /* shipped lists, services and protected names */
	char *state_dir;
	char *pin_dir;
	char *socket;
	char *dhcp_leases[CONFIG_LEASES + 1]; /* files, up to a NULL */
	char *zone;        /* such as Europe/London */
	bool quic_inspect; /* names in QUIC are read for groups that say so; false: QUIC is rejected instead */
	struct config_listen metrics;
	unsigned retention_days;
	struct session_limits sessions;
	struct config_radius radius;
	struct config_logon logon;
	__s64 grant_longest; /* seconds, of lessons, supervision and grants */
	char *terms;         /* file: what guests agree to at the portal; NULL: nothing */
	char *login;         /* socket of esafe-login */
	char *letter;        /* file: what is written to parents; NULL: letter.txt of data_dir */
};

/* Of the text of a file; NULL with the problems told. */
struct config *config_read(const char *file, const char *text, size_t len, struct problems *problems);
void config_free(struct config *config);

#endif
