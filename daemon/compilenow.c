/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "compile.h"
#include "compilenow.h"
#include "policyfile.h"

static __u32 interface_number(const char *name)
{
	return if_nametoindex(name);
}

/*
 * Numbers of names that neither the policy in force nor the new one mentions may be given away again; no map refers to
 * them. That is done only when numbers run short, since counters are kept by number.
 */
static int prune(struct idtable *table, const struct policy *a, const struct policy *b,
		 bool (*has)(const struct policy *policy, const char *name), unsigned limit)
{
	struct idtable kept = { 0 };
	int err = 0;

	if (table->n < limit / 4 * 3)
		return 0;
	for (unsigned i = 0; i < table->n && !err; i++)
		if (has(b, table->item[i].name) || (a && has(a, table->item[i].name)))
			err = idtable_put(&kept, table->item[i].name, table->item[i].id);
	if (err) {
		idtable_free(&kept);
		return err;
	}
	idtable_free(table);
	*table = kept;
	return 0;
}

static bool has_group(const struct policy *policy, const char *name)
{
	return policy_group(policy, name) != SIZE_MAX;
}

static bool has_category(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->categories; i++)
		if (!strcmp(policy->category[i].name, name))
			return true;
	return false;
}

int compile_now(const struct esafed *esafed, const struct policy *policy, struct idtable *groups,
		struct idtable *categories, __s64 *tai_offset_ns, struct esafe_policy *out, struct problems *problems)
{
	struct compile_env env = {
		.hash_k1 = esafed->hash_k1,
		.hash_k2 = esafed->hash_k2,
		.now_realtime_ns = clock_realtime_ns(),
		.tai_offset_ns = clock_tai_offset_ns(),
		.zone = esafed->config->zone,
		.groups = groups,
		.categories = categories,
		.ifindex = interface_number,
	};
	int err;

	err = prune(groups, esafed->policy, policy, has_group, ESAFE_GROUPS);
	if (!err)
		err = prune(categories, esafed->policy, policy, has_category, ESAFE_CATEGORIES);
	if (!err)
		err = policy_compile(policy, &env, out, problems);
	if (!err)
		*tai_offset_ns = env.tai_offset_ns;
	return err;
}

struct policy *policy_check(const struct esafed *esafed, const char *file, const char *text, size_t len,
			    struct problems *problems)
{
	struct policy *policy = policy_load(file, text, len, esafed->config->data_dir, problems);
	struct esafe_policy *compiled = malloc(sizeof(*compiled));
	struct idtable groups = { 0 }, categories = { 0 };
	__s64 offset;
	int err = -ENOMEM;

	if (policy && compiled && !idtable_copy(&groups, &esafed->groups) &&
	    !idtable_copy(&categories, &esafed->categories))
		err = compile_now(esafed, policy, &groups, &categories, &offset, compiled, problems);
	if (policy && err) {
		if (!problems->n)
			problem_add(problems, file, 0, 0, "%s", strerror(-err));
		policy_free(policy);
		policy = NULL;
	}
	idtable_free(&groups);
	idtable_free(&categories);
	free(compiled);
	return policy;
}
