/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compilenow.h"
#include "diff.h"
#include "hex.h"
#include "policy_show.h"
#include "policyfile.h"
#include "policyload.h"
#include "verbs.h"

/* ---- the text that a verb is about: sent along, or the file of the configuration ---- */

struct source {
	const char *file, *text;
	size_t len;
	char *read; /* to be freed */
};

static bool find_source(struct request *request, struct source *source)
{
	const struct esafed *esafed = request_esafed(request);
	int err;

	*source = (struct source){ .file = request_text(request, "file"), .text = request_text(request, "text") };
	if (source->text) {
		source->len = strlen(source->text);
		source->file = source->file ? source->file : "policy";
		return true;
	}
	source->file = esafed->config->policy;
	err = file_read(source->file, FILE_BYTES, &source->read, &source->len);
	if (err) {
		request_end(request, CTL_FAILED, "%s: %s", source->file, strerror(-err));
		return false;
	}
	source->text = source->read;
	return true;
}

static struct policy *read_source(struct request *request, const struct source *source)
{
	struct problems problems = { 0 };
	struct policy *policy;

	policy = policy_check(request_esafed(request), source->file, source->text, source->len, &problems);
	if (!policy)
		request_end_problems(request, CTL_PROBLEMS, &problems);
	problems_free(&problems);
	return policy;
}

void verb_policy_check(struct request *request)
{
	struct source source;
	struct policy *policy;

	if (!find_source(request, &source))
		return;
	policy = read_source(request, &source);
	if (policy) {
		request_row(request, json_pack("{ss ss si si si si}", "policy", source.file, "result", "no problems",
					       "groups", (int)policy->groups, "categories", (int)policy->categories,
					       "times", (int)policy->times, "lists", (int)policy->lists));
		policy_free(policy);
		request_end(request, CTL_OK, NULL);
	}
	free(source.read);
}

/* ---- differences ---- */

static void diff_line(void *ctx, char sign, const char *path, const char *text)
{
	char shown[2] = { sign };

	request_row(ctx, json_pack("{ss ss ss}", "sign", shown, "path", path, "text", text));
}

void verb_policy_diff(struct request *request)
{
	struct source source;
	struct policy *policy;
	int n;

	if (!find_source(request, &source))
		return;
	policy = read_source(request, &source);
	if (policy) {
		n = policy_diff(request_esafed(request)->policy, policy, diff_line, request);
		policy_free(policy);
		request_end(request, n < 0 ? CTL_FAILED : CTL_OK, n < 0 ? "%s" : NULL, strerror(n < 0 ? -n : 0));
	}
	free(source.read);
}

/* ---- putting in force ---- */

static void gone_while_loading(struct request *request)
{
	/* What was begun is finished; the end of it ends the request. */
}

/* In force, but not all that it names could be read: that is said beside what changed. */
static void tell_lists(const struct lists_result *lists, struct problems *problems)
{
	for (size_t i = 0; lists && i < lists->n; i++)
		if (*lists->item[i].why)
			problem_add(problems, lists->item[i].spec->file, 0, 0, "list %s is %s: %s",
				    lists->item[i].spec->name, list_state_name(lists->item[i].state),
				    lists->item[i].why);
}

static void applied(void *ctx, const struct load_result *result)
{
	struct problems problems = { 0 };
	struct request *request = ctx;

	if (result->problems->n)
		request_end_problems(request, CTL_PROBLEMS, result->problems);
	else if (result->err)
		request_end(request, CTL_FAILED, "nothing was changed: %s", strerror(-result->err));
	else {
		policy_diff(result->before, result->now, diff_line, request);
		tell_lists(result->lists, &problems);
		request_end_problems(request, CTL_OK, &problems);
		problems_free(&problems);
	}
}

static void begin_load(struct request *request, struct load_order *order)
{
	int err;

	order->who = request->peer.name;
	order->action = request->verb->name;
	order->ctx = request;
	request->gone = gone_while_loading;
	err = load_start(request_esafed(request), order);
	if (err == -EBUSY)
		request_end(request, CTL_BUSY, "a policy or its lists are just being loaded");
	else if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
}

void verb_policy_apply(struct request *request)
{
	struct source source;

	if (!find_source(request, &source))
		return;
	begin_load(request, &(struct load_order){
		.kind = LOAD_POLICY,
		.file = source.file,
		.text = source.text,
		.len = source.len,
		.done = applied,
	});
	free(source.read);
}

void verb_policy_rollback(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	long long version = request_number(request, "version", (long long)esafed->applied.version - 1);
	struct reg_policy old;

	if (version == 0 && request_number(request, "version", -1) == -1) {
		request_end(request, CTL_NOT_FOUND, "there is no policy before this one");
		return;
	}
	if (version < 1 || version > UINT32_MAX || register_policy_get(esafed->reg, version, &old)) {
		request_end(request, CTL_NOT_FOUND, "there is no policy of version %lld", version);
		return;
	}
	begin_load(request, &(struct load_order){
		.kind = LOAD_POLICY,
		.file = old.file,
		.text = old.text,
		.len = old.text_len,
		.done = applied,
	});
	register_policy_free(&old);
}

/* ---- showing ---- */

static void show_line(void *ctx, const char *text)
{
	request_row(ctx, json_pack("{ss}", "line", text));
}

static int flat_line(void *ctx, const char *path, const char *text)
{
	char line[1024]; /* what a person reads; programs take the other two */

	snprintf(line, sizeof(line), "%s: %s", path, text);
	return request_row(ctx, json_pack("{ss ss ss}", "path", path, "text", text, "line", line));
}

static void show_source(struct request *request, const struct reg_policy *row)
{
	const char *at = row->text, *end = row->text + row->text_len;

	while (at < end) {
		const char *stop = memchr(at, '\n', end - at) ?: end;

		request_row(request, json_pack("{ss%}", "line", at, (size_t)(stop - at)));
		at = stop + 1;
	}
	request_end(request, CTL_OK, NULL);
}

static void show_policy(struct request *request, const struct policy *policy)
{
	const char *group = request_text(request, "group");
	int err;

	if (request_flag(request, "flat"))
		err = policy_flatten(policy, flat_line, request);
	else
		err = policy_show(policy, group, show_line, request);
	if (err == -ENOENT)
		request_end(request, CTL_NOT_FOUND, "there is no group %s", group);
	else if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}

void verb_policy_show(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	long long version = request_number(request, "version", esafed->applied.version);
	struct problems problems = { 0 };
	struct policy *policy = NULL;
	struct reg_policy row;

	if (!version || register_policy_get(esafed->reg, version, &row)) {
		request_end(request, CTL_NOT_FOUND, "there is no policy of version %lld", version);
		return;
	}
	if (request_flag(request, "source")) {
		show_source(request, &row);
	} else if (version == esafed->applied.version && esafed->policy) {
		show_policy(request, esafed->policy);
	} else {
		policy = policy_check(esafed, row.file, row.text, row.text_len, &problems);
		if (policy)
			show_policy(request, policy);
		else
			request_end_problems(request, CTL_PROBLEMS, &problems);
	}
	policy_free(policy);
	problems_free(&problems);
	register_policy_free(&row);
}

static int history_row(void *ctx, const struct reg_policy *policy)
{
	json_t *row = json_object();
	char hex[65];

	hex_text(policy->sha256, 32, hex);
	reply_number(row, "version", policy->version);
	reply_time(row, "time", policy->time);
	reply_text(row, "who", policy->who);
	reply_text(row, "file", policy->file);
	reply_text(row, "sha256", hex);
	return request_row(ctx, row);
}

void verb_policy_history(struct request *request)
{
	int err = register_policies(request_esafed(request)->reg, request_number(request, "limit", 20), history_row,
				    request);

	request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}
