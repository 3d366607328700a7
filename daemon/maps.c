// SPDX-License-Identifier: GPL-2.0-or-later
#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "esafe/catmap.h"

static const __u32 zero;

int maps_get_config(struct maps *maps, struct esafe_config *config)
{
	return bpf_map_lookup_elem(maps->config, &zero, config) ? -errno : 0;
}

int maps_set_config(struct maps *maps, const struct esafe_config *config)
{
	return bpf_map_update_elem(maps->config, &zero, config, BPF_ANY) ? -errno : 0;
}

/* A new one-element array holding `value`; its descriptor or -errno. */
static int array_with(const char *name, const void *value, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, size, 1, &opts);
	int err;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &zero, value, BPF_ANY)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void hold(int *held, int fd)
{
	if (*held > 0)
		close(*held);
	*held = fd > 0 ? fd : 0;
}

int maps_set_policy(struct maps *maps, const struct esafe_policy *policy)
{
	int err = 0, fd = array_with("esafe_policy", policy, sizeof(*policy));

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(maps->policy, &zero, &fd, BPF_ANY))
		err = -errno;
	if (err)
		close(fd);
	else
		hold(&maps->policy_fd, fd);
	return err;
}

/* The inner map of an outer one; its descriptor or -errno. */
static int inner(int outer)
{
	__u32 id;
	int fd;

	if (bpf_map_lookup_elem(outer, &zero, &id))
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? -errno : fd;
}

int maps_get_policy(struct maps *maps, struct esafe_policy *policy)
{
	int err = 0, fd = maps->policy_fd ? maps->policy_fd : inner(maps->policy);

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, policy))
		err = -errno;
	if (fd != maps->policy_fd)
		close(fd);
	return err;
}

void maps_hold(struct maps *maps)
{
	hold(&maps->policy_fd, inner(maps->policy));
	hold(&maps->names_fd, inner(maps->names));
}

void maps_release(struct maps *maps)
{
	hold(&maps->policy_fd, 0);
	hold(&maps->names_fd, 0);
}

void maps_drop_names(struct maps *maps)
{
	if (maps->fresh)
		munmap(maps->fresh, maps->fresh_size);
	if (maps->fresh_fd >= 0)
		close(maps->fresh_fd);
	maps->fresh = NULL;
	maps->fresh_fd = -1;
}

void *maps_new_names(struct maps *maps, __u32 elements)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	long page = sysconf(_SC_PAGESIZE);
	void *memory;

	maps_drop_names(maps);
	maps->fresh_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "esafe_names", 4, 64, elements, &opts);
	if (maps->fresh_fd < 0)
		return NULL;
	maps->fresh_size = ((size_t)elements * 64 + page - 1) / page * page;
	memory = mmap(NULL, maps->fresh_size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->fresh_fd, 0);
	if (memory == MAP_FAILED) {
		int err = errno;

		maps_drop_names(maps);
		errno = err;
		return NULL;
	}
	maps->fresh = memory;
	maps->fresh_elements = elements;
	return memory;
}

int maps_swap_names(struct maps *maps)
{
	int err = 0;

	if (maps->fresh_fd < 0)
		return -EINVAL;
	if (bpf_map_update_elem(maps->names, &zero, &maps->fresh_fd, BPF_ANY))
		err = -errno;
	if (!err) {
		maps->names_elements = maps->fresh_elements;
		hold(&maps->names_fd, maps->fresh_fd);
		maps->fresh_fd = -1;
	}
	maps_drop_names(maps);
	return err;
}

bool maps_have_names(struct maps *maps)
{
	struct catmap_header header;
	int fd = inner(maps->names);
	bool have;

	if (fd < 0)
		return false;
	have = !bpf_map_lookup_elem(fd, &zero, &header) && header.magic == CATMAP_MAGIC;
	close(fd);
	return have;
}

int maps_share_names(struct maps *maps, const struct maps *from)
{
	if (!from->names_fd)
		return -ENOENT;
	return bpf_map_update_elem(maps->names, &zero, &from->names_fd, BPF_ANY) ? -errno : 0;
}

int maps_devices(struct maps *maps,
		 int (*fn)(void *ctx, const struct esafe_device_key *key, const struct esafe_device *device), void *ctx)
{
	struct esafe_device_key key, next;
	void *from = NULL;

	while (!bpf_map_get_next_key(maps->device, from, &next)) {
		struct esafe_device device;
		int err = 0;

		if (!bpf_map_lookup_elem(maps->device, &next, &device))
			err = fn(ctx, &next, &device);
		if (err)
			return err;
		key = next;
		from = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

int maps_iface_set(struct maps *maps, __u32 ifindex, const struct esafe_iface *iface)
{
	return bpf_map_update_elem(maps->iface, &ifindex, iface, BPF_ANY) ? -errno : 0;
}

int maps_iface_del(struct maps *maps, __u32 ifindex)
{
	return bpf_map_delete_elem(maps->iface, &ifindex) && errno != ENOENT ? -errno : 0;
}

int maps_ifaces(struct maps *maps, __u32 *ifindex, size_t room)
{
	__u32 key, next;
	void *from = NULL;
	size_t n = 0;

	while (n < room && !bpf_map_get_next_key(maps->iface, from, &next)) {
		ifindex[n++] = next;
		key = next;
		from = &key;
	}
	return n;
}

/* All cells of a map of counters, summed over CPUs. */
static int read_counters(struct maps *maps, int fd, __u32 count, __u64 *cells)
{
	size_t cpus = maps->cpus, room = count * cpus;
	__u32 *keys = calloc(count, sizeof(*keys)), limit = count, batch = 0;
	__u64 *values = calloc(room, sizeof(*values));
	int err = 0;

	if (!keys || !values)
		err = -ENOMEM;
	else if (bpf_map_lookup_batch(fd, NULL, &batch, keys, values, &count, NULL) && errno != ENOENT)
		err = -errno;
	for (__u32 i = 0; !err && i < count; i++) {
		__u64 sum = 0;

		for (size_t cpu = 0; cpu < cpus; cpu++)
			sum += values[i * cpus + cpu];
		if (keys[i] < limit)
			cells[keys[i]] = sum;
	}
	free(keys);
	free(values);
	return err;
}

int maps_set_own(struct maps *maps, const struct esafe_prefix *own, unsigned n)
{
	struct esafe_config config;
	int err = maps_get_config(maps, &config);

	if (err || (n == config.own_count && !memcmp(own, config.own, n * sizeof(*own))))
		return err;
	memset(config.own, 0, sizeof(config.own));
	memcpy(config.own, own, n * sizeof(*own));
	config.own_count = n;
	return maps_set_config(maps, &config);
}

int maps_read_verdicts(struct maps *maps, __u64 *cells)
{
	return read_counters(maps, maps->verdicts, ESAFE_VERDICT_CELLS, cells);
}

int maps_read_known(struct maps *maps, __u64 *cells)
{
	return read_counters(maps, maps->known, ESAFE_KNOWN_CELLS, cells);
}

int maps_read_verdict(struct maps *maps, __u32 cell, __u64 *count)
{
	__u64 *values = calloc(maps->cpus, sizeof(*values));
	int err = 0;

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->verdicts, &cell, values))
		err = -errno;
	for (int cpu = 0; !err && cpu < maps->cpus; cpu++)
		*count = (cpu ? *count : 0) + values[cpu];
	free(values);
	return err;
}

int maps_read_stats(struct maps *maps, struct esafe_stats *stats)
{
	size_t words = sizeof(*stats) / sizeof(__u64);
	__u64 *values = calloc(maps->cpus, sizeof(*stats)), *sum = (__u64 *)stats;
	int err = 0;

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->stats, &zero, values)) {
		err = -errno;
	} else {
		memset(stats, 0, sizeof(*stats));
		for (size_t i = 0; i < words * maps->cpus; i++)
			sum[i % words] += values[i];
	}
	free(values);
	return err;
}

/* What the kernel says of a map in fdinfo; 0 if it does not say. */
static __u64 memlock(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

size_t maps_memory(struct maps *maps, struct map_size *row, size_t room)
{
	size_t n = 0;

#define X(map)                                                                    \
	if (n < room) {                                                           \
		int in = !strcmp(#map, "policy") ? maps->policy_fd : !strcmp(#map, "names") ? maps->names_fd : 0; \
                                                                                  \
		row[n].name = #map;                                               \
		row[n++].bytes = memlock(in ? in : maps->map);                    \
	}
	MAPS_LIST(X)
#undef X
	return n;
}
