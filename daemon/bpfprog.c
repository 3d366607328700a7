// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpfprog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "esafe.skel.h"
#include "esafe/catmap.h"
#include "log.h"

#define TC_PRIORITY 5      /* early: what esafe refuses nobody else need see */
#define TC_HANDLE 0xe5afe
#define PATH_ROOM 512

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the packet readers are written for little-endian machines");

struct bpfprog {
	struct esafe_bpf *skel;
	struct maps maps;
	bool reads_quic;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = 0;
	/* How the kernel says that an interface has its clsact already: what each start but the first finds. */
	if (level == LIBBPF_WARN && !strstr(line, "Exclusivity flag on"))
		log_warn("%s", line);
	return 0;
}

static int pin_path(char *path, const char *dir, const char *map)
{
	return snprintf(path, PATH_ROOM, "%s/%s", dir, map) < PATH_ROOM ? 0 : -ENAMETOOLONG;
}

/* The directory of the pins, on a BPF file system. */
static int make_pin_dir(const char *dir)
{
	struct statfs fs;

	if (statfs("/sys/fs/bpf", &fs) || fs.f_type != BPF_FS_MAGIC) {
		if (mount("bpf", "/sys/fs/bpf", "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
			return log_errno(errno, "mounting /sys/fs/bpf");
	}
	if (mkdir(dir, 0700) && errno != EEXIST)
		return log_errno(errno, "%s", dir);
	if (statfs(dir, &fs) || fs.f_type != BPF_FS_MAGIC) {
		log_error("%s is not on a BPF file system", dir);
		return -EINVAL;
	}
	return 0;
}

/* Removes every pin of the directory, and the directory. */
static void remove_pins(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[PATH_ROOM];

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && !pin_path(path, dir, entry->d_name))
			unlink(path);
	if (d)
		closedir(d);
	rmdir(dir);
}

/* 1: pinned maps of this very layout; 0: none or others. */
static int pins_fit(const char *dir)
{
	struct esafe_config config = { 0 };
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info), zero = 0;
	char path[PATH_ROOM];
	int fd, fits;

	if (pin_path(path, dir, "config"))
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	fits = !bpf_obj_get_info_by_fd(fd, &info, &len) && info.value_size == sizeof(config) &&
	       !bpf_map_lookup_elem(fd, &zero, &config) && config.abi == ESAFE_ABI;
	close(fd);
	return fits;
}

static int is_private(const char *map)
{
	return !strcmp(map, "scratch") || !strcmp(map, "quic_work") || !strcmp(map, "why") || strchr(map, '.');
}

static int set_pins(struct esafe_bpf *skel, const char *dir)
{
	struct bpf_map *map;
	char path[PATH_ROOM];

	bpf_object__for_each_map(map, skel->obj) {
		int err;

		if (is_private(bpf_map__name(map)))
			continue;
		err = pin_path(path, dir, bpf_map__name(map));
		if (!err)
			err = bpf_map__set_pin_path(map, path);
		if (err)
			return err;
	}
	return 0;
}

/* dir: of the pins; NULL: nothing is pinned, and only what bpfprog_run() runs is loaded. */
static int open_and_load(struct bpfprog *prog, const char *dir, bool reads_quic)
{
	struct esafe_bpf *skel = esafe_bpf__open();
	int err;

	if (!skel)
		return -errno;
	bpf_program__set_autoload(skel->progs.esafe_ingress, reads_quic);
	bpf_program__set_autoload(skel->progs.esafe_noquic, !reads_quic);
	if (!dir) {
		bpf_program__set_autoload(skel->progs.esafe_xdp, false);
		bpf_program__set_autoload(skel->progs.esafe_why, false);
	}
	err = dir ? set_pins(skel, dir) : 0;
	if (!err)
		err = esafe_bpf__load(skel);
	if (err) {
		esafe_bpf__destroy(skel);
		return err;
	}
	prog->skel = skel;
	prog->reads_quic = reads_quic;
	return 0;
}

/* What reads QUIC asks most of the kernel's verifier. One that refuses it filters all the same, without. */
static int load_what_goes(struct bpfprog *prog, const char *dir, bool quic_inspect)
{
	int why = quic_inspect ? open_and_load(prog, dir, true) : 0, err;

	if (quic_inspect && !why)
		return 0;
	err = open_and_load(prog, dir, false);
	if (!err && why)
		log_warn("this kernel does not take the program that reads QUIC (%s): groups with quic: inspect have "
			 "it rejected", strerror(-why));
	return err;
}

static const struct bpf_program *ingress(const struct bpfprog *prog)
{
	return prog->reads_quic ? prog->skel->progs.esafe_ingress : prog->skel->progs.esafe_noquic;
}

bool bpfprog_reads_quic(const struct bpfprog *prog)
{
	return prog->reads_quic;
}

static void fill_maps(struct bpfprog *prog)
{
	struct maps *m = &prog->maps;

#define X(name) m->name = bpf_map__fd(prog->skel->maps.name);
	MAPS_LIST(X)
#undef X
	m->why_prog = bpf_program__fd(prog->skel->progs.esafe_why);
	m->cpus = libbpf_num_possible_cpus();
	m->fresh_fd = -1;
}

/* A names table that lists nothing: without any table nothing can be judged. */
static int empty_names(struct maps *maps)
{
	struct catmap_header *header = maps_new_names(maps, 4);

	if (!header)
		return -errno;
	header->magic = CATMAP_MAGIC;
	header->buckets = 1;
	header->sets = 1;
	header->first_bucket = 2;
	header->first_filter = 3;
	return maps_swap_names(maps);
}

int bpfprog_load(const struct config *config, struct bpfprog **out, bool *adopted)
{
	struct bpfprog *prog = calloc(1, sizeof(*prog));
	struct esafe_policy *policy = NULL;
	int err;

	if (!prog)
		return -ENOMEM;
	libbpf_set_print(quiet);
	err = make_pin_dir(config->pin_dir);
	if (err)
		goto fail;
	if (!pins_fit(config->pin_dir)) {
		remove_pins(config->pin_dir); /* attached programs keep their maps until they are replaced */
		err = make_pin_dir(config->pin_dir);
		if (err)
			goto fail;
	}
	err = load_what_goes(prog, config->pin_dir, config->quic_inspect);
	if (err) {
		log_errno(err, "loading the programs");
		goto fail;
	}
	fill_maps(prog);
	if (!maps_have_names(&prog->maps) && (err = empty_names(&prog->maps))) {
		log_errno(err, "names map");
		goto fail;
	}
	policy = malloc(sizeof(*policy));
	maps_hold(&prog->maps);
	*adopted = policy && !maps_get_policy(&prog->maps, policy) && policy->abi == ESAFE_ABI;
	free(policy);
	*out = prog;
	return 0;
fail:
	bpfprog_free(prog);
	return err;
}

int bpfprog_load_private(struct bpfprog **out)
{
	struct bpfprog *prog = calloc(1, sizeof(*prog));
	int err;

	if (!prog)
		return -ENOMEM;
	err = load_what_goes(prog, NULL, true);
	if (err) {
		free(prog);
		return log_errno(err, "loading programs for a replay");
	}
	fill_maps(prog);
	*out = prog;
	return 0;
}

int bpfprog_run(struct bpfprog *prog, enum esafe_hook hook, const void *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len, .repeat = 1);
	const struct bpf_program *program = hook == ESAFE_HOOK_EGRESS ? prog->skel->progs.esafe_egress : ingress(prog);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &run))
		return -errno;
	if (run.retval == TC_ACT_SHOT)
		return BPFPROG_DROPPED;
	return run.retval == TC_ACT_REDIRECT ? BPFPROG_ANSWERED : BPFPROG_PASSED;
}

struct maps *bpfprog_maps(struct bpfprog *prog)
{
	return &prog->maps;
}

void bpfprog_free(struct bpfprog *prog)
{
	if (!prog)
		return;
	if (prog->skel) {
		maps_drop_names(&prog->maps);
		maps_release(&prog->maps);
		esafe_bpf__destroy(prog->skel);
	}
	free(prog);
}

/* ---- attaching ---- */

static int tc_attach(__u32 ifindex, enum bpf_tc_attach_point point, int fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE, .priority = TC_PRIORITY, .prog_fd = fd,
		    .flags = BPF_TC_F_REPLACE);
	LIBBPF_OPTS(bpf_tc_hook, both, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int err = bpf_tc_hook_create(&both);

	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &opts);
}

static int tc_detach(__u32 ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE, .priority = TC_PRIORITY);
	int err = bpf_tc_detach(&hook, &opts);

	return err == -ENOENT || err == -EINVAL ? 0 : err; /* not there, or no clsact at all */
}

/* The XDP program of the interface: 0 none, -EBUSY somebody else's, else a descriptor of ours. */
static int xdp_ours(__u32 ifindex)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info), id = 0;
	int fd, err = bpf_xdp_query_id(ifindex, XDP_FLAGS_DRV_MODE, &id);

	if (err || !id)
		return err;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, "esafe_xdp"))
		return fd;
	close(fd);
	return -EBUSY;
}

/* fd -1: off */
static int xdp_set(__u32 ifindex, int fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	__u32 flags = XDP_FLAGS_DRV_MODE;
	int err, old = xdp_ours(ifindex);

	if (old < 0)
		return fd < 0 && old == -EBUSY ? 0 : old;
	if (!old && fd < 0)
		return 0;
	if (old)
		opts.old_prog_fd = old;
	else
		flags |= XDP_FLAGS_UPDATE_IF_NOEXIST;
	err = fd < 0 ? bpf_xdp_detach(ifindex, flags, &opts) : bpf_xdp_attach(ifindex, fd, flags, &opts);
	if (old)
		close(old);
	return err;
}

/* An interface that tells devices apart by address makes the programs ask map iface at all. */
static int set_identity(struct maps *maps, __u32 ifindex, int identity)
{
	struct esafe_iface entry = { .identity = identity };
	struct esafe_config config;
	int err = maps_iface_set(maps, ifindex, &entry);

	if (err || identity != ESAFE_BY_ADDRESS)
		return err;
	err = maps_get_config(maps, &config);
	if (err || config.by_address)
		return err;
	config.by_address = 1;
	return maps_set_config(maps, &config);
}

int bpfprog_attach(struct bpfprog *prog, const struct config_iface *iface)
{
	__u32 ifindex = if_nametoindex(iface->name);
	int err;

	if (!ifindex)
		return -ENODEV;
	err = set_identity(&prog->maps, ifindex, iface->identity);
	if (!err)
		err = tc_attach(ifindex, BPF_TC_EGRESS, bpf_program__fd(prog->skel->progs.esafe_egress));
	if (!err)
		err = tc_attach(ifindex, BPF_TC_INGRESS, bpf_program__fd(ingress(prog)));
	if (err)
		return log_errno(err, "attaching to %s", iface->name);
	err = xdp_set(ifindex, iface->xdp ? bpf_program__fd(prog->skel->progs.esafe_xdp) : -1);
	if (err) /* only an accelerator: TC judges the same packets */
		log_warn("%s: no XDP (%s); its packets are judged at TC", iface->name, strerror(-err));
	return 0;
}

static int detach_index(__u32 ifindex)
{
	char name[IF_NAMESIZE];
	int err, last = 0;

	if (!if_indextoname(ifindex, name))
		return 0; /* gone, and its programs with it */
	err = xdp_set(ifindex, -1);
	if (err)
		last = err;
	err = tc_detach(ifindex, BPF_TC_INGRESS);
	if (err)
		last = err;
	err = tc_detach(ifindex, BPF_TC_EGRESS);
	return err ? err : last;
}

static bool configured(const struct config *config, __u32 ifindex)
{
	for (size_t i = 0; i < config->ifaces; i++)
		if (if_nametoindex(config->iface[i].name) == ifindex)
			return true;
	return false;
}

int bpfprog_attach_all(struct bpfprog *prog, const struct config *config)
{
	__u32 known[256];
	int failed = 0, n = maps_ifaces(&prog->maps, known, 256);

	for (int i = 0; i < n; i++) {
		if (configured(config, known[i]))
			continue;
		detach_index(known[i]);
		maps_iface_del(&prog->maps, known[i]);
	}
	for (size_t i = 0; i < config->ifaces; i++)
		failed += bpfprog_attach(prog, &config->iface[i]) != 0;
	return failed;
}

int bpfprog_detach(const struct config *config)
{
	__u32 ifindex[256];
	char path[PATH_ROOM];
	int fd, err, n = 0, failed = 0;

	for (size_t i = 0; i < config->ifaces; i++) {
		__u32 index = if_nametoindex(config->iface[i].name);

		err = index ? detach_index(index) : 0;
		failed = failed ? failed : err;
	}
	fd = pin_path(path, config->pin_dir, "iface") ? -1 : bpf_obj_get(path);
	if (fd >= 0) {
		struct maps maps = { .iface = fd };

		n = maps_ifaces(&maps, ifindex, 256);
		close(fd);
	}
	for (int i = 0; i < n; i++) {
		err = detach_index(ifindex[i]);
		failed = failed ? failed : err;
	}
	if (!failed)
		remove_pins(config->pin_dir);
	return failed;
}
