// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "fragments.h"

#define PACKETS 64
#define ROOM 65536
#define PATIENCE_US 60000000ull /* RFC 8200 section 4.5 */

struct whole { /* a packet that is being put together */
	struct frame key; /* its first part, or the first that came */
	__s64 at_us;      /* of the first that came */
	__u64 turn;       /* of the last one; 0: free */
	size_t total;     /* bytes; 0: the last part is lacking */
	size_t got, far;  /* bytes that are here; where the furthest of them ends */
	int fate;
	bool begun;       /* the first part is here, and head */
	bool spoilt;
	__u8 head[FRAME_HEADERS_MAX];
	__u8 bytes[ROOM];
	__u8 have[ROOM / 8]; /* a bit for each byte */
};

struct fragments {
	__u64 turn;
	struct whole *whole[PACKETS];
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *fragments)
{
	for (size_t i = 0; fragments && i < PACKETS; i++)
		free(fragments->whole[i]);
	free(fragments);
}

static bool same(const struct frame *a, const struct frame *b)
{
	return a->family == b->family && a->depth == b->depth && a->fragment.id == b->fragment.id &&
	       (a->family == 6 || a->proto == b->proto) && !memcmp(a->src, b->src, sizeof(a->src)) &&
	       !memcmp(a->dst, b->dst, sizeof(a->dst));
}

/* Numbers are used again after a while. */
static bool recent(const struct whole *w, __s64 at_us)
{
	return (__u64)at_us - w->at_us + PATIENCE_US <= 2 * PATIENCE_US;
}

/* The packet of this part; a new one takes the place of the one that waits longest. NULL: no memory. */
static struct whole *find(struct fragments *fragments, const struct frame *part, __s64 at_us)
{
	size_t oldest = 0;
	struct whole *w;

	for (size_t i = 0; i < PACKETS; i++) {
		w = fragments->whole[i];
		if (w && w->turn && same(&w->key, part) && recent(w, at_us))
			return w;
		if (fragments->whole[oldest] && (!w || w->turn < fragments->whole[oldest]->turn))
			oldest = i;
	}
	w = fragments->whole[oldest] ?: malloc(sizeof(*w));
	if (!w)
		return NULL;
	fragments->whole[oldest] = w;
	w->key = *part;
	w->at_us = at_us;
	w->total = w->got = w->far = 0;
	w->fate = -1;
	w->begun = w->spoilt = false;
	memset(w->have, 0, sizeof(w->have));
	return w;
}

/* False: a byte differs from what was there. */
static bool put(struct whole *w, size_t at, const __u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		__u8 *have = &w->have[(at + i) / 8], bit = 1 << (at + i) % 8;

		if (*have & bit && w->bytes[at + i] != bytes[i])
			return false;
		w->got += !(*have & bit);
		*have |= bit;
		w->bytes[at + i] = bytes[i];
	}
	return true;
}

static void keep_head(struct whole *w, const struct frame *first)
{
	memcpy(w->head, first->bytes, first->l4);
	w->key = *first;
	w->key.bytes = w->head;
	w->begun = true;
}

static void take(struct whole *w, const struct frame *part, size_t len)
{
	size_t at = part->fragment.at, end = at + len;

	if (!part->fragment.more) {
		w->spoilt |= w->total && w->total != end;
		w->total = end;
	}
	if (end > w->far)
		w->far = end;
	w->spoilt |= w->total && w->far > w->total;
	w->spoilt |= !put(w, at, part->bytes + part->l4, len);
	if (!at && !w->begun)
		keep_head(w, part);
}

size_t fragments_add(struct fragments *fragments, const struct frame *part, __s64 at_us, int *fate, __u8 *out)
{
	size_t len = part->end > part->l4 ? part->end - part->l4 : 0;
	struct whole *w;

	if (!part->fragment.is || !len || part->end < part->claimed || part->l4 > FRAME_HEADERS_MAX ||
	    part->l4 - part->l3 + part->fragment.at + len >= ROOM || (part->fragment.more && len % 8))
		return 0;
	w = find(fragments, part, at_us);
	if (!w)
		return 0;
	w->turn = ++fragments->turn;
	if (*fate > w->fate)
		w->fate = *fate;
	if (!w->spoilt)
		take(w, part, len);
	if (w->spoilt || !w->begun || w->got != w->total)
		return 0;
	w->turn = 0;
	*fate = w->fate;
	return frame_whole(&w->key, w->bytes, w->total, out);
}
