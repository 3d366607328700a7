/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames run through the loaded programs and through an empty one, in the same run: what one costs. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"
#include "lab.h"
#include "numbers.h"
#include "refill.h"
#include "refill.skel.h"

#define ROUNDS 7
#define BATCH 8192 /* runs between two looks at the ring: it never fills */

enum { INGRESS, EGRESS, XDP };

static struct lab *lab;
static struct refill *refill;
static struct refill_frame *frames;
static __u8 *bytes;
static __u32 used, bytes_used;

static int empty_program(enum bpf_prog_type type, int result)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = result },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type == BPF_PROG_TYPE_XDP ? BPF_XDP : 0);
	int fd = bpf_prog_load(type, "empty", "GPL", insns, 2, &opts);

	LAB_CHECK(fd >= 0);
	return fd;
}

static void add_frame(const struct lab_packet *p, __u32 program)
{
	static struct frame f;

	LAB_CHECK(used < REFILL_FRAMES);
	lab_frame(&f, p);
	LAB_CHECK(bytes_used + f.len <= REFILL_ROOM && f.len <= REFILL_BYTES);
	frames[used++] = (struct refill_frame){ bytes_used, f.len, program };
	memcpy(bytes + bytes_used, f.bytes, f.len);
	bytes_used += f.len;
}

/* Nanoseconds of one run, over all frames once, and the last return value. */
static double run(int xdp, int *retval)
{
	static __u8 in[REFILL_BYTES], out[65536];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = frames[0].len, .data_out = out,
		    .data_size_out = sizeof(out));
	int fd = bpf_program__fd(xdp ? refill->progs.refill_xdp : refill->progs.refill_tc);
	double sum = 0;

	memcpy(in, bytes, frames[0].len);
	refill->bss->next_frame = 0;
	refill->bss->frames_used = used;
	for (__u32 done = 0; done < used; done += BATCH) {
		opts.repeat = used - done < BATCH ? used - done : BATCH;
		opts.data_size_out = sizeof(out);
		LAB_CHECK(!bpf_prog_test_run_opts(fd, &opts));
		LAB_CHECK((int)opts.retval >= -1);
		sum += (double)opts.duration * opts.repeat;
		ring_buffer__consume(lab->ring);
	}
	*retval = opts.retval;
	return sum / used;
}

static void target(int xdp, const int *programs)
{
	int map = bpf_map__fd(xdp ? refill->maps.target_xdp : refill->maps.target_tc);

	for (__u32 i = 0; i < 2; i++)
		LAB_CHECK(!bpf_map_update_elem(map, &i, &programs[i], BPF_ANY));
}

static void print_row(const char *figure, double value, double empty, const char *unit, double must, double aim)
{
	bench_print(&(struct bench_figure){ figure, unit, value, empty, must, aim }, "median of %d", ROUNDS);
}

/* What began in one round begins anew in the next. */
static void forget_beginnings(void)
{
	__u64 key;

	while (!bpf_map_get_next_key(lab->maps.quic_dcids, NULL, &key))
		LAB_CHECK(!bpf_map_delete_elem(lab->maps.quic_dcids, &key));
}

/*
 * Runs all frames and forgets them: nanoseconds a unit, which `per` frames make, more than the empty program's, which
 * are in *empty. `want`: the last return value, or -2.
 */
static double over_empty(const char *figure, int xdp, int per, int want, double *empty_ns)
{
	int ours[2], empty[2], retval;
	double mine[ROUNDS], base[ROUNDS];

	ours[0] = bpf_program__fd(xdp ? lab->skel->progs.esafe_xdp : lab->skel->progs.esafe_ingress);
	ours[1] = xdp ? ours[0] : bpf_program__fd(lab->skel->progs.esafe_egress);
	empty[0] = empty[1] = empty_program(xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS, xdp ? XDP_PASS : -1);
	for (int round = 0; round < ROUNDS; round++) {
		target(xdp, empty);
		base[round] = run(xdp, &retval) * per;
		target(xdp, ours);
		forget_beginnings();
		mine[round] = run(xdp, &retval) * per;
		if (want != -2 && retval != want) {
			fprintf(stderr, "%s: returned %d, not %d\n", figure, retval, want);
			exit(1);
		}
	}
	close(empty[0]);
	used = bytes_used = 0;
	*empty_ns = median(base, ROUNDS);
	return median(mine, ROUNDS) - *empty_ns;
}

static double measure(const char *figure, int xdp, int per, int want, double must, double aim)
{
	double empty, value = over_empty(figure, xdp, per, want, &empty);

	print_row(figure, value, empty, "ns", must, aim);
	return value;
}

#endif
