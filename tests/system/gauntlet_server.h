/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recording servers: what their kernel gives them is written down by the client's port, nothing is answered. */
#ifndef GAUNTLET_SERVER_H
#define GAUNTLET_SERVER_H

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include "gauntlet.h"

#define SOCKETS_MAX 65536

static struct socket_kind {
	enum { CONNECTION, LISTENER, DATAGRAMS } kind;
	unsigned port; /* the client's */
} sockets[SOCKETS_MAX];

static unsigned port_of(const struct sockaddr_storage *from)
{
	return ntohs(from->ss_family == AF_INET ? ((const struct sockaddr_in *)from)->sin_port :
						  ((const struct sockaddr_in6 *)from)->sin6_port);
}

static void record(struct slot *slots, unsigned port, const uint8_t *bytes, size_t n)
{
	struct slot *slot = slot_of(slots, port);

	if (port < PORT_FIRST || port >= PORT_FIRST + SLOTS || slot->len + n > sizeof(slot->bytes))
		return;
	memcpy(slot->bytes + slot->len, bytes, n);
	slot->len += n;
}

static int watch(int epoll, int fd, int kind, unsigned port)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || fd >= SOCKETS_MAX)
		return -EMFILE;
	sockets[fd].kind = kind;
	sockets[fd].port = port;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int listen_at(int epoll, const char *address, const char *port, int type)
{
	int one = 1, many = 1024, fd;
	struct sockaddr_storage at;

	if (server_address(&at, address, port))
		return -EINVAL;
	fd = socket(at.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &(int){ 0 }, sizeof(int));
	else
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &many, sizeof(many));
	if (bind(fd, (void *)&at, at.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) ||
	    (type == SOCK_STREAM && listen(fd, 1024))) {
		fprintf(stderr, "gauntlet: %s port %s: %s\n", address, port, strerror(errno));
		return -errno;
	}
	return watch(epoll, fd, type == SOCK_DGRAM ? DATAGRAMS : LISTENER, 0);
}

static void take(int epoll, int fd, struct slot *slots)
{
	static uint8_t bytes[65536];
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	ssize_t n;
	int client;

	switch (sockets[fd].kind) {
	case LISTENER:
		client = accept4(fd, (void *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0)
			return;
		slot_of(slots, port_of(&from))->len = 0;
		if (watch(epoll, client, CONNECTION, port_of(&from)))
			close(client);
		return;
	case DATAGRAMS:
		n = recvfrom(fd, bytes, sizeof(bytes), 0, (void *)&from, &size);
		if (n > 0)
			record(slots, port_of(&from), bytes, n);
		return;
	default:
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n > 0)
			record(slots, sockets[fd].port, bytes, n);
		else if (!n || errno != EAGAIN)
			close(fd);
	}
}

static int serve(const char *file, char **addresses)
{
	static const struct { const char *port; int type; } services[] = {
		{ "8443", SOCK_STREAM }, { "53", SOCK_STREAM }, { "53", SOCK_DGRAM }, { "443", SOCK_DGRAM },
		{ "8443", SOCK_DGRAM },
	};
	int epoll = epoll_create1(0), fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct slot *slots;

	if (fd < 0 || ftruncate(fd, SLOTS * sizeof(struct slot)))
		return perror(file), 1;
	slots = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (slots == MAP_FAILED)
		return perror("mmap"), 1;
	for (; *addresses; addresses++)
		for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
			if (listen_at(epoll, *addresses, services[i].port, services[i].type))
				return 1;
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < n; i++)
			take(epoll, events[i].data.fd, slots);
	}
}

#endif
