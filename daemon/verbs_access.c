/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which group: counted, and as it was at any time. */
#include <errno.h>
#include <string.h>

#include "change.h"
#include "register_people.h"
#include "verbs.h"

/* ---- group ls ---- */

struct counts {
	const struct policy *policy;
	unsigned users[ESAFE_GROUPS], devices[ESAFE_GROUPS], classes[ESAFE_GROUPS];
};

static void count(const struct counts *counts, unsigned *of, const char *group)
{
	size_t at = *group ? policy_group(counts->policy, group) : SIZE_MAX;

	if (at < ESAFE_GROUPS)
		of[at]++;
}

static int count_user(void *ctx, const struct reg_user *user)
{
	struct counts *counts = ctx;

	if (!user->gone)
		count(counts, counts->users, user->holds);
	return 0;
}

static int count_device(void *ctx, const struct reg_device *device)
{
	struct counts *counts = ctx;

	count(counts, counts->devices, device->holds);
	return 0;
}

static int count_class(void *ctx, const struct reg_class *class)
{
	struct counts *counts = ctx;

	count(counts, counts->classes, class->group);
	return 0;
}

void verb_group_ls(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	struct counts counts = { .policy = esafed->policy };
	int err;

	if (!esafed->policy) {
		request_end(request, CTL_FAILED, "no policy is in force");
		return;
	}
	err = register_users(esafed->reg, count_user, &counts) ?: register_devices(esafed->reg, count_device, &counts) ?:
	      register_classes(esafed->reg, count_class, &counts);
	for (size_t i = 0; i < esafed->policy->groups && i < ESAFE_GROUPS && !err; i++) {
		json_t *row = json_object();

		reply_text(row, "group", esafed->policy->group[i].name);
		reply_number(row, "users", counts.users[i]);
		reply_number(row, "devices", counts.devices[i]);
		reply_number(row, "classes", counts.classes[i]);
		reply_text(row, "about", esafed->policy->group[i].about);
		request_row(request, row);
	}
	change_end(request, err, "group", "");
}

/* ---- access ls ---- */

static int access_row(void *ctx, const struct reg_access *access)
{
	json_t *row = json_object();

	reply_text(row, "kind", access->kind);
	reply_text(row, "name", access->name);
	reply_text(row, "group", access->group);
	reply_time(row, "since", access->since);
	reply_text(row, "by", access->who);
	reply_time(row, "until", access->until);
	reply_text(row, "ended_by", access->ended);
	return request_row(ctx, row);
}

void verb_access_ls(struct request *request)
{
	const char *user = request_text(request, "user"), *device = request_text(request, "device");
	struct reg_access_filter filter = {
		.kind = user ? "user" : device ? "device" : NULL,
		.name = user ?: device,
		.group = request_text(request, "group"),
		.at = request_number(request, "at", 0),
	};
	int err;

	filter.all = filter.name && !filter.at;
	if (user && device) {
		request_end(request, CTL_USAGE, "of a user or of a device");
		return;
	}
	err = register_access(request_esafed(request)->reg, &filter, access_row, request);
	change_end(request, err == -EPIPE ? 0 : err, "access", "");
}
