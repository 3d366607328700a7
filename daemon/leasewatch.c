/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "leasewatch.h"
#include "log.h"
#include "policyfile.h"

#define SETTLE_MS 200 /* dnsmasq rewrites the file in place: what is half written now is whole then */
#define FILE_MAX (16u << 20)

struct leasewatch {
	char path[PATH_MAX];
	int fd;
	struct loop_source *source, *settle;
	struct leases leases;
	void (*changed)(void *ctx);
	void *ctx;
};

static const struct leases no_leases;

static int read_again(struct leasewatch *watch)
{
	struct leases leases;
	size_t len;
	char *text;
	int err;

	err = file_read(watch->path, FILE_MAX, &text, &len);
	if (err)
		return err;
	err = leases_read(text, len, &leases);
	free(text);
	if (err)
		return err;
	if (leases.bad > watch->leases.bad)
		log_warn("%s: %zu lines are not leases", watch->path, leases.bad);
	leases_free(&watch->leases);
	watch->leases = leases;
	return 0;
}

static void settled(void *ctx)
{
	struct leasewatch *watch = ctx;
	int err = read_again(watch);

	if (err && err != -ENOENT)
		log_errno(err, "%s", watch->path);
	if (!err)
		watch->changed(watch->ctx);
}

static void dir_changed(void *ctx, uint32_t events)
{
	struct leasewatch *watch = ctx;
	char room[4096] __attribute__((aligned(8)));

	while (read(watch->fd, room, sizeof(room)) > 0)
		; /* what exactly does not matter: reading the file is cheap */
	loop_timer_again(watch->settle, SETTLE_MS, 0);
}

/* The directory is watched, not the file: a file that is replaced would take its watch with it. */
static int watch_dir(struct leasewatch *watch)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", watch->path);
	slash = strrchr(dir, '/');
	if (!slash)
		return -EINVAL;
	slash[slash == dir] = '\0';
	if (inotify_add_watch(watch->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MODIFY | IN_CREATE) < 0)
		return -errno;
	return 0;
}

int leasewatch_start(struct loop *loop, const char *path, void (*changed)(void *ctx), void *ctx,
		     struct leasewatch **out)
{
	struct leasewatch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->ctx = ctx;
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = watch->fd < 0 ? -errno : watch_dir(watch);
	if (!err) {
		watch->source = loop_fd(loop, watch->fd, EPOLLIN, dir_changed, watch);
		watch->settle = loop_timer(loop, 1, 0, settled, watch);
		err = watch->source && watch->settle ? 0 : -ENOMEM;
	}
	if (err) {
		leasewatch_stop(watch);
		return log_errno(err, "lease file %s", path);
	}
	*out = watch;
	return 0;
}

void leasewatch_stop(struct leasewatch *watch)
{
	if (!watch)
		return;
	loop_remove(watch->source);
	loop_remove(watch->settle);
	if (watch->fd >= 0)
		close(watch->fd);
	leases_free(&watch->leases);
	free(watch);
}

const struct leases *leasewatch_leases(const struct leasewatch *watch)
{
	return watch ? &watch->leases : &no_leases;
}
