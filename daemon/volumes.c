/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "log.h"
#include "maps.h"
#include "recorder.h"
#include "register_sessions.h"
#include "register_volumes.h"
#include "volumes.h"

#define SAVE_EVERY 60 /* samples */

struct volumes {
	struct volume_table *table;
	struct loop_source *timer;
	struct listener listener;
	struct volume_clock clock;
	unsigned samples;
	bool listening;
};

const struct volume_table *volumes_table(const struct esafed *esafed)
{
	return esafed->volumes ? esafed->volumes->table : NULL;
}

/* ---- the group of a device: by the map, or by its place, as the programs say with each event ---- */

static void set_group(struct volume *volume, const char *group)
{
	if (!group || !strcmp(volume->group, group))
		return;
	snprintf(volume->group, sizeof(volume->group), "%s", group);
	volume->dirty = true;
}

static void note_group(void *ctx, const struct record *record)
{
	struct esafed *esafed = ctx;
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC };
	struct volume *volume;

	memcpy(key.addr, record->mac, sizeof(record->mac));
	volume = volume_find(esafed->volumes->table, &key);
	if (!volume) {
		key.kind = ESAFE_BY_ADDRESS;
		memcpy(key.addr, record->src, sizeof(key.addr));
		volume = volume_find(esafed->volumes->table, &key);
	}
	if (volume)
		set_group(volume, record->group);
}

/* ---- quotas ---- */

static void tell(struct esafed *esafed, const struct volume *volume, const struct quota *quota, unsigned news)
{
	const char *name = devices_name_of(esafed->devices, &volume->key);
	char text[256], address[EVENT_ADDRESS_SIZE], amount[16];

	if (!(news & (VOLUME_TOLD | VOLUME_OVER)))
		return;
	device_key_text(volume->key.kind, volume->key.addr, address);
	bytes_text(quota->bytes, amount, sizeof(amount));
	snprintf(text, sizeof(text), "%s (group %s) has used %s of its quota: %s %s", name ? name : address, volume->group,
		 news & VOLUME_OVER ? "all" : "80 %", quota_time(esafed->policy, quota), amount);
	log_info("%s", text);
	if (register_notice_add(esafed->reg, clock_seconds(), "quota", text))
		log_error("a notice could not be written");
}

static void judge(struct esafed *esafed, struct volume *volume)
{
	size_t group = esafed->policy && *volume->group ? policy_group(esafed->policy, volume->group) : SIZE_MAX;
	const struct group *of = group == SIZE_MAX ? NULL : &esafed->policy->group[group];
	const struct quota *which = NULL;
	unsigned news = volume_judge(volume, esafed->policy, of, &esafed->volumes->clock, &which);

	if (!news)
		return;
	if (which)
		tell(esafed, volume, which, news);
	if (news & (VOLUME_OVER | VOLUME_WITHIN))
		devices_touch(esafed, volume->key.kind == ESAFE_BY_MAC ? volume->key.addr : NULL,
			      volume->key.kind == ESAFE_BY_ADDRESS ? volume->key.addr : NULL);
}

/* ---- samples ---- */

struct sampling {
	struct esafed *esafed;
	__s64 now;
};

static int sample(void *ctx, const struct esafe_device_key *key, __u64 up, __u64 down)
{
	const struct sampling *sampling = ctx;
	struct volumes *volumes = sampling->esafed->volumes;
	struct volume *volume = volume_take(volumes->table, key);

	if (!volume)
		return -ENOMEM;
	set_group(volume, idtable_name(&sampling->esafed->groups, devices_group_of(sampling->esafed->devices, key)));
	volume_sample(volume, up, down, sampling->now, volumes->clock.since[QUOTA_ALWAYS]);
	return 0;
}

static int judge_each(void *ctx, struct volume *volume)
{
	judge(ctx, volume);
	return 0;
}

int volumes_save(struct esafed *esafed)
{
	return esafed->volumes ? register_volumes_save(esafed->reg, esafed->volumes->table) : 0;
}

static void sample_all(void *ctx)
{
	struct esafed *esafed = ctx;
	struct volumes *volumes = esafed->volumes;
	struct sampling sampling = { esafed, clock_seconds() };
	int err;

	if (!esafed->policy)
		return;
	err = volume_clock_read(esafed->policy, esafed->config->zone, sampling.now, &volumes->clock);
	if (!err)
		err = maps_volume_each(esafed->maps, sample, &sampling);
	if (!err)
		err = volume_each(volumes->table, judge_each, esafed);
	if (!err && ++volumes->samples % SAVE_EVERY == 0)
		err = volumes_save(esafed);
	if (err)
		log_errno(err, "counting volume");
}

/* ---- the device map ---- */

bool volumes_overlay(const struct esafed *esafed, const struct esafe_device_key *key, struct esafe_device *value)
{
	const struct volume *volume = volume_find(volumes_table(esafed), key);

	if (!volume || !volume->over)
		return false;
	value->flags |= ESAFE_DEVICE_OVER_QUOTA;
	return true;
}

struct walking {
	int (*key)(void *ctx, const struct esafe_device_key *key);
	void *ctx;
};

static int over_key(void *ctx, struct volume *volume)
{
	const struct walking *walking = ctx;

	return volume->over ? walking->key(walking->ctx, &volume->key) : 0;
}

int volumes_keys(const struct esafed *esafed, int (*key)(void *ctx, const struct esafe_device_key *key), void *ctx)
{
	struct walking walking = { key, ctx };

	return volume_each(volumes_table(esafed), over_key, &walking);
}

/* ---- start and stop ---- */

int volumes_load(struct esafed *esafed)
{
	int err;

	esafed->volumes = calloc(1, sizeof(*esafed->volumes));
	if (!esafed->volumes)
		return -ENOMEM;
	err = volume_table_new(&esafed->volumes->table);
	if (!err)
		err = register_volumes_load(esafed->reg, esafed->volumes->table);
	return err ? log_errno(err, "the volume of devices") : 0;
}

int volumes_start(struct esafed *esafed)
{
	struct volumes *volumes = esafed->volumes;

	volumes->timer = loop_timer(esafed->loop, 1000, VOLUMES_SAMPLE_S * 1000, sample_all, esafed);
	volumes->listener = (struct listener){ .fn = note_group, .ctx = esafed };
	recorder_listen(esafed, &volumes->listener);
	volumes->listening = true;
	return volumes->timer ? 0 : -ENOMEM;
}

void volumes_stop(struct esafed *esafed)
{
	struct volumes *volumes = esafed->volumes;

	if (!volumes)
		return;
	loop_remove(volumes->timer);
	if (volumes->listening)
		recorder_ignore(esafed, &volumes->listener);
	if (volumes_save(esafed))
		log_error("the volume of the last minutes could not be written");
	volume_table_free(volumes->table);
	free(volumes);
	esafed->volumes = NULL;
}
