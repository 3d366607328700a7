/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the register: how much each device sent and got each day, and what it used of its quotas. */
#ifndef ESAFE_REGISTER_VOLUMES_H
#define ESAFE_REGISTER_VOLUMES_H

#include "register.h"
#include "volume_table.h"

/* Those that are dirty, which they are not afterwards. All of them or none. */
int register_volumes_save(struct reg *reg, const struct volume_table *table);
/* The last day of each device, and its quotas. */
int register_volumes_load(struct reg *reg, struct volume_table *table);
int register_volumes_expire(struct reg *reg, __s64 before);

struct reg_volume { /* of a day and a group */
	__s64 day;
	const char *group;
	__u64 devices, up, down;
};
int register_volume_groups(struct reg *reg, __s64 since, int (*row)(void *ctx, const struct reg_volume *row),
			   void *ctx);

#endif
