/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF-Expand-Label (RFC 8446 section 7.1) as far as the keys of QUIC
 * Initials need them: every key is at most 32 bytes and every message fits one block. Words are big-endian numbers.
 */
#ifndef ESAFE_HKDF_H
#define ESAFE_HKDF_H

#include <linux/types.h>
#include "part.h"

struct sha256 {
	__u32 state[8];
	__u32 w[64];    /* the block in w[0..15]; the rest is the schedule */
	__u32 inner[8]; /* of the HMAC key: the state behind its block with ipad, and with opad */
	__u32 outer[8];
	__u32 key[8];
};

TABLE __u32 sha256_start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

TABLE __u32 sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The word twice: a shift of it to the right is then a rotation in its lower half. */
static __always_inline __u64 sha256_twice(__u32 x)
{
	return (__u64)x << 32 | x;
}

static __always_inline __u32 sha256_sigma(__u32 x, const int a, const int b, const int c)
{
	__u64 xx = sha256_twice(x);

	return (__u32)(xx >> a) ^ (__u32)(xx >> b) ^ (__u32)(xx >> c);
}

static __always_inline __u32 sha256_small(__u32 x, const int a, const int b, const int shift)
{
	__u64 xx = sha256_twice(x);

	return (__u32)(xx >> a) ^ (__u32)(xx >> b) ^ x >> shift;
}

PART int sha256_schedule(struct sha256 *c)
{
	if (!c)
		return -1;
	for (int i = 16; i < 64; i++)
		c->w[i] = c->w[i - 16] + sha256_small(c->w[i - 15], 7, 18, 3) + c->w[i - 7] +
			  sha256_small(c->w[i - 2], 17, 19, 10);
	return 0;
}

#define SHA256_ROUND(a, b, c, d, e, f, g, h, i)                                                                     \
	do {                                                                                                        \
		__u32 t = h + sha256_sigma(e, 6, 11, 25) + (g ^ (e & (f ^ g))) + sha256_k[i] + s->w[i];             \
		d += t;                                                                                             \
		h = t + sha256_sigma(a, 2, 13, 22) + ((a & b) | (c & (a | b)));                                     \
	} while (0)

/* Takes in the block in w[0..15]. */
PART int sha256_block(struct sha256 *s)
{
	__u32 a, b, c, d, e, f, g, h;

	if (!s || sha256_schedule(s))
		return -1;
	a = s->state[0]; b = s->state[1]; c = s->state[2]; d = s->state[3];
	e = s->state[4]; f = s->state[5]; g = s->state[6]; h = s->state[7];
	for (int i = 0; i < 64; i += 4) {
		SHA256_ROUND(a, b, c, d, e, f, g, h, i);
		SHA256_ROUND(h, a, b, c, d, e, f, g, i + 1);
		SHA256_ROUND(g, h, a, b, c, d, e, f, i + 2);
		SHA256_ROUND(f, g, h, a, b, c, d, e, i + 3);
		__u32 t0 = a, t1 = b, t2 = c, t3 = d;

		a = e; b = f; c = g; d = h;
		e = t0; f = t1; g = t2; h = t3;
	}
	s->state[0] += a; s->state[1] += b; s->state[2] += c; s->state[3] += d;
	s->state[4] += e; s->state[5] += f; s->state[6] += g; s->state[7] += h;
	return 0;
}

/* The 32 bytes of `key`, each byte changed by the pad, and zero bytes that are too. */
static __always_inline int hmac_pad(struct sha256 *s, __u32 pad, __u32 *to)
{
	int err;

	for (int i = 0; i < 8; i++) {
		s->w[i] = s->key[i] ^ pad;
		s->w[i + 8] = pad;
		s->state[i] = sha256_start[i];
	}
	err = sha256_block(s);
	for (int i = 0; i < 8; i++)
		to[i] = s->state[i];
	return err;
}

/* Makes s->key the key of the messages to come. */
PART int hmac_key(struct sha256 *s)
{
	if (!s)
		return -1;
	return hmac_pad(s, 0x36363636, s->inner) || hmac_pad(s, 0x5c5c5c5c, s->outer) ? -1 : 0;
}

/* HMAC of the message in w[0..15], which carries its own end: byte 0x80, zeros, (64 + its bytes) * 8. Into s->state. */
PART int hmac(struct sha256 *s)
{
	if (!s)
		return -1;
	for (int i = 0; i < 8; i++)
		s->state[i] = s->inner[i];
	if (sha256_block(s))
		return -1;
	for (int i = 0; i < 8; i++) {
		s->w[i] = s->state[i];
		s->w[i + 8] = 0;
		s->state[i] = s->outer[i];
	}
	s->w[8] = 0x80000000;
	s->w[15] = (64 + 32) * 8;
	return sha256_block(s);
}

/*
 * A label of HKDF-Expand-Label as the message that HMAC takes: length of the key (2), length of what follows (1),
 * "tls13 " and the label, no context, the counter 1, and the byte 0x80 that ends it.
 */
#define HKDF_LABEL_ROOM 24

/* With the key that hmac_key() set; into s->state. */
static __always_inline int hkdf_expand(struct sha256 *s, const __u8 *label)
{
	for (int i = 0; i < 16; i++)
		s->w[i] = i >= HKDF_LABEL_ROOM / 4 ? 0 :
			  (__u32)label[i * 4] << 24 | label[i * 4 + 1] << 16 | label[i * 4 + 2] << 8 | label[i * 4 + 3];
	s->w[15] = (64 + 2 + 1 + label[2] + 1 + 1) * 8;
	return hmac(s);
}

#endif
