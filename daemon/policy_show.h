/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy as text to read or to paste: the matrix of categories and groups, then each group's settings and sites. */
#ifndef ESAFE_POLICY_SHOW_H
#define ESAFE_POLICY_SHOW_H

#include "policy.h"

/* group: NULL for all, else its name; -ENOENT when there is no such group. */
int policy_show(const struct policy *policy, const char *group, void (*line)(void *ctx, const char *text), void *ctx);

#endif
