/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"
#include "verbs.h"

#define WORD 128    /* longest name of a thing of ours */
#define NAME 1024   /* longest name of the DNS, escaped */
#define REMARK 512
#define PATH 4096
#define NUMBER 0xffffffffll
#define TIME 0xffffffffffll

static const struct arg text_args[] = {
	{ "file", ARG_TEXT, false, PATH }, { "text", ARG_TEXT, false, ESAFE_CTL_LINE_MAX }, { .name = NULL }
};
static const struct arg version_args[] = { { "version", ARG_NUMBER, false, NUMBER }, { .name = NULL } };
static const struct arg show_args[] = {
	{ "version", ARG_NUMBER, false, NUMBER }, { "group", ARG_TEXT, false, WORD },
	{ "flat", ARG_FLAG, false, 0 }, { "source", ARG_FLAG, false, 0 }, { .name = NULL }
};
static const struct arg limit_args[] = { { "limit", ARG_NUMBER, false, NUMBER }, { .name = NULL } };
static const struct arg top_args[] = {
	{ "limit", ARG_NUMBER, false, NUMBER }, { "by", ARG_TEXT, false, 16 }, { .name = NULL }
};
static const struct arg list_args[] = { { "list", ARG_TEXT, false, WORD }, { .name = NULL } };
static const struct arg reload_args[] = { { "accept_shrunk", ARG_FLAG, false, 0 }, { .name = NULL } };
static const struct arg find_args[] = { { "name", ARG_TEXT, true, NAME }, { .name = NULL } };
static const struct arg device_ls_args[] = {
	{ "device", ARG_TEXT, false, WORD }, { "group", ARG_TEXT, false, WORD }, { "unknown", ARG_FLAG, false, 0 },
	{ "class", ARG_TEXT, false, WORD }, { "room", ARG_TEXT, false, WORD }, { .name = NULL }
};
static const struct arg device_add_args[] = {
	{ "address", ARG_TEXT, true, WORD }, { "name", ARG_TEXT, true, WORD }, { "group", ARG_TEXT, false, WORD },
	{ "owner", ARG_TEXT, false, WORD }, { "note", ARG_TEXT, false, REMARK }, { "class", ARG_TEXT, false, WORD },
	{ "room", ARG_TEXT, false, WORD }, { .name = NULL }
};
static const struct arg device_set_args[] = {
	{ "device", ARG_TEXT, true, WORD }, { "address", ARG_TEXT, false, WORD }, { "name", ARG_TEXT, false, WORD },
	{ "group", ARG_TEXT, false, WORD }, { "owner", ARG_TEXT, false, WORD }, { "note", ARG_TEXT, false, REMARK },
	{ "class", ARG_TEXT, false, WORD }, { "room", ARG_TEXT, false, WORD }, { .name = NULL }
};
static const struct arg device_import_args[] = {
	{ "file", ARG_TEXT, false, PATH }, { "text", ARG_TEXT, true, ESAFE_CTL_LINE_MAX },
	{ "dry_run", ARG_FLAG, false, 0 }, { "remove", ARG_FLAG, false, 0 }, { .name = NULL }
};
static const struct arg device_rm_args[] = { { "device", ARG_TEXT, true, WORD }, { .name = NULL } };
static const struct arg user_ls_args[] = {
	{ "group", ARG_TEXT, false, WORD }, { "class", ARG_TEXT, false, WORD }, { "left", ARG_FLAG, false, 0 },
	{ .name = NULL }
};
static const struct arg user_put_args[] = {
	{ "user", ARG_TEXT, true, WORD }, { "name", ARG_TEXT, false, WORD }, { "group", ARG_TEXT, false, WORD },
	{ "class", ARG_TEXT, false, WORD }, { .name = NULL }
};
static const struct arg user_args[] = { { "user", ARG_TEXT, true, WORD }, { .name = NULL } };
static const struct arg user_import_args[] = {
	{ "file", ARG_TEXT, false, PATH }, { "text", ARG_TEXT, true, ESAFE_CTL_LINE_MAX },
	{ "dry_run", ARG_FLAG, false, 0 }, { "remove_leavers", ARG_FLAG, false, 0 },
	{ "accept_shrunk", ARG_FLAG, false, 0 }, { .name = NULL }
};
static const struct arg class_add_args[] = {
	{ "class", ARG_TEXT, true, WORD }, { "group", ARG_TEXT, false, WORD }, { "room", ARG_TEXT, false, WORD },
	{ .name = NULL }
};
static const struct arg class_set_args[] = {
	{ "class", ARG_TEXT, true, WORD }, { "name", ARG_TEXT, false, WORD }, { "group", ARG_TEXT, false, WORD },
	{ "room", ARG_TEXT, false, WORD }, { .name = NULL }
};
static const struct arg class_args[] = { { "class", ARG_TEXT, true, WORD }, { .name = NULL } };
static const struct arg room_args[] = { { "room", ARG_TEXT, true, WORD }, { .name = NULL } };
static const struct arg access_args[] = {
	{ "user", ARG_TEXT, false, WORD }, { "device", ARG_TEXT, false, WORD }, { "group", ARG_TEXT, false, WORD },
	{ "at", ARG_NUMBER, false, TIME }, { .name = NULL }
};
static const struct arg why_args[] = {
	{ "name", ARG_TEXT, true, NAME }, { "device", ARG_TEXT, true, WORD }, { "at", ARG_NUMBER, false, TIME },
	{ "type", ARG_TEXT, false, 16 }, { .name = NULL }
};
static const struct arg log_args[] = {
	{ "device", ARG_TEXT, false, WORD }, { "user", ARG_TEXT, false, WORD }, { "class", ARG_TEXT, false, WORD },
	{ "group", ARG_TEXT, false, WORD },
	{ "category", ARG_TEXT, false, WORD }, { "name", ARG_TEXT, false, NAME }, { "verdict", ARG_TEXT, false, 16 },
	{ "reason", ARG_TEXT, false, 32 }, { "since", ARG_NUMBER, false, TIME }, { "until", ARG_NUMBER, false, TIME },
	{ "limit", ARG_NUMBER, false, NUMBER }, { "oldest", ARG_FLAG, false, 0 }, { "follow", ARG_FLAG, false, 0 },
	{ .name = NULL }
};
static const struct arg replay_args[] = {
	{ "capture", ARG_TEXT, true, PATH }, { "file", ARG_TEXT, false, PATH },
	{ "text", ARG_TEXT, false, ESAFE_CTL_LINE_MAX }, { .name = NULL }
};
static const struct arg detach_args[] = { { "yes", ARG_FLAG, true, 0 }, { .name = NULL } };

/* Who runs the filter and who answers for what it shows. */
#define SEES (MAY(ADMIN) | MAY(HEAD) | MAY(DSL))

/* Who has a class in front of them, and those above. */
#define TEACHES (MAY(ADMIN) | MAY(HEAD) | MAY(TEACHER))

const struct verb verbs[] = {
	{ ESAFE_CTL_CLOCK, MAY_ANYBODY, NULL, verb_clock },
	{ "status", MAY_ANYBODY, NULL, verb_status },
	{ "policy check", MAY(ADMIN) | MAY(HEAD), text_args, verb_policy_check },
	{ "policy diff", MAY(ADMIN) | MAY(HEAD), text_args, verb_policy_diff },
	{ "policy apply", MAY(ADMIN), text_args, verb_policy_apply },
	{ "policy rollback", MAY(ADMIN), version_args, verb_policy_rollback },
	{ "policy show", MAY_PERSONS, show_args, verb_policy_show },
	{ "policy timeline", MAY_PERSONS, timeline_args, verb_policy_timeline },
	{ "policy history", MAY_PERSONS, limit_args, verb_policy_history },
	{ "list ls", SEES, list_args, verb_list_ls },
	{ "list reload", MAY(ADMIN), reload_args, verb_list_reload },
	{ "list find", SEES, find_args, verb_list_find },
	{ "device ls", SEES | MAY(TEACHER), device_ls_args, verb_device_ls },
	{ "device add", MAY(ADMIN), device_add_args, verb_device_add },
	{ "device set", MAY(ADMIN), device_set_args, verb_device_set },
	{ "device import", MAY(ADMIN), device_import_args, verb_device_import },
	{ "device export", MAY(ADMIN) | MAY(HEAD), NULL, verb_device_export },
	{ "device rm", MAY(ADMIN), device_rm_args, verb_device_rm },
	{ "session start", MAY(ADMIN) | MAY(HEAD) | MAY(TEACHER), session_start_args, verb_session_start },
	{ "session end", MAY(ADMIN) | MAY(HEAD) | MAY(TEACHER), session_end_args, verb_session_end },
	{ "session ls", SEES | MAY(TEACHER) | LOOK, session_ls_args, verb_session_ls },
	{ "notice ls", SEES, limit_args, verb_notice_ls },
	{ "user ls", SEES | MAY(TEACHER), user_ls_args, verb_user_ls },
	{ "user show", SEES | MAY(TEACHER), user_args, verb_user_show },
	{ "user add", MAY(ADMIN), user_put_args, verb_user_add },
	{ "user set", MAY(ADMIN), user_put_args, verb_user_set },
	{ "user remove", MAY(ADMIN), user_args, verb_user_remove },
	{ "user import", MAY(ADMIN), user_import_args, verb_user_import },
	{ "user export", MAY(ADMIN) | MAY(HEAD), NULL, verb_user_export },
	{ "class ls", SEES | MAY(TEACHER), NULL, verb_class_ls },
	{ "class add", MAY(ADMIN), class_add_args, verb_class_add },
	{ "class set", MAY(ADMIN), class_set_args, verb_class_set },
	{ "class remove", MAY(ADMIN), class_args, verb_class_remove },
	{ "room ls", SEES | MAY(TEACHER), NULL, verb_room_ls },
	{ "room add", MAY(ADMIN), room_args, verb_room_add },
	{ "room remove", MAY(ADMIN), room_args, verb_room_remove },
	{ "group ls", MAY_PERSONS, NULL, verb_group_ls },
	{ "access ls", SEES, access_args, verb_access_ls },
	{ "lesson start", TEACHES, lesson_start_args, verb_lesson_start },
	{ "lesson stop", TEACHES, lesson_stop_args, verb_lesson_stop },
	{ "lesson extend", TEACHES, lesson_extend_args, verb_lesson_extend },
	{ "lesson ls", SEES | MAY(TEACHER), grant_ls_args, verb_lesson_ls },
	{ "supervise start", TEACHES, supervise_start_args, verb_supervise_start },
	{ "supervise stop", TEACHES, supervise_stop_args, verb_supervise_stop },
	{ "grant ls", SEES | MAY(TEACHER), grant_ls_args, verb_grant_ls },
	{ "grant end", TEACHES, grant_end_args, verb_grant_end },
	{ "grant", TEACHES, grant_args, verb_grant },
	{ "deny", TEACHES, grant_args, verb_deny },
	{ "suspend", SEES, suspend_args, verb_suspend },
	{ "reinstate", SEES, reinstate_args, verb_reinstate },
	{ "quarantine", SEES, quarantine_args, verb_quarantine },
	{ "release", SEES, quarantine_args, verb_release },
	{ "volume ls", SEES | LOOK, volume_ls_args, verb_volume_ls },
	{ "volume groups", SEES, volume_groups_args, verb_volume_groups },
	{ "why", SEES, why_args, verb_why },
	{ "log", SEES | LOOK, log_args, verb_log },
	{ "top", SEES | LOOK, top_args, verb_top },
	{ "replay", MAY(ADMIN), replay_args, verb_replay },
	{ "request add", MAY(ADMIN) | MAY(HEAD) | MAY(DSL) | MAY(TEACHER) | MAY(PAGES), request_add_args, verb_request_add },
	{ "request ls", SEES | MAY(TEACHER), request_ls_args, verb_request_ls },
	{ "request answer", MAY(ADMIN) | MAY(HEAD) | MAY(DSL), request_answer_args, verb_request_answer },
	{ "voucher new", MAY(ADMIN) | MAY(HEAD), voucher_new_args, verb_voucher_new },
	{ "voucher ls", SEES, voucher_ls_args, verb_voucher_ls },
	{ "voucher revoke", MAY(ADMIN) | MAY(HEAD), voucher_revoke_args, verb_voucher_revoke },
	{ "terms ls", SEES, terms_ls_args, verb_terms_ls },
	{ "page why", MAY(PAGES), page_why_args, verb_page_why },
	{ "page who", MAY(PAGES), page_who_args, verb_page_who },
	{ "page terms", MAY(PAGES), NULL, verb_page_terms },
	{ "page voucher", MAY(PAGES), page_voucher_args, verb_page_voucher },
	{ "page portal", MAY(PAGES), page_portal_args, verb_page_portal },
	{ "page logon", MAY(PAGES), page_logon_args, verb_page_logon },
	{ "page logoff", MAY(PAGES), page_logon_args, verb_page_logoff },
	{ "page login", MAY(PAGES), page_login_args, verb_page_login },
	{ "page logout", MAY(PAGES), page_logout_args, verb_page_logout },
	{ "detach", MAY(ADMIN), detach_args, verb_detach },
};
const size_t verbs_count = sizeof(verbs) / sizeof(*verbs);

void reply_text(json_t *row, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(row, key, json_string(text) ?: json_string("(not UTF-8)"));
}

void reply_time(json_t *row, const char *key, __s64 seconds)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(seconds, text);
	reply_text(row, key, text);
}

void reply_number(json_t *row, const char *key, long long number)
{
	json_object_set_new(row, key, json_integer(number));
}
