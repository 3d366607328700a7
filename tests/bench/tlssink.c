// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server that waits for a whole ClientHello on port 443, answers one byte and waits for the end: no cryptography, so
 * that what stands in between is what is seen.
 */
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include "load.h"

#define FILES 65536
#define EVENTS 256

static unsigned got[FILES], want[FILES];

static void end(int fd)
{
	got[fd] = want[fd] = 0;
	close(fd);
}

static void on_data(int fd)
{
	uint8_t room[4096];
	ssize_t n = recv(fd, room, sizeof(room), MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			end(fd);
		return;
	}
	if (!got[fd] && n >= 5)
		want[fd] = 5 + (room[3] << 8 | room[4]);
	got[fd] += n;
	if (!want[fd])
		end(fd); /* not what is sent here */
	else if (got[fd] == want[fd] && send(fd, "\x16", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		end(fd);
}

static void on_connection(int listener, int epoll)
{
	int one = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (fd >= FILES || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			close(fd);
	}
}

int main(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(443) };
	struct rlimit files = { FILES, FILES };
	int one = 1, epoll = epoll_create1(EPOLL_CLOEXEC), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct epoll_event event[EVENTS], mine = { .events = EPOLLIN, .data.fd = fd };

	setrlimit(RLIMIT_NOFILE, &files);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	LOAD_CHECK(!bind(fd, (void *)&any, sizeof(any)) && !listen(fd, 4096));
	LOAD_CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &mine));
	for (;;) {
		int n = epoll_wait(epoll, event, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (event[i].data.fd == fd)
				on_connection(fd, epoll);
			else
				on_data(event[i].data.fd);
		}
	}
}
