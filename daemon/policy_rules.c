/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One verdict of a group: allow, block, supervised, { allow: TIME } or { block: TIME }; read, and written again. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy_build.h"

static const struct word verdict_words[] = {
	{ "allow", RULE_ALLOW },
	{ "block", RULE_BLOCK },
	{ "supervised", RULE_SUPERVISED },
	{ 0 },
};

static int time_read(struct reader *reader, const struct node *node, __u64 *times)
{
	const struct policy *policy = building(reader)->policy;
	const char *known[POLICY_TIMES], *near;

	if (reader_expect(reader, node, NODE_SCALAR, "the name of a time"))
		return -EINVAL;
	for (size_t i = 0; i < policy->times; i++) {
		known[i] = policy->time[i].name;
		if (strcmp(known[i], node->text))
			continue;
		*times |= 1ULL << i;
		return 0;
	}
	near = nearest(node->text, known, policy->times);
	return reader_problem(reader, node, "no time is called \"%s\"%s%s%s", node->text,
			      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int times_read(struct reader *reader, const struct node *node, __u64 *times)
{
	int err = 0;

	if (node->kind != NODE_LIST)
		return time_read(reader, node, times);
	if (!node->first)
		return reader_problem(reader, node, "a list of no times");
	for (const struct node *child = node->first; child; child = child->next)
		if (time_read(reader, child, times))
			err = -EINVAL;
	return err;
}

static int timed_read(struct reader *reader, const struct node *node, struct rule *out)
{
	static const struct row only[] = { { .key = "allow" }, { .key = "block" }, { 0 } };
	const struct node *time = node->first;
	struct rule rule = { .at = out->at };

	if (!time || time->next)
		return reader_problem(reader, node, "a verdict by time is { allow: TIME } or { block: TIME }");
	if (!strcmp(time->key, only[0].key))
		rule.kind = RULE_ALLOW_AT;
	else if (!strcmp(time->key, only[1].key))
		rule.kind = RULE_BLOCK_AT;
	else
		return reader_problem(reader, node,
				      "a verdict by time is { allow: TIME } or { block: TIME }, not \"%s\"", time->key);
	if (times_read(reader, time, &rule.times))
		return -EINVAL;
	*out = rule;
	return 0;
}

int rule_read(struct reader *reader, const struct node *node, struct rule *out)
{
	const struct row row = { .key = node->key ? node->key : "a verdict", .arg = verdict_words };
	struct rule rule = { .at = node->key ? at_key(reader, node) : at_node(reader, node) };
	int kind, err;

	if (node->kind == NODE_MAP) {
		err = timed_read(reader, node, &rule);
	} else {
		err = row_word(reader, node, &row, &kind);
		if (!err)
			rule.kind = kind;
	}
	if (!err)
		*out = rule;
	return err;
}

enum rule_kind rule_then(const struct rule *rule, __u64 times)
{
	bool open = rule->times & times;

	switch (rule->kind) {
	case RULE_BLOCK:
	case RULE_SUPERVISED:
		return rule->kind;
	case RULE_ALLOW_AT:
		return open ? RULE_ALLOW : RULE_BLOCK;
	case RULE_BLOCK_AT:
		return open ? RULE_BLOCK : RULE_ALLOW;
	default:
		return RULE_ALLOW;
	}
}

/* "block", "allow lunch", "block lessons+assembly" */
int rule_text(const struct policy *policy, const struct rule *rule, char *out, size_t size)
{
	int at;

	if (rule->kind != RULE_ALLOW_AT && rule->kind != RULE_BLOCK_AT)
		return snprintf(out, size, "%s", rule->kind == RULE_NONE ? "-" : word_text(verdict_words, rule->kind));
	at = snprintf(out, size, "%s", rule->kind == RULE_ALLOW_AT ? "allow" : "block");
	for (size_t i = 0; i < policy->times; i++) {
		bool first = !(rule->times & ((1ULL << i) - 1));

		if (rule->times >> i & 1)
			at += snprintf((size_t)at < size ? out + at : NULL, (size_t)at < size ? size - at : 0, "%c%s",
				       first ? ' ' : '+', policy->time[i].name);
	}
	return at;
}
