/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel programs: loaded, pinned, attached, replaced. Starting adopts the maps that an earlier daemon left;
 * stopping leaves everything in place. Only bpfprog_detach() switches the filter off.
 */
#ifndef ESAFE_BPFPROG_H
#define ESAFE_BPFPROG_H

#include <stdbool.h>
#include "config.h"
#include "maps.h"

struct bpfprog;

/*
 * Loads the programs with the pinned maps of config->pin_dir, or new ones. Nothing is attached yet. `adopted` says
 * whether maps with a policy were there. 0 or -errno, logged.
 */
int bpfprog_load(const struct config *config, struct bpfprog **prog, bool *adopted);

/* Are names in QUIC read? Not if the configuration says so, or the kernel refused the program that does. */
bool bpfprog_reads_quic(const struct bpfprog *prog);

/* Loads the programs with maps of their own: nothing is pinned or attached; only bpfprog_run() runs them. */
int bpfprog_load_private(struct bpfprog **prog);

/* What a program did with a frame; negative: -errno. -EINVAL: the kernel cannot run it on this one. */
enum bpfprog_fate { BPFPROG_PASSED, BPFPROG_ANSWERED, BPFPROG_DROPPED };
int bpfprog_run(struct bpfprog *prog, enum esafe_hook hook, const void *frame, size_t len);

/* The maps of the loaded programs; they live as long as it. */
struct maps *bpfprog_maps(struct bpfprog *prog);

/*
 * Attaches to one interface, or replaces there what an earlier daemon attached: no packet passes between the two. For a
 * link that is not there: -ENODEV; call again when it comes.
 */
int bpfprog_attach(struct bpfprog *prog, const struct config_iface *iface);

/* Attaches to all interfaces of the config and leaves those that it no longer names. Returns how many failed. */
int bpfprog_attach_all(struct bpfprog *prog, const struct config *config);

/* Takes the programs off every interface and removes the pins: no filter any more. 0 or -errno of the first failure. */
int bpfprog_detach(const struct config *config);

/* Releases what the process holds. What is pinned and attached stays. */
void bpfprog_free(struct bpfprog *prog);

#endif
