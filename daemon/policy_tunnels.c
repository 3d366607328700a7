/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tunnels a group may use: none, all, one, or a list of them. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy_build.h"

#define TUNNELS (ESAFE_R_PROTOCOL - ESAFE_R_WIREGUARD + 1)
#define TUNNELS_ALL (((1 << TUNNELS) - 1) | ESAFE_TUNNEL_BIT(ESAFE_R_ICMP) | ESAFE_TUNNEL_BIT(ESAFE_R_SOCKS))

/* The names of their reasons, so that what the log says can be written here. */
static const struct word tunnel_words[] = {
	{ "wireguard", ESAFE_TUNNEL_BIT(ESAFE_R_WIREGUARD) },
	{ "openvpn", ESAFE_TUNNEL_BIT(ESAFE_R_OPENVPN) },
	{ "ipsec", ESAFE_TUNNEL_BIT(ESAFE_R_IPSEC) },
	{ "l2tp", ESAFE_TUNNEL_BIT(ESAFE_R_L2TP) },
	{ "pptp", ESAFE_TUNNEL_BIT(ESAFE_R_PPTP) },
	{ "gre", ESAFE_TUNNEL_BIT(ESAFE_R_GRE) },
	{ "ip-in-ip", ESAFE_TUNNEL_BIT(ESAFE_R_IP_IN_IP) },
	{ "teredo", ESAFE_TUNNEL_BIT(ESAFE_R_TEREDO) },
	{ "ssh", ESAFE_TUNNEL_BIT(ESAFE_R_SSH) },
	{ "socks", ESAFE_TUNNEL_BIT(ESAFE_R_SOCKS) },
	{ "icmp", ESAFE_TUNNEL_BIT(ESAFE_R_ICMP) },
	{ "protocol", ESAFE_TUNNEL_BIT(ESAFE_R_PROTOCOL) },
	{ "none", 0 },
	{ "all", TUNNELS_ALL },
	{ 0 },
};

int row_tunnels(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const struct row one = { .key = row->key, .arg = tunnel_words };
	int all = 0, value = 0, err = 0;

	if (node->kind != NODE_LIST)
		return row_word(reader, node, &one, field);
	for (const struct node *child = node->first; child; child = child->next) {
		if (row_word(reader, child, &one, &value))
			err = -EINVAL;
		else if (!value || value == TUNNELS_ALL)
			err = reader_problem(reader, child, "\"%s\" stands by itself, not in a list", child->text);
		all |= value;
	}
	if (!err)
		*(int *)field = all;
	return err;
}

int tunnels_text(int value, char *out, size_t size)
{
	size_t at = 0;

	if (!value || value == TUNNELS_ALL)
		return snprintf(out, size, "%s", word_text(tunnel_words, value));
	out[0] = 0;
	for (const struct word *word = tunnel_words; word->value && at < size; word++)
		if (value & word->value)
			at += snprintf(out + at, size - at, "%s%s", at ? ", " : "", word->text);
	return at;
}
