/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static __u64 verdicts[ESAFE_VERDICT_CELLS], known[ESAFE_KNOWN_CELLS];
static const struct metrics_list lists[] = {
	{ "ut1-adult", "pornography", 4600000, 12, 86400, false },
	{ "own \"list\"\\\n", "games", 3, 0, 1.5, true },
};
static const struct metrics_map maps[] = { { "names", 50000000 }, { "policy", 956416 } };
static const struct metrics_iface ifaces[] = { { "lan0", "ingress", true }, { "lan0", "egress", false } };

static char *write_all(void)
{
	struct metrics_snapshot snap = {
		.version = "0.1", .kernel = "6.1.0", .verdicts = verdicts, .lists = lists, .lists_count = 2, .maps = maps,
		.maps_count = 2, .ifaces = ifaces, .ifaces_count = 2, .policy_version = 17, .policy_applied = 1780000000.25,
		.names = 5000000, .store = { .written = 1234567890123ULL, .lost = { 1, 2, 3, 4 }, .failing = true,
		.last_commit_us = 2500 }, .devices = 11, .users = 12, .classes = 13, .rooms = 14,
		.stats = { .events_lost = { 5, 6, 7, 8 }, .faults = 9, .resolved_new = 15,
			   .resolved_evicted = 16 }, .events_bad = 10,
	};
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	snap.known = known;
	snap.sessions[ESAFE_HOW_RADIUS] = 21;
	snap.sessions_expired = 22;
	snap.permits[PERMIT_DENY] = 23;
	snap.over_quota = 24;
	snap.groups[3] = "pupils";
	verdicts[ESAFE_VERDICT_INDEX(3, ESAFE_BLOCK, ESAFE_R_CATEGORY)] = 42;
	verdicts[ESAFE_VERDICT_INDEX(ESAFE_GROUPS, ESAFE_DROP, ESAFE_R_HEADER)] = 2;
	verdicts[ESAFE_VERDICT_INDEX(9, ESAFE_ALLOW, ESAFE_R_DEFAULT)] = 1;
	known[ESAFE_KNOWN_INDEX(3, ESAFE_KNOWN_NAME)] = 90;
	known[ESAFE_KNOWN_INDEX(3, ESAFE_KNOWN_OUTER)] = 7;
	known[ESAFE_KNOWN_INDEX(ESAFE_GROUPS, ESAFE_KNOWN_ADDRESS)] = 1;
	cr_assert_eq(metrics_write(&snap, out), 0);
	fclose(out);
	return text;
}

static const char *const lines[] = {
	"esafe_build_info{version=\"0.1\",kernel=\"6.1.0\"} 1\n",
	"esafe_verdicts_total{group=\"pupils\",verdict=\"block\",reason=\"category\"} 42\n",
	"esafe_verdicts_total{group=\"pupils\",verdict=\"block\",reason=\"floor\"} 0\n",
	"esafe_verdicts_total{group=\"\",verdict=\"drop\",reason=\"header\"} 2\n",
	"esafe_verdicts_total{group=\"#9\",verdict=\"allow\",reason=\"default\"} 1\n",
	"esafe_events_lost_total{verdict=\"rewrite\"} 7\n",
	"esafe_store_lost_total{verdict=\"drop\"} 4\n",
	"esafe_program_runs_total{hook=\"egress\"} 0\n",
	"esafe_list_names{list=\"ut1-adult\",category=\"pornography\"} 4600000\n",
	"esafe_list_kept_old{list=\"own \\\"list\\\"\\\\\\n\"} 1\n",
	"esafe_list_age_seconds{list=\"ut1-adult\"} 86400\n",
	"esafe_interface_attached{interface=\"lan0\",hook=\"egress\"} 0\n",
	"esafe_map_bytes{map=\"names\"} 50000000\n",
	"esafe_policy_version 17\n",
	"esafe_sessions{how=\"radius\"} 21\n",
	"esafe_sessions{how=\"class\"} 0\n",
	"esafe_sessions_over_total{reason=\"expired\"} 22\n",
	"esafe_permits{kind=\"deny\"} 23\n",
	"esafe_over_quota 24\n",
	"esafe_policy_applied_timestamp_seconds 1780000000.25\n",
	"esafe_store_written_total 1234567890123\n",
	"esafe_store_failing 1\n",
	"esafe_store_commit_seconds 0.0025",
	"esafe_faults_total 9\n",
	"esafe_connections_total{group=\"pupils\",known=\"name\"} 90\n",
	"esafe_connections_total{group=\"pupils\",known=\"outer\"} 7\n",
	"esafe_connections_total{group=\"\",known=\"address\"} 1\n",
	"esafe_resolved_new_total 15\n",
	"esafe_resolved_evicted_total 16\n",
	"esafe_devices 11\n",
	"esafe_users 12\n",
	"esafe_classes 13\n",
	"esafe_rooms 14\n",
	"esafe_events_bad_total 10\n",
};

Test(metrics, lines)
{
	char *text = write_all();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(strstr(text, lines[i]), "%s", lines[i]);
	free(text);
}

/* Prometheus itself is asked; it comes with the package that scripts/deps installs. */
Test(metrics, prometheus_accepts_them, .timeout = 60)
{
	char *text = write_all();
	FILE *tool = popen("promtool check metrics", "w");

	cr_assert(tool);
	cr_assert_eq(fwrite(text, 1, strlen(text), tool), strlen(text));
	cr_expect_eq(pclose(tool), 0);
	free(text);
}

Test(metrics, rules_are_accepted_and_name_only_what_is_written, .timeout = 60)
{
	char *text = write_all();
	char line[1000], word[128];
	FILE *rules = fopen(ESAFE_SOURCE "/daemon/share/prometheus/esafe-alerts.yaml", "r");
	unsigned seen = 0;

	cr_assert(rules);
	while (fgets(line, sizeof(line), rules))
		for (char *at = strstr(line, "esafe_"); at; at = strstr(at + 1, "esafe_")) {
			snprintf(word, sizeof(word), "\n%.*s", (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_"), at);
			cr_expect(strstr(text, word), "%s", word);
			seen++;
		}
	fclose(rules);
	cr_expect_gt(seen, 10);
	cr_expect_eq(system("promtool check rules " ESAFE_SOURCE "/daemon/share/prometheus/esafe-alerts.yaml >/dev/null"), 0);
	free(text);
}

Test(metrics, no_label_for_a_person_or_a_name)
{
	static const char *const never[] = { "user=", "device=", "name=", "domain=", "mac=", "address=", "owner=" };
	char *text = write_all();

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		cr_expect_null(strstr(text, never[i]), "%s", never[i]);
	free(text);
}

Test(metrics, nothing_loaded_yet, .timeout = 60)
{
	struct metrics_snapshot snap = { 0 };
	FILE *tool = popen("promtool check metrics", "w");

	cr_assert(tool);
	cr_expect_eq(metrics_write(&snap, tool), 0);
	cr_expect_eq(pclose(tool), 0);
}

Test(metrics, a_stream_that_fails)
{
	struct metrics_snapshot snap = { 0 };
	FILE *full = fopen("/dev/full", "w");

	cr_assert(full);
	setvbuf(full, NULL, _IONBF, 0);
	cr_expect_lt(metrics_write(&snap, full), 0);
	fclose(full);
}
