/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "event.h"
#include "metrics.h"
#include "radius.h"
#include "session_table.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const hook_names[ESAFE_HOOK_COUNT] = {
	[ESAFE_HOOK_XDP] = "xdp", [ESAFE_HOOK_INGRESS] = "ingress", [ESAFE_HOOK_EGRESS] = "egress",
};

/* The value of a label: backslash, quotation mark and line feed are escaped; other control characters become '?'. */
static void put_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else
			fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
	}
}

static void put_label(FILE *out, char before, const char *label, const char *value)
{
	fprintf(out, "%c%s=\"", before, label);
	put_value(out, value);
	fputc('"', out);
}

/* "name{label="text"} count": most lines are so. */
static void put_count(FILE *out, const char *name, const char *label, const char *text, __u64 count)
{
	fputs(name, out);
	put_label(out, '{', label, text);
	fprintf(out, "} %llu\n", (unsigned long long)count);
}

/* A group that is no more keeps its number, so that sums stay right. */
static void put_group(const struct metrics_snapshot *snap, FILE *out, unsigned group)
{
	const char *name = group < ESAFE_GROUPS ? snap->groups[group] : "";

	if (name)
		put_label(out, '{', "group", name);
	else
		fprintf(out, "{group=\"#%u\"", group);
}

/* An alert needs to see the step from none to one. */
static bool is_watched(const struct metrics_snapshot *snap, unsigned group, unsigned verdict, unsigned reason)
{
	return reason == ESAFE_R_FLOOR && verdict == ESAFE_BLOCK && (group == ESAFE_GROUPS || snap->groups[group]);
}

static void write_verdicts(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned group = 0; snap->verdicts && group <= ESAFE_GROUPS; group++)
		for (unsigned verdict = 0; verdict < ESAFE_VERDICT_COUNT; verdict++)
			for (unsigned reason = 0; reason < ESAFE_REASON_COUNT; reason++) {
				__u64 cell = snap->verdicts[ESAFE_VERDICT_INDEX(group, verdict, reason)];

				if (!cell && !is_watched(snap, group, verdict, reason))
					continue;
				fputs(name, out);
				put_group(snap, out, group);
				put_label(out, ',', "verdict", event_verdict_name(verdict));
				put_label(out, ',', "reason", event_reason_name(reason));
				fprintf(out, "} %llu\n", (unsigned long long)cell);
			}
}

static void write_known(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned group = 0; snap->known && group <= ESAFE_GROUPS; group++)
		for (unsigned known = 0; known < ESAFE_KNOWN_COUNT; known++) {
			__u64 cell = snap->known[ESAFE_KNOWN_INDEX(group, known)];

			if (!cell)
				continue;
			fputs(name, out);
			put_group(snap, out, group);
			put_label(out, ',', "known", event_known_name(known));
			fprintf(out, "} %llu\n", (unsigned long long)cell);
		}
}

static void write_by_verdict(FILE *out, const char *name, const __u64 *values)
{
	for (unsigned verdict = 0; verdict < ESAFE_VERDICT_COUNT; verdict++)
		put_count(out, name, "verdict", event_verdict_name(verdict), values[verdict]);
}

static void write_events_lost(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	write_by_verdict(out, name, snap->stats.events_lost);
}

static void write_store_lost(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	write_by_verdict(out, name, snap->store.lost);
}

static void write_runs(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned hook = 0; hook < ESAFE_HOOK_COUNT; hook++)
		put_count(out, name, "hook", hook_names[hook], snap->stats.runs[hook]);
}

static void write_list_names(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->lists_count; i++) {
		fputs(name, out);
		put_label(out, '{', "list", snap->lists[i].name);
		put_label(out, ',', "category", snap->lists[i].category);
		fprintf(out, "} %llu\n", (unsigned long long)snap->lists[i].names);
	}
}

static void write_list_rejects(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->lists_count; i++)
		put_count(out, name, "list", snap->lists[i].name, snap->lists[i].rejects);
}

static void write_list_kept_old(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->lists_count; i++)
		put_count(out, name, "list", snap->lists[i].name, snap->lists[i].kept_old);
}

static void write_list_age(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->lists_count; i++) {
		fputs(name, out);
		put_label(out, '{', "list", snap->lists[i].name);
		fprintf(out, "} %.15g\n", snap->lists[i].age);
	}
}

static void write_maps(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->maps_count; i++)
		put_count(out, name, "map", snap->maps[i].name, snap->maps[i].bytes);
}

static void write_ifaces(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (size_t i = 0; i < snap->ifaces_count; i++) {
		fputs(name, out);
		put_label(out, '{', "interface", snap->ifaces[i].name);
		put_label(out, ',', "hook", snap->ifaces[i].hook);
		fprintf(out, "} %d\n", snap->ifaces[i].attached);
	}
}

static void write_radius(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned i = 0; snap->radius && i < RADIUS_WAS_COUNT; i++)
		put_count(out, name, "result", radius_result_names[i], snap->radius[i]);
}

static void write_answers(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	fprintf(out, "%s{quantile=\"0.5\"} %.15g\n%s_sum %.15g\n%s_count %llu\n", name, snap->request_median, name,
		snap->request_sum, name, (unsigned long long)snap->requests_answered);
}

static void write_sessions(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned how = 0; how < ESAFE_HOW_COUNT; how++)
		if (session_rank(how))
			put_count(out, name, "how", event_how_name(how), snap->sessions[how]);
}

static void write_sessions_over(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	put_count(out, name, "reason", "ended", snap->sessions_ended);
	put_count(out, name, "reason", "expired", snap->sessions_expired);
	put_count(out, name, "reason", "replaced", snap->sessions_replaced);
}

static void write_permits(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	for (unsigned kind = PERMIT_LESSON; kind < PERMIT_KINDS; kind++)
		put_count(out, name, "kind", permit_kind_name(kind), snap->permits[kind]);
}

static void write_build(const struct metrics_snapshot *snap, FILE *out, const char *name)
{
	fputs(name, out);
	put_label(out, '{', "version", snap->version ? snap->version : "");
	put_label(out, ',', "kernel", snap->kernel ? snap->kernel : "");
	fputs("} 1\n", out);
}

enum kind { U64, U32, UINT, DOUBLE, MICROS, BOOL };

#define VALUE(kind, member) .value = kind, .at = offsetof(struct metrics_snapshot, member)

/* Every series: name, type, help, and either the member it is or the function that writes its lines. */
static const struct {
	const char *name, *type, *help;
	void (*write)(const struct metrics_snapshot *snap, FILE *out, const char *name);
	enum kind value;
	size_t at;
} rows[] = {
	{ "esafe_build_info", "gauge", "Version of esafe and of the kernel it runs on.", .write = write_build },
	{ "esafe_verdicts_total", "counter", "Judgements by group, verdict and reason.", .write = write_verdicts },
	{ "esafe_events_lost_total", "counter", "Events that did not fit into the ring buffer, by verdict; the verdict "
	  "itself was carried out.", .write = write_events_lost },
	{ "esafe_events_bad_total", "counter", "Events that the daemon could not understand.", VALUE(U64, events_bad) },
	{ "esafe_program_runs_total", "counter", "Packets that came to a program, by hook.", .write = write_runs },
	{ "esafe_connections_total", "counter", "Connections by group and by what was known of them when they were judged: "
	  "name, dns (only that the device had resolved the address), outer (only a public name), address.",
	  .write = write_known },
	{ "esafe_resolved_new_total", "counter", "Addresses that a device resolved and did not have before.",
	  VALUE(U64, stats.resolved_new) },
	{ "esafe_resolved_evicted_total", "counter", "Resolved addresses that were forgotten for lack of room.",
	  VALUE(U64, stats.resolved_evicted) },
	{ "esafe_faults_total", "counter", "Helpers of the kernel that refused; see reason fault.",
	  VALUE(U64, stats.faults) },
	{ "esafe_uncounted_bytes_total", "counter", "Bytes of devices for which there was no room to count them.",
	  VALUE(U64, stats.uncounted) },
	{ "esafe_flows_evicted_total", "counter", "Connections forgotten for lack of room.",
	  VALUE(U64, stats.flows_evicted) },
	{ "esafe_interface_attached", "gauge", "1 if the program is attached to the interface.", .write = write_ifaces },
	{ "esafe_quic_inspected", "gauge", "1 if names in QUIC are read where the policy says so; 0: QUIC is rejected there.",
	  VALUE(BOOL, reads_quic) },
	{ "esafe_names", "gauge", "Different names in the category map.", VALUE(U64, names) },
	{ "esafe_list_names", "gauge", "Names taken from a list.", .write = write_list_names },
	{ "esafe_list_rejects", "gauge", "Lines of a list that are not names.", .write = write_list_rejects },
	{ "esafe_list_age_seconds", "gauge", "Time since a list's file was changed.", .write = write_list_age },
	{ "esafe_list_kept_old", "gauge", "1 if the newest file of a list was refused and the one before is in force.",
	  .write = write_list_kept_old },
	{ "esafe_policy_version", "gauge", "Version of the policy in force; 0: none.", VALUE(U32, policy_version) },
	{ "esafe_policy_applied_timestamp_seconds", "gauge", "When the policy in force was applied.",
	  VALUE(DOUBLE, policy_applied) },
	{ "esafe_policy_until_timestamp_seconds", "gauge", "Up to when the kernel knows the timetable; the daemon moves it "
	  "on.", VALUE(DOUBLE, policy_until) },
	{ "esafe_devices", "gauge", "Devices in the register.", VALUE(U64, devices) },
	{ "esafe_users", "gauge", "Users in the register who have not left.", VALUE(U64, users) },
	{ "esafe_classes", "gauge", "Classes in the register.", VALUE(U64, classes) },
	{ "esafe_rooms", "gauge", "Rooms in the register.", VALUE(U64, rooms) },
	{ "esafe_sessions", "gauge", "Sessions that are open, by how they are known.", .write = write_sessions },
	{ "esafe_sessions_started_total", "counter", "Sessions that began.", VALUE(U64, sessions_started) },
	{ "esafe_sessions_over_total", "counter", "Sessions that are over, and why.", .write = write_sessions_over },
	{ "esafe_sessions_elsewhere_total", "counter", "Sessions of a person who was in another room, or on too many devices, "
	  "at the same time.", VALUE(U64, sessions_elsewhere) },
	{ "esafe_permits", "gauge", "What is open or closed for a while, by kind.", .write = write_permits },
	{ "esafe_over_quota", "gauge", "Devices that have used up a quota.", VALUE(U64, over_quota) },
	{ "esafe_vouchers_used_total", "counter", "Log-ins at the portal by voucher.", VALUE(U64, vouchers_used) },
	{ "esafe_vouchers_wrong_total", "counter", "Codes at the portal that were not right, or over.",
	  VALUE(U64, vouchers_wrong) },
	{ "esafe_logins_total", "counter", "Right passwords at the pages.", VALUE(U64, logins) },
	{ "esafe_logins_wrong_total", "counter", "Wrong passwords at the pages.", VALUE(U64, logins_wrong) },
	{ "esafe_logins_slowed_total", "counter", "Log-ins put off since a device, or all, tried too often.",
	  VALUE(U64, logins_slowed) },
	{ "esafe_requests_waiting", "gauge", "Requests of people that wait for an answer.", VALUE(U64, requests_waiting) },
	{ "esafe_request_answer_seconds", "summary", "Time until a request was answered; the median is that of the last 90 "
	  "days.", .write = write_answers },
	{ "esafe_map_bytes", "gauge", "Memory of a kernel map.", .write = write_maps },
	{ "esafe_store_written_total", "counter", "Events written to the database.", VALUE(U64, store.written) },
	{ "esafe_store_lost_total", "counter", "Events given up because the database could not be written, by verdict.",
	  .write = write_store_lost },
	{ "esafe_store_commits_total", "counter", "Transactions of the event database.", VALUE(U64, store.commits) },
	{ "esafe_store_errors_total", "counter", "Transactions that failed and were tried again.",
	  VALUE(U64, store.errors) },
	{ "esafe_store_damaged_total", "counter", "Event databases found damaged and moved aside.",
	  VALUE(U64, store.damaged) },
	{ "esafe_store_failing", "gauge", "1 while the event database cannot be written.", VALUE(BOOL, store.failing) },
	{ "esafe_store_pending", "gauge", "Events that wait to be written.", VALUE(U64, store.pending) },
	{ "esafe_store_commit_seconds", "gauge", "Duration of the last transaction.", VALUE(MICROS, store.last_commit_us) },
	{ "esafe_store_day_bytes", "gauge", "Size of today's event database.", VALUE(U64, store.day_bytes) },
	{ "esafe_store_free_bytes", "gauge", "Free room on the file system of the event databases.",
	  VALUE(DOUBLE, store_free_bytes) },
	{ "esafe_control_requests_total", "counter", "Requests on the control socket.", VALUE(U64, control_requests) },
	{ "esafe_control_errors_total", "counter", "Requests that failed.", VALUE(U64, control_errors) },
	{ "esafe_control_refused_total", "counter", "Requests of accounts that may not make them.",
	  VALUE(U64, control_refused) },
	{ "esafe_control_clients", "gauge", "Open connections of the control socket.", VALUE(UINT, control_clients) },
	{ "esafe_radius_requests_total", "counter", "RADIUS accounting datagrams by what became of them.",
	  .write = write_radius },
	{ "process_start_time_seconds", "gauge", "When the daemon was started.", VALUE(DOUBLE, start_time) },
	{ "process_cpu_seconds_total", "counter", "Processor time of the daemon.", VALUE(DOUBLE, cpu_seconds) },
	{ "process_resident_memory_bytes", "gauge", "Memory of the daemon.", VALUE(U64, resident_bytes) },
	{ "process_virtual_memory_bytes", "gauge", "Address space of the daemon.", VALUE(U64, virtual_bytes) },
	{ "process_open_fds", "gauge", "Open descriptors of the daemon.", VALUE(UINT, open_fds) },
	{ "process_max_fds", "gauge", "Descriptors that the daemon may open.", VALUE(UINT, max_fds) },
};

static double value_of(const struct metrics_snapshot *snap, enum kind kind, size_t at)
{
	const char *member = (const char *)snap + at;

	switch (kind) {
	case U64:
		return (double)*(const __u64 *)member;
	case U32:
		return *(const __u32 *)member;
	case UINT:
		return *(const unsigned *)member;
	case DOUBLE:
		return *(const double *)member;
	case MICROS:
		return (double)*(const __s64 *)member / 1e6;
	case BOOL:
		return *(const bool *)member;
	}
	return 0;
}

int metrics_write(const struct metrics_snapshot *snapshot, FILE *out)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name, rows[i].help, rows[i].name, rows[i].type);
		if (rows[i].write)
			rows[i].write(snapshot, out, rows[i].name);
		else
			fprintf(out, "%s %.17g\n", rows[i].name, value_of(snapshot, rows[i].value, rows[i].at));
	}
	return ferror(out) ? -EIO : 0;
}
