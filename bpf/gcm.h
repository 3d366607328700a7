/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens what AES-128-GCM sealed (NIST SP 800-38D), with a nonce of 12 bytes. GHASH takes a byte at a time: a table of
 * the hash key times every byte is made for each packet, which pays from some ten blocks on.
 */
#ifndef ESAFE_GCM_H
#define ESAFE_GCM_H

#include <linux/types.h>
#include "esafe/hash.h"
#include "aes.h"
#include "part.h"

#define GCM_ROOM 2048 /* bytes of a packet, a power of two */
#define GCM_TAG 16
#define GCM_AT(g, i) (&(g)->bytes[(i) & (GCM_ROOM - 1)])

struct gcm {
	struct aes aes;          /* with the keys of the rounds */
	__u32 nonce[4];          /* the last word is the counter's */
	__u64 hash[2];           /* of what was taken in so far; the first bit is the highest of hash[0] */
	__u64 table[256][2];
	__u8 before[16];
	__u8 bytes[GCM_ROOM + 32];
};

/* Encrypts the nonce with this counter; the result is in aes.block. */
static __always_inline int gcm_counter(struct gcm *g, __u32 counter)
{
	g->aes.block[0] = g->nonce[0];
	g->aes.block[1] = g->nonce[1];
	g->aes.block[2] = g->nonce[2];
	g->aes.block[3] = __builtin_bswap32(counter);
	return aes_block(&g->aes);
}

/* The products of the hash key, in aes.block, with x^0 to x^7, the first of which is the byte 0x80. */
PART int gcm_powers(struct gcm *g)
{
	__u64 hi, lo;

	if (!g)
		return -1;
	hi = (__u64)__builtin_bswap32(g->aes.block[0]) << 32 | __builtin_bswap32(g->aes.block[1]);
	lo = (__u64)__builtin_bswap32(g->aes.block[2]) << 32 | __builtin_bswap32(g->aes.block[3]);
	for (__u32 i = 128; i; i /= 2) {
		__u64 out = -(lo & 1);

		g->table[i & 255][0] = hi;
		g->table[i & 255][1] = lo;
		lo = lo >> 1 | hi << 63;
		hi = hi >> 1 ^ (out & 0xe1ULL << 56);
	}
	return 0;
}

/* Every other byte is the sum of its lowest bit and the rest. */
PART int gcm_table(struct gcm *g)
{
	if (!g)
		return -1;
	for (int i = 0; i < 4; i++)
		g->aes.block[i] = 0;
	if (aes_block(&g->aes) || gcm_powers(g))
		return -1;
	g->table[0][0] = g->table[0][1] = 0;
	for (__u32 i = 1; i < 256; i++) {
		__u32 rest = i & (i - 1), lowest = i - rest;

		g->table[i][0] = g->table[rest][0] ^ g->table[lowest][0];
		g->table[i][1] = g->table[rest][1] ^ g->table[lowest][1];
	}
	return 0;
}

#define GCM_STEP(byte)                                                                               \
	do {                                                                                         \
		const __u64 *row = g->table[(byte) & 255];                                           \
		__u64 out = lo & 255;                                                                \
		lo = (lo >> 8 | hi << 56) ^ row[1];                                                  \
		hi = hi >> 8 ^ out << 49 ^ out << 54 ^ out << 55 ^ out << 56 ^ row[0];               \
	} while (0)

/* Takes a block into the hash: adds it, and multiplies by the hash key. */
PART int gcm_hash_block(struct gcm *g, __u64 first, __u64 second)
{
	__u64 hi = 0, lo = 0;

	if (!g)
		return -1;
	first ^= g->hash[0];
	second ^= g->hash[1];
	for (int i = 0; i < 8; i++) {
		GCM_STEP(second);
		second >>= 8;
	}
	for (int i = 0; i < 8; i++) {
		GCM_STEP(first);
		first >>= 8;
	}
	g->hash[0] = hi;
	g->hash[1] = lo;
	return 0;
}

/* Eight bytes at `at` as a number. */
static __always_inline __u64 gcm_word(const struct gcm *g, __u32 at)
{
	return __builtin_bswap64(esafe_load8(GCM_AT(g, at)));
}

/* The first `bits` bits of a word; 64 and more: all. */
static __always_inline __u64 gcm_first(__u64 word, __u32 bits)
{
	return bits > 63 ? word : word & ~(~0ULL >> bits);
}

/* Takes in the last bytes[at .. at + len), fewer than a block, filled up with zeros. */
PART int gcm_hash_rest(struct gcm *g, __u32 at, __u32 len)
{
	if (!g || !len)
		return -1;
	return gcm_hash_block(g, gcm_first(gcm_word(g, at), len * 8),
			      len > 8 ? gcm_first(gcm_word(g, at + 8), len * 8 - 64) : 0);
}

/* Takes in bytes[at .. at + len), filled up with zeros. */
PART int gcm_hash(struct gcm *g, __u32 at, __u32 len)
{
	__u32 blocks = len / 16;

	if (!g || len > GCM_ROOM)
		return -1;
	for (__u32 i = 0; i < GCM_ROOM / 16; i++) {
		if (i >= blocks)
			break;
		gcm_hash_block(g, gcm_word(g, at), gcm_word(g, at + 8));
		at += 16;
	}
	return len & 15 ? gcm_hash_rest(g, at, len & 15) : 0;
}

/* Does bytes[at ..] with `aad` bytes of header, then `len` sealed ones, carry the tag that it should behind them? */
static __always_inline int gcm_check(struct gcm *g, __u32 at, __u32 aad, __u32 len)
{
	__u64 one, two;

	if (gcm_table(g))
		return -1;
	g->hash[0] = g->hash[1] = 0;
	if (gcm_hash(g, at, aad) || gcm_hash(g, at + aad, len) ||
	    gcm_hash_block(g, (__u64)aad * 8, (__u64)len * 8) || gcm_counter(g, 1))
		return -1;
	one = (__u64)__builtin_bswap32(g->aes.block[0]) << 32 | __builtin_bswap32(g->aes.block[1]);
	two = (__u64)__builtin_bswap32(g->aes.block[2]) << 32 | __builtin_bswap32(g->aes.block[3]);
	one ^= g->hash[0] ^ gcm_word(g, at + aad + len);
	two ^= g->hash[1] ^ gcm_word(g, at + aad + len + 8);
	return one | two ? -1 : 0;
}

/* Opens bytes[at .. at + len) in its place, and up to 15 bytes behind it, which are the tag's. */
PART int gcm_decrypt(struct gcm *g, __u32 at, __u32 len)
{
	__u32 blocks = (len + 15) / 16;

	if (!g)
		return -1;
	for (__u32 i = 0; i < GCM_ROOM / 16; i++) {
		__u8 *one = GCM_AT(g, at + i * 16), *two = GCM_AT(g, at + i * 16 + 8);

		if (i >= blocks)
			break;
		gcm_counter(g, 2 + i);
		esafe_store8(one, esafe_load8(one) ^ ((__u64)g->aes.block[1] << 32 | g->aes.block[0]));
		esafe_store8(two, esafe_load8(two) ^ ((__u64)g->aes.block[3] << 32 | g->aes.block[2]));
	}
	return 0;
}

#endif
