/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

/* The server runs in the loop of the test; each step turns it until what is waited for has come. */

static struct {
	struct loop *loop;
	struct control *control;
	struct request *held;
	unsigned gone, mores;
	char dir[32], path[64];
} t;

static const struct control_limits limits = {
	.clients = 4, .idle_ms = 60000, .stuck_ms = 60000, .line_max = 4096, .room = 4096, .room_max = 1 << 20,
};

static void verb_echo(struct request *request)
{
	request_row(request, json_pack("{ss}", "word", request_text(request, "word") ?: "none"));
	request_end(request, CTL_OK, NULL);
}

static void hold_gone(struct request *request)
{
	t.gone++;
	request_end(request, CTL_OK, NULL);
	t.held = NULL;
}

static void verb_hold(struct request *request)
{
	t.held = request;
	request->gone = hold_gone;
}

static void pour(struct request *request)
{
	char filler[1024];

	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	t.mores++;
	for (int i = 0; i < 8; i++)
		request_row(request, json_pack("{ss}", "x", filler));
}

static void verb_pour(struct request *request)
{
	request->gone = hold_gone;
	request_want(request, pour);
}

static void verb_flood(struct request *request)
{
	t.held = request;
	request->gone = hold_gone;
	for (int i = 0; i < 2000 && t.held; i++)
		pour(request);
}

static void verb_file(struct request *request)
{
	char bytes[8] = "";
	bool there = request->fd >= 0 && read(request->fd, bytes, sizeof(bytes) - 1) >= 0;

	request_row(request, json_pack("{ss}", "file", there ? bytes : "none"));
	request_end(request, CTL_OK, NULL);
}

static struct {
	unsigned looked;
	bool no_room;
	char what[64];
} told;

static int on_look(void *owner, const struct peer *peer, const struct verb *verb, const json_t *args)
{
	cr_expect_eq(owner, &t);
	told.looked++;
	snprintf(told.what, sizeof(told.what), "%s %s", verb->name, json_string_value(json_object_get(args, "word")));
	return told.no_room ? -ENOSPC : 0;
}

static const struct control_hooks hooks = { .looks = on_look };

static const struct arg echo_args[] = { { "word", ARG_TEXT, false, 100 }, { .name = NULL } };
static const struct verb verbs[] = {
	{ "echo", MAY_ANYBODY, echo_args, verb_echo },
	{ "hold", MAY_ANYBODY, NULL, verb_hold },
	{ "pour", MAY_ANYBODY, NULL, verb_pour },
	{ "flood", MAY_ANYBODY, NULL, verb_flood },
	{ "look", MAY_ANYBODY | LOOK, echo_args, verb_echo },
	{ "file", MAY_ANYBODY, NULL, verb_file },
};

static void begin_with(const struct control_limits *with)
{
	strcpy(t.dir, "/tmp/esafe-test-XXXXXX");
	cr_assert(mkdtemp(t.dir));
	sprintf(t.path, "%s/control", t.dir);
	cr_assert_eq(loop_new(&t.loop), 0);
	cr_assert_eq(control_start(t.loop, t.path, verbs, sizeof(verbs) / sizeof(*verbs), with, &hooks, &t, &t.control), 0);
}

static void begin(void)
{
	begin_with(&limits);
}

static void end(void)
{
	control_stop(t.control);
	loop_free(t.loop);
	cr_expect(access(t.path, F_OK) < 0);
	rmdir(t.dir);
}

TestSuite(control, .init = begin, .fini = end);

static int client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, t.path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void stop(void *ctx)
{
	loop_stop(t.loop, 0);
}

static void turn(void)
{
	struct loop_source *timer = loop_timer(t.loop, 2, 0, stop, NULL);

	loop_run(t.loop);
	loop_remove(timer);
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until `want` stands in what came, or the other side closed. */
static bool hear(int fd, const char *want, char *out, size_t size)
{
	size_t len = 0;

	for (int i = 0; i < 500; i++) {
		ssize_t got = recv(fd, out + len, size - 1 - len, 0);

		if (got == 0)
			return false;
		if (got > 0) {
			len += got;
			out[len] = '\0';
			if (strstr(out, want))
				return true;
		}
		turn();
	}
	return false;
}

static bool hung_up(int fd)
{
	char junk[65536];

	for (int i = 0; i < 500; i++) {
		ssize_t got = recv(fd, junk, sizeof(junk), 0);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return true;
		if (got < 0)
			turn();
	}
	return false;
}

#define ASK(verb) "{\"esafe\":1,\"verb\":\"" verb "\"}\n"

Test(control, answers)
{
	char out[4096];
	int fd = client();

	say(fd, "{\"esafe\":1,\"verb\":\"echo\",\"args\":{\"word\":\"\\u00e9\\u001b\"}}\n");
	cr_assert(hear(fd, "{\"end\":{\"code\":\"ok\"}}\n", out, sizeof(out)));
	cr_expect(strstr(out, "{\"row\":{\"word\":\"\\u00E9\\u001B\"}}\n"), "%s", out);
	say(fd, ASK("echo") ASK("echo"));
	cr_expect(hear(fd, "ok\"}}\n{\"row\":{\"word\":\"none\"}}\n{\"end\":{\"code\":\"ok\"}}\n", out, sizeof(out)), "%s",
		  out);
	close(fd);
}

Test(control, a_line_may_come_in_pieces)
{
	char out[4096];
	int fd = client();
	const char *line = ASK("echo");

	for (size_t i = 0; line[i]; i++) {
		cr_assert_eq(send(fd, line + i, 1, 0), 1);
		turn();
	}
	cr_expect(hear(fd, "\"ok\"", out, sizeof(out)));
	close(fd);
}

Test(control, half_closed_is_answered)
{
	char out[4096];
	int fd = client();

	say(fd, ASK("echo"));
	shutdown(fd, SHUT_WR);
	cr_expect(hear(fd, "\"ok\"", out, sizeof(out)));
	cr_expect(hung_up(fd));
	close(fd);
}

Test(control, nonsense_is_answered_and_life_goes_on)
{
	char out[4096];
	int fd = client();

	say(fd, "nonsense\n");
	cr_expect(hear(fd, "\"usage\"", out, sizeof(out)));
	say(fd, ASK("ecoh"));
	cr_expect(hear(fd, "did you mean echo", out, sizeof(out)));
	say(fd, ASK("echo"));
	cr_expect(hear(fd, "\"ok\"", out, sizeof(out)));
	close(fd);
}

Test(control, an_endless_line_is_cut)
{
	char junk[8192], out[4096];
	int fd = client();

	memset(junk, 'a', sizeof(junk));
	cr_assert_eq(send(fd, junk, sizeof(junk), 0), sizeof(junk));
	cr_expect(hear(fd, "more than 4096 bytes", out, sizeof(out)));
	cr_expect(hung_up(fd));
	close(fd);
}

Test(control, who_hangs_up_is_noticed)
{
	int fd = client();

	say(fd, ASK("hold"));
	for (int i = 0; i < 500 && !t.held; i++)
		turn();
	cr_assert(t.held);
	close(fd);
	for (int i = 0; i < 500 && !t.gone; i++)
		turn();
	cr_expect_eq(t.gone, 1);
}

Test(control, who_does_not_read_is_not_poured_at)
{
	char out[4096];
	int fd = client(), other = client();
	unsigned before;

	say(fd, ASK("pour"));
	for (int i = 0; i < 50; i++)
		turn();
	before = t.mores;
	cr_expect_gt(before, 0);
	for (int i = 0; i < 20; i++)
		turn();
	cr_expect_eq(t.mores, before, "rows are made for nobody");
	say(other, ASK("echo"));
	cr_expect(hear(other, "\"ok\"", out, sizeof(out)), "others wait");
	recv(fd, out, sizeof(out), 0);
	close(fd);
	close(other);
}

Test(control, what_nobody_reads_is_bounded)
{
	int fd = client();

	say(fd, ASK("flood"));
	cr_expect(hung_up(fd));
	cr_expect_eq(t.gone, 1);
	close(fd);
}

Test(control, so_many_clients_and_no_more)
{
	int fd[6];
	struct control_stats stats;

	for (int i = 0; i < 6; i++)
		fd[i] = client();
	for (int i = 0; i < 50; i++)
		turn();
	control_stats(t.control, &stats);
	cr_expect_eq(stats.clients, 4);
	cr_expect_eq(stats.refused, 2);
	cr_expect(hung_up(fd[5]));
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

Test(control, the_socket_is_not_for_everybody)
{
	struct stat st;

	cr_assert_eq(stat(t.path, &st), 0);
	cr_expect_eq(st.st_mode & 0007, 0);
}

Test(patience, idle_clients_are_sent_away, .fini = end)
{
	struct control_limits impatient = limits;
	int fd;

	impatient.idle_ms = 1;
	begin_with(&impatient);
	fd = client();
	cr_expect(hung_up(fd));
	close(fd);
}

Test(patience, so_are_those_that_are_stuck, .fini = end)
{
	struct control_limits impatient = limits;
	struct control_stats stats = { .clients = 1 };
	int fd;

	impatient.stuck_ms = 1;
	begin_with(&impatient);
	fd = client();
	say(fd, ASK("pour"));
	for (int i = 0; i < 1000 && !t.gone; i++)
		turn();
	cr_expect_eq(t.gone, 1);
	control_stats(t.control, &stats);
	cr_expect_eq(stats.clients, 0);
	close(fd);
}

Test(control, who_looks_is_told_before_the_answer)
{
	char out[4096];
	int fd = client();

	say(fd, "{\"esafe\":1,\"verb\":\"look\",\"args\":{\"word\":\"x\"}}\n");
	cr_expect(hear(fd, "\"ok\"", out, sizeof(out)));
	cr_expect_eq(told.looked, 1);
	cr_expect_str_eq(told.what, "look x");
	say(fd, ASK("echo"));
	cr_expect(hear(fd, "\"ok\"", out, sizeof(out)));
	cr_expect_eq(told.looked, 1, "only where it is said");
	told.no_room = true;
	say(fd, ASK("look"));
	cr_expect(hear(fd, "\"failed\"", out, sizeof(out)) && !strstr(out, "row"), "%s", out);
	close(fd);
}

/* ---- files that come with a request ---- */

static void say_with_files(int fd, const char *text, size_t files)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec part = { (void *)text, strlen(text) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(files * sizeof(int))
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(files * sizeof(int));
	for (size_t i = 0; i < files; i++) {
		FILE *file = tmpfile();
		int copy = dup(fileno(file));

		fprintf(file, "file %zu", i);
		fclose(file);
		lseek(copy, 0, SEEK_SET);
		memcpy(CMSG_DATA(header) + i * sizeof(int), &copy, sizeof(copy));
	}
	cr_assert_eq(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)strlen(text));
	for (size_t i = 0; i < files; i++) {
		int copy;

		memcpy(&copy, CMSG_DATA(header) + i * sizeof(int), sizeof(copy));
		close(copy);
	}
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(control, a_file_comes_along)
{
	char out[65536];
	int fd = client(), before;

	say(fd, ASK("file"));
	cr_expect(hear(fd, "end", out, sizeof(out)) && strstr(out, "none"));
	before = open_files();
	say_with_files(fd, ASK("file"), 1);
	cr_expect(hear(fd, "end", out, sizeof(out)) && strstr(out, "file 0"), "%s", out);
	say(fd, ASK("file"));
	cr_expect(hear(fd, "end", out, sizeof(out)) && strstr(out, "none"), "one request has it, not the next");
	cr_expect_eq(open_files(), before);
	close(fd);
}

/* Verbs that want none, lines that are refused, two files at once, a half line: nothing stays open. */
Test(control, files_that_nobody_wants)
{
	char out[65536];
	int fd = client(), other = client(), before;

	say(fd, ASK("echo"));
	cr_assert(hear(fd, "end", out, sizeof(out)));
	before = open_files();
	say_with_files(fd, ASK("echo"), 1);
	cr_expect(hear(fd, "end", out, sizeof(out)));
	say_with_files(fd, "nonsense\n", 1);
	cr_expect(hear(fd, "usage", out, sizeof(out)));
	say_with_files(fd, ASK("file"), 2);
	cr_expect(hear(fd, "end", out, sizeof(out)));
	cr_expect_eq(open_files(), before);
	say_with_files(other, "{", 1);
	say_with_files(other, "\"", 1);
	for (int i = 0; i < 20; i++)
		turn();
	close(other);
	for (int i = 0; i < 500 && open_files() > before - 2; i++)
		turn();
	cr_expect_eq(open_files(), before - 2, "its end, ours, and what it had sent");
	close(fd);
}
