/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "people.h"
#include "recorder.h"
#include "register_sessions.h"

#define GUESTS_KNOWN 4096
#define GUEST_NAME 256

/* ---- names of numbers ---- */

static const char *device_name(void *ctx, __u32 id)
{
	const struct esafed *esafed = ctx;

	return devices_name(esafed->devices, id);
}

/*
 * Guests and others who are not on the roster are known by the number of their session, which may be over by now. Whose
 * a session is never changes: what was looked up once is kept.
 */
static const char *guest_name(const struct esafed *esafed, __u32 id)
{
	static struct {
		__u32 id;
		char name[GUEST_NAME];
	} known[GUESTS_KNOWN];
	size_t at = id % GUESTS_KNOWN;

	if (known[at].id != id) {
		known[at].id = 0;
		if (register_session_user(esafed->reg, id, known[at].name, sizeof(known[at].name)))
			return NULL;
		known[at].id = id;
	}
	return known[at].name;
}

static const char *user_name(void *ctx, __u32 id)
{
	const struct esafed *esafed = ctx;

	if (id & ESAFE_USER_SESSION)
		return guest_name(esafed, id & ~ESAFE_USER_SESSION);
	return people_user(esafed->people, id);
}

static const char *class_name(void *ctx, __u32 id)
{
	const struct esafed *esafed = ctx;

	return people_class(esafed->people, id);
}

static const char *group_name(void *ctx, unsigned id)
{
	const struct esafed *esafed = ctx;

	return idtable_name(&esafed->groups, id);
}

static const char *category_name(void *ctx, unsigned id)
{
	const struct esafed *esafed = ctx;

	return idtable_name(&esafed->categories, id);
}

/* Interfaces have few numbers and keep them: one call of the system for each, not for each event. */
static const char *iface_name(void *ctx, __u32 ifindex)
{
	static struct {
		__u32 ifindex;
		char name[IF_NAMESIZE];
	} known[64];
	unsigned at = ifindex % (sizeof(known) / sizeof(*known));

	if (known[at].ifindex != ifindex || !*known[at].name) {
		known[at].ifindex = ifindex;
		if (!if_indextoname(ifindex, known[at].name))
			known[at].name[0] = '\0';
	}
	return known[at].name;
}

/*
 * A machine that nobody registered is shown by what it calls itself, marked as that: it must not pass for one that was
 * registered by that name.
 */
static void name_stranger(const struct esafed *esafed, struct record *record, char room[LEASE_HOSTNAME + 8])
{
	const struct leases *leases = leasewatch_leases(esafed->leases);
	__s64 now = record->at_us / 1000000;
	const struct lease *lease;

	if (*record->device || !leases->n)
		return;
	lease = leases_of_mac(leases, record->mac, now) ?: leases_of_addr(leases, record->src, now);
	if (!lease || !*lease->hostname)
		return;
	snprintf(room, LEASE_HOSTNAME + 8, "dhcp:%s", lease->hostname);
	record->device = room;
}

void recorder_event(void *ctx, const struct esafe_event *event, size_t size)
{
	struct esafed *esafed = ctx;
	struct event_names names = {
		.ctx = esafed,
		.device = device_name,
		.user = user_name,
		.class_name = class_name,
		.group = group_name,
		.category = category_name,
		.iface = iface_name,
		.tai_offset_ns = clock_tai_offset_ns(),
	};
	char stranger[LEASE_HOSTNAME + 8];
	struct listener *listener, *next;
	struct record record;

	if (event_decode(event, size, &names, &record)) {
		esafed->events_bad++;
		return;
	}
	name_stranger(esafed, &record, stranger);
	if (record.user_id & ESAFE_USER_SESSION)
		record.user_id = 0;
	store_append(esafed->store, &record);
	for (listener = esafed->listeners; listener; listener = next) {
		next = listener->next;
		listener->fn(listener->ctx, &record);
	}
}

void recorder_batch_end(void *ctx)
{
	struct esafed *esafed = ctx;

	store_commit(esafed->store); /* what cannot be written now is kept, counted and told by the store */
}

void recorder_listen(struct esafed *esafed, struct listener *listener)
{
	listener->next = esafed->listeners;
	esafed->listeners = listener;
}

void recorder_ignore(struct esafed *esafed, struct listener *listener)
{
	for (struct listener **at = &esafed->listeners; *at; at = &(*at)->next) {
		if (*at == listener) {
			*at = listener->next;
			return;
		}
	}
}
