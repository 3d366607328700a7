/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "names.h"
#include "verbs.h"

static int take_hit(void *ctx, const struct list_hit *hit, int err)
{
	struct finding *finding = ctx;

	finding->hit[finding->hits++] = (struct finding_hit){
		.spec = hit->spec - finding->specs,
		.line = hit->line,
		.flags = hit->flags,
		.name_len = hit->name_len,
		.err = err,
	};
	return finding->hits == FINDING_HITS ? -E2BIG : 0;
}

static int work(void *ctx)
{
	struct finding *finding = ctx;
	int err;

	err = lists_find(finding->specs, finding->n, finding->keep_dir, finding->wire, finding->len, take_hit, finding);
	return err == -E2BIG ? 0 : err; /* a thousand say enough */
}

static void finding_free(struct finding *finding)
{
	for (size_t i = 0; i < finding->n; i++) {
		free(finding->specs[i].name);
		free(finding->specs[i].file);
		free(finding->category[i]);
	}
	free(finding->specs);
	free(finding->category);
	free(finding);
}

static void over(void *ctx, int err)
{
	struct finding *finding = ctx;

	finding->done(finding->ctx, finding, err);
	finding_free(finding);
}

static int copy_spec(const struct esafed *esafed, const struct list_spec *from, struct finding *finding)
{
	struct list_spec *spec = &finding->specs[finding->n];
	char **category = &finding->category[finding->n];

	*spec = *from;
	spec->name = strdup(from->name);
	spec->file = strdup(from->file);
	*category = strdup(idtable_name(&esafed->categories, from->category) ?: "");
	finding->n++;
	return spec->name && spec->file && *category ? 0 : -ENOMEM;
}

static int copy_specs(const struct esafed *esafed, const __u64 categories[4], struct finding *finding)
{
	int err = 0;

	finding->specs = calloc(esafed->specs_n + 1, sizeof(*finding->specs));
	finding->category = calloc(esafed->specs_n + 1, sizeof(*finding->category));
	if (!finding->specs || !finding->category)
		return -ENOMEM;
	for (size_t i = 0; i < esafed->specs_n && !err; i++) {
		unsigned id = esafed->specs[i].category;

		if (!categories || categories[id / 64] >> id % 64 & 1)
			err = copy_spec(esafed, &esafed->specs[i], finding);
	}
	return err;
}

int finding_start(const struct esafed *esafed, const __u8 *wire, size_t len, const __u64 categories[4],
		  void (*done)(void *ctx, const struct finding *finding, int err), void *ctx)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	int err;

	if (!finding)
		return -ENOMEM;
	finding->done = done;
	finding->ctx = ctx;
	finding->len = len;
	memcpy(finding->wire, wire, len);
	snprintf(finding->keep_dir, sizeof(finding->keep_dir), "%s/lists", esafed->config->state_dir);
	err = copy_specs(esafed, categories, finding);
	if (!err)
		err = loop_worker(esafed->loop, work, over, finding);
	if (err)
		finding_free(finding);
	return err;
}

static const char *kind(unsigned flags)
{
	if (flags & LIST_EXCEPT)
		return "an exception from here down";
	if (flags & LIST_EXACT)
		return "this very name";
	return flags & LIST_BELOW ? "those below only" : NULL;
}

json_t *finding_row(const struct finding *finding, const struct finding_hit *hit)
{
	const struct list_spec *spec = &finding->specs[hit->spec];
	const __u8 *entry = finding->wire + finding->len - hit->name_len;
	json_t *row = json_object();
	char text[NAME_TEXT_MAX];

	reply_text(row, "list", spec->name);
	reply_text(row, "category", finding->category[hit->spec]);
	if (hit->err) {
		snprintf(text, sizeof(text), "could not be read: %s", strerror(-hit->err));
		reply_text(row, "about", text);
	} else if (spec->floor) {
		reply_text(row, "about", "on a locked list");
	} else {
		if (hit->name_len && hit->name_len <= finding->len &&
		    name_to_text(entry, hit->name_len, text, sizeof(text)) > 0)
			reply_text(row, "entry", text);
		reply_number(row, "line", hit->line);
		reply_text(row, "about", kind(hit->flags));
	}
	return row;
}
