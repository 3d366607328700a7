/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The portal, as the process that shows it asks for it: who is this device, which terms, and the log-in itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>

#include "clock.h"
#include "file.h"
#include "hex.h"
#include "log.h"
#include "login.h"
#include "register_vouchers.h"
#include "sessions.h"
#include "verbs.h"
#include "visitors.h"
#include "vouchercode.h"

#define TERMS_BYTES (64u << 10)
#define VERSION_TEXT 65
#define ANY_NAME "portal.invalid" /* to be judged for its group alone */

const struct arg page_who_args[] = { { "address", ARG_TEXT, true, ARG_WORD }, { .name = NULL } };
const struct arg page_voucher_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "code", ARG_TEXT, true, 64 },
	{ "version", ARG_TEXT, false, VERSION_TEXT }, { .name = NULL }
};
const struct arg page_portal_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "user", ARG_TEXT, true, LOGIN_ACCOUNT - 1 },
	{ "password", ARG_TEXT, true, LOGIN_PASSWORD - 1 }, { "version", ARG_TEXT, false, VERSION_TEXT }, { .name = NULL }
};
const struct arg page_login_args[] = {
	{ "address", ARG_TEXT, true, ARG_WORD }, { "user", ARG_TEXT, true, LOGIN_ACCOUNT - 1 },
	{ "password", ARG_TEXT, true, LOGIN_PASSWORD - 1 }, { .name = NULL }
};
const struct arg page_logout_args[] = { { "user", ARG_TEXT, true, LOGIN_ACCOUNT - 1 }, { .name = NULL } };

/* ---- who ---- */

/* Is the device in a group whose devices have to log in? */
static bool is_captive(const struct esafed *esafed, const char *group)
{
	size_t index = esafed->policy && group ? policy_group(esafed->policy, group) : SIZE_MAX;

	return index != SIZE_MAX && esafed->policy->group[index].set[SET_PORTAL];
}

static const struct session *session_on(const struct esafed *esafed, const struct visitor *visitor)
{
	const __u8 *mac = visitor->key.kind == ESAFE_BY_MAC ? visitor->key.addr : NULL;

	return session_best(sessions_table(esafed), mac, visitor->addr, clock_seconds());
}

static json_t *who_row(const struct esafed *esafed, const struct visitor *visitor)
{
	const struct session *session = session_on(esafed, visitor);
	struct esafe_why answer;
	json_t *row = json_object();

	if (!visitor_why(esafed, visitor, ANY_NAME, &answer)) {
		const char *group = idtable_name(&esafed->groups, answer.event.group);

		reply_text(row, "group", group);
		if (is_captive(esafed, group))
			json_object_set_new(row, "captive", json_true());
	}
	if (session) {
		reply_text(row, "user", session->user_name);
		reply_text(row, "how", event_how_name(session->how));
		reply_time(row, "until", session->until);
		reply_number(row, "seconds", session->until - clock_seconds());
	}
	return row;
}

void verb_page_who(struct request *request)
{
	struct visitor visitor;

	if (visitor_find(request_esafed(request), request_text(request, "address"), &visitor)) {
		request_end(request, CTL_USAGE, "not an address");
		return;
	}
	request_row(request, who_row(request_esafed(request), &visitor));
	request_end(request, CTL_OK, NULL);
}

bool visitor_is_captive(const struct esafed *esafed, const struct visitor *visitor)
{
	struct esafe_why answer;

	return !visitor_why(esafed, visitor, ANY_NAME, &answer) &&
	       is_captive(esafed, idtable_name(&esafed->groups, answer.event.group));
}

/* ---- terms ---- */

struct terms {
	char *text; /* NULL: the school has none */
	__u8 sha256[32];
	char version[VERSION_TEXT];
};

static int terms_read(const struct esafed *esafed, struct terms *out)
{
	size_t len;
	int err;

	*out = (struct terms){ 0 };
	if (!esafed->config->terms)
		return 0;
	err = file_read(esafed->config->terms, TERMS_BYTES, &out->text, &len);
	if (err)
		return log_errno(err, "%s", esafed->config->terms);
	SHA256((const __u8 *)out->text, len, out->sha256);
	hex_text(out->sha256, 32, out->version);
	return 0;
}

void verb_page_terms(struct request *request)
{
	struct terms terms;
	json_t *row;
	int err = terms_read(request_esafed(request), &terms);

	if (err) {
		request_end(request, CTL_FAILED, "the terms of use cannot be read");
		return;
	}
	row = json_object();
	reply_text(row, "text", terms.text);
	reply_text(row, "version", terms.version);
	free(terms.text);
	request_row(request, row);
	request_end(request, CTL_OK, NULL);
}

/* The terms that were on the page must be those of now. Terms that cannot be read can be accepted by nobody. */
static bool terms_agree(struct request *request, struct terms *terms)
{
	const char *version = request_text(request, "version");

	if (terms_read(request_esafed(request), terms)) {
		request_end(request, CTL_FAILED, "the terms of use cannot be read");
		return false;
	}
	if (!terms->text || (version && !strcmp(version, terms->version)))
		return true;
	free(terms->text);
	request_end(request, CTL_PROBLEMS, "the terms of use were not accepted, or have changed meanwhile");
	return false;
}

/* ---- the session, and what is written of it: all or nothing ---- */

static int enter(struct esafed *esafed, const struct visitor *visitor, const struct session_claim *wanted,
		 const struct terms *terms, struct problems *problems)
{
	struct session_claim claim = *wanted;
	struct reg_acceptance acceptance = {
		.time = clock_seconds(), .how = event_how_name(claim.how), .who = claim.user, .device = visitor->device
	};
	__u64 id;
	int err = 0;

	claim.addr = visitor->addr;
	claim.mac = visitor->key.kind == ESAFE_BY_MAC ? visitor->key.addr : NULL;
	memcpy(acceptance.sha256, terms->sha256, sizeof(acceptance.sha256));
	if (terms->text)
		err = register_accept(esafed->reg, &acceptance, terms->text);
	return err ? err : session_start(esafed, &claim, &id, problems);
}

/* A disk that is full shows at the commit: whoever is told that nothing was written must not be online, either. */
static int conclude(struct esafed *esafed, int err)
{
	if (err)
		register_rollback(esafed->reg);
	else
		err = register_commit(esafed->reg);
	if (err && err != -ENOENT && err != -ETIME && err != -EKEYREVOKED && err != -EBUSY)
		sessions_again(esafed);
	return err;
}

static void end_entered(struct request *request, const struct visitor *visitor, int err, struct problems *problems)
{
	if (err && problems->n)
		request_end_problems(request, CTL_FAILED, problems);
	else if (err)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	problems_free(problems);
	if (err)
		return;
	request_row(request, who_row(request_esafed(request), visitor));
	request_end(request, CTL_OK, NULL);
}

/* False: the request has ended. */
static bool find_visitor(struct request *request, struct visitor *visitor)
{
	struct esafed *esafed = request_esafed(request);

	if (visitor_find(esafed, request_text(request, "address"), visitor))
		request_end(request, CTL_USAGE, "not an address");
	else if (!visitors_may_try(esafed, &visitor->key))
		request_end(request, CTL_BUSY, "too many tries; wait a minute");
	else
		return true;
	return false;
}

/* ---- by voucher ---- */

struct used {
	char group[128], user[32], id[16];
	__s64 until;
};

static void take_used(void *ctx, const struct reg_voucher *voucher)
{
	struct used *used = ctx;

	snprintf(used->group, sizeof(used->group), "%s", voucher->group);
	snprintf(used->user, sizeof(used->user), "voucher %u", voucher->id);
	snprintf(used->id, sizeof(used->id), "%u", voucher->id);
	used->until = voucher->until;
}

static const char *why_not(int err)
{
	return err == -ETIME ? "this code is over" : err == -EKEYREVOKED ? "this code was taken back" :
	       err == -EBUSY ? "this code is in use by another device" : "this code is not right";
}

static int use_voucher(struct request *request, const struct visitor *visitor, const char *code,
		       const struct terms *terms, struct problems *problems)
{
	struct esafed *esafed = request_esafed(request);
	struct used used = { .until = 0 };
	struct session_claim claim = { .how = ESAFE_HOW_VOUCHER, .source = "voucher", .who = request->peer.name };
	int err = register_begin(esafed->reg);

	if (err)
		return err;
	err = register_voucher_use(esafed->reg, code, &visitor->key, sizeof(visitor->key), clock_seconds(), take_used, &used);
	claim.user = used.user;
	claim.source_id = used.id;
	claim.group = used.group;
	claim.until = used.until;
	if (!err)
		err = enter(esafed, visitor, &claim, terms, problems);
	return conclude(esafed, err);
}

void verb_page_voucher(struct request *request)
{
	struct visitors_stats *stats = visitors_stats(request_esafed(request));
	struct problems problems = { 0 };
	char code[VOUCHER_LETTERS + 1];
	struct visitor visitor;
	struct terms terms;
	int err;

	if (!find_visitor(request, &visitor) || !terms_agree(request, &terms))
		return;
	err = voucher_read(request_text(request, "code"), code) ? -ENOENT :
								  use_voucher(request, &visitor, code, &terms, &problems);
	free(terms.text);
	if (err == -ENOENT || err == -ETIME || err == -EKEYREVOKED || err == -EBUSY) {
		stats->vouchers_wrong++;
		problems_free(&problems);
		request_end(request, CTL_NOT_FOUND, "%s", why_not(err));
		return;
	}
	stats->vouchers_used += !err;
	end_entered(request, &visitor, err, &problems);
}

/* ---- by user name and password ---- */

static void gone_while_asking(struct request *request)
{
	/* PAM's answer ends it. */
}

/* False: the request has ended. */
static bool is_right(struct request *request, const struct login_result *result)
{
	struct visitors_stats *stats = visitors_stats(request_esafed(request));
	const char *user = request_text(request, "user");

	if (!result->err && result->person.uid) {
		stats->logins++;
		return true;
	}
	if (!result->err || result->err == -EACCES) {
		stats->logins_wrong++;
		log_warn("a wrong password for %s at the pages, from %s", user, request_text(request, "address"));
		request_end(request, CTL_NOT_FOUND, "the name or the password is not right");
	} else {
		log_errno(result->err, "asking for a password");
		request_end(request, CTL_FAILED, "passwords cannot be checked just now");
	}
	return false;
}

static void start_login(struct request *request, void (*done)(void *ctx, const struct login_result *result))
{
	int err;

	request->gone = gone_while_asking;
	err = login_start(request_esafed(request), request_text(request, "user"), request_text(request, "password"), done,
			  request);
	json_object_del(request->args, "password");
	if (!err)
		return;
	request->gone = NULL;
	if (err == -EINVAL)
		request_end(request, CTL_NOT_FOUND, "the name or the password is not right");
	else
		request_end(request, CTL_BUSY, "too many log in just now");
}

static void portal_login_over(void *ctx, const struct login_result *result)
{
	struct request *request = ctx;
	struct esafed *esafed = request_esafed(request);
	const char *user = result->person.name;
	struct session_claim claim = { .how = ESAFE_HOW_PORTAL, .user = user, .source = "portal", .who = user };
	struct problems problems = { 0 };
	struct visitor visitor;
	struct terms terms;
	int err;

	if (!is_right(request, result) || !terms_agree(request, &terms))
		return;
	err = visitor_find(esafed, request_text(request, "address"), &visitor);
	if (!err)
		err = register_begin(esafed->reg);
	if (!err) {
		err = enter(esafed, &visitor, &claim, &terms, &problems);
		err = conclude(esafed, err);
	}
	free(terms.text);
	end_entered(request, &visitor, err, &problems);
}

void verb_page_portal(struct request *request)
{
	struct visitor visitor;

	if (find_visitor(request, &visitor))
		start_login(request, portal_login_over);
}

/* ---- teachers: from then on the pages may act for them ---- */

static void page_login_over(void *ctx, const struct login_result *result)
{
	struct request *request = ctx;

	if (!is_right(request, result))
		return;
	if (!(result->person.roles & MAY(TEACHER)))
		request_end(request, CTL_DENIED, "this account is not a teacher's");
	else if (visitors_signed_in(request_esafed(request), &result->person))
		request_end(request, CTL_BUSY, "too many are signed in");
	else {
		log_info("%s: signed in at the pages, from %s", result->person.name, request_text(request, "address"));
		request_row(request, json_pack("{ss}", "user", result->person.name));
		request_end(request, CTL_OK, NULL);
	}
}

void verb_page_login(struct request *request)
{
	struct visitor visitor;

	if (find_visitor(request, &visitor))
		start_login(request, page_login_over);
}

void verb_page_logout(struct request *request)
{
	visitors_signed_out(request_esafed(request), request_text(request, "user"));
	request_end(request, CTL_OK, NULL);
}
