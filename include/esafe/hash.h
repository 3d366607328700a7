/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One hash for names, compiled on both sides. A label is hashed eight bytes at a time, lower-cased on the way
 * (RFC 4343); the hash of a suffix chains its labels from the top-level one down, so that one pass over a name gives
 * the hash of every parent. Two secret multipliers: with one there are collisions that no seed removes.
 */
#ifndef ESAFE_HASH_H
#define ESAFE_HASH_H

#include <linux/types.h>
#include "esafe/abi.h"

#define ESAFE_LABEL_ROOM 128 /* power of two above ESAFE_LABELS_MAX */
#define ESAFE_WIRE_ROOM 256  /* power of two above ESAFE_NAME_MAX */

struct esafe_name {
	__u32 len;    /* bytes of wire, root label included; 0: not a name */
	__u32 labels; /* root label not counted */
	__u64 label[ESAFE_LABEL_ROOM];  /* hash of each label, leftmost first */
	__u64 suffix[ESAFE_LABEL_ROOM]; /* hash of the last n+1 labels: 0 is the top-level label */
	__u8 wire[ESAFE_WIRE_ROOM + 8]; /* lower case after esafe_name_scan(); eight bytes may be read from any offset */
};

/* The kernel's verifier and every architecture it runs on take unaligned loads from map memory; C wants them said. */
static inline __u64 esafe_load8(const __u8 *at)
{
#ifdef __bpf__
	return *(const __u64 *)at;
#else
	__u64 word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
#endif
}

static inline void esafe_store8(__u8 *at, __u64 word)
{
#ifdef __bpf__
	*(__u64 *)at = word;
#else
	__builtin_memcpy(at, &word, sizeof(word));
#endif
}

/* Eight ASCII bytes with A-Z made a-z; other bytes stay. */
static inline __u64 esafe_lower8(__u64 word)
{
	const __u64 ones = 0x0101010101010101ULL;
	__u64 low = word & (0x7f * ones);
	__u64 upper = ~word & ((low + (0x80 - 'A') * ones) ^ (low + (0x7f - 'Z') * ones)) & (0x80 * ones);

	return word | upper >> 2;
}

static inline __u64 esafe_mix(__u64 hash, __u64 word, __u64 k1, __u64 k2)
{
	hash = (hash ^ word) * k1;
	hash ^= hash >> 32;
	hash *= k2;
	return hash ^ hash >> 29;
}

struct esafe_scan {
	__u32 at;    /* offset of the next byte */
	__u32 rest;  /* bytes left of the label; 0: a length byte is next */
	__u64 hash;  /* of the label so far */
	__u32 done;  /* 1: the root label was read; 2: not a name */
};

/* One step of the scan: at most one length byte and eight bytes of a label. A name takes at most ESAFE_SCAN_STEPS. */
#define ESAFE_SCAN_STEPS 160
static inline void esafe_scan_step(struct esafe_name *name, struct esafe_scan *scan, __u64 k1, __u64 k2)
{
	__u64 word, mask;
	__u32 take;

	if (!scan->rest) {
		__u32 len = name->wire[scan->at & (ESAFE_WIRE_ROOM - 1)];

		if (!len) {
			name->len = scan->at + 1;
			scan->done = 1;
			return;
		}
		if (len > 63 || scan->at + len + 2 > ESAFE_NAME_MAX) {
			scan->done = 2;
			return;
		}
		scan->at++;
		scan->rest = len;
		scan->hash = len * k2; /* not the length itself: labels that end in zero bytes would have twins */
		name->labels++;
	}
	take = scan->rest < 8 ? scan->rest : 8;
	mask = ~0ULL >> ((8 - take) * 8);
	word = esafe_load8(&name->wire[scan->at & (ESAFE_WIRE_ROOM - 1)]);
	word = (word & ~mask) | (esafe_lower8(word) & mask);
	esafe_store8(&name->wire[scan->at & (ESAFE_WIRE_ROOM - 1)], word);
	scan->hash = esafe_mix(scan->hash, word & mask, k1, k2);
	scan->at += take;
	scan->rest -= take;
	if (!scan->rest)
		name->label[(name->labels - 1) & (ESAFE_LABEL_ROOM - 1)] = scan->hash;
}

/* Joins the hashes of labels into those of suffixes: call for i = 0 .. labels - 1 with the value returned before. */
static inline __u64 esafe_chain_step(struct esafe_name *name, __u32 i, __u64 above, __u64 k1, __u64 k2)
{
	__u64 label = name->label[(name->labels - 1 - i) & (ESAFE_LABEL_ROOM - 1)];

	above = esafe_mix(above, label, k2, k1);
	name->suffix[i & (ESAFE_LABEL_ROOM - 1)] = above;
	return above;
}

/*
 * The name in wire form at the start of name->wire (no compression, at most ESAFE_NAME_MAX bytes): lower-cases it in
 * place, sets len, labels and the hashes. The bytes behind the name do not matter. Returns 0, or -1 and len 0 if it is
 * not a name. Little-endian words: the same name hashes differently on a big-endian machine, which nothing stores.
 */
static inline int esafe_name_scan(struct esafe_name *name, __u64 k1, __u64 k2)
{
	struct esafe_scan scan = { 0 };
	__u64 above = 0;

	name->len = name->labels = 0;
	for (int i = 0; i < ESAFE_SCAN_STEPS && !scan.done; i++)
		esafe_scan_step(name, &scan, k1, k2);
	if (scan.done != 1) {
		name->len = 0;
		return -1;
	}
	for (__u32 i = 0; i < name->labels; i++)
		above = esafe_chain_step(name, i, above, k1, k2);
	return 0;
}

#endif
