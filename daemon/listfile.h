/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that lists come from: plain or gzip, or a category folder in UT1 layout; hashed and copied on the way. */
#ifndef LISTFILE_H
#define LISTFILE_H

#include <stddef.h>
#include <linux/types.h>

struct listfile {
	int fd;
	unsigned long long size; /* by its directory entry */
	__s64 mtime_ns;
};

struct listfile_read {
	unsigned long long bytes; /* read, packed as they may be */
	__u8 sha256[32];          /* of those */
	int copy_err;             /* -errno of the first write to copy_fd that failed */
};

/* Opens path, or "domains", "domains.gz" in it if it is a folder. Nothing but a regular file will do. 0 or -errno:
 * -EMEDIUMTYPE is any other kind of file. */
int listfile_open(const char *path, struct listfile *file);
void listfile_close(struct listfile *file);

/*
 * Hands the unpacked content to feed(), at least 64 KB in the first call if there are so many. copy_fd, if not
 * negative, gets the bytes as they are in the file. What feed() returns ends the reading if it is not 0. -EBADMSG:
 * damaged gzip; -EFBIG: unpacks to more than LISTS_TEXT_MAX.
 */
int listfile_read(const struct listfile *file, int copy_fd, int (*feed)(void *ctx, const char *bytes, size_t len),
		  void *ctx, struct listfile_read *out);

#endif
