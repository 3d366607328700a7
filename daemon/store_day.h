/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One day's event database: its schema, and rows put into it. */
#ifndef ESAFE_STORE_DAY_H
#define ESAFE_STORE_DAY_H

#include <stddef.h>
#include <linux/types.h>
#include "record.h"

struct day;

/*
 * A record packed for writing. Its four keys follow in this order: who (struct day_who and five strings), what (struct
 * day_what and a string), dest (struct day_dest), name (text without its end). Equal bytes are one row of their table.
 */
struct day_entry {
	__s64 at_us;
	__u32 size; /* of all of it, a multiple of eight */
	__u16 who_len, what_len, dest_len, name_len;
	__u16 sport;
	__u8 verdict;
	__u8 pad;
};

struct day_who {
	__u32 device_id, user_id;
	__u16 vlan_outer, vlan_inner;
	__u16 class_id, pad; /* no hidden padding: the bytes are compared */
	__u8 addr[16];
	__u8 mac[6];
	__u8 how, confidence;
};

struct day_what {
	__u32 policy, line, rule;
	__u16 qtype;
	__u8 verdict, reason, proto, known, pad[2];
};

struct day_dest {
	__u8 addr[16];
	__u16 port;
};

#define DAY_TEXT_MAX 255 /* longer names of devices and the like are cut */
#define DAY_ENTRY_MAX (sizeof(struct day_entry) + sizeof(struct day_who) + sizeof(struct day_what) + \
		       sizeof(struct day_dest) + 6 * (DAY_TEXT_MAX + 1) + RECORD_NAME_SIZE + 8)

/* Packs into `room` of DAY_ENTRY_MAX bytes, aligned to eight; returns the size. */
size_t day_pack(const struct record *record, struct day_entry *room);

/* -EBADMSG: damaged; -EPROTONOSUPPORT: made by a newer esafe. */
int day_open(const char *path, struct day **day);
void day_close(struct day *day);

int day_begin(struct day *day);
int day_add(struct day *day, const struct day_entry *entry);
int day_commit(struct day *day);
void day_rollback(struct day *day); /* also after a failed begin, add or commit */

#define DAY_VERSION 2 /* readers know the older ones, too: query_day.c */
#define DAY_DISORDER_US 60000000

#endif
