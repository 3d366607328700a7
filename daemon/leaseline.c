// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "hex.h"
#include "leaseline.h"

#define WORD_SIZE 80

/* Copies the next word of the line; false when there is none, or it is too long for any of ours. */
static bool next_word(const char **at, const char *end, char out[WORD_SIZE])
{
	size_t len = 0;

	while (*at < end && **at == ' ')
		(*at)++;
	while (*at + len < end && (*at)[len] != ' ')
		len++;
	if (!len || len >= WORD_SIZE)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len;
	return true;
}

static bool parse_mac(const char *word, __u8 mac[6])
{
	for (int i = 0; i < 6; i++, word += 3) {
		int high = hex_digit(word[0]), low = high < 0 ? -1 : hex_digit(word[1]);

		if (low < 0 || word[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = high << 4 | low;
	}
	return true;
}

static bool parse_expiry(const char *word, __s64 *out)
{
	__s64 value = 0;

	for (; isdigit((unsigned char)*word) && value < (__s64)1 << 40; word++)
		value = value * 10 + (*word - '0');
	*out = value;
	return !*word;
}

static bool parse_address(const char *word, __u8 addr[16])
{
	if (strchr(word, ':'))
		return inet_pton(AF_INET6, word, addr) == 1;
	memset(addr, 0, 10);
	addr[10] = addr[11] = 0xff;
	return inet_pton(AF_INET, word, addr + 12) == 1;
}

static void take_hostname(const char *word, char out[LEASE_HOSTNAME])
{
	size_t len = strlen(word);

	out[0] = '\0';
	if (len && word[len - 1] == '.') /* a whole name, as Kea keeps some */
		len--;
	if (!strcmp(word, "*") || len >= LEASE_HOSTNAME)
		return;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
			return;
	memcpy(out, word, len);
	out[len] = '\0';
}

/* ---- dnsmasq ---- */

enum lease_line lease_line_dnsmasq(const char *at, const char *end, struct lease *lease)
{
	char expires[WORD_SIZE], mac[WORD_SIZE], addr[WORD_SIZE], hostname[WORD_SIZE];

	if (!next_word(&at, end, expires))
		return at == end ? LEASE_OTHER : LEASE_BAD;
	if (!strcmp(expires, "duid"))
		return LEASE_OTHER;
	if (!next_word(&at, end, mac) || !next_word(&at, end, addr) || !parse_expiry(expires, &lease->expires) ||
	    !parse_address(addr, lease->addr))
		return LEASE_BAD;
	if (!parse_mac(mac, lease->mac))
		return LEASE_OTHER;
	take_hostname(next_word(&at, end, hostname) ? hostname : "*", lease->hostname);
	return LEASE_HOLDS;
}

/* ---- Kea ---- */

#define FOREVER 0xffffffff /* RFC 2131 section 3.3 */

/* A value of the line at `from`, which ends before a comma or at the end; NULL: too long for any of ours. */
static const char *value(const char *from, const char *end, char out[WORD_SIZE])
{
	const char *comma = memchr(from, ',', end - from) ?: end;
	size_t len = comma - from;

	if (len >= WORD_SIZE)
		return NULL;
	memcpy(out, from, len);
	out[len] = '\0';
	return out;
}

/* Behind the next comma; NULL: there is none. */
static const char *behind(const char *from, const char *end)
{
	const char *comma = memchr(from, ',', end - from);

	return comma ? comma + 1 : NULL;
}

bool lease_kea_header(const char *at, const char *end, struct lease_columns *out)
{
	static const char *const names[LEASE_COLUMNS] = {
		[LEASE_ADDRESS] = "address", [LEASE_HWADDR] = "hwaddr", [LEASE_LIFETIME] = "valid_lifetime",
		[LEASE_EXPIRE] = "expire", [LEASE_NAME] = "hostname", [LEASE_STATE] = "state", [LEASE_TYPE] = "lease_type",
	};
	struct lease_columns columns = { 0 };
	char room[WORD_SIZE];

	for (unsigned n = 0; at && n < LEASE_FIELDS_MAX; n++, at = behind(at, end))
		for (int i = 0; i < LEASE_COLUMNS; i++)
			if (value(at, end, room) && !strcmp(room, names[i]))
				columns.at[i] = n + 1;
	/* its first column has always been the address, and nobody else's begins so */
	if (columns.at[LEASE_ADDRESS] != 1 || !columns.at[LEASE_LIFETIME] || !columns.at[LEASE_EXPIRE])
		return false;
	*out = columns;
	return true;
}

/* The values that count, in one pass; those that are not there are empty. */
static void take_values(const struct lease_columns *columns, const char *at, const char *end,
			char out[LEASE_COLUMNS][WORD_SIZE])
{
	for (int i = 0; i < LEASE_COLUMNS; i++)
		out[i][0] = '\0';
	for (unsigned n = 1; at && n <= LEASE_FIELDS_MAX; n++, at = behind(at, end))
		for (int i = 0; i < LEASE_COLUMNS; i++)
			if (columns->at[i] == n && !value(at, end, out[i]))
				out[i][0] = '\0';
}

/* States: 0 leased, 1 declined, 2 reclaimed, 3 released, 4 an address that the device took itself (RFC 9686). */
static bool is_held(const char *state)
{
	return !*state || !strcmp(state, "0") || !strcmp(state, "4");
}

enum lease_line lease_line_kea(const struct lease_columns *columns, const char *at, const char *end,
			       struct lease *lease)
{
	char values[LEASE_COLUMNS][WORD_SIZE];
	const char *type = values[LEASE_TYPE];
	__s64 lifetime;

	if (at == end)
		return LEASE_OTHER;
	take_values(columns, at, end, values);
	if (*type && strcmp(type, "0")) /* for a while only, or a prefix for a router to hand on */
		return LEASE_OTHER;
	if (!parse_address(values[LEASE_ADDRESS], lease->addr) || !*values[LEASE_LIFETIME] ||
	    !parse_expiry(values[LEASE_LIFETIME], &lifetime) || !*values[LEASE_EXPIRE] ||
	    !parse_expiry(values[LEASE_EXPIRE], &lease->expires))
		return LEASE_BAD;
	if (!lifetime || !is_held(values[LEASE_STATE]) || !parse_mac(values[LEASE_HWADDR], lease->mac))
		return LEASE_OVER; /* whoever had the address before has it no more */
	if (lifetime == FOREVER)
		lease->expires = 0;
	take_hostname(values[LEASE_NAME], lease->hostname);
	return LEASE_HOLDS;
}
