/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "file.h"
#include "leasewatch.h"
#include "log.h"

#define SETTLE_MS 200 /* dnsmasq rewrites the file in place: what is half written now is whole then */
#define FILE_MAX (16u << 20)
#define PARTS_MAX 4 /* files beside each other that are one: see read_parts() */

struct leasewatch {
	char path[LEASEWATCH_FILES][PATH_MAX];
	size_t n;
	int fd;
	struct loop_source *source, *settle;
	bool is_settling;
	struct leases leases;
	void (*changed)(void *ctx);
	void *ctx;
};

struct texts {
	struct leases_text item[LEASEWATCH_FILES * PARTS_MAX];
	size_t n;
};

static const struct leases no_leases;

/* One more text; -ENOENT: there is no such file. */
static int read_text(struct texts *texts, const char *path, const char *suffix)
{
	struct leases_text *text = &texts->item[texts->n];
	char whole[PATH_MAX + 16], *bytes;
	int err;

	snprintf(whole, sizeof(whole), "%s%s", path, suffix);
	err = file_read(whole, FILE_MAX, &bytes, &text->len);
	if (err)
		return err == -ENOENT ? err : log_errno(err, "%s", whole);
	text->text = bytes;
	texts->n++;
	return 0;
}

/* Likewise, but only if it is Kea's: beside other lease files something else may be called so. */
static int read_keas(struct texts *texts, const char *path, const char *suffix)
{
	struct leases_text *text = &texts->item[texts->n];
	int err = read_text(texts, path, suffix);

	if (err || leases_are_keas(text->text, text->len))
		return err;
	free((char *)text->text);
	texts->n--;
	return -ENOENT;
}

/*
 * Kea begins a new file now and then and tidies up the old ones behind its back (kea-lfc(8)): FILE.1 is what was
 * written before, FILE.2 what was tidied up the last time, FILE.completed both of them, as soon as that is there.
 */
static int read_parts(struct texts *texts, const char *path)
{
	struct texts newest = { .n = 0 };
	int err = read_text(&newest, path, "");
	bool others = err || !leases_are_keas(newest.item[0].text, newest.item[0].len);

	if (err && err != -ENOENT)
		return err;
	if ((err || !others) && read_keas(texts, path, ".completed")) {
		read_keas(texts, path, ".2");
		read_keas(texts, path, ".1");
	}
	if (!err)
		texts->item[texts->n++] = newest.item[0];
	return 0;
}

static int read_again(struct leasewatch *watch)
{
	struct texts texts = { .n = 0 };
	struct leases leases;
	int err = 0;

	for (size_t i = 0; i < watch->n && !err; i++)
		err = read_parts(&texts, watch->path[i]);
	if (!err)
		err = leases_read(texts.item, texts.n, &leases);
	for (size_t i = 0; i < texts.n; i++)
		free((char *)texts.item[i].text);
	if (err)
		return err;
	if (leases.bad > watch->leases.bad)
		log_warn("%s: %zu lines are not leases", watch->path[0], leases.bad);
	leases_free(&watch->leases);
	watch->leases = leases;
	return 0;
}

static void settled(void *ctx)
{
	struct leasewatch *watch = ctx;

	watch->is_settling = false;
	if (!read_again(watch)) /* what fails was told; the leases stay as they were */
		watch->changed(watch->ctx);
}

static void dir_changed(void *ctx, uint32_t events)
{
	struct leasewatch *watch = ctx;
	char room[4096] __attribute__((aligned(8)));

	while (read(watch->fd, room, sizeof(room)) > 0)
		; /* what exactly does not matter: reading the files is cheap */
	if (!watch->is_settling) /* not put off by every change: a busy directory would never be read */
		loop_timer_again(watch->settle, SETTLE_MS, 0);
	watch->is_settling = true;
}

/* The directory is watched, not the file: a file that is replaced would take its watch with it. */
static int watch_dir(struct leasewatch *watch, const char *path)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return -EINVAL;
	slash[slash == dir] = '\0';
	if (inotify_add_watch(watch->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MODIFY | IN_CREATE) < 0)
		return -errno;
	return 0;
}

static int watch_dirs(struct leasewatch *watch, char *const *paths)
{
	int err = -ENOENT;

	for (; *paths && watch->n < LEASEWATCH_FILES; paths++) {
		err = watch_dir(watch, *paths);
		if (err)
			log_errno(err, "lease file %s", *paths);
		else
			snprintf(watch->path[watch->n++], PATH_MAX, "%s", *paths);
	}
	return watch->n ? 0 : err;
}

int leasewatch_start(struct loop *loop, char *const *paths, void (*changed)(void *ctx), void *ctx,
		     struct leasewatch **out)
{
	struct leasewatch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->ctx = ctx;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = watch->fd < 0 ? -errno : watch_dirs(watch, paths);
	if (!err) {
		watch->source = loop_fd(loop, watch->fd, EPOLLIN, dir_changed, watch);
		watch->settle = loop_timer(loop, 1, 0, settled, watch);
		err = watch->source && watch->settle ? 0 : -ENOMEM;
	}
	if (err) {
		leasewatch_stop(watch);
		return log_errno(err, "lease files are not read");
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
