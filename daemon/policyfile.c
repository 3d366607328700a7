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

struct policy *policy_load(const char *file, const char *text, size_t len, const char *data_dir,
			   struct problems *problems)
{
	static const char *const shipped[] = { "services.yaml", "protected.yaml", "networks.yaml" };
	enum { SHIPPED = sizeof(shipped) / sizeof(shipped[0]) };
	struct policy_text texts[1 + SHIPPED] = { { file, text, len } };
	char path[SHIPPED][512];
	struct policy *policy = NULL;
	int err = 0;

	for (int i = 0; i < SHIPPED && !err; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%s", data_dir, shipped[i]);
		texts[1 + i].file = path[i];
		err = load_one(path[i], &texts[1 + i], problems);
	}
	if (!err)
		policy = policy_read_all(texts, 1 + SHIPPED, data_dir, problems);
	for (int i = 1; i <= SHIPPED; i++)
		free((char *)texts[i].text);
	return policy;
}
