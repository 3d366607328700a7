/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all families of the gauntlet share: a strategy, one run of it, and where the server writes what it got. */
#ifndef GAUNTLET_H
#define GAUNTLET_H

#include "clienthello.h"
#include "minitcp.h"

#define STREAM_MAX 20480
#define PORT_FIRST 20000
#define PORTS_EACH 2
#define SLOTS 8192

/* What the recording server's programs were given by its kernel, by the client's port. */
struct slot {
	uint32_t len;
	uint8_t bytes[STREAM_MAX * 2 - 4];
};

enum service {
	RECORDED, /* TCP 8443: every byte that the server's program reads is written down */
	NGINX_TLS, /* 443: a ServerHello is an answer */
	NGINX_HTTP, /* 80: it says which name it answers */
	NAMESERVER, /* UDP 53, written down */
	NAMESERVER_TCP, /* likewise */
	QUIC_SERVER, /* UDP 443, written down */
	QUIC_OTHER, /* UDP 8443, likewise */
};

enum {
	ODD = 1,      /* no ordinary client does this: the allowed name may be refused too */
	INERT = 2,    /* the server itself does not take it: without the filter nothing is answered either */
	ONLY_V4 = 4,
	ONLY_V6 = 8,
	OPENS = 16,   /* opens the connection itself */
	BROWSER = 32, /* a hello of browser size */
	GETS_PAST = 128, /* known, and not closed yet */
	ALONE = 64,   /* disturbs others: only run where it is asked for */
};

struct run;
struct strategy {
	const char *family, *name;
	enum service service;
	unsigned flags;
	void (*make)(struct run *); /* the stream; NULL: a ClientHello */
	void (*play)(struct run *); /* NULL: in order */
	long arg, arg2;
};

struct run {
	const struct strategy *s;
	const char *interface, *router, *src, *dst, *server; /* server: as dst */
	const char *name, *innocent; /* of the same length */
	unsigned port;
	int patience, turn;          /* turn: 0 at first, more when it is repeated */
	long flood;
	struct tcp t;
	uint8_t stream[STREAM_MAX], decoy[STREAM_MAX];
	size_t len, name_at;
	size_t piece[16], pieces;    /* datagrams: where each starts */
	struct slot *slots;
};

static inline struct slot *slot_of(struct slot *slots, unsigned port)
{
	return &slots[(port - PORT_FIRST) % SLOTS];
}

static inline size_t name_end(const struct run *r) { return r->name_at + strlen(r->name); }

/* ---- streams ---- */

static inline void set_stream(struct run *r, const void *bytes, size_t len)
{
	if (len > STREAM_MAX)
		abort();
	memcpy(r->stream, bytes, len);
	memcpy(r->decoy, bytes, len);
	r->len = len;
	for (size_t at = 0; at + strlen(r->name) <= len; at++)
		if (!strncasecmp((char *)r->stream + at, r->name, strlen(r->name))) {
			if (!r->name_at)
				r->name_at = at;
			memcpy(r->decoy + at, r->innocent, strlen(r->name));
		}
}

static inline void make_hello(struct run *r)
{
	static struct hello h;

	hello_make(&h, r->name, !!(r->s->flags & BROWSER));
	set_stream(r, h.bytes, h.len);
}

/* ---- pieces of the stream ---- */

static inline void put(struct run *r, size_t from, size_t to)
{
	tcp_put(&r->t, r->stream, from, to < r->len ? to : r->len, NULL);
}

static inline void put_decoy(struct run *r, size_t from, size_t to, const struct segment_odd *odd)
{
	tcp_put(&r->t, r->decoy, from, to < r->len ? to : r->len, odd);
}

/* Time for the network to carry what was sent, and for what comes back. */
static inline void settle(struct run *r)
{
	double deadline = now_ms() + 2 * r->patience;

	while (tcp_wait(&r->t, deadline))
		;
}

/* ---- outcome ---- */

static inline int in_slot_of(const struct run *r, unsigned port, const void *bytes, size_t len)
{
	const struct slot *slot = slot_of(r->slots, port);

	return !!memmem(slot->bytes, slot->len, bytes, len);
}

static inline int in_slot(const struct run *r, const void *bytes, size_t len)
{
	return in_slot_of(r, r->port, bytes, len);
}

/* A name in any case, anywhere in what the server got. */
static inline int name_in_slot(const struct run *r)
{
	const struct slot *slot = slot_of(r->slots, r->port);
	size_t len = strlen(r->name);

	for (size_t at = 0; at + len <= slot->len; at++)
		if (!strncasecmp((const char *)slot->bytes + at, r->name, len))
			return 1;
	return 0;
}

/* From whichever port of the run each came. */
static inline int datagrams_in_slot(const struct run *r)
{
	for (size_t i = 0; i < r->pieces; i++) {
		size_t end = i + 1 < r->pieces ? r->piece[i + 1] : r->len;

		if (!in_slot(r, r->stream + r->piece[i], end - r->piece[i]) &&
		    !in_slot_of(r, r->port + 1, r->stream + r->piece[i], end - r->piece[i]))
			return 0;
	}
	return 1;
}

static inline int http_answered(const struct run *r)
{
	char text[400];

	snprintf(text, sizeof(text), "reached %s over", r->name);
	return !!memmem(r->t.in, r->t.in_len, text, strlen(text));
}

/* The blocked (or allowed) name came through and the server took it. */
static inline int answered(const struct run *r)
{
	switch (r->s->service) {
	case RECORDED:
		return name_in_slot(r) || in_slot(r, r->stream, r->len);
	case NAMESERVER_TCP:
		return in_slot(r, r->stream, r->len);
	case NGINX_TLS:
		return r->t.in_len > 5 && r->t.in[0] == 22;
	case NGINX_HTTP:
		return http_answered(r);
	default:
		return datagrams_in_slot(r);
	}
}

#endif
