/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last good copy of each list: a file of its own under one folder, readable by nobody else, replaced whole. */
#ifndef LISTKEEP_H
#define LISTKEEP_H

#include <stdbool.h>
#include <stddef.h>
#include "listfile.h"

#define LISTKEEP_PATH 512

struct listkeep { /* a copy being made */
	int fd; /* -1: none */
	char path[LISTKEEP_PATH], temporary[LISTKEEP_PATH];
};

/* Path of the copy of the list of this name. -ENAMETOOLONG. */
int listkeep_path(const char *dir, const char *name, char path[LISTKEEP_PATH]);
/* Whether the copy is known to be of this file as it is: same size, same time of change. */
bool listkeep_is_current(const char *dir, const char *name, const struct listfile *file);
int listkeep_begin(struct listkeep *keep, const char *dir, const char *name);
int listkeep_commit(struct listkeep *keep, const struct listfile *file);
void listkeep_abort(struct listkeep *keep);

#endif
