/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom something is opened or closed for: a device, user, class, room or group, by name. */
#ifndef ESAFE_SUBJECTS_H
#define ESAFE_SUBJECTS_H

#include "control.h"
#include <linux/types.h>

/*
 * The number that the kernel knows it by, and its name as the register has it (a new string). False: there is none; the
 * request has ended with the nearest name.
 */
bool subject_find(struct request *request, unsigned scope_kind, const char *what, __u32 *id, char **name);

#endif
