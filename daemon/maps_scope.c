// SPDX-License-Identifier: GPL-2.0-or-later
/* Scopes, grants and volumes in the kernel's maps, and the counts in map config that tell packets whether to ask. */
#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

/*
 * An entry comes or goes: what the programs look at before they look it up. Raised before the entry is there, lowered
 * after it is gone: a daemon that is killed in between leaves a look-up too many.
 */
static int count(struct maps *maps, __u32 kinds, int devices, int scopes)
{
	struct esafe_config config;
	int err = maps_get_config(maps, &config);

	if (err)
		return err;
	config.scopes |= kinds;
	config.cut_devices += devices;
	config.cut_scopes += scopes;
	config.epoch++;
	return maps_set_config(maps, &config);
}

static bool is_cut(const struct esafe_device *device)
{
	return device->flags & ESAFE_DEVICE_CUT;
}

int maps_device_set(struct maps *maps, const struct esafe_device_key *key, const struct esafe_device *device)
{
	struct esafe_device old = { 0 };
	bool was, is = is_cut(device);
	int err = 0;

	if (bpf_map_lookup_elem(maps->device, key, &old) && errno != ENOENT)
		return -errno;
	was = is_cut(&old);
	if (is && !was)
		err = count(maps, 0, 1, 0);
	if (!err && bpf_map_update_elem(maps->device, key, device, BPF_ANY))
		err = -errno;
	if (!err && (old.flags != device->flags || old.suspended_until_ns != device->suspended_until_ns))
		err = count(maps, 0, was && !is ? -1 : 0, 0); /* what was found out between the two holds no longer */
	return err;
}

int maps_device_del(struct maps *maps, const struct esafe_device_key *key)
{
	struct esafe_device old;

	if (bpf_map_lookup_elem(maps->device, key, &old))
		return errno == ENOENT ? 0 : -errno;
	if (bpf_map_delete_elem(maps->device, key) && errno != ENOENT)
		return -errno;
	return is_cut(&old) ? count(maps, 0, -1, 0) : 0;
}

static bool is_only(const struct esafe_scope *scope)
{
	return scope->flags & ESAFE_SCOPE_LESSON_ONLY;
}

int maps_scope_set(struct maps *maps, const struct esafe_scope_key *key, const struct esafe_scope *scope)
{
	struct esafe_scope old = { 0 };
	bool was, is = is_only(scope);
	int err;

	if (bpf_map_lookup_elem(maps->scope, key, &old) && errno != ENOENT)
		return -errno;
	was = is_only(&old);
	err = count(maps, 1u << (key->kind & 31), 0, is && !was);
	if (!err && bpf_map_update_elem(maps->scope, key, scope, BPF_ANY))
		err = -errno;
	if (!err && (was || is))
		err = count(maps, 0, 0, was && !is ? -1 : 0);
	return err;
}

/* No scope is left: none need be looked up. */
static int forget_kinds(struct maps *maps)
{
	struct esafe_scope_key any;
	struct esafe_config config;
	int err;

	if (!bpf_map_get_next_key(maps->scope, NULL, &any))
		return 0;
	err = maps_get_config(maps, &config);
	config.scopes = 0;
	return err ? err : maps_set_config(maps, &config);
}

int maps_scope_del(struct maps *maps, const struct esafe_scope_key *key)
{
	struct esafe_scope old;
	int err = 0;

	if (bpf_map_lookup_elem(maps->scope, key, &old))
		return errno == ENOENT ? 0 : -errno;
	if (bpf_map_delete_elem(maps->scope, key) && errno != ENOENT)
		return -errno;
	if (is_only(&old))
		err = count(maps, 0, 0, -1);
	return err ? err : forget_kinds(maps);
}

int maps_scope_each(struct maps *maps,
		    int (*fn)(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope), void *ctx)
{
	struct esafe_scope_key key, next;
	void *from = NULL;

	while (!bpf_map_get_next_key(maps->scope, from, &next)) {
		struct esafe_scope scope;
		int err = 0;

		if (!bpf_map_lookup_elem(maps->scope, &next, &scope))
			err = fn(ctx, &next, &scope);
		if (err)
			return err;
		key = next;
		from = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

int maps_grant_set(struct maps *maps, const struct esafe_grant_key *key, const struct esafe_grant *grant)
{
	return bpf_map_update_elem(maps->grant, key, grant, BPF_ANY) ? -errno : 0;
}

int maps_grant_del(struct maps *maps, const struct esafe_grant_key *key)
{
	return bpf_map_delete_elem(maps->grant, key) && errno != ENOENT ? -errno : 0;
}

int maps_grant_each(struct maps *maps,
		    int (*fn)(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant), void *ctx)
{
	struct esafe_grant_key key, next;
	void *from = NULL;

	while (!bpf_map_get_next_key(maps->grant, from, &next)) {
		struct esafe_grant grant;
		int err = 0;

		if (!bpf_map_lookup_elem(maps->grant, &next, &grant))
			err = fn(ctx, &next, &grant);
		if (err)
			return err;
		key = next;
		from = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

/* Of one slot, summed over CPUs. */
static int volume_of(struct maps *maps, __u32 index, struct esafe_volume *room, struct esafe_volume *sum)
{
	*sum = (struct esafe_volume){ 0 };
	if (bpf_map_lookup_elem(maps->volume, &index, room))
		return -errno;
	for (int cpu = 0; cpu < maps->cpus; cpu++) {
		sum->up += room[cpu].up;
		sum->down += room[cpu].down;
	}
	return 0;
}

struct slots {
	struct esafe_slot *slot;
	__u32 *index, n;
	struct esafe_volume *room; /* of all CPUs */
};

static void slots_free(struct slots *slots)
{
	free(slots->slot);
	free(slots->index);
	free(slots->room);
}

static int slots_read(struct maps *maps, struct slots *slots)
{
	__u32 batch = 0;

	*slots = (struct slots){
		.slot = calloc(ESAFE_SLOTS, sizeof(*slots->slot)),
		.index = calloc(ESAFE_SLOTS, sizeof(*slots->index)),
		.room = calloc(maps->cpus, sizeof(*slots->room)),
		.n = ESAFE_SLOTS,
	};
	if (!slots->slot || !slots->index || !slots->room)
		return -ENOMEM;
	if (bpf_map_lookup_batch(maps->slot, NULL, &batch, slots->index, slots->slot, &slots->n, NULL) && errno != ENOENT)
		return -errno;
	return 0;
}

int maps_volume_each(struct maps *maps,
		     int (*fn)(void *ctx, const struct esafe_device_key *key, __u64 up, __u64 down), void *ctx)
{
	struct esafe_volume sum;
	struct slots slots;
	int err = slots_read(maps, &slots);

	for (__u32 i = 0; !err && i < slots.n; i++) {
		if (!slots.slot[i].tag)
			continue;
		err = volume_of(maps, slots.index[i], slots.room, &sum);
		if (!err)
			err = fn(ctx, &slots.slot[i].key, sum.up, sum.down);
	}
	slots_free(&slots);
	return err;
}

/* The counts first: a device that takes the slot begins at zero. `zeros`: one for each CPU. */
static int free_slot(struct maps *maps, __u32 index, const struct esafe_volume *zeros)
{
	struct esafe_slot none = { 0 };

	if (bpf_map_update_elem(maps->volume, &index, zeros, BPF_ANY) ||
	    bpf_map_update_elem(maps->slot, &index, &none, BPF_ANY))
		return -errno;
	return 0;
}

int maps_volume_expire(struct maps *maps, __u32 before)
{
	struct slots slots;
	int n = 0, err = slots_read(maps, &slots);

	for (__u32 i = 0; !err && i < slots.n; i++) {
		if (!slots.slot[i].tag || slots.slot[i].seen >= before)
			continue;
		err = free_slot(maps, slots.index[i], slots.room);
		n++;
	}
	slots_free(&slots);
	return err ? err : n;
}
