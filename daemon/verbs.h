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
void verb_device_export(struct request *request);
void verb_user_ls(struct request *request);
void verb_user_show(struct request *request);
void verb_user_add(struct request *request);
void verb_user_set(struct request *request);
void verb_user_remove(struct request *request);
void verb_user_import(struct request *request);
void verb_user_export(struct request *request);
void verb_class_ls(struct request *request);
void verb_class_add(struct request *request);
void verb_class_set(struct request *request);
void verb_class_remove(struct request *request);
void verb_room_ls(struct request *request);
void verb_room_add(struct request *request);
void verb_room_remove(struct request *request);
void verb_group_ls(struct request *request);
void verb_access_ls(struct request *request);
void verb_why(struct request *request);
extern const struct arg request_add_args[], request_ls_args[], request_answer_args[], page_why_args[];
void verb_request_add(struct request *request);
void verb_request_ls(struct request *request);
void verb_request_answer(struct request *request);
void verb_page_why(struct request *request);
/* verbs_portal.c */
extern const struct arg page_who_args[], page_voucher_args[], page_portal_args[], page_login_args[], page_logout_args[];
void verb_page_who(struct request *request);
void verb_page_terms(struct request *request);
void verb_page_voucher(struct request *request);
void verb_page_portal(struct request *request);
void verb_page_login(struct request *request);
void verb_page_logout(struct request *request);
/* verbs_logon.c */
extern const struct arg page_logon_args[];
void verb_page_logon(struct request *request);
void verb_page_logoff(struct request *request);
/* verbs_voucher.c */
extern const struct arg voucher_new_args[], voucher_ls_args[], voucher_revoke_args[], terms_ls_args[];
void verb_voucher_new(struct request *request);
void verb_voucher_ls(struct request *request);
void verb_voucher_revoke(struct request *request);
void verb_terms_ls(struct request *request);
void verb_log(struct request *request);
void verb_replay(struct request *request);
void verb_top(struct request *request);


/* verbs_session.c */
extern const struct arg session_start_args[], session_end_args[], session_ls_args[];
void verb_session_start(struct request *request);
void verb_session_end(struct request *request);
void verb_session_ls(struct request *request);
void verb_notice_ls(struct request *request);
/* --for or --until, else `standard`. False: neither can be; the request has ended. */
bool request_until(struct request *request, __s64 now, __s64 standard, __s64 *until);

/* verbs_grant.c, verbs_lesson.c, verbs_suspend.c */
extern const struct arg grant_args[], grant_ls_args[], grant_end_args[];
extern const struct arg lesson_start_args[], lesson_stop_args[], lesson_extend_args[];
extern const struct arg supervise_start_args[], supervise_stop_args[];
extern const struct arg suspend_args[], reinstate_args[], quarantine_args[];
void verb_grant(struct request *request);
void verb_deny(struct request *request);
void verb_grant_ls(struct request *request);
void verb_grant_end(struct request *request);
void verb_lesson_start(struct request *request);
void verb_lesson_stop(struct request *request);
void verb_lesson_extend(struct request *request);
void verb_lesson_ls(struct request *request);
void verb_supervise_start(struct request *request);
void verb_supervise_stop(struct request *request);
void verb_suspend(struct request *request);
void verb_reinstate(struct request *request);
void verb_quarantine(struct request *request);
void verb_release(struct request *request);

/* verbs_timeline.c */
extern const struct arg timeline_args[];
void verb_policy_timeline(struct request *request);

/* verbs_volume.c */
extern const struct arg volume_ls_args[], volume_groups_args[];
void verb_volume_ls(struct request *request);
void verb_volume_groups(struct request *request);
/* Rows of today's volume, the most first; they go to `send`. */
int volume_rows(const struct esafed *esafed, const char *group, size_t limit, int (*send)(void *ctx, json_t *row),
		void *ctx);

/* Longest texts of arguments. */
#define ARG_WORD 128    /* name of a thing of ours */
#define ARG_NAME 1024   /* name of the DNS, escaped */
#define ARG_REMARK 512
#define ARG_NUMBER_MAX 0xffffffffll
#define ARG_TIME_MAX 0xffffffffffll
/* verbs_why.c: where the device of this key is just now, as far as it is seen. */
struct why_question;
void why_place(const struct esafed *esafed, __u8 kind, const __u8 addr[16], struct why_question *question);

/* verbs_pages.c: whose request the pages speak of, by the address that it came from. -EINVAL: not an address */
struct visitor {
	__u8 addr[16];
	struct esafe_device_key key; /* its MAC where that is seen */
	__u32 ifindex;
	char device[128];            /* its name in the register, or the address */
};
int visitor_find(const struct esafed *esafed, const char *address, struct visitor *out);
bool visitor_is_captive(const struct esafed *esafed, const struct visitor *visitor); /* verbs_portal.c */
int visitor_why(const struct esafed *esafed, const struct visitor *visitor, const char *name, struct esafe_why *out);

/* Puts the member if the text says something. */
void reply_text(json_t *row, const char *key, const char *text);
void reply_time(json_t *row, const char *key, __s64 seconds);
void reply_number(json_t *row, const char *key, long long number);

#endif
