/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "notify.h"

void notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", now.tv_sec * 1000000ll + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

static void still_here(void *ctx)
{
	sd_notify(0, "WATCHDOG=1");
}

int notify_watchdog(struct loop *loop)
{
	uint64_t every_us;

	if (sd_watchdog_enabled(0, &every_us) <= 0)
		return 0;
	return loop_timer(loop, 1, every_us / 3000 ?: 1, still_here, NULL) ? 0 : -ENOMEM;
}
