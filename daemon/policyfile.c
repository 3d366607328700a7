/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policyfile.h"

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

static int load_one(const char *path, struct policy_text *out, struct problems *problems)
{
	char *text;
	int err = file_read(path, FILE_BYTES, &text, &out->len);

	if (err) {
		problem_add(problems, path, 0, 0, "cannot be read: %s", strerror(-err));
		return err;
	}
	out->text = text;
	return 0;
}

struct policy *policy_load_text(const char *file, const char *text, size_t len, const char *data_dir,
				struct problems *problems)
{
	char services[512], protected[512];
	struct policy_text texts[] = { { file, text, len }, { services, NULL, 0 }, { protected, NULL, 0 } };
	struct policy *policy = NULL;

	snprintf(services, sizeof(services), "%s/services.yaml", data_dir);
	snprintf(protected, sizeof(protected), "%s/protected.yaml", data_dir);
	if (!load_one(services, &texts[1], problems) && !load_one(protected, &texts[2], problems))
		policy = policy_read_all(texts, 3, data_dir, problems);
	free((char *)texts[1].text);
	free((char *)texts[2].text);
	return policy;
}

struct policy *policy_load(const char *path, const char *data_dir, struct problems *problems)
{
	struct policy_text own = { .file = path };
	struct policy *policy;

	if (load_one(path, &own, problems))
		return NULL;
	policy = policy_load_text(path, own.text, own.len, data_dir, problems);
	free((char *)own.text);
	return policy;
}
