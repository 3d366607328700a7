/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy_build.h"

/* What the top level of a text is read into; the policy itself is reached through building(). */
struct top {
	unsigned ttl, negative_ttl;
	char *unknown;
	struct at unknown_at;
	char *about;
};

static const struct limits ttl_limits = { 0, 3600 };

/* In the order in which they are read: what others refer to comes first. */
static const struct row top_rows[] = {
	{ .key = "about", .read = row_text, .offset = offsetof(struct top, about) },
	{ .key = "times", .read = row_times },
	{ .key = "terms", .read = row_spans, .arg = &(const size_t){ offsetof(struct policy, calendar.terms) } },
	{ .key = "holidays", .read = row_spans, .arg = &(const size_t){ offsetof(struct policy, calendar.holidays) } },
	{ .key = "inset", .read = row_spans, .arg = &(const size_t){ offsetof(struct policy, calendar.inset) } },
	{ .key = "categories", .read = row_categories, .required = true },
	{ .key = "lists", .read = row_lists },
	{ .key = "block_page", .read = row_address },
	{ .key = "groups", .read = row_groups, .required = true },
	{ .key = "places", .read = row_places },
	{ .key = "protected", .read = row_protected },
	{ .key = "services", .read = row_services },
	{ .key = "outer_names", .read = row_outer },
	{ .key = "networks", .read = row_networks },
	{ .key = "resolvers", .read = row_resolvers },
	{ .key = "unknown", .read = row_unknown, .offset = offsetof(struct top, unknown) },
	{ .key = "ttl", .read = row_number, .offset = offsetof(struct top, ttl), .arg = &ttl_limits },
	{ .key = "negative_ttl", .read = row_number, .offset = offsetof(struct top, negative_ttl), .arg = &ttl_limits },
	{ 0 },
};

static const struct row shipped_rows[] = {
	{ .key = "protected", .read = row_protected },
	{ .key = "services", .read = row_services },
	{ .key = "outer_names", .read = row_outer },
	{ .key = "networks", .read = row_networks },
	{ 0 },
};

struct at at_node(struct reader *reader, const struct node *node)
{
	return (struct at){ building(reader)->file, node->line, node->column };
}

struct at at_key(struct reader *reader, const struct node *node)
{
	return (struct at){ building(reader)->file, node->key_line, node->key_column };
}

void *grow(struct reader *reader, const struct node *node, void **array, size_t *n, size_t size)
{
	char *grown = reallocarray(*array, *n + 1, size);

	if (!grown) {
		reader_problem(reader, node, "out of memory");
		return NULL;
	}
	*array = grown;
	memset(grown + *n * size, 0, size);
	return grown + (*n)++ * size;
}

/* The group is looked up when all are known. */
int row_unknown(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct top *top = (struct top *)((char *)field - offsetof(struct top, unknown));

	top->unknown_at = at_node(reader, node);
	return row_text(reader, node, row, field);
}

static int read_text(struct reader *reader, const struct policy_text *text, struct top *top)
{
	struct building *b = building(reader);
	struct node *root = yaml_read(text->file, text->text, text->len, reader->problems);
	int err;

	if (!root)
		return -EINVAL;
	reader->file = text->file;
	b->file = strdup(text->file);
	if (!b->file) {
		node_free(root);
		return -ENOMEM;
	}
	b->policy->files[b->policy->files_n++] = (char *)b->file;
	err = schema_map(reader, root, b->shipped ? shipped_rows : top_rows, top);
	node_free(root);
	return err;
}

static int read_texts(struct reader *reader, const struct policy_text *texts, size_t n, struct top *top)
{
	struct policy *policy = building(reader)->policy;
	int err = 0;

	policy->files = calloc(n, sizeof(*policy->files));
	if (!policy->files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		building(reader)->shipped = i > 0;
		if (read_text(reader, &texts[i], top))
			err = -EINVAL;
	}
	if (err)
		return err;
	policy->ttl = top->ttl;
	policy->negative_ttl = top->negative_ttl == UINT32_MAX ? top->ttl : top->negative_ttl;
	reader->file = texts[0].file;
	return policy_resolve(reader, policy, top->unknown, top->unknown_at);
}

struct policy *policy_read_all(const struct policy_text *texts, size_t n, const char *dir, struct problems *problems)
{
	struct top top = { .ttl = 30, .negative_ttl = UINT32_MAX };
	struct policy *policy = calloc(1, sizeof(*policy));
	struct building b = { .policy = policy };
	struct reader reader = { .problems = problems, .ctx = &b };
	unsigned told = problems->n;
	int err = -ENOMEM;

	if (policy)
		policy->dir = strdup(dir ? dir : ".");
	if (policy) {
		policy->page_port[0] = 80;
		policy->page_port[1] = 8443;
	}
	if (policy && policy->dir)
		err = read_texts(&reader, texts, n, &top);
	free(top.unknown);
	free(top.about);
	if (!err && problems->n == told)
		return policy;
	if (problems->n == told)
		problem_add(problems, texts[0].file, 0, 0, "out of memory");
	policy_free(policy);
	return NULL;
}

struct policy *policy_read(const char *file, const char *text, size_t len, const char *dir, struct problems *problems)
{
	return policy_read_all(&(const struct policy_text){ file, text, len }, 1, dir, problems);
}

static void free_domains(struct domain **domain, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(domain[i]);
	free(domain);
}

static void group_free(struct group *group)
{
	free(group->name);
	free(group->about);
	free(group->inherit);
	free(group->category);
	for (size_t i = 0; i < group->sites; i++)
		free(group->site[i].name);
	free(group->site);
}

static void service_free(struct service *service)
{
	free(service->name);
	free_domains(service->names, service->names_n);
	free(service->strict.cname);
	free(service->moderate.cname);
}

static void tables_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->times; i++)
		free(policy->time[i].name);
	for (size_t i = 0; i < policy->categories; i++) {
		free(policy->category[i].name);
		free(policy->category[i].about);
	}
	for (size_t i = 0; i < policy->lists; i++) {
		free(policy->list[i].name);
		free(policy->list[i].file);
	}
	for (size_t i = 0; i < policy->groups; i++)
		group_free(&policy->group[i]);
	for (size_t i = 0; i < policy->services; i++)
		service_free(&policy->service[i]);
	for (size_t i = 0; i < policy->files_n; i++)
		free(policy->files[i]);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	tables_free(policy);
	free_domains(policy->help, policy->helps);
	free_domains(policy->update, policy->updates);
	free_domains(policy->outer, policy->outers);
	networks_free(policy);
	free(policy->time);
	free(policy->calendar.terms);
	free(policy->calendar.holidays);
	free(policy->calendar.inset);
	free(policy->category);
	free(policy->list);
	free(policy->group);
	free(policy->place);
	free(policy->service);
	free(policy->files);
	free(policy->dir);
	free(policy);
}

size_t policy_category(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->categories; i++)
		if (!strcmp(policy->category[i].name, name))
			return i;
	return SIZE_MAX;
}

size_t policy_group(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->groups; i++)
		if (!strcmp(policy->group[i].name, name))
			return i;
	return SIZE_MAX;
}
