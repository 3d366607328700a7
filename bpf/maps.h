/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every map of the programs, and the work area of a packet. Names stay under 16 characters: the kernel cuts them. */
#ifndef ESAFE_MAPS_H
#define ESAFE_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "esafe/abi.h"
#include "esafe/hash.h"
#include "esafe/catmap.h"
#include "dns.h"
#include "svcb.h"
#include "flow.h"
#include "part.h"
#include "pkt.h"
#include "tls.h"
#include "tunnel.h"

#define MESSAGE_ROOM 1024 /* a DNS message being read or built, or an ICMP error being built */
#define MESSAGE_READ 512  /* bytes of a question that are looked at; the rest can only be padding */
#define HITS 8

struct scratch {
	struct pkt pkt;
	__u64 flow;          /* hash of the connection, client first */
	__u64 now_ns;        /* CLOCK_TAI */
	__u64 tick, tick_ns; /* jiffies, and CLOCK_TAI when they were first seen */
	__u64 nonce;         /* of `why`: a packet that comes between clears it */
	struct esafe_name name;
	struct dns_question question;
	/* slot_touch() */
	__u32 cut_off;       /* ESAFE_CUT_* of the device */
	__u32 era;           /* of the device: what is judged now is judged in it */
	/* who() */
	struct esafe_device device;
	__u8 group, how;
	/* walk() */
	__u64 categories[4];
	__u32 hits;
	__u16 hit_site[HITS];
	__u8 hit_labels[HITS];
	__u32 listed_labels;
	/* scope_read_all() */
	__u32 scoped;        /* enum scoped, and the rule of each */
	__u32 scoped_rule[8];
	__u64 lifted[4];     /* categories that are granted */
	__u32 lifted_category, lifted_rule; /* the first of them */
	__u32 denied_category;
	__u64 asked[4];
	/* decide() */
	__u32 proto;         /* enum esafe_proto */
	__u32 known;         /* enum esafe_known */
	__u32 tunnel;        /* that the datagram is of, enum esafe_reason, or 0 */
	__u32 net_found;     /* the destination is of a network of the policy: enum net_found */
	__u32 shared_resolver; /* the device is one that resolves for others */
	__u32 rule;          /* grant, lesson or suspension that decided */
	__u32 verdict, reason, answer, category, line, matched, log;
	__u32 profile, slot; /* slot: transition */
	__u32 version;       /* of the policy */
	__u64 windows;
	/* streams */
	__u32 flight;        /* index */
	__u32 start;         /* sequence number of the message that is read */
	__u32 seq;           /* of the first byte of the segment that the server has not acknowledged */
	__u32 from;          /* which byte of the segment that is */
	__u32 acked;         /* what the server waits for */
	__u32 feed_at, feed_left; /* bytes of the packet that the reader has not got yet */
	__u32 opening;       /* enum opening_state */
	__u32 plain;         /* the connection is: flow.h */
	__u32 begun;         /* bytes of the message that is being read have passed */
	__u32 result;        /* enum tls_result, enum flight_result */
	__u32 from_device;   /* a packet to a device that another device here sent, or feigned */
	/* tunnels */
	__u32 head_len;
	__u32 begins_quic; /* a datagram may begin a connection of QUIC */
	__u8 head[TUNNEL_ROOM]; /* the first bytes of a datagram or stream */
	/* replies */
	__u32 message_len, tail, partial;
	__u32 sending;       /* a packet of our own goes out in the middle of this one */
	__u32 datagram, datagram_len; /* that is read: where it stands in the packet, which may hold several */
	__u8 message[MESSAGE_ROOM + 16];
	union {
		__u8 other[FLIGHT_ROOM + FLIGHT_CHUNK]; /* a retransmission, to compare; headers being built */
		struct dns_message response;            /* being judged: before either */
	};
	/* responses */
	struct dns_records records;
	struct dns_expansion expansion;
	struct svcb_cut cut;
	__u32 replaced;      /* the packet is another one now */
	__u32 turned;        /* scratch.pkt says what the device would have sent */
	__u32 target;        /* offset of a name that the response leads on to */
	__u32 names;         /* that the response leads on to, judged so far */
	__u32 excuse;        /* enum response_excuse */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct esafe_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct esafe_iface);
} iface SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct esafe_device_key);
	__type(value, struct esafe_device);
} device SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ESAFE_SCOPES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct esafe_scope_key);
	__type(value, struct esafe_scope);
} scope SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ESAFE_GRANTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct esafe_grant_key);
	__type(value, struct esafe_grant);
} grant SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ESAFE_SLOTS);
	__type(key, __u32);
	__type(value, struct esafe_slot);
} slot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ESAFE_SLOTS);
	__type(key, __u32);
	__type(value, struct esafe_volume);
} volume SEC(".maps");

struct inner_policy {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, 4);
	__uint(value_size, sizeof(struct esafe_policy));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, struct inner_policy);
} policy SEC(".maps");

struct inner_names {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP); /* tables of any size fit */
	__uint(key_size, 4);
	__uint(value_size, 64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, struct inner_names);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOW_BUCKETS);
	__type(key, __u32);
	__type(value, struct judged_bucket);
} judged SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOW_BUCKETS / 2);
	__type(key, __u32);
	__type(value, struct opening_bucket);
} opening SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, (FLIGHTS + BACKFLIGHTS) / FLIGHT_WAYS);
	__type(key, __u32);
	__type(value, struct flight_owners);
} flight_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLIGHTS + BACKFLIGHTS);
	__type(key, __u32);
	__type(value, struct flight);
} flights SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ESAFE_VERDICT_CELLS);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ESAFE_KNOWN_CELLS);
	__type(key, __u32);
	__type(value, __u64);
} known SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct esafe_stats);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct esafe_why);
} why SEC(".maps");

static __always_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* A slow packet begins. Its time is that of the tick: reading the clock for each costs as much as all its headers. */
static __always_inline void begin(struct scratch *s)
{
	__u64 tick = bpf_jiffies64();

	if (s->tick != tick) {
		s->tick = tick;
		s->tick_ns = bpf_ktime_get_tai_ns();
	}
	s->nonce = 0;
	s->now_ns = s->tick_ns;
}

static __always_inline struct esafe_config *config_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline struct esafe_stats *stats_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&stats, &zero);
}

static __always_inline struct esafe_policy *policy_get(void)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&policy, &zero);

	return inner ? bpf_map_lookup_elem(inner, &zero) : 0;
}

static __always_inline struct flight *flight_get(__u32 index)
{
	return bpf_map_lookup_elem(&flights, &index);
}

#endif
