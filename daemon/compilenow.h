/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiling for this machine and this moment: its clock, zone, interfaces, seeds and numbers. */
#ifndef ESAFE_COMPILENOW_H
#define ESAFE_COMPILENOW_H

#include "esafed.h"
#include "problem.h"

/* The tables may get new numbers. 0 or -errno with the problems told. Fit for a worker while a load is going on. */
int compile_now(const struct esafed *esafed, const struct policy *policy, struct idtable *groups,
		struct idtable *categories, __s64 *tai_offset_ns, struct esafe_policy *out, struct problems *problems);

/* Reads and compiles only: what `check`, `diff` and `esafed -t` want. NULL with the problems told. */
struct policy *policy_check(const struct esafed *esafed, const char *file, const char *text, size_t len,
			    struct problems *problems);

#endif
