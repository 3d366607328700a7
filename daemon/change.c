/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "change.h"
#include "clock.h"
#include "devices.h"
#include "known.h"
#include "people.h"
#include "register_people.h"
#include "sessions.h"
#include "verbs.h"

static int write_down(struct request *request, const char *detail)
{
	struct reg *reg = request_esafed(request)->reg;
	__s64 now = clock_seconds();

	return register_access_note(reg, now, request->peer.name) ?:
	       register_change_add(reg, now, request->peer.name, request->verb->name, detail);
}

static int write_all(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	struct reg *reg = request_esafed(request)->reg;
	int err = register_begin(reg);

	if (err)
		return err;
	err = change(reg, ctx);
	if (!err)
		err = write_down(request, detail);
	if (!err)
		err = register_commit(reg);
	if (err)
		register_rollback(reg);
	return err;
}

int change_register(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	int err = write_all(request, change, ctx, detail);

	return err == CHANGE_NONE ? 0 : err ?: devices_sync(request_esafed(request));
}

/* Who left loses the session, who has another group gets it. */
static int sessions_follow(struct esafed *esafed)
{
	int err = register_begin(esafed->reg);

	if (err)
		return err;
	err = sessions_roster_changed(esafed);
	if (!err)
		err = register_commit(esafed->reg);
	else
		register_rollback(esafed->reg);
	if (err)
		sessions_again(esafed);
	return err;
}

int change_people(struct request *request, int (*change)(struct reg *reg, void *ctx), void *ctx, const char *detail)
{
	struct esafed *esafed = request_esafed(request);
	int err = write_all(request, change, ctx, detail);

	if (err)
		return err == CHANGE_NONE ? 0 : err;
	return people_sync(esafed) ?: sessions_follow(esafed) ?: devices_sync(esafed);
}

void change_end(struct request *request, int err, const char *kind, const char *what)
{
	if (!err)
		request_end(request, CTL_OK, NULL);
	else if (err == -ENOENT)
		request_end(request, CTL_NOT_FOUND, "there is no %s %s", kind, what);
	else if (err == -EEXIST)
		request_end(request, CTL_FAILED, "this name or address belongs to another %s", kind);
	else if (err == -EBUSY)
		request_end(request, CTL_FAILED, "%s %s is still in use: see %s ls", kind, what, kind);
	else if (err == -EINVAL)
		request_end(request, CTL_USAGE, "a name is empty, or has characters that no name may have");
	else if (err == -ENXIO)
		request_end(request, CTL_NOT_FOUND, "there is no such class or room");
	else
		request_end(request, CTL_FAILED, "%s", strerror(-err));
}

bool change_is_known(struct request *request, unsigned kind, const char *name)
{
	struct known_names known;
	char text[512];
	bool has;
	int err;

	if (!name || !*name)
		return true;
	err = known_names_load(&known, kind, request_esafed(request));
	if (err) {
		request_end(request, CTL_FAILED, "%s", strerror(-err));
		return false;
	}
	has = known_names_has(&known, name);
	if (!has) {
		known_names_complain(&known, name, text, sizeof(text));
		request_end(request, CTL_NOT_FOUND, "%s", text);
	}
	known_names_free(&known);
	return has;
}
