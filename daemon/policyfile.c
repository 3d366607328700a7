/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policyfile.h"

static int load_one(const char *path, struct policy_text *out, struct problems *problems)
{
	char *text;
	int err = file_read(path, FILE_BYTES, &text, &out->len);

	if (err) {
		problem_add(problems, path, 0, 0, "cannot be read: %s", strerror(-err));
		return err;
	}
	out->text = text;
	return 0;
}

struct policy *policy_load_text(const char *file, const char *text, size_t len, const char *data_dir,
				struct problems *problems)
{
	char services[512], protected[512];
	struct policy_text texts[] = { { file, text, len }, { services, NULL, 0 }, { protected, NULL, 0 } };
	struct policy *policy = NULL;

	snprintf(services, sizeof(services), "%s/services.yaml", data_dir);
	snprintf(protected, sizeof(protected), "%s/protected.yaml", data_dir);
	if (!load_one(services, &texts[1], problems) && !load_one(protected, &texts[2], problems))
		policy = policy_read_all(texts, 3, data_dir, problems);
	free((char *)texts[1].text);
	free((char *)texts[2].text);
	return policy;
}

struct policy *policy_load(const char *path, const char *data_dir, struct problems *problems)
{
	struct policy_text own = { .file = path };
	struct policy *policy;

	if (load_one(path, &own, problems))
		return NULL;
	policy = policy_load_text(path, own.text, own.len, data_dir, problems);
	free((char *)own.text);
	return policy;
}
