/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of a policy: read from files, guarded against loss, built into a category map. No globals; meant to be
 * called from a worker thread. Reads and copies files, nothing else.
 *
 * A list that vanished, is empty of a sudden, shrank by more than LISTS_SHRINK_PERCENT or is no longer a list of the
 * kind that it was is refused: the last good copy, kept under keep_dir, is used, and the result says so.
 * A locked ("floor") list leaves no text anywhere but in that copy: no samples of its lines, no positions of its names.
 */
#ifndef LISTS_H
#define LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "catbuild.h"
#include "listfmt.h"

#define LISTS_SHRINK_PERCENT 50
#define LISTS_SHRINK_LEAST 20         /* a list of fewer names may shrink as it likes, but not to nothing */
#define LISTS_TEXT_MAX (2ULL << 30)   /* bytes of one list, unpacked */
#define LISTS_WHY 160

struct list_spec {
	char *name;
	unsigned category; /* number, below ESAFE_CATEGORIES */
	char *file;        /* a file, plain or gzip; or a category folder in UT1 layout: its "domains" is read */
	enum list_format format; /* LIST_SNIFF: found out */
	bool floor;        /* locked */
	int line;          /* in the policy file */
};

struct list_keys {
	__u64 k1, k2; /* esafe_config.hash_k1, hash_k2 */
	__u64 salt;   /* any secret number, a new one for each load */
};

/* What is remembered of each list's last good load, from the register. */
struct list_past {
	const char *name;
	enum list_format format; /* LIST_SNIFF: not known any more */
	unsigned long names, lines, rejected;
	__u8 sha256[32];
};
struct list_history {
	size_t n;
	const struct list_past *item;
};

#define LIST_STATES(X)                                                             \
	X(LOADED, "loaded", "as the file is now")                                  \
	X(OLD, "old", "the file was refused: the last good copy is in use")        \
	X(ABSENT, "absent", "the file was refused and there is no good copy")

enum list_state {
#define X(id, name, meaning) LIST_STATE_##id,
	LIST_STATES(X)
#undef X
	LIST_STATE_COUNT
};

struct list_result { /* of one list, in the order of the specs */
	const struct list_spec *spec;
	enum list_state state;
	char why[LISTS_WHY]; /* why the file was refused, or that its copy could not be kept; else "" */
	enum list_format format; /* as read */
	struct list_counts counts; /* of the copy in use */
	unsigned long long bytes;  /* of its file, packed as it may be */
	__u8 sha256[32];           /* of those */
	__s64 mtime_ns;            /* CLOCK_REALTIME; of the copy in use: its age */
	double seconds;            /* reading it */
};

struct lists_result {
	size_t n;
	struct list_result *item;
	struct catmap_image image;
	struct catbuild_stats stats;
	unsigned old, absent; /* lists in that state: say it loudly */
	double read_seconds, build_seconds; /* wall clock */
	void *memory; /* of the image, if it is the result's own */
};

struct lists_options {
	const struct list_keys *keys;
	const struct list_history *past; /* NULL: none */
	const char *keep_dir;            /* of the last good copies; made if missing; NULL: none are kept */
	const struct catmap_target *target; /* where the table goes; NULL: allocated, freed with the result */
	bool accept_shrunk;              /* somebody looked: do not refuse for having shrunk or changed kind */
	unsigned threads;                /* 0: as many as there are processors, at most 2 */
};

/*
 * 0 or -errno: no memory, more than the table can hold (-EOVERFLOW, -E2BIG). A list that cannot be read is no failure
 * of the whole: see state. The result points at the specs. On failure the result is untouched.
 */
int lists_load(const struct list_spec *specs, size_t n, const struct lists_options *options,
	       struct lists_result *result);
void lists_result_free(struct lists_result *result);

/* What has past of this load to be remembered. */
struct list_past lists_past(const struct list_result *item);
const char *list_state_name(enum list_state state);

struct list_hit {
	const struct list_spec *spec;
	unsigned long line; /* in the list; 0: a locked list */
	unsigned flags;     /* LIST_EXACT, LIST_BELOW, LIST_EXCEPT */
	unsigned name_len;  /* the entry: so many last bytes of the name asked for; 0: a locked list */
};
/* An error of one list is told with err set and the other lists are searched all the same. Non-zero ends the search. */
typedef int lists_hit_fn(void *ctx, const struct list_hit *hit, int err);

/* All entries of the lists that hold the name or a parent of it, from the copies in use (keep_dir may be NULL). */
int lists_find(const struct list_spec *specs, size_t n, const char *keep_dir, const __u8 *wire, size_t len,
	       lists_hit_fn *fn, void *ctx);

#endif
