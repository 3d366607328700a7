/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of QUIC Initials and the opening of them (RFC 9001 section 5; version 2: RFC 9369 section 3.3). */
#ifndef ESAFE_QUICKEYS_H
#define ESAFE_QUICKEYS_H

#include "bytes.h"
#include "quicwire.h"

TABLE __u32 quic_v1_salt[8] = { 0x38762cf7, 0xf55934b3, 0x4d179ae6, 0xa4c80cad, 0xccbb7f0a };
TABLE __u32 quic_v2_salt[8] = { 0x0dede3de, 0xf700a6db, 0x819381be, 0x6e269dcb, 0xf9bd2ed9 };

enum { QUIC_KEY, QUIC_IV, QUIC_MASK };

TABLE __u8 quic_client[HKDF_LABEL_ROOM] = "\0\40\17tls13 client in\0\1\200";
TABLE __u8 quic_v1_labels[3][HKDF_LABEL_ROOM] = {
	"\0\20\16tls13 quic key\0\1\200",
	"\0\14\15tls13 quic iv\0\1\200",
	"\0\20\15tls13 quic hp\0\1\200",
};
TABLE __u8 quic_v2_labels[3][HKDF_LABEL_ROOM] = {
	"\0\20\20tls13 quicv2 key\0\1\200",
	"\0\14\17tls13 quicv2 iv\0\1\200",
	"\0\20\17tls13 quicv2 hp\0\1\200",
};

/* Word `i` of the first message: the connection id, and the byte that ends it. A part: it branches. */
PART __u32 quic_cid_word(struct quic_work *w, __u32 i)
{
	__u32 word, left;

	if (!w)
		return 0;
	word = __builtin_bswap32(load4(&w->cid.bytes[i * 4 & 31]));
	left = i * 4 < w->cid.len ? w->cid.len - i * 4 : 0;
	return left > 3 || i != w->cid.len / 4 ? word : word | 0x80000000 >> left * 8;
}

/* The destination id of the packet is the one that keys are made of. */
PART int quic_own_cid(struct quic_work *w)
{
	if (!w)
		return -1;
	w->cid.len = w->dcid_len;
	for (__u32 i = 0; i < QUIC_CID_MAX + 4; i++)
		w->cid.bytes[i] = i < w->dcid_len ? QUIC_BYTE(w, w->dcid + i) : 0;
	return 0;
}

PART int quic_cid_message(struct quic_work *w)
{
	if (!w)
		return -1;
	for (__u32 i = 0; i < 15; i++)
		w->sha.w[i] = i > QUIC_CID_MAX / 4 ? 0 : quic_cid_word(w, i);
	w->sha.w[15] = (64 + w->cid.len) * 8;
	return 0;
}

static __always_inline int quic_take_key(struct quic_work *w)
{
	for (int i = 0; i < 8; i++)
		w->sha.key[i] = w->sha.state[i];
	return hmac_key(&w->sha);
}

static __always_inline void quic_take_words(struct quic_work *w, __u32 *to, const int n)
{
	for (int i = 0; i < n; i++)
		to[i] = __builtin_bswap32(w->sha.state[i]);
}

static __always_inline int quic_expand(struct quic_work *w, const __u8 (*labels)[HKDF_LABEL_ROOM])
{
	if (hkdf_expand(&w->sha, labels[QUIC_KEY]))
		return -1;
	quic_take_words(w, w->keys.key, 4);
	if (hkdf_expand(&w->sha, labels[QUIC_IV]))
		return -1;
	quic_take_words(w, w->keys.iv, 3);
	if (hkdf_expand(&w->sha, labels[QUIC_MASK]))
		return -1;
	quic_take_words(w, w->keys.mask, 4);
	return 0;
}

/* The keys that the client's Initials of this version have when the first one went to w->cid: w->keys. */
PART int quic_derive(struct quic_work *w)
{
	__u32 is_v2;

	if (!w)
		return -1;
	is_v2 = w->version == QUIC_V2;
	for (int i = 0; i < 8; i++)
		w->sha.state[i] = is_v2 ? quic_v2_salt[i] : quic_v1_salt[i];
	if (quic_take_key(w) || quic_cid_message(w) || hmac(&w->sha) || quic_take_key(w) ||
	    hkdf_expand(&w->sha, quic_client) || quic_take_key(w))
		return -1;
	w->keys.version = w->version;
	w->expected = 0;
	return is_v2 ? quic_expand(w, quic_v2_labels) : quic_expand(w, quic_v1_labels);
}

/* Takes the protection off the header, or puts it on again: the bytes of the number that count, and the first byte. */
static __always_inline void quic_turn_header(struct quic_work *w, __u32 mask0, __u64 mask)
{
	__u32 number = w->number;

	QUIC_BYTE(w, 0) ^= mask0;
	esafe_store8(GCM_AT(&w->gcm, number), esafe_load8(GCM_AT(&w->gcm, number)) ^ mask);
}

static __always_inline void quic_aes_key(struct quic_work *w, const __u32 *key)
{
	for (int i = 0; i < 4; i++)
		w->gcm.aes.key[i] = key[i];
	aes_expand(&w->gcm.aes);
}

/* Mask of the header: five bytes, the sample encrypted. */
PART __u64 quic_mask(struct quic_work *w)
{
	__u32 at;

	if (!w)
		return 0;
	quic_aes_key(w, w->keys.mask);
	at = w->number + 4;
	for (int i = 0; i < 4; i++)
		w->gcm.aes.block[i] = __builtin_bswap32(quic_be32(w, at + i * 4));
	aes_block(&w->gcm.aes);
	return (__u64)w->gcm.aes.block[1] << 32 | w->gcm.aes.block[0];
}

/*
 * Opens the Initial with w->keys: its frames are then bytes[at .. frames_end). -1: it was not sealed with these keys;
 * then the packet is as it was.
 */
PART int quic_open(struct quic_work *w)
{
	__u32 bytes, header, len, low, mask0;
	__u64 mask, number;

	if (!w)
		return -1;
	mask = quic_mask(w);
	mask0 = mask & 15;
	bytes = ((QUIC_BYTE(w, 0) ^ mask0) & 3) + 1;
	mask = mask >> 8 & ~0U >> (32 - bytes * 8);
	quic_turn_header(w, mask0, mask);
	low = quic_be32(w, w->number) >> (32 - bytes * 8);
	number = quic_whole_number(w->expected, low, bytes);
	header = w->number + bytes;
	len = w->packet_len - header - GCM_TAG;
	quic_aes_key(w, w->keys.key);
	w->gcm.nonce[0] = w->keys.iv[0];
	w->gcm.nonce[1] = w->keys.iv[1] ^ __builtin_bswap32(number >> 32);
	w->gcm.nonce[2] = w->keys.iv[2] ^ __builtin_bswap32(number);
	if (header > GCM_ROOM || len > GCM_ROOM || gcm_check(&w->gcm, 0, header, len)) {
		quic_turn_header(w, mask0, mask);
		return -1;
	}
	gcm_decrypt(&w->gcm, header, len);
	if (number >= w->expected)
		w->expected = number + 1;
	w->at = header;
	w->frames_end = header + len;
	w->skip = 0;
	return 0;
}

#endif
