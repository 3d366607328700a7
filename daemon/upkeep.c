/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "maps.h"
#include "policyload.h"
#include "register_permits.h"
#include "register_sessions.h"
#include "register_volumes.h"
#include "upkeep.h"

#define MINUTE_MS (60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_S (24 * 60 * 60)

/* ---- days of events, and the copy of the register ---- */

struct days {
	char *dir;
	unsigned retention;
	__s64 now;
	int finished, expired, copied;
};

static int days_work(void *ctx)
{
	struct days *days = ctx;

	days->finished = store_finish_days(days->dir, days->now);
	days->expired = store_expire(days->dir, days->retention, days->now);
	days->copied = register_backup(days->dir);
	return 0;
}

static void days_done(void *ctx, int result)
{
	struct days *days = ctx;

	if (days->finished < 0)
		log_errno(days->finished, "indexing days that are over");
	if (days->expired == -ERANGE)
		log_error("the clock is more than a year past the newest day of events: none is deleted");
	else if (days->expired < 0)
		log_errno(days->expired, "deleting days past their time");
	else if (days->expired)
		log_info("%d files of events past %u days were deleted", days->expired, days->retention);
	if (days->copied)
		log_errno(days->copied, "copying the register");
	free(days->dir);
	free(days);
}

/* What the register remembers of persons is kept no longer than the events are. */
static void expire_register(struct esafed *esafed)
{
	__s64 before = clock_seconds() - (__s64)esafed->config->retention_days * DAY_S;
	int err = register_sessions_expire(esafed->reg, before);

	if (!err)
		err = register_notices_expire(esafed->reg, before);
	if (!err)
		err = register_permits_expire(esafed->reg, before);
	if (!err)
		err = register_volumes_expire(esafed->reg, before);
	if (err)
		log_errno(err, "what the register need not remember");
}

static void keep_days(void *ctx)
{
	struct esafed *esafed = ctx;
	struct days *days = calloc(1, sizeof(*days));

	expire_register(esafed);
	if (!days)
		return;
	days->dir = strdup(esafed->config->state_dir);
	days->retention = esafed->config->retention_days;
	days->now = clock_seconds();
	if (days->dir && !loop_worker(esafed->loop, days_work, days_done, days))
		return;
	free(days->dir);
	free(days);
}

/* ---- devices that have gone ---- */

static void forget_devices(void *ctx)
{
	struct esafed *esafed = ctx;
	__s64 now = (clock_realtime_ns() + clock_tai_offset_ns()) / 1000000000;
	int n = maps_volume_expire(esafed->maps, now - DAY_S);

	if (n < 0)
		log_errno(n, "freeing the slots of devices that have gone");
}

/* ---- the timetable ---- */

void upkeep_compile(struct esafed *esafed)
{
	struct load_order order = { .kind = LOAD_TIMES, .who = "esafed" };
	int err;

	if (!esafed->policy)
		return;
	esafed->compile_wanted = esafed->load != NULL;
	if (esafed->load)
		return;
	err = load_start(esafed, &order);
	if (err)
		log_errno(err, "compiling the timetable");
}

static void clock_was_set(void *ctx)
{
	struct esafed *esafed = ctx;

	log_info("the clock was set: the timetable is compiled again");
	upkeep_compile(esafed);
}

/*
 * Some programs set the offset of TAI long after the start of the machine; and a machine that slept has a day behind it
 * that no timer counted.
 */
static void look_at_clock(void *ctx)
{
	struct esafed *esafed = ctx;

	if (clock_tai_offset_ns() != esafed->tai_offset_ns || clock_seconds() - esafed->compiled >= DAY_S)
		upkeep_compile(esafed);
}

int upkeep_start(struct esafed *esafed)
{
	struct loop *loop = esafed->loop;

	if (!loop_clock_set(loop, clock_was_set, esafed) ||
	    !loop_timer(loop, MINUTE_MS, MINUTE_MS, look_at_clock, esafed) ||
	    !loop_timer(loop, 1000, HOUR_MS, keep_days, esafed) ||
	    !loop_timer(loop, HOUR_MS, HOUR_MS, forget_devices, esafed))
		return -ENOMEM;
	return 0;
}
