/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listkeep.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME_MAX 120 /* of a list's name, encoded */

/* File name for a list's name, which is anything: other bytes than these are written %XX. */
static int encode(const char *name, char out[FILE_NAME_MAX + 1])
{
	size_t n = 0;

	for (; *name; name++) {
		unsigned char byte = *name;
		bool plain = isalnum(byte) || byte == '-' || byte == '_';

		if (n + 3 > FILE_NAME_MAX)
			return -ENAMETOOLONG;
		if (plain)
			out[n++] = byte;
		else
			n += sprintf(out + n, "%%%02X", byte);
	}
	out[n] = '\0';
	return 0;
}

static int make_path(const char *dir, const char *name, const char *suffix, char path[LISTKEEP_PATH])
{
	char encoded[FILE_NAME_MAX + 1];
	int rc = encode(name, encoded);

	if (rc)
		return rc;
	if (snprintf(path, LISTKEEP_PATH, "%s/%s%s", dir, encoded, suffix) >= LISTKEEP_PATH)
		return -ENAMETOOLONG;
	return 0;
}

int listkeep_path(const char *dir, const char *name, char path[LISTKEEP_PATH])
{
	return make_path(dir, name, ".list", path);
}

bool listkeep_is_current(const char *dir, const char *name, const struct listfile *file)
{
	char path[LISTKEEP_PATH];
	struct stat st;

	return !listkeep_path(dir, name, path) && !stat(path, &st) && S_ISREG(st.st_mode) &&
	       (unsigned long long)st.st_size == file->size &&
	       st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec == file->mtime_ns;
}

int listkeep_begin(struct listkeep *keep, const char *dir, const char *name)
{
	int rc;

	keep->fd = -1;
	rc = make_path(dir, name, ".list", keep->path);
	if (!rc)
		rc = make_path(dir, name, ".part", keep->temporary);
	if (rc)
		return rc;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	if (unlink(keep->temporary) && errno != ENOENT) /* left by a crash */
		return -errno;
	keep->fd = open(keep->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return keep->fd < 0 ? -errno : 0;
}

int listkeep_commit(struct listkeep *keep, const struct listfile *file)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
				     { file->mtime_ns / 1000000000, file->mtime_ns % 1000000000 } };
	int rc = 0;

	if (futimens(keep->fd, times) || rename(keep->temporary, keep->path))
		rc = -errno;
	if (rc) {
		listkeep_abort(keep);
		return rc;
	}
	close(keep->fd);
	keep->fd = -1;
	return 0;
}

void listkeep_abort(struct listkeep *keep)
{
	if (keep->fd < 0)
		return;
	unlink(keep->temporary);
	close(keep->fd);
	keep->fd = -1;
}
