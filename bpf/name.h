/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan of hash.h in a form that the verifier takes. */
#ifndef ESAFE_NAME_H
#define ESAFE_NAME_H

#include "maps.h"

/* A few labels. A part: the verifier need not follow it through every turn of the loop. */
PART __u32 name_scan_labels(struct scratch *s, __u32 at, __u64 k1, __u64 k2)
{
	if (!s)
		return 0;
	for (int i = 0; i < 4; i++) {
		at = esafe_scan_label(&s->name, at, k1, k2);
		if (!at)
			break;
	}
	return at;
}

/* Scans scratch.name.wire: labels and their hashes. 0, or -1: not a name. */
PART int name_scan(struct scratch *s)
{
	struct esafe_config *c = config_get();
	__u64 k1, k2;
	__u32 at = 0;

	if (!s || !c)
		return -1;
	k1 = c->hash_k1;
	k2 = c->hash_k2;
	s->name.len = s->name.labels = 0;
	for (int i = 0; i <= ESAFE_LABELS_MAX / 4; i++) {
		at = name_scan_labels(s, at, k1, k2);
		if (!at)
			break;
	}
	return s->name.len ? 0 : -1;
}

/* For the log, of what is no host's name: into scratch.name what was sent instead, if it has at least its shape. */
static __always_inline void name_spelt(struct scratch *s, const struct hostname *h)
{
	__u32 len = hostname_spelling(h, s->name.wire);

	if (!len || name_scan(s) || s->name.len != len)
		s->name.len = s->name.labels = 0;
}

#endif
