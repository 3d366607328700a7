/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A web server of libmicrohttpd without threads: it has an epoll of its own, watched by the loop. */
#ifndef ESAFE_WEBLOOP_H
#define ESAFE_WEBLOOP_H

#include "loop.h"

struct MHD_Daemon;

struct webloop { /* stays where it is */
	struct MHD_Daemon *daemon;
	struct loop_source *source, *timer;
};

/* Takes the daemon, also if it fails. 0 or -errno; stop it in any case. */
int webloop_start(struct webloop *web, struct loop *loop, struct MHD_Daemon *daemon);
void webloop_soon(struct webloop *web); /* something was resumed */
void webloop_stop(struct webloop *web); /* the daemon with its listening socket, too */

#endif
