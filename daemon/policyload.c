/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "compile.h"
#include "compilenow.h"
#include "devices.h"
#include "log.h"
#include "permits.h"
#include "maps.h"
#include "policy_lists.h"
#include "policyfile.h"
#include "policyload.h"

struct load {
	struct esafed *esafed;
	struct load_order order; /* strings are ours */
	char *file, *text, *who, *action;
	struct policy *policy;   /* new, or the one in force */
	bool policy_is_new;
	struct idtable groups, categories;
	struct esafe_policy *compiled;
	__s64 tai_offset_ns;
	struct list_spec *specs;
	size_t specs_n;
	struct list_past *past;
	bool past_is_ours; /* its names are copies */
	struct list_history history;
	char keep_dir[512];
	struct lists_result lists;
	bool lists_read;
	struct problems problems;
};

/* ---- in the worker: nothing of esafed but what does not change while a load is going on ---- */

static void *names_memory(void *ctx, size_t elements)
{
	struct load *load = ctx;

	return elements > UINT32_MAX ? NULL : maps_new_names(load->esafed->maps, elements);
}

static int read_lists(struct load *load)
{
	struct catmap_target target = { .alloc = names_memory, .ctx = load };
	struct list_keys keys = { .k1 = load->esafed->hash_k1, .k2 = load->esafed->hash_k2 };
	struct lists_options options = {
		.keys = &keys,
		.past = &load->history,
		.keep_dir = load->keep_dir,
		.target = &target,
		.accept_shrunk = load->order.accept_shrunk,
	};
	int err;

	if (getrandom(&keys.salt, sizeof(keys.salt), 0) != sizeof(keys.salt))
		return -EIO;
	err = policy_lists(load->policy, &load->categories, &load->specs, &load->specs_n);
	if (!err)
		err = lists_load(load->specs, load->specs_n, &options, &load->lists);
	if (!err)
		load->lists.image.header->loaded_ns = clock_realtime_ns();
	load->lists_read = !err;
	malloc_trim(0); /* tens of megabytes were needed for a moment */
	return err;
}

static int work(void *ctx)
{
	struct load *load = ctx;
	int err = 0;

	if (load->policy_is_new) {
		load->policy = policy_load(load->file, load->text, load->order.len, load->esafed->config->data_dir,
					   &load->problems);
		if (!load->policy)
			return -EINVAL;
	}
	if (load->order.kind != LOAD_LISTS)
		err = compile_now(load->esafed, load->policy, &load->groups, &load->categories, &load->tai_offset_ns,
			      load->compiled, &load->problems);
	if (!err && load->order.kind != LOAD_TIMES)
		err = read_lists(load);
	return err;
}

/* ---- in the loop again ---- */

static int record_lists(struct load *load)
{
	__s64 now = clock_seconds();
	int err = 0;

	for (size_t i = 0; load->lists_read && i < load->lists.n && !err; i++) {
		const struct list_result *from = &load->lists.item[i];
		struct reg_list row = {
			.name = from->spec->name,
			.path = from->spec->file,
			.names = from->counts.names,
			.rejects = list_rejected(&from->counts),
			.loaded = now,
			.refused = from->state != LIST_STATE_LOADED,
			.problem = from->why,
		};

		memcpy(row.sha256, from->sha256, sizeof(row.sha256));
		err = register_list_add(load->esafed->reg, &row);
	}
	return err;
}

static int record_all(struct load *load, __u32 *version)
{
	struct reg *reg = load->esafed->reg;
	__s64 now = clock_seconds();
	char detail[64];
	int err = 0;

	if (load->order.kind == LOAD_POLICY)
		err = register_policy_add(reg, now, load->who, load->file, load->text, load->order.len, version);
	if (!err && load->order.kind != LOAD_LISTS)
		err = register_ids_save(reg, "group", &load->groups);
	if (!err && load->order.kind != LOAD_LISTS)
		err = register_ids_save(reg, "category", &load->categories);
	if (!err)
		err = record_lists(load);
	if (!err && load->action) {
		snprintf(detail, sizeof(detail), "version %u", *version);
		err = register_change_add(reg, now, load->who, load->action, detail);
	}
	return err;
}

/* The names go first: a policy may speak of categories that only they have; the other way round nothing is missed. */
static int swap(struct load *load, __u32 version)
{
	struct maps *maps = load->esafed->maps;
	int err = 0;

	if (load->lists_read)
		err = maps_swap_names(maps);
	if (!err && load->compiled) {
		load->compiled->version = version;
		err = maps_set_policy(maps, load->compiled);
	}
	return err ? log_errno(err, "swapping the maps") : 0;
}

/* What is in force must be what is recorded: the policy of before is compiled and put back. */
static void put_back(struct load *load)
{
	struct esafed *esafed = load->esafed;
	struct problems problems = { 0 };
	__s64 offset;
	int err;

	if (!esafed->policy || !load->compiled)
		return;
	err = compile_now(esafed, esafed->policy, &esafed->groups, &esafed->categories, &offset, load->compiled, &problems);
	load->compiled->version = esafed->applied.version;
	if (err || maps_set_policy(esafed->maps, load->compiled))
		log_error("the policy of before could not be put back");
	problems_free(&problems);
}

static int swap_and_commit(struct load *load, __u32 version)
{
	int err = swap(load, version);

	if (err)
		return err;
	err = register_commit(load->esafed->reg);
	if (err) {
		log_errno(err, "the register could not be written");
		put_back(load);
	}
	return err;
}

static int put_in_force(struct load *load)
{
	struct reg *reg = load->esafed->reg;
	__u32 version = load->order.kind == LOAD_AGAIN ? load->order.version : load->esafed->applied.version;
	int err;

	err = register_begin(reg);
	if (err)
		return err;
	err = record_all(load, &version);
	if (err)
		log_errno(err, "the register could not be written");
	else
		err = swap_and_commit(load, version);
	if (err)
		register_rollback(reg);
	load->order.version = version;
	return err;
}

static void take_applied(struct load *load)
{
	struct esafed *esafed = load->esafed;
	struct reg_policy row;

	if (load->order.kind != LOAD_POLICY && load->order.kind != LOAD_AGAIN)
		return;
	if (register_policy_get(esafed->reg, load->order.version, &row))
		return;
	esafed->policy_differs = esafed_file_differs(esafed, &row);
	free(row.text);
	row.text = NULL;
	register_policy_free(&esafed->applied);
	esafed->applied = row;
}

static void take_lists(struct load *load)
{
	struct esafed *esafed = load->esafed;

	if (!load->lists_read)
		return;
	lists_result_free(&esafed->lists);
	free(esafed->specs);
	esafed->lists = load->lists;
	esafed->lists.image = (struct catmap_image){ 0 }; /* lives in the kernel; its header may change hands again */
	esafed->specs = load->specs;
	esafed->specs_n = load->specs_n;
	esafed->lists_loaded = clock_seconds();
	load->specs = NULL;
	load->lists_read = false;
}

static void swap_tables(struct idtable *a, struct idtable *b)
{
	struct idtable keep = *a;

	*a = *b;
	*b = keep;
}

/* Nothing changes behind the last transition: a school without times has all of COMPILE_DAYS. */
static __s64 end_of_timetable(const struct load *load)
{
	const struct esafe_policy *compiled = load->compiled;
	__s64 most = clock_seconds() + COMPILE_DAYS * 24 * 60 * 60ll;
	__u32 n = compiled->transitions_count;

	if (n < ESAFE_TRANSITIONS)
		return most;
	return ((__s64)compiled->transitions[n - 1].at_ns - load->tai_offset_ns) / 1000000000;
}

static void take_over(struct load *load)
{
	struct esafed *esafed = load->esafed;
	struct policy *before = esafed->policy;

	take_applied(load);
	if (load->order.kind != LOAD_LISTS) {
		swap_tables(&esafed->groups, &load->groups);
		swap_tables(&esafed->categories, &load->categories);
		esafed->tai_offset_ns = load->tai_offset_ns;
		esafed->compiled = clock_seconds();
		esafed->until = end_of_timetable(load);
	}
	if (load->policy_is_new) { /* the lists that still point into the old policy are replaced next */
		esafed->policy = load->policy;
		load->policy = before;
	}
	take_lists(load);
	permits_sync(esafed);
	devices_sync(esafed);
}

static void say_lists(const struct esafed *esafed)
{
	for (size_t i = 0; i < esafed->lists.n; i++) {
		const struct list_result *item = &esafed->lists.item[i];

		if (*item->why)
			log_warn("list %s: %s: %s", item->spec->name, list_state_name(item->state), item->why);
	}
	log_info("%zu lists, %lu names, read in %.1f s, built in %.1f s", esafed->lists.n, esafed->lists.stats.names,
		 esafed->lists.read_seconds, esafed->lists.build_seconds);
}

static void load_free(struct load *load)
{
	if (load->lists_read)
		lists_result_free(&load->lists);
	if (load->policy_is_new)
		policy_free(load->policy);
	for (size_t i = 0; load->past_is_ours && i < load->history.n; i++)
		free((char *)load->past[i].name);
	free(load->past);
	free(load->specs);
	free(load->compiled);
	idtable_free(&load->groups);
	idtable_free(&load->categories);
	problems_free(&load->problems);
	free(load->file);
	free(load->text);
	free(load->who);
	free(load->action);
	free(load);
}

static void say_result(const struct load *load, int err)
{
	const struct esafed *esafed = load->esafed;

	for (unsigned i = 0; i < load->problems.n; i++)
		log_error("%s:%d:%d: %s", load->problems.item[i].file, load->problems.item[i].line,
			  load->problems.item[i].column, load->problems.item[i].text);
	if (err)
		log_errno(err, "nothing was changed");
	else if (load->order.kind != LOAD_TIMES)
		log_info("policy version %u is in force", esafed->applied.version);
}

static void done(void *ctx, int err)
{
	struct load *load = ctx;
	struct esafed *esafed = load->esafed;
	const struct policy *before = esafed->policy;
	bool lists = load->lists_read;

	if (!err)
		err = put_in_force(load);
	maps_drop_names(esafed->maps); /* those that were made for nothing */
	if (!err) {
		take_over(load);
		if (lists)
			say_lists(esafed);
	}
	say_result(load, err);
	esafed->load = NULL;
	esafed_load_over(esafed); /* before anybody is told: what is said to be in force is */
	if (load->order.done) {
		struct load_result result = {
			.err = err,
			.problems = &load->problems,
			.before = before,
			.now = esafed->policy,
			.lists = !err && lists ? &esafed->lists : NULL,
		};

		load->order.done(load->order.ctx, &result);
	}
	load_free(load);
}

/* ---- beginning ---- */

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int copy_order(struct load *load, const struct load_order *order)
{
	load->order = *order;
	load->file = copy(order->file);
	load->who = copy(order->who);
	load->action = copy(order->action);
	if ((order->file && !load->file) || (order->who && !load->who) || (order->action && !load->action))
		return -ENOMEM;
	if (!order->text)
		return 0;
	load->text = malloc(order->len + 1);
	if (!load->text)
		return -ENOMEM;
	memcpy(load->text, order->text, order->len);
	load->text[order->len] = '\0';
	return 0;
}

static int past_of_register(void *ctx, const struct reg_list *row)
{
	struct load *load = ctx;
	struct list_past *bigger;
	char *name;

	for (size_t i = 0; i < load->history.n; i++)
		if (!strcmp(load->past[i].name, row->name))
			return 0; /* a later load stands there already */
	if (row->refused)
		return 0;
	bigger = realloc(load->past, (load->history.n + 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	load->past = bigger;
	load->history.item = bigger;
	name = strdup(row->name);
	if (!name)
		return -ENOMEM;
	bigger[load->history.n] = (struct list_past){
		.name = name,
		.format = LIST_SNIFF,
		.names = row->names,
		.lines = row->names + row->rejects,
		.rejected = row->rejects,
	};
	memcpy(bigger[load->history.n++].sha256, row->sha256, sizeof(row->sha256));
	return 0;
}

/* What is known of earlier loads: exactly of this run's, by numbers from the register of an earlier one's. */
static int gather_past(struct load *load)
{
	struct esafed *esafed = load->esafed;

	load->past_is_ours = !esafed->lists.n;
	if (load->past_is_ours)
		return register_lists(esafed->reg, past_of_register, load);
	load->past = calloc(esafed->lists.n, sizeof(*load->past));
	if (!load->past)
		return -ENOMEM;
	for (size_t i = 0; i < esafed->lists.n; i++)
		load->past[i] = lists_past(&esafed->lists.item[i]);
	load->history = (struct list_history){ .n = esafed->lists.n, .item = load->past };
	return 0;
}

static int prepare(struct load *load, const struct load_order *order)
{
	struct esafed *esafed = load->esafed;
	int err = copy_order(load, order);

	if (err)
		return err;
	load->policy_is_new = order->kind == LOAD_POLICY || order->kind == LOAD_AGAIN;
	if (!load->policy_is_new)
		load->policy = esafed->policy;
	if (!load->policy_is_new && !load->policy)
		return -ENOENT;
	if (snprintf(load->keep_dir, sizeof(load->keep_dir), "%s/lists", esafed->config->state_dir) >=
	    (int)sizeof(load->keep_dir))
		return -ENAMETOOLONG;
	err = idtable_copy(&load->groups, &esafed->groups);
	if (!err)
		err = idtable_copy(&load->categories, &esafed->categories);
	if (!err && order->kind != LOAD_LISTS) {
		load->compiled = malloc(sizeof(*load->compiled));
		err = load->compiled ? 0 : -ENOMEM;
	}
	return err ? err : gather_past(load);
}

int load_start(struct esafed *esafed, const struct load_order *order)
{
	struct load *load;
	int err;

	if (esafed->load)
		return -EBUSY;
	load = calloc(1, sizeof(*load));
	if (!load)
		return -ENOMEM;
	load->esafed = esafed;
	err = prepare(load, order);
	if (!err)
		err = loop_worker(esafed->loop, work, done, load);
	if (err)
		load_free(load);
	else
		esafed->load = load;
	return err;
}
