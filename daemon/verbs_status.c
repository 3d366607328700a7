/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "clock.h"
#include "log.h"
#include "snapshot.h"
#include "verbs.h"

static const char *iface_state(const struct esafed *esafed, size_t i)
{
	if (esafed->detached)
		return "switched off";
	if (attach_done(esafed, i))
		return "filtered";
	return esafed->attaching ? "not there" : "not filtered yet";
}

static json_t *filter_state(const struct esafed *esafed)
{
	json_t *ifaces = json_object();

	for (size_t i = 0; i < esafed->config->ifaces; i++)
		reply_text(ifaces, esafed->config->iface[i].name, iface_state(esafed, i));
	return ifaces;
}

/* What becomes of QUIC in groups with `quic: inspect`. */
static const char *quic_state(const struct esafed *esafed, const struct metrics_snapshot *metrics)
{
	if (metrics->reads_quic)
		return "inspected";
	return esafed->config->quic_inspect ? "rejected: this kernel cannot carry its inspection" :
					      "rejected: its inspection is switched off";
}

static json_t *policy_state(const struct esafed *esafed, const struct metrics_snapshot *metrics)
{
	json_t *policy = json_object();

	if (!esafed->policy)
		reply_text(policy, "state", "none was loaded by this daemon");
	reply_number(policy, "version", metrics->policy_version);
	reply_time(policy, "applied", esafed->applied.time);
	reply_text(policy, "by", esafed->applied.who);
	reply_text(policy, "from", esafed->applied.file);
	reply_number(policy, "groups", esafed->policy ? (long long)esafed->policy->groups : 0);
	reply_time(policy, "timetable_until", esafed->until);
	return policy;
}

static json_t *lists_state(const struct esafed *esafed)
{
	json_t *lists = json_object();

	reply_number(lists, "lists", esafed->lists.n);
	reply_number(lists, "names", esafed->lists.stats.names);
	reply_number(lists, "kept_old", esafed->lists.old);
	reply_number(lists, "absent", esafed->lists.absent);
	reply_time(lists, "loaded", esafed->lists_loaded);
	if (esafed->load)
		json_object_set_new(lists, "loading", json_true());
	return lists;
}

/* Verdicts of each group since the programs were first loaded; groups that never asked are left out. */
static json_t *verdict_counts(const struct metrics_snapshot *metrics)
{
	json_t *groups = json_object();

	for (unsigned group = 0; group <= ESAFE_GROUPS; group++) {
		const char *name = group < ESAFE_GROUPS ? metrics->groups[group] : "(not known)";
		json_t *counts = json_object();

		for (unsigned verdict = 0; verdict < ESAFE_VERDICT_COUNT; verdict++) {
			long long sum = 0;

			for (unsigned reason = 0; reason < ESAFE_REASON_ROOM; reason++)
				sum += metrics->verdicts[ESAFE_VERDICT_INDEX(group, verdict, reason)];
			if (sum)
				reply_number(counts, event_verdict_name(verdict), sum);
		}
		if (name && json_object_size(counts))
			json_object_set(groups, name, counts);
		json_decref(counts);
	}
	return groups;
}

/* Connections of each group by what was known of them, and the share of those whose name could not be seen. */
static json_t *connection_counts(const struct metrics_snapshot *metrics)
{
	json_t *groups = json_object();

	for (unsigned group = 0; group <= ESAFE_GROUPS; group++) {
		const __u64 *cell = &metrics->known[ESAFE_KNOWN_INDEX(group, 0)];
		const char *name = group < ESAFE_GROUPS ? metrics->groups[group] : "(not known)";
		__u64 sum = 0;
		json_t *counts;

		for (unsigned known = 0; known < ESAFE_KNOWN_COUNT; known++)
			sum += cell[known];
		if (!name || !sum)
			continue;
		counts = json_object();
		for (unsigned known = 0; known < ESAFE_KNOWN_COUNT; known++)
			reply_number(counts, event_known_name(known), cell[known]);
		json_object_set_new(counts, "unseen", json_real((double)(sum - cell[ESAFE_KNOWN_NAME]) / sum));
		json_object_set_new(groups, name, counts);
	}
	return groups;
}

static json_t *event_counts(const struct metrics_snapshot *metrics)
{
	json_t *events = json_object();
	long long lost = 0, dropped = 0;

	for (int i = 0; i < ESAFE_VERDICT_COUNT; i++) {
		dropped += metrics->stats.events_lost[i];
		lost += metrics->store.lost[i];
	}
	reply_number(events, "written", metrics->store.written);
	reply_number(events, "waiting", metrics->store.pending);
	reply_number(events, "lost_ring_full", dropped);
	reply_number(events, "lost_not_writable", lost);
	reply_number(events, "not_understood", metrics->events_bad);
	reply_number(events, "free_bytes", metrics->store_free_bytes);
	if (metrics->store.failing)
		json_object_set_new(events, "failing", json_true());
	return events;
}

/* What somebody should look at. */
static json_t *warnings(const struct esafed *esafed, const struct metrics_snapshot *metrics)
{
	json_t *list = json_array();

	if (esafed->detached)
		json_array_append_new(list, json_string("the filter is switched off; a restart of esafed switches it on"));
	if (!esafed->policy)
		json_array_append_new(list, json_string(esafed->attaching ? "no policy could be loaded: see the journal"
									  : "nothing is filtered until a policy "
									    "is applied: see the journal"));
	if (esafed->lists.old || esafed->lists.absent)
		json_array_append_new(list, json_string("lists were refused: see esafectl list ls"));
	if (metrics->store.failing)
		json_array_append_new(list, json_string("events cannot be written: is the disk full?"));
	if (esafed->policy_differs)
		json_array_append_new(list, json_string("the policy file differs from the policy in force: "
							"see esafectl policy diff"));
	if (!metrics->reads_quic && esafed->config->quic_inspect)
		json_array_append_new(list, json_string("QUIC is rejected where it should be inspected: this kernel "
							"refuses the program"));
	if (esafed->until && esafed->until - clock_seconds() < 2 * 24 * 60 * 60)
		json_array_append_new(list, json_string("the timetable in the kernel ends in less than two days"));
	return list;
}

/* For those who read times that a person typed: the school's, not the machine's. */
void verb_clock(struct request *request)
{
	request_row(request, json_pack("{ss}", "zone", request_esafed(request)->config->zone));
	request_end(request, CTL_OK, NULL);
}

void verb_status(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	struct snapshot *snapshot = malloc(sizeof(*snapshot));
	int err = snapshot ? snapshot_take(esafed, snapshot) : -ENOMEM;
	json_t *row, *list;

	if (err) {
		free(snapshot);
		request_end(request, CTL_FAILED, "%s", strerror(-err));
		return;
	}
	row = json_object();
	reply_text(row, "esafe", ESAFE_VERSION);
	reply_text(row, "kernel", snapshot->kernel);
	reply_time(row, "running_since", esafed->started);
	json_object_set_new(row, "interfaces", filter_state(esafed));
	json_object_set_new(row, "policy", policy_state(esafed, &snapshot->metrics));
	json_object_set_new(row, "lists", lists_state(esafed));
	reply_text(row, "quic", quic_state(esafed, &snapshot->metrics));
	reply_number(row, "devices", snapshot->metrics.devices);
	reply_number(row, "users", snapshot->metrics.users);
	json_object_set_new(row, "events", event_counts(&snapshot->metrics));
	json_object_set_new(row, "verdicts", verdict_counts(&snapshot->metrics));
	json_object_set_new(row, "connections", connection_counts(&snapshot->metrics));
	list = warnings(esafed, &snapshot->metrics);
	if (json_array_size(list))
		json_object_set(row, "warnings", list);
	json_decref(list);
	request_row(request, row);
	request_end(request, CTL_OK, NULL);
	snapshot_free(snapshot);
	free(snapshot);
}

void verb_detach(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	int err;

	if (!request_flag(request, "yes")) {
		request_end(request, CTL_USAGE, "say that it is meant");
		return;
	}
	err = register_change_add(esafed->reg, clock_seconds(), request->peer.name, request->verb->name, "");
	if (err) { /* an act that cannot be written down is not done */
		request_end(request, CTL_FAILED, "the act could not be recorded: %s", strerror(-err));
		return;
	}
	err = attach_none(esafed);
	log_warn("%s switched the filter off", request->peer.name);
	if (err)
		request_end(request, CTL_FAILED, "not everything could be taken off: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}
