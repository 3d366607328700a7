/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop.h"

struct seen {
	struct loop *loop;
	struct loop_source *source, *other;
	int calls, result, signo;
};

static struct seen begin(void)
{
	struct seen seen = { 0 };

	cr_assert_eq(loop_new(&seen.loop), 0);
	return seen;
}

static void stop_at_third(void *ctx)
{
	struct seen *seen = ctx;

	if (++seen->calls == 3)
		loop_stop(seen->loop, 42);
}

Test(loop, a_timer_comes_again)
{
	struct seen seen = begin();

	cr_assert(loop_timer(seen.loop, 1, 1, stop_at_third, &seen));
	cr_expect_eq(loop_run(seen.loop), 42);
	cr_expect_eq(seen.calls, 3);
	loop_free(seen.loop);
}

static void remove_itself(void *ctx)
{
	struct seen *seen = ctx;

	seen->calls++;
	loop_remove(seen->source);
	loop_remove(seen->source);
}

static void stop(void *ctx)
{
	struct seen *seen = ctx;

	loop_stop(seen->loop, 0);
}

Test(loop, a_source_may_remove_itself)
{
	struct seen seen = begin();

	seen.source = loop_timer(seen.loop, 1, 1, remove_itself, &seen);
	loop_timer(seen.loop, 20, 0, stop, &seen);
	cr_expect_eq(loop_run(seen.loop), 0);
	cr_expect_eq(seen.calls, 1);
	loop_free(seen.loop);
}

static void remove_other(void *ctx, uint32_t events)
{
	struct seen *seen = ctx;

	seen->calls++;
	loop_remove(seen->other);
	seen->other = NULL;
	loop_remove(seen->source);
	seen->source = NULL;
	loop_stop(seen->loop, 0);
}

Test(loop, a_source_removed_in_the_same_turn_is_not_called)
{
	struct seen seen = begin();
	int a[2], b[2];

	cr_assert(!pipe(a) && !pipe(b));
	cr_assert(write(a[1], "x", 1) == 1 && write(b[1], "x", 1) == 1);
	seen.source = loop_fd(seen.loop, a[0], EPOLLIN, remove_other, &seen);
	seen.other = loop_fd(seen.loop, b[0], EPOLLIN, remove_other, &seen);
	loop_run(seen.loop);
	cr_expect_eq(seen.calls, 1);
	loop_free(seen.loop);
}

static void on_signal(void *ctx, int signo)
{
	struct seen *seen = ctx;

	seen->signo = signo;
	loop_stop(seen->loop, 0);
}

Test(loop, signals_come_in_the_loop)
{
	struct seen seen = begin();

	cr_assert(loop_signal(seen.loop, SIGHUP, on_signal, &seen));
	raise(SIGHUP);
	loop_run(seen.loop);
	cr_expect_eq(seen.signo, SIGHUP);
	loop_free(seen.loop);
}

static int work(void *ctx)
{
	struct seen *seen = ctx;

	__atomic_add_fetch(&seen->calls, 1, __ATOMIC_SEQ_CST);
	return 17;
}

static void work_done(void *ctx, int result)
{
	struct seen *seen = ctx;

	seen->result += result;
	if (seen->result == 17 * 20)
		loop_stop(seen->loop, 0);
}

Test(loop, workers_end_in_the_loop)
{
	struct seen seen = begin();

	for (int i = 0; i < 20; i++)
		cr_assert_eq(loop_worker(seen.loop, work, work_done, &seen), 0);
	loop_run(seen.loop);
	cr_expect_eq(seen.calls, 20);
	loop_free(seen.loop);
}

Test(loop, freeing_waits_for_workers)
{
	struct seen seen = begin();

	for (int i = 0; i < 5; i++)
		cr_assert_eq(loop_worker(seen.loop, work, work_done, &seen), 0);
	loop_free(seen.loop);
	cr_expect_eq(seen.calls, 5);
	cr_expect_eq(seen.result, 17 * 5);
}
