/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a policy: refused with problems, or read, shown, compared and compiled; never anything else. */
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "config.h"
#include "diff.h"
#include "policy_show.h"

static void ignore_line(void *ctx, const char *text)
{
	*(size_t *)ctx += strlen(text);
}

static void ignore_change(void *ctx, char sign, const char *path, const char *text)
{
	*(size_t *)ctx += strlen(path) + strlen(text);
}

static void use(const struct policy *policy, struct problems *problems)
{
	struct idtable groups = { 0 }, categories = { 0 };
	struct compile_env env = {
		.hash_k1 = 0x9e3779b97f4a7c15ULL, .hash_k2 = 0xc2b2ae3d27d4eb4fULL, .zone = "Europe/London",
		.now_realtime_ns = 1790000000ULL * 1000000000, .tai_offset_ns = 37000000000LL, .groups = &groups,
		.categories = &categories, .days = 10,
	};
	struct esafe_policy *out = calloc(1, sizeof(*out));
	size_t seen = 0;

	policy_show(policy, NULL, ignore_line, &seen);
	if (policy_diff(policy, policy, ignore_change, &seen))
		abort();
	if (out && policy_compile(policy, &env, out, problems) == 0 && !out->transitions_count)
		abort();
	free(out);
	idtable_free(&groups);
	idtable_free(&categories);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct problems problems = { 0 };
	struct policy *policy = policy_read("fuzz", (const char *)data, size, ".", &problems);

	if (!policy != (problems.n > 0))
		abort();
	if (policy)
		use(policy, &problems);
	policy_free(policy);
	config_free(config_read("fuzz", (const char *)data, size, &problems));
	problems_free(&problems);
	return 0;
}
