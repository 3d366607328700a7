// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TLS client that sends one ClientHello in pieces and says how the connection ended:
 *
 *   hello [-bm] [-c CUT]... [-e STEP] [-r BYTES] [-n TIMES] [-w MS] ADDRESS PORT NAME
 *
 *   -b  as large as a browser's, the name in the second segment   -c  a segment ends before this byte
 *   -e  many connections, cut once before byte STEP, 2*STEP, ...  -r  TLS records of so many bytes
 *   -n  so many connections                                       -w  wait so long for an outcome (3000)
 *   -m  by way of Multipath TCP
 *
 * Prints one line: "served 12 reset 0 alert 0 closed 0 silent 0 slowest 0.41 ms", times from the last byte sent.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>
#include "clienthello.h"
#include "outcome.h"

#define CUTS_MAX 64

struct job {
	struct sockaddr_storage server;
	const char *name;
	size_t cut[CUTS_MAX];
	int cuts, browser_size, protocol, wait_ms, times;
	size_t step, record;
	unsigned count[OUTCOMES];
	double slowest_ms;
};

/* The handshake message of `whole` in records of at most `size` bytes (RFC 8446 section 5.1). */
static void split_records(struct hello *out, const struct hello *whole, size_t size)
{
	out->len = 0;
	for (size_t at = 5; at < whole->len; at += size) {
		size_t n = whole->len - at < size ? whole->len - at : size;

		hello_put(out, whole->bytes, 3);
		hello_put16(out, n);
		hello_put(out, whole->bytes + at, n);
	}
}

static enum outcome send_pieces(int fd, const struct job *job, const struct hello *h, double *sent_ms)
{
	size_t at = 0;

	for (int i = 0; i <= job->cuts; i++) {
		size_t end = i < job->cuts && job->cut[i] < h->len ? job->cut[i] : h->len;

		if (end <= at)
			continue;
		*sent_ms = now_ms();
		if (send(fd, h->bytes + at, end - at, MSG_NOSIGNAL) < 0)
			return errno == ECONNRESET || errno == EPIPE ? RESET : CLOSED;
		at = end;
	}
	return wait_outcome(fd, job->wait_ms);
}

static int open_connection(const struct job *job)
{
	struct linger abort_on_close = { 1, 0 };
	struct timeval limit = { job->wait_ms / 1000, job->wait_ms % 1000 * 1000 };
	int one = 1, fd = socket(job->server.ss_family, SOCK_STREAM, job->protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof(abort_on_close));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (const void *)&job->server, sizeof(job->server)))
		return fd;
	close(fd);
	return -1;
}

static int one_connection(struct job *job, const struct hello *h)
{
	double sent_ms = now_ms(), took;
	int fd = open_connection(job);
	enum outcome outcome;

	if (fd < 0) {
		perror("hello: no connection");
		return -1;
	}
	outcome = send_pieces(fd, job, h, &sent_ms);
	took = now_ms() - sent_ms;
	close(fd);
	job->count[outcome]++;
	if (outcome != SILENT && took > job->slowest_ms)
		job->slowest_ms = took;
	return 0;
}

static int run(struct job *job)
{
	struct hello whole, h;

	hello_make(&whole, job->name, job->browser_size);
	h = whole;
	if (job->record)
		split_records(&h, &whole, job->record);
	if (!job->step) {
		for (int i = 0; i < job->times; i++)
			if (one_connection(job, &h))
				return -1;
		return 0;
	}
	job->cuts = 1;
	for (size_t at = job->step; at < h.len; at += job->step) {
		job->cut[0] = at;
		if (one_connection(job, &h))
			return -1;
	}
	return 0;
}

static int options(struct job *job, int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "bmc:e:r:n:w:")) != -1;) {
		if (c == 'b')
			job->browser_size = 1;
		else if (c == 'm')
			job->protocol = IPPROTO_MPTCP;
		else if (c == 'c' && job->cuts < CUTS_MAX)
			job->cut[job->cuts++] = atoi(optarg);
		else if (c == 'e')
			job->step = atoi(optarg);
		else if (c == 'r')
			job->record = atoi(optarg);
		else if (c == 'n')
			job->times = atoi(optarg);
		else if (c == 'w')
			job->wait_ms = atoi(optarg);
		else
			return -EINVAL;
	}
	if (argc - optind != 3 || server_address(&job->server, argv[optind], argv[optind + 1]))
		return -EINVAL;
	job->name = argv[optind + 2];
	return strlen(job->name) > 255 ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	struct job job = { .wait_ms = 3000, .times = 1 };

	if (options(&job, argc, argv)) {
		fprintf(stderr, "usage: hello [-bm] [-c CUT]... [-e STEP] [-r BYTES] [-n TIMES] [-w MS] ADDRESS PORT NAME\n");
		return 2;
	}
	if (run(&job))
		return 1;
	for (int i = 0; i < OUTCOMES; i++)
		printf("%s %u ", outcome_name[i], job.count[i]);
	printf("slowest %.2f ms\n", job.slowest_ms);
	return 0;
}
