// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <time.h>

#include "replayrow.h"

static void put_text(json_t *row, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(row, key, json_string(text) ?: json_string("?"));
}

static void put_number(json_t *row, const char *key, __u64 number)
{
	json_object_set_new(row, key, json_integer(number));
}

/* RFC 3339, local time, to the microsecond as captures have it. */
static void put_time(json_t *row, __s64 at_us)
{
	time_t seconds = at_us / 1000000 - (at_us % 1000000 < 0);
	char text[80], date[32], zone[8];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		return;
	snprintf(text, sizeof(text), "%s.%06d%.3s:%.2s", date, (int)(at_us - (__s64)seconds * 1000000), zone, zone + 3);
	put_text(row, "ts", text);
}

json_t *replay_event_row(const struct record *record, const struct replay_place *place)
{
	static const char *const fates[] = {
		[REPLAY_PASSED] = "passed", [REPLAY_ANSWERED] = "answered", [REPLAY_DROPPED] = "dropped"
	};
	char address[EVENT_ADDRESS_SIZE], room[12];
	json_t *row = json_object();
	bool parts;

	put_time(row, place->at_us);
	put_number(row, "packet", place->number);
	put_number(row, "first", place->first);
	event_address_text(record->src, address);
	put_text(row, "src", address);
	put_number(row, "sport", record->sport);
	event_address_text(record->dst, address);
	put_text(row, "dst", address);
	put_number(row, "dport", record->dport);
	put_text(row, "proto", event_proto_name(record->proto));
	if (record->qtype)
		put_text(row, "qtype", event_qtype_name(record->qtype, room));
	put_text(row, "name", record->name);
	/* What went in fragments was judged as such, whatever the whole would have been. */
	parts = place->parts && place->outer == REPLAY_DROPPED;
	put_text(row, "verdict", event_verdict_name(parts ? ESAFE_DROP : record->verdict));
	put_text(row, "reason", event_reason_name(parts ? ESAFE_R_FRAGMENT : record->reason));
	put_text(row, "category", record->category);
	put_text(row, "group", record->group);
	if (record->line)
		put_number(row, "line", record->line);
	if (!place->inside)
		return row;
	put_text(row, "inside", place->inside);
	if (place->outer >= 0)
		put_text(row, "outer", fates[place->outer]);
	return row;
}

static json_t *verdict_rows(const __u64 *cells)
{
	__u64 sum[ESAFE_VERDICT_COUNT][ESAFE_REASON_ROOM] = { 0 };
	json_t *rows = json_array();

	for (size_t i = 0; cells && i < ESAFE_VERDICT_CELLS; i++)
		sum[i / ESAFE_REASON_ROOM % ESAFE_VERDICT_COUNT][i % ESAFE_REASON_ROOM] += cells[i];
	for (unsigned verdict = 0; verdict < ESAFE_VERDICT_COUNT; verdict++)
		for (unsigned reason = 0; reason < ESAFE_REASON_ROOM; reason++)
			if (sum[verdict][reason])
				json_array_append_new(rows, json_pack("{ss ss sI}", "verdict", event_verdict_name(verdict),
								      "reason", event_reason_name(reason), "count",
								      (json_int_t)sum[verdict][reason]));
	return rows;
}

json_t *replay_summary_row(const struct replay_summary *sum)
{
	const struct replay_counts *counts = &sum->counts;
	json_t *row = json_object();
	const struct {
		const char *name;
		__u64 value;
		int always;
	} numbers[] = {
		{ "packets", counts->packets, 1 },
		{ "from_devices", counts->from_devices, 1 },
		{ "to_devices", counts->to_devices, 1 },
		{ "passed", counts->fate[REPLAY_PASSED], 1 },
		{ "answered", counts->fate[REPLAY_ANSWERED], 1 },
		{ "dropped", counts->fate[REPLAY_DROPPED], 1 },
		{ "events", sum->events, 1 },
		{ "events_not_understood", sum->events_bad, 0 },
		{ "packets_not_understood", counts->strange, 0 },
		{ "cut", counts->cut, 0 },
		{ "split", counts->split, 0 },
		{ "opened", counts->opened, 0 },
		{ "offered_again", counts->again, 0 },
		{ "never_due", counts->never_due, 0 },
		{ "inside", counts->inside, 0 },
	};

	put_text(row, "link", sum->link ? sum->link : "");
	if (sum->policy)
		put_number(row, "policy", sum->policy);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].value || numbers[i].always)
			put_number(row, numbers[i].name, numbers[i].value);
	json_object_set_new(row, "verdicts", verdict_rows(sum->cells));
	return json_pack("{so}", "summary", row);
}
