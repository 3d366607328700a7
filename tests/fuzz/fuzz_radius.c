/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RADIUS accounting requests: as they come, and again with the authenticator that somebody who knows the secret would
 * give them, so that what lies behind it is tried too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "radius.h"

#define SECRET "secret of a fuzzer"

static void sign(uint8_t *msg, size_t len)
{
	size_t said = msg[2] << 8 | msg[3];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memset(msg + 4, 0, 16);
	EVP_DigestInit_ex(ctx, EVP_md5(), NULL);
	EVP_DigestUpdate(ctx, msg, said <= len ? said : len);
	EVP_DigestUpdate(ctx, SECRET, sizeof(SECRET) - 1);
	EVP_DigestFinal_ex(ctx, msg + 4, NULL);
	EVP_MD_CTX_free(ctx);
}

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		abort();
	while (len--)
		if ((unsigned char)text[len] < 0x20)
			abort();
}

static void check(const uint8_t *msg, const struct radius_request *r)
{
	char account[RADIUS_TEXT + 1];
	uint8_t out[RADIUS_MAX];
	size_t len;

	check_text(r->user, sizeof(r->user));
	check_text(r->session, sizeof(r->session));
	check_text(r->filter, sizeof(r->filter));
	check_text(r->class, sizeof(r->class));
	check_text(r->cause, sizeof(r->cause));
	if (radius_account(r->user, account) && !*account)
		abort();
	len = radius_respond(msg, SECRET, out);
	if (len < RADIUS_HEADER || len > RADIUS_MAX || (size_t)(out[2] << 8 | out[3]) != len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct radius_request r;
	uint8_t *msg = malloc(size ? size : 1);

	memcpy(msg, data, size);
	if (!radius_read(msg, size, SECRET, &r))
		check(msg, &r);
	if (size >= RADIUS_HEADER) {
		sign(msg, size);
		if (!radius_read(msg, size, SECRET, &r))
			check(msg, &r);
	}
	free(msg);
	return 0;
}
