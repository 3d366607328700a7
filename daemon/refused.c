/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "refused.h"

#define SETS 256
#define WAYS 4
#define FOR_US (300 * 1000000ll) /* then nobody looks at a page about it any more */
#define LED_US (5 * 1000000ll)   /* a browser that was led here comes within */

struct refused {
	struct listener listener;
	struct refused_name item[SETS][WAYS];
};

static const __u8 no_mac[6];

/* By MAC where there is one: the page may be asked for from another address of the device. */
static struct refused_name *set_of(const struct refused *refused, const __u8 mac[6], const __u8 addr[16])
{
	bool by_mac = memcmp(mac, no_mac, sizeof(no_mac)) != 0;
	const __u8 *bytes = by_mac ? mac : addr;
	__u32 hash = 2166136261u;

	for (size_t i = 0; i < (by_mac ? 6 : 16); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return (struct refused_name *)refused->item[(hash ^ hash >> 16) % SETS];
}

static bool is_of(const struct refused_name *item, const __u8 mac[6], const __u8 addr[16])
{
	if (memcmp(mac, no_mac, sizeof(no_mac)))
		return !memcmp(item->mac, mac, 6);
	return !memcmp(item->mac, no_mac, 6) && !memcmp(item->addr, addr, 16);
}

/* The place of this one, else a free one, else the oldest. */
static struct refused_name *place_of(struct refused_name *set, const __u8 mac[6], const __u8 addr[16])
{
	struct refused_name *oldest = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].at_us && is_of(&set[i], mac, addr))
			return &set[i];
		if (set[i].at_us < oldest->at_us)
			oldest = &set[i];
	}
	oldest->at_us = 0;
	return oldest;
}

static void take(void *ctx, const struct record *record)
{
	struct refused_name *to;

	if (record->verdict != ESAFE_BLOCK || !*record->name || strlen(record->name) >= sizeof(to->name))
		return;
	to = place_of(set_of(ctx, record->mac, record->src), record->mac, record->src);
	/* What was led to the page is what somebody looks at; other programs of the device go on being refused. */
	if (to->at_us && to->proto == ESAFE_P_HTTP && record->proto != ESAFE_P_HTTP && record->at_us - to->at_us < LED_US)
		return;
	memcpy(to->mac, record->mac, sizeof(to->mac));
	memcpy(to->addr, record->src, sizeof(to->addr));
	to->at_us = record->at_us;
	to->proto = record->proto;
	to->reason = record->reason;
	strcpy(to->name, record->name);
	snprintf(to->category, sizeof(to->category), "%s", record->category);
}

const struct refused_name *refused_of(const struct refused *refused, const __u8 mac[6], const __u8 addr[16])
{
	const struct refused_name *set = refused ? set_of(refused, mac, addr) : NULL;
	__s64 now = (__s64)(clock_realtime_ns() / 1000);

	for (int i = 0; set && i < WAYS; i++)
		if (set[i].at_us && is_of(&set[i], mac, addr) && now - set[i].at_us < FOR_US)
			return &set[i];
	return NULL;
}

int refused_start(struct esafed *esafed)
{
	struct refused *refused = calloc(1, sizeof(*refused));

	if (!refused)
		return -ENOMEM;
	refused->listener = (struct listener){ .fn = take, .ctx = refused };
	recorder_listen(esafed, &refused->listener);
	esafed->refused = refused;
	return 0;
}

void refused_stop(struct esafed *esafed)
{
	if (!esafed->refused)
		return;
	recorder_ignore(esafed, &esafed->refused->listener);
	free(esafed->refused);
	esafed->refused = NULL;
}
