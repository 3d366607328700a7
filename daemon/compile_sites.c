/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every name that the policy mentions becomes one site with its clauses, found through a small table of catmap.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_part.h"
#include "names.h"
#include "esafe/catmap.h"

#define RUNS 32768 /* hash table of clause runs, power of two, four times ESAFE_CLAUSES */
#define SALTS 16
#define KICKS 500

struct mention {
	const struct domain *name;
	const struct rule *rule; /* NULL: protected or a service */
	__u8 group;              /* number */
	__u8 protect;
	__u8 service;
	__u8 canary;
	__u8 outer;
};

struct site_work {
	struct compiling *c;
	struct mention *mention;
	size_t mentions;
	unsigned sites, clauses;
	__u16 *runs;             /* first clause of a run by hash; 0: free */
	__u8 *run_len;
	const struct domain **name; /* by site */
};

struct clauses {
	struct esafe_clause item[ESAFE_CLAUSES_PER_SITE];
	unsigned n;
};

static size_t count_mentions(const struct policy *p)
{
	size_t n = p->helps + p->updates + p->outers;

	for (size_t i = 0; i < p->groups; i++)
		n += p->group[i].sites;
	for (size_t i = 0; i < p->services; i++)
		n += p->service[i].names_n;
	return n;
}

static void gather(struct site_work *w)
{
	const struct policy *p = w->c->policy;
	struct mention *to = w->mention;

	for (size_t i = 0; i < p->groups; i++)
		for (size_t j = 0; j < p->group[i].sites; j++)
			*to++ = (struct mention){ .name = p->group[i].site[j].name, .rule = &p->group[i].site[j].rule,
						  .group = w->c->group[i] };
	for (size_t i = 0; i < p->helps; i++)
		*to++ = (struct mention){ .name = p->help[i], .protect = ESAFE_R_HELP };
	for (size_t i = 0; i < p->updates; i++)
		*to++ = (struct mention){ .name = p->update[i], .protect = ESAFE_R_UPDATE };
	for (size_t i = 0; i < p->outers; i++)
		*to++ = (struct mention){ .name = p->outer[i], .outer = 1 };
	for (size_t i = 0; i < p->services; i++)
		for (size_t j = 0; j < p->service[i].names_n; j++)
			*to++ = (struct mention){ .name = p->service[i].names[j], .service = i + 1,
						  .canary = p->service[i].kind == SERVICE_CANARY };
	w->mentions = to - w->mention;
}

static bool same_name(const struct domain *a, const struct domain *b)
{
	return a->len == b->len && !memcmp(a->wire, b->wire, a->len);
}

/* By name; of one name in the order of the text, so that the result does not depend on the sort. */
static int by_name(const void *left, const void *right)
{
	const struct mention *a = left, *b = right;
	int order = (a->name->len > b->name->len) - (a->name->len < b->name->len);

	if (!order)
		order = memcmp(a->name->wire, b->name->wire, a->name->len);
	if (!order)
		order = (a->name->at.line > b->name->at.line) - (a->name->at.line < b->name->at.line);
	return order ? order : (a->group > b->group) - (a->group < b->group);
}

/* Groups with the same clause share it. */
static int add_clause(struct clauses *to, __u64 groups, __u8 verdict, __u8 reason, unsigned window)
{
	struct esafe_clause *item = &to->item[to->n];

	if (to->n == ESAFE_CLAUSES_PER_SITE)
		return -ENOSPC;
	memset(item, 0, sizeof(*item));
	item->groups = groups;
	item->verdict = verdict;
	item->reason = reason;
	item->window = window;
	to->n++;
	return 0;
}

static int add_rule(struct clauses *to, __u64 groups, const struct rule *rule)
{
	bool allow_at = rule->kind == RULE_ALLOW_AT;

	if (rule->kind == RULE_ALLOW)
		return add_clause(to, groups, ESAFE_ALLOW, ESAFE_R_SITE, 0);
	if (rule->kind == RULE_BLOCK)
		return add_clause(to, groups, ESAFE_BLOCK, ESAFE_R_SITE, 0);
	if (rule->kind == RULE_SUPERVISED)
		return add_clause(to, groups, ESAFE_BLOCK, ESAFE_R_SUPERVISED, 0);
	for (unsigned i = 0; i < POLICY_TIMES; i++)
		if (rule->times >> i & 1 && add_clause(to, groups, allow_at ? ESAFE_ALLOW : ESAFE_BLOCK,
						       allow_at ? ESAFE_R_SITE : ESAFE_R_TIME, i + 1))
			return -ENOSPC;
	return add_clause(to, groups, allow_at ? ESAFE_BLOCK : ESAFE_ALLOW, allow_at ? ESAFE_R_TIME : ESAFE_R_SITE, 0);
}

static int make_clauses(const struct mention *m, size_t n, struct clauses *out)
{
	__u64 done = 0;

	for (size_t i = 0; i < n; i++) {
		__u64 groups = 0;

		if (!m[i].rule || done >> m[i].group & 1)
			continue;
		for (size_t j = i; j < n; j++)
			if (m[j].rule && m[j].rule->kind == m[i].rule->kind && m[j].rule->times == m[i].rule->times)
				groups |= 1ULL << m[j].group;
		done |= groups;
		if (add_rule(out, groups, m[i].rule))
			return -ENOSPC;
	}
	return 0;
}

static __u32 hash_clauses(const struct clauses *clauses)
{
	const __u8 *bytes = (const __u8 *)clauses->item;
	__u32 hash = 2166136261u;

	for (size_t i = 0; i < clauses->n * sizeof(clauses->item[0]); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* Most sites have the rules of some other site. Returns the first clause, or -ENOSPC. */
static int place_clauses(struct site_work *w, const struct clauses *clauses)
{
	struct esafe_clause *all = w->c->out->clauses;
	size_t size = clauses->n * sizeof(*all);
	__u32 at = hash_clauses(clauses) & (RUNS - 1);

	for (; w->runs[at]; at = (at + 1) & (RUNS - 1))
		if (w->run_len[at] == clauses->n && !memcmp(&all[w->runs[at]], clauses->item, size))
			return w->runs[at];
	if (w->clauses + clauses->n > ESAFE_CLAUSES)
		return -ENOSPC;
	memcpy(&all[w->clauses], clauses->item, size);
	w->runs[at] = w->clauses;
	w->run_len[at] = clauses->n;
	w->clauses += clauses->n;
	return w->runs[at];
}

static int merge(struct site_work *w, const struct mention *m, size_t n, struct esafe_site *site)
{
	for (size_t i = 0; i < n; i++) {
		if (m[i].service && site->service && site->service != m[i].service)
			return compile_problem(w->c, m[i].name->at,
					       "this name stands in two services, \"%s\" and \"%s\"",
					       w->c->policy->service[site->service - 1].name,
					       w->c->policy->service[m[i].service - 1].name);
		if (m[i].service) {
			site->service = m[i].service;
			site->canary = m[i].canary;
		}
		site->outer |= m[i].outer;
		if (m[i].protect && site->protect != ESAFE_R_HELP)
			site->protect = m[i].protect;
		if (m[i].rule && !site->line && m[i].name->at.file == w->c->policy->files[0])
			site->line = m[i].name->at.line;
	}
	for (size_t i = 0; site->protect && i < n; i++)
		if (m[i].rule && m[i].rule->kind != RULE_ALLOW)
			return compile_problem(w->c, m[i].name->at, "this name is protected: no group can block it");
	return 0;
}

static int add_site(struct site_work *w, const struct mention *m, size_t n)
{
	struct esafe_site site = { 0 };
	struct clauses clauses = { .n = 0 };
	int first;

	if (merge(w, m, n, &site))
		return -EINVAL;
	if (w->sites == ESAFE_SITES)
		return compile_problem(w->c, m->name->at,
				       "the policy mentions more than %d names: the rest belongs into a list",
				       ESAFE_SITES - 1);
	if (make_clauses(m, n, &clauses))
		return compile_problem(w->c, m->name->at, "the groups have too many different rules for this name");
	if (clauses.n) {
		first = place_clauses(w, &clauses);
		if (first < 0)
			return compile_problem(w->c, m->name->at, "the sites have more than %d different rules",
					       ESAFE_CLAUSES - 1);
		site.clause = first;
		site.clauses = clauses.n;
	}
	w->name[w->sites] = m->name;
	w->c->out->sites[w->sites++] = site;
	return 0;
}

static int add_sites(struct site_work *w)
{
	int err = 0;

	w->sites = w->clauses = 1;
	for (size_t i = 0, n; i < w->mentions && !err; i += n) {
		for (n = 1; i + n < w->mentions && same_name(w->mention[i].name, w->mention[i + n].name); n++)
			;
		err = add_site(w, &w->mention[i], n);
	}
	return err;
}

/* ---- the table ---- */
static struct catmap_bucket *bucket(struct site_work *w, __u32 index)
{
	return (struct catmap_bucket *)w->c->out->site_slots + index;
}

/* Slot 7 keeps its overflow flag, which speaks of the bucket and not of the slot. */
static void put_slot(struct catmap_bucket *b, unsigned i, __u64 slot)
{
	b->slot[i] = (b->slot[i] & CATMAP_OVERFLOW) | (slot & ~CATMAP_OVERFLOW);
}

static bool put_free(struct catmap_bucket *b, __u64 slot)
{
	for (unsigned i = 0; i < CATMAP_SLOTS; i++) {
		if (b->slot[i] >> CATMAP_TAG_SHIFT)
			continue;
		put_slot(b, i, slot);
		return true;
	}
	return false;
}

/* Cuckoo: what has to leave a bucket goes to its other one, and the bucket is marked. */
static int insert(struct site_work *w, __u64 hash, __u64 id)
{
	struct catmap_place place = catmap_place(hash, w->c->out->site_salt, ESAFE_SITE_BUCKETS);
	__u64 slot = place.tag << CATMAP_TAG_SHIFT | id;
	__u32 at = place.first;

	if (catmap_find(bucket(w, place.first), place.tag) || catmap_find(bucket(w, place.second), place.tag))
		return -EEXIST; /* another name, the same tag */
	if (put_free(bucket(w, at), slot))
		return 0;
	for (unsigned kick = 0; kick < KICKS; kick++) {
		struct catmap_bucket *b = bucket(w, at);
		__u64 out;

		if (put_free(b, slot))
			return 0;
		out = b->slot[kick % CATMAP_SLOTS] & ~CATMAP_OVERFLOW;
		put_slot(b, kick % CATMAP_SLOTS, slot);
		b->slot[CATMAP_SLOTS - 1] |= CATMAP_OVERFLOW;
		slot = out;
		at = catmap_other(slot >> CATMAP_TAG_SHIFT, at, ESAFE_SITE_BUCKETS);
	}
	return -ENOSPC;
}

static __u64 site_hash(const struct site_work *w, unsigned i)
{
	return name_hash(w->name[i]->wire, w->name[i]->len, w->c->env->hash_k1, w->c->env->hash_k2);
}

static void fill_filter(struct site_work *w)
{
	memset(w->c->out->site_filter, 0, sizeof(w->c->out->site_filter));
	for (unsigned i = 1; i < w->sites; i++) {
		__u32 bit = catmap_bit(site_hash(w, i), ESAFE_SITE_FILTER);

		w->c->out->site_filter[bit / 64] |= 1ULL << bit % 64;
	}
}

static int fill_table(struct site_work *w)
{
	fill_filter(w);
	for (unsigned salt = 1; salt <= SALTS; salt++) {
		int err = 0;

		w->c->out->site_salt = salt * 0x9e3779b97f4a7c15ULL;
		memset(w->c->out->site_slots, 0, sizeof(w->c->out->site_slots));
		for (unsigned i = 1; i < w->sites && !err; i++)
			err = insert(w, site_hash(w, i), i);
		if (!err)
			return 0;
	}
	return compile_problem(w->c, (struct at){ w->c->policy->files[0], 0, 0 },
			       "the names of the policy find no place in their table");
}

int compile_sites(struct compiling *c)
{
	struct site_work w = { .c = c };
	int err = -ENOMEM;

	w.mention = calloc(count_mentions(c->policy) + 1, sizeof(*w.mention));
	w.runs = calloc(RUNS, sizeof(*w.runs));
	w.run_len = calloc(RUNS, sizeof(*w.run_len));
	w.name = calloc(ESAFE_SITES, sizeof(*w.name));
	if (w.mention && w.runs && w.run_len && w.name) {
		gather(&w);
		qsort(w.mention, w.mentions, sizeof(*w.mention), by_name);
		err = add_sites(&w);
	}
	if (!err)
		err = fill_table(&w);
	free(w.mention);
	free(w.runs);
	free(w.run_len);
	free(w.name);
	return err;
}
