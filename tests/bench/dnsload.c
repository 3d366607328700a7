// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks a DNS server as fast as it answers, a bounded number of questions:
 *
 *   dnsload [-n QUESTIONS] [-w UNDER_WAY] [-b PERCENT_LISTED] [-N NAMES] [-d SECONDS_AT_MOST] [-u] ADDRESS
 *
 * So many of a hundred questions are for names of the first NAMES of genname.h, which must be answered by NXDOMAIN; all
 * others, and with -u (unfiltered) these too, by NOERROR. Prints one JSON object.
 */
#include <poll.h>
#include "../system/dnsmsg.h"
#include "genname.h"
#include "load.h"
#include "numbers.h"

#define SOCKETS 8 /* so that a server with threads can use them */
#define BATCH 32
#define LOST_MS 1000
#define UNDER_WAY_MAX 4096
#define SAMPLES 65536

struct waiting {
	double since; /* microseconds; 0: not under way */
	int listed;
};

struct socket_state {
	int fd;
	uint16_t next;
	unsigned under_way;
	double last_us; /* when something came */
	struct waiting waiting[65536];
};

static struct socket_state sockets[SOCKETS];
static unsigned long asked, answered, nxdomain, wrong, lost;
static unsigned long questions = 100000;
static unsigned under_way = 256, percent = 100, names = 1000000, unfiltered;
static double limit_s = 60, sample[SAMPLES];

static size_t question(struct socket_state *s, uint8_t *msg)
{
	struct waiting *w = &s->waiting[s->next];
	char name[GENNAME_MAX];

	w->listed = rnd() % 100 < percent;
	if (w->listed)
		genname(rnd() % names, name);
	else
		genname_unlisted(rnd() % 1000000, name);
	w->since = load_us();
	return dns_question(msg, s->next++, name, 1);
}

static void ask(struct socket_state *s)
{
	static uint8_t msg[BATCH][DNS_QUESTION_MAX];
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec part[BATCH];
	int n = 0, sent = 0;

	while (n < BATCH && s->under_way + n < under_way / SOCKETS && asked + n < questions) {
		part[n] = (struct iovec){ msg[n], question(s, msg[n]) };
		m[n].msg_hdr = (struct msghdr){ .msg_iov = &part[n], .msg_iovlen = 1 };
		n++;
	}
	while (sent < n) {
		int more = sendmmsg(s->fd, m + sent, n - sent, 0);

		LOAD_CHECK(more > 0 || errno == ECONNREFUSED);
		sent += more > 0 ? more : 0;
	}
	asked += n;
	s->under_way += n;
}

static void take(struct socket_state *s, const uint8_t *msg, size_t len, double now)
{
	struct waiting *w = &s->waiting[dns_id(msg)];
	int refused = dns_rcode(msg) == DNS_NXDOMAIN;

	if (len < DNS_HEADER || !dns_is_answer(msg) || !w->since)
		return;
	sample[answered++ % SAMPLES] = now - w->since;
	nxdomain += refused;
	wrong += refused ? !w->listed || unfiltered : dns_rcode(msg) != DNS_NOERROR || (w->listed && !unfiltered);
	w->since = 0;
	s->under_way--;
}

static void read_answers(struct socket_state *s)
{
	static uint8_t msg[BATCH][1500];
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec part[BATCH];
	double now;
	int n;

	for (int i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ msg[i], sizeof(msg[i]) };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &part[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(s->fd, m, BATCH, MSG_DONTWAIT, NULL);
	now = load_us();
	for (int i = 0; i < n; i++)
		take(s, msg[i], m[i].msg_len, now);
	if (n > 0)
		s->last_us = now;
}

/* What was not answered for a second will not be. */
static void give_up(struct socket_state *s, double now)
{
	if (!s->under_way || now - s->last_us < LOST_MS * 1e3)
		return;
	for (int id = 0; id < 65536; id++)
		s->waiting[id].since = 0;
	lost += s->under_way;
	s->under_way = 0;
	s->last_us = now;
}

static void run(void)
{
	struct pollfd p[SOCKETS];
	double start = load_us();

	for (int i = 0; i < SOCKETS; i++) {
		p[i] = (struct pollfd){ .fd = sockets[i].fd, .events = POLLIN };
		sockets[i].last_us = load_us();
		ask(&sockets[i]);
	}
	while (answered + lost < questions) {
		double now;

		poll(p, SOCKETS, 100);
		now = load_us();
		if (now - start > limit_s * 1e6)
			questions = asked; /* ask no more */
		for (int i = 0; i < SOCKETS; i++) {
			if (p[i].revents)
				read_answers(&sockets[i]);
			give_up(&sockets[i], now);
			ask(&sockets[i]);
		}
	}
}

static int options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "n:w:b:N:d:u")) != -1;) {
		if (c == 'n')
			questions = strtoul(optarg, NULL, 10);
		else if (c == 'w')
			under_way = atoi(optarg);
		else if (c == 'b')
			percent = atoi(optarg);
		else if (c == 'N')
			names = atoi(optarg);
		else if (c == 'd')
			limit_s = atof(optarg);
		else if (c == 'u')
			unfiltered = 1;
		else
			return -EINVAL;
	}
	if (argc - optind != 1 || !questions || !names || under_way < SOCKETS || under_way > UNDER_WAY_MAX)
		return -EINVAL;
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to;
	double took;

	if (options(argc, argv)) {
		fputs("usage: dnsload [-n QUESTIONS] [-w UNDER_WAY] [-b PERCENT_LISTED] [-N NAMES] [-d SECONDS_AT_MOST] [-u] "
		      "ADDRESS\n", stderr);
		return 2;
	}
	to = load_address(argv[optind], 53);
	for (int i = 0; i < SOCKETS; i++) {
		int room = 4 << 20;

		sockets[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
		LOAD_CHECK(sockets[i].fd >= 0 && !connect(sockets[i].fd, (void *)&to, sizeof(to)));
		setsockopt(sockets[i].fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	}
	took = load_us();
	run();
	took = load_us() - took;
	printf("{\"asked\": %lu, \"answered\": %lu, \"nxdomain\": %lu, \"wrong\": %lu, \"lost\": %lu, ", asked,
	       answered, nxdomain, wrong, lost);
	printf("\"seconds\": %.4f, \"per_second\": %.1f, \"median_us\": %.1f, \"own_us\": %.0f}\n", took / 1e6,
	       answered / (took / 1e6), median(sample, answered < SAMPLES ? answered : SAMPLES), load_own_us());
	return !answered;
}
