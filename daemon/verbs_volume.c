/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "register_volumes.h"
#include "verbs.h"
#include "volumes.h"

const struct arg volume_ls_args[] = {
	{ "group", ARG_TEXT, false, ARG_WORD }, { "limit", ARG_NUMBER, false, ARG_NUMBER_MAX }, { .name = NULL }
};
const struct arg volume_groups_args[] = { { "days", ARG_NUMBER, false, 3660 }, { .name = NULL } };

/* ---- devices: of today ---- */

struct listing {
	const struct volume **item;
	size_t n;
	__s64 today;
	const char *group;
};

static int gather(void *ctx, struct volume *volume)
{
	struct listing *listing = ctx;

	if (volume->day == listing->today && (!listing->group || !strcmp(listing->group, volume->group)))
		listing->item[listing->n++] = volume;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct volume *x = *(const struct volume *const *)a, *y = *(const struct volume *const *)b;
	__u64 left = x->up + x->down, right = y->up + y->down;

	return (left < right) - (left > right);
}

static void add_quotas(json_t *row, const struct esafed *esafed, const struct volume *volume)
{
	size_t group = esafed->policy ? policy_group(esafed->policy, volume->group) : SIZE_MAX, at = 0;
	const struct group *of = group == SIZE_MAX ? NULL : &esafed->policy->group[group];
	char text[512] = "";

	for (size_t i = 0; of && i < of->quotas; i++) {
		const char *time = quota_time(esafed->policy, &of->quota[i]);

		for (size_t j = 0; j < QUOTAS && at < sizeof(text); j++)
			if (volume->use[j].since && !strcmp(volume->use[j].time, time))
				at += snprintf(text + at, sizeof(text) - at, "%s%s %llu %%", at ? ", " : "", time,
					       volume->use[j].bytes * 100 / of->quota[i].bytes);
	}
	reply_text(row, "quota", text);
	if (volume->over)
		json_object_set_new(row, "over", json_true());
}

static json_t *volume_row(const struct esafed *esafed, const struct volume *volume)
{
	const char *name = devices_name_of(esafed->devices, &volume->key);
	char address[EVENT_ADDRESS_SIZE], text[16];
	json_t *row = json_object();

	device_key_text(volume->key.kind, volume->key.addr, address);
	reply_text(row, "device", name ? name : address);
	reply_text(row, "address", address);
	reply_text(row, "group", volume->group);
	bytes_text(volume->up, text, sizeof(text));
	reply_text(row, "up", text);
	bytes_text(volume->down, text, sizeof(text));
	reply_text(row, "down", text);
	bytes_text(volume->last / VOLUMES_SAMPLE_S, text, sizeof(text));
	reply_text(row, "rate", text);
	reply_number(row, "bytes_up", (long long)volume->up);
	reply_number(row, "bytes_down", (long long)volume->down);
	add_quotas(row, esafed, volume);
	return row;
}

int volume_rows(const struct esafed *esafed, const char *group, size_t limit, int (*send)(void *ctx, json_t *row),
		void *ctx)
{
	const struct volume_table *table = volumes_table(esafed);
	struct listing listing = { .today = volume_midnight(clock_seconds()), .group = group };
	int err = 0;

	listing.item = calloc(volume_count(table) + 1, sizeof(*listing.item));
	if (!listing.item)
		return -ENOMEM;
	volume_each(table, gather, &listing);
	qsort(listing.item, listing.n, sizeof(*listing.item), by_bytes);
	for (size_t i = 0; i < listing.n && (!limit || i < limit) && !err; i++)
		err = send(ctx, volume_row(esafed, listing.item[i]));
	free(listing.item);
	return err;
}

static int send_row(void *ctx, json_t *row)
{
	return request_row(ctx, row);
}

void verb_volume_ls(struct request *request)
{
	int err = volume_rows(request_esafed(request), request_text(request, "group"), request_number(request, "limit", 100),
			      send_row, request);

	request_end(request, err && err != -EPIPE ? CTL_FAILED : CTL_OK, NULL);
}

/* ---- groups: by day ---- */

static int group_row(void *ctx, const struct reg_volume *volume)
{
	json_t *row = json_object();
	char date[CLOCK_TEXT_SIZE], text[16];

	clock_text(volume->day, date);
	date[10] = '\0';
	reply_text(row, "day", date);
	reply_text(row, "group", *volume->group ? volume->group : "(not known)");
	reply_number(row, "devices", (long long)volume->devices);
	bytes_text(volume->up, text, sizeof(text));
	reply_text(row, "up", text);
	bytes_text(volume->down, text, sizeof(text));
	reply_text(row, "down", text);
	reply_number(row, "bytes_up", (long long)volume->up);
	reply_number(row, "bytes_down", (long long)volume->down);
	return request_row(ctx, row);
}

void verb_volume_groups(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	__s64 since = volume_midnight(clock_seconds()) - (request_number(request, "days", 7) - 1) * 86400 - 3600;
	int err = volumes_save(esafed);

	if (!err)
		err = register_volume_groups(esafed->reg, since, group_row, request);
	request_end(request, err && err != -EPIPE ? CTL_FAILED : CTL_OK, NULL);
}
