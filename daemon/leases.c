// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "leaseline.h"
#include "leases.h"

#define ROOM (2 * LEASES_MAX) /* items, before those that are out of date go */

struct reading {
	struct leases leases;
	__u32 places; /* lines with an address so far */
	bool full;
};

static int compare_addr_place(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;
	int order = memcmp(x->addr, y->addr, 16);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Of each address the last that was said of it stays; at the end nothing, if that is that it is free. */
static void drop_superseded(struct leases *leases, bool at_end)
{
	size_t kept = 0;

	if (leases->n)
		qsort(leases->item, leases->n, sizeof(*leases->item), compare_addr_place);
	for (size_t i = 0; i < leases->n; i++) {
		const struct lease *lease = &leases->item[i];

		if (i + 1 < leases->n && !memcmp(lease->addr, lease[1].addr, 16))
			continue;
		if (!at_end || !lease->over)
			leases->item[kept++] = *lease;
	}
	leases->n = kept;
}

/* Room for one more; false: no memory, or *full, too many of them are not out of date. */
static bool make_room(struct reading *reading)
{
	struct leases *leases = &reading->leases;
	struct lease *bigger;

	if (leases->n == ROOM) {
		drop_superseded(leases, false);
		reading->full = leases->n > ROOM / 4 * 3; /* or each line would need its sorting */
	}
	if (reading->full)
		return false;
	if (leases->n & (leases->n - 1)) /* room doubles */
		return true;
	bigger = realloc(leases->item, (leases->n ? leases->n * 2 : 1) * sizeof(*bigger));
	if (bigger)
		leases->item = bigger;
	return bigger;
}

static int add(struct reading *reading, const struct lease *lease)
{
	struct leases *leases = &reading->leases;

	if (!reading->full && !make_room(reading) && !reading->full)
		return -ENOMEM;
	if (reading->full) {
		leases->bad++;
		return 0;
	}
	leases->item[leases->n] = *lease;
	leases->item[leases->n++].place = reading->places++;
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

static bool keas_columns(const char *text, size_t len, struct lease_columns *columns)
{
	const char *stop = len ? memchr(text, '\n', len) : NULL;

	return stop && lease_kea_header(text, stop, columns);
}

bool leases_are_keas(const char *text, size_t len)
{
	struct lease_columns columns;

	return keas_columns(text, len, &columns);
}

static int read_text(struct reading *reading, const char *text, size_t len)
{
	const char *end = text + len;
	struct lease_columns columns;
	bool keas = keas_columns(text, len, &columns);
	int err = 0;

	for (bool first = true; text < end && !err; first = false) {
		const char *stop = memchr(text, '\n', end - text);
		struct lease lease = { 0 };
		enum lease_line kind = LEASE_OTHER;

		if (!keas)
			kind = lease_line_dnsmasq(text, stop ?: end, &lease);
		else if (!first && stop) /* one without its end is being written */
			kind = lease_line_kea(&columns, text, stop, &lease);
		lease.over = kind == LEASE_OVER;
		if (kind == LEASE_BAD)
			reading->leases.bad++;
		if (kind == LEASE_HOLDS || kind == LEASE_OVER)
			err = add(reading, &lease);
		text = (stop ?: end) + 1;
	}
	return err;
}

int leases_read(const struct leases_text *texts, size_t n, struct leases *out)
{
	struct reading reading = { 0 };
	struct leases *leases = &reading.leases;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = read_text(&reading, texts[i].text, texts[i].len);
	drop_superseded(leases, true);
	if (leases->n > LEASES_MAX) {
		leases->bad += leases->n - LEASES_MAX;
		leases->n = LEASES_MAX;
	}
	if (!err)
		err = make_order(leases);
	if (err) {
		leases_free(leases);
		return err;
	}
	*out = *leases;
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
