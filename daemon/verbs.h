/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each verb of the control socket does; verbs.c has the table. */
#ifndef ESAFE_VERBS_H
#define ESAFE_VERBS_H

#include "control.h"
#include "esafed.h"

static inline struct esafed *request_esafed(const struct request *request)
{
	return request->owner;
}

void verb_clock(struct request *request);
void verb_status(struct request *request);
void verb_detach(struct request *request);
void verb_policy_check(struct request *request);
void verb_policy_diff(struct request *request);
void verb_policy_apply(struct request *request);
void verb_policy_rollback(struct request *request);
void verb_policy_show(struct request *request);
void verb_policy_history(struct request *request);
void verb_list_ls(struct request *request);
void verb_list_reload(struct request *request);
void verb_list_find(struct request *request);
void verb_device_ls(struct request *request);
void verb_device_add(struct request *request);
void verb_device_set(struct request *request);
void verb_device_import(struct request *request);
void verb_device_rm(struct request *request);
void verb_why(struct request *request);
void verb_log(struct request *request);
void verb_replay(struct request *request);
void verb_top(struct request *request);

/* Puts the member if the text says something. */
void reply_text(json_t *row, const char *key, const char *text);
void reply_time(json_t *row, const char *key, __s64 seconds);
void reply_number(json_t *row, const char *key, long long number);

#endif
