/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "ownaddr.h"

static bool is_filtered(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ifaces; i++)
		if (!strcmp(config->iface[i].name, name))
			return true;
	return false;
}

/* The bytes of an address or mask of either family, IPv4 behind `before`. False: of another family. */
static bool put_bytes(const struct sockaddr *addr, __u8 before, __u8 out[16])
{
	if (addr && addr->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr, 16);
		return true;
	}
	if (!addr || addr->sa_family != AF_INET)
		return false;
	memset(out, before, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, 4);
	return true;
}

static bool put_prefix(const struct config *config, const struct ifaddrs *from, struct esafe_prefix *out)
{
	if (!put_bytes(from->ifa_addr, 0, out->addr))
		return false;
	if (!is_filtered(config, from->ifa_name) || !put_bytes(from->ifa_netmask, 0xff, out->mask))
		memset(out->mask, 0xff, sizeof(out->mask));
	for (int i = 0; i < 16; i++)
		out->addr[i] &= out->mask[i];
	return true;
}

int ownaddr_read(const struct config *config, struct esafe_prefix *out, unsigned room)
{
	struct ifaddrs *all;
	unsigned n = 0;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *at = all; at && n < room; at = at->ifa_next) {
		bool seen = false;

		if (!put_prefix(config, at, &out[n]))
			continue;
		for (unsigned i = 0; i < n; i++)
			seen |= !memcmp(&out[i], &out[n], sizeof(out[n]));
		n += !seen;
	}
	freeifaddrs(all);
	return n;
}
