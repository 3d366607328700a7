// SPDX-License-Identifier: GPL-2.0-or-later
/* The primitives that open QUIC Initials, against published vectors and against another implementation. */
#include <criterion/criterion.h>

#include "parse.h"
#include "gcm.h"
#include "hkdf.h"

static void unhex(const char *hex, __u8 *out)
{
	for (; *hex; hex += 2)
		*out++ = strtoul((char[]){ hex[0], hex[1], 0 }, NULL, 16);
}

static void words(const char *text, __u32 *out, int n)
{
	unhex(text, (__u8 *)out);
	for (int i = 0; i < n; i++)
		out[i] = __builtin_bswap32(out[i]);
}

Test(crypto, sha256_of_abc) /* FIPS 180-2 appendix B.1 */
{
	struct sha256 s = { .w = { 0x61626380, [15] = 24 } };
	__u32 expected[8];

	memcpy(s.state, sha256_start, sizeof(s.state));
	words("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected, 8);
	cr_assert_eq(sha256_block(&s), 0);
	cr_assert_arr_eq(s.state, expected, sizeof(expected));
}

Test(crypto, hmac_of_hi_there) /* RFC 4231 section 4.2 */
{
	struct sha256 s = { .key = { 0x0b0b0b0b, 0x0b0b0b0b, 0x0b0b0b0b, 0x0b0b0b0b, 0x0b0b0b0b } };
	__u32 expected[8];

	cr_assert_eq(hmac_key(&s), 0);
	memset(s.w, 0, sizeof(s.w));
	words("4869205468657265", s.w, 2);
	s.w[2] = 0x80000000;
	s.w[15] = (64 + 8) * 8;
	words("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", expected, 8);
	cr_assert_eq(hmac(&s), 0);
	cr_assert_arr_eq(s.state, expected, sizeof(expected));
}

Test(crypto, aes_128) /* FIPS 197 appendix C.1 */
{
	__u8 expected[16];
	struct aes a;

	unhex("000102030405060708090a0b0c0d0e0f", (__u8 *)a.key);
	unhex("00112233445566778899aabbccddeeff", (__u8 *)a.block);
	unhex("69c4e0d86a7b0430d8cdb78070b4c55a", expected);
	cr_assert_eq(aes_expand(&a), 0);
	cr_assert_eq(aes_block(&a), 0);
	cr_assert_arr_eq(a.block, expected, 16);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 1, 2, 3 and 4. */
struct vector {
	const char *key, *nonce, *aad, *plain, *sealed; /* sealed: with the tag */
};

static const struct vector vectors[] = {
	{ "00000000000000000000000000000000", "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
	{ "00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
	  "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf" },
	{ "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
	  "4d5c2af327cd64a62cf35abd2ba6fab4" },
	{ "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	  "5bc94fbc3221a5db94fae95ae7121a47" },
};

static void load(struct gcm *g, const struct vector *v, __u32 at)
{
	memset(g, 0x5a, sizeof(*g));
	unhex(v->key, (__u8 *)g->aes.key);
	unhex(v->nonce, (__u8 *)g->nonce);
	unhex(v->aad, g->bytes + at);
	unhex(v->sealed, g->bytes + at + strlen(v->aad) / 2);
	aes_expand(&g->aes);
}

Test(crypto, gcm)
{
	for (size_t i = 0; i < ROWS(vectors); i++)
		for (__u32 at = 0; at < 20; at++) {
			const struct vector *v = &vectors[i];
			__u32 aad = strlen(v->aad) / 2, len = strlen(v->plain) / 2;
			__u8 plain[64];
			struct gcm g;

			load(&g, v, at);
			unhex(v->plain, plain);
			cr_assert_eq(gcm_check(&g, at, aad, len), 0, "case %zu at %u", i + 1, at);
			cr_assert_eq(gcm_decrypt(&g, at + aad, len), 0);
			cr_assert_arr_eq(g.bytes + at + aad, plain, len, "case %zu at %u", i + 1, at);
		}
}

Test(crypto, any_bit_that_is_changed_is_seen)
{
	const struct vector *v = &vectors[3];
	__u32 aad = strlen(v->aad) / 2, len = strlen(v->plain) / 2;

	for (__u32 bit = 0; bit < (aad + len + GCM_TAG) * 8; bit++) {
		struct gcm g;

		load(&g, v, 0);
		g.bytes[bit / 8] ^= 1 << bit % 8;
		cr_assert_eq(gcm_check(&g, 0, aad, len), -1, "bit %u", bit);
	}
}
