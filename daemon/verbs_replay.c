// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture sent through a second instance of the programs, whose maps nobody else has. A worker loads it, and the
 * lists where they are not those in force; then the loop offers packets, a few milliseconds' worth at each turn of the
 * client, which also holds it back when nobody reads.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpfprog.h"
#include "capture.h"
#include "clock.h"
#include "compilenow.h"
#include "linktype.h"
#include "maps.h"
#include "policy_lists.h"
#include "policyfile.h"
#include "replay.h"
#include "replayrow.h"
#include "ring.h"
#include "verbs.h"

#define STEP_NS 4000000ull

struct replaying {
	struct request *request;
	struct esafed *esafed;
	struct capture *capture;
	struct esafe_config config;
	struct esafe_policy *compiled;
	struct idtable groups, categories;
	struct policy *policy;   /* of --policy; NULL: the one in force */
	struct list_spec *specs; /* its lists, if they are others than those in force */
	size_t specs_n;
	struct lists_result lists;
	bool lists_read, gone;
	struct problems problems;
	struct bpfprog *prog;
	struct ring *ring;
	struct replay *replay;
	__u8 *frame;
	unsigned depth; /* of the packet that the maps are set for */
	struct event_names names;
	__u64 events, bad;
};

static void replaying_free(struct replaying *r)
{
	r->esafed->replaying = false;
	ring_stop(r->ring);
	replay_free(r->replay);
	if (r->lists_read)
		lists_result_free(&r->lists);
	bpfprog_free(r->prog);
	capture_close(r->capture);
	free(r->specs);
	policy_free(r->policy);
	idtable_free(&r->groups);
	idtable_free(&r->categories);
	problems_free(&r->problems);
	free(r->compiled);
	free(r->frame);
	free(r);
}

static void fail(struct replaying *r, int err, const char *what)
{
	if (r->problems.n)
		request_end_problems(r->request, CTL_PROBLEMS, &r->problems);
	else
		request_end(r->request, CTL_FAILED, "%s: %s", what, strerror(-err));
	replaying_free(r);
}

/* ---- events ---- */

static void on_event(void *ctx, const struct esafe_event *event, size_t size)
{
	struct replaying *r = ctx;
	struct record record;

	if (event_decode(event, size, &r->names, &record)) {
		r->bad++;
		return;
	}
	r->events++;
	request_row(r->request, replay_event_row(&record, replay_place(r->replay)));
}

static const char *group_name(void *ctx, unsigned id)
{
	return idtable_name(&((struct replaying *)ctx)->groups, id);
}

static const char *category_name(void *ctx, unsigned id)
{
	return idtable_name(&((struct replaying *)ctx)->categories, id);
}

/* ---- the end ---- */

static json_t *summary(struct replaying *r)
{
	struct replay_summary sum = {
		.link = linktype_name(capture_link(r->capture)),
		.policy = r->compiled->version,
		.events = r->events,
		.events_bad = r->bad,
		.counts = replay_counts(r->replay),
	};
	__u64 *cells = calloc(ESAFE_VERDICT_CELLS, sizeof(*cells));
	json_t *row;

	if (cells && !maps_read_verdicts(bpfprog_maps(r->prog), cells))
		sum.cells = cells;
	row = replay_summary_row(&sum);
	free(cells);
	return row;
}

static void finish(struct replaying *r)
{
	request_row(r->request, summary(r));
	request_end_problems(r->request, CTL_OK, &r->problems);
	replaying_free(r);
}

/* ---- packets ---- */

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/*
 * Connections inside of packets must not meet those outside, which may have the same ends (a mirrored port): the
 * programs find everything of a connection by a hash with a secret, so each depth has a secret of its own.
 */
static int set_depth(struct replaying *r, unsigned depth)
{
	struct esafe_config config = r->config;
	int err;

	if (depth == r->depth)
		return 0;
	config.flow_k1 += 2 * depth;
	err = maps_set_config(bpfprog_maps(r->prog), &config);
	if (!err)
		r->depth = depth;
	return err;
}

static int run_frame(void *ctx, enum esafe_hook hook, const __u8 *frame, size_t len)
{
	static const int fates[] = {
		[BPFPROG_PASSED] = REPLAY_PASSED,
		[BPFPROG_ANSWERED] = REPLAY_ANSWERED,
		[BPFPROG_DROPPED] = REPLAY_DROPPED,
	};
	struct replaying *r = ctx;
	int fate, err = set_depth(r, replay_place(r->replay)->depth);

	if (err)
		return err;
	fate = bpfprog_run(r->prog, hook, frame, len);
	if (fate < 0)
		return fate;
	ring_drain(r->ring);
	return fates[fate];
}

static __u64 segments_ahead(void *ctx)
{
	struct replaying *r = ctx;
	__u64 count = 0;

	maps_read_verdict(bpfprog_maps(r->prog), ESAFE_VERDICT_INDEX(ESAFE_GROUPS, ESAFE_DROP, ESAFE_R_TCP_AHEAD), &count);
	return count;
}

/* 1: go on; 0: the end; or -errno */
static int replay_one(struct replaying *r)
{
	struct capture_packet packet;
	char problem[CAPTURE_PROBLEM];
	int len, got = capture_next(r->capture, &packet, problem);

	if (got < 0)
		problem_add(&r->problems, request_text(r->request, "capture"), 0, 0, "read only so far: %s", problem);
	if (got <= 0)
		return 0;
	len = linktype_frame(capture_link(r->capture), packet.data, packet.len, r->frame);
	if (len < 0) {
		replay_strange(r->replay);
		return 1;
	}
	return replay_packet(r->replay, packet.at_us, r->frame, len, packet.length - packet.len) ?: 1;
}

static void replay_more(struct request *request)
{
	struct replaying *r = request->state;
	__u64 until = now_ns() + STEP_NS;
	int state;

	do
		state = replay_one(r);
	while (state == 1 && request_room(request) && now_ns() < until);
	if (!state)
		finish(r);
	else if (state < 0)
		fail(r, state, "running the programs");
}

/* ---- beginning ---- */

static void *names_memory(void *ctx, size_t elements)
{
	return elements > UINT32_MAX ? NULL : maps_new_names(ctx, elements);
}

static int read_lists(struct replaying *r)
{
	struct catmap_target target = { .alloc = names_memory, .ctx = bpfprog_maps(r->prog) };
	struct list_keys keys = { .k1 = r->config.hash_k1, .k2 = r->config.hash_k2, .salt = now_ns() };
	struct lists_options options = { .keys = &keys, .target = &target };
	int err = lists_load(r->specs, r->specs_n, &options, &r->lists);

	r->lists_read = !err;
	return err ? err : maps_swap_names(bpfprog_maps(r->prog));
}

static int copy_device(void *ctx, const struct esafe_device_key *key, const struct esafe_device *device)
{
	return maps_device_set(ctx, key, device);
}

static int copy_scope(void *ctx, const struct esafe_scope_key *key, const struct esafe_scope *scope)
{
	return maps_scope_set(ctx, key, scope);
}

static int copy_grant(void *ctx, const struct esafe_grant_key *key, const struct esafe_grant *grant)
{
	return maps_grant_set(ctx, key, grant);
}

/* Who everybody is, and what is open or closed for them for a while. */
static int copy_people(struct maps *from, struct maps *to)
{
	int err = maps_devices(from, copy_device, to);

	if (!err)
		err = maps_grant_each(from, copy_grant, to);
	return err ? err : maps_scope_each(from, copy_scope, to);
}

static int set_identity(struct replaying *r, struct maps *maps)
{
	struct esafe_iface entry = { .identity = ESAFE_BY_ADDRESS };

	/* where a test run's packets seem to come from */
	return r->config.by_address ? maps_iface_set(maps, if_nametoindex("lo"), &entry) : 0;
}

static int work(void *ctx)
{
	struct replaying *r = ctx;
	struct maps *maps;
	int err = bpfprog_load_private(&r->prog);

	if (err)
		return err;
	maps = bpfprog_maps(r->prog);
	err = maps_set_config(maps, &r->config);
	if (!err)
		err = set_identity(r, maps);
	if (!err)
		err = maps_set_policy(maps, r->compiled);
	if (!err)
		err = copy_people(r->esafed->maps, maps);
	if (!err && r->specs)
		err = read_lists(r);
	return err;
}

/* What of the lists could not be read is said at the end; the replay goes without it. */
static void tell_lists(struct replaying *r)
{
	for (size_t i = 0; r->lists_read && i < r->lists.n; i++)
		if (*r->lists.item[i].why)
			problem_add(&r->problems, r->lists.item[i].spec->file, 0, 0, "list %s is %s: %s",
				    r->lists.item[i].spec->name, list_state_name(r->lists.item[i].state),
				    r->lists.item[i].why);
}

static int start(struct replaying *r)
{
	struct ring_user user = { .event = on_event, .ctx = r };
	struct replay_runner runner = { .run = run_frame, .ahead = segments_ahead, .ctx = r };
	int err = r->specs ? 0 : maps_share_names(bpfprog_maps(r->prog), r->esafed->maps);

	if (!err)
		err = maps_get_config(bpfprog_maps(r->prog), &r->config); /* with what was counted since */
	if (!err)
		err = ring_start(bpfprog_maps(r->prog), NULL, &user, &r->ring);
	if (err)
		return err;
	r->names = (struct event_names){ .ctx = r, .group = group_name, .category = category_name };
	r->frame = malloc(LINKTYPE_FRAME_MAX);
	r->replay = replay_new(&runner);
	return r->frame && r->replay ? 0 : -ENOMEM;
}

static void replay_gone(struct request *request)
{
	struct replaying *r = request->state;

	request_end(request, CTL_FAILED, NULL);
	replaying_free(r);
}

static void gone_while_loading(struct request *request)
{
	((struct replaying *)request->state)->gone = true; /* loaded() ends it */
}

static void loaded(void *ctx, int err)
{
	struct replaying *r = ctx;

	if (r->gone) {
		replay_gone(r->request);
		return;
	}
	if (!err)
		err = start(r);
	if (err) {
		fail(r, err, "loading the programs");
		return;
	}
	tell_lists(r);
	r->request->gone = replay_gone;
	request_want(r->request, replay_more);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Lists that are those in force need not be read again: their table is shared. */
static bool lists_in_force(const struct replaying *r)
{
	const struct esafed *esafed = r->esafed;

	if (!esafed->lists_loaded || r->specs_n != esafed->specs_n)
		return false;
	for (size_t i = 0; i < r->specs_n; i++) {
		const struct list_spec *a = &r->specs[i], *b = &esafed->specs[i];

		if (!same_text(a->name, b->name) || !same_text(a->file, b->file) || a->category != b->category ||
		    a->format != b->format || a->floor != b->floor)
			return false;
	}
	return true;
}

/* The policy of the request, with numbers of its own for what the one in force does not know. */
static int take_policy(struct replaying *r, const char *text)
{
	const char *file = request_text(r->request, "file") ?: "policy";
	__s64 offset;
	int err;

	r->policy = policy_load(file, text, strlen(text), r->esafed->config->data_dir, &r->problems);
	if (!r->policy)
		return -EINVAL;
	err = compile_now(r->esafed, r->policy, &r->groups, &r->categories, &offset, r->compiled, &r->problems);
	if (err)
		return err;
	r->compiled->version = 0;
	err = policy_lists(r->policy, &r->categories, &r->specs, &r->specs_n);
	if (!err && lists_in_force(r)) {
		free(r->specs);
		r->specs = NULL;
	}
	return err;
}

/* Everything is told, whatever the groups log. */
static void log_all(struct esafe_policy *policy)
{
	for (unsigned i = 0; i < ESAFE_GROUPS; i++)
		policy->groups[i].log = ESAFE_LOG_FULL;
}

static bool by_address(const struct replaying *r)
{
	const struct config *config = r->esafed->config;

	for (size_t i = 0; i < config->ifaces; i++)
		if (config->iface[i].identity == ESAFE_BY_MAC)
			return !linktype_has_mac(capture_link(r->capture));
	return true;
}

static int prepare(struct replaying *r)
{
	const char *text = request_text(r->request, "text");
	int err = idtable_copy(&r->groups, &r->esafed->groups);

	if (!err)
		err = idtable_copy(&r->categories, &r->esafed->categories);
	r->compiled = malloc(sizeof(*r->compiled));
	if (!err)
		err = r->compiled ? maps_get_config(r->esafed->maps, &r->config) : -ENOMEM;
	if (!err)
		err = text ? take_policy(r, text) : maps_get_policy(r->esafed->maps, r->compiled);
	if (err)
		return err;
	log_all(r->compiled);
	r->config.adopt_until_ns = 0;
	r->config.scopes = r->config.cut_devices = r->config.cut_scopes = 0; /* counted as they are copied */
	r->config.by_address = by_address(r);
	return 0;
}

/* The file that was handed over; NULL: the request was ended. */
static struct capture *take_capture(struct request *request)
{
	const char *name = request_text(request, "capture");
	char problem[CAPTURE_PROBLEM];
	struct capture *capture;
	int fd = request->fd;

	request->fd = -1;
	if (fd < 0) {
		request_end(request, CTL_USAGE, "no file came with the request");
		return NULL;
	}
	if (capture_open(fd, &capture, problem)) {
		request_end(request, CTL_FAILED, "%s: %s", name, problem);
		return NULL;
	}
	if (linktype_name(capture_link(capture)))
		return capture;
	request_end(request, CTL_FAILED, "%s: link type %u is not understood", name, capture_link(capture));
	capture_close(capture);
	return NULL;
}

void verb_replay(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	struct capture *capture;
	struct replaying *r;
	int err;

	if (esafed->replaying) {
		request_end(request, CTL_BUSY, "another replay is going on");
		return;
	}
	capture = take_capture(request);
	if (!capture)
		return;
	r = calloc(1, sizeof(*r));
	if (!r) {
		capture_close(capture);
		request_end(request, CTL_FAILED, "%s", strerror(ENOMEM));
		return;
	}
	*r = (struct replaying){ .request = request, .esafed = esafed, .capture = capture };
	esafed->replaying = true;
	request->state = r;
	err = prepare(r);
	if (!err)
		err = loop_worker(esafed->loop, work, loaded, r);
	if (err)
		fail(r, err, "the policy");
	else
		request->gone = gone_while_loading;
}
