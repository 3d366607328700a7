/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ClientHello that a real server answers (RFC 8446 section 4.1.2), as large as a browser's if so wished. */
#ifndef CLIENTHELLO_H
#define CLIENTHELLO_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HELLO_MAX 20480

struct hello {
	uint8_t bytes[HELLO_MAX];
	size_t len;
	size_t name_at; /* offset of the server's name */
};

static inline void hello_put(struct hello *h, const void *bytes, size_t n)
{
	if (h->len + n > HELLO_MAX)
		abort();
	memcpy(h->bytes + h->len, bytes, n);
	h->len += n;
}

static inline void hello_put16(struct hello *h, unsigned value)
{
	uint8_t bytes[2] = { value >> 8, value & 255 };

	hello_put(h, bytes, 2);
}

static inline void hello_random(struct hello *h, size_t n)
{
	while (n--) {
		uint8_t byte = rand();

		hello_put(h, &byte, 1);
	}
}

static inline void hello_set16(struct hello *h, size_t at, size_t value)
{
	h->bytes[at] = value >> 8;
	h->bytes[at + 1] = value & 255;
}

static inline void hello_name(struct hello *h, const char *name)
{
	size_t len = strlen(name);

	hello_put16(h, 0); /* server_name */
	hello_put16(h, len + 5);
	hello_put16(h, len + 3);
	hello_put(h, "\0", 1); /* host_name */
	hello_put16(h, len);
	h->name_at = h->len;
	hello_put(h, name, len);
}

static inline void hello_fixed_extensions(struct hello *h)
{
	static const uint8_t fixed[] = {
		0, 10, 0, 8, 0, 6, 0x11, 0xec, 0, 29, 0, 23,          /* supported_groups: X25519MLKEM768, x25519, P-256 */
		0, 11, 0, 2, 1, 0,                                    /* ec_point_formats */
		0, 13, 0, 10, 0, 8, 4, 3, 8, 4, 4, 1, 5, 3,           /* signature_algorithms */
		0, 16, 0, 11, 0, 9, 8, 'h', 't', 't', 'p', '/', '1', '.', '1', /* ALPN */
		0, 23, 0, 0,                                          /* extended_master_secret */
		0, 43, 0, 5, 4, 3, 4, 3, 3,                           /* supported_versions: 1.3, 1.2 */
		0, 45, 0, 2, 1, 1,                                    /* psk_key_exchange_modes */
	};

	hello_put(h, fixed, sizeof(fixed));
}

static inline void hello_key_share(struct hello *h, int post_quantum)
{
	size_t shares = post_quantum ? 4 + 1216 + 4 + 32 : 4 + 32;

	hello_put16(h, 51);
	hello_put16(h, shares + 2);
	hello_put16(h, shares);
	if (post_quantum) {
		hello_put16(h, 0x11ec);
		hello_put16(h, 1216);
		hello_random(h, 1216);
	}
	hello_put16(h, 29);
	hello_put16(h, 32);
	hello_random(h, 32);
}

/*
 * The whole record. Of browser size it carries a post-quantum key share and an ECH extension of random bytes in front
 * of the name, as Chromium's does in half of all connections: the name then stands in the second segment.
 */
static inline void hello_make(struct hello *h, const char *name, int browser_size)
{
	static const uint8_t start[] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 };
	static const uint8_t suites[] = { 0, 10, 0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0 };
	size_t extensions;

	h->len = 0;
	hello_put(h, start, sizeof(start));
	hello_random(h, 32);
	hello_put(h, "\x20", 1);
	hello_random(h, 32);
	hello_put(h, suites, sizeof(suites));
	extensions = h->len;
	hello_put16(h, 0);
	if (browser_size) {
		hello_key_share(h, 1);
		hello_put16(h, 0xfe0d);
		hello_put16(h, 250);
		hello_random(h, 250);
	}
	hello_name(h, name);
	hello_fixed_extensions(h);
	if (!browser_size)
		hello_key_share(h, 0);
	hello_set16(h, extensions, h->len - extensions - 2);
	hello_set16(h, 3, h->len - 5);
	hello_set16(h, 7, h->len - 9);
}

#endif
