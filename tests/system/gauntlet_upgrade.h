/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hellos that begin behind something else, as after STARTTLS, and what is sent to hide where they begin. */
#ifndef GAUNTLET_UPGRADE_H
#define GAUNTLET_UPGRADE_H

#include "gauntlet.h"
#include "../parse/prefaces.h"

static void upgrade_stream(struct run *r, const void *before, size_t len)
{
	static struct hello whole, h;

	hello_make(&whole, r->name, !!(r->s->flags & BROWSER));
	h.len = 0;
	hello_put(&h, before, len);
	hello_put(&h, whole.bytes, whole.len);
	set_stream(r, h.bytes, h.len);
}

static void make_preface(struct run *r) /* arg: which one */
{
	uint8_t before[2048];

	upgrade_stream(r, before, preface_put(&prefaces[r->s->arg], before));
}

/* Another hello stands before it, which a server of SMTP overlooks; between them, perhaps before, is what it reads. */
static void make_feigned(struct run *r) /* arg: with a line first; arg2: so many bytes less than all of it */
{
	static const char line[] = "EHLO device12.example\r\n", tls[] = "\r\nSTARTTLS\r\n";
	static struct hello other, h;

	hello_make(&other, r->innocent, 0);
	h.len = 0;
	hello_put(&h, line, r->s->arg ? sizeof(line) - 1 : 0);
	hello_put(&h, other.bytes, other.len - r->s->arg2);
	hello_put(&h, tls, sizeof(tls) - 1);
	upgrade_stream(r, h.bytes, h.len);
}

/* It claims to be so long that all that follows stands inside it. */
static void make_around(struct run *r)
{
	static const uint8_t start[] = "EHLO x\r\n\x16\3\1\x40\0\1\0\x3f\xfc\3\3" "................................\0\x3f\0";
	static struct hello h;

	h.len = 0;
	hello_put(&h, start, sizeof(start) - 1);
	hello_put(&h, "\r\nSTARTTLS\r\n", 12);
	upgrade_stream(r, h.bytes, h.len);
}

static void make_far(struct run *r) /* arg: behind so many bytes */
{
	static uint8_t before[STREAM_MAX];

	for (long i = 0; i < r->s->arg; i += 6)
		memcpy(before + i, "NOOP\r\n", 6);
	upgrade_stream(r, before, r->s->arg);
}

/* Line by line, as the server acknowledges them; then the hello. */
static void play_turns(struct run *r)
{
	size_t hello = r->len;

	for (size_t at = 0; at + 6 < r->len && hello == r->len; at++)
		if (r->stream[at] == 22 && r->stream[at + 1] == 3 && r->stream[at + 5] == 1)
			hello = at;
	put(r, 0, hello);
	settle(r);
	put(r, hello, r->len);
}

#endif
