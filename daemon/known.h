/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that must be known: those of groups are in the policy, all others in the register. One that is not is told
 * with the nearest known one.
 */
#ifndef ESAFE_KNOWN_H
#define ESAFE_KNOWN_H

#include "esafed.h"

struct known_names {
	unsigned kind; /* ESAFE_SCOPE_... */
	size_t n, room;
	char **name;   /* in order */
};

int known_names_load(struct known_names *known, unsigned kind, const struct esafed *esafed); /* 0 or -errno */
void known_names_free(struct known_names *known);
/* "" and NULL are known; where there is no policy so is every group. */
bool known_names_has(const struct known_names *known, const char *name);
/* "there is no class 4C; did you mean 4B?" */
void known_names_complain(const struct known_names *known, const char *name, char *out, size_t size);

#endif
