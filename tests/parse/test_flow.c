/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "parse.h"
#include "flow.h"

#define HASH(n) ((__u64)(n) << 16 | 0x1234)
#define JUDGED_STEP (1ULL << 14)
#define OPENING_STEP (1ULL << 10)
#define FLIGHT_STEP (1ULL << 4)

Test(judged, kept_and_removed)
{
	struct judged_bucket *b = calloc(1, sizeof(*b));

	cr_expect_eq(judged_find(b, HASH(1)), 0);
	for (__u64 i = 1; i <= JUDGED_WAYS; i++)
		cr_expect_eq(judged_set(b, HASH(i), JUDGED_PASS, 0), 0, "%llu", i);
	for (__u64 i = 1; i <= JUDGED_WAYS; i++)
		cr_expect_eq(judged_find(b, HASH(i)) & 3, JUDGED_PASS, "%llu", i);
	cr_expect_eq(judged_set(b, HASH(3), JUDGED_BLOCKED, JUDGED_STEP), 0, "it has its place");
	cr_expect_eq(judged_find(b, HASH(3)) & 3, JUDGED_BLOCKED);
	cr_expect_eq(judged_find(b, HASH(3)) >> 2 & 0x7ff, 1);
	judged_forget(b, HASH(3));
	judged_forget(b, HASH(99)); /* nobody */
	for (__u64 i = 1; i <= JUDGED_WAYS; i++)
		cr_expect_eq(!judged_find(b, HASH(i)), i == 3, "%llu", i);
	cr_expect_eq(judged_set(b, HASH(9), JUDGED_PASS, 0), 0, "the free place is taken");
	judged_forget(b, HASH(99)); /* nobody, and none is free */
	for (__u64 i = 1; i <= JUDGED_WAYS + 1; i++)
		cr_expect_eq(!judged_find(b, HASH(i)), i == 3, "%llu", i);
	free(b);
}

/* The same connection stands once, also when its entry is behind a free place. */
Test(judged, no_second_entry)
{
	struct judged_bucket b = { 0 };
	int found = 0;

	for (__u64 i = 1; i <= JUDGED_WAYS; i++)
		judged_set(&b, HASH(i), JUDGED_PASS, i * JUDGED_STEP);
	for (__u64 i = 1; i <= JUDGED_WAYS; i++) {
		__u64 gone = i % JUDGED_WAYS + 1;

		judged_forget(&b, HASH(gone));
		cr_expect_eq(judged_set(&b, HASH(i), JUDGED_BLOCKED, 0), 0);
		found = 0;
		for (int way = 0; way < JUDGED_WAYS; way++)
			found += FLOW_TAG(b.slot[way]) == i;
		cr_expect_eq(found, 1, "%llu", i);
		judged_set(&b, HASH(gone), JUDGED_PASS, 0);
	}
}

/* Whatever the clock says at the start, the stamp's wrap included: the oldest goes first, then the next. */
Test(judged, oldest_goes)
{
	for (__u64 start = 0; start < 0x800; start += 0x7f) {
		struct judged_bucket b = { 0 };

		for (__u64 i = 0; i < JUDGED_WAYS; i++) /* not in the order of their places */
			judged_set(&b, HASH(1 + i * 3 % JUDGED_WAYS), JUDGED_PASS, (start + i * 3 % JUDGED_WAYS) * JUDGED_STEP);
		for (__u64 i = 1; i <= JUDGED_WAYS; i++) {
			cr_assert_eq(judged_set(&b, HASH(100 + i), JUDGED_PASS, (start + 100 + i) * JUDGED_STEP), 1);
			for (__u64 n = 1; n <= JUDGED_WAYS; n++)
				cr_assert_eq(!judged_find(&b, HASH(n)), n <= i, "start %llu: %llu", start, n);
			cr_assert(judged_find(&b, HASH(100 + i)));
		}
	}
}

Test(opening, found_by_tag_and_state)
{
	struct opening_bucket *b = calloc(1, sizeof(*b));
	struct opening *o = opening_victim(b, 0);

	cr_assert_not_null(o);
	opening_state_set(o, HASH(5), OPENING_SYN, 7 * OPENING_STEP);
	cr_expect_eq(opening_find(b, HASH(5)), o);
	cr_expect_null(opening_find(b, HASH(6)));
	cr_expect_null(opening_find(b, 0), "an empty entry is nobody's");
	cr_expect_eq(o->tag_state & 7, OPENING_SYN);
	cr_expect_eq(o->tag_state >> 6 & 0x3ff, 7);
	o->tag_state = 0;
	cr_expect_null(opening_find(b, HASH(5)));
	free(b);
}

Test(opening, oldest_goes)
{
	for (__u64 start = 0; start < 0x800; start += 0x1f) {
		struct opening_bucket b = { 0 };

		for (__u64 i = 0; i < OPENING_WAYS; i++) {
			struct opening *o = opening_victim(&b, (start + i) * OPENING_STEP);

			cr_assert_eq(o->tag_state, 0, "a free one first");
			opening_state_set(o, HASH(1 + i), OPENING_READ, (start + i) * OPENING_STEP);
		}
		for (__u64 i = 1; i <= OPENING_WAYS; i++) {
			__u64 now = (start + 50 + i) * OPENING_STEP;
			struct opening *o = opening_victim(&b, now);

			cr_assert_eq(o, opening_find(&b, HASH(i)), "start %llu: %llu", start, i);
			opening_state_set(o, HASH(100 + i), OPENING_SYN, now);
		}
	}
}

Test(flight, oldest_goes)
{
	for (__u64 start = 0; start < 0x10000; start += 0xfff) {
		struct flight_owners owners = { 0 };

		cr_assert_eq(flight_way(&owners, HASH(1)), FLIGHT_WAYS);
		for (__u64 i = 0; i < FLIGHT_WAYS; i++) {
			__u64 now = (start + i) * FLIGHT_STEP;
			__u32 way = flight_victim(&owners, now);

			cr_assert_lt(way, FLIGHT_WAYS);
			cr_assert_eq(owners.owner[way], 0, "a free one first");
			owners.owner[way] = FLOW_TAG(HASH(1 + i)) << 16 | FLIGHT_STAMP(now);
			cr_assert_eq(flight_way(&owners, HASH(1 + i)), way);
		}
		for (__u64 i = 1; i <= FLIGHT_WAYS; i++) {
			__u64 now = (start + 50 + i) * FLIGHT_STEP;
			__u32 way = flight_victim(&owners, now);

			cr_assert_eq(way, flight_way(&owners, HASH(i)), "start %llu: %llu", start, i);
			owners.owner[way] = FLOW_TAG(HASH(100 + i)) << 16 | FLIGHT_STAMP(now);
		}
	}
}

static struct pkt connection(int family)
{
	struct pkt p = { .family = family, .l4_proto = 6, .sport = 0x3412, .dport = 0xbb01 };

	for (int i = family == 4 ? 3 : 0; i < 4; i++) {
		p.src[i] = dice();
		p.dst[i] = dice();
	}
	if (family == 4)
		p.src[2] = p.dst[2] = PKT_BE32(0xffff);
	return p;
}

Test(flow, hash_is_of_both_directions)
{
	const struct esafe_config c = { .flow_k1 = K1, .flow_k2 = K2 };

	for (int round = 0; round < 1000; round++) {
		struct pkt p = connection(round & 1 ? 4 : 6), back = p;

		memcpy(back.src, p.dst, sizeof(p.src));
		memcpy(back.dst, p.src, sizeof(p.dst));
		back.sport = p.dport;
		back.dport = p.sport;
		cr_assert_eq(flow_hash(&c, &p, 1), flow_hash(&c, &back, 0));
		cr_assert_neq(flow_hash(&c, &p, 1), flow_hash(&c, &back, 1), "who opens it counts");
	}
}

/* One bit, or one byte, elsewhere: another connection. So is the same one over UDP, whatever its address is. */
Test(flow, hash_of_each_field)
{
	const struct esafe_config c = { .flow_k1 = K1, .flow_k2 = K2 };

	for (int family = 4; family <= 6; family += 2) {
		struct pkt p = connection(family);
		__u64 hash = flow_hash(&c, &p, 1);

		for (int bit = 0; bit < 128; bit++) {
			struct pkt src = p, dst = p, port = p;

			src.src[bit / 32] ^= 1U << bit % 32;
			dst.dst[bit / 32] ^= 1U << bit % 32;
			port.sport ^= 1U << bit % 16;
			port.dport ^= bit < 64 ? 0 : 1U << bit % 16;
			cr_assert_neq(flow_hash(&c, &port, 1), hash, "port bit %d", bit);
			if (family == 4 && bit < 96)
				continue;
			cr_assert_neq(flow_hash(&c, &src, 1), hash, "source bit %d", bit);
			cr_assert_neq(flow_hash(&c, &dst, 1), hash, "destination bit %d", bit);
		}
		for (int shift = 0; shift < 32; shift += 8) {
			for (__u32 byte = 0; byte < 256; byte++) {
				struct pkt udp = p;

				udp.l4_proto = 17;
				udp.dst[3] ^= byte << shift;
				cr_assert_neq(flow_hash(&c, &udp, 1), hash, "UDP to byte %d changed by %u", shift / 8, byte);
				udp.dst[3] = p.dst[3];
				udp.src[3] ^= byte << shift;
				cr_assert_neq(flow_hash(&c, &udp, 1), hash, "UDP from byte %d changed by %u", shift / 8, byte);
			}
		}
	}
}

/* The tables are indexed with masks. */
Test(flow, sizes)
{
	cr_expect_eq(FLOW_BUCKETS & (FLOW_BUCKETS - 1), 0);
	cr_expect_eq(FLIGHTS & (FLIGHTS - 1), 0);
	cr_expect_eq(FLIGHT_ROOM & (FLIGHT_ROOM - 1), 0);
	cr_expect_eq(FLIGHT_CHUNK & (FLIGHT_CHUNK - 1), 0);
	cr_expect_eq(sizeof(struct judged_bucket), 64);
	cr_expect_eq(sizeof(struct opening_bucket), 64);
	cr_expect_eq(sizeof(struct flight_owners), 64);
	cr_expect_eq(offsetof(struct flight, bytes) % 8, 0, "words of eight bytes are compared");
}
