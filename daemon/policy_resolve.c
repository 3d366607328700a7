/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what each group says to what holds for it; and what no school may do. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy_build.h"

/*
 * Of a group that inherits from none: the careful side of everything that it does not say, but for what stops whole
 * networks: whether devices resolve through the gateway, and what they run beside the web, is for the school to know.
 */
static const int careful[SETTINGS] = {
	[SET_INTERNET] = 1,
	[SET_SAFESEARCH] = LOCK_STRICT,
	[SET_YOUTUBE] = LOCK_STRICT,
	[SET_QUIC] = ESAFE_QUIC_REJECT,
	[SET_HTTPS_RECORDS] = 1,
	[SET_LOG] = ESAFE_LOG_FULL,
	[SET_ANSWER] = ANSWER_NXDOMAIN,
	[SET_TUNNELS] = 0,
	[SET_UNRESOLVED] = 0,
	[SET_UNNAMED] = 0,
};

static int problem(struct reader *reader, struct at at, const char *text, const char *word)
{
	problem_add(reader->problems, at.file, at.line, at.column, text, word);
	return -EINVAL;
}

static int find_parent(struct reader *reader, struct policy *policy, struct group *group)
{
	const char *known[ESAFE_GROUPS], *near;

	if (!group->inherit)
		return 0;
	group->parent = policy_group(policy, group->inherit);
	if (group->parent != SIZE_MAX)
		return 0;
	for (size_t i = 0; i < policy->groups; i++)
		known[i] = policy->group[i].name;
	near = nearest(group->inherit, known, policy->groups);
	problem_add(reader->problems, group->inherit_at.file, group->inherit_at.line, group->inherit_at.column,
		    "no group is called \"%s\"%s%s%s", group->inherit, near ? "; did you mean \"" : "",
		    near ? near : "", near ? "\"?" : "");
	return -EINVAL;
}

/* Walked for every group, at most as many steps as there are groups. */
static int check_circle(struct reader *reader, struct policy *policy, size_t start)
{
	size_t at = policy->group[start].parent;

	for (size_t steps = 0; at != SIZE_MAX && steps <= policy->groups; steps++) {
		if (at == start)
			return problem(reader, policy->group[start].inherit_at, "group \"%s\" inherits from itself",
				       policy->group[start].name);
		at = policy->group[at].parent;
	}
	return 0;
}

static int compare_names(const struct domain *left, const struct domain *right)
{
	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	return memcmp(left->wire, right->wire, left->len);
}

static struct domain *copy_name(const struct domain *name)
{
	struct domain *copy = malloc(sizeof(*copy) + name->len);

	if (copy)
		memcpy(copy, name, sizeof(*copy) + name->len);
	return copy;
}

static struct site_rule *copy_sites(const struct group *from)
{
	struct site_rule *copy = calloc(from->sites + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < from->sites; i++) {
		copy[i] = from->site[i];
		copy[i].name = copy_name(from->site[i].name);
		if (copy[i].name)
			continue;
		while (i--)
			free(copy[i].name);
		free(copy);
		return NULL;
	}
	return copy;
}

/* Both lists are sorted; where both have a name, the group's own rule holds. */
static int inherit_sites(struct group *group, const struct group *parent)
{
	struct site_rule *all = calloc(group->sites + parent->sites + 1, sizeof(*all));
	struct site_rule *theirs = all ? copy_sites(parent) : NULL;
	size_t own = 0, their = 0, n = 0;

	if (!theirs) {
		free(all);
		return -ENOMEM;
	}
	while (own < group->sites || their < parent->sites) {
		int order = own == group->sites	       ? 1
			    : their == parent->sites ? -1
						     : compare_names(group->site[own].name, theirs[their].name);

		all[n++] = order > 0 ? theirs[their++] : group->site[own++];
		if (!order)
			free(theirs[their++].name);
	}
	free(theirs);
	free(group->site);
	group->site = all;
	group->sites = n;
	return 0;
}

static int inherit(struct policy *policy, struct group *group)
{
	const struct group *parent = &policy->group[group->parent];

	for (int i = 0; i < SETTINGS; i++)
		if (group->set[i] < 0)
			group->set[i] = parent->set[i];
	if (group->standard.kind == RULE_NONE)
		group->standard = parent->standard;
	for (size_t i = 0; i < policy->categories; i++)
		if (group->category[i].kind == RULE_NONE)
			group->category[i] = parent->category[i];
	if (!group->quota_given) {
		memcpy(group->quota, parent->quota, sizeof(group->quota));
		group->quotas = parent->quotas;
	}
	return inherit_sites(group, parent);
}

static bool looser(const struct rule *rule, const struct rule *standard)
{
	if (rule->kind == RULE_ALLOW)
		return standard->kind != RULE_ALLOW;
	return standard->kind == RULE_BLOCK && (rule->kind == RULE_ALLOW_AT || rule->kind == RULE_BLOCK_AT);
}

/* A name is in several categories and the strictest counts, the default among them: only a site can open more. */
static int check_looser(struct reader *reader, const struct policy *policy, const struct group *group, const bool *own)
{
	int err = 0;

	for (size_t i = 0; i < policy->categories; i++)
		if (own[i] && looser(&group->category[i], &group->standard))
			err = problem(reader, group->category[i].at,
				      "\"%s\" cannot be looser than the group's default: only sites can",
				      policy->category[i].name);
	if (group->sites < ESAFE_SITES)
		return err;
	return problem(reader, group->at, "group \"%s\" has too many sites with those that it inherits", group->name);
}

/* Parents before children; there are no circles. */
static int resolve_group(struct reader *reader, struct policy *policy, size_t index, bool *done)
{
	struct group *group = &policy->group[index];
	bool own[ESAFE_CATEGORIES];
	int err;

	if (done[index])
		return 0;
	done[index] = true;
	for (size_t i = 0; i < policy->categories; i++)
		own[i] = group->category[i].kind != RULE_NONE;
	if (group->parent != SIZE_MAX) {
		err = resolve_group(reader, policy, group->parent, done);
		if (!err)
			err = inherit(policy, group);
		return err ? err : check_looser(reader, policy, group, own);
	}
	for (int i = 0; i < SETTINGS; i++)
		if (group->set[i] < 0)
			group->set[i] = careful[i];
	if (group->standard.kind == RULE_NONE)
		return problem(reader, group->at, "group \"%s\" has no default: allow, block or supervised",
			       group->name);
	return check_looser(reader, policy, group, own);
}

/* A category of which nothing is said is treated like a name in no category: block means block. */
static void fill_categories(const struct policy *policy, struct group *group)
{
	for (size_t i = 0; i < policy->categories; i++)
		if (!policy->category[i].floor &&
		    (group->category[i].kind == RULE_NONE || looser(&group->category[i], &group->standard)))
			group->category[i] = group->standard;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return a->kind == b->kind && a->times == b->times;
}

static bool same_filtering(const struct policy *policy, const struct group *a, const struct group *b)
{
	if (a->set[SET_INTERNET] != b->set[SET_INTERNET] || a->set[SET_SAFESEARCH] != b->set[SET_SAFESEARCH] ||
	    a->set[SET_YOUTUBE] != b->set[SET_YOUTUBE] || !same_rule(&a->standard, &b->standard) ||
	    a->sites != b->sites)
		return false;
	for (size_t i = 0; i < policy->categories; i++)
		if (!same_rule(&a->category[i], &b->category[i]))
			return false;
	for (size_t i = 0; i < a->sites; i++)
		if (compare_names(a->site[i].name, b->site[i].name) || !same_rule(&a->site[i].rule, &b->site[i].rule))
			return false;
	return true;
}

/* One level of filtering for everybody is what the standards that schools are held to rule out. */
static int check_levels(struct reader *reader, const struct policy *policy)
{
	struct at at = policy->groups ? policy->group[0].at : (struct at){ policy->files[0], 1, 1 };

	for (size_t i = 1; i < policy->groups; i++)
		if (!same_filtering(policy, &policy->group[0], &policy->group[i]))
			return 0;
	return problem(reader, at,
		       "every group gets the same filtering%s: a school has at least one level for pupils and "
		       "another for staff",
		       "");
}

static unsigned strictness(const struct policy *policy, const struct group *group)
{
	static const unsigned weight[] = {
		[RULE_ALLOW] = 0, [RULE_BLOCK_AT] = 1, [RULE_ALLOW_AT] = 2, [RULE_SUPERVISED] = 3, [RULE_BLOCK] = 4
	};
	unsigned sum = weight[group->standard.kind];

	if (!group->set[SET_INTERNET])
		return ~0u;
	for (size_t i = 0; i < policy->categories; i++)
		sum += policy->category[i].floor ? 0 : weight[group->category[i].kind];
	return sum;
}

static int find_unknown(struct reader *reader, struct policy *policy, const char *name, struct at at)
{
	unsigned most = 0;

	if (name) {
		policy->unknown = policy_group(policy, name);
		return policy->unknown == SIZE_MAX ? problem(reader, at, "no group is called \"%s\"", name) : 0;
	}
	policy->unknown = 0;
	for (size_t i = 0; i < policy->groups; i++) {
		unsigned sum = strictness(policy, &policy->group[i]);

		if (sum <= most)
			continue;
		most = sum;
		policy->unknown = i;
	}
	return 0;
}

static int check_page(struct reader *reader, const struct policy *policy)
{
	for (size_t i = 0; i < policy->groups; i++)
		if (policy->group[i].set[SET_ANSWER] == ANSWER_PAGE && !policy->has_page4 && !policy->has_page6)
			return problem(reader, policy->group[i].at,
				       "group \"%s\" answers with a page, but block_page gives no address",
				       policy->group[i].name);
	return 0;
}

int policy_resolve(struct reader *reader, struct policy *policy, const char *unknown, struct at unknown_at)
{
	bool done[ESAFE_GROUPS] = { false };
	int err = 0;

	for (size_t i = 0; i < policy->groups; i++)
		if (find_parent(reader, policy, &policy->group[i]))
			err = -EINVAL;
	for (size_t i = 0; i < policy->groups; i++)
		if (check_circle(reader, policy, i))
			err = -EINVAL;
	if (err)
		return err;
	for (size_t i = 0; i < policy->groups; i++) {
		int failed = resolve_group(reader, policy, i, done);

		if (failed)
			err = failed;
	}
	if (err)
		return err;
	for (size_t i = 0; i < policy->groups; i++)
		fill_categories(policy, &policy->group[i]);
	err = check_levels(reader, policy);
	if (check_page(reader, policy) || find_unknown(reader, policy, unknown, unknown_at))
		err = -EINVAL;
	return err;
}
