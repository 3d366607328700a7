/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside of packets, and packets put together from their fragments: as they are and as they should not be. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fragments.h"
#include "inside.h"
#include "linktype.h"
#include "parse.h"
#include "replayrow.h"

#define VLAN 18 /* bytes of an Ethernet header with one tag, as every frame here has */

/* An IPv4 UDP packet of 10.0.0.1:1000 to 10.0.0.2:53 that carries "hi". */
static const __u8 inner[] = { 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
			      3, 0xe8, 0, 53, 0, 10, 0, 0, 'h', 'i' };
static const __u8 inner_ethernet[14] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0 };
static __u8 out[LINKTYPE_FRAME_MAX];

struct sample {
	const char *kind;
	unsigned type, proto, port; /* one of them says what it is */
	size_t len;
	__u8 header[48];
	int ethernet; /* the packet inside has a header of Ethernet */
};

/* The frame of a sample on a heap block of its own size. */
static __u8 *build(const struct sample *s, size_t *len)
{
	__u8 b[256] = { 2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 6, 0x81, 0, 0, 30, 8, 0, 0x45 }, *copy;
	size_t at = VLAN + (s->type ? 0 : s->proto ? 20 : 28);

	if (s->type) {
		b[16] = s->type >> 8;
		b[17] = s->type;
	}
	memcpy(b + at, s->header, s->len);
	if (s->ethernet)
		memcpy(b + at + s->len, inner_ethernet, 14);
	memcpy(b + at + s->len + s->ethernet * 14, inner, sizeof(inner));
	*len = at + s->len + s->ethernet * 14 + sizeof(inner);
	if (!s->type) {
		b[VLAN + 3] = *len - VLAN;
		b[VLAN + 9] = s->proto ? s->proto : 17;
		memcpy(b + VLAN + 12, "\300\0\2\1\300\0\2\2", 8);
	}
	if (s->port) {
		b[VLAN + 20] = 0xc0;
		b[VLAN + 22] = s->port >> 8;
		b[VLAN + 23] = s->port;
		b[VLAN + 25] = *len - VLAN - 20;
	}
	copy = malloc(*len);
	memcpy(copy, b, *len);
	return copy;
}

static size_t open_frame(const __u8 *bytes, size_t len, size_t missing, const char **kind)
{
	struct frame frame;

	frame_read(bytes, len, &frame);
	return inside_open(&frame, missing, kind, out);
}

static const struct sample samples[] = {
	{ "ip-in-ip", 0, 4, 0, 0, {}, 0 },
	{ "gre", 0, 47, 0, 4, { 0, 0, 8, 0 }, 0 },
	{ "gre", 0, 47, 0, 16, { 0xb0, 0, 0x65, 0x58 }, 1 },
	{ "gre", 0, 47, 0, 20, { 0x30, 0x81, 0x88, 0x0b, 0, 34, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21 }, 0 },
	{ "gre", 0, 47, 0, 4, { 0, 0, 0x88, 0xbe }, 1 },
	{ "gre", 0, 47, 0, 16, { 0x10, 0, 0x88, 0xbe }, 1 },
	{ "gre", 0, 47, 0, 20, { 0x10, 0, 0x22, 0xeb }, 1 },
	{ "gre", 0, 47, 0, 28, { 0x10, 0, 0x22, 0xeb, [19] = 1 }, 1 },
	{ "gre", 0, 47, 0, 8, { 0, 0, 0x88, 0x47, 0, 0, 1, 64 }, 0 },
	{ "gre", 0, 47, 0, 8, { 0, 0, 0x88, 0x3e, 0, 1 }, 0 },
	{ "gre", 0, 0, 4754, 4, { 0, 0, 8, 0 }, 0 },
	{ "etherip", 0, 97, 0, 2, { 0x30, 0 }, 1 },
	{ "mpls", 0, 137, 0, 8, { 0, 1, 0, 64, 0, 0, 1, 64 }, 0 },
	{ "mpls", 0x8847, 0, 0, 4, { 0, 1, 1, 64 }, 0 },
	{ "mpls", 0x8847, 0, 0, 8, { 0, 1, 1, 64 }, 1 }, /* with a control word */
	{ "mpls", 0x8848, 0, 0, 4, { 0, 1, 1, 64 }, 0 },
	{ "mpls", 0, 0, 6635, 4, { 0, 1, 1, 64 }, 0 },
	{ "pbb", 0x88e7, 0, 0, 4, {}, 1 },
	{ "vntag", 0x8926, 0, 0, 6, { 0, 0, 0, 0, 8, 0 }, 0 },
	{ "etag", 0x893f, 0, 0, 8, { 0, 0, 0, 0, 0, 0, 8, 0 }, 0 },
	{ "snap", 38, 0, 0, 8, { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 }, 0 },
	{ "vxlan", 0, 0, 4789, 8, { 8 }, 1 },
	{ "vxlan", 0, 0, 8472, 8, { 8 }, 1 },
	{ "vxlan", 0, 0, 4790, 8, { 0xc, 0, 0, 1 }, 0 },
	{ "vxlan", 0, 0, 4790, 8, { 0xc, 0, 0, 3 }, 1 },
	{ "geneve", 0, 0, 6081, 8, { 0, 0, 0x65, 0x58 }, 1 },
	{ "geneve", 0, 0, 6081, 16, { 2, 0, 8, 0 }, 0 },
	{ "gtp", 0, 0, 2152, 8, { 0x30, 255 }, 0 },
	{ "gtp", 0, 0, 2152, 20, { 0x34, 255, [11] = 0x85, 1, 0, 0, 0x40, 1 }, 0 },
	{ "gtp", 0, 0, 2152, 12, { 0x32, 255, [11] = 0x85 }, 0 }, /* the next extension counts with E only */
	{ "l2tp", 0, 0, 1701, 8, { 0, 2, 0, 1, 0, 1, 0, 0x21 }, 0 },
	{ "l2tp", 0, 0, 1701, 18, { 0x4a, 2, [12] = 0, 2, 0, 0, 0, 0x21 }, 0 },
	{ "capwap", 0, 0, 5247, 8, { 0, 0x10 }, 1 },
	{ "capwap", 0, 0, 5247, 40, { 0, 0x10, 1, [8] = 1, 8, [18] = 2, [23] = 8, [32] = 0xaa, 0xaa, 3, [38] = 8, 0 }, 0 },
	{ "tzsp", 0, 0, 37008, 8, { 1, 0, 0, 1, 0, 10, 0, 1 }, 1 },
	{ "tzsp", 0, 0, 37008, 9, { 1, 1, 0, 1, 10, 2, 1, 1, 1 }, 1 },
};

Test(inside, each_is_opened)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		const char *kind = "nothing";
		struct frame frame;
		size_t len;
		__u8 *bytes = build(s, &len);
		bool wlan = s->port == 5247 && !s->ethernet;

		len = open_frame(bytes, len, 0, &kind);
		cr_expect_str_eq(kind, s->kind, "sample %zu: %s", i, kind);
		frame_read(out, len, &frame);
		cr_expect_eq(frame.kind, FRAME_UDP, "sample %zu", i);
		cr_expect(frame.payload_len == 2 && !memcmp(out + frame.payload, "hi", 2), "sample %zu", i);
		cr_expect_eq(out[11], s->ethernet || wlan ? 8 : 6, "sample %zu: %u", i, out[11]);
		cr_expect_eq(frame.l3, s->ethernet || wlan ? 14 : VLAN, "sample %zu: tags of %zu bytes", i, frame.l3);
		free(bytes);
	}
}

/* However much of it is in hand, and whatever one byte of it is. */
Test(inside, hostile)
{
	static const __u8 values[] = { 0, 1, 0x0f, 0x7f, 0x80, 0xff };

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		size_t len;
		__u8 *bytes = build(&samples[i], &len);
		const char *kind;

		for (size_t have = 0; have < len; have++) {
			__u8 *part = malloc(have ? have : 1);

			memcpy(part, bytes, have);
			cr_assert_leq(open_frame(part, have, 0, &kind), have, "sample %zu", i);
			cr_assert_leq(open_frame(part, have, len - have, &kind), have, "sample %zu", i);
			free(part);
		}
		for (size_t at = 12; at < len; at++) {
			__u8 was = bytes[at];

			for (size_t v = 0; v < sizeof(values); v++) {
				bytes[at] = values[v];
				cr_assert_leq(open_frame(bytes, len, 0, &kind), len, "sample %zu", i);
			}
			bytes[at] = was;
		}
		free(bytes);
	}
}

Test(inside, what_is_not_what_its_port_says)
{
	static const struct sample rows[] = {
		{ "routing", 0, 47, 0, 8, { 0x40, 0, 8, 0 }, 0 },
		{ "GRE of version 2", 0, 47, 0, 4, { 0, 2, 8, 0 }, 0 },
		{ "PPTP without data", 0, 47, 0, 12, { 0x20, 0x81, 0x88, 0x0b }, 0 },
		{ "GRE of ARP", 0, 47, 0, 4, { 0, 0, 8, 6 }, 0 },
		{ "EtherIP of version 4", 0, 97, 0, 2, { 0x40, 0 }, 1 },
		{ "labels without an end", 0x8847, 0, 0, 48, {}, 0 },
		{ "another SNAP", 38, 0, 0, 8, { 0xaa, 0xaa, 3, 0, 0, 12, 8, 0 }, 0 },
		{ "a network without a number", 0, 0, 4789, 8, { 0 }, 1 },
		{ "Geneve of version 1", 0, 0, 6081, 8, { 0x40, 0, 8, 0 }, 0 },
		{ "options without an end", 0, 0, 6081, 8, { 0x3f, 0, 8, 0 }, 0 },
		{ "GTP's own message", 0, 0, 2152, 8, { 0x30, 1 }, 0 },
		{ "GTP'", 0, 0, 2152, 8, { 0x20, 255 }, 0 },
		{ "an extension of no length", 0, 0, 2152, 20, { 0x34, 255, [11] = 0x85, 0, 0, 0, 0 }, 0 },
		{ "L2TP's own message", 0, 0, 1701, 8, { 0x80, 2, 0, 1, 0, 1, 0, 0x21 }, 0 },
		{ "L2TP of version 3", 0, 0, 1701, 8, { 0, 3, 0, 1, 0, 1, 0, 0x21 }, 0 },
		{ "an offset too far", 0, 0, 1701, 8, { 2, 2, 0, 0, 0, 0, 0xff, 0xff }, 0 },
		{ "IPv4 for Teredo", 0, 0, 3544, 0, {}, 0 },
		{ "a part of CAPWAP", 0, 0, 5247, 8, { 0, 0x10, 0, 0x80 }, 1 },
		{ "fields without an end", 0, 0, 37008, 48, { 1, 0, 0, 1 }, 1 },
		{ "no IP at all", 0, 4, 0, 1, { 0x50 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len;
		__u8 *bytes = build(&rows[i], &len);
		const char *kind;

		cr_expect_eq(open_frame(bytes, len, 0, &kind), 0, "%s", rows[i].kind);
		free(bytes);
	}
}

/* An IP packet that says it is longer than what it came in. */
Test(inside, longer_than_there_is)
{
	const char *kind;
	size_t len;
	__u8 *bytes = build(&samples[0], &len);

	bytes[VLAN + 20 + 3]++;
	cr_expect_eq(open_frame(bytes, len, 0, &kind), 0);
	cr_expect_eq(open_frame(bytes, len, 1, &kind), len - 20, "the capture has cut it off");
	free(bytes);
}

/* 6in4, and an origin of Teredo before the same. */
Test(inside, ipv6)
{
	__u8 bytes[VLAN + 20 + 8 + 8 + 48] = { [12] = 0x81, 0, 0, 30, 8, 0, 0x45, 0, 0, 68, [VLAN + 9] = 41 };
	const char *kind = "nothing";
	struct frame frame;

	memcpy(bytes + VLAN + 20, (__u8[]){ 0x60, 0, 0, 0, 0, 8, 17, 64 }, 8);
	cr_expect_eq(open_frame(bytes, VLAN + 68, 0, &kind), VLAN + 48);
	cr_expect_str_eq(kind, "ip-in-ip");
	frame_read(out, VLAN + 48, &frame);
	cr_expect(frame.kind == FRAME_UDP && frame.family == 6);

	memmove(bytes + VLAN + 36, bytes + VLAN + 20, 48);
	bytes[VLAN + 3] = 84;
	bytes[VLAN + 9] = 17;
	memcpy(bytes + VLAN + 20, (__u8[]){ 0xd, 0xd8, 0xc0, 0, 0, 64, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6 }, 16);
	cr_expect_eq(open_frame(bytes, VLAN + 84, 0, &kind), VLAN + 48);
	cr_expect_str_eq(kind, "teredo");
}

/* ---- fragments ---- */

/* Parts of a packet of 40 bytes behind its header: letters, each eight of them others. */
struct part {
	unsigned at, len;
	int more;
	char change; /* instead of the first letter */
};

static void write_part(const struct part *p, int v6, __u8 *b, size_t *len)
{
	size_t header = v6 ? 48 : 20;
	unsigned field = v6 ? p->at | !!p->more : p->at / 8 | (p->more ? 0x2000 : 0);

	memset(b, 0, 14 + header);
	memcpy(b + 12, v6 ? "\x86\xdd" : "\x08\0", 2);
	if (v6) {
		memcpy(b + 14, (__u8[]){ 0x60, 0, 0, 0, 0, p->len + 8, 44, 64 }, 8);
		memcpy(b + 54, (__u8[]){ 17, 0, field >> 8, field, 1, 2, 3, 4 }, 8);
	} else {
		memcpy(b + 14, (__u8[]){ 0x45, 0, 0, p->len + 20, 1, 2, field >> 8, field, 64, 17 }, 10);
	}
	for (unsigned i = 0; i < p->len; i++)
		b[14 + header + i] = 'a' + (p->at + i) / 8;
	if (p->change)
		b[14 + header] = p->change;
	*len = 14 + header + p->len;
}

/* 1 + which part made it whole; 0: none did. */
static int join(const struct part *parts, size_t n, int v6, size_t *whole)
{
	struct fragments *fragments = fragments_new();
	int got = 0;

	for (size_t i = 0; i < n && !got; i++) {
		__u8 b[256], *block;
		struct frame frame;
		int fate = i == 1 ? 2 : 0;
		size_t len;

		write_part(&parts[i], v6, b, &len);
		block = exact(b, len);
		frame_read(block, len, &frame);
		*whole = fragments_add(fragments, &frame, 1000 + i, &fate, out);
		free(block);
		if (*whole) {
			got = i + 1;
			cr_expect_eq(fate, n > 1 ? 2 : 0, "the worst that became of any");
		}
	}
	fragments_free(fragments);
	return got;
}

Test(fragments, together)
{
	static const struct {
		const char *what;
		int n, whole; /* the part that makes it so */
		struct part part[5];
	} rows[] = {
		{ "in order", 2, 2, { { 0, 16, 1, 0 }, { 16, 24, 0, 0 } } },
		{ "the last one first", 3, 3, { { 32, 8, 0, 0 }, { 16, 16, 1, 0 }, { 0, 16, 1, 0 } } },
		{ "one twice", 3, 3, { { 0, 16, 1, 0 }, { 0, 16, 1, 0 }, { 16, 24, 0, 0 } } },
		{ "one over another", 3, 3, { { 0, 16, 1, 0 }, { 8, 16, 1, 0 }, { 16, 24, 0, 0 } } },
		{ "one is lacking", 2, 0, { { 0, 16, 1, 0 }, { 32, 8, 0, 0 } } },
		{ "another byte", 3, 0, { { 0, 16, 1, 0 }, { 8, 8, 1, 'x' }, { 16, 24, 0, 0 } } },
		{ "two ends", 3, 0, { { 32, 8, 0, 0 }, { 16, 8, 0, 0 }, { 0, 40, 1, 0 } } },
		{ "behind the end", 3, 0, { { 40, 8, 1, 0 }, { 16, 24, 0, 0 }, { 0, 16, 1, 0 } } },
		{ "a hole, and as much behind the end", 4, 0,
		  { { 40, 8, 1, 0 }, { 0, 8, 1, 0 }, { 16, 24, 0, 0 }, { 0, 8, 1, 0 } } },
		{ "an odd length", 2, 0, { { 0, 12, 1, 0 }, { 8, 32, 0, 0 } } },
		{ "further than any packet", 2, 0, { { 0, 16, 1, 0 }, { 65528, 40, 0, 0 } } },
		{ "nothing in it", 2, 0, { { 0, 0, 1, 0 }, { 0, 0, 0, 0 } } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct frame frame;
			size_t len = 0;

			cr_expect_eq(join(rows[i].part, rows[i].n, v6, &len), rows[i].whole, "%s", rows[i].what);
			if (!rows[i].whole)
				continue;
			frame_read(out, len, &frame);
			cr_expect(!frame.fragment.is && frame.proto == 17, "%s", rows[i].what);
			cr_expect_eq(frame.end - frame.l4, 40, "%s: %zu", rows[i].what, frame.end - frame.l4);
			cr_expect(out[frame.l4] == 'a' && out[frame.end - 1] == 'e', "%s", rows[i].what);
		}
}

/* More packets at a time than are kept: the one that waits longest is given up, and a number that comes back is new. */
Test(fragments, bounded)
{
	struct fragments *fragments = fragments_new();
	__u8 first[256], last[256];
	size_t first_len, last_len;
	struct frame frame;
	int fate = 0;

	write_part(&(struct part){ 0, 16, 1, 0 }, 0, first, &first_len);
	write_part(&(struct part){ 16, 24, 0, 0 }, 0, last, &last_len);
	for (int i = 0; i < 65; i++) {
		first[14 + 5] = i; /* the number */
		frame_read(first, first_len, &frame);
		cr_assert_eq(fragments_add(fragments, &frame, 1000, &fate, out), 0);
	}
	for (int i = 64; i >= 0; i--) {
		last[14 + 5] = i;
		frame_read(last, last_len, &frame);
		cr_expect_eq(fragments_add(fragments, &frame, 1000, &fate, out), i ? 14 + 60 : 0, "packet %d", i);
	}
	frame_read(first, first_len, &frame);
	cr_expect_eq(fragments_add(fragments, &frame, 1000, &fate, out), 0);
	last[14 + 5] = first[14 + 5];
	frame_read(last, last_len, &frame);
	cr_expect_eq(fragments_add(fragments, &frame, 1000 + 60000001, &fate, out), 0, "a minute later");
	fragments_free(fragments);
}

/* ---- how it is told ---- */

static void expect_row(const struct replay_place *place, const char *expected)
{
	struct record record = { .verdict = ESAFE_ALLOW, .reason = ESAFE_R_DEFAULT, .category = "", .group = "" };
	const char *text[4];
	char told[128];
	json_t *row;

	snprintf(record.name, sizeof(record.name), "school.example");
	row = replay_event_row(&record, place);
	for (int i = 0; i < 4; i++)
		text[i] = json_string_value(json_object_get(row, (const char *[]){ "verdict", "reason", "inside", "outer" }[i]));
	snprintf(told, sizeof(told), "%s %s %s %s", text[0], text[1], text[2] ?: "-", text[3] ?: "-");
	cr_expect_str_eq(told, expected);
	json_decref(row);
}

/* The verdict of fragments is theirs, that of what is inside its own. */
Test(replayrow, inside)
{
	struct replay_place place = { .number = 1, .first = 1 };

	expect_row(&place, "allow default - -");
	place = (struct replay_place){ .depth = 1, .inside = "fragments", .parts = true, .outer = REPLAY_DROPPED };
	expect_row(&place, "drop fragment fragments dropped");
	place.outer = REPLAY_PASSED;
	expect_row(&place, "allow default fragments passed");
	place = (struct replay_place){ .depth = 2, .inside = "mpls/gre", .outer = -1 };
	expect_row(&place, "allow default mpls/gre -");
	place.outer = REPLAY_DROPPED;
	expect_row(&place, "allow default mpls/gre dropped");
}
