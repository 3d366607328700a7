/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lists.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "listfile.h"
#include "listkeep.h"
#include "names.h"

#define THREADS_MAX 2

struct job { /* one list */
	const struct list_spec *spec;
	const struct list_past *past; /* NULL: never loaded */
	unsigned source, old_source;  /* of the file, of the last good copy */
	unsigned long long size;
	bool no_exceptions;
};

struct load {
	const struct lists_options *options;
	struct catbuild *build;
	struct job *jobs;
	struct list_result *results;
	size_t n;
	size_t *order; /* largest file first: the threads then end together */
	atomic_size_t next;
	atomic_int rc; /* of what ends the whole */
};

struct taker { /* of one thread */
	struct load *load;
	struct catbuild_part *part;
	unsigned source;
	struct esafe_name name;
};

static const char *const state_names[LIST_STATE_COUNT] = {
#define X(id, name, meaning) [LIST_STATE_##id] = name,
	LIST_STATES(X)
#undef X
};

const char *list_state_name(enum list_state state)
{
	return (unsigned)state < LIST_STATE_COUNT ? state_names[state] : "?";
}

struct list_past lists_past(const struct list_result *item)
{
	struct list_past past = { .name = item->spec->name, .format = item->format, .names = item->counts.names,
				  .lines = item->counts.lines, .rejected = list_rejected(&item->counts) };

	memcpy(past.sha256, item->sha256, sizeof(past.sha256));
	return past;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((format(printf, 2, 3))) static int refuse(struct list_result *result, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(result->why, sizeof(result->why), fmt, args);
	va_end(args);
	return -ENOMSG;
}

/* ---- is it still the list that it was? ---- */

static enum list_format kind(enum list_format format)
{
	return format == LIST_WILDCARD ? LIST_PLAIN : format;
}

/* Against what the last load found. 0, or -ENOMSG with the reason said. */
static int compare(const struct job *job, const struct list_counts *now, enum list_format format,
		   struct list_result *result)
{
	const struct list_past *past = job->past;
	unsigned long rejected = list_rejected(now);

	if (!now->names && past->names)
		return refuse(result, "it has no names any more: there were %lu", past->names);
	if (past->names < LISTS_SHRINK_LEAST)
		return 0;
	if (now->names * 100 < past->names * (100 - LISTS_SHRINK_PERCENT))
		return refuse(result, "it shrank to %lu names: there were %lu", now->names, past->names);
	if (job->spec->format == LIST_SNIFF && past->format != LIST_SNIFF && kind(format) != kind(past->format))
		return refuse(result, "it looks like format %s now: it was %s", list_format_name(format),
			      list_format_name(past->format));
	if (rejected > now->names && past->rejected <= past->names)
		return refuse(result, "most of it is no list any more: %lu lines rejected, %lu names", rejected,
			      now->names);
	return 0;
}

static int guard(const struct load *load, const struct job *job, const struct list_counts *counts,
		 enum list_format format, struct list_result *result)
{
	unsigned long taken = counts->names + counts->exceptions, rejected = list_rejected(counts);

	if (!taken && rejected)
		return refuse(result, "none of its lines is a name or rule that can be used: %lu rejected", rejected);
	if (!job->past || load->options->accept_shrunk)
		return 0;
	return compare(job, counts, format, result);
}

/* ---- reading one list ---- */

static int take_name(void *ctx, const __u8 *wire, unsigned len, unsigned flags, unsigned long line)
{
	struct taker *t = ctx;
	const struct list_keys *keys = t->load->options->keys;

	memcpy(t->name.wire, wire, len);
	if (esafe_name_scan(&t->name, keys->k1, keys->k2))
		return -EINVAL;
	return catbuild_add(t->part, t->name.suffix[t->name.labels - 1], t->source, flags);
}

static int feed_reader(void *ctx, const char *bytes, size_t len)
{
	return list_reader_feed(ctx, bytes, len);
}

static const char *read_error(int rc)
{
	switch (rc) {
	case -ENOMSG:
		return "it is no list: a web page, an archive or a program";
	case -EBADMSG:
		return "its gzip data is damaged or cut off";
	case -EFBIG:
		return "it is too large";
	case -EMEDIUMTYPE:
		return "it is neither a file nor a folder with a file \"domains\"";
	default:
		return strerror(-rc);
	}
}

/* Errors that end the whole load; all others are the list's own. */
static bool is_fatal(int rc)
{
	return rc == -ENOMEM || rc == -E2BIG;
}

/* Reads an open file into the source of the taker. 0 or -errno, with the reason said. */
static int read_file(struct taker *t, const struct job *job, const struct listfile *file, int copy_fd, bool old,
		     struct list_result *result, int *copy_err)
{
	struct list_reader_options options = { .format = job->spec->format, .secret = job->spec->floor,
					       .no_exceptions = job->no_exceptions, .fn = take_name, .ctx = t };
	struct list_reader *reader = list_reader_new(&options);
	struct listfile_read did;
	int rc;

	if (!reader)
		return -ENOMEM;
	rc = listfile_read(file, copy_fd, feed_reader, reader, &did);
	if (!rc)
		rc = list_reader_end(reader);
	if (rc)
		refuse(result, "%s", read_error(rc));
	else if (!old)
		rc = guard(t->load, job, list_reader_counts(reader), list_reader_format(reader), result);
	if (!rc) {
		result->format = list_reader_format(reader);
		result->counts = *list_reader_counts(reader);
		result->bytes = did.bytes;
		memcpy(result->sha256, did.sha256, sizeof(result->sha256));
		result->mtime_ns = file->mtime_ns;
		*copy_err = did.copy_err;
	}
	list_reader_free(reader);
	return rc;
}

/* Reads the file and keeps a copy of it. */
static int read_new(struct taker *t, const struct job *job, struct list_result *result)
{
	const char *dir = t->load->options->keep_dir;
	struct listkeep keep = { .fd = -1 };
	struct listfile file;
	int rc = listfile_open(job->spec->file, &file), copy_err = 0, begin_err = 0;

	if (rc) {
		refuse(result, "%s", read_error(rc));
		return rc;
	}
	if (dir && !listkeep_is_current(dir, job->spec->name, &file))
		begin_err = listkeep_begin(&keep, dir, job->spec->name);
	t->source = job->source;
	rc = read_file(t, job, &file, keep.fd, false, result, &copy_err);
	if (!copy_err)
		copy_err = begin_err;
	if (rc || copy_err)
		listkeep_abort(&keep);
	else if (keep.fd >= 0)
		copy_err = listkeep_commit(&keep, &file);
	if (!rc && copy_err)
		refuse(result, "no copy of it could be kept: %s", strerror(-copy_err));
	listfile_close(&file);
	return rc;
}

static int read_old(struct taker *t, const struct job *job, struct list_result *result)
{
	char path[LISTKEEP_PATH];
	struct listfile file;
	struct list_result old = *result; /* what it says of the refusal stays */
	int rc, copy_err;

	if (!t->load->options->keep_dir)
		return -ENOENT;
	rc = listkeep_path(t->load->options->keep_dir, job->spec->name, path);
	if (!rc)
		rc = listfile_open(path, &file);
	if (rc)
		return rc;
	t->source = job->old_source;
	rc = read_file(t, job, &file, -1, true, &old, &copy_err);
	listfile_close(&file);
	if (rc)
		return rc;
	*result = old;
	return 0;
}

static int load_one(struct taker *t, const struct job *job, struct list_result *result)
{
	double start = now();
	int rc = read_new(t, job, result);

	result->state = LIST_STATE_LOADED;
	if (rc && !is_fatal(rc)) {
		catbuild_drop(t->load->build, job->source);
		rc = read_old(t, job, result);
		result->state = LIST_STATE_OLD;
		if (rc && !is_fatal(rc)) {
			catbuild_drop(t->load->build, job->old_source);
			result->state = LIST_STATE_ABSENT;
			rc = 0;
		}
	}
	result->seconds = now() - start;
	return rc;
}

static void *load_lists(void *arg)
{
	struct load *load = arg;
	struct taker *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;
	size_t i;

	if (t) {
		t->load = load;
		t->part = catbuild_part(load->build);
		rc = t->part ? 0 : -ENOMEM;
	}
	while (!rc && !atomic_load(&load->rc) && (i = atomic_fetch_add(&load->next, 1)) < load->n)
		rc = load_one(t, &load->jobs[load->order[i]], &load->results[load->order[i]]);
	free(t);
	if (rc)
		atomic_store(&load->rc, rc);
	return NULL;
}

/* ---- all of them ---- */

static const struct list_past *past_of(const struct list_history *history, const char *name)
{
	for (size_t i = 0; history && i < history->n; i++)
		if (!strcmp(history->item[i].name, name))
			return &history->item[i];
	return NULL;
}

static int by_size(const void *a, const void *b, void *jobs)
{
	unsigned long long x = ((struct job *)jobs)[*(const size_t *)a].size;
	unsigned long long y = ((struct job *)jobs)[*(const size_t *)b].size;

	return x > y ? -1 : x < y;
}

/* No list may make exceptions from a locked one, whose category it would have to be in. */
static bool is_locked_category(const struct list_spec *specs, size_t n, unsigned category)
{
	for (size_t i = 0; i < n; i++)
		if (specs[i].floor && specs[i].category == category)
			return true;
	return false;
}

static int prepare(struct load *load, const struct list_spec *specs)
{
	for (size_t i = 0; i < load->n; i++) {
		struct job *job = &load->jobs[i];
		int source = catbuild_source(load->build, specs[i].category);
		int old_source = catbuild_source(load->build, specs[i].category);
		struct stat st;

		if (source < 0 || old_source < 0)
			return source < 0 ? source : old_source;
		job->spec = &specs[i];
		job->past = past_of(load->options->past, specs[i].name);
		job->source = source;
		job->old_source = old_source;
		job->size = stat(specs[i].file, &st) ? 0 : st.st_size;
		job->no_exceptions = is_locked_category(specs, load->n, specs[i].category);
		load->order[i] = i;
		load->results[i].spec = &specs[i];
	}
	qsort_r(load->order, load->n, sizeof(*load->order), by_size, load->jobs);
	return 0;
}

static void run_threads(struct load *load)
{
	unsigned threads = load->options->threads;
	pthread_t thread[THREADS_MAX];
	unsigned started = 0;

	if (!threads)
		threads = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? THREADS_MAX : 1;
	while (started + 1 < threads && started + 1 < THREADS_MAX && started + 1 < load->n &&
	       !pthread_create(&thread[started], NULL, load_lists, load))
		started++;
	load_lists(load);
	while (started)
		pthread_join(thread[--started], NULL);
}

struct own { /* memory of a table for which no target was given */
	void *memory;
};

static void *own_alloc(void *ctx, size_t elements)
{
	struct own *own = ctx;

	free(own->memory);
	own->memory = aligned_alloc(64, elements * 64);
	return own->memory;
}

static int read_and_build(struct load *load, const struct list_spec *specs, struct lists_result *made)
{
	struct own own = { NULL };
	struct catmap_target target = { own_alloc, &own };
	double start = now();
	int rc = prepare(load, specs);

	if (rc)
		return rc;
	run_threads(load);
	rc = atomic_load(&load->rc);
	made->read_seconds = now() - start;
	if (rc)
		return rc;
	start = now();
	rc = catbuild_finish(load->build, load->options->target ? load->options->target : &target, &made->image,
			     &made->stats);
	made->build_seconds = now() - start;
	made->memory = own.memory;
	for (size_t i = 0; i < load->n; i++) {
		made->old += load->results[i].state == LIST_STATE_OLD;
		made->absent += load->results[i].state == LIST_STATE_ABSENT;
	}
	return rc;
}

int lists_load(const struct list_spec *specs, size_t n, const struct lists_options *options,
	       struct lists_result *result)
{
	struct lists_result made = { .n = n, .item = calloc(n + 1, sizeof(*made.item)) };
	struct load load = { .options = options, .n = n, .results = made.item };
	int rc = -ENOMEM;

	load.build = catbuild_new(options->keys->salt);
	load.jobs = calloc(n + 1, sizeof(*load.jobs));
	load.order = calloc(n + 1, sizeof(*load.order));
	if (load.build && load.jobs && load.order && made.item)
		rc = read_and_build(&load, specs, &made);
	catbuild_free(load.build);
	free(load.jobs);
	free(load.order);
	if (rc)
		lists_result_free(&made);
	else
		*result = made;
	return rc;
}

void lists_result_free(struct lists_result *result)
{
	free(result->item);
	free(result->memory);
	memset(result, 0, sizeof(*result));
}
