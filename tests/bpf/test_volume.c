// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of each device, up and down, and what happens when there are more devices than slots. */
#include <criterion/criterion.h>
#include "lab.h"

static const char policy[] =
	"categories: { games: Games }\n"
	"groups: { pupils: { default: allow, categories: { games: block } }, staff: { default: allow } }\n"
	"unknown: pupils\n";

static struct lab *lab;

static void setup(void)
{
	lab = lab_open();
	lab_policy(lab, policy);
}

static void teardown(void)
{
	lab_close(lab);
}

TestSuite(volume, .init = setup, .fini = teardown);

struct wanted {
	struct esafe_device_key key;
	__u64 up, down;
	unsigned found, all;
};

static int take(void *ctx, const struct esafe_device_key *key, __u64 up, __u64 down)
{
	struct wanted *w = ctx;

	w->all++;
	if (memcmp(&w->key, key, sizeof(*key)))
		return 0;
	w->found++;
	w->up = up;
	w->down = down;
	return 0;
}

/* How many devices there are in all. */
static unsigned expect(__u8 kind, const __u8 *addr, size_t len, __u64 up, __u64 down)
{
	struct wanted w = { .key.kind = kind };

	memcpy(w.key.addr, addr, len);
	cr_assert(!maps_volume_each(&lab->maps, take, &w));
	cr_expect_eq(w.found, 1, "%u of %u", w.found, w.all);
	cr_expect_eq(w.up, up, "up %llu, not %llu", w.up, up);
	cr_expect_eq(w.down, down, "down %llu, not %llu", w.down, down);
	return w.all;
}

static unsigned expect_mac(__u8 host, __u64 up, __u64 down)
{
	return expect(ESAFE_BY_MAC, (__u8[]){ 2, 0, 0, 0, 0, host }, 6, up, down);
}

static __u32 udp(__u8 host, __u32 len, int down)
{
	static const __u8 payload[1400];
	static struct frame f;
	struct lab_packet p = { .host = host, .sport = 5000, .dport = 5001, .payload = payload, .len = len,
				.from_server = down };

	lab_frame(&f, &p);
	lab_run(lab, down ? lab->skel->progs.esafe_egress : lab->skel->progs.esafe_ingress, &f, NULL);
	return f.len;
}

Test(volume, is_counted_both_ways)
{
	__u64 up[3] = { 0 }, down[3] = { 0 };

	for (int i = 1; i <= 100; i++) {
		__u8 host = 1 + i % 2;

		up[host] += udp(host, i, 0);
		down[host] += udp(host, i * 13, 1);
	}
	expect_mac(1, up[1], down[1]);
	cr_expect_eq(expect_mac(2, up[2], down[2]), 2);
}

/* What is refused was sent all the same, and what is to all is nobody's. */
Test(volume, what_is_refused_or_to_many)
{
	static struct frame f;
	struct lab_packet p = { .dport = 443, .flags = 0x18, .payload = "data of no connection", .len = 21 };
	__u64 up = 0;

	lab_frame(&f, &p);
	lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL);
	up += f.len;
	memset(f.bytes, 0xff, 6);
	p.from_server = 1;
	lab_run(lab, lab->skel->progs.esafe_egress, &f, NULL);
	memset(f.bytes + 12, 0, 2); /* of no protocol at all */
	lab_run(lab, lab->skel->progs.esafe_ingress, &f, NULL);
	cr_expect_eq(expect_mac(1, up + f.len, 0), 1);
}

/* Where devices are told apart by address, counting goes by address. */
Test(volume, by_address)
{
	struct esafe_iface entry = { .identity = ESAFE_BY_ADDRESS };
	struct esafe_config config;
	__u64 up, down;

	cr_assert(!maps_get_config(&lab->maps, &config));
	config.by_address = 1;
	cr_assert(!maps_set_config(&lab->maps, &config));
	cr_assert(!maps_iface_set(&lab->maps, lab_ifindex("lo"), &entry));
	up = udp(7, 20, 0);
	down = udp(7, 400, 1);
	expect(ESAFE_BY_ADDRESS, (__u8[]){ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7 }, 16, up, down);
}

static struct esafe_stats stats(void)
{
	struct esafe_stats now;

	cr_assert(!maps_read_stats(&lab->maps, &now));
	return now;
}

/* A slot that is free again belongs to whoever comes, from zero on. */
Test(volume, devices_that_have_gone)
{
	__u32 now = lab_now(CLOCK_TAI) / 1000000000;

	udp(1, 100, 0);
	cr_expect_eq(maps_volume_expire(&lab->maps, now - 5), 0);
	cr_expect_eq(expect_mac(1, 142, 0), 1);
	cr_expect_eq(maps_volume_expire(&lab->maps, now + 5), 1);
	cr_expect_eq(maps_volume_expire(&lab->maps, now + 5), 0);
	udp(2, 10, 0);
	cr_expect_eq(expect_mac(2, 52, 0), 1);
	udp(1, 20, 0);
	cr_expect_eq(expect_mac(1, 62, 0), 2);
}

/* Forged addresses fill the table: who is in it is counted on, the others together; and what is cut stays cut. */
Test(volume, more_devices_than_slots)
{
	struct esafe_device_key key = { .kind = ESAFE_BY_MAC, .addr = { 2, 0, 0, 0, 0, 9 } };
	struct esafe_device device = { .id = 9, .group = ESAFE_NONE, .base_group = ESAFE_NONE,
				       .flags = ESAFE_DEVICE_QUARANTINED };
	struct esafe_slot slot, forged = { .tag = 2 };
	__u64 first = udp(1, 100, 0), others;

	for (__u32 i = 0; i < ESAFE_SLOTS; i++) {
		LAB_CHECK(!bpf_map_lookup_elem(lab->maps.slot, &i, &slot));
		if (!slot.tag)
			LAB_CHECK(!bpf_map_update_elem(lab->maps.slot, &i, &forged, BPF_ANY));
	}
	first += udp(1, 50, 0);
	cr_expect_eq(stats().uncounted, 0);
	others = udp(2, 10, 0);
	others += udp(3, 20, 1);
	cr_expect_eq(stats().uncounted, others);
	expect_mac(1, first, 0);
	for (int i = 0; i < 2; i++) {
		struct lab_packet p = { .host = 9, .dport = 5001, .payload = "x", .len = 1 };

		cr_expect_eq(lab_in(lab, &p, NULL), i ? TC_ACT_SHOT : TC_ACT_UNSPEC);
		cr_expect_eq(lab_out(lab, (p.from_server = 1, &p)), i ? TC_ACT_SHOT : TC_ACT_UNSPEC);
		LAB_CHECK(!maps_device_set(&lab->maps, &key, &device));
	}
}
