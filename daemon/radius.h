/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RADIUS accounting (RFC 2866), the wire; pure but for libcrypto's MD5.
 *
 *   code 1 | identifier 1 | length 2 | authenticator 16 | attributes: type 1 | length 1 | value
 *
 * A request is genuine if its authenticator is MD5(code, identifier, length, 16 zero bytes, attributes, secret), and so
 * is a Message-Authenticator (RFC 2869 section 5.14) if it has one.
 */
#ifndef ESAFE_RADIUS_H
#define ESAFE_RADIUS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define RADIUS_HEADER 20
#define RADIUS_MAX 4096 /* bytes of a packet (RFC 2865 section 3) */
#define RADIUS_TEXT 253 /* bytes of a value */

enum radius_status { /* Acct-Status-Type (RFC 2866 section 5.1) */
	RADIUS_START = 1,
	RADIUS_STOP = 2,
	RADIUS_INTERIM = 3,
	RADIUS_ON = 7,
	RADIUS_OFF = 8,
};

struct radius_request {
	unsigned status;  /* as sent: also others than those above */
	__u32 delay;      /* Acct-Delay-Time: seconds since it happened */
	bool has_mac, has_addr, has_addr6;
	__u8 mac[6];      /* Calling-Station-Id */
	__u8 addr[16];    /* Framed-IP-Address, as ::ffff:a.b.c.d */
	__u8 addr6[16];   /* Framed-IPv6-Address, or a Framed-IPv6-Prefix of 128 bits */
	char user[RADIUS_TEXT + 1]; /* User-Name as sent; "": none */
	char session[RADIUS_TEXT + 1]; /* Acct-Session-Id; "": none */
	char filter[RADIUS_TEXT + 1]; /* Filter-Id */
	char class[RADIUS_TEXT + 1]; /* Class; "" also if it is not plain text */
	char cause[24];   /* Acct-Terminate-Cause in words; "": none */
};

/*
 * Reads the datagram of an Accounting-Request. 0; -EBADMSG: not well-formed, or not such a request; -EACCES: made with
 * another secret. *out is then unchanged. Octets behind the length that the packet says are padding.
 */
int radius_read(const __u8 *msg, size_t len, const char *secret, struct radius_request *out);

/*
 * Writes the Accounting-Response to a request that radius_read() took, with the Proxy-State that came with it (RFC 2865
 * section 5.33). Returns its length; 0: libcrypto failed. out[RADIUS_MAX]
 */
size_t radius_respond(const __u8 *msg, const char *secret, __u8 *out);

/*
 * A MAC in any usual spelling: with colons, hyphens, dots or nothing between the digits, and with ":SSID" or the like
 * behind it. 0 or -EINVAL.
 */
int radius_mac(const char *text, __u8 mac[6]);

/*
 * The account of a User-Name: without "DOMAIN\" before and "@realm" behind, in lower case. false: it names no person,
 * as it is empty, a MAC, or an anonymous outer identity (RFC 7542 section 2.4).
 */
bool radius_account(const char *user, char account[RADIUS_TEXT + 1]);

#define RADIUS_RESULTS(X)             \
	X(START, "start")              \
	X(INTERIM, "interim")          \
	X(STOP, "stop")                \
	X(ON_OFF, "on-off")            \
	X(OTHER, "other")              \
	X(NO_PERSON, "no-person")      \
	X(LATE, "late")                \
	X(DUPLICATE, "duplicate")      \
	X(REPLAYED, "replayed")        \
	X(MALFORMED, "malformed")      \
	X(WRONG_SECRET, "wrong-secret") \
	X(UNKNOWN_CLIENT, "unknown-client") \
	X(FAILED, "failed")

enum radius_result { /* what became of a datagram: counted */
#define X(name, text) RADIUS_WAS_##name,
	RADIUS_RESULTS(X)
#undef X
	RADIUS_WAS_COUNT
};
extern const char *const radius_result_names[RADIUS_WAS_COUNT];

#endif
