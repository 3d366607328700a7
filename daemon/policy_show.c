/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "policy_show.h"

#define CELL 96
#define TABLE 100 /* columns that a page has */

struct show {
	const struct policy *policy;
	size_t only; /* group, or SIZE_MAX */
	size_t first, last; /* groups of this part of the table */
	int label;   /* width of the first column */
	int width[ESAFE_GROUPS];
	void (*line)(void *ctx, const char *text);
	void *ctx;
	char text[2048];
};

typedef void cell_fn(const struct show *s, const struct group *group, size_t row, char out[CELL]);

static void cell_standard(const struct show *s, const struct group *group, size_t row, char out[CELL])
{
	rule_text(s->policy, &group->standard, out, CELL);
}

static void cell_setting(const struct show *s, const struct group *group, size_t row, char out[CELL])
{
	setting_text(row, group->set[row], out, CELL);
}

static void cell_category(const struct show *s, const struct group *group, size_t row, char out[CELL])
{
	if (s->policy->category[row].floor)
		snprintf(out, CELL, "locked");
	else
		rule_text(s->policy, &group->category[row], out, CELL);
}

static void widen(int *width, const char *text)
{
	int len = strlen(text);

	if (len > *width)
		*width = len;
}

static bool shown(const struct show *s, size_t group)
{
	return s->only == SIZE_MAX || s->only == group;
}

static void measure(struct show *s)
{
	const struct policy *p = s->policy;
	char cell[CELL];

	s->label = strlen("https_records");
	for (size_t i = 0; i < p->categories; i++)
		widen(&s->label, p->category[i].name);
	for (size_t g = 0; g < p->groups; g++) {
		s->width[g] = strlen(p->group[g].name);
		cell_standard(s, &p->group[g], 0, cell);
		widen(&s->width[g], cell);
		for (size_t i = 0; i < SETTINGS; i++) {
			cell_setting(s, &p->group[g], i, cell);
			widen(&s->width[g], cell);
		}
		for (size_t i = 0; i < p->categories; i++) {
			cell_category(s, &p->group[g], i, cell);
			widen(&s->width[g], cell);
		}
	}
}

static void append(struct show *s, size_t *at, const char *text, int width)
{
	size_t room = sizeof(s->text) - *at;
	int n = snprintf(s->text + *at, room, "%-*s  ", width, text);

	*at = n > 0 && (size_t)n < room ? *at + n : sizeof(s->text) - 1;
}

static void finish(struct show *s, size_t at)
{
	while (at && s->text[at - 1] == ' ')
		at--;
	s->text[at] = 0;
	s->line(s->ctx, s->text);
}

static void row(struct show *s, const char *label, cell_fn *fn, size_t index)
{
	char cell[CELL];
	size_t at = 0;

	append(s, &at, label, s->label);
	for (size_t g = s->first; g <= s->last; g++) {
		if (!shown(s, g))
			continue;
		fn(s, &s->policy->group[g], index, cell);
		append(s, &at, cell, s->width[g]);
	}
	finish(s, at);
}

static void cell_name(const struct show *s, const struct group *group, size_t index, char out[CELL])
{
	snprintf(out, CELL, "%s", group->name);
}

/* As many groups as fit a page side by side; the others follow below. */
static void table_part(struct show *s)
{
	const struct policy *p = s->policy;

	row(s, "", cell_name, 0);
	row(s, "default", cell_standard, 0);
	for (size_t i = 0; i < SETTINGS; i++)
		row(s, setting_name(i), cell_setting, i);
	for (size_t i = 0; i < p->categories; i++)
		row(s, p->category[i].name, cell_category, i);
	s->line(s->ctx, "");
}

static void table(struct show *s)
{
	size_t n = s->policy->groups;

	for (s->first = 0; s->first < n; s->first = s->last + 1) {
		int used = s->label + 2 + s->width[s->first];

		s->last = s->first;
		while (s->last + 1 < n && used + 2 + s->width[s->last + 1] <= TABLE)
			used += 2 + s->width[++s->last];
		if (s->only == SIZE_MAX || (s->only >= s->first && s->only <= s->last))
			table_part(s);
	}
}

static void times(struct show *s)
{
	char range[128];

	for (size_t i = 0; i < s->policy->times; i++) {
		const struct policy_time *time = &s->policy->time[i];

		for (size_t j = 0; j < time->window.n; j++) {
			times_range_text(&time->window.range[j], range, sizeof(range));
			snprintf(s->text, sizeof(s->text), "time %-16s %s", j ? "" : time->name, range);
			s->line(s->ctx, s->text);
		}
	}
	if (s->policy->times)
		s->line(s->ctx, "");
}

static void sites(struct show *s, const struct group *group)
{
	char name[NAME_TEXT_MAX], rule[CELL];

	for (size_t i = 0; i < group->sites; i++) {
		const struct site_rule *site = &group->site[i];

		if (name_to_text(site->name->wire, site->name->len, name, sizeof(name)) < 0)
			continue;
		rule_text(s->policy, &site->rule, rule, sizeof(rule));
		snprintf(s->text, sizeof(s->text), "%s: %-40s %s", group->name, name, rule);
		s->line(s->ctx, s->text);
	}
}

int policy_show(const struct policy *policy, const char *group, void (*line)(void *ctx, const char *text), void *ctx)
{
	struct show s = { .policy = policy, .only = SIZE_MAX, .line = line, .ctx = ctx };

	if (group) {
		s.only = policy_group(policy, group);
		if (s.only == SIZE_MAX)
			return -ENOENT;
	}
	measure(&s);
	table(&s);
	times(&s);
	for (size_t i = 0; i < policy->groups; i++)
		if (shown(&s, i))
			sites(&s, &policy->group[i]);
	if (!group) {
		snprintf(s.text, sizeof(s.text), "Devices that nothing is known of belong to \"%s\".",
			 policy->group[policy->unknown].name);
		line(ctx, s.text);
	}
	return 0;
}
