/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "register_requests.h"
#include "scratch_register.h"

TestSuite(requests, .init = open_register, .fini = close_register);

static int ask(const char *name, bool block, const char *who, __s64 at, __u32 *id)
{
	struct reg_request request = { .name = name, .block = block, .first = at, .device = who };

	return register_request_add(reg, &request, who, strlen(who), at - 600, 3, id);
}

static int answer(__u32 id, enum reg_request_state state, const char *who, const char *note, __s64 at)
{
	struct reg_answer answer = { .state = state, .who = who, .note = note, .at = at, .until = at + 100 };

	return register_request_answer(reg, id, &answer);
}

struct seen {
	unsigned n;
	__u32 id;
	__u64 asked;
	enum reg_request_state state;
	char words[64];
};

static int see(void *ctx, const struct reg_request *request)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->id = request->id;
	seen->asked = request->asked;
	seen->state = request->state;
	snprintf(seen->words, sizeof(seen->words), "%s", request->words);
	return 0;
}

static struct seen waiting(const char *name)
{
	struct seen seen = { 0 };

	cr_assert_eq(register_requests(reg, false, name, 0, see, &seen), 0);
	return seen;
}

Test(requests, the_like_are_folded)
{
	struct reg_request said = { .name = "a.example", .first = 1002, .words = "please", .device = "three" };
	__u32 first, second, other, block;

	cr_expect_eq(ask("a.example", false, "one", 1000, &first), 0);
	cr_expect_eq(ask("a.example", false, "one", 1001, &second), 0);
	cr_expect_eq(second, first);
	cr_expect_eq(waiting("a.example").asked, 1, "the same one twice counts once");
	cr_expect_eq(ask("a.example", false, "two", 1001, &second), 0);
	cr_expect_eq(second, first);
	cr_expect_eq(ask("b.example", false, "one", 1001, &other), 0);
	cr_expect_eq(ask("a.example", true, "one", 1001, &block), 0);
	cr_expect_neq(other, first);
	cr_expect_neq(block, first, "to be blocked is another wish");
	cr_expect_eq(register_request_add(reg, &said, "three", 5, 400, 3, &second), 0);
	cr_expect_eq(waiting(NULL).n, 3);
	cr_expect_eq(waiting("b.example").asked, 1);
	cr_expect_eq(answer(block, REQUEST_KEPT, "head", "", 1100), 0);
	cr_expect_eq(waiting("a.example").asked, 3);
	cr_expect_str_eq(waiting("a.example").words, "please", "the first who said something is quoted");
}

Test(requests, one_asks_for_so_much)
{
	__u32 id;

	cr_expect_eq(ask("a.example", false, "one", 1000, &id), 0);
	cr_expect_eq(ask("b.example", false, "one", 1000, &id), 0);
	cr_expect_eq(ask("c.example", false, "one", 1000, &id), 0);
	cr_expect_eq(ask("d.example", false, "one", 1000, &id), -EBUSY);
	cr_expect_eq(waiting("d.example").n, 0);
	cr_expect_eq(ask("c.example", false, "one", 1000, &id), 0, "the same again is nothing new");
	cr_expect_eq(ask("d.example", false, "two", 1000, &id), 0, "another one may");
	cr_expect_eq(ask("d.example", false, "one", 1601, &id), 0, "and later this one, too");
}

Test(requests, answered_once)
{
	struct seen seen = { 0 };
	__u32 id, again;

	cr_expect_eq(ask("a.example", false, "one", 1000, &id), 0);
	cr_expect_eq(answer(id + 7, REQUEST_KEPT, "head", "", 1001), -ENOENT);
	cr_expect_eq(answer(id, REQUEST_OPENED, "head", "yes", 1060), 0);
	cr_expect_eq(answer(id, REQUEST_KEPT, "head", "", 1061), -EALREADY);
	cr_expect_eq(waiting(NULL).n, 0);
	cr_expect_eq(register_request_of(reg, "a.example", "one", 3, see, &seen), 0);
	cr_expect_eq(seen.state, REQUEST_OPENED);
	cr_expect_eq(register_request_of(reg, "a.example", "two", 3, see, &seen), 0);
	cr_expect_eq(seen.n, 1, "who did not ask is told nothing");
	cr_expect_eq(ask("a.example", false, "one", 2000, &again), 0);
	cr_expect_neq(again, id, "asked again after the answer");
}

struct asked_by {
	unsigned n;
	char last[16];
};

static int see_asker(void *ctx, const void *key, size_t len)
{
	struct asked_by *by = ctx;

	by->n++;
	snprintf(by->last, sizeof(by->last), "%.*s", (int)len, (const char *)key);
	return 0;
}

static int see_proposal(void *ctx, const struct reg_request *request)
{
	snprintf(ctx, 64, "%s: %s", request->proposed_by, request->proposed_for);
	return 1;
}

Test(requests, proposed_and_decided)
{
	struct asked_by by = { 0 };
	char proposal[64] = "";
	__u32 id;

	cr_expect_eq(ask("a.example", false, "one", 1000, &id), 0);
	cr_expect_eq(ask("a.example", false, "two", 1001, &id), 0);
	cr_expect_eq(register_request_askers(reg, id, see_asker, &by), 0);
	cr_expect_eq(by.n, 2);
	cr_expect_str_eq(by.last, "two");
	cr_expect_eq(register_request_get(reg, id + 7, see_proposal, proposal), 0, "there is none");
	cr_expect_eq(register_request_propose(reg, id + 7, "admin", "group pupils"), -ENOENT);
	cr_expect_eq(register_request_propose(reg, id, "admin", "group pupils"), 0);
	cr_expect_eq(register_request_get(reg, id, see_proposal, proposal), 1);
	cr_expect_str_eq(proposal, "admin: group pupils");
	cr_expect_eq(waiting("a.example").n, 1, "a proposal is no answer");
	cr_expect_eq(answer(id, REQUEST_OPENED, "head", "", 1060), 0);
	cr_expect_eq(register_request_propose(reg, id, "admin", "group staff"), -EALREADY);
}

Test(requests, time_to_answer)
{
	static const struct { __s64 took; double median; } rows[] = { { 100, 100 }, { 300, 200 }, { 50, 100 } };
	struct reg_request_stats stats;
	char name[16], who[16];
	__u32 id;

	cr_expect_eq(register_request_stats(reg, 0, &stats), 0);
	cr_expect_eq(stats.median, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(name, sizeof(name), "n%zu.example", i);
		snprintf(who, sizeof(who), "who%zu", i);
		cr_expect_eq(ask(name, false, who, 1000, &id), 0);
		cr_expect_eq(answer(id, REQUEST_KEPT, "head", "", 1000 + rows[i].took), 0);
		cr_expect_eq(register_request_stats(reg, 0, &stats), 0);
		cr_expect_float_eq(stats.median, rows[i].median, 1e-9, "after %zu", i + 1);
	}
	cr_expect_eq(stats.answered, 3);
	cr_expect_float_eq(stats.sum, 450, 1e-9);
	cr_expect_eq(ask("w.example", false, "who", 1000, &id), 0);
	cr_expect_eq(register_request_stats(reg, 1200, &stats), 0);
	cr_expect_eq(stats.waiting, 1);
	cr_expect_float_eq(stats.median, 300, 1e-9, "only those answered since then");
}
