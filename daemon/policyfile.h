/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of a policy: the school's own text, and the files that are shipped in the data directory. */
#ifndef ESAFE_POLICYFILE_H
#define ESAFE_POLICYFILE_H

#include "file.h"
#include "policy.h"

struct policy *policy_load(const char *file, const char *text, size_t len, const char *data_dir,
			   struct problems *problems);

#endif
