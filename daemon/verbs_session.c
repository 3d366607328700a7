/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "devices.h"
#include "devices_csv.h"
#include "duration.h"
#include "register_sessions.h"
#include "sessions.h"
#include "subjects.h"
#include "verbs.h"

const struct arg session_start_args[] = {
	{ "user", ARG_TEXT, false, ARG_WORD }, { "class", ARG_TEXT, false, ARG_WORD },
	{ "adult", ARG_TEXT, false, ARG_WORD }, { "device", ARG_TEXT, false, ARG_WORD },
	{ "ip", ARG_TEXT, false, ARG_WORD }, { "group", ARG_TEXT, false, ARG_WORD }, { "for", ARG_TEXT, false, 32 },
	{ "until", ARG_NUMBER, false, ARG_TIME_MAX }, { "logon", ARG_FLAG, false, 0 }, { "room", ARG_TEXT, false, ARG_WORD },
	{ .name = NULL }
};
const struct arg session_end_args[] = {
	{ "id", ARG_NUMBER, false, ARG_NUMBER_MAX }, { "user", ARG_TEXT, false, ARG_WORD },
	{ "class", ARG_TEXT, false, ARG_WORD }, { "device", ARG_TEXT, false, ARG_WORD },
	{ "ip", ARG_TEXT, false, ARG_WORD }, { .name = NULL }
};
const struct arg session_ls_args[] = {
	{ "user", ARG_TEXT, false, ARG_WORD }, { "past", ARG_FLAG, false, 0 },
	{ "limit", ARG_NUMBER, false, ARG_NUMBER_MAX }, { .name = NULL }
};

/* ---- rows ---- */

static void add_addresses(json_t *row, const struct session *session)
{
	char text[SESSION_ADDRESSES * (EVENT_ADDRESS_SIZE + 1)] = "", address[EVENT_ADDRESS_SIZE], mac[EVENT_MAC_SIZE];
	size_t at = 0;

	for (unsigned i = 0; i < session->addrs && at < sizeof(text); i++) {
		event_address_text(session->addr[i], address);
		at += snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "", address);
	}
	reply_text(row, "address", text);
	event_mac_text(session->mac, mac);
	reply_text(row, "mac", session->has_mac ? mac : NULL);
}

static void add_device(json_t *row, const struct esafed *esafed, const struct session *session)
{
	struct reg_device device;

	if (sessions_device(esafed, session, &device))
		return;
	reply_text(row, "device", device.name);
	register_device_free(&device);
}

static json_t *session_row(const struct esafed *esafed, const struct session *session)
{
	json_t *row = json_object();

	reply_number(row, "id", (long long)session->id);
	reply_text(row, "how", event_how_name(session->how));
	reply_text(row, "user", session->user_name);
	reply_text(row, "class", session->class_name);
	reply_text(row, "adult", session->adult);
	reply_text(row, "group", session_group(session));
	add_device(row, esafed, session);
	add_addresses(row, session);
	reply_time(row, "started", session->started);
	reply_time(row, "until", session->until);
	reply_text(row, "source", session->source);
	reply_text(row, "by", session->who);
	return row;
}

/* What is true of one that is open: whether it holds on its device, and whether its person is elsewhere, too. */
static const char *session_state(const struct esafed *esafed, const struct session *session)
{
	const struct session_table *table = sessions_table(esafed);
	const __u8 *mac = session->has_mac ? session->mac : NULL;
	const __u8 *addr = session->addrs ? session->addr[0] : NULL;

	if (sessions_elsewhere(esafed, session))
		return "elsewhere too";
	if (!mac && !devices_by_address(esafed->config))
		return "MAC not known";
	return session_best(table, mac, addr, clock_seconds()) == session ? "holds" : "overruled";
}

static json_t *open_row(const struct esafed *esafed, const struct session *session)
{
	json_t *row = session_row(esafed, session);

	reply_text(row, "state", session_state(esafed, session));
	return row;
}

/* ---- who and where ---- */

struct target {
	__u8 mac[16], addr[16];
	bool has_mac, has_addr;
};

/* The device that is meant by --device or --ip. False: the request has ended. */
static bool find_target(struct request *request, struct target *target)
{
	const char *what = request_text(request, "device"), *ip = request_text(request, "ip");
	struct reg_device device;
	__u8 kind, key[16];

	if (ip && (device_key_parse(ip, &kind, target->addr) || kind != ESAFE_BY_ADDRESS)) {
		request_end(request, CTL_USAGE, "not an IP address: %s", ip);
		return false;
	}
	target->has_addr = ip;
	if (!what)
		return true;
	if (!register_device_find(request_esafed(request)->reg, what, &device)) {
		kind = device.kind;
		memcpy(key, device.addr, sizeof(key));
		register_device_free(&device);
	} else if (device_key_parse(what, &kind, key)) {
		request_end(request, CTL_NOT_FOUND, "there is no device %s", what);
		return false;
	}
	if (kind == ESAFE_BY_ADDRESS && target->has_addr && memcmp(key, target->addr, sizeof(key))) {
		request_end(request, CTL_USAGE, "%s is known by another address than %s", what, ip);
		return false;
	}
	target->has_mac = kind == ESAFE_BY_MAC;
	target->has_addr = target->has_addr || kind == ESAFE_BY_ADDRESS;
	memcpy(kind == ESAFE_BY_MAC ? target->mac : target->addr, key, sizeof(key));
	return true;
}

bool request_until(struct request *request, __s64 now, __s64 standard, __s64 *until)
{
	const char *span = request_text(request, "for");
	__s64 seconds, at = request_number(request, "until", 0);

	*until = standard;
	if (span && at) {
		request_end(request, CTL_USAGE, "either --for or --until");
		return false;
	}
	if (span && duration_parse(span, &seconds)) {
		request_end(request, CTL_USAGE, "a length of time is written 50m, 1h30m or 2d, not \"%s\"", span);
		return false;
	}
	if (at && at <= now) {
		request_end(request, CTL_USAGE, "that moment is over");
		return false;
	}
	if (span)
		*until = now + seconds;
	else if (at)
		*until = at;
	return true;
}

static void claim_of(const struct request *request, const struct target *target, struct session_claim *claim)
{
	*claim = (struct session_claim){
		.user = request_text(request, "user"),
		.class_name = request_text(request, "class"),
		.adult = request_text(request, "adult"),
		.group = request_text(request, "group"),
		.mac = target->has_mac ? target->mac : NULL,
		.addr = target->has_addr ? target->addr : NULL,
		.source = "cli",
		.who = request->peer.name,
	};
}

/* ---- verbs ---- */

/* Teachers may say who uses a device as a class. Who a person is, is said by those who run the filter. */
static bool may_name(struct request *request)
{
	if (!request_text(request, "user") || request->peer.roles & MAY(ADMIN))
		return true;
	request_end(request, CTL_DENIED, "a session of a person needs the role administrator; --class does not");
	return false;
}

static void end_start(struct request *request, int err, struct problems *problems)
{
	if (problems->n)
		request_end_problems(request, err == -ENOENT ? CTL_NOT_FOUND : CTL_USAGE, problems);
	else
		request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
	problems_free(problems);
}

static int start_one(struct request *request, const struct session_claim *claim, struct problems *problems)
{
	struct esafed *esafed = request_esafed(request);
	__u64 id;
	int err = session_start(esafed, claim, &id, problems);

	if (!err)
		request_row(request, open_row(esafed, session_table_get(sessions_table(esafed), id)));
	return err;
}

/* ---- a trolley: all devices that are registered in a room ---- */

struct trolley {
	__u16 room;
	struct target *target;
	size_t n;
};

static int add_device_of(void *ctx, const struct reg_device *device)
{
	struct trolley *trolley = ctx;
	struct target *bigger;

	if (device->room_id != trolley->room)
		return 0;
	bigger = reallocarray(trolley->target, trolley->n + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	trolley->target = bigger;
	bigger[trolley->n] = (struct target){
		.has_mac = device->kind == ESAFE_BY_MAC, .has_addr = device->kind == ESAFE_BY_ADDRESS,
	};
	memcpy(device->kind == ESAFE_BY_MAC ? bigger[trolley->n].mac : bigger[trolley->n].addr, device->addr, 16);
	trolley->n++;
	return 0;
}

static void start_trolley(struct request *request, const char *room, struct session_claim *claim)
{
	struct esafed *esafed = request_esafed(request);
	struct problems problems = { 0 };
	struct trolley trolley = { 0 };
	__u32 id;
	char *name;
	int err;

	if (!subject_find(request, ESAFE_SCOPE_ROOM, room, &id, &name))
		return;
	free(name);
	trolley.room = id;
	err = register_devices(esafed->reg, add_device_of, &trolley);
	if (!err && !trolley.n)
		problem_add(&problems, NULL, 0, 0, "no device is registered in %s", room);
	for (size_t i = 0; i < trolley.n && !err; i++) {
		claim->mac = trolley.target[i].has_mac ? trolley.target[i].mac : NULL;
		claim->addr = trolley.target[i].has_addr ? trolley.target[i].addr : NULL;
		err = start_one(request, claim, &problems);
	}
	free(trolley.target);
	end_start(request, err, &problems);
}

void verb_session_start(struct request *request)
{
	const char *room = request_text(request, "room");
	struct problems problems = { 0 };
	struct target target = { 0 };
	struct session_claim claim;

	if (!may_name(request) || !find_target(request, &target))
		return;
	claim_of(request, &target, &claim);
	claim.how = !claim.user ? ESAFE_HOW_CLASS : request_flag(request, "logon") ? ESAFE_HOW_LOGON : ESAFE_HOW_USER;
	if (!request_until(request, clock_seconds(), 0, &claim.until))
		return;
	if (room && (claim.user || claim.mac || claim.addr))
		request_end(request, CTL_USAGE, "all devices of a room are for a class: --class, without --user, --device and --ip");
	else if (room)
		start_trolley(request, room, &claim);
	else
		end_start(request, start_one(request, &claim, &problems), &problems);
}

static bool may_end(struct request *request, __u64 id)
{
	const struct session *session = session_table_get(sessions_table(request_esafed(request)), id);

	if (request->peer.roles & MAY(ADMIN) || !session || session->how == ESAFE_HOW_CLASS)
		return true;
	request_end(request, CTL_DENIED, "to end a person's session needs the role administrator");
	return false;
}

void verb_session_end(struct request *request)
{
	struct esafed *esafed = request_esafed(request);
	long long id = request_number(request, "id", 0);
	struct target target = { 0 };
	struct session_claim claim;
	unsigned ended = 0;
	int err;

	if (!may_name(request) || !find_target(request, &target))
		return;
	claim_of(request, &target, &claim);
	claim.how = request->peer.roles & MAY(ADMIN) ? ESAFE_HOW_NONE : ESAFE_HOW_CLASS;
	if (id && !may_end(request, (__u64)id))
		return;
	if (id)
		err = session_end_id(esafed, (__u64)id, "log-off");
	else
		err = session_end(esafed, &claim, "log-off", &ended);
	if (err == -EINVAL)
		request_end(request, CTL_USAGE, "whose session? --user, --class, --device, --ip or its number");
	else if (err == -ENOENT || (!err && !id && !ended))
		request_end(request, CTL_NOT_FOUND, "there is no such session");
	else
		request_end(request, err ? CTL_FAILED : CTL_OK, err ? "%s" : NULL, strerror(-err));
}

static int past_row(void *ctx, const struct reg_session *session)
{
	struct request *request = ctx;
	json_t *row = session_row(request_esafed(request), session->session);

	reply_time(row, "ended", session->ended);
	reply_text(row, "state", session->ended ? session->reason : "open");
	return request_row(request, row);
}

void verb_session_ls(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	const struct session_table *table = sessions_table(esafed);
	const char *user = request_text(request, "user");
	int err = 0;

	if (request_flag(request, "past")) {
		err = register_sessions(esafed->reg, user, request_number(request, "limit", 100), past_row, request);
	} else {
		for (size_t i = 0; i < session_table_count(table) && !err; i++) {
			const struct session *session = session_table_at(table, i);

			if (!user || !strcasecmp(user, session->user_name))
				err = request_row(request, open_row(esafed, session));
		}
	}
	request_end(request, err && err != -EPIPE ? CTL_FAILED : CTL_OK, NULL);
}

static int notice_row(void *ctx, const struct reg_notice *notice)
{
	json_t *row = json_object();

	reply_number(row, "id", (long long)notice->id);
	reply_time(row, "time", notice->time);
	reply_text(row, "kind", notice->kind);
	reply_text(row, "text", notice->text);
	return request_row(ctx, row);
}

void verb_notice_ls(struct request *request)
{
	const struct esafed *esafed = request_esafed(request);
	int err = register_notices(esafed->reg, request_number(request, "limit", 100), notice_row, request);

	request_end(request, err && err != -EPIPE ? CTL_FAILED : CTL_OK, NULL);
}
