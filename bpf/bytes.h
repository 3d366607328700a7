/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two and four bytes at any address (for eight see esafe/hash.h), and the bits of a word. The kernel's verifier and
 * every architecture it runs on take unaligned access to map memory; C wants it said, and what clang makes of the
 * saying costs eight times as much.
 */
#ifndef ESAFE_BYTES_H
#define ESAFE_BYTES_H

#include <linux/types.h>

#ifdef __bpf__
static __always_inline __u16 load2(const __u8 *at) { return *(const __u16 *)at; }
static __always_inline __u32 load4(const __u8 *at) { return *(const __u32 *)at; }
static __always_inline void store2(__u8 *at, __u16 value) { *(__u16 *)at = value; }
static __always_inline void store4(__u8 *at, __u32 value) { *(__u32 *)at = value; }
#else
static inline __u16 load2(const __u8 *at) { __u16 v; __builtin_memcpy(&v, at, 2); return v; }
static inline __u32 load4(const __u8 *at) { __u32 v; __builtin_memcpy(&v, at, 4); return v; }
static inline void store2(__u8 *at, __u16 value) { __builtin_memcpy(at, &value, 2); }
static inline void store4(__u8 *at, __u32 value) { __builtin_memcpy(at, &value, 4); }
#endif

/* Number of the lowest bit of a word that has one: how many lie below it, counted without a branch. */
static inline __u32 lowest_bit(__u64 word)
{
	__u64 n = (word & -word) - 1;

	n -= n >> 1 & 0x5555555555555555ULL;
	n = (n & 0x3333333333333333ULL) + (n >> 2 & 0x3333333333333333ULL);
	n = (n + (n >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return n * 0x0101010101010101ULL >> 56;
}

#endif
