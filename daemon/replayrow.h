/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `esafectl replay` says: an event of a capture, and what all comes down to. Pure. */
#ifndef ESAFE_REPLAYROW_H
#define ESAFE_REPLAYROW_H

#include <jansson.h>

#include "event.h"
#include "replay.h"

struct replay_summary {
	const char *link; /* type, as linktype.h calls it */
	__u32 policy;     /* version; 0: one that was handed over */
	__u64 events, events_bad;
	struct replay_counts counts;
	const __u64 *cells; /* of map "verdicts"; NULL: not known */
};

json_t *replay_event_row(const struct record *record, const struct replay_place *place);
json_t *replay_summary_row(const struct replay_summary *sum);

#endif
