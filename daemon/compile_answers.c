/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers that the kernel sends itself, as records ready to copy (RFC 1035 section 4.1.3):
 *
 *	owner (pointer, 2) | TYPE 2 | CLASS 2 | TTL 4 | RDLENGTH 2 | RDATA
 *
 * Extended errors (RFC 8914): an answer that refuses says Blocked (15), a rule of the operator, which the school is;
 * Filtered (17) would say that the client asked for it, and Censored (16) that somebody else did. An answer that gives
 * another address than the real one says Forged Answer (4), which its section 4.5 asks for. Canaries say nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "compile_part.h"

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define CLASS_IN 1
#define OWNER 0xc00c /* the name of the question */
#define HEAD 12      /* bytes before RDATA */
#define EDE_FORGED 4
#define EDE_BLOCKED 15
#define NXDOMAIN 3
#define REFUSED 5

struct addresses {
	__u8 v4[POLICY_ADDRESSES][4];
	__u8 v6[POLICY_ADDRESSES][16];
	size_t v4_n, v6_n;
};

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

static __u8 *put16(__u8 *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
	return at + 2;
}

/* Returns -ENOSPC when the body is full. */
static int add_record(struct esafe_records *records, unsigned type, unsigned ttl, const void *data, size_t len)
{
	__u8 *at = records->body + records->len;

	if (records->len + HEAD + len > ESAFE_ANSWER_BODY)
		return -ENOSPC;
	at = put16(at, OWNER);
	at = put16(at, type);
	at = put16(at, CLASS_IN);
	at = put16(at, ttl >> 16);
	at = put16(at, ttl);
	at = put16(at, len);
	memcpy(at, data, len);
	records->len += HEAD + len;
	records->count++;
	return 0;
}

/*
 * Without an address of the family there is no record at all, not even the CNAME: a resolver that went after its target
 * would find addresses that are not locked. What does not fit is left out.
 */
static int fill_records(struct esafe_records *records, unsigned type, unsigned ttl, const struct domain *cname,
			const __u8 *addr, size_t n, size_t len)
{
	if (!n)
		return 0;
	if (cname) {
		if (add_record(records, TYPE_CNAME, ttl, cname->wire, cname->len))
			return -ENOSPC;
		records->fix_first = records->len;
		records->fix_step = HEAD + len;
	}
	for (size_t i = 0; i < n; i++) {
		if (add_record(records, type, ttl, addr + i * len, len))
			return i ? 0 : -ENOSPC;
		records->fix += !!cname;
	}
	return 0;
}

static int new_answer(struct compiling *c, __u8 rcode, __u16 ede, const struct domain *cname,
		      const struct addresses *addr, __u16 *index)
{
	struct esafe_answer *answer = &c->out->answers[c->answers];

	if (c->answers == ESAFE_ANSWERS)
		return -ENOSPC;
	answer->rcode = rcode;
	answer->ede = ede;
	if (addr && (fill_records(&answer->a, TYPE_A, c->policy->ttl, cname, addr->v4[0], addr->v4_n, 4) ||
		     fill_records(&answer->aaaa, TYPE_AAAA, c->policy->ttl, cname, addr->v6[0], addr->v6_n, 16)))
		return -ENOSPC;
	*index = c->answers++;
	return 0;
}

static int block_answers(struct compiling *c)
{
	const struct policy *p = c->policy;
	struct addresses page = { .v4_n = p->has_page4, .v6_n = p->has_page6 };
	__u16 *to = c->block_answer;

	memcpy(page.v4[0], &p->page4, 4);
	memcpy(page.v6[0], &p->page6, 16);
	if (new_answer(c, NXDOMAIN, EDE_BLOCKED, NULL, NULL, &to[ANSWER_NXDOMAIN]) ||
	    new_answer(c, 0, EDE_BLOCKED, NULL, NULL, &to[ANSWER_NODATA]) ||
	    new_answer(c, REFUSED, EDE_BLOCKED, NULL, NULL, &to[ANSWER_REFUSED]) ||
	    new_answer(c, 0, EDE_FORGED, NULL, &page, &to[ANSWER_PAGE]))
		return -ENOSPC;
	return 0;
}

/* Where the target was last seen, if that is known; else where the policy says. */
static void target_addresses(const struct compiling *c, const struct service_target *target, struct addresses *out)
{
	__u8 seen[2 * POLICY_ADDRESSES][16];
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (c->env->addresses && target->cname)
		n = c->env->addresses(c->env->addresses_ctx, target->cname, seen, 2 * POLICY_ADDRESSES);
	for (size_t i = 0; i < n && i < 2 * POLICY_ADDRESSES; i++) {
		if (!memcmp(seen[i], mapped, sizeof(mapped))) {
			if (out->v4_n < POLICY_ADDRESSES)
				memcpy(out->v4[out->v4_n++], seen[i] + 12, 4);
		} else if (out->v6_n < POLICY_ADDRESSES) {
			memcpy(out->v6[out->v6_n++], seen[i], 16);
		}
	}
	if (out->v4_n || out->v6_n)
		return;
	for (size_t i = 0; i < target->ipv4_n; i++)
		memcpy(out->v4[out->v4_n++], &target->ipv4[i], 4);
	for (size_t i = 0; i < target->ipv6_n; i++)
		memcpy(out->v6[out->v6_n++], &target->ipv6[i], 16);
}

static int pin(struct compiling *c, const __u8 addr[16], unsigned service)
{
	struct esafe_pinned *pinned = c->out->pinned;
	__u32 i = 0;

	while (i < c->out->pinned_count && memcmp(pinned[i].addr, addr, 16))
		i++;
	if (i == ESAFE_PINNED)
		return -ENOSPC;
	if (i == c->out->pinned_count)
		c->out->pinned_count++;
	memcpy(pinned[i].addr, addr, 16);
	pinned[i].services |= 1u << service;
	return 0;
}

static int pin_all(struct compiling *c, const struct addresses *addr, unsigned service)
{
	int err = 0;

	for (size_t i = 0; i < addr->v4_n && !err; i++) {
		__u8 wide[16];

		memcpy(wide, mapped, sizeof(mapped));
		memcpy(wide + 12, addr->v4[i], 4);
		err = pin(c, wide, service);
	}
	for (size_t i = 0; i < addr->v6_n && !err; i++)
		err = pin(c, addr->v6[i], service);
	return err;
}

/* A lock whose addresses nobody knows yet cannot be checked: such a search engine is blocked. */
static int lock_answer(struct compiling *c, const struct service *service, unsigned number, enum lock_mode mode)
{
	const struct service_target *target = mode == LOCK_STRICT ? &service->strict : &service->moderate;
	struct addresses addr;

	if (!target->given)
		return 0;
	target_addresses(c, target, &addr);
	if (!addr.v4_n && !addr.v6_n)
		return 0;
	if (pin_all(c, &addr, number))
		return compile_problem(c, service->at, "the locked services have more than %d addresses together",
				       ESAFE_PINNED);
	if (new_answer(c, 0, EDE_FORGED, target->cname, &addr, &c->service_answer[number][mode]))
		return compile_problem(c, service->at, "the answer of \"%s\" does not fit %d bytes", service->name,
				       ESAFE_ANSWER_BODY);
	return 0;
}

int compile_answers(struct compiling *c)
{
	int err;

	c->answers = 1;
	err = block_answers(c);
	for (size_t i = 0; i < c->policy->services && !err; i++) {
		const struct service *service = &c->policy->service[i];

		if (service->kind == SERVICE_CANARY) {
			err = new_answer(c, service->strict.rcode, ESAFE_NO_EDE, NULL, NULL,
					 &c->service_answer[i + 1][LOCK_STRICT]);
			continue;
		}
		err = lock_answer(c, service, i + 1, LOCK_STRICT);
		if (!err)
			err = lock_answer(c, service, i + 1, LOCK_MODERATE);
	}
	return err;
}
