/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of the kernel programs made into records; pure. */
#ifndef ESAFE_EVENT_H
#define ESAFE_EVENT_H

#include <stddef.h>
#include <jansson.h>
#include <esafe/abi.h>
#include "record.h"

/*
 * Numbers to names, as they are now. Each function may be NULL and may return NULL for "not known"; what it returns
 * must stay until the record was stored.
 */
struct event_names {
	void *ctx;
	const char *(*device)(void *ctx, __u32 id);
	const char *(*user)(void *ctx, __u32 id);
	const char *(*class_name)(void *ctx, __u32 id);
	const char *(*group)(void *ctx, unsigned id);
	const char *(*category)(void *ctx, unsigned id);
	const char *(*iface)(void *ctx, __u32 ifindex);
	__s64 tai_offset_ns; /* CLOCK_TAI minus CLOCK_REALTIME */
};

/* 0; -EBADMSG: not an event of ours (sizes or numbers out of range): count it and go on. */
int event_decode(const struct esafe_event *event, size_t size, const struct event_names *names, struct record *out);

/* Names of numbers; "?" for numbers out of range. */
const char *event_verdict_name(unsigned verdict);
const char *event_reason_name(unsigned reason);
const char *event_reason_meaning(unsigned reason);
const char *event_proto_name(unsigned proto);
const char *event_how_name(unsigned how);
const char *event_known_name(unsigned known);
const char *event_confidence_name(unsigned confidence);
const char *event_qtype_name(unsigned qtype, char room[12]); /* "A", "HTTPS", "TYPE1234" */

/* -ENOENT: no such word. */
int event_verdict_number(const char *name);
int event_reason_number(const char *name);

#define EVENT_ADDRESS_SIZE 46
#define EVENT_MAC_SIZE 18
void event_address_text(const __u8 addr[16], char out[EVENT_ADDRESS_SIZE]); /* "" for all zero */
void event_mac_text(const __u8 mac[6], char out[EVENT_MAC_SIZE]);           /* "" for all zero */

/* What `esafectl log --json` prints for one line; NULL when memory is short. Empty fields are left out. */
json_t *record_to_json(const struct record *record);

#endif
