/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that compile a policy. */
#ifndef ESAFE_COMPILE_PART_H
#define ESAFE_COMPILE_PART_H

#include "compile.h"

struct compiling {
	const struct policy *policy;
	const struct compile_env *env;
	struct problems *problems;
	struct esafe_policy *out;
	__u8 group[ESAFE_GROUPS];         /* number by index */
	__u8 category[ESAFE_CATEGORIES];
	unsigned answers;                 /* in use */
	__u16 block_answer[ANSWER_PAGE + 1];
	__u16 service_answer[ESAFE_SERVICES][LOCK_MODERATE + 1]; /* by service number; 0: as the group blocks */
};

/* Tells a problem; returns -EINVAL. */
int compile_problem(struct compiling *c, struct at at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int compile_answers(struct compiling *c);
int compile_sites(struct compiling *c);
int compile_networks(struct compiling *c);
int compile_times(struct compiling *c);

#endif
