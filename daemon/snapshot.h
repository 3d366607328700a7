/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of this moment, gathered from all parts: for Prometheus and for `esafectl status`. */
#ifndef ESAFE_SNAPSHOT_H
#define ESAFE_SNAPSHOT_H

#include <stdio.h>

#include "esafed.h"
#include "maps.h"
#include "metrics.h"

#define SNAPSHOT_MAPS 32

struct snapshot {
	struct metrics_snapshot metrics;
	__u64 *verdicts;
	__u64 known[ESAFE_KNOWN_CELLS];
	struct metrics_list *lists;
	struct metrics_map maps[SNAPSHOT_MAPS];
	struct metrics_iface ifaces[CONFIG_INTERFACES * 3];
	char kernel[65];
};

/* Texts belong to esafed and hold until the loop goes on. 0 or -errno. */
int snapshot_take(struct esafed *esafed, struct snapshot *out);
void snapshot_free(struct snapshot *snapshot);

/* The page of http.h; ctx: struct esafed */
int snapshot_page(void *ctx, FILE *out);

#endif
