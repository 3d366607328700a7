/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of users and classes by the numbers that the kernel's maps and events have, as the register has them now. */
#ifndef ESAFE_PEOPLE_H
#define ESAFE_PEOPLE_H

#include "esafed.h"

/* Reads them anew; after each change of the register. 0 or -errno: the old ones stay. */
int people_sync(struct esafed *esafed);
void people_stop(struct esafed *esafed);

/* NULL: not in the register. They stay until the next people_sync(). */
const char *people_user(const struct people *people, __u32 id);
const char *people_class(const struct people *people, __u32 id);

struct people_counts {
	size_t users, classes, rooms; /* users: who have not left */
};
struct people_counts people_count(const struct people *people);

#endif
