/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of this moment written as Prometheus text (version 0.0.4); pure. Never a label for a user, device or name. */
#ifndef ESAFE_METRICS_H
#define ESAFE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <esafe/abi.h>
#include "permit.h"
#include "store.h"

struct metrics_list {
	const char *name, *category;
	__u64 names, rejects;
	double age;    /* seconds since its file was changed */
	bool kept_old; /* the newer file was refused */
};

struct metrics_map {
	const char *name;
	__u64 bytes;
};

struct metrics_iface {
	const char *name;
	const char *hook; /* "ingress", "egress", "xdp" */
	bool attached;
};

struct metrics_snapshot {
	const char *version;                 /* of esafe */
	const char *kernel;                  /* release */
	const __u64 *verdicts;               /* ESAFE_VERDICT_CELLS, summed over CPUs; NULL: not loaded */
	const __u64 *known;                  /* ESAFE_KNOWN_CELLS, likewise */
	const char *groups[ESAFE_GROUPS];    /* names; NULL: unused */
	struct esafe_stats stats;
	const struct metrics_list *lists;
	size_t lists_count;
	const struct metrics_map *maps;
	size_t maps_count;
	const struct metrics_iface *ifaces;
	size_t ifaces_count;
	__u64 names;                         /* in the category map */
	bool reads_quic;
	__u32 policy_version;
	double policy_applied;               /* seconds since 1970; 0: none */
	double policy_until;                 /* last moment that the kernel knows the timetable for */
	struct store_stats store;
	double store_free_bytes;             /* on its file system */
	__u64 events_bad;                    /* that event_decode() refused */
	__u64 devices, users, classes, rooms; /* in the register; users: who have not left */
	__u64 vouchers_used, vouchers_wrong, logins, logins_wrong, logins_slowed; /* visitors.h */
	__u64 requests_waiting, requests_answered; /* of people: register_requests.h */
	double request_median, request_sum;        /* seconds until the answer */
	__u64 control_requests, control_errors, control_refused;
	unsigned control_clients;
	const __u64 *radius;                 /* by result; NULL: there is no server */
	__u64 sessions[ESAFE_HOW_COUNT];     /* open, by how they are known */
	__u64 sessions_started, sessions_ended, sessions_expired, sessions_replaced, sessions_elsewhere;
	__u64 permits[PERMIT_KINDS];         /* in force */
	__u64 over_quota;                    /* devices */
	/* process */
	double start_time, cpu_seconds;
	__u64 resident_bytes, virtual_bytes;
	unsigned open_fds, max_fds;
};

/* 0 or -errno of the stream. */
int metrics_write(const struct metrics_snapshot *snapshot, FILE *out);

#endif
