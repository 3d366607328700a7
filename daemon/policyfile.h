/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a policy: the school's own, and services.yaml and protected.yaml of the data directory. */
#ifndef ESAFE_POLICYFILE_H
#define ESAFE_POLICYFILE_H

#include "file.h"
#include "policy.h"

struct policy *policy_load(const char *path, const char *data_dir, struct problems *problems);
/* The same for a policy whose text is at hand, such as one out of the history. */
struct policy *policy_load_text(const char *file, const char *text, size_t len, const char *data_dir,
				struct problems *problems);

#endif
