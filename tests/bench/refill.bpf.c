// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts the next of many frames into the packet, then goes on to the program that is being measured: a test run repeats
 * one packet, and a program that answers it in place spoils it. What this costs is measured with an empty program.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "refill.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, REFILL_FRAMES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct refill_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, 4);
	__uint(value_size, sizeof(struct refill_bytes));
} bytes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, REFILL_PROGRAMS);
	__uint(key_size, 4);
	__uint(value_size, 4);
} target_tc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, REFILL_PROGRAMS);
	__uint(key_size, 4);
	__uint(value_size, 4);
} target_xdp SEC(".maps");

__u32 next_frame, frames_used;

static __always_inline struct refill_frame *take(void)
{
	__u32 i = next_frame;

	next_frame = i + 1 < frames_used ? i + 1 : 0;
	return bpf_map_lookup_elem(&frames, &i);
}

static __always_inline __u8 *bytes_of(const struct refill_frame *f)
{
	__u32 zero = 0;
	struct refill_bytes *all = bpf_map_lookup_elem(&bytes, &zero);

	return all ? &all->bytes[f->at & (REFILL_ROOM - 1)] : 0;
}

SEC("tc")
int refill_tc(struct __sk_buff *skb)
{
	struct refill_frame *f = take();
	__u8 *bytes;
	__u32 len;

	if (!f)
		return -2;
	bytes = bytes_of(f);
	if (!bytes)
		return -2;
	len = f->len;
	if (skb->len != len && bpf_skb_change_tail(skb, len, 0))
		return -3;
	len = ((len - 1) & (REFILL_BYTES - 1)) + 1;
	if (bpf_skb_store_bytes(skb, 0, bytes, len, 0))
		return -4;
	skb->tc_index = 0; /* another packet: what was marked on the one before is not on this */
	bpf_tail_call(skb, &target_tc, f->program);
	return -5;
}

SEC("xdp")
int refill_xdp(struct xdp_md *ctx)
{
	struct refill_frame *f = take();
	__u32 len, now = bpf_xdp_get_buff_len(ctx);
	__u8 *bytes;

	if (!f)
		return -2;
	bytes = bytes_of(f);
	if (!bytes)
		return -2;
	len = f->len;
	if (now != len && bpf_xdp_adjust_tail(ctx, (int)len - (int)now))
		return -3;
	len = ((len - 1) & (REFILL_BYTES - 1)) + 1;
	if (bpf_xdp_store_bytes(ctx, 0, bytes, len))
		return -4;
	bpf_tail_call(ctx, &target_xdp, f->program);
	return -5;
}
