/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event.h"

static const __u8 wire[] = "\3www\7example\3org";

static const char *name_of(void *ctx, __u32 id)
{
	return id == 5 ? "reading-1" : id == 2 ? "pupils" : id == 9 ? "games" : id == 3 ? "lan0" : NULL;
}

static const char *class_of(void *ctx, __u32 id)
{
	return id == 7 ? "4B" : NULL;
}

static const struct event_names names = {
	.device = name_of, .user = name_of, .class_name = class_of, .group = name_of, .category = name_of, .iface = name_of,
	.tai_offset_ns = 37000000000LL,
};

/* An event on a heap block of exactly its size, so that a read past its end is seen. */
static struct esafe_event *event_new(size_t *size)
{
	struct esafe_event *event;

	*size = sizeof(*event) + sizeof(wire);
	event = calloc(1, *size);
	*event = (struct esafe_event){
		.tai_ns = 1780000037123456789ULL, .device = 5, .ifindex = 3, .policy = 7, .line = 40, .category = 9,
		.qtype = 65, .sport = htons(40000), .dport = htons(53), .vlan_inner = 20,
		.src = { [10] = 0xff, 0xff, 10, 1, 2, 3 }, .dst = { [10] = 0xff, 0xff, 9, 9, 9, 9 },
		.mac = { 2, 0, 0, 0, 0, 5 }, .proto = ESAFE_P_DNS, .verdict = ESAFE_BLOCK, .reason = ESAFE_R_CATEGORY,
		.group = 2, .how = ESAFE_HOW_DEVICE, .name_len = sizeof(wire),
	};
	memcpy(event->name, wire, sizeof(wire));
	return event;
}

Test(event, a_whole_one)
{
	struct record record;
	size_t size;
	struct esafe_event *event = event_new(&size);

	cr_assert_eq(event_decode(event, size, &names, &record), 0);
	cr_expect_eq(record.at_us, 1780000000123456LL);
	cr_expect_str_eq(record.name, "www.example.org");
	cr_expect_str_eq(record.device, "reading-1");
	cr_expect_str_eq(record.user, "");
	cr_expect_str_eq(record.group, "pupils");
	cr_expect_str_eq(record.category, "games");
	cr_expect_str_eq(record.iface, "lan0");
	cr_expect_eq(record.sport, 40000);
	cr_expect_eq(record.dport, 53);
	cr_expect_eq(record.confidence, RECORD_HIGH);
	cr_expect_eq(record.line, 40);
	free(event);
}

Test(event, who_and_what_for)
{
	struct record record;
	size_t size;
	struct esafe_event *event = event_new(&size);
	json_t *row;

	event->user = 5;
	event->class = 7;
	event->rule = 70;
	event->known = ESAFE_KNOWN_OUTER;
	event->how = ESAFE_HOW_VOUCHER;
	cr_assert_eq(event_decode(event, size, &names, &record), 0);
	row = record_to_json(&record);
	cr_expect_str_eq(json_string_value(json_object_get(row, "user")), "reading-1");
	cr_expect_str_eq(json_string_value(json_object_get(row, "class")), "4B");
	cr_expect_str_eq(json_string_value(json_object_get(row, "known")), "outer");
	cr_expect_str_eq(json_string_value(json_object_get(row, "how")), "voucher");
	cr_expect_str_eq(json_string_value(json_object_get(row, "confidence")), "medium");
	cr_expect_eq(json_integer_value(json_object_get(row, "rule")), 70);
	cr_expect_eq(json_integer_value(json_object_get(row, "class_id")), 7);
	json_decref(row);
	free(event);
}

Test(event, help_is_not_told)
{
	struct record record;
	size_t size;
	struct esafe_event *event = event_new(&size);
	static const __u8 none[16];

	event->reason = ESAFE_R_HELP;
	event->rule = 3;
	cr_assert_eq(event_decode(event, size, &names, &record), 0);
	cr_expect_str_eq(record.name, "");
	cr_expect_arr_eq(record.dst, none, 16, "the address would tell the site");
	cr_expect_eq(record.line, 0, "the rule would tell the site");
	cr_expect_eq(record.rule, 0, "so would what opened it");
	free(event);
}

#define BAD(how)                                                                                        \
	do {                                                                                            \
		size_t size;                                                                            \
		struct record record = { .at_us = 77 };                                                 \
		struct esafe_event *event = event_new(&size);                                           \
		how;                                                                                    \
		cr_expect_eq(event_decode(event, size, &names, &record), -EBADMSG, "%s", #how);         \
		cr_expect_eq(record.at_us, 77, "%s: touched", #how);                                    \
		free(event);                                                                            \
	} while (0)

Test(event, numbers_out_of_range)
{
	BAD(event->verdict = ESAFE_VERDICT_COUNT);
	BAD(event->reason = ESAFE_REASON_COUNT);
	BAD(event->proto = ESAFE_P_IP + 1);
	BAD(event->how = ESAFE_HOW_COUNT);
	BAD(event->known = ESAFE_KNOWN_COUNT);
	BAD(event->group = ESAFE_GROUPS);
	BAD(event->category = ESAFE_CATEGORIES);
	BAD(event->name_len = ESAFE_NAME_MAX + 1);
	BAD(event->name_len++);
	BAD(event->name[0] = 60);
	BAD(event->name_len = 5);
	BAD(event->tai_ns = ~0ULL);
}

Test(event, every_shorter_size_is_refused)
{
	size_t whole;
	struct esafe_event *event = event_new(&whole);
	struct record record;

	for (size_t size = 0; size < whole; size++) {
		void *part = malloc(size ? size : 1);

		memcpy(part, event, size);
		cr_expect_eq(event_decode(part, size, &names, &record), -EBADMSG, "%zu bytes", size);
		free(part);
	}
	free(event);
}

Test(event, nothing_known)
{
	struct event_names nobody = { 0 };
	struct record record;
	size_t size;
	struct esafe_event *event = event_new(&size);

	event->group = ESAFE_NONE;
	event->category = ESAFE_NO_CATEGORY;
	event->name_len = 0;
	cr_assert_eq(event_decode(event, sizeof(*event), &nobody, &record), 0);
	cr_expect_str_eq(record.device, "");
	cr_expect_str_eq(record.group, "");
	cr_expect_str_eq(record.name, "");
	free(event);
}

Test(event, words_and_numbers_agree)
{
	char room[12];

	for (int i = 0; i < ESAFE_REASON_COUNT; i++)
		cr_expect_eq(event_reason_number(event_reason_name((unsigned)i)), i);
	for (int i = 0; i < ESAFE_VERDICT_COUNT; i++)
		cr_expect_eq(event_verdict_number(event_verdict_name((unsigned)i)), i);
	cr_expect_eq(event_reason_number("nonsense"), -ENOENT);
	cr_expect_str_eq(event_verdict_name(200), "?");
	cr_expect_str_eq(event_qtype_name(65, room), "HTTPS");
	cr_expect_str_eq(event_qtype_name(64999, room), "TYPE64999");
}

Test(event, as_json)
{
	struct record record;
	size_t size;
	struct esafe_event *event = event_new(&size);
	const struct {
		const char *key, *value;
	} expected[] = {
		{ "time", "2026-05-28T21:26:40.123+01:00" }, { "device", "reading-1" }, { "mac", "02:00:00:00:00:05" },
		{ "address", "10.1.2.3" }, { "interface", "lan0" }, { "group", "pupils" }, { "how", "device" },
		{ "confidence", "high" }, { "name", "www.example.org" }, { "verdict", "block" },
		{ "reason", "category" }, { "category", "games" }, { "protocol", "dns" }, { "qtype", "HTTPS" },
		{ "destination", "9.9.9.9" },
	};
	json_t *row;

	setenv("TZ", "Europe/London", 1);
	tzset();
	cr_assert_eq(event_decode(event, size, &names, &record), 0);
	row = record_to_json(&record);
	cr_assert(row);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		cr_expect_str_eq(json_string_value(json_object_get(row, expected[i].key)), expected[i].value);
	cr_expect_eq(json_integer_value(json_object_get(row, "vlan_inner")), 20);
	cr_expect_eq(json_integer_value(json_object_get(row, "policy")), 7);
	cr_expect_eq(json_integer_value(json_object_get(row, "destination_port")), 53);
	cr_expect_null(json_object_get(row, "user"), "what is not known is left out");
	json_decref(row);
	record.device = "\xff\xfe";
	row = record_to_json(&record);
	cr_assert(row, "bytes that are no text do not lose the line");
	json_decref(row);
	free(event);
}
