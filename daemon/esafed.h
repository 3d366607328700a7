/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as a whole: its parts, and what is in force. Only the loop's thread touches it. */
#ifndef ESAFE_ESAFED_H
#define ESAFE_ESAFED_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "audit.h"
#include "config.h"
#include "control.h"
#include "event.h"
#include "http.h"
#include "idtable.h"
#include "leasewatch.h"
#include "lists.h"
#include "loop.h"
#include "neigh.h"
#include "policy.h"
#include "register.h"
#include "store.h"

struct bpfprog;
struct devices_index;
struct links;
struct listener;
struct load;
struct maps;
struct people;
struct radiusd;
struct permits_state;
struct refused;
struct ring;
struct sessions;
struct visitors;
struct volumes;

struct esafed {
	const char *config_file;
	struct config *config;
	struct loop *loop;
	struct reg *reg;
	struct store *store;
	struct bpfprog *prog;
	struct maps *maps;
	struct ring *ring;
	struct control *control;
	struct audit audit;
	struct http *http;
	struct http_page page;
	struct neigh *neigh;
	struct links *links;
	struct leasewatch *leases;
	struct devices_index *devices;
	struct sessions *sessions;
	struct volumes *volumes;
	struct people *people;
	struct radiusd *radiusd; /* NULL: esafed.yaml names no clients */
	struct permits_state *permits;
	struct listener *listeners; /* recorder.c */
	struct refused *refused;
	struct visitors *visitors;
	int lock_fd;
	__s64 started;              /* seconds since 1970 */
	__u64 hash_k1, hash_k2;

	/* what is in force */
	struct idtable groups, categories;
	bool had_policy;            /* an earlier daemon had one in force */
	struct policy *policy;      /* NULL: none was loaded yet */
	struct reg_policy applied;  /* without its text */
	__s64 tai_offset_ns;        /* as compiled */
	__s64 compiled, until;      /* seconds since 1970; the end of the timetable that the kernel has */
	bool policy_differs;        /* the file was changed and not applied */
	struct list_spec *specs;    /* of lists; strings belong to the policy */
	size_t specs_n;
	struct lists_result lists;
	__s64 lists_loaded;         /* seconds since 1970; 0: never */

	__u32 attached[CONFIG_INTERFACES]; /* ifindex; 0: not filtered */
	bool attaching;             /* programs are put on interfaces that come */
	bool detached;              /* somebody switched the filter off */

	struct load *load;          /* going on */
	bool reload_wanted, compile_wanted; /* once that is over */
	bool stopping;
	bool replaying;             /* a capture; one at a time */
	__u64 events_bad;
};

/* esafed.c: 0 or -errno */
int esafed_start(struct esafed *esafed);
void esafed_stop(struct esafed *esafed); /* the filter goes on without it */
/* The policy file is not what was applied: somebody changed it, or applied another one. */
bool esafed_file_differs(const struct esafed *esafed, const struct reg_policy *applied);
void esafed_load_over(struct esafed *esafed);               /* told by policyload.c */

/* verbs.c */
extern const struct verb verbs[];
extern const size_t verbs_count;

#endif
