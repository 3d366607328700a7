// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks without pause, a blocked and an allowed name in turn, and reports every wrong, late or missing answer:
 *
 *   steady [-r ROUNDS_A_SECOND] [-s SECONDS] DNS_SERVER WEB_SERVER BLOCKED ALLOWED
 *
 * In each round both names are asked of the DNS server; in every fifth round both are also tried as the name of a TLS
 * connection. Right is NXDOMAIN and a reset for the blocked one, an address and a ServerHello for the allowed one.
 * Without -s it goes on until SIGTERM. The last line is the total; the exit code is 1 if anything was not right.
 */
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "clienthello.h"
#include "dnsmsg.h"
#include "net.h"

#define LATE_MS 1000 /* when a client would ask again; less says more of a busy machine than of the filter */
#define LOST_MS 3000
#define TLS_EVERY 5
#define WRONG_SHOWN 20

struct tally {
	unsigned long asked, right, wrong, late, lost;
	double slowest_ms;
};

struct steady {
	struct sockaddr_storage dns, web;
	const char *name[2]; /* blocked, allowed */
	sigset_t open;       /* SIGTERM comes while nothing is under way, or the connection would seem to have failed */
	int udp;
	double asked_at[65536]; /* by id; 0: not waiting. Even ids ask the blocked name */
	struct tally dns_tally, tls_tally;
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	stop = 1;
}

static void wrong(struct tally *tally, const char *what, const char *name, const char *got)
{
	struct timespec t;

	if (tally->wrong++ >= WRONG_SHOWN)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	printf("%ld.%03ld wrong %s %s: %s\n", (long)t.tv_sec, t.tv_nsec / 1000000, what, name, got);
	fflush(stdout);
}

static void took(struct tally *tally, double ms)
{
	if (ms > LATE_MS)
		tally->late++;
	if (ms > tally->slowest_ms)
		tally->slowest_ms = ms;
}

static void ask(struct steady *s, uint16_t id)
{
	uint8_t msg[DNS_QUESTION_MAX];
	size_t len = dns_question(msg, id, s->name[id & 1], 1);

	if (s->asked_at[id])
		s->dns_tally.lost++;
	s->asked_at[id] = now_ms();
	s->dns_tally.asked++;
	if (send(s->udp, msg, len, 0) < 0)
		wrong(&s->dns_tally, "question", s->name[id & 1], strerror(errno));
}

static void read_answers(struct steady *s)
{
	uint8_t msg[4096];
	char text[80];
	ssize_t len;

	while ((len = recv(s->udp, msg, sizeof(msg), MSG_DONTWAIT)) >= DNS_HEADER) {
		uint16_t id = dns_id(msg);
		bool allowed = id & 1;

		if (!dns_is_answer(msg) || !s->asked_at[id])
			continue;
		took(&s->dns_tally, now_ms() - s->asked_at[id]);
		s->asked_at[id] = 0;
		if (allowed ? dns_rcode(msg) == DNS_NOERROR && dns_answers(msg) : dns_rcode(msg) == DNS_NXDOMAIN) {
			s->dns_tally.right++;
			continue;
		}
		snprintf(text, sizeof(text), "rcode %d, %d records", dns_rcode(msg), dns_answers(msg));
		wrong(&s->dns_tally, "answer for", s->name[allowed], text);
	}
}

/* How a connection ended: at which step, with which error or first byte. */
struct ending {
	const char *step;
	int error, first;
};

static struct ending tls_outcome(const struct steady *s, const struct hello *h)
{
	struct timeval limit = { LOST_MS / 1000, 0 };
	struct linger abort_on_close = { 1, 0 };
	struct ending end = { .step = "connect" };
	uint8_t first = 0;
	ssize_t n;
	int fd = socket(s->web.ss_family, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof(abort_on_close));
	n = connect(fd, (const void *)&s->web, sizeof(s->web));
	if (!n) {
		end.step = "send";
		n = send(fd, h->bytes, h->len, MSG_NOSIGNAL);
	}
	if (n > 0) {
		end.step = "receive";
		n = recv(fd, &first, 1, 0);
	}
	end.error = n < 0 ? errno : 0;
	end.first = first;
	close(fd);
	return end;
}

static void try_tls(struct steady *s, bool allowed)
{
	struct hello h;
	double start = now_ms();
	struct ending end;
	char text[120];

	hello_make(&h, s->name[allowed], s->tls_tally.asked / 2 % 2);
	s->tls_tally.asked++;
	end = tls_outcome(s, &h);
	took(&s->tls_tally, now_ms() - start);
	if (allowed ? end.first == 22 : end.error == ECONNRESET) {
		s->tls_tally.right++;
		return;
	}
	snprintf(text, sizeof(text), "%s: first byte %d, %s", end.step, end.first, strerror(end.error));
	wrong(&s->tls_tally, "connection to", s->name[allowed], text);
}

static void one_round(struct steady *s, unsigned long round)
{
	ask(s, round * 2);
	ask(s, round * 2 + 1);
	if (round % TLS_EVERY)
		return;
	try_tls(s, false);
	try_tls(s, true);
}

static void run(struct steady *s, double rate, double seconds)
{
	struct itimerspec tick = { { 0, 1e9 / rate }, { 0, 1 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	struct pollfd p[2] = { { .fd = timer, .events = POLLIN }, { .fd = s->udp, .events = POLLIN } };
	double end = seconds ? now_ms() + seconds * 1e3 : 1e300;
	unsigned long round = 0;
	uint64_t ticks;

	timerfd_settime(timer, 0, &tick, NULL);
	while (!stop && now_ms() < end) {
		if (ppoll(p, 2, NULL, &s->open) < 0)
			continue;
		if (p[1].revents)
			read_answers(s);
		if (p[0].revents && read(timer, &ticks, sizeof(ticks)) == sizeof(ticks))
			one_round(s, round++);
	}
	close(timer);
}

/* What is still under way gets its time. */
static void finish(struct steady *s)
{
	struct pollfd p = { .fd = s->udp, .events = POLLIN };
	double end = now_ms() + LOST_MS;
	unsigned long waiting;

	do {
		waiting = 0;
		read_answers(s);
		for (int i = 0; i < 65536; i++)
			waiting += s->asked_at[i] != 0;
	} while (waiting && now_ms() < end && (poll(&p, 1, 100), 1));
	s->dns_tally.lost += waiting;
}

static int report(const char *what, const struct tally *t)
{
	printf("%s: asked %lu right %lu wrong %lu lost %lu late %lu slowest %.1f ms\n", what, t->asked, t->right, t->wrong,
	       t->lost, t->late, t->slowest_ms);
	return t->wrong || t->lost || t->late || !t->right;
}

int main(int argc, char **argv)
{
	static struct steady s;
	struct sigaction action = { .sa_handler = on_signal };
	double rate = 100, seconds = 0;
	sigset_t term;

	for (int c; (c = getopt(argc, argv, "r:s:")) != -1;)
		*(c == 'r' ? &rate : &seconds) = atof(optarg);
	if (argc - optind != 4 || rate < 2 || server_address(&s.dns, argv[optind], "53") ||
	    server_address(&s.web, argv[optind + 1], "443")) {
		fprintf(stderr, "usage: steady [-r RATE] [-s SECONDS] DNS_SERVER WEB_SERVER BLOCKED ALLOWED\n");
		return 2;
	}
	s.name[0] = argv[optind + 2];
	s.name[1] = argv[optind + 3];
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &s.open);
	sigaction(SIGTERM, &action, NULL);
	s.udp = socket(s.dns.ss_family, SOCK_DGRAM, 0);
	if (connect(s.udp, (void *)&s.dns, sizeof(s.dns))) {
		perror("steady");
		return 1;
	}
	run(&s, rate, seconds);
	finish(&s);
	return report("dns", &s.dns_tally) | report("tls", &s.tls_tally);
}
