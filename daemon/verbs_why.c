/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a name is judged as it is: the loaded program is asked, and what it says is put into words. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "finding.h"
#include "names.h"
#include "permit_ask.h"
#include "permits.h"
#include "verbs.h"
#include "why.h"

struct asking {
	struct request *request;
	json_t *row;
};

/* "AAAA", "TYPE65" or "65"; -EINVAL */
static int qtype_number(const char *text)
{
	const char *digits = strncasecmp(text, "TYPE", 4) ? text : text + 4;
	char room[12], *end;
	unsigned long number;

	for (unsigned type = 1; type < 300; type++)
		if (!strcasecmp(event_qtype_name(type, room), text))
			return type;
	number = strtoul(digits, &end, 10);
	return end > digits && !*end && number > 0 && number < 65536 ? (int)number : -EINVAL;
}

/* ---- the device ---- */

/* Any address of it, best one of IPv4: subnets of the policy speak of those most often. */
static int find_address(void *ctx, const struct neigh_entry *entry)
{
	struct why_question *question = ctx;

	if (memcmp(entry->mac, question->mac, sizeof(entry->mac)))
		return 0;
	memcpy(question->address, entry->addr, sizeof(entry->addr));
	question->ifindex = entry->ifindex;
	return !memcmp(entry->addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
}

static bool is_filtered(const struct config *config, __u32 ifindex)
{
	for (size_t i = 0; ifindex && i < config->ifaces; i++)
		if (if_nametoindex(config->iface[i].name) == ifindex)
			return true;
	return false;
}

static __u32 some_interface(const struct config *config, int identity)
{
	for (size_t i = 0; i < config->ifaces; i++)
		if (config->iface[i].identity == identity && if_nametoindex(config->iface[i].name))
			return if_nametoindex(config->iface[i].name);
	return config->ifaces ? if_nametoindex(config->iface[0].name) : 0;
}

void why_place(const struct esafed *esafed, __u8 kind, const __u8 addr[16], struct why_question *question)
{
	const struct neigh_entry *entry;

	if (kind == ESAFE_BY_MAC) {
		memcpy(question->mac, addr, sizeof(question->mac));
		neigh_each(esafed->neigh, find_address, question);
	} else {
		memcpy(question->address, addr, sizeof(question->address));
		entry = neigh_find(esafed->neigh, 0, addr);
		if (entry) {
			memcpy(question->mac, entry->mac, sizeof(question->mac));
			question->ifindex = entry->ifindex;
		}
	}
	/* The neighbour of a bridge is not seen on its port; nor is one that was silent for long seen at all. */
	if (!is_filtered(esafed->config, question->ifindex))
		question->ifindex = some_interface(esafed->config, kind);
}

/* Whoever `what` is: of the register, or a MAC or address that is in nobody's name. */
static int find_device(struct request *request, struct why_question *question, json_t *row)
{
	const struct esafed *esafed = request_esafed(request);
	const char *what = request_text(request, "device");
	struct reg_device device;
	__u8 addr[16], kind;

	if (!register_device_find(esafed->reg, what, &device)) {
		reply_text(row, "device", device.name);
		why_place(esafed, device.kind, device.addr, question);
		register_device_free(&device);
		return 0;
	}
	if (device_key_parse(what, &kind, addr))
		return -ENOENT;
	why_place(esafed, kind, addr, question);
	return 0;
}

/* ---- the answer in words ---- */

static void add_categories(json_t *row, const struct esafed *esafed, const __u64 categories[4])
{
	json_t *list = json_array();

	for (unsigned id = 0; id < ESAFE_CATEGORIES; id++) {
		const char *name = categories[id / 64] >> id % 64 & 1 ? idtable_name(&esafed->categories, id) : NULL;

		if (name)
			json_array_append_new(list, json_string(name));
	}
	json_object_set_new(row, "categories", list);
}

static void add_rule(json_t *row, const struct esafed *esafed, const struct esafe_event *event)
{
	char rule[4200];

	if (!event->line)
		return;
	snprintf(rule, sizeof(rule), "%s:%u", esafed->applied.file ? esafed->applied.file : "policy", event->line);
	reply_text(row, "rule", rule);
}

/* Does a suspension or a quarantine hold for whoever asks? */
static bool permit_holds(const struct permit *permit, const struct why_question *question,
			 const struct esafe_event *event)
{
	const __u32 ids[] = { [ESAFE_SCOPE_DEVICE] = event->device, [ESAFE_SCOPE_USER] = event->user,
			      [ESAFE_SCOPE_CLASS] = event->class, [ESAFE_SCOPE_GROUP] = event->group };
	bool by_mac = permit->addr.kind == ESAFE_BY_MAC;

	if (permit->kind != (event->reason == ESAFE_R_SUSPENDED ? PERMIT_SUSPEND : PERMIT_QUARANTINE))
		return false;
	if (permit->by_addr)
		return !memcmp(permit->addr.addr, by_mac ? question->mac : question->address, by_mac ? 6 : 16);
	return permit->scope.kind < sizeof(ids) / sizeof(*ids) && permit->scope.id == ids[permit->scope.kind] &&
	       permit->scope.id;
}

/* What somebody opened or closed for a while, and so decided this. */
static void add_permit(json_t *row, const struct esafed *esafed, const struct why_question *question,
		       const struct esafe_event *event)
{
	const struct permits *open = permits_open(esafed);
	const struct permit *permit = event->rule ? permits_get(open, event->rule) : NULL;

	if (event->reason == ESAFE_R_SUSPENDED || event->reason == ESAFE_R_QUARANTINE)
		for (size_t i = 0; i < open->n && !permit; i++)
			permit = permit_holds(open->item[i], question, event) ? open->item[i] : NULL;
	if (permit)
		json_object_set_new(row, "permit", permit_row(permit));
	else if (event->rule)
		reply_number(row, "permit", event->rule);
}

/* The last labels of the name that the list or rule holds. */
static void add_matched(json_t *row, const struct why_question *question, unsigned labels)
{
	const __u8 *start[ESAFE_LABELS_MAX], *at = question->name;
	char text[NAME_TEXT_MAX];
	unsigned n = 0;

	for (; *at && n < ESAFE_LABELS_MAX; at += *at + 1)
		start[n++] = at;
	if (!labels || labels > n)
		return;
	at = start[n - labels];
	if (name_to_text(at, question->name + question->name_len - at, text, sizeof(text)) > 0)
		reply_text(row, "matched", text);
}

static void add_identity(json_t *row, const struct why_question *question)
{
	char text[EVENT_ADDRESS_SIZE], iface[IF_NAMESIZE];

	event_mac_text(question->mac, text);
	reply_text(row, "mac", text);
	event_address_text(question->address, text);
	reply_text(row, "address", text);
	if (question->ifindex)
		reply_text(row, "interface", if_indextoname(question->ifindex, iface));
}

static void add_answer(json_t *row, const struct esafed *esafed, const struct why_question *question,
		       const struct esafe_why *answer)
{
	const struct esafe_event *event = &answer->event;

	add_identity(row, question);
	reply_text(row, "group", idtable_name(&esafed->groups, event->group));
	reply_text(row, "how", event_how_name(event->how));
	reply_text(row, "verdict", event_verdict_name(event->verdict));
	reply_text(row, "reason", event_reason_name(event->reason));
	reply_text(row, "meaning", event_reason_meaning(event->reason));
	if (event->category != ESAFE_NO_CATEGORY)
		reply_text(row, "category", idtable_name(&esafed->categories, event->category));
	add_matched(row, question, event->matched);
	add_rule(row, esafed, event);
	add_permit(row, esafed, question, event);
	add_categories(row, esafed, answer->categories);
	reply_number(row, "policy_version", event->policy ? event->policy : esafed->applied.version);
}

/* ---- the lists that say so: read again in a worker, since only the files know ---- */

static void lists_found(void *ctx, const struct finding *finding, int err)
{
	struct asking *asking = ctx;
	json_t *lists = json_array();

	for (size_t i = 0; i < finding->hits; i++)
		json_array_append_new(lists, finding_row(finding, &finding->hit[i]));
	json_object_set_new(asking->row, "lists", lists);
	request_row(asking->request, asking->row);
	request_end(asking->request, CTL_OK, NULL);
	free(asking);
}

static void gone_while_finding(struct request *request)
{
	/* lists_found() ends it. */
}

static void finish(struct request *request, json_t *row, const struct why_question *question,
		   const struct esafe_why *answer)
{
	struct asking *asking = NULL;

	if (answer->categories[0] | answer->categories[1] | answer->categories[2] | answer->categories[3])
		asking = calloc(1, sizeof(*asking));
	if (asking) {
		*asking = (struct asking){ request, row };
		request->gone = gone_while_finding;
		if (!finding_start(request_esafed(request), question->name, question->name_len, answer->categories,
				   lists_found, asking))
			return;
		request->gone = NULL;
		free(asking);
	}
	request_row(request, row);
	request_end(request, CTL_OK, NULL);
}

void verb_why(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	const char *name = request_text(request, "name"), *type = request_text(request, "type");
	long long at = request_number(request, "at", 0);
	int len, err, qtype = qtype_number(type ? type : "A");
	struct why_question question = { 0 };
	struct esafe_why answer;
	__u8 wire[ESAFE_NAME_MAX];
	json_t *row;

	len = name_from_shown(name, strlen(name), wire);
	if (len < 0 || qtype < 0) {
		request_end(request, CTL_USAGE, len < 0 ? "not a name: %s" : "not a type of question: %s",
			    len < 0 ? name : type);
		return;
	}
	question.name = wire;
	question.name_len = len;
	question.qtype = qtype;
	question.at_tai_ns = at ? at * 1000000000ull + clock_tai_offset_ns() : 0;
	row = json_object();
	reply_text(row, "name", name);
	reply_time(row, "at", at);
	err = find_device(request, &question, row);
	if (!err)
		err = why_ask(esafed->maps, &question, &answer);
	if (err) {
		json_decref(row);
		request_end(request, err == -ENOENT ? CTL_NOT_FOUND : CTL_FAILED,
			    err == -ENOENT ? "there is no device %s" : "the program could not be asked: %s",
			    err == -ENOENT ? request_text(request, "device") : strerror(-err));
		return;
	}
	add_answer(row, esafed, &question, &answer);
	finish(request, row, &question, &answer);
}
