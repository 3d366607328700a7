/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's one event loop: descriptors, timers, signals, and worker threads whose end is told in the loop. */
#ifndef ESAFE_LOOP_H
#define ESAFE_LOOP_H

#include <stdint.h>

struct loop;
struct loop_source; /* one watched thing; freed by loop_remove() or with the loop */

int loop_new(struct loop **loop);
void loop_free(struct loop *loop); /* waits for the workers */

/* Runs until loop_stop(); returns its code, or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

/* Calls fn(ctx, events) when one of the EPOLL* events is there. The descriptor stays the caller's. */
struct loop_source *loop_fd(struct loop *loop, int fd, uint32_t events, void (*fn)(void *ctx, uint32_t events),
			    void *ctx);
int loop_fd_events(struct loop_source *source, uint32_t events);

/* Calls fn(ctx) after first_ms and then every every_ms (0: once; the source stays until removed). CLOCK_MONOTONIC. */
struct loop_source *loop_timer(struct loop *loop, uint64_t first_ms, uint64_t every_ms, void (*fn)(void *ctx),
			       void *ctx);
int loop_timer_again(struct loop_source *source, uint64_t first_ms, uint64_t every_ms); /* first_ms 0: never */

/* Calls fn(ctx) whenever somebody sets the realtime clock. */
struct loop_source *loop_clock_set(struct loop *loop, void (*fn)(void *ctx), void *ctx);

/* Calls fn(ctx, signo) in the loop; the signal is blocked otherwise. Call before any thread is started. */
struct loop_source *loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx);

/* Runs work(ctx) in a thread of its own, then done(ctx, result of work) in the loop. 0 or -errno (nothing is run). */
int loop_worker(struct loop *loop, int (*work)(void *ctx), void (*done)(void *ctx, int result), void *ctx);

/* Until every worker has ended and its done() has run: before the things that they use are taken away. */
void loop_wait_workers(struct loop *loop);

/* Safe from within callbacks, also of the source itself; NULL is fine. */
void loop_remove(struct loop_source *source);

#endif
