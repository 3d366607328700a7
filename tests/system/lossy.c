// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bad line between two interfaces: frames are lost, come late or twice, as the dice say:
 *
 *   lossy [-l LOSS] [-r LATE] [-d TWICE] [-s SEED] INTERFACE INTERFACE      in percent; until SIGTERM
 *
 * A late frame is overtaken by the next two of its direction, or waits for 4 ms. Says at the end what it did. The
 * interfaces must not be given merged or unfinished segments: switch their neighbours' offloads off.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "net.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif
#define FRAME_MAX 65536
#define LATE_MAX 64
#define LATE_MS 4

struct late {
	double until;
	int overtaken; /* frames that may still pass it */
	size_t len;    /* 0: free */
	uint8_t frame[2048];
};

struct direction {
	int from, to;
	struct late late[LATE_MAX];
};

static struct { unsigned long passed, lost, late, twice, too_long; } count;
static double loss, reorder, twice;
static volatile sig_atomic_t ended;

static void end(int sig) { ended = 1; }

static int dice(double percent)
{
	return random() / (RAND_MAX / 100.0) < percent;
}

static void put(struct direction *d, const uint8_t *frame, size_t len)
{
	if (send(d->to, frame, len, 0) < 0 && errno == EMSGSIZE)
		count.too_long++;
	count.passed++;
}

/* Lets go what has waited for long enough; `passing`: a frame goes by. */
static void release(struct direction *d, int passing)
{
	double now = now_ms();

	for (int i = 0; i < LATE_MAX; i++) {
		struct late *l = &d->late[i];

		if (!l->len || ((l->overtaken -= passing) > 0 && now < l->until))
			continue;
		put(d, l->frame, l->len);
		l->len = 0;
	}
}

static int hold(struct direction *d, const uint8_t *frame, size_t len)
{
	for (int i = 0; i < LATE_MAX; i++) {
		struct late *l = &d->late[i];

		if (l->len || len > sizeof(l->frame))
			continue;
		memcpy(l->frame, frame, len);
		l->len = len;
		l->until = now_ms() + LATE_MS;
		l->overtaken = 2;
		count.late++;
		return 1;
	}
	return 0;
}

static void pass(struct direction *d)
{
	static uint8_t frame[FRAME_MAX];
	ssize_t len;

	while ((len = recv(d->from, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		if (dice(loss)) {
			count.lost++;
			continue;
		}
		if (dice(reorder) && hold(d, frame, len))
			continue;
		put(d, frame, len);
		if (dice(twice)) {
			put(d, frame, len);
			count.twice++;
		}
		release(d, 1);
	}
}

static int open_interface(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	int one = 1, size = 1 << 22, fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	at.sll_ifindex = all.mr_ifindex = if_nametoindex(name);
	if (fd < 0 || !at.sll_ifindex || bind(fd, (void *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void run(struct direction *d)
{
	struct pollfd p[2] = { { .fd = d[0].from, .events = POLLIN }, { .fd = d[1].from, .events = POLLIN } };

	puts("ready");
	fflush(stdout);
	while (!ended) {
		poll(p, 2, LATE_MS);
		for (int i = 0; i < 2; i++) {
			pass(&d[i]);
			release(&d[i], 0);
		}
	}
	printf("passed %lu lost %lu late %lu twice %lu too-long %lu\n", count.passed, count.lost, count.late, count.twice,
	       count.too_long);
}

int main(int argc, char **argv)
{
	static struct direction d[2];
	int fd[2];

	for (int c; (c = getopt(argc, argv, "l:r:d:s:")) != -1;) {
		if (c == 'l')
			loss = atof(optarg);
		else if (c == 'r')
			reorder = atof(optarg);
		else if (c == 'd')
			twice = atof(optarg);
		else if (c == 's')
			srandom(atoi(optarg));
		else
			return 2;
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: lossy [-l LOSS] [-r LATE] [-d TWICE] [-s SEED] INTERFACE INTERFACE\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		fd[i] = open_interface(argv[optind + i]);
		if (fd[i] < 0) {
			fprintf(stderr, "lossy: %s: %s\n", argv[optind + i], strerror(-fd[i]));
			return 1;
		}
	}
	d[0].from = d[1].to = fd[0];
	d[1].from = d[0].to = fd[1];
	signal(SIGTERM, end);
	run(d);
	return 0;
}
