/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks for what just now: counted over the last half minute, for as long as somebody looks on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "recorder.h"
#include "verbs.h"

#define TOP_DEVICES 512 /* more at once are counted together */
#define TOP_ROWS 20
#define TOP_SLOTS 6     /* of five seconds */
#define SLOT_S 5
#define PICTURE_MS 1000

struct counted {
	__u8 mac[6];
	__u8 addr[16];
	char device[128], group[64], last[256];
	bool last_refused;
	unsigned asked[TOP_SLOTS], refused[TOP_SLOTS];
};

struct top {
	struct esafed *esafed;
	struct listener listener;
	struct loop_source *timer;
	struct counted item[TOP_DEVICES];
	unsigned n, others;
	unsigned limit;
	bool by_volume;
	__s64 slot; /* number of the one in use */
};

static unsigned sum(const unsigned slots[TOP_SLOTS])
{
	unsigned total = 0;

	for (int i = 0; i < TOP_SLOTS; i++)
		total += slots[i];
	return total;
}

static struct counted *counted_of(struct top *top, const struct record *record)
{
	struct counted *item;

	for (unsigned i = 0; i < top->n; i++)
		if (!memcmp(top->item[i].mac, record->mac, 6) && !memcmp(top->item[i].addr, record->src, 16))
			return &top->item[i];
	if (top->n == TOP_DEVICES)
		return NULL;
	item = &top->item[top->n++];
	memset(item, 0, sizeof(*item));
	memcpy(item->mac, record->mac, 6);
	memcpy(item->addr, record->src, 16);
	return item;
}

static void count(void *ctx, const struct record *record)
{
	struct top *top = ctx;
	struct counted *item = counted_of(top, record);
	bool refused = record->verdict == ESAFE_BLOCK || record->verdict == ESAFE_DROP;
	char address[EVENT_ADDRESS_SIZE];

	if (!item) {
		top->others++;
		return;
	}
	event_address_text(record->src, address);
	snprintf(item->device, sizeof(item->device), "%s", *record->device ? record->device : address);
	snprintf(item->group, sizeof(item->group), "%s", record->group);
	item->asked[top->slot % TOP_SLOTS]++;
	item->refused[top->slot % TOP_SLOTS] += refused;
	if (!*record->name || (item->last_refused && !refused))
		return;
	snprintf(item->last, sizeof(item->last), "%.250s", record->name);
	item->last_refused = refused;
}

static void clear_slot(struct counted *item, unsigned at)
{
	item->asked[at] = item->refused[at] = 0;
}

/* Clears the slots that come into use, and forgets who has been silent in all of them. */
static void turn_slot(struct top *top)
{
	__s64 slot = clock_seconds() / SLOT_S, steps = slot - top->slot;
	unsigned kept = 0;

	if (steps < 0 || steps > TOP_SLOTS)
		steps = TOP_SLOTS; /* the clock was set, or nobody turned for long */
	for (; steps > 0; steps--)
		for (unsigned i = 0; i < top->n; i++)
			clear_slot(&top->item[i], (slot - steps + 1) % TOP_SLOTS);
	top->slot = slot;
	for (unsigned i = 0; i < top->n; i++)
		if (sum(top->item[i].asked))
			top->item[kept++] = top->item[i];
	top->n = kept;
}

static int compare(const void *a, const void *b)
{
	unsigned x = sum(((const struct counted *)a)->asked), y = sum(((const struct counted *)b)->asked);

	return (x < y) - (x > y);
}

static const struct counted *find(const struct top *top, const char *device)
{
	for (unsigned i = 0; device && i < top->n; i++)
		if (!strcmp(top->item[i].device, device))
			return &top->item[i];
	return NULL;
}

struct rows {
	const struct top *top;
	json_t *rows;
};

/* A device by its volume of today, with what it asks for now. */
static int add_volume(void *ctx, json_t *row)
{
	struct rows *to = ctx;
	const struct counted *item = find(to->top, json_string_value(json_object_get(row, "device")));

	if (item) {
		reply_number(row, "asked", sum(item->asked));
		reply_number(row, "refused", sum(item->refused));
		reply_text(row, "last", item->last);
	}
	return json_array_append_new(to->rows, row);
}

static void picture_volume(struct request *request, struct top *top)
{
	struct rows to = { top, json_array() };
	json_t *whole;

	turn_slot(top);
	volume_rows(top->esafed, NULL, top->limit, add_volume, &to);
	whole = json_pack("{si si si so}", "seconds", TOP_SLOTS * SLOT_S, "devices", (int)json_array_size(to.rows),
			  "others", 0, "rows", to.rows);
	if (request_room(request))
		request_row(request, whole);
	else
		json_decref(whole);
}

static void picture(void *ctx)
{
	struct request *request = ctx;
	struct top *top = request->state;
	json_t *rows, *whole;

	if (top->by_volume) {
		picture_volume(request, top);
		return;
	}
	rows = json_array();
	turn_slot(top);
	qsort(top->item, top->n, sizeof(*top->item), compare);
	for (unsigned i = 0; i < top->n && i < top->limit; i++) {
		const struct counted *item = &top->item[i];
		json_t *row = json_object();

		reply_number(row, "asked", sum(item->asked));
		reply_number(row, "refused", sum(item->refused));
		reply_text(row, "device", item->device);
		reply_text(row, "group", item->group);
		reply_text(row, "last", item->last);
		json_array_append_new(rows, row);
	}
	whole = json_pack("{si si si so}", "seconds", TOP_SLOTS * SLOT_S, "devices", (int)top->n, "others",
			  (int)top->others, "rows", rows);
	if (request_room(request))
		request_row(request, whole);
	else
		json_decref(whole); /* a slow reader gets fewer pictures */
}

static void top_gone(struct request *request)
{
	struct top *top = request->state;

	recorder_ignore(top->esafed, &top->listener);
	loop_remove(top->timer);
	free(top);
	request_end(request, CTL_OK, NULL);
}

void verb_top(struct request *request)
{
	struct top *top = NULL;
	long long limit = request_number(request, "limit", TOP_ROWS);
	const char *by = request_text(request, "by");

	if (by && strcmp(by, "volume") && strcmp(by, "names")) {
		request_end(request, CTL_USAGE, "--by is names or volume, not \"%s\"", by);
		return;
	}
	top = calloc(1, sizeof(*top));
	if (top) {
		top->by_volume = by && !strcmp(by, "volume");
		top->esafed = request_esafed(request);
		top->timer = loop_timer(top->esafed->loop, PICTURE_MS, PICTURE_MS, picture, request);
	}
	if (!top || !top->timer) {
		free(top);
		request_end(request, CTL_FAILED, "%s", strerror(ENOMEM));
		return;
	}
	top->limit = limit > 0 && limit < TOP_DEVICES ? limit : TOP_DEVICES;
	top->slot = clock_seconds() / SLOT_S;
	top->listener = (struct listener){ .fn = count, .ctx = top };
	recorder_listen(top->esafed, &top->listener);
	request->state = top;
	request->gone = top_gone;
	picture(request);
}
