/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would change: of two policies, everything that holds in one and not in the other. */
#ifndef ESAFE_DIFF_H
#define ESAFE_DIFF_H

#include "policy.h"

/* sign: '+' new, '-' gone, '~' changed (text is "old -> new"). old may be NULL. Number of lines, or -errno. */
int policy_diff(const struct policy *old, const struct policy *new,
		void (*line)(void *ctx, char sign, const char *path, const char *text), void *ctx);

#endif
