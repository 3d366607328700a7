/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_lists.h"

static size_t path_len(const struct policy *policy, const struct policy_list *list)
{
	return strlen(policy->dir) + 1 + strlen(list->file) + 1;
}

int policy_lists(const struct policy *policy, const struct idtable *categories, struct list_spec **specs, size_t *n)
{
	size_t size = sizeof(struct list_spec);
	struct list_spec *out;
	char *path;

	for (size_t i = 0; i < policy->lists; i++)
		size += sizeof(*out) + path_len(policy, &policy->list[i]);
	out = calloc(1, size);
	if (!out)
		return -ENOMEM;
	path = (char *)(out + policy->lists + 1); /* the paths stand behind the rows */
	for (size_t i = 0; i < policy->lists; i++) {
		const struct policy_list *list = &policy->list[i];
		int id = idtable_get(categories, policy->category[list->category].name);

		if (id < 0) {
			free(out);
			return id;
		}
		if (list->file[0] == '/')
			strcpy(path, list->file);
		else
			snprintf(path, path_len(policy, list), "%s/%s", policy->dir, list->file);
		out[i] = (struct list_spec){ .name = list->name, .category = id, .file = path, .format = list->format,
					     .floor = list->floor, .line = list->at.line };
		path += path_len(policy, list);
	}
	*specs = out;
	*n = policy->lists;
	return 0;
}
