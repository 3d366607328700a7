/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes QUIC Initials for tests (RFC 9001, RFC 9369), with libcrypto: nothing of bpf/ is used. */
#ifndef INITIAL_H
#define INITIAL_H

#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

struct initial {
	__u32 version;     /* 1 or 0x6b3343cf */
	const __u8 *keys;  /* the connection id that the keys come from */
	__u32 keys_len;
	const __u8 *dcid, *scid;
	__u32 dcid_len, scid_len, token_len;
	__u64 number;
	__u32 number_len;  /* 1 to 4 */
	const __u8 *frames;
	__u32 frames_len;  /* with padding: at least 4 */
};

static inline void initial_expand(const __u8 *secret, const char *label, __u8 *out, __u32 len)
{
	__u8 info[64] = { 0, len, 6 + strlen(label) }, full[32];
	size_t n = 3 + 6 + strlen(label);
	unsigned size = sizeof(full);

	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, strlen(label));
	info[n++] = 0;
	info[n++] = 1;
	HMAC(EVP_sha256(), secret, 32, info, n, full, &size);
	memcpy(out, full, len);
}

static inline void initial_keys(const struct initial *p, __u8 key[16], __u8 iv[12], __u8 mask[16])
{
	static const __u8 v1[] = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
	static const __u8 v2[] = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
	int is_v2 = p->version != 1;
	__u8 secret[32], client[32];
	unsigned size = sizeof(secret);

	HMAC(EVP_sha256(), is_v2 ? v2 : v1, 20, p->keys, p->keys_len, secret, &size);
	initial_expand(secret, "client in", client, 32);
	initial_expand(client, is_v2 ? "quicv2 key" : "quic key", key, 16);
	initial_expand(client, is_v2 ? "quicv2 iv" : "quic iv", iv, 12);
	initial_expand(client, is_v2 ? "quicv2 hp" : "quic hp", mask, 16);
}

static inline void initial_seal(const __u8 *key, const __u8 *iv, const __u8 *aad, __u32 aad_len, const __u8 *plain,
				__u32 len, __u8 *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	if (!c || !EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv) ||
	    !EVP_EncryptUpdate(c, NULL, &n, aad, aad_len) || !EVP_EncryptUpdate(c, out, &n, plain, len) ||
	    !EVP_EncryptFinal_ex(c, out + n, &n) || !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, out + len))
		abort();
	EVP_CIPHER_CTX_free(c);
}

static inline void initial_protect(__u8 *packet, __u32 number, __u32 number_len, const __u8 *key)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	__u8 mask[32];
	int n;

	if (!c || !EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) ||
	    !EVP_EncryptUpdate(c, mask, &n, packet + number + 4, 16))
		abort();
	packet[0] ^= mask[0] & 15;
	for (__u32 i = 0; i < number_len; i++)
		packet[number + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(c);
}

static inline __u32 initial_put(__u8 *out, __u64 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = value >> (bytes - 1 - i) * 8;
	return bytes;
}

/* Returns the length of the packet. */
static inline __u32 initial_make(const struct initial *p, __u8 *out)
{
	__u8 key[16], iv[12], mask[16];
	__u32 at = 0, number;

	initial_keys(p, key, iv, mask);
	out[at++] = (p->version == 1 ? 0xc0 : 0xd0) | (p->number_len - 1);
	at += initial_put(out + at, p->version, 4);
	out[at++] = p->dcid_len;
	memcpy(out + at, p->dcid, p->dcid_len);
	at += p->dcid_len;
	out[at++] = p->scid_len;
	if (p->scid_len)
		memcpy(out + at, p->scid, p->scid_len);
	at += p->scid_len;
	if (p->token_len < 64)
		out[at++] = p->token_len;
	else
		at += initial_put(out + at, 0x4000 | p->token_len, 2);
	memset(out + at, 0x77, p->token_len);
	at += p->token_len;
	at += initial_put(out + at, 0x4000 | (p->number_len + p->frames_len + 16), 2);
	number = at;
	at += initial_put(out + at, p->number, p->number_len);
	for (int i = 0; i < 8; i++)
		iv[4 + i] ^= p->number >> (7 - i) * 8;
	initial_seal(key, iv, out, at, p->frames, p->frames_len, out + at);
	initial_protect(out, number, p->number_len, mask);
	return at + p->frames_len + 16;
}

/* A CRYPTO frame. Returns its length. */
static inline __u32 initial_crypto(__u8 *out, const __u8 *stream, __u32 offset, __u32 len)
{
	__u32 at = 0;

	out[at++] = 6;
	at += offset < 64 ? initial_put(out + at, offset, 1) : initial_put(out + at, 0x4000 | offset, 2);
	at += initial_put(out + at, 0x4000 | len, 2);
	memcpy(out + at, stream + offset, len);
	return at + len;
}

#endif
