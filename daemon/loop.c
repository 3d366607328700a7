/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"

#define BATCH 64

struct loop_source {
	struct loop *loop;
	struct loop_source *next, **link;
	int fd;
	bool own_fd; /* closed with the source */
	bool dead;   /* removed while events of the batch may still name it */
	void (*ready)(struct loop_source *source, uint32_t events);
	union {
		void (*on_fd)(void *ctx, uint32_t events);
		void (*on_time)(void *ctx);
		void (*on_signal)(void *ctx, int signo);
	};
	void *ctx;
};

struct worker {
	struct worker *next;
	struct loop *loop;
	pthread_t thread;
	int (*work)(void *ctx);
	void (*done)(void *ctx, int result);
	void *ctx;
	int result;
};

struct loop {
	int epoll_fd;
	int wake_fd;
	bool stopped;
	int code;
	struct loop_source *sources;
	struct loop_source *dead;
	unsigned working; /* threads whose end was not told yet; touched by the loop only */
	pthread_mutex_t lock;
	struct worker *finished; /* under lock */
};

/* ---- sources ---- */

/* A descriptor of the loop's own is closed if that fails. */
static struct loop_source *source_add(struct loop *loop, struct loop_source with, uint32_t events)
{
	struct loop_source *source = malloc(sizeof(*source));
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (!source || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, with.fd, &event) < 0) {
		if (with.own_fd)
			close(with.fd);
		free(source);
		return NULL;
	}
	*source = with;
	source->loop = loop;
	source->next = loop->sources;
	source->link = &loop->sources;
	if (source->next)
		source->next->link = &source->next;
	loop->sources = source;
	return source;
}

void loop_remove(struct loop_source *source)
{
	if (!source || source->dead)
		return;
	epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	if (source->own_fd)
		close(source->fd);
	*source->link = source->next;
	if (source->next)
		source->next->link = source->link;
	source->dead = true;
	source->next = source->loop->dead;
	source->loop->dead = source;
}

static void bury_dead(struct loop *loop)
{
	while (loop->dead) {
		struct loop_source *source = loop->dead;

		loop->dead = source->next;
		free(source);
	}
}

static void fd_ready(struct loop_source *source, uint32_t events)
{
	source->on_fd(source->ctx, events);
}

struct loop_source *loop_fd(struct loop *loop, int fd, uint32_t events, void (*fn)(void *ctx, uint32_t events),
			    void *ctx)
{
	struct loop_source source = { .fd = fd, .ready = fd_ready, .on_fd = fn, .ctx = ctx };

	return source_add(loop, source, events);
}

int loop_fd_events(struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno : 0;
}

/* ---- timers ---- */

static void timer_ready(struct loop_source *source, uint32_t events)
{
	uint64_t times;

	/* ECANCELED is how a timer with TFD_TIMER_CANCEL_ON_SET tells that the clock was set: that is a call, too. */
	if (read(source->fd, &times, sizeof(times)) < 0 && errno != ECANCELED)
		return;
	source->on_time(source->ctx);
}

static struct loop_source *timer_add(struct loop *loop, int clock, void (*fn)(void *ctx), void *ctx)
{
	struct loop_source source = { .own_fd = true, .ready = timer_ready, .on_time = fn, .ctx = ctx };

	source.fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
	return source.fd < 0 ? NULL : source_add(loop, source, EPOLLIN);
}

static struct timespec from_ms(uint64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

int loop_timer_again(struct loop_source *source, uint64_t first_ms, uint64_t every_ms)
{
	struct itimerspec when = { .it_value = from_ms(first_ms), .it_interval = from_ms(every_ms) };

	return timerfd_settime(source->fd, 0, &when, NULL) < 0 ? -errno : 0;
}

struct loop_source *loop_timer(struct loop *loop, uint64_t first_ms, uint64_t every_ms, void (*fn)(void *ctx),
			       void *ctx)
{
	struct loop_source *source = timer_add(loop, CLOCK_MONOTONIC, fn, ctx);

	if (source && loop_timer_again(source, first_ms, every_ms)) {
		loop_remove(source);
		return NULL;
	}
	return source;
}

struct loop_source *loop_clock_set(struct loop *loop, void (*fn)(void *ctx), void *ctx)
{
	/* The time itself never comes; only its cancelling matters, and that leaves the timer armed. */
	struct itimerspec never = { .it_value.tv_sec = (time_t)1 << 40 };
	struct loop_source *source = timer_add(loop, CLOCK_REALTIME, fn, ctx);

	if (source && timerfd_settime(source->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0) {
		loop_remove(source);
		return NULL;
	}
	return source;
}

/* ---- signals ---- */

static void signal_ready(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		source->on_signal(source->ctx, info.ssi_signo);
}

struct loop_source *loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx)
{
	struct loop_source source = { .own_fd = true, .ready = signal_ready, .on_signal = fn, .ctx = ctx };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return NULL;
	source.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return source.fd < 0 ? NULL : source_add(loop, source, EPOLLIN);
}

/* ---- workers ---- */

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct loop *loop = worker->loop;
	uint64_t one = 1;

	worker->result = worker->work(worker->ctx);
	pthread_mutex_lock(&loop->lock);
	worker->next = loop->finished;
	loop->finished = worker;
	pthread_mutex_unlock(&loop->lock);
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		log_error("a finished worker could not wake the loop");
	return NULL;
}

int loop_worker(struct loop *loop, int (*work)(void *ctx), void (*done)(void *ctx, int result), void *ctx)
{
	struct worker *worker = malloc(sizeof(*worker));
	sigset_t all, old;
	int err;

	if (!worker)
		return -ENOMEM;
	*worker = (struct worker){ .loop = loop, .work = work, .done = done, .ctx = ctx };
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		free(worker);
		return -err;
	}
	loop->working++;
	return 0;
}

static struct worker *pop_finished(struct loop *loop)
{
	struct worker *worker;

	pthread_mutex_lock(&loop->lock);
	worker = loop->finished;
	if (worker)
		loop->finished = worker->next;
	pthread_mutex_unlock(&loop->lock);
	return worker;
}

static void take_finished(void *ctx, uint32_t events)
{
	struct loop *loop = ctx;
	struct worker *worker;
	uint64_t count;

	/* The descriptor is a counter: it is emptied first, so that no end comes between the last look and the read. */
	while (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	while ((worker = pop_finished(loop))) {
		pthread_join(worker->thread, NULL);
		loop->working--;
		worker->done(worker->ctx, worker->result);
		free(worker);
	}
}

void loop_wait_workers(struct loop *loop)
{
	struct pollfd wake = { .fd = loop->wake_fd, .events = POLLIN };

	while (loop->working)
		if (poll(&wake, 1, -1) > 0)
			take_finished(loop, EPOLLIN);
}

/* ---- the loop ---- */

int loop_new(struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return -ENOMEM;
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->wake_fd < 0 || loop->epoll_fd < 0 || !loop_fd(loop, loop->wake_fd, EPOLLIN, take_finished, loop)) {
		err = -errno;
		loop_free(loop);
		return err;
	}
	*out = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_wait_workers(loop); /* their contexts are freed by done() */
	while (loop->sources)
		loop_remove(loop->sources);
	bury_dead(loop);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[BATCH];

	loop->stopped = false;
	while (!loop->stopped) {
		int n = epoll_wait(loop->epoll_fd, events, BATCH, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			struct loop_source *source = events[i].data.ptr;

			if (!source->dead)
				source->ready(source, events[i].events);
		}
		bury_dead(loop);
	}
	return loop->code;
}

void loop_stop(struct loop *loop, int code)
{
	loop->stopped = true;
	loop->code = code;
}
