// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What programs without rights do to get out of step with a filter: the kernel's own TCP, with a hop limit that is
 * changed between two writes, urgent bytes, and pages that change after they were sent (so that what is repeated
 * differs). The words are those of byedpi and tpws.
 *
 *   desync [-n] [-w MS] NAME INNOCENT ADDRESS...    against port 443, each way with both names
 *
 * Says it as gauntlet does. With a filter NAME must not be served; without (-n) both must be, or the way proves
 * nothing.
 */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clienthello.h"
#include "outcome.h"

#define STEPS 4
#define ADDRESSES 2

enum how { NO_STEP, SENT, DIES, FAKE, URGENT, URGENT_DIES };
enum place { FIRST = 1, NAME = 10000, MID_NAME, LAST, ALL };

static const struct way {
	const char *name;
	int odd; /* the allowed name may be refused too */
	struct { enum how how; size_t to; } step[STEPS];
} ways[] = {
	{ "split", 0, { { SENT, FIRST }, { SENT, ALL } } },
	{ "split-in-name", 0, { { SENT, NAME }, { SENT, MID_NAME }, { SENT, ALL } } },
	{ "disorder", 1, { { DIES, FIRST }, { SENT, ALL } } },
	{ "disorder-in-name", 1, { { DIES, MID_NAME }, { SENT, ALL } } },
	{ "disorder-twice", 1, { { DIES, NAME }, { DIES, MID_NAME }, { SENT, ALL } } },
	{ "disorder-of-the-end", 1, { { SENT, MID_NAME }, { DIES, LAST }, { SENT, ALL } } },
	{ "fake", 1, { { FAKE, MID_NAME }, { SENT, ALL } } },
	{ "fake-all-but-one", 1, { { FAKE, LAST }, { SENT, ALL } } },
	{ "fake-behind-split", 1, { { SENT, FIRST }, { FAKE, LAST }, { SENT, ALL } } },
	{ "oob", 1, { { URGENT, MID_NAME }, { SENT, ALL } } },
	{ "oob-first", 1, { { URGENT, FIRST }, { SENT, ALL } } },
	{ "disoob", 1, { { URGENT_DIES, MID_NAME }, { SENT, ALL } } },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int family, wait_ms = 3000;

static size_t place(const struct hello *h, const char *name, size_t at)
{
	switch (at) {
	case NAME: return h->name_at;
	case MID_NAME: return h->name_at + strlen(name) / 2;
	case LAST: return h->len - 1;
	case ALL: return h->len;
	default: return at;
	}
}

static void limit_hops(int fd, int hops)
{
	int is4 = family == AF_INET;

	CHECK(!setsockopt(fd, is4 ? IPPROTO_IP : IPPROTO_IPV6, is4 ? IP_TTL : IPV6_UNICAST_HOPS, &hops, sizeof(hops)));
}

/* All that was written has left. */
static void wait_sent(int fd)
{
	int waiting;

	while (!ioctl(fd, SIOCOUTQNSD, &waiting) && waiting)
		sched_yield();
}

/* The pages that the kernel keeps to send again are the file's: once the false bytes are gone, the true go there. */
static void send_fake(int fd, const uint8_t *fake, const uint8_t *bytes, size_t len)
{
	int file = memfd_create("fake", MFD_CLOEXEC);
	off_t at = 0;
	uint8_t *page;

	CHECK(file >= 0 && !ftruncate(file, len));
	page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(page != MAP_FAILED);
	memcpy(page, fake, len);
	limit_hops(fd, 1);
	CHECK(sendfile(fd, file, &at, len) == (ssize_t)len);
	wait_sent(fd);
	memcpy(page, bytes, len);
	limit_hops(fd, 64);
}

static void send_urgent(int fd, const uint8_t *bytes, size_t len)
{
	uint8_t more[HELLO_MAX];

	memcpy(more, bytes, len);
	more[len] = 'a';
	send(fd, more, len + 1, MSG_OOB | MSG_NOSIGNAL);
}

static void send_step(int fd, enum how how, const uint8_t *fake, const uint8_t *bytes, size_t len)
{
	if (how == DIES || how == URGENT_DIES)
		limit_hops(fd, 1);
	if (how == FAKE)
		send_fake(fd, fake, bytes, len);
	else if (how == URGENT || how == URGENT_DIES)
		send_urgent(fd, bytes, len);
	else
		send(fd, bytes, len, MSG_NOSIGNAL);
	if (how == DIES || how == URGENT_DIES) {
		wait_sent(fd);
		limit_hops(fd, 64);
	}
}

static enum outcome run(const struct way *way, const char *name, const char *innocent, const char *address)
{
	static struct hello h, fake;
	struct sockaddr_storage to;
	int fd, on = 1;
	size_t at = 0;

	srand(1);
	hello_make(&h, name, 0);
	memcpy(&fake, &h, sizeof(fake));
	memcpy(fake.bytes + fake.name_at, innocent, strlen(innocent));
	CHECK(!server_address(&to, address, "443"));
	family = to.ss_family;
	fd = socket(family, SOCK_STREAM, 0);
	CHECK(fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)));
	CHECK(!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	for (const typeof(*way->step) *s = way->step; s < way->step + STEPS && s->how; s++) {
		size_t end = place(&h, name, s->to);

		send_step(fd, s->how, fake.bytes + at, h.bytes + at, end - at);
		at = end;
	}
	return wait_outcome(fd, wait_ms);
}

/* What is wrong, or NULL. */
static const char *fault(const struct way *way, int unfiltered, enum outcome blocked, enum outcome allowed)
{
	if (unfiltered)
		return blocked == SERVED && allowed == SERVED ? NULL : "the server does not take it";
	if (blocked == SERVED)
		return "GOT PAST";
	return way->odd || allowed == SERVED ? NULL : "the allowed name was not answered";
}

static int tell(int unfiltered, enum outcome (*got)[ADDRESSES][2], char **address, int addresses)
{
	unsigned bad = 0;

	for (size_t i = 0; i < WAYS; i++)
		for (int a = 0; a < addresses; a++) {
			const char *why = fault(&ways[i], unfiltered, got[i][a][0], got[i][a][1]);

			printf("%s kernel/%s to %s: blocked %s, allowed %s%s%s\n", why ? "BAD " : "ok  ", ways[i].name,
			       address[a], outcome_name[got[i][a][0]], outcome_name[got[i][a][1]], why ? ": " : "",
			       why ? why : "");
			bad += !!why;
		}
	printf("%zu strategies in the kernel's own TCP, %u bad\n", WAYS, bad);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	enum outcome(*got)[ADDRESSES][2] = mmap(NULL, sizeof(*got) * WAYS, PROT_READ | PROT_WRITE,
						MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int unfiltered = 0, addresses;

	CHECK(got != MAP_FAILED);
	for (int c; (c = getopt(argc, argv, "nw:")) != -1;)
		if (c == 'n')
			unfiltered = 1;
		else if (c == 'w')
			wait_ms = atoi(optarg);
		else
			return 2;
	argv += optind;
	addresses = argc - optind - 2;
	if (addresses < 1 || addresses > ADDRESSES || strlen(argv[0]) != strlen(argv[1]))
		return 2;
	for (size_t i = 0; i < WAYS; i++)
		for (int a = 0; a < addresses; a++)
			for (int innocent = 0; innocent < 2; innocent++) {
				got[i][a][innocent] = SILENT;
				if (!fork()) {
					got[i][a][innocent] = run(&ways[i], argv[innocent], argv[1], argv[2 + a]);
					_exit(0);
				}
			}
	while (wait(NULL) > 0)
		;
	return tell(unfiltered, got, argv + 2, addresses);
}
