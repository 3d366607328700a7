/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that need no name, as rows of prefixes that share their ports; and the filter in front of them. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "compile_part.h"

static void set_bit(struct esafe_policy *out, __u32 bit)
{
	out->net_filter[bit / 64] |= 1ULL << bit % 64;
}

static unsigned mask_bits(const struct esafe_prefix *prefix)
{
	unsigned bits = 0;

	for (int i = 0; i < 16; i++)
		bits += __builtin_popcount(prefix->mask[i]);
	return bits;
}

static bool is_any(const struct esafe_prefix *prefix)
{
	unsigned bits = mask_bits(prefix);

	return !bits || (bits == 96 && prefix->addr[10] == 0xff);
}

/* Every beginning of an address in the prefix, as long as the filter looks at. */
static void filter_wide(struct esafe_policy *out, const struct esafe_prefix *prefix, unsigned missing, int v4)
{
	for (unsigned i = 0; i < 1u << missing; i++) {
		__u8 addr[16];
		unsigned at = v4 ? 12 : 2; /* the last sixteen bits that it looks at */
		unsigned value;
		__u64 word[2];

		memcpy(addr, prefix->addr, sizeof(addr));
		value = (addr[at] << 8 | addr[at + 1]) + i;
		addr[at] = value >> 8;
		addr[at + 1] = value;
		memcpy(word, addr, sizeof(word));
		set_bit(out, net_bit_wide(word, v4));
	}
}

static void filter_ports(struct esafe_policy *out, const struct policy_network *network)
{
	for (size_t i = 0; i < network->ports; i++)
		for (unsigned port = network->port[i].first; port <= network->port[i].last; port++)
			set_bit(out, net_bit_port(network->port[i].proto, port));
}

/* Only networks that a group may have closed: the others are looked for where nothing was resolved. */
static void filter_add(struct esafe_policy *out, const struct policy_network *network,
		       const struct esafe_prefix *prefix)
{
	unsigned bits = mask_bits(prefix), v4 = bits >= 96 && prefix->addr[10] == 0xff && prefix->addr[11] == 0xff;
	unsigned least = v4 ? 96 + NET_BIT_WIDE4 : NET_BIT_WIDE6;
	__u64 word[2];

	memcpy(word, prefix->addr, sizeof(word));
	if (bits == 128)
		set_bit(out, net_bit_host(word));
	else if (bits >= least)
		set_bit(out, net_bit_wide(word, v4));
	else if (least - bits <= 12)
		filter_wide(out, prefix, least - bits, v4);
	else if (network->ports)
		filter_ports(out, network);
	else
		memset(out->net_filter, 0xff, sizeof(out->net_filter));
}

static int add_ports(struct compiling *c, const struct policy_network *network, unsigned *ports)
{
	if (*ports + network->ports > ESAFE_NET_PORTS)
		return compile_problem(c, network->at, "the networks have more than %d ranges of ports together",
				       ESAFE_NET_PORTS);
	memcpy(&c->out->net_ports[*ports], network->port, network->ports * sizeof(network->port[0]));
	*ports += network->ports;
	return 0;
}

int compile_networks(struct compiling *c)
{
	const struct policy *p = c->policy;
	unsigned ports = 0;

	for (size_t i = 0; i < p->networks; i++) {
		const struct policy_network *network = &p->network[i];
		unsigned first = ports;

		if (c->out->nets_count + network->prefixes > ESAFE_NETS)
			return compile_problem(c, network->at, "the networks have more than %d prefixes together",
					       ESAFE_NETS);
		if (add_ports(c, network, &ports))
			return -EINVAL;
		for (size_t j = 0; j < network->prefixes; j++) {
			bool open = network->category == SIZE_MAX;

			c->out->nets[c->out->nets_count++] = (struct esafe_net){
				.prefix = network->prefix[j],
				.category = open ? ESAFE_NO_CATEGORY : c->category[network->category],
				.port_first = first,
				.ports = network->ports,
				.closes = is_any(&network->prefix[j]),
			};
			if (!open)
				filter_add(c->out, network, &network->prefix[j]);
		}
	}
	memcpy(c->out->resolvers, p->resolver, sizeof(c->out->resolvers));
	c->out->resolvers_count = p->resolvers;
	return 0;
}
