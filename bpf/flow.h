/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections. Three flat tables, each of 64-byte buckets, found by a secret hash of the addresses and ports:
 *
 *   opening   from the SYN until the server has acknowledged the whole first flight, or that part of a connection that
 *             may go over to TLS yet
 *   flights   the bytes of that first flight, kept to compare retransmissions with
 *   judged    everything after: one word a connection, one lookup a packet
 *
 * A connection that asks for one name after another (HTTP, DNS over TCP) stays in `opening` for its life: each request
 * is read as if it were a first flight, and has a place in `flights` while it is. Of DNS over TCP the server's side is
 * read in the same way, in a place of its own.
 *
 * A full bucket gives up its oldest entry. That frees nobody: data of a connection that is in no table is refused
 * (reason "tcp-unknown"), never passed.
 *
 * The server's own words move a connection on, for a client can lie: its SYN-ACK says where the stream starts, its
 * acknowledgement says which bytes it has. A decoy that does not reach the server moves nothing.
 */
#ifndef ESAFE_FLOW_H
#define ESAFE_FLOW_H

#include <linux/types.h>
#include "esafe/abi.h"
#include "esafe/hash.h"
#include "pkt.h"
#include "http.h"
#include "tls.h"

#define FLOW_BUCKETS 65536
#define JUDGED_WAYS 8
#define OPENING_WAYS 4
#define FLIGHTS 512
#define BACKFLIGHTS 256   /* places behind those, for what servers say (DNS over TCP) */
#define FLIGHT_WAYS 8
#define FLIGHT_ROOM 16384 /* longest first flight that is read */
#define FLIGHT_CHUNK 2048 /* read at a time */

/*
 * Age stamps count jiffies, which cost nothing to read; their times are for HZ 250, as Debian has it.
 *
 * judged: bits 63..16 tag, 15..13 era of the device (slot.h), 12..2 age stamp in steps of 2^14 jiffies (66 s),
 * 1..0 state
 */
struct judged_bucket {
	__u64 slot[JUDGED_WAYS];
};
enum { JUDGED_NONE, JUDGED_PASS, JUDGED_BLOCKED, JUDGED_UNREAD /* passes, whatever it is */ };

/*
 * opening: tag_state bits 63..16 tag, 15..6 age stamp in steps of 2^10 jiffies (4 s), 5 bytes of the message that is
 * being read have passed, 4 it is plain, 3 last bit of the era in which it was last judged, 2..0 state
 */
struct opening {
	__u64 tag_state;
	__u32 start; /* sequence number of the first byte of the stream, or of the request that is being read; plain: of
		      * the first byte that may belong to a ClientHello */
	__u32 end;   /* SYN, NAMED: sequence number behind what was seen, SYN: start - 1 if another SYN came before it;
		      * WATCHED: what the server waits for */
};
struct opening_bucket {
	struct opening slot[OPENING_WAYS];
};
enum opening_state {
	OPENING_NONE,
	OPENING_SYN,     /* the client's SYN: start is what it says */
	OPENING_READ,    /* SYN-ACK passed: start is what the server says; the first flight is being read */
	OPENING_NAMED,   /* judged and allowed; the server has not yet acknowledged all of it */
	OPENING_INBOUND, /* a SYN from the far side went out to this device */
	OPENING_WATCHED, /* a request was judged and allowed; others will come */
	OPENING_FAST_NAMED,   /* the same two, by data in the SYN (Fast Open): nothing more passes before the server ... */
	OPENING_FAST_WATCHED, /* ... has said that this is the SYN which counts, and that it took the data */
};

/* flight_owners: tag of the connection (bits 63..16) and age stamp (15..0, steps of 2^4 jiffies, 64 ms); 0: free */
struct flight_owners {
	__u64 owner[FLIGHT_WAYS];
};

enum flight_kind {
	FLIGHT_UNKNOWN, /* its first byte will tell TLS from the others */
	FLIGHT_TLS,
	FLIGHT_HTTP,    /* or a protocol that is none of these */
	FLIGHT_DNS,
	FLIGHT_PLAIN,   /* none of these: looked through for a ClientHello (upgrade.h) */
};
enum flight_plain { FLIGHT_UNNAMED = 1, FLIGHT_NAMED }; /* 0: it is not */
enum flight_result {   /* beside those of enum tls_result */
	FLIGHT_CONTENT = 16, /* flight.skip bytes need not be read */
	FLIGHT_FULL,         /* no room: the server has not acknowledged enough */
};
struct flight {
	__u32 have;  /* sequence number behind the last byte that is in `bytes` */
	__u32 gap;   /* so many bytes from there on are content: not kept, not compared, in any order */
	__u32 start; /* sequence number of the first byte of the message that is read */
	__u32 at;    /* of the byte that is read next; TLS has its own */
	__u32 kind;
	__u32 tunnel; /* enum esafe_reason: which one the message begins; 0: none */
	__u32 plain;  /* the connection is, enum flight_plain: what is no ClientHello is looked through for one */
	__u32 plain_from; /* sequence number of its first byte */
	__u32 trying; /* flight.candidate may be a hello */
	__u32 reading; /* flight.tls is one */
	__u32 next;   /* sequence number of the next message, if those of a plain stream are DNS; plaindns.h */
	__u32 asked;  /* one of them was a question */
	__u32 searched; /* up to where the stream was looked through when one was found */
	__u64 skip;  /* bytes of content to leave out before that */
	struct tls_reader tls;
	struct tls_reader candidate;
	struct http_reader http;
	__u8 bytes[FLIGHT_ROOM + FLIGHT_CHUNK]; /* a ring, by sequence number; its first word is repeated behind it */
};

#define FLIGHT_AT(f, i) ((f)->bytes[(i) & (FLIGHT_ROOM - 1)])
#define FLOW_TAG(hash) ((hash) >> 16)
#define JUDGED_STAMP(now) (((now) >> 14) & 0x7ff)
#define JUDGED_IN_ERA(state, era) ((state) | (__u32)(era) << 13)
#define OPENING_STATE(o) ((o)->tag_state & 7)
#define OPENING_ERA(o) ((o)->tag_state >> 3 & 1)
#define OPENING_IN_ERA(state, era) ((state) | ((era) & 1) << 3)
#define OPENING_PLAIN 16
#define OPENING_IS_PLAIN(o) (!!((o)->tag_state & OPENING_PLAIN))
#define OPENING_BEGUN 32
#define OPENING_IS_BEGUN(o) (!!((o)->tag_state & OPENING_BEGUN))
#define OPENING_AS(o, state) ((state) | ((o)->tag_state & 56)) /* in its era, as plain and as far as it is */
#define OPENING_STAMP(now) (((now) >> 10) & 0x3ff)
#define FLIGHT_STAMP(now) (((now) >> 4) & 0xffff)

/*
 * One if x is not zero, and the larger of two numbers below 2^63, without a jump: the verifier tries every path through
 * the ways of a bucket. The compiler must not see what it is.
 */
static __always_inline __u64 nonzero(__u64 x)
{
	__u64 sign = x | -x;

	asm volatile("" : "+r"(sign));
	return sign >> 63;
}

static __always_inline __u64 larger(__u64 a, __u64 b)
{
	__u64 less = a - b;

	asm volatile("" : "+r"(less));
	return a ^ ((a ^ b) & -(less >> 63));
}

/* Secret hash of a connection; `from` is the side that opened it. */
static __always_inline __u64 flow_hash(const struct esafe_config *c, const struct pkt *p, int from_src)
{
	const __u32 *from = from_src ? p->src : p->dst, *to = from_src ? p->dst : p->src;
	__u32 from_port = from_src ? p->sport : p->dport, to_port = from_src ? p->dport : p->sport;
	__u64 hash = esafe_mix(0, (__u64)from[3] << 32 | to[3], c->flow_k1, c->flow_k2);
	/* the protocol not with the addresses, or UDP to one would be TCP to another */
	__u64 how = (__u64)p->l4_proto << 32 | from_port << 16 | to_port;

	hash = esafe_mix(hash, how, c->flow_k2, c->flow_k1);
	if (p->family == 4)
		return hash;
	hash = esafe_mix(hash, (__u64)from[0] << 32 | from[1], c->flow_k1, c->flow_k2);
	hash = esafe_mix(hash, (__u64)to[0] << 32 | to[1], c->flow_k1, c->flow_k2);
	return esafe_mix(hash, (__u64)from[2] << 32 | to[2], c->flow_k1, c->flow_k2);
}

/* The word of this connection, or 0. */
static __always_inline __u64 judged_find(const struct judged_bucket *bucket, __u64 hash)
{
	for (int i = 0; i < JUDGED_WAYS; i++) {
		__u64 slot = bucket->slot[i];

		if (FLOW_TAG(slot) == FLOW_TAG(hash))
			return slot;
	}
	return 0;
}

static __always_inline int judged_is_fresh(__u64 word, __u64 now)
{
	return (word >> 2 & 0x7ff) == JUDGED_STAMP(now);
}

/* It was let through in another era. */
static __always_inline int judged_is_old(__u64 word, __u32 era)
{
	return ((word & 3) == JUDGED_PASS || (word & 3) == JUDGED_UNREAD) && (word >> 13 & 7) != era;
}

/* The connection has no word any more. */
static __always_inline void judged_forget(struct judged_bucket *bucket, __u64 hash)
{
	for (int i = 0; i < JUDGED_WAYS; i++) {
		if (FLOW_TAG(bucket->slot[i]) == FLOW_TAG(hash)) {
			bucket->slot[i] = 0;
			break;
		}
	}
}

/* Sets the state of a connection, perhaps with its era. Returns 1 if a living entry had to go for it. */
static __always_inline int judged_set(struct judged_bucket *bucket, __u64 hash, __u32 state, __u64 now)
{
	__u64 stamp = JUDGED_STAMP(now), best = 0;
	__u64 word = FLOW_TAG(hash) << 16 | stamp << 2 | state;

	for (int i = 0; i < JUDGED_WAYS; i++) {
		__u64 slot = bucket->slot[i], age = (stamp - (slot >> 2)) & 0x7ff;

		age |= (nonzero(slot) ^ 1) << 11;
		age |= (nonzero(FLOW_TAG(slot) ^ FLOW_TAG(hash)) ^ 1) << 12;
		best = larger(best, age << 3 | i);
	}
	bucket->slot[best & (JUDGED_WAYS - 1)] = word;
	return best < 0x800 << 3;
}

static __always_inline struct opening *opening_find(struct opening_bucket *bucket, __u64 hash)
{
	struct opening *found = 0;

	for (__u32 i = 0; i < OPENING_WAYS; i++)
		if (FLOW_TAG(bucket->slot[i].tag_state) == FLOW_TAG(hash) && OPENING_STATE(&bucket->slot[i]))
			found = &bucket->slot[i];
	return found;
}

static __always_inline void opening_state_set(struct opening *o, __u64 hash, __u32 state, __u64 now)
{
	o->tag_state = FLOW_TAG(hash) << 16 | OPENING_STAMP(now) << 6 | state;
}

/* An entry for a connection that has none: an empty one or the oldest. */
static __always_inline struct opening *opening_victim(struct opening_bucket *bucket, __u64 now)
{
	struct opening *victim = &bucket->slot[0];
	__u64 stamp = OPENING_STAMP(now), oldest = 0;

	for (__u32 i = 0; i < OPENING_WAYS; i++) {
		__u64 word = bucket->slot[i].tag_state;
		__u64 age = word & 7 ? (stamp - (word >> 6)) & 0x3ff : 0x400;

		if (age >= oldest) {
			oldest = age;
			victim = &bucket->slot[i];
		}
	}
	return victim;
}

/* Whoever has this entry opened a connection within the last minute: as long as a server repeats its SYN-ACK. */
static __always_inline int opening_is_young(const struct opening *o, __u64 now)
{
	return OPENING_STATE(o) && ((OPENING_STAMP(now) - (o->tag_state >> 6)) & 0x3ff) < 16;
}

/* The way of this connection's flight, or FLIGHT_WAYS. */
static __always_inline __u32 flight_way(const struct flight_owners *owners, __u64 hash)
{
	__u32 way = FLIGHT_WAYS;

	for (__u32 i = 0; i < FLIGHT_WAYS; i++)
		if (FLOW_TAG(owners->owner[i]) == FLOW_TAG(hash))
			way = i;
	return way;
}

static __always_inline __u32 flight_victim(const struct flight_owners *owners, __u64 now)
{
	__u64 stamp = FLIGHT_STAMP(now), oldest = 0;
	__u32 victim = 0;

	for (__u32 i = 0; i < FLIGHT_WAYS; i++) {
		__u64 word = owners->owner[i];
		__u64 age = word ? (stamp - word) & 0xffff : 0x10000;

		if (age >= oldest) {
			oldest = age;
			victim = i;
		}
	}
	return victim;
}

#endif
