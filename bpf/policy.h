/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision: (device, name, time) -> verdict, reason. One function, asked by every hook and by `esafectl why`.
 * First match wins:
 *
 *    1 locked floor           block
 *    2 quarantine             drop
 *    3 help and update sites  allow
 *    4 canaries               their answer, whatever else holds
 *    5 suspended, over quota  block
 *    6 no Internet            block
 *    7 deny                   of the name, one above it, or a category of it, in any scope of the device: block
 *    8 grant                  of the name or one above it: allow. One of a category lifts what row 11 has against that
 *    9 lesson                 the sites on its list: allow; if it allows only those, everything else: block
 *   10 site rules             longest name first; as written
 *   11 categories             strictest of block, supervised, allow in the current time slot
 *   12 default                for names in no category that the group has a verdict for
 *
 * What rows 10 to 12 leave to an adult is open while a supervised session is. And what is allowed may still be led
 * elsewhere: a locked search service is rewritten, a connection to such a service at any other address is a bypass, and
 * record type 65 may be withheld. A site rule or grant that allows google.com therefore does not unlock its search.
 */
#ifndef ESAFE_POLICY_H
#define ESAFE_POLICY_H

#include "lookup.h"
#include "maps.h"
#include "scope.h"
#include "who.h"

static __always_inline void verdict(struct scratch *s, __u32 what, __u32 why, __u32 answer)
{
	s->verdict = what;
	s->reason = why;
	s->answer = answer;
}

static __always_inline const struct esafe_site *hit_site(const struct esafe_policy *p, const struct scratch *s, __u32 i)
{
	return &p->sites[s->hit_site[i & (HITS - 1)] & (ESAFE_SITES - 1)];
}

/* Is the name below a protected site? Sets reason to HELP or UPDATE. */
PART int find_protection(struct scratch *s, struct esafe_policy *p)
{
	int portal;

	if (!s || !p)
		return 0;
	portal = p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_PORTAL;
	for (__u32 i = 0; i < HITS; i++) {
		const struct esafe_site *site = hit_site(p, s, i);

		if (i >= s->hits)
			break;
		if (site->protect == ESAFE_R_UPDATE && portal)
			continue; /* the probes by which devices find the portal are among them */
		if (site->protect) {
			s->matched = s->hit_labels[i & (HITS - 1)];
			verdict(s, ESAFE_ALLOW, site->protect, 0);
			return 1;
		}
	}
	return 0;
}

/* The rule of one site for this group now. 1: found, verdict set. */
PART int site_rule(struct scratch *s, struct esafe_policy *p, __u32 hit)
{
	const struct esafe_site *site;
	__u64 group;

	if (!s || !p)
		return 0;
	site = hit_site(p, s, hit);
	group = 1ULL << (s->group & 63);
	for (__u32 i = 0; i < ESAFE_CLAUSES_PER_SITE; i++) {
		const struct esafe_clause *c = &p->clauses[(site->clause + i) & (ESAFE_CLAUSES - 1)];

		if (i >= site->clauses)
			break;
		if (c->groups & group && s->windows & 1ULL << (c->window & 63)) {
			s->matched = s->hit_labels[hit & (HITS - 1)];
			s->line = site->line;
			verdict(s, c->verdict, c->reason, 0);
			return 1;
		}
	}
	return 0;
}

/* The rule of the longest site that has one for this group now. 1: found, verdict set. */
PART int find_site_rule(struct scratch *s, struct esafe_policy *p)
{
	if (!s || !p)
		return 0;
	for (__u32 i = 1; i <= HITS; i++) {
		if (i > s->hits)
			break;
		if (site_rule(s, p, s->hits - i))
			return 1;
	}
	return 0;
}

/* Number of the first category of the name that is in `set` and in no grant, or ESAFE_NO_CATEGORY. */
static __always_inline __u32 first_category(const struct scratch *s, const __u64 *set)
{
	for (__u32 i = 0; i < 4; i++) {
		__u64 both = s->categories[i] & set[i] & ~s->lifted[i];

		if (both)
			return i * 64 + lowest_bit(both);
	}
	return ESAFE_NO_CATEGORY;
}

/* Nothing is left that is against the name. Did a grant do that? */
static __always_inline int grant_mattered(const struct scratch *s, const struct esafe_profile *profile)
{
	__u64 both = 0;

	for (__u32 i = 0; i < 4; i++)
		both |= s->lifted[i] & (profile->block[i] | profile->supervised[i]);
	return both || (s->lifted_category != ESAFE_NO_CATEGORY && profile->default_verdict != ESAFE_ALLOW);
}

static __always_inline void judge_categories(struct scratch *s, const struct esafe_profile *profile)
{
	__u32 category = first_category(s, profile->block);

	s->matched = s->listed_labels;
	if (category != ESAFE_NO_CATEGORY) {
		int timed = profile->timed[(category >> 6) & 3] >> (category & 63) & 1;

		s->category = category;
		verdict(s, ESAFE_BLOCK, timed ? ESAFE_R_TIME : ESAFE_R_CATEGORY, 0);
		return;
	}
	category = first_category(s, profile->supervised);
	if (category != ESAFE_NO_CATEGORY) {
		s->category = category;
		verdict(s, ESAFE_BLOCK, ESAFE_R_SUPERVISED, 0);
		return;
	}
	if (grant_mattered(s, profile)) {
		s->category = s->lifted_category;
		s->rule = s->lifted_rule;
		verdict(s, ESAFE_ALLOW, ESAFE_R_GRANT, 0);
		return;
	}
	s->matched = 0;
	verdict(s, profile->default_verdict, profile->default_reason, 0);
}

static __always_inline void scoped_verdict(struct scratch *s, __u32 what, __u32 why, enum scoped by)
{
	s->rule = s->scoped_rule[by & 7];
	verdict(s, what, why, 0);
}

/* What the scopes of the device say of the name, before the group is asked. 1: verdict set. */
static __always_inline int judge_scopes(struct scratch *s)
{
	if (is_scoped(s, SCOPED_DENIED)) {
		s->category = s->denied_category;
		scoped_verdict(s, ESAFE_BLOCK, ESAFE_R_DENY, SCOPED_DENIED);
	} else if (is_scoped(s, SCOPED_GRANTED)) {
		scoped_verdict(s, ESAFE_ALLOW, ESAFE_R_GRANT, SCOPED_GRANTED);
	} else if (is_scoped(s, SCOPED_LESSON)) {
		scoped_verdict(s, ESAFE_ALLOW, ESAFE_R_LESSON, SCOPED_LESSON);
	} else if (is_scoped(s, SCOPED_ONLY)) {
		scoped_verdict(s, ESAFE_BLOCK, ESAFE_R_LESSON_ONLY, SCOPED_ONLY);
	} else {
		return 0;
	}
	return 1;
}

/* What needs an adult is open while one's session is. */
static __always_inline void judge_supervision(struct scratch *s)
{
	if (is_scoped(s, SCOPED_SUPERVISED) && s->verdict == ESAFE_BLOCK && s->reason == ESAFE_R_SUPERVISED)
		scoped_verdict(s, ESAFE_ALLOW, ESAFE_R_SUPERVISION, SCOPED_SUPERVISED);
}

/* Is this very name a site of the policy? Then that is the last hit. */
static __always_inline int site_is_exact(const struct scratch *s)
{
	return s->hits && s->hit_labels[(s->hits - 1) & (HITS - 1)] == s->name.labels;
}

/* The service whose very name this is, or 0. *canary: it is one. */
static __always_inline __u32 exact_service(const struct scratch *s, const struct esafe_policy *p, __u32 *canary)
{
	const struct esafe_site *site;

	if (!site_is_exact(s))
		return 0;
	site = hit_site(p, s, s->hits - 1);
	*canary = site->canary;
	return site->service & (ESAFE_SERVICES - 1);
}

/*
 * The name that a connection with Encrypted ClientHello says openly, the same for every site of a provider: the real
 * one is not known. What was decided by a list or the default holds, but it was decided of an unnamed connection. Where
 * the records with the keys are withheld, the default lets none pass: the key was brought from elsewhere.
 */
static __always_inline void judge_outer(struct scratch *s, const struct esafe_policy *p)
{
	if (!site_is_exact(s) || !hit_site(p, s, s->hits - 1)->outer)
		return;
	s->known = ESAFE_KNOWN_OUTER;
	if (s->reason != ESAFE_R_DEFAULT)
		return;
	s->reason = ESAFE_R_UNNAMED;
	if (s->verdict == ESAFE_ALLOW && s->proto != ESAFE_P_HTTP &&
	    p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_HIDE_HTTPS_RR)
		verdict(s, ESAFE_BLOCK, ESAFE_R_ECH, 0);
}

/* Is the destination one of the addresses that this service is locked to? */
PART int address_is_pinned(struct scratch *s, struct esafe_policy *p)
{
	const __u64 *dst;
	__u32 canary = 0, service;

	if (!s || !p)
		return 0;
	service = exact_service(s, p, &canary);
	dst = (const __u64 *)s->pkt.dst;
	for (__u32 i = 0; i < ESAFE_PINNED; i++) {
		const __u64 *addr = (const __u64 *)p->pinned[i].addr;

		if (i >= p->pinned_count)
			break;
		if (p->pinned[i].services >> service & 1 && addr[0] == dst[0] && addr[1] == dst[1])
			return 1;
	}
	return 0;
}

/* What is allowed may be led elsewhere. */
static __always_inline void judge_service(struct scratch *s, struct esafe_policy *p,
					  const struct esafe_profile *profile, __u32 service)
{
	__u32 answer = profile->service_answer[service];

	if (service && answer) {
		if (s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP)
			verdict(s, ESAFE_REWRITE, ESAFE_R_SAFESEARCH, answer);
		else if (!address_is_pinned(s, p))
			verdict(s, ESAFE_BLOCK, ESAFE_R_BYPASS, 0);
		return;
	}
	if ((s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP) &&
	    (s->question.qtype == DNS_TYPE_HTTPS || s->question.qtype == DNS_TYPE_SVCB) &&
	    p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_HIDE_HTTPS_RR)
		verdict(s, ESAFE_REWRITE, ESAFE_R_HTTPS_RECORD, 0);
}

/* May the device reach nothing but what is protected? 1: verdict set. */
static __always_inline int judge_device(struct scratch *s, const struct esafe_policy *p)
{
	__u32 flags = s->device.flags;

	if (flags & ESAFE_DEVICE_SUSPENDED && !is_over(s->device.suspended_until_ns, s->now_ns))
		verdict(s, ESAFE_BLOCK, ESAFE_R_SUSPENDED, 0);
	else if (flags & ESAFE_DEVICE_OVER_QUOTA)
		verdict(s, ESAFE_BLOCK, ESAFE_R_QUOTA, 0);
	else if (p->groups[s->group & (ESAFE_GROUPS - 1)].flags & ESAFE_GROUP_NO_INTERNET)
		verdict(s, ESAFE_BLOCK, ESAFE_R_NO_INTERNET, 0);
	else
		return 0;
	return 1;
}

/* Everything below the floor, for a name that was walked. */
static __always_inline void judge_name(struct scratch *s, struct esafe_policy *p, const struct esafe_profile *profile)
{
	__u32 canary = 0, service;

	if (s->device.flags & ESAFE_DEVICE_QUARANTINED)
		return verdict(s, ESAFE_DROP, ESAFE_R_QUARANTINE, 0);
	if (s->hits && find_protection(s, p))
		return;
	service = exact_service(s, p, &canary);
	if (canary && service && profile->service_answer[service]) {
		if (s->proto == ESAFE_P_DNS || s->proto == ESAFE_P_DNS_TCP)
			return verdict(s, ESAFE_REWRITE, ESAFE_R_CANARY, profile->service_answer[service]);
		return verdict(s, ESAFE_BLOCK, ESAFE_R_CANARY, 0);
	}
	if (judge_device(s, p))
		return;
	scope_read_all(s);
	if (!judge_scopes(s) && (!s->hits || !find_site_rule(s, p)))
		judge_categories(s, profile);
	judge_supervision(s);
	if (s->proto != ESAFE_P_DNS && s->proto != ESAFE_P_DNS_TCP)
		judge_outer(s, p);
	if (s->verdict == ESAFE_ALLOW)
		judge_service(s, p, profile, service);
}

static __always_inline void forget_verdict(struct scratch *s)
{
	s->category = ESAFE_NO_CATEGORY;
	s->line = s->matched = s->answer = s->version = s->rule = 0;
	s->log = ESAFE_LOG_FULL;
	scope_forget(s);
	s->known = ESAFE_KNOWN_NAME;
	verdict(s, ESAFE_BLOCK, ESAFE_R_NO_POLICY, 0);
}

#define PORT_DOT 853 /* DNS over TLS (RFC 7858), over QUIC (RFC 9250), over DTLS (RFC 8094) */

static __always_inline int port_hides_dns(const struct scratch *s)
{
	return s->pkt.dport == bpf_htons(PORT_DOT) && s->proto != ESAFE_P_UDP && s->proto != ESAFE_P_IP &&
	       s->proto != ESAFE_P_DNS;
}

/* What is asked through this port is hidden from the filter: whatever its name, the server is such a resolver. */
static __always_inline void add_port_category(struct scratch *s, const struct esafe_policy *p)
{
	if (port_hides_dns(s) && p->doh < ESAFE_CATEGORIES)
		s->categories[p->doh >> 6 & 3] |= 1ULL << (p->doh & 63);
}

/* Who and when: group and profile. Not found: a verdict is set and -1 returned. */
static __always_inline int find_profile(struct scratch *s, struct esafe_policy *p)
{
	const struct esafe_transition *slot;
	__u32 current = p->current;

	forget_verdict(s);
	if (!s->now_ns)
		s->now_ns = bpf_ktime_get_tai_ns();
	if (who(s, p))
		return -1;
	if (!slot_holds(p, current, s->now_ns))
		current = find_slot(s, p);
	s->version = p->version;
	slot = &p->transitions[current & (ESAFE_TRANSITIONS - 1)];
	s->windows = slot->windows;
	s->profile = slot->profile[s->group & (ESAFE_GROUPS - 1)];
	s->log = p->groups[s->group & (ESAFE_GROUPS - 1)].log;
	return 0;
}

/*
 * Judges scratch.name for the sender of scratch.pkt, asked by scratch.proto: verdict, reason, answer, category, line,
 * matched. The name has been scanned.
 */
PART int decide(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_profile *profile;
	__u32 category;

	if (!s)
		return -1;
	if (!p) {
		s->group = ESAFE_NONE;
		forget_verdict(s);
		return 0;
	}
	if (find_profile(s, p) || walk(s, p))
		return 0;
	add_port_category(s, p);
	profile = &p->profiles[s->profile & (ESAFE_PROFILES - 1)];
	category = first_category(s, p->floor);
	if (category != ESAFE_NO_CATEGORY) {
		s->category = category;
		s->matched = s->listed_labels;
		verdict(s, ESAFE_BLOCK, ESAFE_R_FLOOR, 0);
	} else {
		judge_name(s, p, profile);
	}
	if (s->verdict == ESAFE_BLOCK)
		s->answer = profile->block_answer;
	return 0;
}

/* A connection that hides what it asks for, and perhaps its name: as the category of such resolvers is judged. */
static __always_inline void judge_hidden_dns(struct scratch *s, const struct esafe_policy *p,
					     const struct esafe_profile *profile)
{
	s->categories[0] = s->categories[1] = s->categories[2] = s->categories[3] = 0;
	s->listed_labels = 0;
	add_port_category(s, p);
	judge_categories(s, profile);
	judge_supervision(s);
}

static __always_inline void judge_unnamed(struct scratch *s, const struct esafe_policy *p,
					  const struct esafe_profile *profile)
{
	scope_read_all(s);
	if (judge_scopes(s))
		return;
	if (port_hides_dns(s)) {
		judge_hidden_dns(s, p, profile);
		if (s->category != ESAFE_NO_CATEGORY)
			return;
	}
	if (profile->default_reason == ESAFE_R_SUPERVISED) {
		verdict(s, ESAFE_BLOCK, ESAFE_R_SUPERVISED, 0);
		judge_supervision(s);
	}
	if (s->verdict != ESAFE_ALLOW || s->reason == ESAFE_R_DEFAULT)
		verdict(s, profile->default_verdict, ESAFE_R_UNNAMED, 0);
}

/* Judges a connection that does not say its name: as the group's default does, or as its Internet is cut. */
PART int decide_unnamed(void)
{
	struct scratch *s = scratch_get();
	struct esafe_policy *p = policy_get();
	const struct esafe_profile *profile;

	if (!s)
		return -1;
	s->name.len = s->name.labels = 0;
	if (!p) {
		s->group = ESAFE_NONE;
		forget_verdict(s);
		return 0;
	}
	if (find_profile(s, p))
		return 0;
	s->known = ESAFE_KNOWN_ADDRESS;
	s->hits = s->listed_labels = 0;
	s->categories[0] = s->categories[1] = s->categories[2] = s->categories[3] = 0;
	profile = &p->profiles[s->profile & (ESAFE_PROFILES - 1)];
	if (s->device.flags & ESAFE_DEVICE_QUARANTINED)
		verdict(s, ESAFE_DROP, ESAFE_R_QUARANTINE, 0);
	else if (!judge_device(s, p))
		judge_unnamed(s, p, profile);
	return 0;
}

#endif
