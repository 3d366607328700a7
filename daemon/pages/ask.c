/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ask.h"
#include "esafe/ctl.h"

#define ANSWER_MAX (512u << 10) /* more than any page shows */

struct question {
	struct asker *asker;
	struct question *next;
	void (*then)(void *ctx, const struct reply *reply);
	void *ctx;
	char *line;          /* the request; what of it was sent */
	size_t len, sent;
	char *in;            /* of the answer, a line that is not whole yet */
	size_t in_len, in_size, in_all;
	int fd;              /* -1: waits in the queue */
	struct loop_source *source, *timer;
	json_t *rows;
};

struct asker {
	struct loop *loop;
	struct sockaddr_un at;
	struct question *asked; /* oldest first */
	unsigned n, busy;
	struct loop_source *kick; /* starts what waits, outside of everybody's calls */
};

static void finish(struct question *question, const char *code, const char *problem)
{
	struct reply reply = { .code = code, .problem = problem, .rows = question->rows };
	struct asker *asker = question->asker;
	struct question **link = &asker->asked;

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	asker->n--;
	if (question->fd >= 0) {
		asker->busy--;
		loop_remove(question->source);
		close(question->fd);
	}
	loop_remove(question->timer);
	loop_timer_again(asker->kick, 1, 0);
	question->then(question->ctx, &reply);
	json_decref(question->rows);
	free(question->line);
	free(question->in);
	free(question);
}

static void unreachable(struct question *question)
{
	finish(question, "unreachable", "");
}

/* A line of the answer. true: it was the last, and the question is no more. */
static bool take_line(struct question *question, const char *line, size_t len)
{
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *row = json_object_get(object, "row"), *end = json_object_get(object, "end");
	const char *code = json_string_value(json_object_get(end, "code"));
	const char *problem = json_string_value(
		json_object_get(json_array_get(json_object_get(end, "problems"), 0), "text"));
	bool over = true;

	if (json_is_object(row) && !json_array_append(question->rows, row))
		over = false;
	else if (code)
		finish(question, code, problem ? problem : "");
	else
		unreachable(question);
	json_decref(object);
	return over;
}

static bool take_lines(struct question *question)
{
	size_t at = 0;
	char *end;

	while ((end = memchr(question->in + at, '\n', question->in_len - at))) {
		if (take_line(question, question->in + at, (size_t)(end - question->in - at)))
			return true;
		at = (size_t)(end + 1 - question->in);
	}
	question->in_len -= at;
	memmove(question->in, question->in + at, question->in_len);
	return false;
}

static void read_more(struct question *question)
{
	ssize_t got;

	if (question->in_size - question->in_len < 4096) {
		char *grown = realloc(question->in, question->in_size + 16384);

		if (!grown)
			return unreachable(question);
		question->in = grown;
		question->in_size += 16384;
	}
	got = recv(question->fd, question->in + question->in_len, question->in_size - question->in_len, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	question->in_all += got > 0 ? (size_t)got : 0;
	if (got <= 0 || question->in_all > ANSWER_MAX)
		return unreachable(question);
	question->in_len += (size_t)got;
	take_lines(question);
}

static void ready(void *ctx, uint32_t events)
{
	struct question *question = ctx;
	ssize_t sent;

	if (question->sent == question->len)
		return read_more(question);
	sent = send(question->fd, question->line + question->sent, question->len - question->sent, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0)
		return unreachable(question);
	question->sent += (size_t)sent;
	if (question->sent == question->len)
		loop_fd_events(question->source, EPOLLIN);
}

static void too_late(void *ctx)
{
	unreachable(ctx);
}

/* Sends it. A connection to a unix socket is there at once or not at all. */
static void start(struct question *question)
{
	struct asker *asker = question->asker;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&asker->at, sizeof(asker->at)))
		question->source = loop_fd(asker->loop, fd, EPOLLOUT, ready, question);
	if (!question->source) {
		if (fd >= 0)
			close(fd);
		return unreachable(question);
	}
	question->fd = fd;
	asker->busy++;
}

static void start_waiting(void *ctx)
{
	struct asker *asker = ctx;
	struct question *question = asker->asked;

	while (question && asker->busy < ASK_AT_ONCE) {
		struct question *next = question->next;

		if (question->fd < 0)
			start(question);
		question = next;
	}
}

int asker_ask(struct asker *asker, const char *verb, json_t *args, void (*then)(void *ctx, const struct reply *reply),
	      void *ctx)
{
	struct question *question = calloc(1, sizeof(*question)), **last = &asker->asked;
	json_t *request = json_pack("{sisssO}", "esafe", ESAFE_CTL_VERSION, "verb", verb, "args", args);
	char *text = request ? json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(request);
	json_decref(args);
	if (question && text && asker->n < ASK_QUEUE) {
		*question = (struct question){ .asker = asker, .then = then, .ctx = ctx, .fd = -1, .rows = json_array() };
		question->line = text;
		question->len = strlen(text) + 1;
		text[question->len - 1] = '\n'; /* in the place of its zero byte: the length is known */
		question->timer = loop_timer(asker->loop, ASK_MS, 0, too_late, question);
	}
	if (!question || !question->rows || !question->timer) {
		if (question) {
			loop_remove(question->timer);
			json_decref(question->rows);
		}
		free(question);
		free(text);
		return asker->n < ASK_QUEUE ? -ENOMEM : -EBUSY;
	}
	while (*last)
		last = &(*last)->next;
	*last = question;
	asker->n++;
	loop_timer_again(asker->kick, 1, 0);
	return 0;
}

int asker_new(struct loop *loop, const char *socket, struct asker **out)
{
	struct asker *asker = calloc(1, sizeof(*asker));

	if (!asker)
		return -ENOMEM;
	asker->loop = loop;
	asker->at.sun_family = AF_UNIX;
	if (strlen(socket) >= sizeof(asker->at.sun_path)) {
		free(asker);
		return -ENAMETOOLONG;
	}
	strcpy(asker->at.sun_path, socket);
	asker->kick = loop_timer(loop, 0, 0, start_waiting, asker);
	if (!asker->kick) {
		free(asker);
		return -ENOMEM;
	}
	*out = asker;
	return 0;
}

void asker_free(struct asker *asker)
{
	if (!asker)
		return;
	while (asker->asked)
		unreachable(asker->asked);
	loop_remove(asker->kick);
	free(asker);
}
