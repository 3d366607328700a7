/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "volume_table.h"

#define BUCKETS 4096
#define LOOK_BACK_DAYS 8
#define CHANGES 8192

struct volume_table {
	struct volume *bucket[BUCKETS];
	size_t n;
};

/* ---- the table ---- */

static unsigned bucket_of(const struct esafe_device_key *key)
{
	const __u8 *bytes = (const __u8 *)key;
	__u32 hash = 2166136261u;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return (hash ^ hash >> 16) % BUCKETS;
}

int volume_table_new(struct volume_table **out)
{
	struct volume_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	*out = table;
	return 0;
}

void volume_table_free(struct volume_table *table)
{
	for (size_t i = 0; table && i < BUCKETS; i++) {
		while (table->bucket[i]) {
			struct volume *volume = table->bucket[i];

			table->bucket[i] = volume->next;
			free(volume);
		}
	}
	free(table);
}

struct volume *volume_find(const struct volume_table *table, const struct esafe_device_key *key)
{
	struct volume *volume = table ? table->bucket[bucket_of(key)] : NULL;

	while (volume && memcmp(&volume->key, key, sizeof(*key)))
		volume = volume->next;
	return volume;
}

struct volume *volume_take(struct volume_table *table, const struct esafe_device_key *key)
{
	struct volume *volume = volume_find(table, key);
	unsigned at = bucket_of(key);

	if (volume)
		return volume;
	volume = calloc(1, sizeof(*volume));
	if (!volume)
		return NULL;
	volume->key = *key;
	volume->next = table->bucket[at];
	table->bucket[at] = volume;
	table->n++;
	return volume;
}

size_t volume_count(const struct volume_table *table)
{
	return table ? table->n : 0;
}

int volume_each(const struct volume_table *table, int (*fn)(void *ctx, struct volume *volume), void *ctx)
{
	int result = 0;

	for (size_t i = 0; table && i < BUCKETS && !result; i++)
		for (struct volume *volume = table->bucket[i]; volume && !result; volume = volume->next)
			result = fn(ctx, volume);
	return result;
}

/* ---- when ---- */

__s64 volume_midnight(__s64 now)
{
	time_t t = now;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return now;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static void opened(struct volume_clock *out, const struct times_change *change, int n, size_t times, __s64 from)
{
	for (size_t w = 0; w < times; w++) {
		__s64 since = 0;

		for (int i = 0; i < n; i++) {
			bool open = change[i].windows >> w & 1;

			since = !open ? 0 : since ? since : i ? change[i].at : from;
		}
		out->since[w] = since;
	}
}

int volume_clock_read(const struct policy *policy, const char *zone, __s64 now, struct volume_clock *out)
{
	struct times_window *window = calloc(policy->times + 1, sizeof(*window));
	struct times_change *change = calloc(CHANGES, sizeof(*change));
	__s64 from = now - LOOK_BACK_DAYS * 86400, until;
	int n = -ENOMEM, kept = 0;

	for (size_t i = 0; window && i < policy->times; i++)
		window[i] = policy->time[i].window;
	if (window && change)
		n = times_changes(window, policy->times, &policy->calendar, zone, from, LOOK_BACK_DAYS + 1, change, CHANGES,
				  &until);
	while (kept < n && (!kept || change[kept].at <= now))
		kept++;
	if (n >= 0) {
		*out = (struct volume_clock){ 0 };
		opened(out, change, kept, policy->times, from);
		out->since[QUOTA_ALWAYS] = volume_midnight(now);
	}
	free(window);
	free(change);
	return n < 0 ? n : 0;
}

/* ---- how much ---- */

static __u64 moved(__u64 *raw, __u64 now)
{
	__u64 by = now >= *raw ? now - *raw : now;

	*raw = now;
	return by;
}

void volume_sample(struct volume *volume, __u64 up, __u64 down, __s64 now, __s64 today)
{
	__u64 by_up = moved(&volume->raw_up, up), by_down = moved(&volume->raw_down, down);

	if (volume->day != today) {
		volume->day = today;
		volume->up = volume->down = 0;
	}
	volume->up += by_up;
	volume->down += by_down;
	volume->recent = volume->last = by_up + by_down;
	if (!volume->recent)
		return;
	volume->moved = now;
	volume->dirty = true;
}

static struct volume_use *use_of(struct volume *volume, const char *time)
{
	struct volume_use *spare = NULL;

	for (size_t i = 0; i < QUOTAS; i++) {
		if (volume->use[i].since && !strcmp(volume->use[i].time, time))
			return &volume->use[i];
		if (!spare || !volume->use[i].since || (spare->since && volume->use[i].since < spare->since))
			spare = &volume->use[i];
	}
	*spare = (struct volume_use){ 0 };
	snprintf(spare->time, sizeof(spare->time), "%s", time);
	return spare;
}

/* Is the quota used up? */
static bool count_use(struct volume *volume, const struct quota *quota, const char *time, __s64 since, unsigned *news)
{
	struct volume_use *use = use_of(volume, time);

	if (use->since != since) {
		use->since = since;
		use->bytes = 0;
		use->told = use->over = false;
	}
	use->bytes += volume->recent;
	use->over = use->bytes >= quota->bytes;
	if (!use->told && use->bytes >= quota->bytes / 100 * VOLUME_TOLD_PERCENT) {
		use->told = true;
		*news |= VOLUME_TOLD;
	}
	return use->over;
}

unsigned volume_judge(struct volume *volume, const struct policy *policy, const struct group *group,
		      const struct volume_clock *clock, const struct quota **which)
{
	unsigned news = 0;
	bool over = false;

	for (size_t i = 0; group && i < group->quotas; i++) {
		const struct quota *quota = &group->quota[i];
		unsigned before = news;

		if (!clock->since[quota->time])
			continue;
		if (count_use(volume, quota, quota_time(policy, quota), clock->since[quota->time], &news)) {
			over = true;
			*which = quota;
		} else if (news != before) {
			*which = quota;
		}
	}
	volume->recent = 0; /* counted once */
	if (over != volume->over) {
		volume->over = over;
		volume->dirty = true;
		news |= over ? VOLUME_OVER : VOLUME_WITHIN;
	}
	return news;
}
