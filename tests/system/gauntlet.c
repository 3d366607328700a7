// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways of hiding a name from a filter, tried one by one against servers behind it:
 *
 *   gauntlet serve FILE ADDRESS...                          the recording servers; what they get is written to FILE
 *   gauntlet run [-n] [-j MANY] [-o ONLY] [-t MS] [-f FLOOD] FILE INTERFACE ROUTER_MAC NAME INNOCENT
 *                SOURCE4 SERVER4 SOURCE6 SERVER6
 *   gauntlet list
 *
 * Every strategy is run over IPv4 and IPv6, with NAME and with INNOCENT (of the same length). With a filter: NAME must
 * never be answered, INNOCENT always, but for strategies that no ordinary client uses (odd). Without one (-n): NAME
 * must be answered too, or else the strategy proves nothing; those that the server itself does not take are marked
 * (inert), and must not be answered. The client's TCP is the test's own, its address unknown to the kernel, which
 * would reset what it did not open. The server's TCP is the kernel's: it decides what came through.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <fcntl.h>
#include "gauntlet_server.h"
#include "gauntlet_table.h"

#define WORKERS_MAX 32

struct job {
	const char *file, *interface, *router, *name, *innocent, *source[2], *server[2], *only;
	int unfiltered, workers, patience;
	long flood;
	struct slot *slots;
	struct outcome { uint8_t ran, open[2], answered[2], reset[2]; } *outcome; /* per strategy and family; [0]: NAME */
};

static const char *const inherit[] = { "IPv4", "IPv6" };

static unsigned server_port(enum service service)
{
	static const unsigned port[] = { [RECORDED] = 8443, [NGINX_TLS] = 443, [NGINX_HTTP] = 80, [NAMESERVER] = 53,
					 [NAMESERVER_TCP] = 53, [QUIC_SERVER] = 443, [QUIC_OTHER] = 8443 };

	return port[service];
}

static int applies(const struct job *job, const struct strategy *s, int v6)
{
	char full[100];

	snprintf(full, sizeof(full), "%s/%s", s->family, s->name);
	if (!job->only && s->flags & ALONE)
		return 0;
	if (job->only && strcmp(full, job->only) && strcmp(s->family, job->only))
		return 0;
	return !(s->flags & (v6 ? ONLY_V4 : ONLY_V6));
}

static int is_datagram(const struct run *r)
{
	return r->s->service == NAMESERVER || r->s->service == QUIC_SERVER || r->s->service == QUIC_OTHER;
}

/* Waits until the outcome is known, or nothing has come for a while. */
static int finished(struct run *r, int quiet)
{
	double end = now_ms() + quiet * r->patience;

	for (;;) {
		if (answered(r) || r->t.reset)
			return 1;
		if (now_ms() > end)
			return 0;
		if (tcp_wait(&r->t, now_ms() + 1))
			end = now_ms() + quiet * r->patience;
	}
}

static void play(struct run *r)
{
	if (r->s->play)
		r->s->play(r);
	else
		play_whole(r);
}

/* As any TCP does, what the server has not acknowledged is sent again: in the same shape, then `plainly`. */
static void run_stream(struct run *r, int plainly)
{
	tcp_start(&r->t);
	if (!(r->s->flags & OPENS) && tcp_open(&r->t, 10 * r->patience))
		return;
	play(r);
	if (finished(r, 5))
		return;
	if (!(r->s->flags & OPENS) && r->s->play != play_retried) {
		play(r);
		if (finished(r, 5))
			return;
	}
	for (int i = 0; i < 2 && plainly; i++) {
		if (r->t.open)
			put(r, r->t.una - r->t.first, r->len);
		if (finished(r, 6))
			return;
	}
}

static void run_datagrams(struct run *r)
{
	for (int i = 0; i < 2; i++) {
		play(r);
		if (finished(r, 5))
			return;
	}
}

static void run_one(const struct job *job, const struct strategy *s, unsigned number, int v6, int innocent,
		    struct outcome *out)
{
	static struct run r;

	memset(&r, 0, sizeof(r));
	r.s = s;
	r.slots = job->slots;
	r.patience = job->patience;
	r.flood = job->flood;
	r.name = innocent ? job->innocent : job->name;
	r.innocent = innocent ? "other.example.com" : job->innocent;
	r.port = PORT_FIRST + (((number * 2 + v6) * 2 + innocent) * 2 + job->unfiltered) * PORTS_EACH;
	srand(r.port);
	if (wire_open(&r.t.w, job->interface, job->router, job->source[v6], job->server[v6])) {
		perror(job->interface);
		exit(1);
	}
	r.t.stamps = !strcmp(s->name, "old-timestamp");
	r.t.sport = r.port;
	r.t.dport = server_port(s->service);
	slot_of(r.slots, r.port)->len = slot_of(r.slots, r.port + 1)->len = 0;
	(s->make ? s->make : make_hello)(&r);
	if (is_datagram(&r))
		run_datagrams(&r);
	else
		run_stream(&r, !job->unfiltered);
	out->answered[innocent] = answered(&r);
	out->reset[innocent] = r.t.reset;
	out->open[innocent] = r.t.open || is_datagram(&r);
	out->ran = 1;
	tcp_abort(&r.t);
	close(r.t.w.fd);
}

/* What is wrong with an outcome, or NULL. */
static const char *fault(const struct job *job, const struct strategy *s, const struct outcome *o)
{
	if (!o->ran)
		return "did not run";
	if (job->unfiltered) {
		if (s->flags & INERT)
			return o->answered[0] || o->answered[1] ? "the server takes it, although it is marked inert" : NULL;
		return o->answered[0] && (o->answered[1] || s->flags & ALONE) ? NULL : "the server does not take it";
	}
	if (s->flags & GETS_PAST)
		return o->answered[0] ? NULL : "refused, although it is marked to get past";
	if (o->answered[0])
		return "GOT PAST";
	if (s->flags & (INERT | ODD))
		return NULL;
	return o->answered[1] ? NULL : "the allowed name was not answered";
}

static void run_strategy(const struct job *job, unsigned number, int v6, struct outcome *out)
{
	const struct strategy *s = &strategies[number];

	for (int innocent = 0; innocent < (s->flags & ALONE ? 1 : 2); innocent++)
		run_one(job, s, number, v6, innocent, out);
}

static int work(const struct job *job, int worker)
{
	struct job slowly = *job;

	slowly.patience *= 5;
	for (size_t i = worker; i < STRATEGIES * 2; i += job->workers) {
		const struct strategy *s = &strategies[i / 2];

		if (!applies(job, s, i & 1))
			continue;
		run_strategy(job, i / 2, i & 1, &job->outcome[i]);
		/* whether a server takes it at all is worth waiting for: some machines are slow */
		if (job->unfiltered && !(s->flags & INERT) && fault(job, s, &job->outcome[i]))
			run_strategy(&slowly, i / 2, i & 1, &job->outcome[i]);
	}
	return 0;
}

static const char *said(const struct outcome *o, int innocent)
{
	return o->answered[innocent] ? "answered" : o->reset[innocent] ? "reset" : o->open[innocent] ? "silence" :
												       "no connection";
}

static int tell(const struct job *job)
{
	unsigned bad = 0, ran = 0, used = 0, families = 0, inert = 0;
	const char *family = "";

	for (size_t i = 0; i < STRATEGIES * 2; i++) {
		const struct strategy *s = &strategies[i / 2];
		const struct outcome *o = &job->outcome[i];
		const char *why;

		if (!applies(job, s, i & 1))
			continue;
		why = fault(job, s, o);
		printf("%s %s/%s %s: blocked %s, allowed %s%s%s%s\n", why ? "BAD " : "ok  ", s->family, s->name,
		       inherit[i & 1], said(o, 0), said(o, 1), s->flags & INERT ? ", inert" : s->flags & ODD ? ", odd" : "",
		       why ? ": " : "", why ? why : "");
		bad += !!why;
		ran++;
		if (i & 1 || s->flags & ONLY_V4) {
			used++;
			inert += !!(s->flags & INERT);
			families += !!strcmp(family, s->family);
			family = s->family;
		}
	}
	printf("%u strategies in %u families, %u of them inert; %u runs, %u bad\n", used, families, inert, ran, bad);
	return bad ? 1 : 0;
}

static int run_all(struct job *job)
{
	size_t size = STRATEGIES * 2 * sizeof(*job->outcome);
	int fd = open(job->file, O_RDWR);

	if (fd < 0)
		return perror(job->file), 1;
	job->slots = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	job->outcome = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->slots == MAP_FAILED || job->outcome == MAP_FAILED)
		return perror("mmap"), 1;
	fflush(stdout);
	for (int i = 0; i < job->workers; i++)
		if (!fork())
			_exit(work(job, i));
	while (wait(NULL) > 0)
		;
	return tell(job);
}

static int list(void)
{
	for (size_t i = 0; i < STRATEGIES; i++)
		printf("%s/%s\n", strategies[i].family, strategies[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .workers = 12, .patience = 10, .flood = 100000 };

	_Static_assert(STRATEGIES * 8 * PORTS_EACH <= SLOTS, "each run has ports of its own");
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc > 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv + 3);
	if (argc < 2 || strcmp(argv[1], "run"))
		return 2;
	argc--;
	argv++;
	for (int c; (c = getopt(argc, argv, "nj:o:t:f:")) != -1;) {
		if (c == 'n')
			job.unfiltered = 1;
		else if (c == 'j')
			job.workers = atoi(optarg);
		else if (c == 'o')
			job.only = optarg;
		else if (c == 'f')
			job.flood = atol(optarg);
		else if (c == 't')
			job.patience = atoi(optarg);
		else
			return 2;
	}
	argv += optind;
	if (argc - optind != 9 || job.workers < 1 || job.workers > WORKERS_MAX)
		return 2;
	job.file = argv[0], job.interface = argv[1], job.router = argv[2], job.name = argv[3], job.innocent = argv[4];
	job.source[0] = argv[5], job.server[0] = argv[6], job.source[1] = argv[7], job.server[1] = argv[8];
	return run_all(&job);
}
