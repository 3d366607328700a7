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
	__u8 wire[ESAFE_WIRE_ROOM + 8]; /* as the client wrote it; eight bytes may be read from any offset */
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

/* A name of ESAFE_WIRE_ROOM bytes of wire form in lower case: no length byte of a label is a letter. */
static inline void esafe_lower_wire(__u8 *to, const __u8 *wire)
{
	for (int i = 0; i < ESAFE_WIRE_ROOM; i += 8)
		esafe_store8(to + i, esafe_lower8(esafe_load8(wire + i)));
}

static inline __u64 esafe_mix(__u64 hash, __u64 word, __u64 k1, __u64 k2)
{
	hash = (hash ^ word) * k1;
	hash ^= hash >> 32;
	hash *= k2;
	return hash ^ hash >> 29;
}

/*
 * Hashes the label whose length byte stands at offset `at`. Returns the offset behind it; 0 at the root label, with
 * name->len set, and 0 with name->len 0 if this is not a name.
 */
static inline __u32 esafe_scan_label(struct esafe_name *name, __u32 at, __u64 k1, __u64 k2)
{
	__u32 len = name->wire[at & (ESAFE_WIRE_ROOM - 1)];
	__u64 hash = len * k2; /* not the length itself: labels that end in zero bytes would have twins */

	if (!len)
		name->len = at + 1;
	if (!len || len > 63 || at + len + 2 > ESAFE_NAME_MAX)
		return 0;
	at++;
	for (__u32 i = 0; i < 64; i += 8) {
		__u64 word, mask = ~0ULL;

		if (i >= len)
			break;
		if (len - i < 8)
			mask >>= (8 - (len - i)) * 8;
		word = esafe_lower8(esafe_load8(&name->wire[(at + i) & (ESAFE_WIRE_ROOM - 1)]));
		hash = esafe_mix(hash, word & mask, k1, k2);
	}
	name->label[name->labels++ & (ESAFE_LABEL_ROOM - 1)] = hash;
	return at + len;
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
 * The name in wire form at the start of name->wire (no compression, at most ESAFE_NAME_MAX bytes), in any case: sets
 * len, labels and the hashes. The bytes behind the name do not matter. Returns 0, or -1 and len 0 if it is not a name.
 * Little-endian words: the same name hashes differently on a big-endian machine, which nothing stores.
 */
static inline int esafe_name_scan(struct esafe_name *name, __u64 k1, __u64 k2)
{
	__u64 above = 0;
	__u32 at = 0;

	name->len = name->labels = 0;
	do
		at = esafe_scan_label(name, at, k1, k2);
	while (at);
	if (!name->len)
		return -1;
	for (__u32 i = 0; i < name->labels; i++)
		above = esafe_chain_step(name, i, above, k1, k2);
	return 0;
}

#endif
