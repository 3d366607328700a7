/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "hex.h"
#include "mark.h"

static void mark(const uint8_t secret[32], const uint8_t source[16], const char *cookie, int64_t hour,
		 char out[MARK_TEXT])
{
	unsigned char text[16 + sizeof(hour) + 64], digest[32];
	size_t len = 16 + sizeof(hour);

	memcpy(text, source, 16);
	memcpy(text + 16, &hour, sizeof(hour));
	if (strlen(cookie) == 64) {
		memcpy(text + len, cookie, 64);
		len += 64;
	}
	HMAC(EVP_sha256(), secret, 32, text, len, digest, NULL);
	hex_text(digest, sizeof(digest), out);
}

void mark_make(const uint8_t secret[32], const uint8_t source[16], const char *cookie, int64_t now_s,
	       char out[MARK_TEXT])
{
	mark(secret, source, cookie, now_s / MARK_S, out);
}

bool mark_fits(const uint8_t secret[32], const uint8_t source[16], const char *cookie, int64_t now_s,
	       const char *given)
{
	char text[MARK_TEXT];

	for (int back = 0; back < 2 && strlen(given) == MARK_TEXT - 1; back++) {
		mark(secret, source, cookie, now_s / MARK_S - back, text);
		if (!CRYPTO_memcmp(given, text, MARK_TEXT - 1))
			return true;
	}
	return false;
}
