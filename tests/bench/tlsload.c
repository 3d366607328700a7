// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opens connections to port 443, each with a ClientHello of a browser's size in two segments, and waits for one byte:
 *
 *   tlsload [-n CONNECTIONS] [-w AT_ONCE] [-d SECONDS_AT_MOST] ADDRESS [NAME]
 *
 * Prints one JSON object; the latency is from connect() to the byte.
 */
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include "../system/clienthello.h"
#include "load.h"
#include "numbers.h"

#define HELLO_SIZE 1900
#define CUT 1400            /* the name stands behind it */
#define EXTENSIONS_AT 90    /* of hello_make() */
#define AT_ONCE_MAX 1024
#define SAMPLES 262144
#define LOST_US 5e6

struct connection {
	int fd;
	double since;
};

static struct connection connection[AT_ONCE_MAX];
static struct sockaddr_in to;
static struct hello hello;
static unsigned long connections = 2000, opened, served, failed;
static unsigned at_once = 32;
static double limit_s = 60, sample[SAMPLES];
static int epoll;

/* As large as browsers' are: RFC 7685 padding at the end. */
static void make_hello(const char *name)
{
	static const uint8_t zeros[HELLO_SIZE];

	hello_make(&hello, name, 1);
	if (hello.len + 4 < HELLO_SIZE) {
		size_t pad = HELLO_SIZE - hello.len - 4;

		hello_put16(&hello, 21);
		hello_put16(&hello, pad);
		hello_put(&hello, zeros, pad);
	}
	hello_set16(&hello, EXTENSIONS_AT, hello.len - EXTENSIONS_AT - 2);
	hello_set16(&hello, 3, hello.len - 5);
	hello_set16(&hello, 7, hello.len - 9);
	LOAD_CHECK(hello.name_at > CUT);
}

static void open_one(unsigned i)
{
	struct linger abort_on_close = { 1, 0 }; /* leaves no port behind */
	struct epoll_event event = { .events = EPOLLOUT, .data.u32 = i };
	struct connection *c = &connection[i];
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	LOAD_CHECK(c->fd >= 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof(abort_on_close));
	c->since = load_us();
	LOAD_CHECK(!connect(c->fd, (void *)&to, sizeof(to)) || errno == EINPROGRESS);
	LOAD_CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event));
	opened++;
}

static void end_one(unsigned i, int good)
{
	struct connection *c = &connection[i];

	if (good)
		sample[served % SAMPLES] = load_us() - c->since;
	served += good;
	failed += !good;
	close(c->fd);
	c->fd = -1;
	if (opened < connections)
		open_one(i);
}

static void on_event(unsigned i, unsigned events)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
	int fd = connection[i].fd;
	uint8_t byte;

	if (events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) {
		if (send(fd, hello.bytes, CUT, MSG_NOSIGNAL) != CUT ||
		    send(fd, hello.bytes + CUT, hello.len - CUT, MSG_NOSIGNAL) != (ssize_t)hello.len - CUT ||
		    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event))
			end_one(i, 0);
		return;
	}
	end_one(i, recv(fd, &byte, 1, MSG_DONTWAIT) == 1 && byte == 0x16);
}

static void run(void)
{
	double start = load_us();

	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < at_once; i++)
		connection[i].fd = -1;
	for (unsigned i = 0; i < at_once && opened < connections; i++)
		open_one(i);
	while (served + failed < connections) {
		struct epoll_event event[64];
		int n = epoll_wait(epoll, event, 64, 100);

		for (int i = 0; i < n; i++)
			on_event(event[i].data.u32, event[i].events);
		if (load_us() - start > limit_s * 1e6)
			connections = opened; /* begin no more */
		for (unsigned i = 0; !n && i < at_once; i++)
			if (connection[i].fd >= 0 && load_us() - connection[i].since > LOST_US)
				end_one(i, 0);
	}
}

static int options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "n:w:d:")) != -1;) {
		if (c == 'n')
			connections = strtoul(optarg, NULL, 10);
		else if (c == 'w')
			at_once = atoi(optarg);
		else if (c == 'd')
			limit_s = atof(optarg);
		else
			return -EINVAL;
	}
	return argc == optind || argc - optind > 2 || !connections || !at_once || at_once > AT_ONCE_MAX ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	double took;

	if (options(argc, argv)) {
		fputs("usage: tlsload [-n CONNECTIONS] [-w AT_ONCE] [-d SECONDS_AT_MOST] ADDRESS [NAME]\n", stderr);
		return 2;
	}
	to = load_address(argv[optind], 443);
	make_hello(argc - optind == 2 ? argv[optind + 1] : "www.somewhere.example");
	took = load_us();
	run();
	took = load_us() - took;
	printf("{\"opened\": %lu, \"served\": %lu, \"failed\": %lu, \"hello\": %zu, ", opened, served, failed, hello.len);
	printf("\"seconds\": %.4f, \"per_second\": %.1f, \"median_us\": %.1f, \"own_us\": %.0f}\n", took / 1e6,
	       served / (took / 1e6), median(sample, served < SAMPLES ? served : SAMPLES), load_own_us());
	return 0;
}
