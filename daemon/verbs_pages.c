/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that shows pages may ask about a device, by the address that it was asked from. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "names.h"
#include "refused.h"
#include "register_requests.h"
#include "ring.h"
#include "verbs.h"
#include "why.h"

#define TYPE_A 1

const struct arg page_why_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "name", ARG_TEXT, false, ARG_NAME }, { .name = NULL }
};

/* ---- who ---- */

static int address_parse(const char *text, __u8 out[16])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, out) == 1)
		return 0;
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out + 12) == 1 ? 0 : -EINVAL;
}

/* On interfaces where devices are known by their address there may be a router in between: its MAC says nothing. */
static bool known_by_mac(const struct esafed *esafed, const struct neigh_entry *entry)
{
	for (size_t i = 0; i < esafed->config->ifaces; i++)
		if (esafed->attached[i] == entry->ifindex)
			return esafed->config->iface[i].identity == ESAFE_BY_MAC;
	return true;
}

int visitor_find(const struct esafed *esafed, const char *address, struct visitor *out)
{
	struct visitor found = { .key.kind = ESAFE_BY_ADDRESS };
	const struct neigh_entry *entry;
	struct reg_device device;

	if (address_parse(address, found.addr))
		return -EINVAL;
	memcpy(found.key.addr, found.addr, 16);
	snprintf(found.device, sizeof(found.device), "%s", address);
	entry = esafed->neigh ? neigh_find(esafed->neigh, 0, found.addr) : NULL;
	if (entry) {
		found.ifindex = entry->ifindex;
		if (known_by_mac(esafed, entry)) {
			found.key = (struct esafe_device_key){ .kind = ESAFE_BY_MAC };
			memcpy(found.key.addr, entry->mac, sizeof(entry->mac));
		}
	}
	if (!register_device_by_addr(esafed->reg, found.key.kind, found.key.addr, &device)) {
		snprintf(found.device, sizeof(found.device), "%s", device.name);
		register_device_free(&device);
	}
	*out = found;
	return 0;
}

int visitor_why(const struct esafed *esafed, const struct visitor *visitor, const char *name, struct esafe_why *out)
{
	struct why_question question = { .qtype = TYPE_A };
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_shown(name, strlen(name), wire);

	if (len < 0)
		return -EINVAL;
	why_place(esafed, visitor->key.kind, visitor->key.addr, &question);
	memcpy(question.address, visitor->addr, sizeof(question.address));
	if (visitor->ifindex)
		question.ifindex = visitor->ifindex;
	question.name = wire;
	question.name_len = (size_t)len;
	return why_ask(esafed->maps, &question, out);
}

/* ---- why ---- */

static void add_help(json_t *row, const struct esafed *esafed)
{
	json_t *list = json_array();
	char text[NAME_TEXT_MAX];

	for (size_t i = 0; esafed->policy && i < esafed->policy->helps; i++)
		if (name_to_text(esafed->policy->help[i]->wire, esafed->policy->help[i]->len, text, sizeof(text)) > 0)
			json_array_append_new(list, json_string(text));
	json_object_set_new(row, "help", list);
}

static const char *category_about(const struct esafed *esafed, const char *name)
{
	for (size_t i = 0; esafed->policy && name && i < esafed->policy->categories; i++)
		if (!strcmp(esafed->policy->category[i].name, name))
			return esafed->policy->category[i].about;
	return NULL;
}

/* Nothing of a locked list: not that the name is on one, and not by its category. */
static void add_reason(json_t *row, const struct esafed *esafed, const struct esafe_event *event)
{
	const char *category = event->category == ESAFE_NO_CATEGORY ? NULL :
								       idtable_name(&esafed->categories, event->category);
	bool floor = event->reason == ESAFE_R_FLOOR;

	reply_text(row, "verdict", event_verdict_name(event->verdict));
	reply_text(row, "reason", floor ? event_reason_name(ESAFE_R_SITE) : event_reason_name(event->reason));
	if (floor)
		return;
	reply_text(row, "category", category);
	reply_text(row, "about", category_about(esafed, category));
}

static int add_asked(void *ctx, const struct reg_request *request)
{
	json_t *asked;

	/* What was open for a while may be asked for again. */
	if (request->state == REQUEST_OPENED && request->until && request->until <= clock_seconds())
		return 1;
	asked = json_object();
	if (request->state != REQUEST_WAITING) {
		json_object_set_new(asked, "answer", json_true());
		if (request->state == REQUEST_OPENED)
			json_object_set_new(asked, "open", json_true());
		reply_time(asked, "until", request->until);
		reply_text(asked, "note", request->note);
	}
	json_object_set_new(ctx, "asked", asked);
	return 1;
}

static void add_name(struct request *request, json_t *row, const struct visitor *visitor, const char *name,
		     const struct esafe_why *answer)
{
	const struct esafed *esafed = request_esafed(request);

	reply_text(row, "name", name);
	add_reason(row, esafed, &answer->event);
	if (answer->event.reason != ESAFE_R_HELP)
		register_request_of(esafed->reg, name, &visitor->key, sizeof(visitor->key), add_asked, row);
}

/* In lower case and without escapes' tricks: as it would be shown. -EINVAL: not a name. */
static int plain_name(const char *name, char out[NAME_TEXT_MAX])
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_shown(name, strlen(name), wire);

	return len > 0 && name_to_text(wire, (size_t)len, out, NAME_TEXT_MAX) > 0 ? 0 : -EINVAL;
}

void verb_page_why(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	const char *name = request_text(request, "name");
	const struct refused_name *refused = NULL;
	struct esafe_why answer = { 0 };
	char plain[NAME_TEXT_MAX];
	struct visitor visitor;
	json_t *row;

	if (visitor_find(esafed, request_text(request, "address"), &visitor)) {
		request_end(request, CTL_USAGE, "not an address");
		return;
	}
	if (name && plain_name(name, plain))
		name = NULL;
	if (!name) {
		static const __u8 none[6];

		ring_drain(esafed->ring); /* what led here may have come just now */
		refused = refused_of(esafed->refused, visitor.key.kind == ESAFE_BY_MAC ? visitor.key.addr : none, visitor.addr);
		if (refused)
			snprintf(plain, sizeof(plain), "%s", refused->name);
	}
	row = json_object();
	reply_text(row, "device", visitor.device);
	if (visitor_is_captive(esafed, &visitor))
		json_object_set_new(row, "captive", json_true());
	if ((name || refused) && !visitor_why(esafed, &visitor, plain, &answer))
		add_name(request, row, &visitor, plain, &answer);
	add_help(row, esafed);
	request_row(request, row);
	request_end(request, CTL_OK, NULL);
}
