/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach.h"
#include "bpfprog.h"
#include "clock.h"
#include "compile.h"
#include "devices.h"
#include "permits.h"
#include "people.h"
#include "radiusd.h"
#include "register_requests.h"
#include "sessions.h"
#include "snapshot.h"
#include "visitors.h"
#include "volumes.h"

#define MEDIAN_S (90 * 86400)

static void take_process(struct esafed *esafed, struct metrics_snapshot *out)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned long pages, resident;
	struct rlimit limit;
	struct rusage usage;
	FILE *statm;
	DIR *fds;

	getrusage(RUSAGE_SELF, &usage);
	out->start_time = esafed->started;
	out->cpu_seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
			   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	statm = fopen("/proc/self/statm", "re");
	if (statm && fscanf(statm, "%lu %lu", &pages, &resident) == 2) {
		out->virtual_bytes = (__u64)pages * page;
		out->resident_bytes = (__u64)resident * page;
	}
	if (statm)
		fclose(statm);
	fds = opendir("/proc/self/fd");
	while (fds && readdir(fds))
		out->open_fds++;
	out->open_fds -= out->open_fds > 3 ? 3 : 0; /* ".", ".." and the directory itself */
	if (fds)
		closedir(fds);
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		out->max_fds = limit.rlim_cur;
}

static int take_lists(const struct esafed *esafed, struct snapshot *out)
{
	double now = clock_realtime_ns() / 1e9;

	out->lists = calloc(esafed->lists.n + 1, sizeof(*out->lists));
	if (!out->lists)
		return -ENOMEM;
	for (size_t i = 0; i < esafed->lists.n; i++) {
		const struct list_result *item = &esafed->lists.item[i];

		out->lists[i] = (struct metrics_list){
			.name = item->spec->name,
			.category = idtable_name(&esafed->categories, item->spec->category) ?: "",
			.names = item->counts.names,
			.rejects = list_rejected(&item->counts),
			.age = item->mtime_ns ? now - item->mtime_ns / 1e9 : 0,
			.kept_old = item->state != LIST_STATE_LOADED,
		};
	}
	out->metrics.lists = out->lists;
	out->metrics.lists_count = esafed->lists.n;
	out->metrics.names = esafed->lists.stats.names;
	out->metrics.reads_quic = bpfprog_reads_quic(esafed->prog);
	return 0;
}

static int take_maps(struct esafed *esafed, struct snapshot *out)
{
	struct map_size sizes[SNAPSHOT_MAPS];
	size_t n = maps_memory(esafed->maps, sizes, SNAPSHOT_MAPS);
	int err;

	for (size_t i = 0; i < n; i++)
		out->maps[i] = (struct metrics_map){ sizes[i].name, sizes[i].bytes };
	out->metrics.maps = out->maps;
	out->metrics.maps_count = n;
	out->verdicts = calloc(ESAFE_VERDICT_CELLS, sizeof(*out->verdicts));
	if (!out->verdicts)
		return -ENOMEM;
	err = maps_read_verdicts(esafed->maps, out->verdicts);
	if (!err)
		err = maps_read_stats(esafed->maps, &out->metrics.stats);
	if (!err)
		err = maps_read_known(esafed->maps, out->known);
	out->metrics.verdicts = out->verdicts;
	out->metrics.known = out->known;
	return err;
}

static void take_ifaces(const struct esafed *esafed, struct snapshot *out)
{
	static const char *const hooks[] = { "ingress", "egress", "xdp" };
	size_t n = 0;

	for (size_t i = 0; i < esafed->config->ifaces; i++)
		for (size_t hook = 0; hook < 2 + (esafed->config->iface[i].xdp ? 1 : 0); hook++)
			out->ifaces[n++] = (struct metrics_iface){
				esafed->config->iface[i].name, hooks[hook], attach_done(esafed, i)
			};
	out->metrics.ifaces = out->ifaces;
	out->metrics.ifaces_count = n;
}

static void take_groups(const struct esafed *esafed, struct metrics_snapshot *out)
{
	for (unsigned i = 0; i < esafed->groups.n; i++)
		if (esafed->groups.item[i].id < ESAFE_GROUPS)
			out->groups[esafed->groups.item[i].id] = esafed->groups.item[i].name;
}

static void take_control(const struct esafed *esafed, struct metrics_snapshot *out)
{
	struct control_stats stats = { 0 };

	if (esafed->control)
		control_stats(esafed->control, &stats);
	out->control_requests = stats.requests;
	out->control_errors = stats.errors;
	out->control_refused = stats.refused;
	out->control_clients = stats.clients;
}

static int add_over(void *ctx, struct volume *volume)
{
	*(__u64 *)ctx += volume->over;
	return 0;
}

static void take_people(const struct esafed *esafed, struct metrics_snapshot *out)
{
	const struct session_table *table = sessions_table(esafed);
	const struct permits *permits = permits_open(esafed);
	struct sessions_stats stats;

	sessions_stats(esafed, &stats);
	out->sessions_started = stats.started;
	out->sessions_ended = stats.ended;
	out->sessions_expired = stats.expired;
	out->sessions_replaced = stats.replaced;
	out->sessions_elsewhere = stats.elsewhere;
	for (size_t i = 0; i < session_table_count(table); i++)
		out->sessions[session_table_at(table, i)->how]++;
	for (size_t i = 0; i < permits->n; i++)
		out->permits[permits->item[i]->kind]++;
	volume_each(volumes_table(esafed), add_over, &out->over_quota);
}

static void take_rest(struct esafed *esafed, struct snapshot *out)
{
	const struct people_counts people = people_count(esafed->people);
	struct metrics_snapshot *metrics = &out->metrics;
	struct utsname uts;
	struct statvfs fs;

	metrics->version = ESAFE_VERSION;
	if (!uname(&uts))
		memcpy(out->kernel, uts.release, sizeof(out->kernel) < sizeof(uts.release) ? sizeof(out->kernel)
											   : sizeof(uts.release));
	out->kernel[sizeof(out->kernel) - 1] = '\0';
	metrics->kernel = out->kernel;
	metrics->policy_version = esafed->applied.version;
	metrics->policy_applied = esafed->applied.time;
	metrics->policy_until = esafed->compiled ? esafed->until : 0;
	metrics->events_bad = esafed->events_bad;
	metrics->devices = devices_count(esafed->devices);
	metrics->radius = radiusd_counts(esafed->radiusd);
	metrics->users = people.users;
	metrics->classes = people.classes;
	metrics->rooms = people.rooms;
	store_stats(esafed->store, &metrics->store);
	if (!statvfs(esafed->config->state_dir, &fs))
		metrics->store_free_bytes = (double)fs.f_bavail * fs.f_frsize;
}

static void take_requests(struct esafed *esafed, struct metrics_snapshot *out)
{
	const struct visitors_stats *visitors = visitors_stats(esafed);
	struct reg_request_stats stats;

	out->vouchers_used = visitors->vouchers_used;
	out->vouchers_wrong = visitors->vouchers_wrong;
	out->logins = visitors->logins;
	out->logins_wrong = visitors->logins_wrong;
	out->logins_slowed = visitors->slowed;
	if (register_request_stats(esafed->reg, clock_seconds() - MEDIAN_S, &stats))
		return;
	out->requests_waiting = stats.waiting;
	out->requests_answered = stats.answered;
	out->request_median = stats.median;
	out->request_sum = stats.sum;
}

int snapshot_take(struct esafed *esafed, struct snapshot *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	take_rest(esafed, out);
	take_process(esafed, &out->metrics);
	take_groups(esafed, &out->metrics);
	take_ifaces(esafed, out);
	take_control(esafed, &out->metrics);
	take_people(esafed, &out->metrics);
	take_requests(esafed, &out->metrics);
	err = take_maps(esafed, out);
	if (!err)
		err = take_lists(esafed, out);
	if (err)
		snapshot_free(out);
	return err;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->verdicts);
	free(snapshot->lists);
	snapshot->verdicts = NULL;
	snapshot->lists = NULL;
}

int snapshot_page(void *ctx, FILE *out)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));
	int err = snapshot ? snapshot_take(ctx, snapshot) : -ENOMEM;

	if (!err) {
		err = metrics_write(&snapshot->metrics, out);
		snapshot_free(snapshot);
	}
	free(snapshot);
	return err ? err : 200;
}
