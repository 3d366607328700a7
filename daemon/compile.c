/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_part.h"

int compile_problem(struct compiling *c, struct at at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	problem_vadd(c->problems, at.file, at.line, at.column, fmt, args);
	va_end(args);
	return -EINVAL;
}

static int number_failed(struct compiling *c, struct at at, int err, const char *what, const char *name)
{
	if (err == -ENOMEM)
		return err;
	return compile_problem(c, at, "no number is left for %s \"%s\"", what, name);
}

static int compile_numbers(struct compiling *c)
{
	const struct policy *p = c->policy;

	for (size_t i = 0; i < p->groups; i++) {
		int id = idtable_take(c->env->groups, p->group[i].name, ESAFE_GROUPS);

		if (id < 0)
			return number_failed(c, p->group[i].at, id, "group", p->group[i].name);
		c->group[i] = id;
	}
	for (size_t i = 0; i < p->categories; i++) {
		int id = idtable_take(c->env->categories, p->category[i].name, ESAFE_CATEGORIES);

		if (id < 0)
			return number_failed(c, p->category[i].at, id, "category", p->category[i].name);
		c->category[i] = id;
		if (p->category[i].floor)
			c->out->floor[id / 64] |= 1ULL << id % 64;
	}
	return 0;
}

/* A policy that has no such category has it blocked for everybody: port 853 is open only where somebody says so. */
static __u16 compile_doh(struct compiling *c)
{
	int id = idtable_take(c->env->categories, POLICY_DOH, ESAFE_CATEGORIES);

	return id < 0 ? ESAFE_NO_CATEGORY : id;
}

static void compile_groups(struct compiling *c)
{
	for (size_t i = 0; i < c->policy->groups; i++) {
		const int *set = c->policy->group[i].set;

		c->out->groups[c->group[i]] = (struct esafe_group){
			.valid = 1,
			.log = set[SET_LOG],
			.quic = set[SET_QUIC],
			.tunnels = set[SET_TUNNELS],
			.flags = (set[SET_INTERNET] ? 0 : ESAFE_GROUP_NO_INTERNET) |
				 (set[SET_PORTAL] ? ESAFE_GROUP_PORTAL : 0) |
				 (set[SET_HTTPS_RECORDS] ? ESAFE_GROUP_HIDE_HTTPS_RR : 0) |
				 (set[SET_UNRESOLVED] ? ESAFE_GROUP_RESOLVED : 0) |
				 (set[SET_UNNAMED] ? ESAFE_GROUP_NAMED : 0),
		};
		c->out->refuses |= !!set[SET_UNRESOLVED];
	}
	c->out->strictest = c->group[c->policy->unknown];
	c->out->doh = compile_doh(c);
}

/* Where the pages are: whoever is refused everything must still be told so. */
static void compile_page(struct compiling *c)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct policy *p = c->policy;

	if (p->has_page4) {
		memcpy(c->out->page[0], mapped, sizeof(mapped));
		memcpy(c->out->page[0] + 12, &p->page4, 4);
	}
	if (p->has_page6)
		memcpy(c->out->page[1], &p->page6, 16);
	for (int i = 0; i < ESAFE_PAGE_PORTS && (p->has_page4 || p->has_page6); i++)
		c->out->page_port[i] = htons((__u16)p->page_port[i]);
}

static int compile_places(struct compiling *c)
{
	for (size_t i = 0; i < c->policy->places; i++) {
		const struct policy_place *place = &c->policy->place[i];
		struct esafe_place *to = &c->out->places[c->out->places_count];
		__u32 ifindex = 0;

		if (place->interface[0]) {
			if (!c->env->ifindex)
				continue;
			ifindex = c->env->ifindex(place->interface);
			if (!ifindex)
				return compile_problem(c, place->at, "this machine has no interface called \"%s\"",
						       place->interface);
		}
		to->ifindex = ifindex;
		to->vlan = place->vlan;
		to->group = c->group[place->group];
		to->how = place->subnet ? ESAFE_HOW_SUBNET : place->vlan ? ESAFE_HOW_VLAN : ESAFE_HOW_INTERFACE;
		memcpy(to->addr, place->addr, sizeof(to->addr));
		memcpy(to->mask, place->mask, sizeof(to->mask));
		c->out->places_count++;
	}
	return 0;
}

static int compile_all(struct compiling *c)
{
	int err = compile_numbers(c);

	if (err)
		return err;
	c->out->abi = ESAFE_ABI;
	c->out->version = c->env->version;
	c->out->negative_ttl = c->policy->negative_ttl;
	compile_groups(c);
	compile_page(c);
	err = compile_places(c);
	if (!err)
		err = compile_answers(c);
	if (!err)
		err = compile_sites(c);
	if (!err)
		err = compile_networks(c);
	return err ? err : compile_times(c);
}

int policy_compile(const struct policy *policy, const struct compile_env *env, struct esafe_policy *out,
		   struct problems *problems)
{
	struct compiling c = { .policy = policy, .env = env, .problems = problems };
	int err;

	c.out = calloc(1, sizeof(*c.out));
	if (!c.out)
		return -ENOMEM;
	err = compile_all(&c);
	if (!err)
		memcpy(out, c.out, sizeof(*out));
	free(c.out);
	return err;
}
