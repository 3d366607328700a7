/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/rtnl.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "neigh.h"

#define BUCKETS 4096
#define SOCKET_BUFFER (1 << 20)
#define RESOLVED (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

struct node {
	struct node *next;
	struct neigh_entry entry;
};

struct neigh {
	struct nl_sock *sock;
	struct loop_source *source;
	struct node *bucket[BUCKETS];
	unsigned n;
	bool touched; /* in this batch */
	void (*changed)(void *ctx);
	void *ctx;
};

/* ---- the table ---- */

static unsigned bucket_of(const __u8 addr[16])
{
	__u64 high, low;

	memcpy(&high, addr, 8);
	memcpy(&low, addr + 8, 8);
	return ((high ^ low * 0x9e3779b97f4a7c15ull) * 0xd6e8feb86659fd93ull >> 32) % BUCKETS;
}

static struct node **place_of(struct neigh *neigh, __u32 ifindex, const __u8 addr[16])
{
	struct node **at = &neigh->bucket[bucket_of(addr)];

	while (*at && (((*at)->entry.ifindex != ifindex) || memcmp((*at)->entry.addr, addr, 16)))
		at = &(*at)->next;
	return at;
}

static void put(struct neigh *neigh, const struct neigh_entry *entry)
{
	struct node **at = place_of(neigh, entry->ifindex, entry->addr);

	if (*at && !memcmp((*at)->entry.mac, entry->mac, 6))
		return;
	if (!*at) {
		if (neigh->n >= NEIGH_MAX)
			return;
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return;
		neigh->n++;
	}
	(*at)->entry = *entry;
	neigh->touched = true;
}

static void drop(struct neigh *neigh, const struct neigh_entry *entry)
{
	struct node **at = place_of(neigh, entry->ifindex, entry->addr);
	struct node *node = *at;

	if (!node)
		return;
	*at = node->next;
	free(node);
	neigh->n--;
	neigh->touched = true;
}

static void clear(struct neigh *neigh)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (neigh->bucket[i]) {
			struct node *node = neigh->bucket[i];

			neigh->bucket[i] = node->next;
			free(node);
		}
	}
	neigh->n = 0;
}

const struct neigh_entry *neigh_find(const struct neigh *neigh, __u32 ifindex, const __u8 addr[16])
{
	if (!neigh)
		return NULL;
	for (const struct node *node = neigh->bucket[bucket_of(addr)]; node; node = node->next)
		if ((!ifindex || node->entry.ifindex == ifindex) && !memcmp(node->entry.addr, addr, 16))
			return &node->entry;
	return NULL;
}

int neigh_each(const struct neigh *neigh, int (*fn)(void *ctx, const struct neigh_entry *entry), void *ctx)
{
	for (unsigned i = 0; neigh && i < BUCKETS; i++) {
		for (const struct node *node = neigh->bucket[i]; node; node = node->next) {
			int result = fn(ctx, &node->entry);

			if (result)
				return result;
		}
	}
	return 0;
}

/* ---- netlink ---- */

static bool entry_of(struct rtnl_neigh *from, struct neigh_entry *entry)
{
	struct nl_addr *dst = rtnl_neigh_get_dst(from), *mac = rtnl_neigh_get_lladdr(from);
	unsigned len = dst ? nl_addr_get_len(dst) : 0;

	memset(entry, 0, sizeof(*entry));
	entry->ifindex = rtnl_neigh_get_ifindex(from);
	if (len == 4) {
		entry->addr[10] = entry->addr[11] = 0xff;
		memcpy(entry->addr + 12, nl_addr_get_binary_addr(dst), 4);
	} else if (len == 16) {
		memcpy(entry->addr, nl_addr_get_binary_addr(dst), 16);
	} else {
		return false;
	}
	if (mac && nl_addr_get_len(mac) == 6)
		memcpy(entry->mac, nl_addr_get_binary_addr(mac), 6);
	return true;
}

static int take_message(struct nl_msg *msg, void *arg)
{
	struct neigh *neigh = arg;
	struct nlmsghdr *header = nlmsg_hdr(msg);
	static const __u8 no_mac[6];
	struct rtnl_neigh *parsed;
	struct neigh_entry entry;

	if ((header->nlmsg_type != RTM_NEWNEIGH && header->nlmsg_type != RTM_DELNEIGH) ||
	    rtnl_neigh_parse(header, &parsed))
		return NL_OK;
	if (entry_of(parsed, &entry)) {
		bool resolved = rtnl_neigh_get_state(parsed) & RESOLVED && memcmp(entry.mac, no_mac, 6);

		/* An address that no longer answers keeps its MAC until the kernel forgets it: it may be asleep. */
		if (header->nlmsg_type == RTM_DELNEIGH)
			drop(neigh, &entry);
		else if (resolved)
			put(neigh, &entry);
	}
	rtnl_neigh_put(parsed);
	return NL_OK;
}

static int ask_for_all(struct neigh *neigh)
{
	clear(neigh);
	neigh->touched = true;
	return nl_rtgen_request(neigh->sock, RTM_GETNEIGH, AF_UNSPEC, NLM_F_DUMP) < 0 ? -EIO : 0;
}

static void ready(void *ctx, uint32_t events)
{
	struct neigh *neigh = ctx;
	int err = nl_recvmsgs_default(neigh->sock);

	if (err == -NLE_NOMEM || err == -NLE_DUMP_INTR) { /* messages were lost: all over again */
		log_debug("neighbour messages were lost, reading the table again");
		ask_for_all(neigh);
	}
	if (neigh->touched) {
		neigh->touched = false;
		neigh->changed(neigh->ctx);
	}
}

static int open_socket(struct neigh *neigh)
{
	int err;

	neigh->sock = nl_socket_alloc();
	if (!neigh->sock)
		return -ENOMEM;
	nl_socket_disable_seq_check(neigh->sock);
	nl_socket_disable_auto_ack(neigh->sock);
	nl_socket_modify_cb(neigh->sock, NL_CB_VALID, NL_CB_CUSTOM, take_message, neigh);
	err = nl_connect(neigh->sock, NETLINK_ROUTE);
	if (!err)
		err = nl_socket_set_buffer_size(neigh->sock, SOCKET_BUFFER, 0);
	if (!err)
		err = nl_socket_add_membership(neigh->sock, RTNLGRP_NEIGH);
	if (!err)
		err = nl_socket_set_nonblocking(neigh->sock);
	if (err) {
		log_error("neighbour table: %s", nl_geterror(err));
		return -EIO;
	}
	return 0;
}

int neigh_start(struct loop *loop, void (*changed)(void *ctx), void *ctx, struct neigh **out)
{
	struct neigh *neigh = calloc(1, sizeof(*neigh));
	int err;

	if (!neigh)
		return -ENOMEM;
	neigh->changed = changed;
	neigh->ctx = ctx;
	err = open_socket(neigh);
	if (!err) {
		neigh->source = loop_fd(loop, nl_socket_get_fd(neigh->sock), EPOLLIN, ready, neigh);
		err = neigh->source ? ask_for_all(neigh) : -ENOMEM;
	}
	if (err) {
		neigh_stop(neigh);
		return err;
	}
	*out = neigh;
	return 0;
}

void neigh_stop(struct neigh *neigh)
{
	if (!neigh)
		return;
	loop_remove(neigh->source);
	if (neigh->sock)
		nl_socket_free(neigh->sock);
	clear(neigh);
	free(neigh);
}
