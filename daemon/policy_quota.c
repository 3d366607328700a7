/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much each device of a group may send and get: { lunch: 500M, always: 2G }. */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "policy_build.h"

const char *quota_time(const struct policy *policy, const struct quota *quota)
{
	return quota->time == QUOTA_ALWAYS ? "always" : policy->time[quota->time].name;
}

static int find_time(struct reader *reader, const struct node *node, unsigned *time)
{
	const struct policy *policy = building(reader)->policy;
	const char *known[POLICY_TIMES + 1] = { "always" }, *near;
	size_t n = 1;

	if (!strcmp(node->key, "always")) {
		*time = QUOTA_ALWAYS;
		return 0;
	}
	for (size_t i = 0; i < policy->times; i++) {
		known[n++] = policy->time[i].name;
		if (strcmp(policy->time[i].name, node->key))
			continue;
		*time = i;
		return 0;
	}
	near = nearest(node->key, known, n);
	return reader_problem(reader, node, "no time is called \"%s\"%s%s%s", node->key,
			      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int read_quota(struct reader *reader, const struct node *node, struct group *group)
{
	struct quota *quota = &group->quota[group->quotas];

	if (group->quotas == QUOTAS)
		return reader_problem(reader, node, "more than %d quotas", QUOTAS);
	if (find_time(reader, node, &quota->time) || reader_expect(reader, node, NODE_SCALAR, node->key))
		return -EINVAL;
	if (bytes_parse(node->text, &quota->bytes))
		return reader_problem(reader, node, "an amount of data is written 500M or 2G, not \"%s\"", node->text);
	quota->at = at_node(reader, node);
	group->quotas++;
	return 0;
}

int row_quota(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct group *group = field;
	int err;

	group->quota_given = true;
	if (node->kind == NODE_SCALAR && !strcmp(node->text, "none"))
		return 0;
	err = reader_expect(reader, node, NODE_MAP, row->key);
	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_quota(reader, child, group))
			err = -EINVAL;
	return err;
}
