/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of sessions that are open: deadlines, addresses that move, people who leave, and a restart. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "log.h"
#include "sessions_part.h"

#define LOOK_AGAIN_S 60 /* the clock may be set */

/* ---- deadlines ---- */

static int expire(struct esafed *esafed, __s64 now, bool end_of_day)
{
	struct session_table *table = esafed->sessions->table;
	struct found found = { 0 };
	int err = 0;

	for (size_t i = 0; i < session_table_count(table) && !err; i++) {
		struct session *session = session_table_at(table, i);

		if (session->until <= now && session_is_end_of_day(&esafed->config->sessions, session->until) == end_of_day)
			err = found_add(&found, session);
	}
	if (err) {
		free(found.item);
		return err;
	}
	esafed->sessions->stats.expired += found.n;
	return sessions_end_found(esafed, &found, end_of_day ? "end of day" : "time-out", now);
}

static void look_at_deadlines(void *ctx)
{
	struct esafed *esafed = ctx;
	__s64 now = clock_seconds();
	int err = expire(esafed, now, false) ?: expire(esafed, now, true);

	if (err) /* the kernel has ended them all the same; they are tried again */
		log_errno(err, "sessions that are over could not be closed");
	sessions_arm(esafed);
}

void sessions_arm(struct esafed *esafed)
{
	struct sessions *sessions = esafed->sessions;
	__s64 next = session_table_deadline(sessions->table), now = clock_seconds();
	__s64 wait = next > now ? next - now : 1;

	if (!next || !sessions->timer)
		return;
	loop_timer_again(sessions->timer, (wait < LOOK_AGAIN_S ? wait : LOOK_AGAIN_S) * 1000, 0);
}

/* ---- the device map ---- */

bool sessions_overlay(const struct esafed *esafed, const __u8 *mac, const __u8 *addr, struct esafe_device *value)
{
	const struct session *session;
	int group;

	if (!esafed->sessions)
		return false;
	session = session_best(esafed->sessions->table, mac, addr, clock_seconds());
	if (!session)
		return false;
	group = *session_group(session) ? idtable_get(&esafed->groups, session_group(session)) : -ENOENT;
	value->user = session->user ? session->user : session_user_number(session);
	value->class = session->class ? session->class : value->class;
	value->group = group >= 0 ? group : value->group;
	value->how = session->how;
	value->until_ns = session->until * 1000000000ull + clock_tai_offset_ns();
	return true;
}

int sessions_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx)
{
	bool by_address = devices_by_address(esafed->config);
	const struct session_table *table = esafed->sessions ? esafed->sessions->table : NULL;
	int err = 0;

	for (size_t i = 0; i < session_table_count(table) && !err; i++) {
		const struct session *session = session_table_at(table, i);
		struct esafe_device_key at = { .kind = ESAFE_BY_MAC };

		memcpy(at.addr, session->mac, sizeof(session->mac));
		if (session->has_mac)
			err = key(ctx, &at);
		at.kind = ESAFE_BY_ADDRESS;
		for (unsigned j = 0; by_address && j < session->addrs && !err; j++) {
			memcpy(at.addr, session->addr[j], sizeof(at.addr));
			err = key(ctx, &at);
		}
	}
	return err;
}

/* ---- addresses that find their MAC, or leave it ---- */

/* Of two sessions that turn out to be on one device the one that began later holds. */
static int settle(struct esafed *esafed, struct session *session, bool *over)
{
	struct found rivals = { 0 }, ended = { 0 };
	int err = sessions_related(esafed->sessions->table, session, SESSION_REPLACES, &rivals);

	*over = false;
	for (size_t i = 0; i < rivals.n && !err; i++) {
		*over = *over || rivals.item[i]->id > session->id;
		if (rivals.item[i]->id < session->id)
			err = found_add(&ended, rivals.item[i]);
	}
	if (!err && *over)
		err = found_add(&ended, session);
	free(rivals.item);
	if (!err)
		return sessions_end_found(esafed, &ended, "replaced", clock_seconds());
	free(ended.item);
	return err;
}

static int join(struct esafed *esafed, struct session *session, const __u8 mac[6])
{
	int err = session_table_bind(esafed->sessions->table, session, mac);
	bool over;

	if (!err)
		err = register_session_update(esafed->reg, session);
	if (!err)
		err = settle(esafed, session, &over);
	if (!err && !over)
		err = sessions_touch(esafed, session);
	return err;
}

static int drop_addr(struct esafed *esafed, struct session *session, const __u8 addr[16])
{
	__u8 gone[16];
	int err;

	memcpy(gone, addr, sizeof(gone));
	session_table_drop_addr(esafed->sessions->table, session, gone);
	err = register_session_update(esafed->reg, session);
	return err ? err : devices_touch(esafed, NULL, gone);
}

/* 1: something changed, and the sessions may be others now. */
static int follow(struct esafed *esafed, struct session *session)
{
	__u8 mac[6];

	for (unsigned i = 0; i < session->addrs; i++) {
		if (!sessions_find_mac(esafed, session->addr[i], mac))
			continue;
		if (!session->has_mac)
			return join(esafed, session, mac) ?: 1;
		if (memcmp(session->mac, mac, 6))
			return drop_addr(esafed, session, session->addr[i]) ?: 1;
	}
	return 0;
}

void sessions_join(struct esafed *esafed)
{
	const struct session_table *table = sessions_table(esafed);
	bool changed;
	int result;

	do { /* a change may move another one to where this walk has been */
		changed = false;
		for (size_t i = 0; i < session_table_count(table); i++) {
			result = follow(esafed, session_table_at(table, i));
			if (result < 0) {
				log_errno(result, "joining addresses to devices");
				return;
			}
			changed = changed || result;
		}
	} while (changed);
}

/* ---- one person in two places ---- */

static bool same_device(const struct session *a, const struct session *b)
{
	if (a->has_mac && b->has_mac)
		return !memcmp(a->mac, b->mac, 6);
	for (unsigned i = 0; i < a->addrs; i++)
		for (unsigned j = 0; j < b->addrs; j++)
			if (!memcmp(a->addr[i], b->addr[j], 16))
				return true;
	return false;
}

const struct session *sessions_elsewhere(const struct esafed *esafed, const struct session *session)
{
	unsigned limit = esafed->config->sessions.devices, devices = 1;
	struct session_walk walk;
	const struct session *other;

	if (!*session->user_name || session->how == ESAFE_HOW_CLASS)
		return NULL;
	other = session_walk_user(esafed->sessions->table, session->user_name, &walk);
	for (; other; other = session_walk_next(&walk)) {
		if (other == session || same_device(session, other))
			continue;
		if (session->room && other->room && session->room != other->room)
			return other;
		if (limit && ++devices > limit)
			return other;
	}
	return NULL;
}

/* ---- roster ---- */

int sessions_roster_changed(struct esafed *esafed)
{
	struct session_table *table = esafed->sessions->table;
	struct problems problems = { 0 };
	struct found left = { 0 };
	int err = 0;

	for (size_t i = 0; i < session_table_count(table) && !err; i++) {
		struct session *session = session_table_at(table, i);
		__u32 before = session->user;

		err = sessions_look_up(esafed, session, &problems);
		if (err == -ENOENT || (!err && before && !session->user))
			err = found_add(&left, session);
		else if (!err)
			err = register_session_update(esafed->reg, session);
	}
	problems_free(&problems);
	if (err) {
		free(left.item);
		return log_errno(err, "sessions after a change of the roster");
	}
	esafed->sessions->stats.ended += left.n;
	return sessions_end_found(esafed, &left, "no longer on the roster", clock_seconds());
}

/* ---- start and stop ---- */

static int take(void *ctx, struct session *session)
{
	struct esafed *esafed = ctx;
	int err = session_table_add(esafed->sessions->table, session);

	if (err)
		session_free(session);
	return err;
}

int sessions_load(struct esafed *esafed)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	int err;

	if (!sessions)
		return -ENOMEM;
	esafed->sessions = sessions;
	err = session_table_new(&sessions->table);
	if (!err)
		err = register_sessions_open(esafed->reg, take, esafed);
	return err ? log_errno(err, "the sessions that were open") : 0;
}

int sessions_again(struct esafed *esafed)
{
	struct sessions *sessions = esafed->sessions;
	struct session_table *before = sessions->table;
	int err = session_table_new(&sessions->table);

	if (err) {
		sessions->table = before;
		return log_errno(err, "the sessions could not be read again");
	}
	err = register_sessions_open(esafed->reg, take, esafed);
	if (err) {
		session_table_free(sessions->table);
		sessions->table = before;
		return log_errno(err, "the sessions could not be read again");
	}
	session_table_free(before);
	sessions_arm(esafed);
	return devices_sync(esafed);
}

static void clock_was_set(void *ctx)
{
	look_at_deadlines(ctx);
}

int sessions_start(struct esafed *esafed)
{
	struct sessions *sessions = esafed->sessions;

	sessions->timer = loop_timer(esafed->loop, 1, 0, look_at_deadlines, esafed); /* what ended in between */
	return sessions->timer && loop_clock_set(esafed->loop, clock_was_set, esafed) ? 0 : -ENOMEM;
}

void sessions_stop(struct esafed *esafed)
{
	if (!esafed->sessions)
		return;
	loop_remove(esafed->sessions->timer);
	session_table_free(esafed->sessions->table);
	free(esafed->sessions);
	esafed->sessions = NULL;
}

const struct session_table *sessions_table(const struct esafed *esafed)
{
	return esafed->sessions ? esafed->sessions->table : NULL;
}

void sessions_stats(const struct esafed *esafed, struct sessions_stats *out)
{
	const struct session_table *table = sessions_table(esafed);

	*out = esafed->sessions ? esafed->sessions->stats : (struct sessions_stats){ 0 };
	out->open = session_table_count(table);
	for (size_t i = 0; i < out->open; i++)
		out->pending += !session_table_at(table, i)->has_mac;
}
