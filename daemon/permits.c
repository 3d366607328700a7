/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "log.h"
#include "maps.h"
#include "permits.h"
#include "register_permits.h"
#include "sessions.h"

#define LOOK_AGAIN_S 60 /* the clock may be set */

struct permits_state {
	struct permits open;
	struct loop_source *timer;
};

const struct permits *permits_open(const struct esafed *esafed)
{
	static const struct permits none;

	return esafed->permits ? &esafed->permits->open : &none;
}

/* ---- maps: a grant comes before the scope that speaks of it, and goes after it ---- */

static int write_grant(struct esafed *esafed, const struct esafe_grant_key *key)
{
	struct esafe_grant grant;

	if (permits_grant(permits_open(esafed), key, clock_seconds(), clock_tai_offset_ns(), &grant))
		return maps_grant_set(esafed->maps, key, &grant);
	return maps_grant_del(esafed->maps, key);
}

static int write_grants(struct esafed *esafed, const struct permit *permit)
{
	struct esafe_grant_key key;
	int err = 0;

	for (unsigned i = 0; i < permit_grants(permit) && !err; i++) {
		permit_grant_key(permit, i, &key);
		err = write_grant(esafed, &key);
	}
	return err;
}

static int write_scope(struct esafed *esafed, const struct permit *permit)
{
	struct esafe_scope scope;

	if (permit->kind >= PERMIT_SUSPEND)
		return 0;
	if (permits_scope(permits_open(esafed), &permit->scope, clock_seconds(), clock_tai_offset_ns(), &scope))
		return maps_scope_set(esafed->maps, &permit->scope, &scope);
	return maps_scope_del(esafed->maps, &permit->scope);
}

/* A suspension or quarantine stands with the device. */
static int write_devices(struct esafed *esafed, const struct permit *permit)
{
	const struct session_table *table = sessions_table(esafed);
	struct reg_device device;
	int err = 0;

	if (permit->kind < PERMIT_SUSPEND)
		return 0;
	if (permit->by_addr)
		return permit->addr.kind == ESAFE_BY_MAC ? devices_touch(esafed, permit->addr.addr, NULL) :
							   devices_touch(esafed, NULL, permit->addr.addr);
	if (permit->scope.kind == ESAFE_SCOPE_DEVICE && !register_device_get(esafed->reg, permit->scope.id, &device)) {
		err = device.kind == ESAFE_BY_MAC ? devices_touch(esafed, device.addr, NULL) :
						    devices_touch(esafed, NULL, device.addr);
		register_device_free(&device);
	}
	for (size_t i = 0; i < session_table_count(table) && !err; i++)
		if (permit->scope.kind == ESAFE_SCOPE_USER && session_table_at(table, i)->user == permit->scope.id)
			err = sessions_touch(esafed, session_table_at(table, i));
	return err;
}

static int write_begun(struct esafed *esafed, const struct permit *permit)
{
	return write_grants(esafed, permit) ?: write_scope(esafed, permit) ?: write_devices(esafed, permit);
}

static int write_over(struct esafed *esafed, const struct permit *permit)
{
	return write_scope(esafed, permit) ?: write_grants(esafed, permit) ?: write_devices(esafed, permit);
}

/* ---- deadlines ---- */

static void arm(struct esafed *esafed)
{
	__s64 next = permits_deadline(permits_open(esafed)), now = clock_seconds();
	__s64 wait = next > now ? next - now : 1;

	if (next && esafed->permits->timer)
		loop_timer_again(esafed->permits->timer, (wait < LOOK_AGAIN_S ? wait : LOOK_AGAIN_S) * 1000, 0);
}

static int finish(struct esafed *esafed, struct permit *permit, const char *who, const char *why, const char *action)
{
	char detail[1024];
	struct reg_permit_end end = {
		.id = permit->id, .at = clock_seconds(), .who = who, .why = why, .detail = detail,
	};
	size_t at;
	int err;

	at = snprintf(detail, sizeof(detail), "over (%s): ", why);
	permit_text(permit, detail + at, sizeof(detail) - at);
	err = register_permit_end(esafed->reg, &end, action);
	if (err)
		return err;
	permits_remove(&esafed->permits->open, permit);
	err = write_over(esafed, permit);
	permit_free(permit);
	return err ? log_errno(err, "what is over could not be taken from the maps") : 0;
}

static void look_at_deadlines(void *ctx)
{
	struct esafed *esafed = ctx;
	struct permits *open = &esafed->permits->open;
	__s64 now = clock_seconds();

	for (size_t i = 0; i < open->n;) {
		if (permit_alive(open->item[i], now))
			i++;
		else if (finish(esafed, open->item[i], "esafed", "deadline", permit_kind_name(open->item[i]->kind)))
			break; /* the kernel has ended it all the same; it is tried again */
	}
	arm(esafed);
}

/* ---- begin, extend, end ---- */

static int begin(struct esafed *esafed, struct permit *permit, const char *action)
{
	struct permits *open = &esafed->permits->open;
	struct permit *twin = permits_twin(open, permit);
	struct reg_permit_end end = { .at = permit->started, .who = permit->who, .why = "replaced" };
	char detail[1024];
	int err = open->n >= PERMITS_MAX ? -ENOSPC : 0;

	if (!err && twin) {
		size_t at = snprintf(detail, sizeof(detail), "over (replaced): ");

		permit_text(twin, detail + at, sizeof(detail) - at);
		end.id = twin->id;
		end.detail = detail;
	}
	if (!err)
		err = register_permit_begin(esafed->reg, permit, action, twin ? &end : NULL);
	if (!err)
		err = permits_add(open, permit);
	if (err)
		return err;
	if (twin)
		permits_remove(open, twin);
	err = write_begun(esafed, permit);
	if (twin && !err)
		err = write_over(esafed, twin);
	permit_free(twin);
	if (err)
		log_errno(err, "%s #%u could not be written to the maps", permit_kind_name(permit->kind), permit->id);
	return 0;
}

int permit_start(struct esafed *esafed, struct permit *permit, const char *action, __u32 *id)
{
	int err = permit_read_sites(permit, esafed->hash_k1, esafed->hash_k2);

	if (!err)
		err = begin(esafed, permit, action);
	if (err) {
		permit_free(permit);
		return err;
	}
	*id = permit->id;
	arm(esafed);
	return 0;
}

int permit_extend(struct esafed *esafed, struct permit *permit, __s64 until, const char *who, const char *action)
{
	__s64 before = permit->until;
	char detail[1024];
	int err;

	permit->until = until;
	permit_text(permit, detail, sizeof(detail));
	err = register_permit_extend(esafed->reg, permit, clock_seconds(), who, action, detail);
	if (err) {
		permit->until = before;
		return err;
	}
	arm(esafed);
	return write_begun(esafed, permit);
}

int permit_end(struct esafed *esafed, struct permit *permit, const char *who, const char *why, const char *action)
{
	return finish(esafed, permit, who, why, action);
}

int permits_subject_gone(struct esafed *esafed, unsigned scope_kind, __u32 id)
{
	struct permits *open = esafed->permits ? &esafed->permits->open : NULL;
	int err = 0;

	for (size_t i = 0; open && i < open->n && !err;) {
		struct permit *permit = open->item[i];

		if (permit->scope.kind == scope_kind && permit->scope.id == id)
			err = finish(esafed, permit, "esafed", "no longer in the register", permit_kind_name(permit->kind));
		else
			i++;
	}
	return err;
}

/* ---- the device map ---- */

bool permits_overlay(const struct esafed *esafed, const struct esafe_device_key *key, const __u8 *mac,
		     struct esafe_device *value)
{
	return permits_device(permits_open(esafed), key, mac, clock_seconds(), clock_tai_offset_ns(), value);
}

int permits_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx)
{
	const struct permits *open = permits_open(esafed);
	int err = 0;

	for (size_t i = 0; i < open->n && !err; i++)
		if (open->item[i]->by_addr)
			err = key(ctx, &open->item[i]->addr);
	return err;
}

/* ---- start and stop ---- */

static int take(void *ctx, struct permit *permit)
{
	struct esafed *esafed = ctx;
	int err = permit_read_sites(permit, esafed->hash_k1, esafed->hash_k2);

	if (err == -EINVAL) { /* a register that somebody edited: one less is open, and the rest holds */
		log_error("permit %u of the register cannot be read", permit->id);
		permit_free(permit);
		return 0;
	}
	if (!err)
		err = permits_add(&esafed->permits->open, permit);
	if (err)
		permit_free(permit);
	return err;
}

int permits_load(struct esafed *esafed)
{
	int err;

	esafed->permits = calloc(1, sizeof(*esafed->permits));
	if (!esafed->permits)
		return -ENOMEM;
	err = register_permits_open(esafed->reg, take, esafed);
	return err ? log_errno(err, "what was opened for a while") : 0;
}

int permits_begin(struct esafed *esafed)
{
	esafed->permits->timer = loop_timer(esafed->loop, 1, 0, look_at_deadlines, esafed);
	return esafed->permits->timer && loop_clock_set(esafed->loop, look_at_deadlines, esafed) ? 0 : -ENOMEM;
}

void permits_stop(struct esafed *esafed)
{
	if (!esafed->permits)
		return;
	loop_remove(esafed->permits->timer);
	permits_free(&esafed->permits->open);
	free(esafed->permits);
	esafed->permits = NULL;
}
