/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names as lists have them, made from numbers: distinct, of differing length, 19 in 100 below another one. */
#ifndef GENNAME_H
#define GENNAME_H

#include <stdint.h>
#include <stdio.h>

#define GENNAME_MAX 96
#define GENNAME_NUMBERS (1u << 24) /* numbers below this give distinct names */

static inline uint64_t genname_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static inline int genname_site(uint32_t n, char *out)
{
	static const char *const word[] = { "bet", "play", "shop", "cloud", "news", "track", "free", "video",
					    "secure", "login", "mobile", "casino", "click", "media", "web", "store" };
	static const char *const end[] = { "com", "com", "com", "net", "org", "info", "co.uk", "top", "xyz", "ru", "de",
					   "shop", "online", "site", "pages.dev", "blogspot.com" };
	uint64_t mixed = genname_mix(n);
	uint32_t scattered = n * 0x9e3775u & (GENNAME_NUMBERS - 1); /* odd factor: one to one */

	return sprintf(out, "%s%s%x%s.%s", word[mixed & 15], mixed >> 4 & 1 ? "-" : "", scattered,
		       mixed >> 5 & 3 ? "" : word[mixed >> 7 & 15], end[mixed >> 11 & 15]);
}

/* Name number n; at least GENNAME_MAX bytes of room. Returns its length. */
static inline int genname(uint32_t n, char *out)
{
	static const char *const below[] = { "www", "cdn", "m", "login", "ads", "s3", "api", "static-content" };
	uint32_t in_block = n % 100;
	int len;

	if (in_block >= 19)
		return genname_site(n, out);
	len = sprintf(out, "%s.", below[genname_mix(n) & 7]);
	return len + genname_site(n - in_block + 40 + in_block, out + len);
}

/* A name that is in no list. */
static inline int genname_unlisted(uint32_t n, char *out)
{
	return sprintf(out, "w%u.host%u.example", n % 7, n);
}

#endif
