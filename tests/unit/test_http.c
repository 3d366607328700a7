/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

#define BIG 8000000 /* more than fits into the buffers of two sockets */

static struct loop *loop;
static struct http *http;
static char answer[1 << 16];
static size_t answer_len;

static int metrics_page(void *ctx, FILE *out)
{
	fputs("esafe_faults_total 0\n", out);
	return 200;
}

static int sick_page(void *ctx, FILE *out)
{
	fputs("the database cannot be written\n", out);
	return 503;
}

static int failing_page(void *ctx, FILE *out)
{
	return -ENOMEM;
}

static int big_page(void *ctx, FILE *out)
{
	for (int i = 0; i < BIG; i++)
		fputc('x', out);
	return 200;
}

static const struct http_page pages[] = {
	{ "/metrics", HTTP_TYPE_METRICS, metrics_page, NULL },
	{ "/healthz", HTTP_TYPE_TEXT, sick_page, NULL },
	{ "/fails", HTTP_TYPE_TEXT, failing_page, NULL },
	{ "/big", HTTP_TYPE_TEXT, big_page, NULL },
};

static void start(void)
{
	cr_assert_eq(loop_new(&loop), 0);
	cr_assert_eq(http_start(loop, "127.0.0.1:0", pages, sizeof(pages) / sizeof(pages[0]), &http), 0);
}

static void stop(void)
{
	http_stop(http);
	loop_free(loop);
}

TestSuite(http, .init = start, .fini = stop, .timeout = 30);

static int client(const char *request)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(http)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

static void on_answer(void *ctx, uint32_t events)
{
	int fd = *(int *)ctx;
	ssize_t got = recv(fd, answer + answer_len, sizeof(answer) - 1 - answer_len, MSG_DONTWAIT);

	if (got > 0)
		answer_len += (size_t)got;
	answer[answer_len] = '\0';
	if (got == 0 || (got < 0 && errno != EAGAIN))
		loop_stop(loop, 0);
}

/* The whole answer; the loop of the server runs meanwhile. */
static const char *ask(const char *request)
{
	int fd = client(request);
	struct loop_source *source = loop_fd(loop, fd, EPOLLIN, on_answer, &fd);

	answer_len = 0;
	answer[0] = '\0';
	cr_assert(source);
	cr_assert_eq(loop_run(loop), 0);
	loop_remove(source);
	close(fd);
	return answer;
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static const struct {
	const char *request, *status, *holds, *lacks;
} cases[] = {
	{ "GET /metrics" END "\r\n", "HTTP/1.1 200", "\r\n\r\nesafe_faults_total 0\n", NULL },
	{ "GET /metrics" END "\r\n", "HTTP/1.1 200", "version=0.0.4", NULL },
	{ "GET /metrics?x=y" END "\r\n", "HTTP/1.1 200", "esafe_faults_total", NULL },
	{ "HEAD /metrics" END "\r\n", "HTTP/1.1 200", "Content-Length: 21", "esafe_faults_total" },
	{ "GET /healthz" END "\r\n", "HTTP/1.1 503", "cannot be written", NULL },
	{ "GET /fails" END "\r\n", "HTTP/1.1 500", "could not be made", NULL },
	{ "GET /" END "\r\n", "HTTP/1.1 404", "no such page", NULL },
	{ "GET /metrics/../etc/passwd" END "\r\n", "HTTP/1.1 404", "no such page", NULL },
	{ "POST /metrics" END "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 405", "Allow: GET, HEAD", "esafe_faults_total" },
	{ "DELETE /metrics" END "\r\n", "HTTP/1.1 405", "Allow: GET, HEAD", NULL },
	{ "GET /metrics" END "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200", "esafe_faults_total 0\n", NULL },
};

Test(http, requests)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = ask(cases[i].request);

		cr_expect_eq(strncmp(got, cases[i].status, strlen(cases[i].status)), 0, "%s: %s", cases[i].request, got);
		cr_expect(strstr(got, cases[i].holds), "%s: %s", cases[i].request, got);
		cr_expect(!cases[i].lacks || !strstr(got, cases[i].lacks), "%s: %s", cases[i].request, got);
	}
}

Test(http, nonsense)
{
	const char *got = ask("\x16\x03\x01 not http at all\r\n\r\n");

	cr_expect(!*got || !strncmp(got, "HTTP/1.1 4", 10), "%s", got);
	cr_expect(strstr(ask("GET /metrics" END "\r\n"), "esafe_faults_total"));
}

Test(http, a_slow_reader_holds_nobody_up)
{
	int slow[4];

	for (int i = 0; i < 4; i++) /* two that never read, two that never finish to ask */
		slow[i] = client(i < 2 ? "GET /big" END "\r\n" : "GET /met");
	for (int i = 0; i < 20; i++)
		cr_expect(strstr(ask("GET /metrics" END "\r\n"), "esafe_faults_total"));
	for (int i = 0; i < 4; i++)
		close(slow[i]);
	cr_expect(strstr(ask("GET /metrics" END "\r\n"), "esafe_faults_total"));
}

static void on_closed(void *ctx, uint32_t events)
{
	char c;

	if (recv(*(int *)ctx, &c, 1, MSG_DONTWAIT) <= 0)
		loop_stop(loop, 7);
}

Test(http, who_says_nothing_is_shown_out)
{
	int fd = client("GET /met");
	struct loop_source *source = loop_fd(loop, fd, EPOLLIN | EPOLLHUP, on_closed, &fd);

	cr_assert(source);
	cr_expect_eq(loop_run(loop), 7);
	loop_remove(source);
	close(fd);
}

Test(http, more_connections_than_there_is_room_for)
{
	int fds[45]; /* no more than may wait to be accepted */

	for (int i = 0; i < 15; i++)
		fds[i] = client("GET /met");
	cr_expect(strstr(ask("GET /metrics" END "\r\n"), "esafe_faults_total"));
	for (int i = 15; i < 45; i++)
		fds[i] = client("");
	ask("GET /metrics" END "\r\n"); /* refused, but it comes to an end */
	for (int i = 0; i < 45; i++)
		close(fds[i]);
	for (int i = 0; i < 100 && !strstr(ask("GET /metrics" END "\r\n"), "esafe_faults_total"); i++)
		;
	cr_expect(strstr(answer, "esafe_faults_total"));
}

Test(http, addresses)
{
	static const char *const wrong[] = { "", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000",
					     "localhost:9464", "[::1:9464", "127.0.0.1:94 64" };
	struct http *other;
	char same[64];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(http_start(loop, wrong[i], pages, 1, &other), -EINVAL, "%s", wrong[i]);
	snprintf(same, sizeof(same), "127.0.0.1:%u", http_port(http));
	cr_expect_eq(http_start(loop, same, pages, 1, &other), -EADDRINUSE);
}
