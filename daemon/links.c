/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "links.h"
#include "log.h"

struct links {
	struct nl_sock *sock;
	struct loop_source *source;
	void (*changed)(void *ctx);
	void *ctx;
};

/* What the message says does not matter, nor whether some were lost: who is told looks for himself. */
static void ready(void *ctx, uint32_t events)
{
	struct links *links = ctx;

	nl_recvmsgs_default(links->sock);
	links->changed(links->ctx);
}

static int open_socket(struct links *links)
{
	int err;

	links->sock = nl_socket_alloc();
	if (!links->sock)
		return -ENOMEM;
	nl_socket_disable_seq_check(links->sock);
	err = nl_connect(links->sock, NETLINK_ROUTE);
	if (!err)
		err = nl_socket_add_memberships(links->sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
	if (!err)
		err = nl_socket_set_nonblocking(links->sock);
	if (err) {
		log_error("watching interfaces: %s", nl_geterror(err));
		return -EIO;
	}
	return 0;
}

int links_start(struct loop *loop, void (*changed)(void *ctx), void *ctx, struct links **out)
{
	struct links *links = calloc(1, sizeof(*links));
	int err;

	if (!links)
		return -ENOMEM;
	links->changed = changed;
	links->ctx = ctx;
	err = open_socket(links);
	if (!err) {
		links->source = loop_fd(loop, nl_socket_get_fd(links->sock), EPOLLIN, ready, links);
		err = links->source ? 0 : -ENOMEM;
	}
	if (err) {
		links_stop(links);
		return err;
	}
	*out = links;
	return 0;
}

void links_stop(struct links *links)
{
	if (!links)
		return;
	loop_remove(links->source);
	if (links->sock)
		nl_socket_free(links->sock);
	free(links);
}
