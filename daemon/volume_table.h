/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much each device sent and got today, and what is left of its quotas. Pure but for the zone of TZ: samples of the
 * kernel's counters go in, and what follows from them comes out.
 */
#ifndef ESAFE_VOLUME_TABLE_H
#define ESAFE_VOLUME_TABLE_H

#include "policy.h"

#define VOLUME_NAME 44 /* of a time or a group: labels of the policy have at most 40 */
#define VOLUME_TOLD_PERCENT 80

struct volume_use { /* of one quota */
	char time[VOLUME_NAME];
	__s64 since;   /* when the time opened; 0: not in use */
	__u64 bytes;
	bool told, over;
};

struct volume {
	struct volume *next;
	struct esafe_device_key key;
	char group[VOLUME_NAME]; /* as the programs last said; "": not known */
	__u64 raw_up, raw_down;  /* at the last sample */
	__s64 day;               /* its midnight, seconds since 1970 */
	__u64 up, down;          /* of that day */
	__u64 recent;            /* since the last sample, not yet judged */
	__u64 last;              /* between the last two samples */
	__s64 moved;             /* seconds since 1970, when it last did */
	struct volume_use use[QUOTAS];
	bool over, dirty;        /* dirty: not yet in the register */
};

/* When what is open now opened, by index of policy->time, and midnight for QUOTA_ALWAYS; 0: not open. */
struct volume_clock {
	__s64 since[ESAFE_WINDOWS + 1];
};
__s64 volume_midnight(__s64 now); /* of that day */
int volume_clock_read(const struct policy *policy, const char *zone, __s64 now, struct volume_clock *out);

struct volume_table;
int volume_table_new(struct volume_table **table);
void volume_table_free(struct volume_table *table);
struct volume *volume_find(const struct volume_table *table, const struct esafe_device_key *key);
struct volume *volume_take(struct volume_table *table, const struct esafe_device_key *key); /* found or added; NULL */
size_t volume_count(const struct volume_table *table);
/* Anything but 0 ends it with that. */
int volume_each(const struct volume_table *table, int (*fn)(void *ctx, struct volume *volume), void *ctx);

/* Adds what moved since the last sample. Counters that went back belong to a new slot. */
void volume_sample(struct volume *volume, __u64 up, __u64 down, __s64 now, __s64 midnight);

enum volume_news { VOLUME_TOLD = 1, VOLUME_OVER = 2, VOLUME_WITHIN = 4 };
/* Counts `recent` against the quotas of its group (NULL: none); returns VOLUME_*; *which: the quota it is about. */
unsigned volume_judge(struct volume *volume, const struct policy *policy, const struct group *group,
		      const struct volume_clock *clock, const struct quota **which);

#endif
