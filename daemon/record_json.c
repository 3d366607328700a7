/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "event.h"

/* RFC 3339, local time, so that the line can be held against the school's clock. */
static void time_text(__s64 at_us, char out[48])
{
	time_t seconds = (time_t)(at_us / 1000000 - (at_us % 1000000 < 0));
	int ms = (int)((at_us - (__s64)seconds * 1000000) / 1000);
	char zone[8], date[32];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm)) {
		snprintf(out, 48, "?");
		return;
	}
	snprintf(out, 48, "%s.%03d%.3s:%.2s", date, ms, zone, zone + 3);
}

static bool put_text(json_t *row, const char *key, const char *text)
{
	return !*text || json_object_set_new_nocheck(row, key, json_string(text) ?: json_string("?")) == 0;
}

static bool put_number(json_t *row, const char *key, json_int_t number)
{
	return !number || json_object_set_new_nocheck(row, key, json_integer(number)) == 0;
}

static bool put_who(json_t *row, const struct record *record)
{
	char address[EVENT_ADDRESS_SIZE], mac[EVENT_MAC_SIZE];

	event_address_text(record->src, address);
	event_mac_text(record->mac, mac);
	return put_text(row, "device", record->device) && put_number(row, "device_id", record->device_id) &&
	       put_text(row, "mac", mac) && put_text(row, "address", address) && put_number(row, "port", record->sport) &&
	       put_text(row, "interface", record->iface) && put_number(row, "vlan_outer", record->vlan_outer) &&
	       put_number(row, "vlan_inner", record->vlan_inner) && put_text(row, "user", record->user) &&
	       put_number(row, "user_id", record->user_id) && put_text(row, "class", record->class_name) &&
	       put_number(row, "class_id", record->class_id) && put_text(row, "group", record->group) &&
	       put_text(row, "how", event_how_name(record->how)) &&
	       put_text(row, "confidence", event_confidence_name(record->confidence));
}

static bool put_what(json_t *row, const struct record *record)
{
	char address[EVENT_ADDRESS_SIZE], room[12];

	event_address_text(record->dst, address);
	return put_text(row, "name", record->name) && put_text(row, "verdict", event_verdict_name(record->verdict)) &&
	       put_text(row, "reason", event_reason_name(record->reason)) &&
	       put_text(row, "category", record->category) && put_text(row, "protocol", event_proto_name(record->proto)) &&
	       (!record->qtype || put_text(row, "qtype", event_qtype_name(record->qtype, room))) &&
	       put_text(row, "destination", address) && put_number(row, "destination_port", record->dport) &&
	       put_number(row, "policy", record->policy) && put_number(row, "line", record->line) &&
	       put_number(row, "rule", record->rule) && put_text(row, "known", event_known_name(record->known));
}

json_t *record_to_json(const struct record *record)
{
	json_t *row = json_object();
	char time[48];

	if (!row)
		return NULL;
	time_text(record->at_us, time);
	if (put_text(row, "time", time) && put_who(row, record) && put_what(row, record))
		return row;
	json_decref(row);
	return NULL;
}
