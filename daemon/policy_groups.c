/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups, the places that lead to them, and the block page. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_build.h"

#define SITES_MAX (ESAFE_SITES - 1) /* of one group */

const struct word internet_words[] = { { "no", 0 }, { "yes", 1 }, { 0 } };
const struct word safesearch_words[] = { { "off", LOCK_OFF }, { "strict", LOCK_STRICT }, { 0 } };
const struct word youtube_words[] = {
	{ "off", LOCK_OFF }, { "strict", LOCK_STRICT }, { "moderate", LOCK_MODERATE }, { 0 }
};
const struct word quic_words[] = {
	{ "reject", ESAFE_QUIC_REJECT }, { "inspect", ESAFE_QUIC_INSPECT }, { "allow", ESAFE_QUIC_ALLOW }, { 0 }
};
const struct word https_words[] = { { "pass", 0 }, { "hide", 1 }, { 0 } };
const struct word refuse_words[] = { { "allow", 0 }, { "refuse", 1 }, { 0 } };
const struct word log_words[] = {
	{ "full", ESAFE_LOG_FULL }, { "blocked", ESAFE_LOG_BLOCKED }, { "none", ESAFE_LOG_NONE }, { 0 }
};
const struct word answer_words[] = {
	{ "nxdomain", ANSWER_NXDOMAIN }, { "nodata", ANSWER_NODATA }, { "refused", ANSWER_REFUSED },
	{ "page", ANSWER_PAGE }, { 0 }
};

static int row_inherit(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct group *group = field;

	group->inherit_at = at_node(reader, node);
	return row_text(reader, node, row, &group->inherit);
}

static int row_rule(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	return rule_read(reader, node, field);
}

static int row_matrix(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	const struct policy *policy = building(reader)->policy;
	struct group *group = field;
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		size_t category = category_find(reader, child->key, at_key(reader, child));

		if (category == SIZE_MAX) {
			err = -EINVAL;
		} else if (policy->category[category].floor) {
			err = reader_problem(reader, child, "\"%s\" is locked: no group has a say in it", child->key);
		} else if (rule_read(reader, child, &group->category[category])) {
			err = -EINVAL;
		}
	}
	return err;
}

static int read_site(struct reader *reader, const struct node *node, struct group *group)
{
	struct site_rule site, *to;

	site.name = domain_read(reader, node->key, at_key(reader, node));
	if (!site.name)
		return -EINVAL;
	if (rule_read(reader, node, &site.rule)) {
		free(site.name);
		return -EINVAL;
	}
	to = grow(reader, node, (void **)&group->site, &group->sites, sizeof(*to));
	if (!to) {
		free(site.name);
		return -ENOMEM;
	}
	*to = site;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct domain *left = ((const struct site_rule *)a)->name, *right = ((const struct site_rule *)b)->name;

	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	return memcmp(left->wire, right->wire, left->len);
}

/* The same name can be spelt in several ways: upper case, final dot, U-labels. */
static int check_sites(struct reader *reader, struct group *group)
{
	int err = 0;

	qsort(group->site, group->sites, sizeof(*group->site), by_name);
	for (size_t i = 1; i < group->sites; i++) {
		const struct at *at = &group->site[i].name->at, *first = &group->site[i - 1].name->at;

		if (by_name(&group->site[i - 1], &group->site[i]))
			continue;
		problem_add(reader->problems, at->file, at->line, at->column,
			    "the same site as in line %d, spelt otherwise", first->line);
		err = -EINVAL;
	}
	return err;
}

static int row_sites(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct group *group = field;
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	if (!err && node->children > SITES_MAX)
		return reader_problem(reader, node, "more than %d sites in one group", SITES_MAX);
	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_site(reader, child, group))
			err = -EINVAL;
	return group->sites && check_sites(reader, group) ? -EINVAL : err;
}

#define SETTING(name) offsetof(struct group, set) + SET_##name * sizeof(int)
static const struct row group_rows[] = {
	{ .key = "about", .read = row_text, .offset = offsetof(struct group, about) },
	{ .key = "inherit", .read = row_inherit },
	{ .key = "default", .read = row_rule, .offset = offsetof(struct group, standard) },
	{ .key = "internet", .read = row_word, .offset = SETTING(INTERNET), .arg = internet_words },
	{ .key = "portal", .read = row_word, .offset = SETTING(PORTAL), .arg = internet_words },
	{ .key = "safesearch", .read = row_word, .offset = SETTING(SAFESEARCH), .arg = safesearch_words },
	{ .key = "youtube", .read = row_word, .offset = SETTING(YOUTUBE), .arg = youtube_words },
	{ .key = "quic", .read = row_word, .offset = SETTING(QUIC), .arg = quic_words },
	{ .key = "https_records", .read = row_word, .offset = SETTING(HTTPS_RECORDS), .arg = https_words },
	{ .key = "log", .read = row_word, .offset = SETTING(LOG), .arg = log_words },
	{ .key = "unresolved", .read = row_word, .offset = SETTING(UNRESOLVED), .arg = refuse_words },
	{ .key = "unnamed", .read = row_word, .offset = SETTING(UNNAMED), .arg = refuse_words },
	{ .key = "answer", .read = row_word, .offset = SETTING(ANSWER), .arg = answer_words },
	{ .key = "tunnels", .read = row_tunnels, .offset = SETTING(TUNNELS) },
	{ .key = "quota", .read = row_quota },
	{ .key = "categories", .read = row_matrix },
	{ .key = "sites", .read = row_sites },
	{ 0 },
};

static int read_group(struct reader *reader, const struct node *node, struct policy *policy)
{
	struct group *group;

	if (check_label(reader, node->key, at_key(reader, node), "group"))
		return -EINVAL;
	if (policy->groups == ESAFE_GROUPS)
		return reader_problem(reader, node, "more than %d groups", ESAFE_GROUPS);
	group = grow(reader, node, (void **)&policy->group, &policy->groups, sizeof(*group));
	if (!group)
		return -ENOMEM;
	group->at = at_key(reader, node);
	group->parent = SIZE_MAX;
	for (int i = 0; i < SETTINGS; i++)
		group->set[i] = -1;
	group->name = strdup(node->key);
	group->category = calloc(policy->categories + 1, sizeof(*group->category));
	if (!group->name || !group->category)
		return reader_problem(reader, node, "out of memory");
	return schema_map(reader, node, group_rows, group);
}

int row_groups(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_group(reader, child, building(reader)->policy))
			err = -EINVAL;
	return err;
}

/* ---- places: [{ vlan, subnet, interface, group }] ---- */
struct place_fields {
	struct policy_place place;
	char *group;
};

static int row_subnet(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy_place *place = field;
	struct esafe_prefix prefix;
	int err;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	err = strchr(node->text, '/') ? prefix_parse(node->text, &prefix) : -EINVAL;
	if (err == -ERANGE)
		return reader_problem(reader, node, "\"%s\" has address bits behind its prefix", node->text);
	if (err)
		return reader_problem(reader, node, "\"%s\" is not a subnet such as 10.0.20.0/24", node->text);
	memcpy(place->addr, prefix.addr, sizeof(place->addr));
	memcpy(place->mask, prefix.mask, sizeof(place->mask));
	place->subnet = true;
	return 0;
}

static int row_interface(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy_place *place = field;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (!node->text[0] || strlen(node->text) >= IF_NAMESIZE || strpbrk(node->text, "/ \n"))
		return reader_problem(reader, node, "\"%s\" cannot be the name of an interface", node->text);
	snprintf(place->interface, sizeof(place->interface), "%s", node->text);
	return 0;
}

static const struct limits vlan_limits = { 1, 4094 };
static const struct row place_rows[] = {
	{ .key = "vlan", .read = row_number, .offset = offsetof(struct place_fields, place.vlan), .arg = &vlan_limits },
	{ .key = "subnet", .read = row_subnet, .offset = offsetof(struct place_fields, place) },
	{ .key = "interface", .read = row_interface, .offset = offsetof(struct place_fields, place) },
	{ .key = "group", .read = row_text, .offset = offsetof(struct place_fields, group), .required = true },
	{ 0 },
};

static size_t group_find(struct reader *reader, const char *name, struct at at)
{
	const struct policy *policy = building(reader)->policy;
	size_t found = policy_group(policy, name);
	const char *known[ESAFE_GROUPS], *near;

	if (found != SIZE_MAX)
		return found;
	for (size_t i = 0; i < policy->groups; i++)
		known[i] = policy->group[i].name;
	near = nearest(name, known, policy->groups);
	problem_add(reader->problems, at.file, at.line, at.column, "no group is called \"%s\"%s%s%s", name,
		    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return SIZE_MAX;
}

static int read_place(struct reader *reader, const struct node *node, struct policy *policy)
{
	struct place_fields fields = { 0 };
	struct policy_place *place;
	int err = schema_map(reader, node, place_rows, &fields);

	if (!err && !fields.place.vlan && !fields.place.subnet && !fields.place.interface[0])
		err = reader_problem(reader, node, "a place says a vlan, a subnet or an interface");
	if (!err && policy->places == ESAFE_PLACES)
		err = reader_problem(reader, node, "more than %d places", ESAFE_PLACES);
	if (!err)
		fields.place.group = group_find(reader, fields.group, at_node(reader, node_get(node, "group")));
	free(fields.group);
	if (err || fields.place.group == SIZE_MAX)
		return -EINVAL;
	place = grow(reader, node, (void **)&policy->place, &policy->places, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = fields.place;
	place->at = at_node(reader, node);
	return 0;
}

int row_places(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_place(reader, child, building(reader)->policy))
			err = -EINVAL;
	return err;
}

/* ---- block_page: { ipv4, ipv6 } ---- */
static int row_page(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy *policy = building(reader)->policy;
	bool v4 = !strcmp(row->key, "ipv4");

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	if (inet_pton(v4 ? AF_INET : AF_INET6, node->text, v4 ? (void *)&policy->page4 : &policy->page6) != 1)
		return reader_problem(reader, node, "\"%s\" is not an %s address", node->text, v4 ? "IPv4" : "IPv6");
	*(v4 ? &policy->has_page4 : &policy->has_page6) = true;
	return 0;
}

int row_address(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	static const struct limits limits = { 1, 65535 };
	static const struct row rows[] = {
		{ .key = "ipv4", .read = row_page },
		{ .key = "ipv6", .read = row_page },
		{ .key = "http_port", .read = row_number, .offset = offsetof(struct policy, page_port[0]), .arg = &limits },
		{ .key = "https_port", .read = row_number, .offset = offsetof(struct policy, page_port[1]), .arg = &limits },
		{ 0 }
	};

	return schema_map(reader, node, rows, building(reader)->policy);
}
