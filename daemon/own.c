// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "log.h"
#include "maps.h"
#include "own.h"

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool take_addr(const struct sockaddr *from, const __u8 *v4_head, __u8 out[16])
{
	if (from && from->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
		return true;
	}
	if (!from || from->sa_family != AF_INET)
		return false;
	memcpy(out, v4_head, 12);
	memcpy(out + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	return true;
}

static bool is_filtered(const struct esafed *esafed, const char *name)
{
	for (size_t i = 0; i < esafed->config->ifaces; i++)
		if (!strcmp(esafed->config->iface[i].name, name))
			return true;
	return false;
}

/* The network of an address of a filtered interface, the address itself of any other. */
static bool prefix_of(const struct esafed *esafed, const struct ifaddrs *at, struct esafe_prefix *out)
{
	static const __u8 ones[12] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

	if (!take_addr(at->ifa_addr, mapped, out->addr))
		return false;
	memset(out->mask, 0xff, sizeof(out->mask));
	if (is_filtered(esafed, at->ifa_name) && !take_addr(at->ifa_netmask, ones, out->mask))
		return false;
	for (unsigned i = 0; i < sizeof(out->addr); i++)
		out->addr[i] &= out->mask[i];
	return true;
}

static bool has_prefix(const struct esafe_config *config, const struct esafe_prefix *prefix)
{
	for (__u32 i = 0; i < config->own_count; i++)
		if (!memcmp(&config->own[i], prefix, sizeof(*prefix)))
			return true;
	return false;
}

int own_sync(struct esafed *esafed)
{
	struct esafe_config config, before;
	struct ifaddrs *all;
	int err = maps_get_config(esafed->maps, &config);

	if (err)
		return log_errno(err, "the gateway's own addresses");
	before = config;
	config.own_count = 0;
	memset(config.own, 0, sizeof(config.own));
	if (getifaddrs(&all))
		return log_errno(errno, "the gateway's own addresses");
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		struct esafe_prefix prefix;

		if (!prefix_of(esafed, at, &prefix) || has_prefix(&config, &prefix))
			continue;
		if (config.own_count == ESAFE_OWN) {
			log_warn("the gateway has more than %d addresses: the rest count as the Internet", ESAFE_OWN);
			break;
		}
		config.own[config.own_count++] = prefix;
	}
	freeifaddrs(all);
	return memcmp(&before, &config, sizeof(config)) ? maps_set_config(esafed->maps, &config) : 0;
}
