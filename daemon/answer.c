/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request asks for and what is answered: rows and the end, into the buffer of the client. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "control_client.h"
#include "log.h"

static int out_reserve(struct client *client, size_t more)
{
	size_t need, size;
	char *bigger;

	if (client->out_at) {
		memmove(client->out, client->out + client->out_at, client->out_len - client->out_at);
		client->out_len -= client->out_at;
		client->out_at = 0;
	}
	need = client->out_len + more;
	if (need <= client->out_size)
		return 0;
	if (need > client->control->limits.room_max)
		return -ENOBUFS;
	for (size = client->out_size ?: 4096; size < need; size *= 2)
		;
	bigger = realloc(client->out, size);
	if (!bigger)
		return -ENOMEM;
	client->out = bigger;
	client->out_size = size;
	return 0;
}

size_t client_waiting(const struct client *client)
{
	return client->out_len - client->out_at;
}

int client_send(struct client *client, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t len;
	int err;

	if (!text)
		return -ENOMEM;
	len = strlen(text);
	if (client->out_at && client_waiting(client) == 0)
		client->out_at = client->out_len = 0;
	err = client->out_len + len + 1 <= client->out_size ? 0 : out_reserve(client, len + 1);
	if (!err) {
		if (client_waiting(client) == 0)
			client->moved_ms = client_now_ms();
		memcpy(client->out + client->out_len, text, len);
		client->out[client->out_len + len] = '\n';
		client->out_len += len + 1;
	}
	free(text);
	return err;
}

const char *request_text(const struct request *request, const char *name)
{
	return json_string_value(json_object_get(request->args, name));
}

long long request_number(const struct request *request, const char *name, long long other)
{
	json_t *value = json_object_get(request->args, name);

	return value ? json_integer_value(value) : other;
}

bool request_flag(const struct request *request, const char *name)
{
	return json_is_true(json_object_get(request->args, name));
}

bool request_room(const struct request *request)
{
	return request->client && client_waiting(request->client) < request->client->control->limits.room;
}

static int request_send(struct request *request, json_t *line)
{
	struct client *client = request->client;
	int err;

	if (!line || !client || client->dead) {
		json_decref(line);
		return line ? -EPIPE : -ENOMEM;
	}
	err = client_send(client, line);
	json_decref(line);
	if (err) {
		log_warn("\"%s\" for %s: the client does not read its answer", request->verb->name, client->peer.name);
		client->dead = true;
	}
	return err ? -EPIPE : 0;
}

/* Sent from outside the client's own turn (a worker's end, a follower's next row): the loop must look at it again. */
static void client_wake(struct client *client)
{
	if (client->pumping)
		return;
	loop_fd_events(client->source, EPOLLOUT | (client->request || client->closing || client->eof ? 0 : EPOLLIN));
}

void request_want(struct request *request, void (*more)(struct request *request))
{
	request->more = more;
	if (request->client)
		client_wake(request->client);
}

int request_row(struct request *request, json_t *row)
{
	int err = request_send(request, row ? json_pack("{so}", "row", row) : NULL);

	if (request->client)
		client_wake(request->client);
	return err;
}

static const char *const end_word[CTL_END_COUNT] = {
#define X(name, word, code, meaning) [CTL_##name] = word,
	ESAFE_CTL_ENDS(X)
#undef X
};

static json_t *problems_json(const struct problems *problems)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < problems->n; i++) {
		const struct problem *item = &problems->item[i];
		json_t *one = json_object();

		if (*item->file)
			json_object_set_new(one, "file", json_string(item->file));
		if (item->line)
			json_object_set_new(one, "line", json_integer(item->line));
		if (item->column)
			json_object_set_new(one, "column", json_integer(item->column));
		/* What is quoted from a file may be any bytes. */
		json_object_set_new(one, "text", json_string(item->text) ?: json_string("(not UTF-8)"));
		json_array_append_new(list, one);
	}
	return list;
}

void request_end_problems(struct request *request, enum ctl_end code, const struct problems *problems)
{
	struct client *client = request->client;
	json_t *end = json_pack("{ss}", "code", end_word[code]);

	if (problems->n)
		json_object_set_new(end, "problems", problems_json(problems));
	if (problems->dropped)
		json_object_set_new(end, "dropped", json_integer(problems->dropped));
	request_send(request, json_pack("{so}", "end", end));
	if (client) {
		if (code != CTL_OK)
			client->control->stats.errors++;
		client->request = NULL;
		client_wake(client);
	}
	json_decref(request->args);
	if (request->fd >= 0)
		close(request->fd);
	free(request);
}

void request_end(struct request *request, enum ctl_end code, const char *fmt, ...)
{
	struct problems problems = { 0 };
	char text[1024];
	va_list args;

	if (fmt) {
		va_start(args, fmt);
		vsnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		problem_add(&problems, NULL, 0, 0, "%s", text);
	}
	request_end_problems(request, code, &problems);
	problems_free(&problems);
}
