/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan of hash.h in a form that the verifier takes. */
#ifndef ESAFE_NAME_H
#define ESAFE_NAME_H

#include "maps.h"

/* A part: the verifier need not follow it through every turn of the loop. 1: the scan has come to an end. */
PART int name_scan_step(struct scratch *s, __u64 k1, __u64 k2)
{
	if (!s)
		return 1;
	esafe_scan_step(&s->name, &s->scan, k1, k2);
	return !!s->scan.done;
}

/* Scans scratch.name.wire: lower case, labels, hashes of labels. 0, or -1: not a name. */
PART int name_scan(void)
{
	struct esafe_config *c = config_get();
	struct scratch *s = scratch_get();
	__u64 k1, k2;

	if (!s || !c)
		return -1;
	k1 = c->hash_k1;
	k2 = c->hash_k2;
	s->name.len = s->name.labels = 0;
	s->scan.at = s->scan.rest = s->scan.done = 0;
	for (int i = 0; i < ESAFE_SCAN_STEPS; i++)
		if (name_scan_step(s, k1, k2))
			break;
	if (s->scan.done == 1)
		return 0;
	s->name.len = 0;
	return -1;
}

#endif
