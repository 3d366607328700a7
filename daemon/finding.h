/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lists hold a name. Only their files know: they are read again, in a worker thread that has its own copy of what
 * the lists are.
 */
#ifndef ESAFE_FINDING_H
#define ESAFE_FINDING_H

#include <jansson.h>

#include "esafed.h"

#define FINDING_HITS 1000

struct finding_hit {
	size_t spec;
	unsigned long line;
	unsigned flags, name_len;
	int err;
};

struct finding {
	struct list_spec *specs;
	char **category;
	size_t n;
	char keep_dir[512];
	__u8 wire[ESAFE_NAME_MAX];
	size_t len;
	struct finding_hit hit[FINDING_HITS];
	size_t hits;
	void (*done)(void *ctx, const struct finding *finding, int err);
	void *ctx;
};

/* categories: only lists of these; NULL: all. done() is called in the loop. 0 or -errno (done is not called then). */
int finding_start(const struct esafed *esafed, const __u8 *wire, size_t len, const __u64 categories[4],
		  void (*done)(void *ctx, const struct finding *finding, int err), void *ctx);

/* Of a locked list: that it is one, and no text. */
json_t *finding_row(const struct finding *finding, const struct finding_hit *hit);

#endif
