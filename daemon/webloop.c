/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/epoll.h>
#include <microhttpd.h>

#include "webloop.h"

/* libmicrohttpd works, and says when it wants to again at the latest. */
static void work(struct webloop *web)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(web->daemon);
	if (MHD_get_timeout(web->daemon, &ms) != MHD_YES)
		loop_timer_again(web->timer, 0, 0);
	else
		loop_timer_again(web->timer, ms ? ms : 1, 0);
}

static void on_ready(void *ctx, uint32_t events)
{
	work(ctx);
}

static void on_timer(void *ctx)
{
	work(ctx);
}

int webloop_start(struct webloop *web, struct loop *loop, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);

	*web = (struct webloop){ .daemon = daemon };
	if (!info || info->epoll_fd < 0)
		return -EIO;
	web->source = loop_fd(loop, info->epoll_fd, EPOLLIN, on_ready, web);
	web->timer = loop_timer(loop, 0, 0, on_timer, web);
	return web->source && web->timer ? 0 : -ENOMEM;
}

void webloop_soon(struct webloop *web)
{
	loop_timer_again(web->timer, 1, 0);
}

void webloop_stop(struct webloop *web)
{
	loop_remove(web->source);
	loop_remove(web->timer);
	MHD_stop_daemon(web->daemon);
}
