/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "limit.h"
#include "visitors.h"

#define PERSONS 64
#define DEVICES 4096
#define LONGEST_S (12 * 3600)

struct visitors {
	struct limit *tries, *tries_all;
	struct {
		struct peer peer;
		__s64 since, used; /* seconds since 1970; since 0: free */
	} person[PERSONS];
	struct visitors_stats stats;
};

/* 60 bits of a code are far beyond any number of tries; what is slowed down here is the guessing of passwords. */
int visitors_start(struct esafed *esafed)
{
	struct visitors *visitors = calloc(1, sizeof(*visitors));
	__u8 key[16];
	int err = visitors ? register_secret(esafed->reg, "limits", key, sizeof(key)) : -ENOMEM;

	if (!err)
		err = limit_new(DEVICES, 10, 20000, key, &visitors->tries);
	if (!err)
		err = limit_new(1, 120, 250, key, &visitors->tries_all);
	esafed->visitors = visitors;
	if (err)
		visitors_stop(esafed);
	return err;
}

void visitors_stop(struct esafed *esafed)
{
	if (!esafed->visitors)
		return;
	limit_free(esafed->visitors->tries);
	limit_free(esafed->visitors->tries_all);
	free(esafed->visitors);
	esafed->visitors = NULL;
}

bool visitors_may_try(struct esafed *esafed, const struct esafe_device_key *key)
{
	static const __u8 all[16];
	struct visitors *visitors = esafed->visitors;
	__u64 now = clock_monotonic_ms();

	if (visitors && limit_take(visitors->tries, key->addr, now, NULL) && limit_take(visitors->tries_all, all, now, NULL))
		return true;
	if (visitors)
		visitors->stats.slowed++;
	return false;
}

static bool is_over(const struct visitors *visitors, unsigned i, __s64 now)
{
	return !visitors->person[i].since || now - visitors->person[i].used > VISITORS_IDLE_S ||
	       now - visitors->person[i].since > LONGEST_S;
}

int visitors_signed_in(struct esafed *esafed, const struct peer *person)
{
	struct visitors *visitors = esafed->visitors;
	__s64 now = clock_seconds();
	int at = -1;

	for (unsigned i = 0; visitors && i < PERSONS; i++) {
		if (!is_over(visitors, i, now) && !strcmp(visitors->person[i].peer.name, person->name))
			at = (int)i;
		else if (at < 0 && is_over(visitors, i, now))
			at = (int)i;
	}
	if (at < 0)
		return -ENOSPC;
	visitors->person[at].peer = *person;
	visitors->person[at].since = visitors->person[at].used = now;
	return 0;
}

void visitors_signed_out(struct esafed *esafed, const char *account)
{
	for (unsigned i = 0; esafed->visitors && i < PERSONS; i++)
		if (!strcmp(esafed->visitors->person[i].peer.name, account))
			esafed->visitors->person[i].since = 0;
}

int visitors_person(void *owner, const char *account, struct peer *person)
{
	struct esafed *esafed = owner;
	__s64 now = clock_seconds();

	for (unsigned i = 0; esafed->visitors && i < PERSONS; i++) {
		if (is_over(esafed->visitors, i, now) || strcmp(esafed->visitors->person[i].peer.name, account))
			continue;
		esafed->visitors->person[i].used = now;
		*person = esafed->visitors->person[i].peer;
		return 0;
	}
	return -ENOENT;
}

struct visitors_stats *visitors_stats(struct esafed *esafed)
{
	static struct visitors_stats nobodys;

	return esafed->visitors ? &esafed->visitors->stats : &nobodys;
}
