/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a ClientHello may look like, and how records may cut it (RFC 8446 sections 4.1.2 and 5.1, RFC 6066). */
#ifndef GAUNTLET_TLS_H
#define GAUNTLET_TLS_H

#include "gauntlet.h"

/* ---- records ---- */

static void records_of(struct run *r, const void *before, size_t before_len, size_t first, size_t each)
{
	static struct hello whole, h;

	hello_make(&whole, r->name, !!(r->s->flags & BROWSER));
	h.len = 0;
	hello_put(&h, before, before_len);
	for (size_t at = 5, n = first; at < whole.len; at += n, n = each) {
		n = whole.len - at < n ? whole.len - at : n;
		hello_put(&h, whole.bytes, 3);
		hello_put16(&h, n);
		hello_put(&h, whole.bytes + at, n);
	}
	set_stream(r, h.bytes, h.len);
}

static void make_records(struct run *r) { records_of(r, "", 0, r->s->arg, r->s->arg2); }

static void make_records_in_name(struct run *r)
{
	static struct hello whole;

	hello_make(&whole, r->name, !!(r->s->flags & BROWSER));
	records_of(r, "", 0, whole.name_at - 5 + 4, r->s->arg);
}

static const struct {
	const char *bytes;
	size_t len;
} before_hello[] = {
	{ "\x16\3\1\0\0", 5 },                 /* an empty record */
	{ "\x15\3\1\0\2\1\0", 7 },             /* a warning: close_notify */
	{ "\x15\3\1\0\2\1\x5a", 7 },           /* a warning: user_canceled */
	{ "\x14\3\1\0\1\1", 6 },               /* change of ciphers */
	{ "\x17\3\1\0\4abcd", 9 },             /* data */
	{ "\x18\3\1\0\3\1\0\0", 8 },           /* a heartbeat */
	{ "\x16\3\1\0\4\0\0\0\0", 9 },         /* a HelloRequest, which only servers send */
	{ "\x80\x04\1\3\1\0", 6 },             /* the start of SSL 2 */
	{ "\x15\x9\x9\0\2\1\x5a", 7 },         /* a warning of a version that does not exist */
};

static void make_behind(struct run *r)
{
	records_of(r, before_hello[r->s->arg].bytes, before_hello[r->s->arg].len, STREAM_MAX, STREAM_MAX);
}

static void make_record_version(struct run *r)
{
	make_hello(r);
	r->stream[1] = r->decoy[1] = r->s->arg >> 8;
	r->stream[2] = r->decoy[2] = r->s->arg & 255;
}

/* An empty record, or another type, in the middle of the hello. */
static void make_record_between(struct run *r)
{
	static struct hello whole, h;
	size_t mid;

	hello_make(&whole, r->name, 0);
	mid = whole.name_at + 4;
	h.len = 0;
	hello_put(&h, whole.bytes, 3);
	hello_put16(&h, mid - 5);
	hello_put(&h, whole.bytes + 5, mid - 5);
	hello_put(&h, before_hello[r->s->arg].bytes, before_hello[r->s->arg].len);
	hello_put(&h, whole.bytes, 3);
	hello_put16(&h, whole.len - mid);
	hello_put(&h, whole.bytes + mid, whole.len - mid);
	set_stream(r, h.bytes, h.len);
}

/* ---- the hello ---- */

struct recipe {
	const char *name;
	size_t padding_before, padding_behind;
	void (*sni)(struct hello *, const char *);
	int ech, ticket, old; /* old: TLS 1.0 style, no extension but the name */
};

static void sni_bytes(struct hello *h, unsigned type, const char *name, size_t len)
{
	hello_put(h, &(uint8_t){ type }, 1);
	hello_put16(h, len);
	h->name_at = h->len;
	hello_put(h, name, len);
}

static void padding(struct hello *h, size_t n)
{
	static const uint8_t zero[16384];

	if (!n)
		return;
	hello_put16(h, 21);
	hello_put16(h, n);
	hello_put(h, zero, n);
}

static void hello_cook(struct hello *h, const struct recipe *c)
{
	static const uint8_t start[] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 };
	static const uint8_t suites[] = { 0, 12, 0x13, 1, 0x13, 2, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 9, 0xc0, 0x13, 1, 0 };
	size_t extensions;

	h->len = 0;
	hello_put(h, start, sizeof(start));
	if (c->old)
		h->bytes[10] = 1;
	hello_random(h, 32);
	hello_put(h, "\0", 1);
	hello_put(h, suites, sizeof(suites));
	extensions = h->len;
	hello_put16(h, 0);
	padding(h, c->padding_before);
	if (c->ech) {
		hello_put16(h, 0xfe0d);
		hello_put16(h, 250);
		hello_put(h, "\0\0\1\0\1\x42\0\x20", 8); /* outer, HKDF-SHA256, AES-128-GCM */
		hello_random(h, 32);
		hello_put16(h, 208);
		hello_random(h, 208);
	}
	c->sni(h, c->name);
	if (!c->old) {
		hello_fixed_extensions(h);
		hello_key_share(h, 0);
	}
	if (c->ticket) {
		hello_put16(h, 35);
		hello_put16(h, 192);
		hello_random(h, 192);
	}
	padding(h, c->padding_behind);
	hello_set16(h, extensions, h->len - extensions - 2);
	hello_set16(h, 3, h->len - 5);
	hello_set16(h, 7, h->len - 9);
}

static void cook(struct run *r, struct recipe c)
{
	static struct hello h;

	c.name = r->name;
	if (!c.sni)
		c.sni = hello_name;
	hello_cook(&h, &c);
	set_stream(r, h.bytes, h.len);
}

static void make_padded(struct run *r)
{
	cook(r, (struct recipe){ .padding_before = r->s->arg, .padding_behind = r->s->arg2 });
}

static void make_ech(struct run *r) { cook(r, (struct recipe){ .ech = 1 }); }
static void make_ticket(struct run *r) { cook(r, (struct recipe){ .ticket = 1 }); }
static void make_old(struct run *r) { cook(r, (struct recipe){ .old = 1 }); }

static void sni_upper(struct hello *h, const char *name)
{
	size_t at;

	hello_name(h, name);
	at = h->name_at;
	for (size_t i = 0; i < strlen(name); i += 2)
		if (h->bytes[at + i] >= 'a' && h->bytes[at + i] <= 'z')
			h->bytes[at + i] -= 32;
}

static void sni_dot(struct hello *h, const char *name)
{
	char dotted[300];

	snprintf(dotted, sizeof(dotted), "%s.", name);
	hello_name(h, dotted);
}

static void sni_twice(struct hello *h, const char *name)
{
	hello_name(h, "plain.example.com");
	hello_name(h, name);
}

/* One list of two entries; the first may be of a type that nobody knows. */
static void sni_list(struct hello *h, const char *name, unsigned type)
{
	static const char first[] = "plain.example.com";
	size_t len = strlen(first) + strlen(name) + 6;

	hello_put16(h, 0);
	hello_put16(h, len + 2);
	hello_put16(h, len);
	sni_bytes(h, type, first, strlen(first));
	sni_bytes(h, 0, name, strlen(name));
}

static void sni_two_names(struct hello *h, const char *name) { sni_list(h, name, 0); }
static void sni_other_type(struct hello *h, const char *name) { sni_list(h, name, 7); }

static void sni_with(struct hello *h, const char *name, const char *before, size_t before_len, const char *behind,
		     size_t behind_len)
{
	char all[600];
	size_t n = strlen(name);

	memcpy(all, before, before_len);
	memcpy(all + before_len, name, n);
	memcpy(all + before_len + n, behind, behind_len);
	n += before_len + behind_len;
	hello_put16(h, 0);
	hello_put16(h, n + 5);
	hello_put16(h, n + 3);
	sni_bytes(h, 0, all, n);
}

static void sni_nul(struct hello *h, const char *name) { sni_with(h, name, "", 0, "\0.example.org", 13); }
static void sni_nul_before(struct hello *h, const char *name) { sni_with(h, name, "a.example.org\0", 14, "", 0); }
static void sni_space(struct hello *h, const char *name) { sni_with(h, name, " ", 1, "", 0); }
static void sni_port(struct hello *h, const char *name) { sni_with(h, name, "", 0, ":443", 4); }
static void sni_scheme(struct hello *h, const char *name) { sni_with(h, name, "https://", 8, "", 0); }
static void sni_user(struct hello *h, const char *name) { sni_with(h, name, "plain.example.org@", 18, "", 0); }
static void sni_label(struct hello *h, const char *name) { sni_with(h, name, "_dmarc.a--b.xn--caf-dma.", 24, "", 0); }

static void sni_long(struct hello *h, const char *name) /* 253 characters */
{
	char before[256];
	size_t n = 253 - strlen(name);

	for (size_t i = 0; i < n; i++)
		before[i] = i % 40 == 39 || i == n - 1 ? '.' : 'a';
	sni_with(h, name, before, n, "", 0);
}

static void sni_empty_before(struct hello *h, const char *name) /* an empty list, then an extension that has it */
{
	hello_put(h, "\0\0\0\2\0\0", 6);
	hello_name(h, name);
}

static void sni_short_list(struct hello *h, const char *name) /* the list says that it is shorter than its extension */
{
	hello_name(h, name);
	hello_put(h, "\0\0", 2);
	hello_set16(h, h->name_at - 7, strlen(name) + 7);
}

#define MAKE_SNI(what) static void make_##what(struct run *r) { cook(r, (struct recipe){ .sni = what }); }
MAKE_SNI(sni_upper)
MAKE_SNI(sni_dot)
MAKE_SNI(sni_twice)
MAKE_SNI(sni_two_names)
MAKE_SNI(sni_other_type)
MAKE_SNI(sni_nul)
MAKE_SNI(sni_nul_before)
MAKE_SNI(sni_space)
MAKE_SNI(sni_port)
MAKE_SNI(sni_scheme)
MAKE_SNI(sni_user)
MAKE_SNI(sni_label)
MAKE_SNI(sni_long)
MAKE_SNI(sni_empty_before)
MAKE_SNI(sni_short_list)

/* ---- SSL 2's hello has no name: what comes in an extension of a later one has ---- */

static void make_ssl2(struct run *r)
{
	static const uint8_t hello[] = { 0x80, 46, 1, 3, 3, 0, 21, 0, 0, 0, 16, 0, 0, 0x2f, 0, 0, 0x35, 0, 0xc0, 0x2f,
					 0, 0xc0, 0x2b, 0, 0, 0x9c, 0, 0, 0xff, 0, 0, 0x9d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					 11, 12, 13, 14, 15, 16 };
	static struct hello h;

	h.len = 0;
	hello_put(&h, hello, sizeof(hello));
	hello_name(&h, r->name);
	set_stream(r, h.bytes, h.len);
}

/* ---- a second hello, when the server wants another key (RFC 8446 section 4.1.4) ---- */

/* The first names the innocent site and offers a key share of a group that the server does not have. */
static void hello_retry(struct hello *h, const char *name, unsigned group, size_t share)
{
	static const uint8_t start[] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 };
	static const uint8_t middle[] = { 0, 2, 0x13, 1, 1, 0 };
	static const uint8_t fixed[] = {
		0, 10, 0, 6, 0, 4, 0, 23, 0, 24,          /* P-256, P-384 */
		0, 13, 0, 10, 0, 8, 4, 3, 8, 4, 4, 1, 5, 3,
		0, 43, 0, 3, 2, 3, 4,
	};
	size_t extensions;

	h->len = 0;
	hello_put(h, start, sizeof(start));
	for (int i = 0; i < 32; i++)
		hello_put(h, "r", 1); /* both hellos carry the same */
	hello_put(h, "\0", 1);
	hello_put(h, middle, sizeof(middle));
	extensions = h->len;
	hello_put16(h, 0);
	hello_name(h, name);
	hello_put(h, fixed, sizeof(fixed));
	hello_put16(h, 51);
	hello_put16(h, share ? share + 6 : 2);
	hello_put16(h, share ? share + 4 : 0);
	if (share) {
		hello_put16(h, group);
		hello_put16(h, share);
		hello_put(h, "\4\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb"
			     "\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a"
			     "\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5", 65);
	}
	hello_set16(h, extensions, h->len - extensions - 2);
	hello_set16(h, 3, h->len - 5);
	hello_set16(h, 7, h->len - 9);
}

static void make_retried(struct run *r)
{
	static struct hello first, second;
	static uint8_t both[STREAM_MAX];

	hello_retry(&first, r->innocent, 0, 0);
	hello_retry(&second, r->name, 23, 65); /* the base point of P-256 is a key like any other */
	memcpy(both, first.bytes, first.len);
	memcpy(both + first.len, second.bytes, second.len);
	set_stream(r, both, first.len + second.len);
	r->piece[0] = first.len;
}

static void play_retried(struct run *r)
{
	size_t asked;

	put(r, 0, r->piece[0]);
	for (double end = now_ms() + 20 * r->patience; !r->t.in_len && tcp_wait(&r->t, end);)
		;
	settle(r);
	asked = r->t.in_len;
	put(r, r->piece[0], r->len);
	for (double end = now_ms() + 20 * r->patience; r->t.in_len == asked && !r->t.reset && tcp_wait(&r->t, end);)
		;
	/* only what comes after the second hello is an answer to it */
	memmove(r->t.in, r->t.in + asked, r->t.in_len - asked);
	r->t.in_len -= asked;
}

#endif
