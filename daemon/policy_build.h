/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that read a policy. */
#ifndef ESAFE_POLICY_BUILD_H
#define ESAFE_POLICY_BUILD_H

#include "policy.h"
#include "prefix.h"
#include "schema.h"

struct building { /* reader->ctx */
	struct policy *policy;
	const char *file; /* owned by the policy */
	bool shipped;     /* not the school's own text */
};

extern const struct word internet_words[], safesearch_words[], youtube_words[], quic_words[], https_words[];
extern const struct word log_words[], answer_words[], refuse_words[];

static inline struct building *building(struct reader *reader)
{
	return reader->ctx;
}

struct at at_node(struct reader *reader, const struct node *node);
struct at at_key(struct reader *reader, const struct node *node);
/* Adds a zeroed element to an array; NULL and a problem told if that fails. */
void *grow(struct reader *reader, const struct node *node, void **array, size_t *n, size_t size);

/* A name of the policy's own: letters, digits, dashes and underscores, at most 40. */
int check_label(struct reader *reader, const char *label, struct at at, const char *what);
struct domain *domain_read(struct reader *reader, const char *text, struct at at);
int rule_read(struct reader *reader, const struct node *node, struct rule *out);
/* Index of a category, or SIZE_MAX and a problem told. */
size_t category_find(struct reader *reader, const char *name, struct at at);

row_fn row_times, row_spans, row_categories, row_lists, row_groups, row_places, row_services, row_protected;
row_fn row_address, row_unknown, row_tunnels, row_networks, row_resolvers, row_outer;
row_fn row_quota;
int tunnels_text(int value, char *out, size_t size);

int prefix_read(struct reader *reader, const struct node *node, const char *text, struct esafe_prefix *out);
int prefix_text(const struct esafe_prefix *prefix, char *out, size_t size);
void networks_free(struct policy *policy);

/* Once everything is read: who inherits what, who is strictest, and what cannot be. */
int policy_resolve(struct reader *reader, struct policy *policy, const char *unknown, struct at unknown_at);

#endif
