/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section `radius` of esafed.yaml: the access points and controllers that may say who is on the Wi-Fi. */
#ifndef ESAFE_CONFIG_RADIUS_H
#define ESAFE_CONFIG_RADIUS_H

#include <linux/types.h>
#include "prefix.h"
#include "schema.h"

#define CONFIG_NAS 256       /* clients */
#define CONFIG_NAS_GROUPS 32 /* of one */
#define CONFIG_NAS_NAME 64

struct config_nas_group {
	char *value; /* of Filter-Id or Class */
	char *group;
};

struct config_nas {
	char *name;        /* appears in the records */
	struct esafe_prefix prefix;
	char *secret_file;
	struct config_nas_group group[CONFIG_NAS_GROUPS];
	size_t groups;
	int line;
};

struct config_radius {
	__u16 port;        /* UDP */
	struct config_nas *nas; /* none: there is no server */
	size_t nas_n;
};

int row_radius(struct reader *reader, const struct node *node, const struct row *row, void *field);
void config_radius_free(struct config_radius *radius);

#endif
