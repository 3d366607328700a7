/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "esafe/ctl.h"

#define ANSWER_LINE_MAX (16u << 20) /* a daemon that sends more is broken */

struct answer {
	int (*row)(void *ctx, json_t *row);
	void (*end)(void *ctx, json_t *end);
	void *ctx;
};

static const struct {
	const char *word;
	int exit_code;
} ends[] = {
#define X(name, word, code, meaning) { word, code },
	ESAFE_CTL_ENDS(X)
#undef X
};

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 10 };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "esafectl: %s: too long for a socket\n", path);
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr, "esafectl: no esafed at %s: %s%s\n", path, strerror(errno),
			errno == EACCES ? " (only root and members of the groups esafe-admin, esafe-head ... may ask: esafectl(8))" : "");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		text += sent;
		len -= sent;
	}
	return 0;
}

/* The first byte of a request, and a file with it. */
static int send_file(int fd, char byte, int file)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &file, sizeof(int));
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -1;
}

static int send_line(int fd, const char *text, int file)
{
	if (file >= 0 && send_file(fd, *text, file))
		return -1;
	text += file >= 0;
	return send_all(fd, text, strlen(text)) || send_all(fd, "\n", 1) ? -1 : 0;
}

static int send_request(int fd, const char *verb, json_t *args, int file)
{
	json_t *request = json_pack("{sisssO}", "esafe", ESAFE_CTL_VERSION, "verb", verb, "args", args);
	char *text = request ? json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	int err = -1;

	if (text && strlen(text) < ESAFE_CTL_LINE_MAX)
		err = send_line(fd, text, file);
	if (text && err)
		fprintf(stderr, "esafectl: %s\n",
			strlen(text) < ESAFE_CTL_LINE_MAX ? strerror(errno) : "the request is too large");
	free(text);
	json_decref(request);
	return err;
}

static int end_exit_code(json_t *end)
{
	const char *word = json_string_value(json_object_get(end, "code"));

	for (size_t i = 0; word && i < sizeof(ends) / sizeof(*ends); i++)
		if (!strcmp(ends[i].word, word))
			return ends[i].exit_code;
	return CTL_EXIT_FAILED;
}

/* Negative: go on; else the exit code. */
static int take_line(const char *line, size_t len, const struct answer *answer)
{
	json_t *object = json_loadb(line, len, 0, NULL);
	json_t *row = json_object_get(object, "row"), *end = json_object_get(object, "end");
	int code = -1;

	if (json_is_object(end)) {
		answer->end(answer->ctx, end);
		code = end_exit_code(end);
	} else if (json_is_object(row)) {
		code = answer->row(answer->ctx, row) ?: -1;
	} else {
		fprintf(stderr, "esafectl: the daemon's answer is not understood\n");
		code = CTL_EXIT_FAILED;
	}
	json_decref(object);
	return code;
}

static int read_answer(FILE *from, const struct answer *answer)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int code = -1;

	while (code < 0 && (len = getline(&line, &size, from)) > 0 && len <= (ssize_t)ANSWER_LINE_MAX)
		code = take_line(line, len, answer);
	free(line);
	if (code >= 0)
		return code;
	fprintf(stderr, "esafectl: the daemon went away\n");
	return CTL_EXIT_UNREACHABLE;
}

int client_ask(const char *socket_path, const char *verb, json_t *args, int file, int (*row)(void *ctx, json_t *row),
	       void (*end)(void *ctx, json_t *end), void *ctx)
{
	struct answer answer = { .row = row, .end = end, .ctx = ctx };
	int fd = connect_to(socket_path);
	FILE *from;
	int code;

	if (fd < 0)
		return CTL_EXIT_UNREACHABLE;
	from = fdopen(fd, "r");
	if (!from) {
		close(fd);
		return CTL_EXIT_FAILED;
	}
	code = send_request(fd, verb, args, file) ? CTL_EXIT_FAILED : read_answer(from, &answer);
	fclose(from);
	return code;
}
