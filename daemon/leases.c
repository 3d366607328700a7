/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsmasq(8), --dhcp-leasefile: "EXPIRES MAC ADDRESS HOSTNAME CLIENT-ID", one lease a line; "*" is no hostname. A MAC
 * of another medium than Ethernet has its number and '-' in front. A line "duid ..." begins the DHCPv6 leases, whose
 * second word is an IAID.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "leases.h"

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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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
	size_t i;

	out[0] = '\0';
	if (!strcmp(word, "*") || strlen(word) >= LEASE_HOSTNAME)
		return;
	for (i = 0; word[i]; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
			return;
	memcpy(out, word, i + 1);
}

enum line_kind { LINE_LEASE, LINE_OTHER, LINE_BAD };

static enum line_kind parse_line(const char *at, const char *end, struct lease *lease)
{
	char expires[WORD_SIZE], mac[WORD_SIZE], addr[WORD_SIZE], hostname[WORD_SIZE];

	if (!next_word(&at, end, expires))
		return at == end ? LINE_OTHER : LINE_BAD;
	if (!strcmp(expires, "duid"))
		return LINE_OTHER;
	if (!next_word(&at, end, mac) || !next_word(&at, end, addr) || !parse_expiry(expires, &lease->expires) ||
	    !parse_address(addr, lease->addr))
		return LINE_BAD;
	if (!parse_mac(mac, lease->mac))
		return LINE_OTHER;
	take_hostname(next_word(&at, end, hostname) ? hostname : "*", lease->hostname);
	return LINE_LEASE;
}

static int add(struct leases *leases, const struct lease *lease)
{
	struct lease *bigger = leases->item;

	if (leases->n >= LEASES_MAX) {
		leases->bad++;
		return 0;
	}
	if (!(leases->n & (leases->n - 1))) /* room doubles */
		bigger = realloc(leases->item, (leases->n ? leases->n * 2 : 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	leases->item = bigger;
	leases->item[leases->n++] = *lease;
	return 0;
}

static int compare_mac(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;
	int order = memcmp(x->mac, y->mac, 6);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int compare_addr(const void *a, const void *b, void *ctx)
{
	const struct lease *item = ctx, *x = &item[*(const __u32 *)a], *y = &item[*(const __u32 *)b];
	int order = memcmp(x->addr, y->addr, 16);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int make_order(struct leases *leases)
{
	if (!leases->n)
		return 0;
	leases->by_addr = malloc(leases->n * sizeof(*leases->by_addr));
	if (!leases->by_addr)
		return -ENOMEM;
	qsort(leases->item, leases->n, sizeof(*leases->item), compare_mac);
	for (size_t i = 0; i < leases->n; i++)
		leases->by_addr[i] = i;
	qsort_r(leases->by_addr, leases->n, sizeof(*leases->by_addr), compare_addr, leases->item);
	return 0;
}

int leases_read(const char *text, size_t len, struct leases *out)
{
	const char *end = text + len;
	struct leases leases = { 0 };
	int err = 0;

	while (text < end && !err) {
		const char *stop = memchr(text, '\n', end - text) ?: end;
		struct lease lease = { .place = leases.n };
		enum line_kind kind = parse_line(text, stop, &lease);

		if (kind == LINE_BAD)
			leases.bad++;
		if (kind == LINE_LEASE)
			err = add(&leases, &lease);
		text = stop + 1;
	}
	if (!err)
		err = make_order(&leases);
	if (err) {
		leases_free(&leases);
		return err;
	}
	*out = leases;
	return 0;
}

void leases_free(struct leases *leases)
{
	free(leases->item);
	free(leases->by_addr);
	*leases = (struct leases){ 0 };
}

static bool holds(const struct lease *lease, __s64 now)
{
	return !lease->expires || lease->expires > now;
}

static int compare_place(const struct leases *leases, size_t at, bool by_addr, const __u8 *key)
{
	return by_addr ? memcmp(leases->item[leases->by_addr[at]].addr, key, 16) : memcmp(leases->item[at].mac, key, 6);
}

/* Goes back from behind the last one that matches to the first that still holds. */
static const struct lease *find(const struct leases *leases, bool by_addr, const __u8 *key, __s64 now)
{
	size_t low = 0, high = leases->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_place(leases, middle, by_addr, key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0 && !compare_place(leases, low - 1, by_addr, key); low--) {
		const struct lease *lease = &leases->item[by_addr ? leases->by_addr[low - 1] : low - 1];

		if (holds(lease, now))
			return lease;
	}
	return NULL;
}

const struct lease *leases_of_mac(const struct leases *leases, const __u8 mac[6], __s64 now)
{
	return find(leases, false, mac, now);
}

const struct lease *leases_of_addr(const struct leases *leases, const __u8 addr[16], __s64 now)
{
	return find(leases, true, addr, now);
}
