/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses in a policy: networks that need no name, resolvers that ask for others. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_build.h"

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

int prefix_text(const struct esafe_prefix *prefix, char *out, size_t size)
{
	bool v4 = !memcmp(prefix->addr, mapped, sizeof(mapped)) && prefix->mask[11] == 0xff;
	char addr[INET6_ADDRSTRLEN];
	int bits = v4 ? -96 : 0;

	for (int i = 0; i < 16; i++)
		bits += __builtin_popcount(prefix->mask[i]);
	inet_ntop(v4 ? AF_INET : AF_INET6, prefix->addr + (v4 ? 12 : 0), addr, sizeof(addr));
	if (bits == (v4 ? 32 : 128))
		return snprintf(out, size, "%s", addr);
	return snprintf(out, size, "%s/%d", addr, bits);
}

int prefix_read(struct reader *reader, const struct node *node, const char *text, struct esafe_prefix *out)
{
	int err = prefix_parse(text, out);

	if (err == -ERANGE)
		return reader_problem(reader, node, "\"%s\" has address bits behind its prefix", text);
	return err ? reader_problem(reader, node, "\"%s\" is not an address or a prefix such as 192.0.2.0/24", text) : 0;
}

/* ---- networks: [{ name, addresses: [prefix], ports: [tcp/443, udp/3478-3481], category }] ---- */
struct network_fields {
	struct policy_network network;
	char *category;
	bool given; /* addresses: without them, any */
};

static int row_prefixes(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct network_fields *fields = field;
	struct policy_network *network = &fields->network;
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	fields->given = true;
	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		struct esafe_prefix prefix, *to;

		if (reader_expect(reader, child, NODE_SCALAR, "an address") ||
		    prefix_read(reader, child, child->text, &prefix)) {
			err = -EINVAL;
			continue;
		}
		to = grow(reader, child, (void **)&network->prefix, &network->prefixes, sizeof(*to));
		if (!to)
			return -ENOMEM;
		*to = prefix;
	}
	return err;
}

/* "tcp/443" or "udp/3478-3481" */
static int port_parse(const char *text, struct esafe_net_port *out)
{
	char first[8], *dash;
	unsigned from, to;

	memset(out, 0, sizeof(*out));
	out->proto = !strncmp(text, "tcp/", 4) ? IPPROTO_TCP : !strncmp(text, "udp/", 4) ? IPPROTO_UDP : 0;
	if (!out->proto || strlen(text + 4) >= 2 * sizeof(first))
		return -EINVAL;
	dash = strchr(text + 4, '-');
	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text - 4) : 7, text + 4);
	if (number_from_text(first, 1, 65535, &from) ||
	    number_from_text(dash ? dash + 1 : first, from, 65535, &to))
		return -EINVAL;
	out->first = from;
	out->last = to;
	return 0;
}

static int row_ports(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy_network *network = &((struct network_fields *)field)->network;
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		if (reader_expect(reader, child, NODE_SCALAR, "a port"))
			err = -EINVAL;
		else if (network->ports == ESAFE_PORTS_PER_NET)
			return reader_problem(reader, child, "more than %d ranges of ports", ESAFE_PORTS_PER_NET);
		else if (port_parse(child->text, &network->port[network->ports]))
			err = reader_problem(reader, child, "\"%s\" is not a port such as tcp/443 or udp/3478-3481",
					     child->text);
		else
			network->ports++;
	}
	return err;
}

static const struct row network_rows[] = {
	{ .key = "name", .read = row_text, .offset = offsetof(struct network_fields, network.name), .required = true },
	{ .key = "about", .read = row_text, .offset = offsetof(struct network_fields, network.about) },
	{ .key = "addresses", .read = row_prefixes },
	{ .key = "ports", .read = row_ports },
	{ .key = "category", .read = row_text, .offset = offsetof(struct network_fields, category) },
	{ 0 },
};

static bool is_overridden(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->networks; i++)
		if (!strcmp(policy->network[i].name, name))
			return true;
	return false;
}

static size_t find_category(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->categories; i++)
		if (!strcmp(policy->category[i].name, name))
			return i;
	return SIZE_MAX;
}

/* 1: left out. Shipped networks of a category that this school does not have are. */
static int check_network(struct reader *reader, const struct node *node, struct network_fields *fields)
{
	struct policy *policy = building(reader)->policy;
	struct policy_network *network = &fields->network;
	bool shipped = building(reader)->shipped;

	if (check_label(reader, network->name, at_node(reader, node), "network"))
		return -EINVAL;
	if (is_overridden(policy, network->name))
		return shipped ? 1 : reader_problem(reader, node, "two networks are called \"%s\"", network->name);
	if (!fields->given && !network->ports)
		return reader_problem(reader, node, "a network says its addresses, its ports, or both");
	network->category = SIZE_MAX;
	if (!fields->category && !fields->given)
		return reader_problem(reader, node, "a network of any address closes its ports with a category");
	if (!fields->category)
		return 0;
	if (shipped && find_category(policy, fields->category) == SIZE_MAX)
		return 1;
	network->category = category_find(reader, fields->category, at_node(reader, node_get(node, "category")));
	if (network->category == SIZE_MAX)
		return -EINVAL;
	if (policy->category[network->category].floor)
		return reader_problem(reader, node, "\"%s\" is locked: it has no networks", fields->category);
	return 0;
}

static void network_free(struct policy_network *network)
{
	free(network->name);
	free(network->about);
	free(network->prefix);
}

static int read_network(struct reader *reader, const struct node *node, struct policy *policy)
{
	struct network_fields fields = { 0 };
	struct policy_network *network = NULL;
	int err = schema_map(reader, node, network_rows, &fields);

	if (!err)
		err = check_network(reader, node, &fields);
	if (!err && !fields.given) { /* any address of both families */
		fields.network.prefix = calloc(1, sizeof(*fields.network.prefix));
		fields.network.prefixes = !!fields.network.prefix;
	}
	free(fields.category);
	if (!err)
		network = grow(reader, node, (void **)&policy->network, &policy->networks, sizeof(*network));
	if (!network) {
		network_free(&fields.network);
		return err < 0 ? err : err ? 0 : -ENOMEM;
	}
	*network = fields.network;
	network->at = at_node(reader, node);
	return 0;
}

int row_networks(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_network(reader, child, building(reader)->policy))
			err = -EINVAL;
	return err;
}

void networks_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->networks; i++)
		network_free(&policy->network[i]);
	free(policy->network);
}

/* ---- resolvers: [address] ---- */
int row_resolvers(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy *policy = building(reader)->policy;
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		struct esafe_prefix host;

		if (reader_expect(reader, child, NODE_SCALAR, "an address"))
			err = -EINVAL;
		else if (policy->resolvers == ESAFE_RESOLVERS)
			return reader_problem(reader, child, "more than %d resolvers", ESAFE_RESOLVERS);
		else if (strchr(child->text, '/') || prefix_parse(child->text, &host))
			err = reader_problem(reader, child, "\"%s\" is not the address of a resolver", child->text);
		else
			memcpy(policy->resolver[policy->resolvers++], host.addr, sizeof(host.addr));
	}
	return err;
}
