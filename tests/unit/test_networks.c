// SPDX-License-Identifier: GPL-2.0-or-later
/* Networks of a policy: how they are read, told, compiled, and what of them the filter in front lets through. */
#include "compiled.h"
#include "policy_build.h"
#include "policyfile.h"

#define NETWORKS SCHOOL "  refusing: { inherit: pupils, unresolved: refuse }\nnetworks:\n"

Test(networks, are_read)
{
	struct policy *policy = read_text(NETWORKS "  - { name: one, addresses: [192.0.2.0/24, 2001:db8::1],\n"
						   "      ports: [tcp/443, udp/1-9], category: games }\n"
						   "  - { name: all, ports: [tcp/119], category: social }\n"
						   "  - { name: none, addresses: [] }\n"
						   "resolvers: [10.0.0.1, \"fd00::1\"]\nouter_names: [outer.example]\n");
	const struct policy_network *one = &policy->network[0];

	cr_assert_eq(policy->networks, 3);
	cr_expect_eq(one->prefixes, 2);
	cr_expect_eq(one->prefix[0].mask[15], 0);
	cr_expect_eq(one->prefix[0].mask[14], 0xff);
	cr_expect_eq(one->prefix[1].mask[15], 0xff);
	cr_expect_eq(one->ports, 2);
	cr_expect(one->port[0].first == 443 && one->port[0].last == 443 && one->port[0].proto == IPPROTO_TCP);
	cr_expect(one->port[1].first == 1 && one->port[1].last == 9 && one->port[1].proto == IPPROTO_UDP);
	cr_expect_eq(policy->network[1].prefixes, 1, "any address");
	cr_expect_eq(policy->network[2].prefixes, 0);
	cr_expect_eq(policy->resolvers, 2);
	cr_expect_eq(policy->outers, 1);
	cr_expect_eq(policy->group[policy_group(policy, "refusing")].set[SET_UNRESOLVED], 1);
	cr_expect_eq(policy->group[policy_group(policy, "pupils")].set[SET_UNRESOLVED], 0);
	policy_free(policy);
}

Test(networks, what_cannot_be)
{
	static const struct {
		const char *row, *says;
	} refusals[] = {
		{ "{ name: a, addresses: [192.0.2.1/24], category: games }", "behind its prefix" },
		{ "{ name: a, addresses: [192.0.2.0/33], category: games }", "not an address" },
		{ "{ name: a, addresses: [www.example.com] }", "not an address" },
		{ "{ name: a, addresses: [192.0.2.1], ports: [443] }", "not a port" },
		{ "{ name: a, addresses: [192.0.2.1], ports: [tcp/0] }", "not a port" },
		{ "{ name: a, addresses: [192.0.2.1], ports: [tcp/9-8] }", "not a port" },
		{ "{ name: a, addresses: [192.0.2.1], ports: [tcp/65536] }", "not a port" },
		{ "{ name: a, addresses: [192.0.2.1], ports: [sctp/5] }", "not a port" },
		{ "{ name: a, ports: [tcp/119] }", "with a category" },
		{ "{ name: a, category: games }", "its addresses, its ports" },
		{ "{ name: a, addresses: [192.0.2.1], category: gamse }", "did you mean \"games\"" },
		{ "{ name: a b, addresses: [192.0.2.1] }", "name of a network" },
	};
	char text[4096];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct problems problems = { 0 };

		snprintf(text, sizeof(text), NETWORKS "  - %s\n", refusals[i].row);
		cr_expect_null(policy_read("p.yaml", text, strlen(text), "/data", &problems), "%s", refusals[i].row);
		cr_assert(problems.n, "%s", refusals[i].row);
		cr_expect(strstr(problems.item[0].text, refusals[i].says), "%s: %s", refusals[i].row,
			  problems.item[0].text);
		problems_free(&problems);
	}
}

static int bit(const struct esafe_policy *p, __u32 n)
{
	return p->net_filter[n / 64] >> n % 64 & 1;
}

static int filtered(const struct esafe_policy *p, const char *addr, unsigned proto, unsigned port)
{
	struct esafe_prefix host;
	__u64 word[2];

	cr_assert_eq(prefix_parse(addr, &host), 0);
	memcpy(word, host.addr, sizeof(word));
	return bit(p, net_bit_host(word)) | bit(p, net_bit_wide(word, !strchr(addr, ':'))) |
	       bit(p, net_bit_port(proto, port));
}

Test(networks, compile)
{
	struct made m = make(NETWORKS "  - { name: host, addresses: [192.0.2.1, 2001:db8::1], category: games }\n"
				      "  - { name: wide, addresses: [52.112.0.0/14, \"2a00:1000::/24\"], category: games }\n"
				      "  - { name: port, ports: [tcp/119], category: social }\n"
				      "  - { name: open, addresses: [198.51.100.0/24], ports: [udp/5-6] }\n");
	const struct esafe_policy *p = m.p;
	char text[32];
	int likely = 0;

	cr_assert_eq(p->nets_count, 6);
	cr_expect_eq(p->nets[0].category, idtable_get(&m.categories, "games"));
	cr_expect_eq(p->nets[5].category, ESAFE_NO_CATEGORY);
	cr_expect_eq(p->nets[4].closes, 1);
	cr_expect_eq(p->nets[5].closes, 0);
	cr_expect_eq(p->net_ports[p->nets[4].port_first].first, 119);
	cr_expect_eq(p->net_ports[p->nets[5].port_first].last, 6);
	cr_expect(filtered(p, "192.0.2.1", 17, 9));
	cr_expect(filtered(p, "2001:db8::1", 17, 9));
	cr_expect(filtered(p, "52.112.0.1", 17, 9));
	cr_expect(filtered(p, "52.115.255.1", 17, 9));
	cr_expect(filtered(p, "2a00:1000::1", 17, 9));
	cr_expect(filtered(p, "2a00:10ff:ffff::1", 17, 9));
	cr_expect(filtered(p, "203.0.113.9", 6, 119));
	for (int i = 0; i < 250; i++) {
		snprintf(text, sizeof(text), "198.51.100.%d", i); /* of a network that closes nothing */
		likely += filtered(p, text, 17, 5);
	}
	cr_expect_lt(likely, 25, "%d of 250 other addresses are looked up for nothing", likely);
	cr_expect_eq(p->groups[idtable_get(&m.groups, "refusing")].flags & ESAFE_GROUP_RESOLVED, ESAFE_GROUP_RESOLVED);
	unmake(&m);
}

Test(networks, prefixes_as_text)
{
	static const char *const texts[] = { "192.0.2.0/24", "192.0.2.1", "0.0.0.0/0",
					     "2001:db8::/32", "2001:db8::1", "::/0" };
	char text[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct esafe_prefix prefix;

		cr_assert_eq(prefix_parse(texts[i], &prefix), 0, "%s", texts[i]);
		prefix_text(&prefix, text, sizeof(text));
		cr_expect_str_eq(text, texts[i]);
	}
}

/* The school's word comes before what is shipped, and categories that it does not have are left out. */
Test(networks, shipped_give_way)
{
	static const char own[] = NETWORKS "  - { name: teams, addresses: [192.0.2.0/24] }\n";
	struct problems problems = { 0 };
	struct policy *policy = policy_load("p.yaml", own, strlen(own), ESAFE_SOURCE "/daemon/share", &problems);
	size_t teams = 0, resolvers = 0;

	cr_assert_not_null(policy, "%s", problems.n ? problems.item[0].text : "");
	for (size_t i = 0; i < policy->networks; i++) {
		teams += !strcmp(policy->network[i].name, "teams");
		resolvers += !strcmp(policy->network[i].name, "secret-resolvers");
	}
	cr_expect_eq(teams, 1);
	cr_expect_eq(policy->network[0].prefixes, 1);
	cr_expect_eq(resolvers, 0, "there is no category doh");
	policy_free(policy);
}
