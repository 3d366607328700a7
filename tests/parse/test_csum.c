/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "parse.h"
#include "csum.h"

/* RFC 1071 as it is told: 16-bit words, the carry added to the end at once. Result as the field on the wire. */
static __u16 naive(const __u8 *bytes, size_t len, __u16 sum)
{
	for (size_t i = 0; i < len; i += 2) {
		__u32 word = bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0);
		__u32 next = sum + word;

		sum = next > 0xffff ? next - 0xffff : next;
	}
	return sum;
}

static __u64 by_words(const __u8 *bytes, size_t len)
{
	__u64 sum = 0;

	for (size_t i = 0; i < len; i += 8) {
		__u8 word[8] = { 0 };

		memcpy(word, bytes + i, len - i < 8 ? len - i : 8);
		sum = csum_word(sum, esafe_load8(word));
	}
	return sum;
}

/* 0 and 0xffff are one number in this arithmetic. */
static int same(__u16 one, __u16 two)
{
	return one == two || (one % 0xffff == 0 && two % 0xffff == 0);
}

Test(csum, every_length)
{
	for (size_t len = 0; len <= 1500; len++) {
		__u8 *bytes = malloc(len + 1);

		for (int round = 0; round < 4; round++) {
			for (size_t i = 0; i < len; i++)
				bytes[i] = round == 3 ? 0xff : round == 2 ? 0 : dice();
			cr_assert(same(csum_fold(by_words(bytes, len)), PKT_BE16(naive(bytes, len, 0))), "%zu", len);
		}
		free(bytes);
	}
}

Test(csum, fold_of_anything)
{
	static const __u64 edges[] = { 0, 1, 0xffff, 0x10000, 0xffffffff, 0x100000000, 0x1ffffffff, 0xffff0000ffff,
				       0xfffffffeffffffff, 0xffffffff00000000, 0xffffffffffffffff,
				       0xffffffff00010000, 0x10000ffff, 0x1ffff };

	for (size_t i = 0; i < ROWS(edges) + 100000; i++) {
		__u64 sum = i < ROWS(edges) ? edges[i] : (__u64)dice() << 32 | dice();

		cr_assert_eq(csum_fold(sum) % 0xffff, sum % 0xffff, "%llx", sum);
		cr_assert_eq(!csum_fold(sum), !sum, "%llx", sum);
	}
}

static __u16 naive_pseudo(const struct pkt *p, __u32 proto, __u32 len)
{
	__u8 header[40] = { 0 };

	if (p->family == 4) {
		memcpy(header, &p->src[3], 4);
		memcpy(header + 4, &p->dst[3], 4);
		header[9] = proto;
		header[10] = len >> 8;
		header[11] = len;
		return naive(header, 12, 0);
	}
	memcpy(header, p->src, 16);
	memcpy(header + 16, p->dst, 16);
	for (int i = 0; i < 4; i++)
		header[32 + i] = len >> (3 - i) * 8;
	header[39] = proto;
	return naive(header, 40, 0);
}

/* Every length: two sums of swapped words overflow 32 bits for a few of them only. */
Test(csum, pseudo_header_of_every_length)
{
	static const __u8 protocols[] = { 6, 17, 58 };

	for (__u32 len = 0; len < 65536; len++) {
		__u8 proto = protocols[len % 3];
		struct pkt p = { .family = len & 1 ? 4 : 6 };

		for (int i = 0; i < 4; i++) {
			p.src[i] = len % 5 ? dice() : 0xffffffff;
			p.dst[i] = len % 5 ? dice() : 0xffffffff;
		}
		cr_assert(same(csum_fold(csum_pseudo(&p, proto, len)), PKT_BE16(naive_pseudo(&p, proto, len))), "%u", len);
		p.family ^= 2;
		cr_assert(same(csum_fold(csum_pseudo(&p, proto, len)), PKT_BE16(naive_pseudo(&p, proto, len))), "%u", len);
	}
}

/* An IPv4 header whose checksum is right. */
Test(csum, known_packet)
{
	static const __u8 header[] = { 0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61,
				       0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7 };

	cr_expect_eq(csum_fold(by_words(header, sizeof(header))), 0xffff);
}
