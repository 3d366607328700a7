/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process has counted, for Prometheus on this machine. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "routes.h"

static const struct {
	const char *name, *help;
} rows[COUNTS] = {
	[COUNT_VISITS] = { "esafe_pages_visits_total", "Requests of browsers." },
	[COUNT_REFUSED] = { "esafe_pages_refused_total", "Requests that were not done, for none of the reasons below." },
	[COUNT_SLOW] = { "esafe_pages_slow_total", "Connections that took too long to ask for anything." },
	[COUNT_FOREIGN] = { "esafe_pages_foreign_total", "Forms that a page of another site sent." },
	[COUNT_FLOODED] = { "esafe_pages_flooded_total", "Requests beyond what one address may make." },
	[COUNT_FORGED] = { "esafe_pages_forged_total", "Forms that did not come from our own pages." },
	[COUNT_LOGINS] = { "esafe_pages_logins_total", "Log-ins that were right, of all kinds." },
	[COUNT_LOGINS_BAD] = { "esafe_pages_logins_wrong_total", "Log-ins with a wrong password or voucher." },
	[COUNT_SLOWED] = { "esafe_pages_logins_slowed_total", "Log-ins put off because of too many attempts." },
	[COUNT_LOGONS] = { "esafe_pages_logons_total", "Logons and logoffs told by scripts." },
	[COUNT_LOGONS_FORGED] = { "esafe_pages_logons_forged_total",
				  "Logons with a wrong token, or for another device, that nothing came of." },
	[COUNT_LOGONS_SLOWED] = { "esafe_pages_logons_slowed_total", "Logons put off because of too many forged ones." },
	[COUNT_FAILED] = { "esafe_pages_failed_total", "Things that esafed could not do: its disk may be full." },
	[COUNT_UNANSWERED] = { "esafe_pages_unanswered_total", "Questions that esafed did not answer." },
};

void figures_show(struct visit *visit)
{
	struct rusage usage = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = strcmp(visit->path, "/metrics") ? NULL : open_memstream(&text, &len);

	if (!out) {
		visit_plain(visit, 404, "no such page\n");
		return;
	}
	for (int i = 0; i < COUNTS; i++)
		fprintf(out, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", rows[i].name, rows[i].help, rows[i].name,
			rows[i].name, visit->pages->count[i]);
	getrusage(RUSAGE_SELF, &usage);
	fprintf(out, "# HELP process_cpu_seconds_total Processor time of the process.\n"
		     "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n",
		usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	if (fclose(out)) {
		free(text);
		text = NULL;
		len = 0;
	}
	visit_text(visit, text ? 200 : 500, "text/plain; version=0.0.4; charset=utf-8", text, len);
}
