/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "verbs.h"

#define FOLLOW_MS 200
#define LIMIT 100 /* rows, unless a number or a time was asked for */

struct logging {
	struct query *query;
	struct loop_source *again;
};

static int log_row(void *ctx, const struct record *record)
{
	return request_row(ctx, record_to_json(record));
}

static void logging_end(struct request *request, int err)
{
	struct logging *logging = request->state;
	unsigned day = 0, damaged = query_damaged(logging->query, &day);

	loop_remove(logging->again);
	query_close(logging->query);
	free(logging);
	if (err && err != -EPIPE)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	else if (damaged)
		request_end(request, CTL_FAILED, "%u days could not be read to their end, the last one %u", damaged, day);
	else
		request_end(request, CTL_OK, NULL);
}

static void log_more(struct request *request)
{
	struct logging *logging = request->state;
	int state = query_step(logging->query, log_row, request);

	if (state == QUERY_MORE)
		return;
	if (state != QUERY_WAIT) {
		logging_end(request, state);
		return;
	}
	request_want(request, NULL);
	loop_timer_again(logging->again, FOLLOW_MS, 0);
}

static void log_again(void *ctx)
{
	request_want(ctx, log_more);
}

static void log_gone(struct request *request)
{
	logging_end(request, 0);
}

/* A slip of the finger would look like "nothing happened". */
static bool is_known(struct request *request, const char *what, const struct idtable *table)
{
	const char *word = request_text(request, what), *known[ESAFE_CATEGORIES], *near;
	size_t n = 0;

	if (!word || idtable_get(table, word) >= 0)
		return true;
	for (; n < table->n && n < ESAFE_CATEGORIES; n++)
		known[n] = table->item[n].name;
	near = nearest(word, known, n);
	request_end(request, CTL_NOT_FOUND, "there is no %s %s%s%s%s", what, word, near ? "; did you mean " : "",
		    near ? near : "", near ? "?" : "");
	return false;
}

/* Words of the filter to numbers; false: the request was ended. */
static bool find_numbers(struct request *request, struct query_filter *filter)
{
	const char *verdict = request_text(request, "verdict"), *reason = request_text(request, "reason");

	if (verdict)
		filter->verdict = event_verdict_number(verdict);
	if (reason)
		filter->reason = event_reason_number(reason);
	if (verdict && filter->verdict < 0)
		request_end(request, CTL_USAGE, "there is no verdict %s; there are allow, block, rewrite and drop", verdict);
	else if (reason && filter->reason < 0)
		request_end(request, CTL_USAGE, "there is no reason %s; esafectl(8) lists them", reason);
	else
		return true;
	return false;
}

static void fill_filter(const struct request *request, struct query_filter *filter)
{
	bool whole = request_number(request, "since", 0) || request_number(request, "until", 0);

	filter->device = request_text(request, "device");
	filter->user = request_text(request, "user");
	filter->class_name = request_text(request, "class");
	filter->group = request_text(request, "group");
	filter->category = request_text(request, "category");
	filter->name = request_text(request, "name");
	filter->since_us = request_number(request, "since", 0) * 1000000;
	filter->until_us = request_number(request, "until", 0) * 1000000;
	filter->follow = request_flag(request, "follow");
	filter->oldest_first = request_flag(request, "oldest") || filter->follow;
	filter->limit = request_number(request, "limit", whole || filter->follow ? 0 : LIMIT);
}

void verb_log(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	struct query_filter filter = QUERY_FILTER_ALL;
	struct logging *logging;
	int err;

	fill_filter(request, &filter);
	if (!find_numbers(request, &filter) || !is_known(request, "group", &esafed->groups) ||
	    !is_known(request, "category", &esafed->categories))
		return;
	logging = calloc(1, sizeof(*logging));
	err = logging ? query_open(esafed->config->state_dir, &filter, &logging->query) : -ENOMEM;
	if (!err) {
		logging->again = loop_timer(esafed->loop, 0, 0, log_again, request);
		if (!logging->again) {
			query_close(logging->query);
			err = -ENOMEM;
		}
	}
	if (err) {
		free(logging);
		request_end(request, err == -EINVAL ? CTL_USAGE : CTL_FAILED, "%s", strerror(-err));
		return;
	}
	request->state = logging;
	request->gone = log_gone;
	request_want(request, log_more);
}
