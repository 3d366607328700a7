/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a policy that are neither groups nor services: times, calendar, categories, lists, places, protected. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "listfmt.h"
#include "names.h"
#include "policy_build.h"

#define LABEL_MAX 40
#define PROTECTED_MAX 4096

static int problem_at(struct reader *reader, struct at at, const char *text, const char *word)
{
	problem_add(reader->problems, at.file, at.line, at.column, text, word);
	return -EINVAL;
}

int check_label(struct reader *reader, const char *label, struct at at, const char *what)
{
	size_t len = strlen(label);

	for (const char *c = label; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			len = 0;
	if (len && len <= LABEL_MAX)
		return 0;
	problem_add(reader->problems, at.file, at.line, at.column,
		    "the name of a %s is at most %d letters, digits, dashes and underscores, not \"%s\"", what,
		    LABEL_MAX, label);
	return -EINVAL;
}

static bool is_address(const char *text)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, text, &addr) == 1 || inet_pton(AF_INET6, text, &addr) == 1;
}

struct domain *domain_read(struct reader *reader, const char *text, struct at at)
{
	__u8 wire[ESAFE_NAME_MAX];
	struct domain *domain;
	const char *why = NULL;
	int len = 0;

	if (strchr(text, '/'))
		why = "\"%s\" is an address of a page: only names of hosts can be matched";
	else if (!strncmp(text, "*.", 2))
		why = "\"%s\": leave out the star, a name covers everything below it";
	else if (is_address(text))
		why = "\"%s\" is an address, where a name is wanted";
	else if ((len = name_from_text(text, strlen(text), wire)) < 2)
		why = "\"%s\" is not the name of a host";
	if (why) {
		problem_at(reader, at, why, text);
		return NULL;
	}
	domain = malloc(sizeof(*domain) + len);
	if (!domain) {
		problem_at(reader, at, "out of memory%s", "");
		return NULL;
	}
	domain->at = at;
	domain->len = len;
	memcpy(domain->wire, wire, len);
	return domain;
}

/* ---- times: { name: range, name: [range, range] } ---- */
static int read_range(struct reader *reader, const struct node *node, struct times_window *window)
{
	const char *why;
	size_t where;

	if (reader_expect(reader, node, NODE_SCALAR, "a time"))
		return -EINVAL;
	if (window->n == TIMES_RANGES)
		return reader_problem(reader, node, "more than %d ranges in one time", TIMES_RANGES);
	if (!times_range_parse(node->text, &window->range[window->n], &why, &where)) {
		window->n++;
		return 0;
	}
	problem_add(reader->problems, reader->file, node->line, node->column + (int)where + node->quoted,
		    "\"%s\" is not a time: %s", node->text, why);
	return -EINVAL;
}

static int read_time(struct reader *reader, const struct node *node, struct policy *policy)
{
	struct policy_time *time;
	int err = 0;

	if (check_label(reader, node->key, at_key(reader, node), "time"))
		return -EINVAL;
	if (policy->times == POLICY_TIMES)
		return reader_problem(reader, node, "more than %d named times", POLICY_TIMES);
	time = grow(reader, node, (void **)&policy->time, &policy->times, sizeof(*time));
	if (!time)
		return -ENOMEM;
	time->at = at_key(reader, node);
	time->name = strdup(node->key);
	if (!time->name)
		return -ENOMEM;
	if (node->kind == NODE_SCALAR)
		return read_range(reader, node, &time->window);
	if (reader_expect(reader, node, NODE_LIST, node->key))
		return -EINVAL;
	for (const struct node *child = node->first; child; child = child->next)
		if (read_range(reader, child, &time->window))
			err = -EINVAL;
	return err;
}

int row_times(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_time(reader, child, building(reader)->policy))
			err = -EINVAL;
	return err;
}

/* ---- terms, holidays, inset: [date, date to date] ---- */
struct spans { /* a span array and its count, as struct times_calendar has them */
	struct times_span **span;
	size_t *n;
};

static struct spans spans_of(struct times_calendar *calendar, size_t offset)
{
	if (offset == offsetof(struct policy, calendar.terms))
		return (struct spans){ &calendar->terms, &calendar->terms_n };
	if (offset == offsetof(struct policy, calendar.holidays))
		return (struct spans){ &calendar->holidays, &calendar->holidays_n };
	return (struct spans){ &calendar->inset, &calendar->inset_n };
}

int row_spans(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct spans spans = spans_of(&building(reader)->policy->calendar, *(const size_t *)row->arg);
	int err = reader_expect(reader, node, NODE_LIST, row->key);
	const char *why;

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		struct times_span span, *to;

		if (reader_expect(reader, child, NODE_SCALAR, "a date")) {
			err = -EINVAL;
		} else if (times_span_parse(child->text, &span, &why)) {
			err = reader_problem(reader, child, "\"%s\": %s", child->text, why);
		} else if (*spans.n == TIMES_SPANS) {
			return reader_problem(reader, child, "more than %d entries", TIMES_SPANS);
		} else {
			to = grow(reader, child, (void **)spans.span, spans.n, sizeof(*to));
			if (!to)
				return -ENOMEM;
			*to = span;
		}
	}
	return err;
}

/* ---- categories: { name: what it is } ---- */
static struct policy_category *category_add(struct reader *reader, const struct node *node, const char *name,
					    const char *about, struct at at)
{
	struct policy *policy = building(reader)->policy;
	struct policy_category *category;

	if (check_label(reader, name, at, "category"))
		return NULL;
	if (policy->categories == ESAFE_CATEGORIES) {
		problem_at(reader, at, "more than 256 categories%s", "");
		return NULL;
	}
	category = grow(reader, node, (void **)&policy->category, &policy->categories, sizeof(*category));
	if (!category)
		return NULL;
	category->at = at;
	category->name = strdup(name);
	category->about = strdup(about);
	return category->name && category->about ? category : NULL;
}

int row_categories(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_MAP, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (reader_expect(reader, child, NODE_SCALAR, "what a category is") ||
		    !category_add(reader, child, child->key, child->text, at_key(reader, child)))
			err = -EINVAL;
	return err;
}

size_t category_find(struct reader *reader, const char *name, struct at at)
{
	const struct policy *policy = building(reader)->policy;
	size_t found = policy_category(policy, name);
	const char *known[ESAFE_CATEGORIES], *near;

	if (found != SIZE_MAX)
		return found;
	for (size_t i = 0; i < policy->categories; i++)
		known[i] = policy->category[i].name;
	near = nearest(name, known, policy->categories);
	problem_add(reader->problems, at.file, at.line, at.column, "no category is called \"%s\"%s%s%s", name,
		    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return SIZE_MAX;
}

/* ---- lists: [{ name, category or floor, file, format }] ---- */
struct list_fields {
	struct policy_list list;
	char *category, *floor;
};

static const struct word list_format_words[] = {
#define X(id, name, meaning) { name, LIST_##id },
	LIST_FORMATS(X)
#undef X
	{ 0 },
};

static const struct row list_rows[] = {
	{ .key = "name", .read = row_text, .offset = offsetof(struct list_fields, list.name), .required = true },
	{ .key = "file", .read = row_text, .offset = offsetof(struct list_fields, list.file), .required = true },
	{ .key = "category", .read = row_text, .offset = offsetof(struct list_fields, category) },
	{ .key = "floor", .read = row_text, .offset = offsetof(struct list_fields, floor) },
	{ .key = "format",
	  .read = row_word,
	  .offset = offsetof(struct list_fields, list.format),
	  .arg = list_format_words },
	{ 0 },
};

/* A locked category comes to be by its list. It shares nothing with those that groups have a say in. */
static size_t floor_category(struct reader *reader, const struct node *node, const char *name)
{
	struct policy *policy = building(reader)->policy;
	size_t found = policy_category(policy, name);
	struct policy_category *category;

	if (found != SIZE_MAX && policy->category[found].floor)
		return found;
	if (found != SIZE_MAX) {
		reader_problem(reader, node, "\"%s\" is a category that groups decide on: a floor needs another name",
			       name);
		return SIZE_MAX;
	}
	category = category_add(reader, node, name, "locked for everybody", at_node(reader, node));
	if (!category)
		return SIZE_MAX;
	category->floor = true;
	return policy->categories - 1;
}

static int list_category(struct reader *reader, const struct node *node, struct list_fields *fields)
{
	if (!fields->category == !fields->floor)
		return reader_problem(reader, node, "a list has either a category or a floor");
	fields->list.floor = fields->floor;
	if (fields->floor)
		fields->list.category = floor_category(reader, node_get(node, "floor"), fields->floor);
	else
		fields->list.category = category_find(reader, fields->category,
						      at_node(reader, node_get(node, "category")));
	if (fields->list.category == SIZE_MAX)
		return -EINVAL;
	if (!fields->floor && building(reader)->policy->category[fields->list.category].floor)
		return reader_problem(reader, node, "\"%s\" is locked: write floor instead of category",
				      fields->category);
	return 0;
}

static int list_unique(struct reader *reader, const struct node *node, const char *name)
{
	const struct policy *policy = building(reader)->policy;

	for (size_t i = 0; i < policy->lists; i++)
		if (!strcmp(policy->list[i].name, name))
			return reader_problem(reader, node, "a list called \"%s\" stands in line %d", name,
					      policy->list[i].at.line);
	return policy->lists < POLICY_LISTS ? 0 : reader_problem(reader, node, "more than %d lists", POLICY_LISTS);
}

static int read_list(struct reader *reader, const struct node *node)
{
	struct policy *policy = building(reader)->policy;
	struct list_fields fields = { .list.format = LIST_SNIFF };
	struct policy_list *list = NULL;
	int err = schema_map(reader, node, list_rows, &fields);

	if (!err)
		err = check_label(reader, fields.list.name, at_node(reader, node), "list");
	if (!err)
		err = list_category(reader, node, &fields);
	if (!err)
		err = list_unique(reader, node, fields.list.name);
	if (!err)
		list = grow(reader, node, (void **)&policy->list, &policy->lists, sizeof(*list));
	if (list) {
		*list = fields.list;
		list->at = at_node(reader, node);
	} else {
		free(fields.list.name);
		free(fields.list.file);
	}
	free(fields.category);
	free(fields.floor);
	return list ? 0 : -EINVAL;
}

int row_lists(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	int err = reader_expect(reader, node, NODE_LIST, row->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next)
		if (read_list(reader, child))
			err = -EINVAL;
	return err;
}

/* ---- protected: { help: [name], update: [name] } ---- */
static int read_names(struct reader *reader, const struct node *node, struct domain ***names, size_t *n)
{
	int err = reader_expect(reader, node, NODE_LIST, node->key);

	for (const struct node *child = err ? NULL : node->first; child; child = child->next) {
		struct domain *domain, **to;

		if (*n == PROTECTED_MAX)
			return reader_problem(reader, child, "more than %d protected names", PROTECTED_MAX);
		if (reader_expect(reader, child, NODE_SCALAR, "a name") ||
		    !(domain = domain_read(reader, child->text, at_node(reader, child)))) {
			err = -EINVAL;
			continue;
		}
		to = grow(reader, child, (void **)names, n, sizeof(*to));
		if (!to) {
			free(domain);
			return -ENOMEM;
		}
		*to = domain;
	}
	return err;
}

static int row_help(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy *policy = building(reader)->policy;

	return read_names(reader, node, &policy->help, &policy->helps);
}

static int row_update(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy *policy = building(reader)->policy;

	return read_names(reader, node, &policy->update, &policy->updates);
}

int row_outer(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	struct policy *policy = building(reader)->policy;

	return read_names(reader, node, &policy->outer, &policy->outers);
}

int row_protected(struct reader *reader, const struct node *node, const struct row *row, void *field)
{
	static const struct row rows[] = {
		{ .key = "help", .read = row_help },
		{ .key = "update", .read = row_update },
		{ 0 },
	};

	return schema_map(reader, node, rows, NULL);
}
