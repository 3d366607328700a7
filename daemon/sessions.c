/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How sessions begin and end. The register comes first, then the table, then the device map. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "devices.h"
#include "log.h"
#include "sessions_part.h"

#define WORD_MAX_BYTES 253   /* as RADIUS has it */
#define WORTH_WRITING_S 600 /* a deadline that moves by less is not written */

/* ---- lists of sessions ---- */

int found_add(struct found *found, struct session *session)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->item[i] == session)
			return 0;
	if (found->n == found->room) {
		size_t room = found->room ? found->room * 2 : 8;
		struct session **bigger = realloc(found->item, room * sizeof(struct session *));

		if (!bigger)
			return -ENOMEM;
		found->item = bigger;
		found->room = room;
	}
	found->item[found->n++] = session;
	return 0;
}

static int add_related(struct found *found, struct session *old, const struct session *fresh,
		       enum session_relation relation)
{
	return old != fresh && session_relation(old, fresh) == relation ? found_add(found, old) : 0;
}

int sessions_related(const struct session_table *table, const struct session *fresh, enum session_relation relation,
		     struct found *found)
{
	struct session_walk walk;
	struct session *old = NULL;
	int err = 0;

	if (*fresh->source_id)
		old = session_walk_source(table, fresh->source, fresh->source_id, &walk);
	for (; old && !err; old = session_walk_next(&walk))
		err = add_related(found, old, fresh, relation);
	old = fresh->has_mac && !err ? session_walk_mac(table, fresh->mac, &walk) : NULL;
	for (; old && !err; old = session_walk_next(&walk))
		err = add_related(found, old, fresh, relation);
	for (unsigned i = 0; i < fresh->addrs && !err; i++)
		for (old = session_walk_addr(table, fresh->addr[i], &walk); old && !err; old = session_walk_next(&walk))
			/* another MAC has the address now: that is another device */
			if (!old->has_mac || !fresh->has_mac || !memcmp(old->mac, fresh->mac, 6))
				err = add_related(found, old, fresh, relation);
	return err;
}

int sessions_touch(struct esafed *esafed, const struct session *session)
{
	int err = session->has_mac ? devices_touch(esafed, session->mac, NULL) : 0;

	for (unsigned i = 0; i < session->addrs && !err; i++)
		err = devices_touch(esafed, NULL, session->addr[i]);
	return err;
}

int sessions_end_found(struct esafed *esafed, struct found *found, const char *reason, __s64 at)
{
	int err = register_sessions_end(esafed->reg, found->item, found->n, at, reason);

	for (size_t i = 0; i < found->n && !err; i++) {
		session_table_remove(esafed->sessions->table, found->item[i]);
		sessions_touch(esafed, found->item[i]);
		session_free(found->item[i]);
	}
	free(found->item);
	return err;
}

bool sessions_find_mac(const struct esafed *esafed, const __u8 addr[16], __u8 mac[6])
{
	const struct neigh_entry *neighbour = neigh_find(esafed->neigh, 0, addr);
	const struct lease *lease = neighbour ? NULL :
		leases_of_addr(leasewatch_leases(esafed->leases), addr, clock_seconds());

	if (neighbour)
		memcpy(mac, neighbour->mac, 6);
	else if (lease)
		memcpy(mac, lease->mac, 6);
	return neighbour || lease;
}

/* ---- what is claimed ---- */

static bool is_plain(const char *text)
{
	size_t len = 0;

	for (; text && text[len]; len++)
		if ((unsigned char)text[len] < 0x20 || text[len] == 0x7f || len == WORD_MAX_BYTES)
			return false;
	return true;
}

static bool is_zero(const __u8 *bytes, size_t len)
{
	while (len--)
		if (bytes[len])
			return false;
	return true;
}

static int check_claim(const struct session_claim *claim, struct problems *problems)
{
	const char *why = NULL;

	if (!session_rank(claim->how))
		why = "there are no sessions of this kind";
	else if ((!claim->user || !*claim->user) && (!claim->class_name || !*claim->class_name))
		why = "a session needs a user or a class";
	else if (!claim->mac && !claim->addr)
		why = "a session needs a device: a MAC or an address";
	else if (claim->mac && (claim->mac[0] & 1 || is_zero(claim->mac, 6)))
		why = "this MAC is no device's";
	else if (claim->addr && (claim->addr[0] == 0xff || is_zero(claim->addr, 12)))
		why = "this address is no device's";
	else if (!is_plain(claim->user) || !is_plain(claim->class_name) || !is_plain(claim->adult) ||
		 !is_plain(claim->group) || !is_plain(claim->source) || !is_plain(claim->source_id) ||
		 !is_plain(claim->who))
		why = "names have at most 253 bytes and no control characters";
	else if (!claim->source || !*claim->source)
		why = "a session needs a source";
	if (!why)
		return 0;
	problem_add(problems, NULL, 0, 0, "%s", why);
	return -EINVAL;
}

static char *copy(const char *text, bool *whole)
{
	char *out = strdup(text ? text : "");

	*whole = *whole && out;
	return out;
}

static struct session *session_of(const struct esafed *esafed, const struct session_claim *claim, __s64 now)
{
	struct session *session = calloc(1, sizeof(*session));
	bool whole = true;

	if (!session)
		return NULL;
	session->how = claim->how;
	session->started = claim->at && claim->at < now ? claim->at : now;
	session->until = claim->until ? claim->until :
			 session_deadline(&esafed->config->sessions, claim->how, session->started);
	session->user_name = copy(claim->user, &whole);
	session->class_name = copy(claim->class_name, &whole);
	session->adult = copy(claim->adult, &whole);
	session->group = copy(claim->group, &whole);
	session->group_found = copy(NULL, &whole);
	session->source = copy(claim->source, &whole);
	session->source_id = copy(claim->source_id, &whole);
	session->who = copy(claim->who ? claim->who : claim->source, &whole);
	if (claim->addr)
		memcpy(session->addr[session->addrs++], claim->addr, 16);
	if (claim->mac)
		memcpy(session->mac, claim->mac, 6);
	session->has_mac = claim->mac || (claim->addr && sessions_find_mac(esafed, claim->addr, session->mac));
	if (whole)
		return session;
	session_free(session);
	return NULL;
}

/* ---- begin ---- */

/* The one that is meant goes on: its deadline moves, and it may have one more address. */
static int go_on(struct esafed *esafed, struct session *old, const struct session *fresh,
		 const struct session_claim *claim)
{
	struct session_table *table = esafed->sessions->table;
	bool changed = claim->until ? fresh->until != old->until : fresh->until >= old->until + WORTH_WRITING_S;
	int err = 0;

	if (changed)
		old->until = fresh->until;
	if (fresh->has_mac && !old->has_mac) {
		err = session_table_bind(table, old, fresh->mac);
		changed = true;
	}
	for (unsigned i = 0; i < fresh->addrs && !err; i++) {
		int added = session_table_add_addr(table, old, fresh->addr[i]);

		changed = changed || !added;
		err = added == -ENOMEM ? added : 0;
	}
	if (!err && changed)
		err = register_session_update(esafed->reg, old);
	if (!err && changed)
		err = sessions_touch(esafed, old);
	esafed->sessions->stats.refreshed++;
	return err;
}

static void tell_of_places(struct esafed *esafed, const struct session *session)
{
	const struct session *other = sessions_elsewhere(esafed, session);
	char text[1024];

	if (!other)
		return;
	snprintf(text, sizeof(text), "%s is in two places, or on too many devices at once: sessions %llu (%s) and %llu (%s)",
		 session->user_name, session->id, session->source, other->id, other->source);
	esafed->sessions->stats.elsewhere++;
	log_warn("%s", text);
	register_notice_add(esafed->reg, clock_seconds(), "session", text);
}

static int begin(struct esafed *esafed, struct session *fresh)
{
	struct sessions *sessions = esafed->sessions;
	struct found replaced = { 0 };
	int err = session_table_count(sessions->table) >= SESSIONS_MAX ? -ENOSPC : 0;

	if (!err)
		err = sessions_related(sessions->table, fresh, SESSION_REPLACES, &replaced);
	if (!err)
		err = register_session_begin(esafed->reg, fresh, replaced.item, replaced.n);
	if (!err)
		err = session_table_add(sessions->table, fresh);
	for (size_t i = 0; i < replaced.n && !err; i++) {
		session_table_remove(sessions->table, replaced.item[i]);
		sessions_touch(esafed, replaced.item[i]);
		session_free(replaced.item[i]);
		sessions->stats.replaced++;
	}
	free(replaced.item);
	if (err)
		return err;
	sessions->stats.started++;
	sessions_touch(esafed, fresh);
	sessions_arm(esafed);
	tell_of_places(esafed, fresh);
	return 0;
}

int session_start(struct esafed *esafed, const struct session_claim *claim, __u64 *id, struct problems *problems)
{
	__s64 now = clock_seconds();
	struct session *fresh;
	struct found same = { 0 };
	int err = check_claim(claim, problems);

	if (err)
		return err;
	fresh = session_of(esafed, claim, now);
	if (!fresh)
		return -ENOMEM;
	err = sessions_look_up(esafed, fresh, problems);
	if (!err && fresh->until <= now) {
		problem_add(problems, NULL, 0, 0, "the session would be over already");
		err = -EINVAL;
	}
	if (!err)
		err = sessions_related(esafed->sessions->table, fresh, SESSION_SAME, &same);
	if (!err && same.n) {
		*id = same.item[0]->id;
		err = go_on(esafed, same.item[0], fresh, claim);
		session_free(fresh);
	} else {
		err = err ?: begin(esafed, fresh);
		if (err)
			session_free(fresh);
		else
			*id = fresh->id;
	}
	free(same.item);
	return err;
}

/* ---- end ---- */

static bool is_meant(const struct session *session, const struct session_claim *claim, const __u8 *mac)
{
	unsigned i;

	if (claim->how && session->how != claim->how)
		return false;
	if (claim->source_id && *claim->source_id)
		return !strcmp(session->source_id, claim->source_id) && !strcmp(session->source, claim->source);
	if (claim->user && strcasecmp(session->user_name, claim->user))
		return false;
	if (claim->class_name && strcasecmp(session->class_name, claim->class_name))
		return false;
	if (claim->mac && (!session->has_mac || memcmp(session->mac, claim->mac, 6)))
		return false;
	if (!claim->addr || (mac && session->has_mac && !memcmp(session->mac, mac, 6)))
		return true;
	for (i = 0; i < session->addrs && memcmp(session->addr[i], claim->addr, 16); i++)
		;
	return i < session->addrs;
}

int session_end(struct esafed *esafed, const struct session_claim *claim, const char *reason, unsigned *ended)
{
	struct session_table *table = esafed->sessions->table;
	__s64 now = clock_seconds();
	struct found found = { 0 };
	__u8 mac[6];
	bool has_mac = claim->addr && sessions_find_mac(esafed, claim->addr, mac);
	int err = 0;

	if (!claim->user && !claim->class_name && !claim->mac && !claim->addr && (!claim->source_id || !*claim->source_id))
		return -EINVAL;
	for (size_t i = 0; i < session_table_count(table) && !err; i++)
		if (is_meant(session_table_at(table, i), claim, has_mac ? mac : NULL))
			err = found_add(&found, session_table_at(table, i));
	if (err) {
		free(found.item);
		return err;
	}
	*ended = found.n;
	esafed->sessions->stats.ended += found.n;
	return sessions_end_found(esafed, &found, reason, claim->at && claim->at < now ? claim->at : now);
}

int session_end_id(struct esafed *esafed, __u64 id, const char *reason)
{
	struct session *session = session_table_get(esafed->sessions->table, id);
	struct found found = { 0 };
	int err = session ? found_add(&found, session) : -ENOENT;

	if (err)
		return err;
	esafed->sessions->stats.ended++;
	return sessions_end_found(esafed, &found, reason, clock_seconds());
}

int session_end_source(struct esafed *esafed, const char *source, const char *reason, unsigned *ended)
{
	struct session_table *table = esafed->sessions->table;
	struct found found = { 0 };
	int err = 0;

	for (size_t i = 0; i < session_table_count(table) && !err; i++)
		if (!strcmp(session_table_at(table, i)->source, source))
			err = found_add(&found, session_table_at(table, i));
	if (err) {
		free(found.item);
		return err;
	}
	*ended = found.n;
	esafed->sessions->stats.ended += found.n;
	return sessions_end_found(esafed, &found, reason, clock_seconds());
}
