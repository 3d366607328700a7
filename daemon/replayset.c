// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "replayset.h"

#define WAYS 8

struct replayset {
	unsigned buckets;
	struct {
		__u64 hash;
		__s64 at;
	} entry[][WAYS];
};

struct replayset *replayset_new(unsigned entries)
{
	struct replayset *set;
	unsigned buckets = 1;

	while (buckets * WAYS < entries)
		buckets *= 2;
	set = calloc(1, sizeof(*set) + (size_t)buckets * sizeof(set->entry[0]));
	if (set)
		set->buckets = buckets;
	return set;
}

void replayset_free(struct replayset *set)
{
	free(set);
}

__s64 replayset_find(const struct replayset *set, __u64 hash)
{
	unsigned b = hash & (set->buckets - 1);

	for (unsigned i = 0; i < WAYS; i++)
		if (set->entry[b][i].hash == hash)
			return set->entry[b][i].at;
	return 0;
}

void replayset_add(struct replayset *set, __u64 hash, __s64 now)
{
	unsigned b = hash & (set->buckets - 1), oldest = 0;

	for (unsigned i = 1; i < WAYS; i++)
		if (set->entry[b][i].at < set->entry[b][oldest].at)
			oldest = i;
	set->entry[b][oldest].hash = hash;
	set->entry[b][oldest].at = now;
}
