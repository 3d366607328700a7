/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static int read_all(int fd, char *text, size_t room, size_t *len)
{
	size_t n = 0;

	while (n < room) {
		ssize_t got = read(fd, text + n, room - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += got;
	}
	*len = n;
	return 0;
}

int file_read(const char *path, size_t max, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buffer = NULL;
	struct stat st;
	size_t n = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if ((unsigned long long)st.st_size > max)
		err = -EFBIG;
	else if (!(buffer = malloc(st.st_size + 2)))
		err = -ENOMEM;
	else
		err = read_all(fd, buffer, st.st_size + 1, &n);
	close(fd);
	if (!err && n > (size_t)st.st_size) /* it is being written to */
		err = -EAGAIN;
	if (err) {
		free(buffer);
		return err;
	}
	buffer[n] = 0;
	*text = buffer;
	*len = n;
	return 0;
}
