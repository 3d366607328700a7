/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a policy to the structure that the kernel programs read. */
#ifndef ESAFE_COMPILE_H
#define ESAFE_COMPILE_H

#include "idtable.h"
#include "policy.h"

#define COMPILE_DAYS 60    /* of changes ahead, as many as there is room for */
#define COMPILE_DAYS_MIN 8 /* fewer are refused */

struct compile_env {
	__u64 hash_k1, hash_k2;
	__u64 now_realtime_ns;
	__s64 tai_offset_ns; /* CLOCK_TAI less CLOCK_REALTIME */
	const char *zone;
	struct idtable *groups, *categories; /* numbers are taken from here and stay */
	__u32 version;
	__u32 (*ifindex)(const char *name); /* 0: no such interface; NULL: not asked, places of an interface are left out */
	unsigned days;                      /* 0: COMPILE_DAYS */
	/*
	 * Addresses that the target of a locked service was last seen at, IPv4 as ::ffff:a.b.c.d; they stand in for
	 * those of the policy. Returns how many; NULL or 0: those of the policy hold.
	 */
	size_t (*addresses)(void *ctx, const struct domain *target, __u8 (*out)[16], size_t room);
	void *addresses_ctx;
};

/* 0, -EINVAL with the problems told, or -ENOMEM; out is untouched then. */
int policy_compile(const struct policy *policy, const struct compile_env *env, struct esafe_policy *out,
		   struct problems *problems);

#endif
