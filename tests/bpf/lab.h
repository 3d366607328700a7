/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loaded programs on a bench: private maps, a policy from text, names by category, frames built here, and what came
 * out: the return value, the packet, the events. Needs root.
 */
#ifndef LAB_H
#define LAB_H

#include <arpa/inet.h>
#include <net/if.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "catbuild.h"
#include "listfmt.h"
#include "compile.h"
#include "esafe.skel.h"
#include "maps.h"
#include "names.h"
#include "policy.h"

#define LAB_EVENTS 256
#define LAB_K1 0x9e3779b97f4a7c15ULL
#define LAB_K2 0xbf58476d1ce4e5b9ULL

struct lab_event {
	struct esafe_event event;
	char name[NAME_TEXT_MAX];
};

struct lab {
	struct esafe_bpf *skel;
	const struct bpf_program *ingress;
	struct maps maps;
	struct ring_buffer *ring;
	struct esafe_policy *policy;
	struct idtable groups, categories;
	struct lab_event event[LAB_EVENTS];
	size_t events;
	__u64 tai_offset;
	__u32 gso_size; /* of the packets that are run: several datagrams in one */
};

struct frame {
	__u8 bytes[65536];
	__u32 len;
};

#define LAB_CHECK(what)                                                                        \
	do {                                                                                   \
		if (!(what)) {                                                                 \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, strerror(errno)); \
			abort();                                                               \
		}                                                                              \
	} while (0)

static inline __u64 lab_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static inline int lab_on_event(void *ctx, void *data, size_t size)
{
	const struct esafe_event *event = data;
	struct lab *lab = ctx;
	struct lab_event *e = &lab->event[lab->events % LAB_EVENTS];

	LAB_CHECK(size >= sizeof(e->event));
	memcpy(&e->event, event, sizeof(e->event));
	LAB_CHECK(sizeof(e->event) + e->event.name_len <= size);
	e->name[0] = 0;
	if (e->event.name_len)
		name_to_text(event->name, e->event.name_len, e->name, sizeof(e->name));
	lab->events++;
	return 0;
}

static inline int lab_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

/* Beside esafe_ingress and esafe_egress; what is not run is not loaded: the verifier takes its time. */
enum lab_programs {
	LAB_NO_QUIC = 1, /* in place of esafe_ingress, as a kernel has it that does not take the reading of QUIC */
	LAB_XDP = 2,
	LAB_WHY = 4,
};

static inline struct esafe_bpf *lab_load(unsigned programs)
{
	struct esafe_bpf *skel = esafe_bpf__open();

	LAB_CHECK(skel);
	bpf_program__set_autoload(skel->progs.esafe_ingress, !(programs & LAB_NO_QUIC));
	bpf_program__set_autoload(skel->progs.esafe_noquic, !!(programs & LAB_NO_QUIC));
	bpf_program__set_autoload(skel->progs.esafe_xdp, !!(programs & LAB_XDP));
	bpf_program__set_autoload(skel->progs.esafe_why, !!(programs & LAB_WHY));
	LAB_CHECK(!esafe_bpf__load(skel));
	return skel;
}

/* Every test has maps of its own: nothing is pinned, nothing attached. */
static inline struct lab *lab_open_with(unsigned programs)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct esafe_config config = { .hash_k1 = LAB_K1, .hash_k2 = LAB_K2, .flow_k1 = LAB_K2, .flow_k2 = LAB_K1,
				       .abi = ESAFE_ABI };
	struct catmap_header *header;

	libbpf_set_print(lab_quiet);
	LAB_CHECK(lab);
	lab->skel = lab_load(programs);
	lab->ingress = programs & LAB_NO_QUIC ? lab->skel->progs.esafe_noquic : lab->skel->progs.esafe_ingress;
#define X(name) lab->maps.name = bpf_map__fd(lab->skel->maps.name);
	MAPS_LIST(X)
#undef X
	lab->maps.why_prog = bpf_program__fd(lab->skel->progs.esafe_why);
	lab->maps.cpus = libbpf_num_possible_cpus();
	lab->maps.fresh_fd = -1;
	LAB_CHECK(!maps_set_config(&lab->maps, &config));
	header = maps_new_names(&lab->maps, 4);
	LAB_CHECK(header);
	*header = (struct catmap_header){ .magic = CATMAP_MAGIC, .buckets = 1, .sets = 1, .first_bucket = 2,
					  .first_filter = 3 };
	LAB_CHECK(!maps_swap_names(&lab->maps));
	lab->ring = ring_buffer__new(lab->maps.events, lab_on_event, lab, NULL);
	LAB_CHECK(lab->ring);
	lab->policy = malloc(sizeof(*lab->policy));
	lab->tai_offset = lab_now(CLOCK_TAI) - lab_now(CLOCK_REALTIME);
	if ((__s64)lab->tai_offset < 1000000000)
		lab->tai_offset = 0;
	return lab;
}

static inline struct lab *lab_open(void)
{
	return lab_open_with(0);
}

static inline void lab_close(struct lab *lab)
{
	ring_buffer__free(lab->ring);
	maps_drop_names(&lab->maps);
	esafe_bpf__destroy(lab->skel);
	idtable_free(&lab->groups);
	idtable_free(&lab->categories);
	free(lab->policy);
	free(lab);
}

static inline __u32 lab_ifindex(const char *name)
{
	return if_nametoindex(name);
}

static inline void lab_policy(struct lab *lab, const char *text)
{
	struct problems problems = { 0 };
	struct policy *policy = policy_read("lab.yaml", text, strlen(text), "/", &problems);
	struct compile_env env = { .hash_k1 = LAB_K1, .hash_k2 = LAB_K2, .now_realtime_ns = lab_now(CLOCK_REALTIME),
				   .tai_offset_ns = lab->tai_offset, .zone = "Europe/London", .groups = &lab->groups,
				   .categories = &lab->categories, .version = 7, .ifindex = lab_ifindex };

	if (policy)
		policy_compile(policy, &env, lab->policy, &problems);
	for (unsigned i = 0; i < problems.n; i++)
		fprintf(stderr, "lab.yaml:%d:%d: %s\n", problems.item[i].line, problems.item[i].column,
			problems.item[i].text);
	LAB_CHECK(policy && !problems.n);
	LAB_CHECK(!maps_set_policy(&lab->maps, lab->policy));
	policy_free(policy);
	problems_free(&problems);
}

static inline void *lab_alloc(void *ctx, size_t elements)
{
	return maps_new_names(ctx, elements);
}

struct lab_name {
	const char *name, *category;
	unsigned flags;
};

/* The table of names, ended by a NULL name. The policy must have been set: it numbers the categories. */
static inline void lab_names(struct lab *lab, const struct lab_name *names)
{
	struct catbuild *build = catbuild_new(99);
	struct catbuild_part *part = catbuild_part(build);
	struct catmap_target target = { lab_alloc, &lab->maps };
	struct catmap_image image;
	struct catbuild_stats stats;
	__u8 wire[ESAFE_NAME_MAX];

	for (; names->name; names++) {
		int len = name_from_text(names->name, strlen(names->name), wire);
		int category = idtable_get(&lab->categories, names->category);

		LAB_CHECK(len > 0 && category >= 0);
		LAB_CHECK(!catbuild_add(part, name_hash(wire, len, LAB_K1, LAB_K2), catbuild_source(build, category),
					names->flags));
	}
	LAB_CHECK(!catbuild_finish(build, &target, &image, &stats));
	LAB_CHECK(!maps_swap_names(&lab->maps));
	catbuild_free(build);
}

static inline void lab_device(struct lab *lab, const char *group, __u8 last)
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, last } };
	struct esafe_device device = { .id = 100 + last, .group = idtable_get(&lab->groups, group),
				       .base_group = ESAFE_NONE, .how = ESAFE_HOW_DEVICE };

	LAB_CHECK(!maps_device_set(&lab->maps, &key, &device));
}

/* ---- frames ---- */

struct lab_packet { /* zero means the plain thing */
	int v6;
	__u8 host;         /* last byte of the device's MAC and address; default 1 */
	__u16 sport, dport;
	__u16 vlan, vlan_inner;
	int pppoe;
	__u32 seq, ack;
	__u8 flags;        /* TCP */
	int from_server;   /* addresses and ports swapped */
	const char *dst;   /* default 203.0.113.80 or 2001:db8:ffff::80 */
	__u8 ip_options, tcp_options; /* bytes, multiples of 4 */
	const void *options;          /* of TCP; NULL: none that says anything */
	__u16 fragment;    /* IPv4 field */
	int partial;       /* checksum left to the sender */
	const void *payload;
	__u32 len;
};

static inline __u32 lab_sum(const __u8 *b, size_t len, __u32 sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? b[i] : b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void lab_put16(__u8 *b, unsigned value)
{
	b[0] = value >> 8;
	b[1] = value;
}

static inline __u32 lab_pseudo(const __u8 *ip, int v6, __u8 proto, __u32 len)
{
	return lab_sum(ip + (v6 ? 8 : 12), v6 ? 32 : 8, proto + len);
}

/* TCP if flags are given, else UDP. */
static inline void lab_frame(struct frame *f, const struct lab_packet *p)
{
	__u8 *b = f->bytes, *ip, *l4, proto = p->flags ? IPPROTO_TCP : IPPROTO_UDP;
	__u8 host = p->host ? p->host : 1;
	__u32 at = 12, header = proto == IPPROTO_TCP ? 20 + p->tcp_options : 8, l4_len = header + p->len;
	__u8 device[16] = { 10, 0, 0, host }, server[16] = { 203, 0, 113, 80 };
	__u8 *src = p->from_server ? server : device, *dst = p->from_server ? device : server;
	__u16 sum;

	memset(b, 0, 128 + p->ip_options + p->tcp_options);
	if (p->v6) {
		inet_pton(AF_INET6, "2001:db8::", device);
		device[15] = host;
		inet_pton(AF_INET6, p->dst ? p->dst : "2001:db8:ffff::80", server);
	} else if (p->dst) {
		inet_pton(AF_INET, p->dst, server);
	}
	memcpy(b + (p->from_server ? 6 : 0), (__u8[]){ 2, 0, 0, 0, 0, 254 }, 6);
	memcpy(b + (p->from_server ? 0 : 6), (__u8[]){ 2, 0, 0, 0, 0, host }, 6);
	if (p->vlan) {
		lab_put16(b + at, p->vlan_inner ? 0x88a8 : 0x8100);
		lab_put16(b + at + 2, p->vlan);
		at += 4;
	}
	if (p->vlan_inner) {
		lab_put16(b + at, 0x8100);
		lab_put16(b + at + 2, p->vlan_inner);
		at += 4;
	}
	if (p->pppoe) {
		memcpy(b + at, "\x88\x64\x11\0\0\7", 6);
		lab_put16(b + at + 6, 2 + (p->v6 ? 40 : 20 + p->ip_options) + l4_len);
		lab_put16(b + at + 8, p->v6 ? 0x0057 : 0x0021);
		at += 8;
	} else {
		lab_put16(b + at, p->v6 ? 0x86dd : 0x0800);
	}
	ip = b + at + 2;
	if (p->v6) {
		ip[0] = 0x60;
		lab_put16(ip + 4, l4_len);
		ip[6] = proto;
		ip[7] = 61;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		l4 = ip + 40;
	} else {
		ip[0] = 0x45 + p->ip_options / 4;
		lab_put16(ip + 2, 20 + p->ip_options + l4_len);
		lab_put16(ip + 6, p->fragment);
		ip[8] = 61;
		ip[9] = proto;
		memcpy(ip + 12, src, 4);
		memcpy(ip + 16, dst, 4);
		memset(ip + 20, 1, p->ip_options);
		lab_put16(ip + 10, ~lab_sum(ip, 20 + p->ip_options, 0));
		l4 = ip + 20 + p->ip_options;
	}
	lab_put16(l4, p->from_server ? p->dport : p->sport ? p->sport : 40000);
	lab_put16(l4 + 2, p->from_server ? (p->sport ? p->sport : 40000) : p->dport);
	if (proto == IPPROTO_TCP) {
		lab_put16(l4 + 4, p->seq >> 16);
		lab_put16(l4 + 6, p->seq);
		lab_put16(l4 + 8, p->ack >> 16);
		lab_put16(l4 + 10, p->ack);
		l4[12] = header / 4 << 4;
		l4[13] = p->flags;
		lab_put16(l4 + 14, 64000);
		memset(l4 + 20, 1, p->tcp_options);
		if (p->options)
			memcpy(l4 + 20, p->options, p->tcp_options);
	} else {
		lab_put16(l4 + 4, l4_len);
	}
	if (p->len)
		memcpy(l4 + header, p->payload, p->len);
	sum = lab_pseudo(ip, p->v6, proto, l4_len);
	if (!p->partial)
		sum = ~lab_sum(l4, l4_len, sum);
	lab_put16(l4 + (proto == IPPROTO_TCP ? 16 : 6), sum);
	f->len = l4 + l4_len - b;
}

/* ---- running ---- */

/* The return value of the program; `out`, unless NULL, is the packet afterwards. Events are collected. */
static inline int lab_run(struct lab *lab, const struct bpf_program *program, const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in->bytes, .data_size_in = in->len, .repeat = 1);
	struct __sk_buff skb = { .gso_size = lab->gso_size };
	static __u8 room[65536 + 512];

	run.data_out = out ? out->bytes : room;
	run.data_size_out = sizeof(room) - 512;
	if (lab->gso_size) {
		run.ctx_in = &skb;
		run.ctx_size_in = sizeof(skb);
	}
	LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(program), &run));
	if (out)
		out->len = run.data_size_out;
	lab->events = 0;
	LAB_CHECK(ring_buffer__consume(lab->ring) >= 0);
	return run.retval;
}

static inline int lab_in(struct lab *lab, const struct lab_packet *p, struct frame *out)
{
	static struct frame frame;

	lab_frame(&frame, p);
	return lab_run(lab, lab->ingress, &frame, out);
}

static inline int lab_out(struct lab *lab, const struct lab_packet *p)
{
	static struct frame frame;

	lab_frame(&frame, p);
	return lab_run(lab, lab->skel->progs.esafe_egress, &frame, NULL);
}

/* Count of drops and verdicts with this reason, over all groups and verdicts. */
static inline __u64 lab_count(struct lab *lab, unsigned reason)
{
	static __u64 cells[ESAFE_VERDICT_CELLS];
	__u64 sum = 0;

	LAB_CHECK(!maps_read_verdicts(&lab->maps, cells));
	for (size_t i = 0; i < ESAFE_VERDICT_CELLS; i++)
		if (i % ESAFE_REASON_ROOM == reason)
			sum += cells[i];
	return sum;
}

/* ---- messages ---- */

/* A question; with EDNS if `edns`. Returns its length. */
static inline __u32 lab_question(__u8 *msg, const char *name, __u16 qtype, int edns)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = 0;
	__u32 at = 12;

	memcpy(msg, "\x12\x34\x01\x20\0\1\0\0\0\0\0", 11);
	msg[11] = edns;
	for (const char *label = name; *label;) { /* by hand: the case stays */
		size_t n = strcspn(label, ".");

		wire[len++] = n;
		memcpy(wire + len, label, n);
		len += n;
		label += n + (label[n] == '.');
	}
	wire[len++] = 0;
	memcpy(msg + at, wire, len);
	at += len;
	lab_put16(msg + at, qtype);
	lab_put16(msg + at + 2, 1);
	at += 4;
	if (edns) {
		memcpy(msg + at, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);
		at += 11;
	}
	return at;
}

/* A ClientHello for this name in one record; `pad` bytes of other extensions before and after. Returns its length. */
static inline __u32 lab_hello(__u8 *out, const char *name, __u32 before, __u32 after)
{
	__u32 n = strlen(name), ext = 4 + before + (n ? 9 + n : 0) + 4 + after, body = 2 + 32 + 1 + 32 + 2 + 4 + 2 + 2 + ext;
	__u8 *b = out;

	*b++ = 22;
	lab_put16(b, 0x0301);
	lab_put16(b + 2, body + 4);
	b += 4;
	*b++ = 1;
	*b++ = 0;
	lab_put16(b, body);
	b += 2;
	lab_put16(b, 0x0303);
	memset(b + 2, 0x55, 32);
	b += 34;
	*b++ = 32;
	memset(b, 0x66, 32);
	b += 32;
	lab_put16(b, 4);
	memcpy(b + 2, "\x13\x01\x13\x02\1\0", 6);
	b += 8;
	lab_put16(b, ext);
	b += 2;
	lab_put16(b, 0x4469);
	lab_put16(b + 2, before);
	memset(b + 4, 0, before);
	b += 4 + before;
	if (n) {
		lab_put16(b, 0);
		lab_put16(b + 2, n + 5);
		lab_put16(b + 4, n + 3);
		b[6] = 0;
		lab_put16(b + 7, n);
		memcpy(b + 9, name, n);
		b += 9 + n;
	}
	lab_put16(b, 0xfe0d);
	lab_put16(b + 2, after);
	memset(b + 4, 7, after);
	b += 4 + after;
	return b - out;
}

#endif
