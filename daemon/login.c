/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "login.h"
#include "peer.h"

#define PATIENCE_S 12

struct login {
	void (*done)(void *ctx, const struct login_result *result);
	void *ctx;
	unsigned *running;
	struct sockaddr_un at;
	char account[LOGIN_ACCOUNT], password[LOGIN_PASSWORD];
	struct login_result result;
};

/* Account and password, each with its zero byte; then a word comes back. */
static int ask(const struct login *login, int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	char answer[16] = "";
	ssize_t got;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (const struct sockaddr *)&login->at, sizeof(login->at)))
		return -errno;
	if (send(fd, login->account, strlen(login->account) + 1, MSG_NOSIGNAL) < 0 ||
	    send(fd, login->password, strlen(login->password) + 1, MSG_NOSIGNAL) < 0)
		return -errno;
	got = recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
	if (got < 0)
		return -errno;
	return !strcmp(answer, "yes\n") ? 0 : !strcmp(answer, "no\n") ? -EACCES : -EIO;
}

/* In a thread of its own: PAM takes its time, and so may whoever knows the groups of the account. */
static int work(void *ctx)
{
	struct login *login = ctx;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	login->result.err = ask(login, fd);
	close(fd);
	explicit_bzero(login->password, sizeof(login->password));
	if (!login->result.err)
		login->result.err = peer_of_account(login->account, &login->result.person);
	return 0;
}

static void over(void *ctx, int result)
{
	struct login *login = ctx;

	if (result)
		login->result.err = result;
	--*login->running;
	login->done(login->ctx, &login->result);
	explicit_bzero(login, sizeof(*login));
	free(login);
}

int login_start(struct esafed *esafed, const char *account, const char *password,
		void (*done)(void *ctx, const struct login_result *result), void *ctx)
{
	static unsigned running;
	struct login *login;
	int err;

	if (!*account || strlen(account) >= LOGIN_ACCOUNT || strlen(password) >= LOGIN_PASSWORD)
		return -EINVAL;
	if (running == LOGINS)
		return -EBUSY;
	login = calloc(1, sizeof(*login));
	if (!login)
		return -ENOMEM;
	*login = (struct login){ .done = done, .ctx = ctx, .running = &running, .at.sun_family = AF_UNIX };
	snprintf(login->at.sun_path, sizeof(login->at.sun_path), "%s", esafed->config->login);
	strcpy(login->account, account);
	strcpy(login->password, password);
	err = loop_worker(esafed->loop, work, over, login);
	if (err) {
		explicit_bzero(login, sizeof(*login));
		free(login);
		return err;
	}
	running++;
	return 0;
}
