/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the compiler makes is asked through a small decision of the test's own, which reads the structure as the
 * kernel programs do, but shares no code with them.
 */
#ifndef ESAFE_TEST_COMPILED_H
#define ESAFE_TEST_COMPILED_H

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "compile.h"
#include "names.h"
#include "policy_text.h"
#include "esafe/catmap.h"

#define K1 0x9e3779b97f4a7c15ULL
#define K2 0xc2b2ae3d27d4eb4fULL
#define SECOND 1000000000ULL
#define TAI 37

struct made {
	struct policy *policy;
	struct esafe_policy *p;
	struct idtable groups, categories;
};

static inline __s64 utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute
	};

	return timegm(&tm);
}

static inline __u32 ifindex(const char *name)
{
	return strcmp(name, "eth1") ? 0 : 7;
}

static inline struct compile_env env_of(struct made *m)
{
	return (struct compile_env){
		.hash_k1 = K1, .hash_k2 = K2, .zone = "Europe/London", .tai_offset_ns = TAI * SECOND, .version = 3,
		.now_realtime_ns = utc(2026, 1, 5, 0, 0) * SECOND, /* a Monday */
		.groups = &m->groups, .categories = &m->categories, .ifindex = ifindex,
	};
}

static inline void compile(struct made *m)
{
	struct problems problems = { 0 };
	struct compile_env env = env_of(m);

	m->p = calloc(1, sizeof(*m->p));
	cr_assert_eq(policy_compile(m->policy, &env, m->p, &problems), 0, "%d: %s",
		     problems.n ? problems.item[0].line : 0, problems.n ? problems.item[0].text : "");
}

static inline struct made make(const char *text)
{
	struct made m = { .policy = read_text(text) };

	compile(&m);
	return m;
}

static inline void unmake(struct made *m)
{
	policy_free(m->policy);
	free(m->p);
	idtable_free(&m->groups);
	idtable_free(&m->categories);
}

static inline void refuses(const char *text, int line, const char *says)
{
	struct made m = { .policy = read_text(text) };
	struct esafe_policy *out = calloc(1, sizeof(*out));
	struct compile_env env = env_of(&m);
	struct problems problems = { 0 };

	cr_expect_eq(policy_compile(m.policy, &env, out, &problems), -EINVAL, "%s", says);
	cr_assert_gt(problems.n, 0, "%s", says);
	cr_expect_eq(problems.item[0].line, line, "%d: %s", problems.item[0].line, problems.item[0].text);
	cr_expect(strstr(problems.item[0].text, says), "%s", problems.item[0].text);
	cr_expect_eq(out->abi, 0, "touched on failure");
	problems_free(&problems);
	m.p = out;
	unmake(&m);
}

/* ---- the test's own decision ---- */
static inline unsigned find_site(const struct esafe_policy *p, const __u8 *wire, size_t len)
{
	const struct catmap_bucket *buckets = (const struct catmap_bucket *)p->site_slots;
	struct catmap_place place = catmap_place(name_hash(wire, len, K1, K2), p->site_salt, ESAFE_SITE_BUCKETS);
	__u64 slot = catmap_find(&buckets[place.first], place.tag);

	if (!slot && buckets[place.first].slot[7] & CATMAP_OVERFLOW)
		slot = catmap_find(&buckets[place.second], place.tag);
	return slot & CATMAP_ID_MASK;
}

static inline const struct esafe_site *site_of(const struct made *m, const char *host)
{
	__u8 wire[ESAFE_NAME_MAX];
	int len = name_from_text(host, strlen(host), wire);

	return &m->p->sites[find_site(m->p, wire, len)];
}

static inline const struct esafe_transition *slot_at(const struct esafe_policy *p, __s64 at)
{
	__u64 ns = (at + TAI) * SECOND;
	__u32 i = p->transitions_count - 1;

	while (p->transitions[i].at_ns > ns)
		i--;
	return &p->transitions[i];
}

static inline bool has(const __u64 *words, int bit)
{
	return words[bit / 64] >> bit % 64 & 1;
}

/* category: NULL for a name in none. Result such as "block time". */
static inline const char *judge(const struct made *m, const char *group, const char *host, const char *category,
				__s64 at)
{
	static const char *const verdicts[] = { "allow", "block" };
	static const char *const reasons[] = {
		[ESAFE_R_HELP] = "help", [ESAFE_R_UPDATE] = "update", [ESAFE_R_SITE] = "site", [ESAFE_R_TIME] = "time",
		[ESAFE_R_SUPERVISED] = "supervised", [ESAFE_R_CATEGORY] = "category", [ESAFE_R_DEFAULT] = "default",
	};
	static char text[64];
	const struct esafe_transition *slot = slot_at(m->p, at);
	int g = idtable_get(&m->groups, group), c = category ? idtable_get(&m->categories, category) : -1;
	const struct esafe_profile *profile = &m->p->profiles[slot->profile[g]];
	__u8 wire[ESAFE_NAME_MAX], verdict = profile->default_verdict, reason = profile->default_reason;
	int len = name_from_text(host, strlen(host), wire);
	bool found = false;

	cr_assert(g >= 0 && m->p->groups[g].valid && len > 0 && (!category || c >= 0));
	if (c >= 0 && (has(profile->block, c) || has(profile->supervised, c))) {
		verdict = ESAFE_BLOCK;
		reason = !has(profile->block, c)  ? ESAFE_R_SUPERVISED
			 : has(profile->timed, c) ? ESAFE_R_TIME
						  : ESAFE_R_CATEGORY;
	}
	for (int from = 0; wire[from] && !found; from += 1 + wire[from]) {
		const struct esafe_site *site = &m->p->sites[find_site(m->p, wire + from, len - from)];

		for (int i = 0; i < site->clauses && !found; i++) {
			const struct esafe_clause *clause = &m->p->clauses[site->clause + i];

			found = clause->groups >> g & 1 && slot->windows >> clause->window & 1;
			verdict = found ? clause->verdict : verdict;
			reason = found ? clause->reason : reason;
		}
	}
	for (int from = 0; wire[from]; from += 1 + wire[from]) {
		const struct esafe_site *site = &m->p->sites[find_site(m->p, wire + from, len - from)];

		verdict = site->protect ? ESAFE_ALLOW : verdict;
		reason = site->protect ? site->protect : reason;
	}
	snprintf(text, sizeof(text), "%s %s", verdicts[verdict], reasons[reason]);
	return text;
}

/* A Monday in winter */
#define AT(hour, minute) utc(2026, 1, 5, hour, minute)

#endif
