/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start, reload and stop. None of them touches a packet: programs and maps are pinned and filter by themselves. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "audit.h"
#include "bpfprog.h"
#include "caps.h"
#include "clock.h"
#include "devices.h"
#include "esafed.h"
#include "links.h"
#include "log.h"
#include "maps.h"
#include "notify.h"
#include "people.h"
#include "permits.h"
#include "policyfile.h"
#include "policyload.h"
#include "recorder.h"
#include "radiusd.h"
#include "refused.h"
#include "ring.h"
#include "sessions.h"
#include "snapshot.h"
#include "upkeep.h"
#include "visitors.h"
#include "volumes.h"

#define ADOPT_S 300

/* ---- reload ---- */

static void ready_again(struct esafed *esafed)
{
	char status[128];

	if (!esafed->policy)
		snprintf(status, sizeof(status), "no policy was loaded");
	else
		snprintf(status, sizeof(status), "policy version %u, %lu names", esafed->applied.version,
			 esafed->lists.stats.names);
	notify_ready(status);
}

/* The text of this version is the one in force: only its lists and times can have changed. */
static bool is_in_force(struct esafed *esafed, const char *text, size_t len)
{
	struct reg_policy row;
	bool same;

	if (!esafed->policy || register_policy_get(esafed->reg, esafed->applied.version, &row))
		return false;
	same = row.text_len == len && !memcmp(row.text, text, len);
	register_policy_free(&row);
	return same;
}

/* The policy file and the lists; later, if a load is under way. */
static void reload(struct esafed *esafed, const char *who)
{
	struct load_order order = { .kind = LOAD_POLICY, .file = esafed->config->policy, .who = who, .action = "reload" };
	char *text;
	int err;

	esafed->reload_wanted = esafed->load != NULL;
	if (esafed->load)
		return;
	err = file_read(order.file, FILE_BYTES, &text, &order.len);
	if (err) {
		log_errno(err, "%s", order.file);
		ready_again(esafed);
		return;
	}
	order.text = text;
	if (is_in_force(esafed, text, order.len)) {
		order.kind = LOAD_LISTS;
		order.text = NULL;
	}
	err = load_start(esafed, &order);
	free(text);
	if (err)
		log_errno(err, "reloading");
}

/* Called at the end of each load. */
void esafed_load_over(struct esafed *esafed)
{
	if (esafed->stopping)
		return;
	if (esafed->policy && !esafed->attaching && !esafed->detached)
		attach_all(esafed);
	ready_again(esafed);
	if (esafed->reload_wanted)
		reload(esafed, "esafed");
	else if (esafed->compile_wanted)
		upkeep_compile(esafed);
}

static void on_hup(void *ctx, int signo)
{
	notify_reloading();
	reload(ctx, "SIGHUP");
}

static void on_end(void *ctx, int signo)
{
	struct esafed *esafed = ctx;

	log_info("%s: the filter goes on without its daemon", signo == SIGTERM ? "SIGTERM" : "SIGINT");
	notify_stopping();
	loop_stop(esafed->loop, 0);
}

/* ---- the parts ---- */

/* Makes a directory and those above it. */
static int make_dirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, i == len ? mode : 0755) < 0 && errno != EEXIST)
			return log_errno(errno, "%s", part);
		part[i] = path[i];
	}
	return 0;
}

static int make_socket_dir(const char *socket)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", socket);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	return make_dirs(dir, 0755);
}

/* Two daemons on the same state would take each other's events. */
static int take_lock(struct esafed *esafed)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lock", esafed->config->state_dir);
	esafed->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (esafed->lock_fd < 0)
		return log_errno(errno, "%s", path);
	if (flock(esafed->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		log_error("another esafed runs with %s", esafed->config->state_dir);
		return -EBUSY;
	}
	return 0;
}

static int open_state(struct esafed *esafed)
{
	const struct config *config = esafed->config;
	int err = make_dirs(config->state_dir, 0700);

	if (!err)
		err = make_socket_dir(config->socket);
	if (!err)
		err = take_lock(esafed);
	if (!err)
		err = register_open(config->state_dir, &esafed->reg);
	if (!err)
		err = store_open(config->state_dir, &esafed->store);
	if (!err)
		err = register_ids_load(esafed->reg, "group", &esafed->groups);
	if (!err)
		err = register_ids_load(esafed->reg, "category", &esafed->categories);
	return err;
}

/*
 * Adopted maps keep the seeds that everything in them was hashed with; new ones get this installation's own. What is
 * open when the filter starts for the first time lives on for a while.
 */
static int set_seeds(struct esafed *esafed)
{
	struct esafe_config config;
	int err = maps_get_config(esafed->maps, &config);

	if (!err && config.abi != ESAFE_ABI) {
		config = (struct esafe_config){
			.abi = ESAFE_ABI,
			.adopt_until_ns = clock_realtime_ns() + clock_tai_offset_ns() + ADOPT_S * 1000000000ull,
		};
		err = register_secret_odd(esafed->reg, "hash_k1", &config.hash_k1);
		if (!err)
			err = register_secret_odd(esafed->reg, "hash_k2", &config.hash_k2);
		if (!err)
			err = register_secret_odd(esafed->reg, "flow_k1", &config.flow_k1);
		if (!err)
			err = register_secret_odd(esafed->reg, "flow_k2", &config.flow_k2);
		if (!err)
			err = maps_set_config(esafed->maps, &config);
	}
	if (err)
		return log_errno(err, "the seeds of the programs");
	esafed->hash_k1 = config.hash_k1;
	esafed->hash_k2 = config.hash_k2;
	return 0;
}

static int start_programs(struct esafed *esafed)
{
	bool adopted;
	int err = bpfprog_load(esafed->config, &esafed->prog, &adopted);

	if (err)
		return err;
	esafed->maps = bpfprog_maps(esafed->prog);
	err = set_seeds(esafed);
	if (!err)
		err = people_sync(esafed);
	if (!err)
		err = sessions_load(esafed);
	if (!err)
		err = permits_load(esafed);
	if (!err)
		err = volumes_load(esafed);
	if (!err)
		err = permits_sync(esafed);
	if (!err)
		err = devices_sync(esafed);
	esafed->had_policy = adopted;
	if (!err && adopted) {
		log_info("the policy that was in force goes on");
		attach_all(esafed);
	}
	return err;
}

static void ring_batch_end(void *ctx, size_t events)
{
	recorder_batch_end(ctx);
}

static int start_http(struct esafed *esafed)
{
	const struct config_listen *listen = &esafed->config->metrics;
	char address[32];

	if (!listen->on)
		return 0;
	esafed->page = (struct http_page){ "/metrics", HTTP_TYPE_METRICS, snapshot_page, esafed };
	snprintf(address, sizeof(address), "%s:%u", listen->ipv6 ? "[::1]" : "127.0.0.1", listen->port);
	return http_start(esafed->loop, address, &esafed->page, 1, &esafed->http);
}

/* Where a part fails that only helps to see, the filter still has its policy: that failure is told, not fatal. */
static void start_helpers(struct esafed *esafed)
{
	const struct config *config = esafed->config;

	if (visitors_start(esafed))
		log_error("nobody can log in at the pages");
	if (refused_start(esafed))
		log_error("the block page cannot say which name was refused");
	if (start_http(esafed))
		log_error("there are no metrics");
	if (neigh_start(esafed->loop, devices_addresses_changed, esafed, &esafed->neigh))
		log_error("the neighbour table is not followed");
	if (links_start(esafed->loop, attach_links_changed, esafed, &esafed->links))
		log_error("interfaces that come later are not noticed");
	if (config->dhcp_leases[0])
		leasewatch_start(esafed->loop, config->dhcp_leases, devices_addresses_changed, esafed, &esafed->leases);
}

static int start_parts(struct esafed *esafed)
{
	struct ring_user user = { .event = recorder_event, .batch_end = ring_batch_end, .ctx = esafed };
	int err;

	err = ring_start(esafed->maps, esafed->loop, &user, &esafed->ring);
	if (!err)
		err = control_start(esafed->loop, esafed->config->socket, verbs, verbs_count, &control_limits_default,
				    &audit_hooks, esafed, &esafed->control);
	if (!err)
		err = upkeep_start(esafed);
	if (!err)
		err = sessions_start(esafed);
	if (!err)
		err = radiusd_start(esafed, &esafed->radiusd);
	if (!err)
		err = permits_begin(esafed);
	if (!err)
		err = volumes_start(esafed);
	if (!err)
		err = notify_watchdog(esafed->loop);
	if (!err)
		start_helpers(esafed);
	return err;
}

/* ---- the first policy ---- */

/*
 * Where a filter was, there is one: if its policy cannot be loaded, what an earlier daemon left goes on, or everything
 * is refused. A machine that never had a policy is left as it is until somebody applies one.
 */
static void first_load_over(void *ctx, const struct load_result *result)
{
	struct esafed *esafed = ctx;

	if (!result->err)
		return;
	if (!esafed->had_policy) {
		log_error("nothing is filtered until a policy is applied: esafectl policy apply");
		return;
	}
	log_error("the policy could not be loaded: what was in force before goes on, or everything is refused");
	if (!esafed->attaching && !esafed->detached)
		attach_all(esafed);
}

bool esafed_file_differs(const struct esafed *esafed, const struct reg_policy *row)
{
	bool differs;
	size_t len;
	char *text;

	if (file_read(esafed->config->policy, FILE_BYTES, &text, &len))
		return false;
	differs = len != row->text_len || memcmp(text, row->text, len);
	free(text);
	return differs;
}

/* What was last applied is in force again; a file that was edited since waits for somebody to apply it. */
static int load_registered(struct esafed *esafed, const struct reg_policy *row)
{
	struct load_order order = {
		.kind = LOAD_AGAIN,
		.file = row->file,
		.text = row->text,
		.len = row->text_len,
		.version = row->version,
		.who = "esafed",
		.done = first_load_over,
		.ctx = esafed,
	};

	if (esafed_file_differs(esafed, row))
		log_warn("%s differs from policy version %u, which stays in force until somebody applies the file",
			 esafed->config->policy, row->version);
	return load_start(esafed, &order);
}

static int load_file(struct esafed *esafed)
{
	struct load_order order = {
		.kind = LOAD_POLICY,
		.file = esafed->config->policy,
		.who = "esafed",
		.action = "first start",
		.done = first_load_over,
		.ctx = esafed,
	};
	char *text;
	int err;

	err = file_read(order.file, FILE_BYTES, &text, &order.len);
	if (err) {
		struct load_result none = { .err = err };

		log_errno(err, "%s", order.file);
		first_load_over(esafed, &none);
		ready_again(esafed);
		return 0;
	}
	order.text = text;
	err = load_start(esafed, &order);
	free(text);
	return err;
}

static int first_load(struct esafed *esafed)
{
	struct reg_policy row;
	int err;

	if (register_policy_get(esafed->reg, 0, &row))
		return load_file(esafed);
	esafed->had_policy = true;
	err = load_registered(esafed, &row);
	register_policy_free(&row);
	return err;
}

/* ---- start and stop ---- */

int esafed_start(struct esafed *esafed)
{
	int err = loop_new(&esafed->loop);

	if (err)
		return err;
	/*
	 * One zone for timetable, days and log, that of the school; and set while there is one thread only, since the C
	 * library knows one zone at a time and compiling asks for this one.
	 */
	if (setenv("TZ", esafed->config->zone, 1))
		return -ENOMEM;
	tzset();
	esafed->started = clock_seconds();
	signal(SIGPIPE, SIG_IGN);
	if (!loop_signal(esafed->loop, SIGHUP, on_hup, esafed) || !loop_signal(esafed->loop, SIGTERM, on_end, esafed) ||
	    !loop_signal(esafed->loop, SIGINT, on_end, esafed))
		return -ENOMEM;
	err = open_state(esafed);
	if (!err)
		err = start_programs(esafed);
	if (!err)
		err = start_parts(esafed);
	if (!err)
		err = first_load(esafed);
	if (!err)
		err = caps_drop();
	return err;
}

static void free_policy(struct esafed *esafed)
{
	lists_result_free(&esafed->lists);
	free(esafed->specs);
	policy_free(esafed->policy);
	register_policy_free(&esafed->applied);
	idtable_free(&esafed->groups);
	idtable_free(&esafed->categories);
}

void esafed_stop(struct esafed *esafed)
{
	if (!esafed->loop)
		return;
	control_stop(esafed->control); /* first: what it started is then finished for nobody */
	esafed->control = NULL;
	esafed->stopping = true;
	loop_wait_workers(esafed->loop);
	if (esafed->ring)
		ring_drain(esafed->ring);
	ring_stop(esafed->ring);
	refused_stop(esafed);
	visitors_stop(esafed);
	http_stop(esafed->http);
	links_stop(esafed->links);
	neigh_stop(esafed->neigh);
	leasewatch_stop(esafed->leases);
	devices_stop(esafed);
	radiusd_stop(esafed->radiusd);
	volumes_stop(esafed);
	permits_stop(esafed);
	sessions_stop(esafed);
	people_stop(esafed);
	bpfprog_free(esafed->prog);
	store_close(esafed->store);
	register_close(esafed->reg);
	loop_free(esafed->loop);
	free_policy(esafed);
	if (esafed->lock_fd >= 0)
		close(esafed->lock_fd);
}
