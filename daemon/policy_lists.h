/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the list loader needs to know of a policy. */
#ifndef ESAFE_POLICY_LISTS_H
#define ESAFE_POLICY_LISTS_H

#include "idtable.h"
#include "lists.h"
#include "policy.h"

/* *specs is one block to be freed with free(); its names belong to the policy. -ENOENT: compile the policy first. */
int policy_lists(const struct policy *policy, const struct idtable *categories, struct list_spec **specs, size_t *n);

#endif
