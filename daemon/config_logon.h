/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section `logon` of esafed.yaml: what the process of the pages may say of who is there (verbs_logon.c). */
#ifndef ESAFE_CONFIG_LOGON_H
#define ESAFE_CONFIG_LOGON_H

#include "prefix.h"
#include "schema.h"

#define CONFIG_LOGON_ON 64
#define CONFIG_LOGON_NEVER 64

enum config_logon_http {
	LOGON_OFF,
	LOGON_OWN,    /* each device for itself */
	LOGON_LISTED, /* and the servers of pages.yaml for others */
};

struct config_logon {
	int http;
	struct esafe_prefix on[CONFIG_LOGON_ON]; /* devices that this is for; none: all */
	size_t ons;
	char *never[CONFIG_LOGON_NEVER];         /* groups whose people are not logged on so */
	size_t nevers;
};

extern const struct row logon_rows[];
void config_logon_free(struct config_logon *logon);

#endif
