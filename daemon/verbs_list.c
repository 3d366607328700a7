/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "hex.h"
#include "names.h"
#include "policyload.h"
#include "verbs.h"

/* ---- ls ---- */

static json_t *list_row(const struct esafed *esafed, const struct list_result *item)
{
	json_t *row = json_object();
	char hex[65];

	hex_text(item->sha256, 32, hex);
	reply_text(row, "name", item->spec->name);
	reply_text(row, "category", idtable_name(&esafed->categories, item->spec->category));
	reply_text(row, "state", list_state_name(item->state));
	reply_number(row, "names", item->counts.names);
	reply_number(row, "rejects", list_rejected(&item->counts));
	reply_text(row, "format", list_format_name(item->format));
	reply_time(row, "file_time", item->mtime_ns / 1000000000);
	reply_text(row, "why", item->why);
	reply_text(row, "file", item->spec->file);
	reply_number(row, "bytes", item->bytes);
	json_object_set_new(row, "seconds", json_real(item->seconds));
	reply_text(row, "sha256", hex);
	if (item->spec->floor)
		json_object_set_new(row, "locked", json_true());
	return row;
}

/* The lines that were not taken: by reason, and the first of them as they stand (never of a locked list). */
static void add_rejects(json_t *row, const struct list_counts *counts)
{
	json_t *reasons = json_object(), *samples = json_array();

	for (int reason = 0; reason < LIST_REJECT_COUNT; reason++)
		if (counts->rejects[reason])
			reply_number(reasons, list_reject_name(reason), counts->rejects[reason]);
	for (unsigned i = 0; i < counts->n_samples; i++)
		json_array_append_new(samples, json_pack("{si ss ss}", "line", (int)counts->sample[i].line, "reason",
							 list_reject_name(counts->sample[i].reason), "text",
							 counts->sample[i].text));
	json_object_set_new(row, "lines", json_integer(counts->lines));
	json_object_set_new(row, "exceptions", json_integer(counts->exceptions));
	json_object_set_new(row, "rejected_by", reasons);
	json_object_set_new(row, "rejected", samples);
}

void verb_list_ls(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	const char *name = request_text(request, "list");
	bool found = false;

	for (size_t i = 0; i < esafed->lists.n; i++) {
		const struct list_result *item = &esafed->lists.item[i];
		json_t *row;

		if (name && strcmp(item->spec->name, name))
			continue;
		found = true;
		row = list_row(esafed, item);
		if (name && !item->spec->floor)
			add_rejects(row, &item->counts);
		request_row(request, row);
	}
	if (name && !found)
		request_end(request, CTL_NOT_FOUND, "there is no list %s", name);
	else
		request_end(request, CTL_OK, NULL);
}

/* ---- reload ---- */

static void gone_while_loading(struct request *request)
{
	/* The end of the load ends the request. */
}

static void reloaded(void *ctx, const struct load_result *result)
{
	struct request *request = ctx;
	const struct esafed *esafed = request_esafed(request);

	for (size_t i = 0; result->lists && i < result->lists->n; i++)
		request_row(request, list_row(esafed, &result->lists->item[i]));
	if (result->err)
		request_end(request, CTL_FAILED, "nothing was changed: %s", strerror(-result->err));
	else if (result->lists && (result->lists->old || result->lists->absent))
		request_end(request, CTL_FAILED, "%u lists were refused: %u are in use as they were, %u are missing",
			    result->lists->old + result->lists->absent, result->lists->old, result->lists->absent);
	else
		request_end(request, CTL_OK, NULL);
}

void verb_list_reload(struct request *request)
{
	struct load_order order = {
		.kind = LOAD_LISTS,
		.who = request->peer.name,
		.action = request->verb->name,
		.accept_shrunk = request_flag(request, "accept_shrunk"),
		.done = reloaded,
		.ctx = request,
	};
	int err;

	request->gone = gone_while_loading;
	err = load_start(request_esafed(request), &order);
	if (err == -EBUSY)
		request_end(request, CTL_BUSY, "a policy or its lists are just being loaded");
	else if (err == -ENOENT)
		request_end(request, CTL_FAILED, "no policy is in force");
	else if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
}

/* ---- find ---- */

static void found(void *ctx, const struct finding *finding, int err)
{
	struct request *request = ctx;

	for (size_t i = 0; i < finding->hits; i++)
		request_row(request, finding_row(finding, &finding->hit[i]));
	if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	else if (!finding->hits)
		request_end(request, CTL_NOT_FOUND, "%s is on no list", request_text(request, "name"));
	else
		request_end(request, CTL_OK, NULL);
}

static void gone_while_finding(struct request *request)
{
	/* found() ends it. */
}

void verb_list_find(struct request *request)
{
	const char *name = request_text(request, "name");
	__u8 wire[ESAFE_NAME_MAX];
	int err, len = name_from_shown(name, strlen(name), wire);

	if (len < 0) {
		request_end(request, CTL_USAGE, "not a name: %s", name);
		return;
	}
	request->gone = gone_while_finding;
	err = finding_start(request_esafed(request), wire, len, NULL, found, request);
	if (err)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
}
