/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control_client.h"
#include "log.h"
#include "peer.h"

#define READ_CHUNK 65536
#define SWEEP_MS 1000

const struct control_limits control_limits_default = {
	.clients = 32,
	.idle_ms = 30 * 1000,
	.stuck_ms = 60 * 1000,
	.line_max = ESAFE_CTL_LINE_MAX,
	.room = 256 * 1024,
	.room_max = 16 * 1024 * 1024,
};

uint64_t client_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void drop_passed(struct client *client)
{
	if (client->passed >= 0)
		close(client->passed);
	client->passed = -1;
}

static void client_free(struct client *client)
{
	struct request *request = client->request;

	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	loop_remove(client->source);
	close(client->fd);
	drop_passed(client);
	client->control->stats.clients--;
	free(client->in);
	free(client->out);
	free(client);
	if (!request)
		return;
	request->client = NULL;
	request->more = NULL;
	if (request->gone)
		request->gone(request);
	else
		request_end(request, CTL_FAILED, NULL);
}

static void client_drop(struct client *client)
{
	client->dead = true;
	if (!client->pumping)
		client_free(client);
}

static void client_refuse(struct client *client, const struct problems *problems, const char *code)
{
	json_t *list = json_array(), *line;

	for (unsigned i = 0; i < problems->n; i++)
		json_array_append_new(list, json_pack("{ss}", "text", problems->item[i].text));
	line = json_pack("{s{ssso}}", "end", "code", code, "problems", list);
	if (!line || client_send(client, line))
		client->dead = true;
	json_decref(line);
}

static void deny(struct client *client, const struct peer *peer, const struct verb *verb, struct problems *problems)
{
	struct control *control = client->control;
	char needs[PEER_NEEDS_SIZE];

	control->stats.refused++;
	peer_needs(verb->may, needs);
	log_warn("%s was refused \"%s\": it %s", peer->name, verb->name, needs);
	if (control->hooks.refused)
		control->hooks.refused(control->owner, peer, verb);
	problem_add(problems, NULL, 0, 0, "\"%s\" %s", verb->name, needs);
	client_refuse(client, problems, "denied");
}

/* Who looks at what persons did is written down, or does not see it. */
static bool look_is_written(struct client *client, const struct peer *peer, const struct verb *verb,
			    const json_t *args, struct problems *problems)
{
	struct control *control = client->control;

	if (!(verb->may & LOOK) || !control->hooks.looks ||
	    !control->hooks.looks(control->owner, peer, verb, args))
		return true;
	control->stats.errors++;
	problem_add(problems, NULL, 0, 0, "who asks for this is written down, and that failed");
	client_refuse(client, problems, "failed");
	return false;
}

/*
 * Who it is that asks. The process of the pages may ask for somebody who has logged in there, and then for what a
 * teacher may, whatever else that person is.
 */
static bool find_peer(struct client *client, json_t *args, struct peer *peer, struct problems *problems)
{
	const struct control_hooks *hooks = &client->control->hooks;
	const char *as = json_string_value(json_object_get(args, REQUEST_AS));

	*peer = client->peer;
	if (!as)
		return true;
	if (!(client->peer.roles & MAY(PAGES)) || !hooks->acts || hooks->acts(client->control->owner, as, peer)) {
		client->control->stats.refused++;
		log_warn("%s was refused to act for another", client->peer.name);
		problem_add(problems, NULL, 0, 0, "nobody of this name is signed in");
		client_refuse(client, problems, "denied");
		return false;
	}
	peer->roles &= MAY(TEACHER);
	json_object_del(args, REQUEST_AS);
	return true;
}

static void start_request(struct client *client, const struct peer *peer, const struct verb *verb, json_t *args)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request) {
		json_decref(args);
		client->dead = true;
		return;
	}
	request->verb = verb;
	request->args = args;
	request->peer = *peer;
	request->owner = client->control->owner;
	request->client = client;
	request->fd = client->passed;
	client->passed = -1;
	client->request = request;
	verb->fn(request);
}

static void take_line(struct client *client, const char *line, size_t len)
{
	struct control *control = client->control;
	struct problems problems = { 0 };
	const struct verb *verb;
	struct peer peer;
	json_t *args;

	control->stats.requests++;
	if (request_parse(line, len, control->verbs, control->verbs_count, &verb, &args, &problems)) {
		control->stats.errors++;
		client_refuse(client, &problems, "usage");
	} else if (!find_peer(client, args, &peer, &problems)) {
		json_decref(args);
	} else if (!(peer.roles & verb->may)) {
		deny(client, &peer, verb, &problems);
		json_decref(args);
	} else if (!look_is_written(client, &peer, verb, args, &problems)) {
		json_decref(args);
	} else {
		start_request(client, &peer, verb, args);
	}
	drop_passed(client); /* what came with a line that was refused */
	problems_free(&problems);
}

/* Takes the next whole line, if there is one and nothing is being answered. */
static bool take_next(struct client *client)
{
	char *end = client->in_len ? memchr(client->in, '\n', client->in_len) : NULL;
	size_t used;

	if (client->request || client->closing || !end)
		return false;
	used = end + 1 - client->in;
	take_line(client, client->in, used - 1);
	client->in_len -= used;
	memmove(client->in, client->in + used, client->in_len);
	if (!client->in_len) { /* a large request leaves nothing behind */
		free(client->in);
		client->in = NULL;
		client->in_size = 0;
	}
	return true;
}

/* As read(); a descriptor that comes along is kept for the request, the last one if there are several. */
static ssize_t read_with_file(struct client *client, void *to, size_t room)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { .iov_base = to, .iov_len = room };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof(int)), /* without the padding: a second one would fit into it */
	};
	ssize_t got = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *found = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (found && found->cmsg_level == SOL_SOCKET && found->cmsg_type == SCM_RIGHTS &&
	    found->cmsg_len == CMSG_LEN(sizeof(int))) {
		drop_passed(client);
		memcpy(&client->passed, CMSG_DATA(found), sizeof(int));
	}
	return got;
}

static void client_read(struct client *client)
{
	size_t limit = client->control->limits.line_max;
	ssize_t got;

	if (client->in_size - client->in_len < READ_CHUNK) {
		char *bigger = realloc(client->in, client->in_size + READ_CHUNK * 4);

		if (!bigger) {
			client->dead = true;
			return;
		}
		client->in = bigger;
		client->in_size += READ_CHUNK * 4;
	}
	got = read_with_file(client, client->in + client->in_len, client->in_size - client->in_len);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client->eof = true;
		return;
	}
	client->moved_ms = client_now_ms();
	client->in_len += got;
	if (client->in_len > limit && !memchr(client->in, '\n', client->in_len)) {
		struct problems problems = { 0 };

		problem_add(&problems, NULL, 0, 0, "a request of more than %zu bytes", limit);
		client_refuse(client, &problems, "usage");
		problems_free(&problems);
		client->control->stats.errors++;
		client->closing = true;
	}
}

static void client_write(struct client *client)
{
	ssize_t sent;

	while (client_waiting(client)) {
		sent = send(client->fd, client->out + client->out_at, client_waiting(client), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			client->dead = errno != EAGAIN;
			return;
		}
		client->moved_ms = client_now_ms();
		client->out_at += sent;
	}
}

static bool wants_more(const struct client *client)
{
	return client->request && client->request->more && request_room(client->request);
}

static void client_watch(struct client *client)
{
	uint32_t events = client_waiting(client) || wants_more(client) ? EPOLLOUT : 0;

	if (!client->request && !client->closing && !client->eof)
		events |= EPOLLIN;
	loop_fd_events(client->source, events);
}

/* One turn of the client: a bounded piece of work, so that others have theirs. */
static void client_pump(struct client *client)
{
	client->pumping = true;
	client_write(client);
	if (!client->dead && wants_more(client)) {
		client->moved_ms = client_now_ms();
		client->request->more(client->request);
	}
	while (!client->dead && take_next(client))
		;
	if (!client->dead)
		client_write(client);
	client->pumping = false;
	if (client->dead ||
	    ((client->closing || client->eof) && !client->request && !client_waiting(client)))
		client_free(client);
	else
		client_watch(client);
}

static void client_ready(void *ctx, uint32_t events)
{
	struct client *client = ctx;

	/* Half-closed is fine: a client may say that it asks no more. Hung up means that nobody reads. */
	if (events & (EPOLLHUP | EPOLLERR)) {
		client_drop(client);
		return;
	}
	if (events & EPOLLIN)
		client_read(client);
	client_pump(client);
}

static void client_add(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client) {
		client->control = control;
		client->fd = fd;
		client->passed = -1;
		client->moved_ms = client_now_ms();
		client->source = loop_fd(control->loop, fd, EPOLLIN, client_ready, client);
	}
	if (!client || !client->source || peer_of(fd, &client->peer)) {
		if (client)
			loop_remove(client->source);
		free(client);
		close(fd);
		return;
	}
	client->next = control->clients;
	client->link = &control->clients;
	if (client->next)
		client->next->link = &client->next;
	control->clients = client;
	control->stats.clients++;
}

static void accept_ready(void *ctx, uint32_t events)
{
	struct control *control = ctx;
	int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (control->stats.clients >= control->limits.clients) {
		control->stats.refused++;
		close(fd);
		return;
	}
	client_add(control, fd);
}

/* Rows wait for it, here or in the socket's own buffer (then there is no turn for more), or it does not ask at all. */
static bool is_stuck(const struct client *client, uint64_t still)
{
	const struct control_limits *limits = &client->control->limits;

	if (client_waiting(client) || wants_more(client))
		return still > limits->stuck_ms;
	return !client->request && still > limits->idle_ms;
}

static void sweep(void *ctx)
{
	struct control *control = ctx;
	uint64_t now = client_now_ms();
	struct client *client, *next;

	for (client = control->clients; client; client = next) {
		next = client->next;
		if (is_stuck(client, now - client->moved_ms)) {
			client_drop(client);
			next = control->clients; /* ending its request may have moved others */
		}
	}
}

/* ---- the socket ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	mask = umask(0177); /* nobody may connect before the owner is right */
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(mask);
	if (!err)
		err = peer_open(path);
	if (!err && listen(fd, 16) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int control_start(struct loop *loop, const char *path, const struct verb *verbs, size_t n,
		  const struct control_limits *limits, const struct control_hooks *hooks, void *owner,
		  struct control **out)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->loop = loop;
	control->verbs = verbs;
	control->verbs_count = n;
	control->limits = *limits;
	if (hooks)
		control->hooks = *hooks;
	control->owner = owner;
	control->fd = listen_at(path);
	if (control->fd < 0) {
		int err = control->fd;

		free(control);
		return log_errno(err, "control socket %s", path);
	}
	strcpy(control->path, path);
	control->source = loop_fd(loop, control->fd, EPOLLIN, accept_ready, control);
	control->sweep = loop_timer(loop, SWEEP_MS, SWEEP_MS, sweep, control);
	if (!control->source || !control->sweep) {
		control_stop(control);
		return -ENOMEM;
	}
	*out = control;
	return 0;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	while (control->clients)
		client_free(control->clients);
	loop_remove(control->source);
	loop_remove(control->sweep);
	close(control->fd);
	unlink(control->path);
	free(control);
}

void control_stats(const struct control *control, struct control_stats *out)
{
	*out = control->stats;
}
