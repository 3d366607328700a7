// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "hex.h"
#include "radius.h"

#define ACCOUNTING_REQUEST 4
#define ACCOUNTING_RESPONSE 5
#define AUTHENTICATOR 4 /* offset */
#define MD5_LEN 16

enum {
	USER_NAME = 1,
	FRAMED_IP = 8,
	FILTER_ID = 11,
	CLASS = 25,
	CALLING_STATION = 31,
	PROXY_STATE = 33,
	ACCT_STATUS = 40,
	ACCT_DELAY = 41,
	ACCT_SESSION = 44,
	ACCT_CAUSE = 49,
	MESSAGE_AUTHENTICATOR = 80,
	FRAMED_IPV6_PREFIX = 97,
	FRAMED_IPV6 = 168,
};

const char *const radius_result_names[RADIUS_WAS_COUNT] = {
#define X(name, text) [RADIUS_WAS_##name] = text,
	RADIUS_RESULTS(X)
#undef X
};

static unsigned get16(const __u8 *b)
{
	return b[0] << 8 | b[1];
}

static __u32 get32(const __u8 *b)
{
	return (__u32)get16(b) << 16 | get16(b + 2);
}

/* ---- authenticators ---- */

static const __u8 zeros[MD5_LEN];

/* MD5 of a packet with these 16 bytes where its authenticator stands, and the secret. */
static bool packet_md5(const __u8 *msg, size_t len, const __u8 *authenticator, const char *secret, __u8 *digest)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) && EVP_DigestUpdate(ctx, msg, AUTHENTICATOR) &&
		    EVP_DigestUpdate(ctx, authenticator, MD5_LEN) &&
		    EVP_DigestUpdate(ctx, msg + RADIUS_HEADER, len - RADIUS_HEADER) &&
		    EVP_DigestUpdate(ctx, secret, strlen(secret)) && EVP_DigestFinal_ex(ctx, digest, NULL);

	EVP_MD_CTX_free(ctx);
	return done;
}

/* The Message-Authenticator at `at`: HMAC-MD5 of the packet with zeros in its own place and as the authenticator. */
static bool message_genuine(const __u8 *msg, size_t len, size_t at, const char *secret)
{
	__u8 copy[RADIUS_MAX], digest[MD5_LEN];

	memcpy(copy, msg, len);
	memset(copy + AUTHENTICATOR, 0, MD5_LEN);
	memset(copy + at, 0, MD5_LEN);
	return HMAC(EVP_md5(), secret, (int)strlen(secret), copy, len, digest, NULL) &&
	       !CRYPTO_memcmp(digest, msg + at, MD5_LEN);
}

/* ---- attributes ---- */

/* Text without control characters; anything else leaves `out` empty. */
static void take_text(const __u8 *value, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] == 0x7f)
			return;
	memcpy(out, value, len);
	out[len] = '\0';
}

int radius_mac(const char *text, __u8 mac[6])
{
	__u8 got[6] = { 0 };
	int digits = 0;

	for (; *text && digits < 12; text++) {
		int value = hex_digit(*text);

		if (value >= 0) {
			got[digits / 2] = got[digits / 2] << 4 | value;
			digits++;
		} else if (!digits || !strchr(":-.", *text)) {
			return -EINVAL;
		}
	}
	if (digits < 12 || (*text && !strchr(":-; /", *text)))
		return -EINVAL;
	memcpy(mac, got, 6);
	return 0;
}

static void take_cause(__u32 cause, char *out, size_t size)
{
	static const char *const causes[] = { /* RFC 2866 section 5.10 */
		[1] = "user request",	[2] = "lost carrier",	 [3] = "lost service",	 [4] = "idle time-out",
		[5] = "session time-out", [6] = "admin reset",	 [7] = "admin reboot",	 [8] = "port error",
		[9] = "NAS error",	[10] = "NAS request",	 [11] = "NAS reboot",	 [12] = "port unneeded",
		[13] = "port preempted", [14] = "port suspended", [15] = "service unavailable",
		[16] = "callback",	[17] = "user error",	 [18] = "host request",
	};

	if (cause < sizeof(causes) / sizeof(causes[0]) && causes[cause])
		snprintf(out, size, "%s", causes[cause]);
	else
		snprintf(out, size, "cause %u", cause);
}

static void take_addr4(const __u8 *value, struct radius_request *out)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	__u32 addr = get32(value);

	out->has_addr = addr && addr < 0xfffffffe; /* the two highest: left to the user, or to the NAS (RFC 2865 5.8) */
	memcpy(out->addr, mapped, 12);
	memcpy(out->addr + 12, value, 4);
}

static void take_addr6(const __u8 *value, struct radius_request *out)
{
	out->has_addr6 = true;
	memcpy(out->addr6, value, 16);
}

static void take_number(unsigned type, __u32 value, struct radius_request *out)
{
	if (type == ACCT_STATUS)
		out->status = value;
	else if (type == ACCT_DELAY)
		out->delay = value;
	else
		take_cause(value, out->cause, sizeof(out->cause));
}

/* One attribute; those of a wrong length are as good as not there. */
static void take(unsigned type, const __u8 *value, size_t len, struct radius_request *out)
{
	char station[RADIUS_TEXT + 1] = "";

	switch (type) {
	case USER_NAME:
		return take_text(value, len, out->user);
	case FILTER_ID:
		return take_text(value, len, out->filter);
	case CLASS:
		return take_text(value, len, out->class);
	case ACCT_SESSION:
		return take_text(value, len, out->session);
	case CALLING_STATION:
		take_text(value, len, station);
		out->has_mac = !radius_mac(station, out->mac);
		return;
	case ACCT_STATUS:
	case ACCT_DELAY:
	case ACCT_CAUSE:
		if (len == 4)
			take_number(type, get32(value), out);
		return;
	case FRAMED_IP:
		if (len == 4)
			take_addr4(value, out);
		return;
	case FRAMED_IPV6_PREFIX:
		if (len == 18 && value[1] == 128)
			take_addr6(value + 2, out);
		return;
	case FRAMED_IPV6:
		if (len == 16)
			take_addr6(value, out);
		return;
	}
}

/* The length of the packet in the datagram; 0: it is none. */
static size_t packet_len(const __u8 *msg, size_t len)
{
	size_t said;

	if (len < RADIUS_HEADER || msg[0] != ACCOUNTING_REQUEST)
		return 0;
	said = get16(msg + 2);
	if (said < RADIUS_HEADER || said > len || said > RADIUS_MAX)
		return 0;
	for (size_t at = RADIUS_HEADER; at < said; at += msg[at + 1])
		if (said - at < 2 || msg[at + 1] < 2 || msg[at + 1] > said - at)
			return 0;
	return said;
}

int radius_read(const __u8 *msg, size_t len, const char *secret, struct radius_request *out)
{
	struct radius_request got = { 0 };
	__u8 digest[MD5_LEN];

	len = packet_len(msg, len);
	if (!len)
		return -EBADMSG;
	if (!packet_md5(msg, len, zeros, secret, digest) || CRYPTO_memcmp(digest, msg + AUTHENTICATOR, MD5_LEN))
		return -EACCES;
	for (size_t at = RADIUS_HEADER; at < len; at += msg[at + 1]) {
		if (msg[at] == MESSAGE_AUTHENTICATOR &&
		    (msg[at + 1] != 2 + MD5_LEN || !message_genuine(msg, len, at + 2, secret)))
			return -EACCES;
		take(msg[at], msg + at + 2, msg[at + 1] - 2, &got);
	}
	if (!got.status)
		return -EBADMSG;
	*out = got;
	return 0;
}

size_t radius_respond(const __u8 *msg, const char *secret, __u8 *out)
{
	size_t end = get16(msg + 2), len = RADIUS_HEADER;
	__u8 digest[MD5_LEN];

	for (size_t at = RADIUS_HEADER; at < end; at += msg[at + 1]) {
		if (msg[at] != PROXY_STATE)
			continue;
		memcpy(out + len, msg + at, msg[at + 1]);
		len += msg[at + 1];
	}
	out[0] = ACCOUNTING_RESPONSE;
	out[1] = msg[1];
	out[2] = len >> 8;
	out[3] = len;
	if (!packet_md5(out, len, msg + AUTHENTICATOR, secret, digest))
		return 0;
	memcpy(out + AUTHENTICATOR, digest, MD5_LEN);
	return len;
}

bool radius_account(const char *user, char account[RADIUS_TEXT + 1])
{
	const char *from = strrchr(user, '\\'), *to;
	size_t len;
	__u8 mac[6];

	from = from ? from + 1 : user;
	to = strchr(from, '@');
	len = to ? (size_t)(to - from) : strlen(from);
	if (!len || len > RADIUS_TEXT)
		return false;
	for (size_t i = 0; i < len; i++)
		account[i] = tolower((unsigned char)from[i]);
	account[len] = '\0';
	return strcmp(account, "anonymous") && radius_mac(account, mac);
}
