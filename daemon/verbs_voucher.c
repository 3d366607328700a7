/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vouchers of guests: made by the dozen, printed on slips, used at the portal (verbs_portal.c). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/rand.h>

#include "clock.h"
#include "duration.h"
#include "hex.h"
#include "register_vouchers.h"
#include "sessions.h"
#include "verbs.h"
#include "vouchercode.h"

#define MOST 500             /* at a time */
#define UNUSED_S (90 * 86400) /* then one that nobody used is worth nothing */
#define STANDARD_S (4 * 3600)

const struct arg voucher_new_args[] = {
	{ "group", ARG_TEXT, true, ARG_WORD }, { "for", ARG_TEXT, false, 32 }, { "until", ARG_NUMBER, false, ARG_TIME_MAX },
	{ "sponsor", ARG_TEXT, false, ARG_WORD }, { "count", ARG_NUMBER, false, MOST },
	{ "note", ARG_TEXT, false, ARG_REMARK }, { "print", ARG_FLAG, false, 0 }, { .name = NULL }
};
const struct arg voucher_ls_args[] = {
	{ "past", ARG_FLAG, false, 0 }, { "limit", ARG_NUMBER, false, ARG_NUMBER_MAX }, { .name = NULL }
};
const struct arg voucher_revoke_args[] = { { "id", ARG_NUMBER, true, ARG_NUMBER_MAX }, { .name = NULL } };
const struct arg terms_ls_args[] = { { "limit", ARG_NUMBER, false, ARG_NUMBER_MAX }, { .name = NULL } };

/* ---- new ---- */

/* A slip to cut out: one line a row, so that a page of them comes out of any printer. */
static void print_slip(struct request *request, const struct reg_voucher *voucher, const char *code)
{
	char lines[6][160], span[32], until[CLOCK_TEXT_SIZE];

	duration_text(voucher->seconds, span, sizeof(span));
	clock_text(voucher->expires, until);
	snprintf(lines[0], sizeof(lines[0]), "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - -");
	snprintf(lines[1], sizeof(lines[1]), "  Internet for guests                   %s", voucher->sponsor);
	lines[2][0] = '\0';
	snprintf(lines[3], sizeof(lines[3]), "      %s", code);
	lines[4][0] = '\0';
	snprintf(lines[5], sizeof(lines[5]), "  One device, for %s from its first use; by %.10s", span, until);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		request_row(request, json_pack("{ss}", "line", lines[i]));
}

static json_t *new_row(const struct reg_voucher *voucher, __u32 id, const char *code)
{
	json_t *row = json_object();
	char span[32];

	duration_text(voucher->seconds, span, sizeof(span));
	reply_number(row, "id", id);
	reply_text(row, "code", code);
	reply_text(row, "group", voucher->group);
	reply_text(row, "for", span);
	reply_time(row, "expires", voucher->expires);
	return row;
}

static int make_one(struct reg *reg, const struct reg_voucher *voucher, char code[VOUCHER_TEXT], __u32 *id)
{
	char plain[VOUCHER_LETTERS + 1];
	__u8 random[8];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	voucher_code(random, code);
	voucher_read(code, plain);
	return register_voucher_add(reg, voucher, plain, id);
}

static int note_new(struct request *request, const struct reg_voucher *voucher, unsigned count, __u32 last)
{
	char detail[512], span[32];

	duration_text(voucher->seconds, span, sizeof(span));
	snprintf(detail, sizeof(detail), "#%u to #%u for %s, group %s, sponsor %s", last - count + 1, last, span,
		 voucher->group, voucher->sponsor);
	return register_change_add(request_esafed(request)->reg, voucher->made, request->peer.name, request->verb->name,
				   detail);
}

/* All of them or none. The codes are shown this once. */
static int make(struct request *request, const struct reg_voucher *voucher, unsigned count, char (*codes)[VOUCHER_TEXT],
		__u32 *last)
{
	struct reg *reg = request_esafed(request)->reg;
	int err = register_begin(reg);

	if (err)
		return err;
	for (unsigned i = 0; i < count && !err; i++)
		err = make_one(reg, voucher, codes[i], last);
	if (!err)
		err = note_new(request, voucher, count, *last);
	if (!err)
		return register_commit(reg);
	register_rollback(reg);
	return err;
}

/* False: the request has ended. */
static bool read_order(struct request *request, struct reg_voucher *voucher, unsigned *count)
{
	const struct esafed *esafed = request_esafed(request);
	const char *span = request_text(request, "for"), *sponsor = request_text(request, "sponsor");
	size_t group = esafed->policy ? policy_group(esafed->policy, request_text(request, "group")) : SIZE_MAX;
	__s64 now = clock_seconds();

	*voucher = (struct reg_voucher){
		.group = request_text(request, "group"),
		.sponsor = sponsor && *sponsor ? sponsor : request->peer.name,
		.note = request_text(request, "note"),
		.made_by = request->peer.name,
		.made = now,
		.seconds = STANDARD_S,
		.expires = request_number(request, "until", now + UNUSED_S),
	};
	*count = (unsigned)request_number(request, "count", 1);
	if (group == SIZE_MAX)
		request_end(request, CTL_NOT_FOUND, "the policy has no group %s", voucher->group);
	else if (esafed->policy->group[group].set[SET_PORTAL])
		request_end(request, CTL_USAGE, "group %s is that of devices which have not logged in yet", voucher->group);
	else if (span && duration_parse(span, &voucher->seconds))
		request_end(request, CTL_USAGE, "a length of time is written 50m, 4h or 2d, not \"%s\"", span);
	else if (voucher->expires <= now)
		request_end(request, CTL_USAGE, "that moment is over");
	else if (!*count)
		request_end(request, CTL_USAGE, "none were asked for");
	else
		return true;
	return false;
}

void verb_voucher_new(struct request *request)
{
	static char codes[MOST][VOUCHER_TEXT];
	struct reg_voucher voucher;
	unsigned count;
	__u32 last = 0;
	int err;

	if (!read_order(request, &voucher, &count))
		return;
	err = make(request, &voucher, count, codes, &last);
	for (unsigned i = 0; i < count && !err; i++) {
		if (request_flag(request, "print"))
			print_slip(request, &voucher, codes[i]);
		else
			request_row(request, new_row(&voucher, last - count + 1 + i, codes[i]));
	}
	explicit_bzero(codes, sizeof(codes));
	if (err)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}

/* ---- ls ---- */

static const char *state_of(const struct reg_voucher *voucher, __s64 now)
{
	if (voucher->revoked)
		return "revoked";
	if (voucher->used)
		return now < voucher->until ? "in use" : "used up";
	return now < voucher->expires ? "unused" : "expired";
}

static int ls_row(void *ctx, const struct reg_voucher *voucher)
{
	json_t *row = json_object();
	char span[32];

	duration_text(voucher->seconds, span, sizeof(span));
	reply_number(row, "id", voucher->id);
	reply_text(row, "state", state_of(voucher, clock_seconds()));
	reply_text(row, "group", voucher->group);
	reply_text(row, "for", span);
	reply_text(row, "sponsor", voucher->sponsor);
	reply_time(row, "used", voucher->used);
	reply_time(row, "until", voucher->used ? voucher->until : voucher->expires);
	reply_time(row, "made", voucher->made);
	reply_text(row, "by", voucher->made_by);
	reply_text(row, "note", voucher->note);
	return request_row(ctx, row) ? -EPIPE : 0;
}

static void end_listing(struct request *request, int err)
{
	if (err && err != -EPIPE)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}

void verb_voucher_ls(struct request *request)
{
	unsigned limit = (unsigned)request_number(request, "limit", 500);

	end_listing(request, register_vouchers(request_esafed(request)->reg, request_flag(request, "past"), clock_seconds(),
					       limit, ls_row, request));
}

/* ---- revoke: what is open by it ends, too ---- */

void verb_voucher_revoke(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	__u32 id = (__u32)request_number(request, "id", 0);
	struct session_claim claim = { .source = "voucher" };
	char source_id[16], detail[32];
	unsigned ended = 0;
	int err;

	snprintf(source_id, sizeof(source_id), "%u", id);
	snprintf(detail, sizeof(detail), "#%u", id);
	claim.source_id = source_id;
	err = register_begin(esafed->reg);
	if (!err)
		err = register_voucher_revoke(esafed->reg, id);
	if (!err)
		err = register_change_add(esafed->reg, clock_seconds(), request->peer.name, request->verb->name, detail);
	if (err)
		register_rollback(esafed->reg);
	else
		err = register_commit(esafed->reg);
	if (!err)
		err = session_end(esafed, &claim, "voucher revoked", &ended);
	if (err == -ENOENT || err == -EALREADY)
		request_end(request, CTL_NOT_FOUND, err == -ENOENT ? "there is no voucher %u" : "voucher %u is revoked", id);
	else if (err)
		request_end(request, CTL_FAILED, "the register: %s", strerror(-err));
	else
		request_end(request, CTL_OK, NULL);
}

/* ---- who accepted which terms ---- */

static int terms_row(void *ctx, const struct reg_acceptance *acceptance)
{
	json_t *row = json_object();
	char version[13];

	hex_text(acceptance->sha256, 6, version);
	reply_time(row, "time", acceptance->time);
	reply_text(row, "who", acceptance->who);
	reply_text(row, "how", acceptance->how);
	reply_text(row, "device", acceptance->device);
	reply_text(row, "version", version);
	return request_row(ctx, row) ? -EPIPE : 0;
}

void verb_terms_ls(struct request *request)
{
	unsigned limit = (unsigned)request_number(request, "limit", 500);

	end_listing(request, register_acceptances(request_esafed(request)->reg, limit, terms_row, request));
}
