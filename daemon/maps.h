/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's maps, which are the truth: written and read here and nowhere else. All return 0 or -errno. */
#ifndef ESAFE_MAPS_IO_H
#define ESAFE_MAPS_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "esafe/abi.h"

#define MAPS_LIST(X) \
	X(config) X(iface) X(device) X(scope) X(grant) X(slot) X(volume) X(policy) X(names) X(judged) \
	X(opening) X(flight_owners) X(flights) X(events) X(verdicts) X(known) X(stats) X(why) X(quic_owners) \
	X(quic_conns) X(quic_dcids) X(quic_tokens) X(resolved) X(datagrams)

struct maps {
#define X(name) int name;
	MAPS_LIST(X)
#undef X
	int why_prog; /* esafe_why */
	int cpus;     /* possible ones */
	void *fresh;  /* names table being filled */
	size_t fresh_size;
	int fresh_fd; /* -1: none */
	__u32 fresh_elements, names_elements;
	int policy_fd, names_fd; /* those in force, held: later nobody may ask for them by number. 0: not held */
};

/*
 * Seeds and times of the programs. New maps hold zeros (abi 0): the daemon then sets abi to ESAFE_ABI, its secret odd
 * seeds, and adopt_until_ns some minutes ahead so that connections already open live on. Maps that were adopted keep
 * theirs: everything in them was hashed with those seeds.
 */
int maps_get_config(struct maps *maps, struct esafe_config *config);
int maps_set_config(struct maps *maps, const struct esafe_config *config);

/* Holds what is in force already, and lets go of it. Taking needs CAP_SYS_ADMIN: before capabilities are dropped. */
void maps_hold(struct maps *maps);
void maps_release(struct maps *maps);

/* Puts a policy in force, whole: no packet sees half of it. */
int maps_set_policy(struct maps *maps, const struct esafe_policy *policy);
/* Copies the policy in force. -ENOENT: none. */
int maps_get_policy(struct maps *maps, struct esafe_policy *policy);

/*
 * Memory of a new names table of so many elements of 64 bytes, zero, to be filled and then swapped in. A second call
 * gives up the first table. NULL: errno. May be called from a worker thread, one at a time.
 */
void *maps_new_names(struct maps *maps, __u32 elements);
int maps_swap_names(struct maps *maps);
void maps_drop_names(struct maps *maps); /* gives up the new table */
bool maps_have_names(struct maps *maps);
int maps_share_names(struct maps *maps, const struct maps *from); /* the table of another instance; -ENOENT: not held */

int maps_device_set(struct maps *maps, const struct esafe_device_key *key, const struct esafe_device *device);
int maps_device_del(struct maps *maps, const struct esafe_device_key *key); /* 0 also if it was not there */
/* Calls fn for every entry; the map must not be changed in it. Non-zero ends the walk and is returned. */
int maps_devices(struct maps *maps,
		 int (*fn)(void *ctx, const struct esafe_device_key *key, const struct esafe_device *device), void *ctx);

/*
 * Scopes and what is granted or denied in them; see abi.h. A grant comes before the scope that speaks of it, and goes
 * after it. del: 0 also if it was not there. each: as maps_devices().
 */
int maps_scope_set(struct maps *maps, const struct esafe_scope_key *key, const struct esafe_scope *scope);
int maps_scope_del(struct maps *maps, const struct esafe_scope_key *key);
int maps_scope_each(struct maps *maps,
		    int (*fn)(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope), void *ctx);
int maps_grant_set(struct maps *maps, const struct esafe_grant_key *key, const struct esafe_grant *grant);
int maps_grant_del(struct maps *maps, const struct esafe_grant_key *key);
int maps_grant_each(struct maps *maps,
		    int (*fn)(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant), void *ctx);

/* Bytes that each device sent and got since its slot was taken, summed over CPUs. */
int maps_volume_each(struct maps *maps,
		     int (*fn)(void *ctx, const struct esafe_device_key *key, __u64 up, __u64 down), void *ctx);

/* Frees the slots of devices that were last seen before that second of CLOCK_TAI. How many, or -errno. */
int maps_volume_expire(struct maps *maps, __u32 before);

int maps_iface_set(struct maps *maps, __u32 ifindex, const struct esafe_iface *iface);
int maps_iface_del(struct maps *maps, __u32 ifindex);
int maps_ifaces(struct maps *maps, __u32 *ifindex, size_t room); /* how many, at most room */

/* Counters summed over CPUs: cells[ESAFE_VERDICT_CELLS]. */
int maps_read_verdicts(struct maps *maps, __u64 *cells);
int maps_read_verdict(struct maps *maps, __u32 cell, __u64 *count); /* one of them */
/* The gateway's own prefixes, of which `n` are given. */
int maps_set_own(struct maps *maps, const struct esafe_prefix *own, unsigned n);
int maps_read_known(struct maps *maps, __u64 *cells); /* ESAFE_KNOWN_CELLS */
int maps_read_stats(struct maps *maps, struct esafe_stats *stats);

struct map_size {
	const char *name;
	__u64 bytes; /* of kernel memory, as the kernel accounts it */
};
/* Memory of each map. Returns how many rows were written. */
size_t maps_memory(struct maps *maps, struct map_size *row, size_t room);

#endif
