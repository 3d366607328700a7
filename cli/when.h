/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points of time as a person types them. */
#ifndef ESAFECTL_WHEN_H
#define ESAFECTL_WHEN_H

#include <time.h>

#define WHEN_FORMS                                                                            \
	"12:30, \"today 09:00\", \"yesterday\", \"mon 09:00\", -15m, -2h, -3d, 2026-10-26, " \
	"\"2026-10-26 09:00\", 2026-10-26T09:00:00Z, now"

/* Local time unless it says otherwise. 0, or -1 if it is none of WHEN_FORMS. */
int when_parse(const char *text, time_t now, time_t *out);

#endif
