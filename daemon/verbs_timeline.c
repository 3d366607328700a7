/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "clock.h"
#include "timeline.h"
#include "verbs.h"

const struct arg timeline_args[] = {
	{ "group", ARG_TEXT, true, ARG_WORD }, { "days", ARG_NUMBER, false, TIMELINE_DAYS },
	{ "at", ARG_NUMBER, false, ARG_TIME_MAX }, { .name = NULL }
};

static int send_row(void *ctx, const struct timeline_row *row)
{
	json_t *object = json_object();

	reply_time(object, "time", row->at);
	reply_text(object, "day", row->day);
	reply_text(object, "open", row->open);
	reply_text(object, "change", *row->about ? row->about : row->change);
	reply_text(object, "allowed", row->allowed);
	return request_row(ctx, object);
}

void verb_policy_timeline(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	const char *name = request_text(request, "group"), *near, *known[ESAFE_GROUPS];
	size_t group = esafed->policy ? policy_group(esafed->policy, name) : SIZE_MAX, n = 0;
	int err;

	if (group == SIZE_MAX) {
		for (; esafed->policy && n < esafed->policy->groups && n < ESAFE_GROUPS; n++)
			known[n] = esafed->policy->group[n].name;
		near = nearest(name, known, n);
		request_end(request, CTL_NOT_FOUND, "the policy has no group %s%s%s%s", name, near ? "; did you mean " : "",
			    near ? near : "", near ? "?" : "");
		return;
	}
	err = policy_timeline(esafed->policy, group, esafed->config->zone,
			      request_number(request, "at", clock_seconds()), request_number(request, "days", 7), send_row,
			      request);
	if (err && err != -EPIPE)
		request_end(request, CTL_FAILED, "%s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}
