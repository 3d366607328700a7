/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of QUIC for the tests of the loaded programs, and the school that they are in. */
#ifndef QUICCLIENT_H
#define QUICCLIENT_H

#include <net/if.h>
#include "lab.h"
#include "initial.h"

#define V2 0x6b3343cf

static const char policy[] =
	"categories: { games: Games }\n"
	"groups:\n"
	"  pupils: { default: allow, quic: inspect, categories: { games: block } }\n"
	"  staff: { default: allow, quic: allow }\n"
	"  guests: { default: allow, quic: reject }\n"
	"  ks1: { default: block, quic: inspect, sites: { www.fine.example: allow } }\n"
	"unknown: ks1\n";

static const struct lab_name names[] = { { "games.example", "games", 0 }, { NULL, NULL, 0 } };

static struct lab *lab;
static __u16 port = 1024;
static __u8 hello[8192], frames[4096];
static __u32 hello_len;

static inline void open_school(void)
{
	lab_policy(lab, policy);
	lab_names(lab, names);
	lab_device(lab, "pupils", 1);
	lab_device(lab, "staff", 2);
	lab_device(lab, "guests", 3);
	for (int host = 40; host < 140; host++)
		lab_device(lab, "pupils", host);
}

static inline void setup(void)
{
	lab = lab_open();
	open_school();
}

static inline void teardown(void)
{
	lab_close(lab);
}

/* One client, as it goes on. */
struct client {
	struct lab_packet p;
	__u32 version;
	__u8 first[8], dcid[8], scid[8]; /* first: the id that the keys come from */
	__u64 number;
};

static inline struct client client(__u8 host, __u32 version)
{
	struct client c = { .p = { .sport = ++port, .dport = 443, .host = host }, .version = version };

	for (int i = 0; i < 8; i++) /* nobody else's */
		c.first[i] = (i & 1 ? port >> 8 : port) * 37 + i * 11;
	memcpy(c.dcid, c.first, 8);
	memset(c.scid, port, 8);
	return c;
}

static inline void say(const char *name, __u32 before, __u32 after)
{
	hello_len = lab_hello(hello, name, before, after) - 5;
	memmove(hello, hello + 5, hello_len);
}

/* The packet with these bytes of the hello, padded to `room`. */
static inline __u32 packet(struct client *c, __u32 from, __u32 len, __u32 room, __u8 *out)
{
	struct initial i = { .version = c->version, .keys = c->first, .keys_len = 8, .dcid = c->dcid, .dcid_len = 8,
			     .scid = c->scid, .scid_len = 8, .number = c->number++, .number_len = 2, .frames = frames };

	memset(frames, 0, sizeof(frames));
	i.frames_len = len ? initial_crypto(frames, hello, from, len) : 4;
	if (i.frames_len < room)
		i.frames_len = room;
	return initial_make(&i, out);
}

static inline int transmit(struct client *c, const void *bytes, __u32 len)
{
	c->p.payload = bytes;
	c->p.len = len;
	return lab_in(lab, &c->p, NULL);
}

static inline int initial(struct client *c, __u32 from, __u32 len)
{
	__u8 bytes[4096];

	return transmit(c, bytes, packet(c, from, len, 1162, bytes));
}

static inline int short_header(struct client *c)
{
	return transmit(c, "\x55 data of an established connection", 36);
}

static inline void expect(int verdict, int reason, const char *name)
{
	cr_assert_eq(lab->events, 1, "%zu events", lab->events);
	cr_assert_eq(lab->event[0].event.verdict, verdict, "reason %d", lab->event[0].event.reason);
	cr_assert_eq(lab->event[0].event.reason, reason, "reason %d", lab->event[0].event.reason);
	cr_assert_eq(lab->event[0].event.proto, ESAFE_P_QUIC);
	cr_assert_str_eq(lab->event[0].name, name);
}

static const __u32 versions[] = { 1, V2 };

#endif
