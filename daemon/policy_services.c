/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services whose names are answered by ourselves: search engines and video locked to their safe side, and canaries. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy_build.h"

#define SERVICE_NAMES 1024
#define PATTERN_MAX 512

struct service_fields {
	struct service service;
	int kind;
	const struct node *endings;
};

static const struct word kind_words[] = {
	{ "search", SERVICE_SEARCH }, { "video", SERVICE_VIDEO }, { "canary", SERVICE_CANARY }, { 0 }
};
static const struct word rcode_words[] = { { "nxdomain", 3 }, { "nodata", 0 }, { 0 } };

static int row_cname(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct domain **to = field;

	if (reader_expect(reader, node, NODE_SCALAR, row->key))
		return -EINVAL;
	*to = domain_read(reader, node->text, at_node(reader, node));
	return *to ? 0 : -EINVAL;
}

static int row_addresses(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct service_target *target = field;
	bool v4 = !strcmp(row->key, "ipv4");
	size_t *n = v4 ? &target->ipv4_n : &target->ipv6_n;
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		void *to = v4 ? (void *)&target->ipv4[*n] : &target->ipv6[*n];

		if (reader_expect(reader, child, NODE_SCALAR, "an address"))
			err = -EINVAL;
		else if (*n == POLICY_ADDRESSES)
			return reader_problem(reader, child, "more than %d addresses", POLICY_ADDRESSES);
		else if (inet_pton(v4 ? AF_INET : AF_INET6, child->text, to) != 1)
			err = reader_problem(reader, child, "\"%s\" is not an %s address", child->text,
					     v4 ? "IPv4" : "IPv6");
		else
			++*n;
	}
	return err;
}

static const struct row target_rows[] = {
	{ .key = "cname", .read = row_cname, .offset = offsetof(struct service_target, cname) },
	{ .key = "ipv4", .read = row_addresses },
	{ .key = "ipv6", .read = row_addresses },
	{ 0 },
};

static int row_target(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct service_target *target = field;
	int err = schema_map(reader, node, target_rows, target);

	target->given = true;
	if (!err && !target->cname && !target->ipv4_n && !target->ipv6_n)
		err = reader_problem(reader, node, "%s says neither a cname nor an address", row->key);
	return err;
}

static int row_rcode(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct service_target *target = field;

	target->given = true;
	return row_word(reader, node, row, &target->rcode);
}

static int row_endings(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	*(const struct node **)field = node;
	return reader_expect(reader, node, NODE_LIST, row->key);
}

static int add_name(struct reader *reader, const struct node *node, const char *text, struct service *service)
{
	struct domain *domain, **to;

	if (service->names_n == SERVICE_NAMES)
		return reader_problem(reader, node, "more than %d names of one service", SERVICE_NAMES);
	domain = domain_read(reader, text, at_node(reader, node));
	if (!domain)
		return -EINVAL;
	to = grow(reader, node, (void **)&service->names, &service->names_n, sizeof(*to));
	if (!to) {
		free(domain);
		return -ENOMEM;
	}
	*to = domain;
	return 0;
}

/* "www.google.*" stands for www.google. and each of the endings. */
static int add_pattern(struct reader *reader, const struct node *node, struct service_fields *fields)
{
	size_t len = strlen(node->text);
	char text[PATTERN_MAX];
	int err = 0;

	if (!fields->endings)
		return reader_problem(reader, node, "\"%s\" ends in a star, but there are no endings", node->text);
	for (const struct node *ending = fields->endings->first; ending; ending = ending->next) {
		if (reader_expect(reader, ending, NODE_SCALAR, "an ending"))
			return -EINVAL;
		if (len + strlen(ending->text) > sizeof(text))
			return reader_problem(reader, ending, "\"%s\" is too long", ending->text);
		memcpy(text, node->text, len - 1);
		strcpy(text + len - 1, ending->text);
		if (add_name(reader, ending, text, &fields->service))
			err = -EINVAL;
	}
	return err;
}

static int row_names(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct service_fields *fields = field;
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		size_t len;

		if (reader_expect(reader, child, NODE_SCALAR, "a name")) {
			err = -EINVAL;
			continue;
		}
		len = strlen(child->text);
		if (len > 2 && !strcmp(child->text + len - 2, ".*")
			    ? add_pattern(reader, child, fields)
			    : add_name(reader, child, child->text, &fields->service))
			err = -EINVAL;
	}
	return err;
}

/* endings before names: the names need them */
static const struct row service_rows[] = {
	{ .key = "kind", .read = row_word, .offset = offsetof(struct service_fields, kind), .arg = kind_words,
	  .required = true },
	{ .key = "endings", .read = row_endings, .offset = offsetof(struct service_fields, endings) },
	{ .key = "names", .read = row_names, .required = true },
	{ .key = "strict", .read = row_target, .offset = offsetof(struct service_fields, service.strict) },
	{ .key = "moderate", .read = row_target, .offset = offsetof(struct service_fields, service.moderate) },
	{ .key = "rcode", .read = row_rcode, .offset = offsetof(struct service_fields, service.strict),
	  .arg = rcode_words },
	{ 0 },
};

static int check_service(struct reader *reader, const struct node *node, const struct service *service)
{
	bool canary = service->kind == SERVICE_CANARY;

	if (canary && (!node_get(node, "rcode") || node_get(node, "strict") || node_get(node, "moderate")))
		return reader_problem(reader, node,
				      "a canary is answered by an rcode, nxdomain or nodata, and nothing else");
	if (!canary && (!node_get(node, "strict") || node_get(node, "rcode")))
		return reader_problem(reader, node, "a service that is locked has a strict side and no rcode");
	if (service->kind == SERVICE_SEARCH && service->moderate.given)
		return reader_problem(reader, node, "only video has a moderate side");
	return 0;
}

static bool is_overridden(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->services; i++)
		if (!strcmp(policy->service[i].name, name))
			return true;
	return false;
}

static int read_service(struct reader *reader, const struct node *node, struct policy *policy)
{
	struct service_fields fields = { 0 };
	struct service *service;
	int err, bad;

	if (check_label(reader, node->key, at_key(reader, node), "service"))
		return -EINVAL;
	if (building(reader)->shipped && is_overridden(policy, node->key))
		return 0;
	if (policy->services == ESAFE_SERVICES - 1)
		return reader_problem(reader, node, "more than %d services", ESAFE_SERVICES - 1);
	err = schema_map(reader, node, service_rows, &fields);
	/* kept even when it is bad, so that there is one place that frees it */
	service = grow(reader, node, (void **)&policy->service, &policy->services, sizeof(*service));
	if (!service) {
		free(fields.service.names);
		return -ENOMEM;
	}
	*service = fields.service;
	service->kind = fields.kind;
	service->at = at_key(reader, node);
	service->name = strdup(node->key);
	if (!service->name)
		return -ENOMEM;
	bad = err ? 0 : check_service(reader, node, service);
	return err ? err : bad;
}

int row_services(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_service(reader, child, building(reader)->policy))
			err = -EINVAL;
	return err;
}
