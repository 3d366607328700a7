/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters, and events through the ring. A full ring loses events, which is counted; it never changes a verdict. */
#ifndef ESAFE_REPORT_H
#define ESAFE_REPORT_H

#include "maps.h"

static __always_inline void count_verdict(__u32 group, __u32 what, __u32 why)
{
	__u32 cell = ESAFE_VERDICT_INDEX(group < ESAFE_GROUPS ? group : ESAFE_GROUPS, what & 3,
					 why & (ESAFE_REASON_ROOM - 1));
	__u64 *count = bpf_map_lookup_elem(&verdicts, &cell);

	if (count)
		(*count)++;
}

/* A packet that was dropped before anybody asked whose it is. */
static __always_inline void count_drop(__u32 why)
{
	count_verdict(ESAFE_NONE, ESAFE_DROP, why);
}

static __always_inline void count_run(__u32 hook)
{
	struct esafe_stats *st = stats_get();

	if (st)
		st->runs[hook]++;
}

static __always_inline void count_fault(void)
{
	struct esafe_stats *st = stats_get();

	if (st)
		st->faults++;
}

static __always_inline void event_fill(struct esafe_event *e, const struct scratch *s)
{
	e->tai_ns = s->now_ns;
	e->device = s->device.id;
	e->user = s->device.user;
	e->ifindex = s->pkt.ifindex;
	e->policy = s->version;
	e->line = s->line;
	e->category = s->category;
	e->qtype = s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP ? s->question.qtype : 0;
	__builtin_memcpy(e->src, s->pkt.src, 16);
	__builtin_memcpy(e->dst, s->pkt.dst, 16);
	e->sport = s->pkt.sport;
	e->dport = s->pkt.dport;
	e->vlan_outer = s->pkt.vlan_outer;
	e->vlan_inner = s->pkt.vlan_inner;
	__builtin_memcpy(e->mac, s->pkt.mac, 6);
	e->proto = s->proto;
	e->verdict = s->verdict;
	e->reason = s->reason;
	e->group = s->group;
	e->how = s->how;
	e->matched = s->matched;
	e->name_len = s->name.len;
	e->class = s->device.class;
	e->rule = s->rule;
	e->known = s->known;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
}

/*
 * Ring records come in three sizes: what is reserved must be known when the program is loaded. Names are sent in lower
 * case; no length byte of a label is a letter.
 */
#define EVENT_SEND(room)                                                                      \
	do {                                                                                  \
		e = bpf_ringbuf_reserve(&events, sizeof(*e) + (room), 0);                     \
		if (e) {                                                                      \
			event_fill(e, s);                                                     \
			for (int i = 0; i < (room) / 8; i++)                                  \
				esafe_store8(&e->name[i * 8], esafe_lower8(esafe_load8(&s->name.wire[i * 8]))); \
			bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);                              \
		}                                                                             \
	} while (0)

static __always_inline int wanted(const struct scratch *s)
{
	if (s->reason == ESAFE_R_FLOOR || s->log == ESAFE_LOG_FULL)
		return 1;
	return s->log == ESAFE_LOG_BLOCKED && s->verdict != ESAFE_ALLOW;
}

/* Counts the verdict in scratch, and sends its event if the group's log level wants it. */
PART int report(void)
{
	struct scratch *s = scratch_get();
	struct esafe_event *e;

	if (!s)
		return -1;
	count_verdict(s->group, s->verdict, s->reason);
	if (!wanted(s))
		return 0;
	if (s->reason == ESAFE_R_HELP) { /* that help was sought is nobody's business */
		s->name.len = 0;
		for (int i = 0; i < 32; i += 8)
			esafe_store8(&s->name.wire[i], 0);
	}
	if (s->name.len <= 32)
		EVENT_SEND(32);
	else if (s->name.len <= 96)
		EVENT_SEND(96);
	else
		EVENT_SEND(256);
	if (!e) {
		struct esafe_stats *st = stats_get();

		if (st)
			st->events_lost[s->verdict & 3]++;
	}
	return 0;
}

#endif
