/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy as lines of path and text, for differences, listings and JSON. Pure. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "listfmt.h"
#include "names.h"
#include "policy_build.h"

#define PATH_MAX_TEXT (NAME_TEXT_MAX + 128)
#define LINE_MAX_TEXT 4096

struct lines {
	int (*line)(void *ctx, const char *path, const char *text);
	void *ctx;
	const struct policy *policy;
	char path[PATH_MAX_TEXT], text[LINE_MAX_TEXT];
	int err;
};

static const struct {
	const char *name;
	const struct word *words;
} settings[SETTINGS] = {
	[SET_INTERNET] = { "internet", internet_words },
	[SET_PORTAL] = { "portal", internet_words },
	[SET_SAFESEARCH] = { "safesearch", safesearch_words },
	[SET_YOUTUBE] = { "youtube", youtube_words },
	[SET_QUIC] = { "quic", quic_words },
	[SET_HTTPS_RECORDS] = { "https_records", https_words },
	[SET_LOG] = { "log", log_words },
	[SET_ANSWER] = { "answer", answer_words },
	[SET_TUNNELS] = { "tunnels", NULL },
	[SET_UNRESOLVED] = { "unresolved", refuse_words },
	[SET_UNNAMED] = { "unnamed", refuse_words },
};

const char *setting_name(enum group_setting setting)
{
	return settings[setting].name;
}

int setting_text(enum group_setting setting, int value, char *out, size_t size)
{
	if (setting == SET_TUNNELS)
		return tunnels_text(value, out, size);
	return snprintf(out, size, "%s", word_text(settings[setting].words, value));
}

static void emit(struct lines *l)
{
	if (!l->err)
		l->err = l->line(l->ctx, l->path, l->text);
}

static void emit_rule(struct lines *l, const struct rule *rule)
{
	rule_text(l->policy, rule, l->text, sizeof(l->text));
	emit(l);
}

static void add_text(struct lines *l, size_t *at, const char *part)
{
	size_t room = sizeof(l->text) - *at;
	int n = snprintf(l->text + *at, room, "%s%s", *at ? ", " : "", part);

	*at = (size_t)n < room ? *at + n : sizeof(l->text) - 1;
}

static void times_lines(struct lines *l)
{
	char range[128];

	for (size_t i = 0; i < l->policy->times; i++) {
		const struct policy_time *time = &l->policy->time[i];
		size_t at = 0;

		l->text[0] = 0;
		for (size_t j = 0; j < time->window.n; j++) {
			times_range_text(&time->window.range[j], range, sizeof(range));
			add_text(l, &at, range);
		}
		snprintf(l->path, sizeof(l->path), "times.%s", time->name);
		emit(l);
	}
}

static void spans_line(struct lines *l, const char *path, const struct times_span *span, size_t n)
{
	char text[128];
	size_t at = 0;

	l->text[0] = 0;
	for (size_t i = 0; i < n; i++) {
		times_span_text(&span[i], text, sizeof(text));
		add_text(l, &at, text);
	}
	snprintf(l->path, sizeof(l->path), "%s", path);
	if (n)
		emit(l);
}

static void name_path(struct lines *l, const char *before, const char *group, const char *between,
		      const struct domain *name)
{
	char text[NAME_TEXT_MAX];

	if (name_to_text(name->wire, name->len, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "?");
	snprintf(l->path, sizeof(l->path), "%s%s%s%s", before, group, between, text);
}

static void group_lines(struct lines *l, const struct group *group)
{
	const struct policy *policy = l->policy;

	snprintf(l->path, sizeof(l->path), "groups.%s.default", group->name);
	emit_rule(l, &group->standard);
	for (int i = 0; i < SETTINGS; i++) {
		snprintf(l->path, sizeof(l->path), "groups.%s.%s", group->name, setting_name(i));
		setting_text(i, group->set[i], l->text, sizeof(l->text));
		emit(l);
	}
	for (size_t i = 0; i < group->quotas; i++) {
		snprintf(l->path, sizeof(l->path), "groups.%s.quota.%s", group->name,
			 quota_time(policy, &group->quota[i]));
		bytes_text(group->quota[i].bytes, l->text, sizeof(l->text));
		emit(l);
	}
	for (size_t i = 0; i < policy->categories; i++) {
		if (policy->category[i].floor)
			continue;
		snprintf(l->path, sizeof(l->path), "groups.%s.categories.%s", group->name, policy->category[i].name);
		emit_rule(l, &group->category[i]);
	}
	for (size_t i = 0; i < group->sites; i++) {
		name_path(l, "groups.", group->name, ".sites.", group->site[i].name);
		emit_rule(l, &group->site[i].rule);
	}
}

static void list_lines(struct lines *l)
{
	for (size_t i = 0; i < l->policy->lists; i++) {
		const struct policy_list *list = &l->policy->list[i];

		snprintf(l->path, sizeof(l->path), "lists.%s", list->name);
		snprintf(l->text, sizeof(l->text), "%s %s from %s, %s", list->floor ? "floor" : "category",
			 l->policy->category[list->category].name, list->file, list_format_name(list->format));
		emit(l);
	}
}

static void place_lines(struct lines *l)
{
	for (size_t i = 0; i < l->policy->places; i++) {
		const struct policy_place *place = &l->policy->place[i];
		size_t at = 0;

		snprintf(l->path, sizeof(l->path), "places.%02zu", i + 1); /* the order counts */
		if (place->interface[0])
			at += snprintf(l->text, sizeof(l->text), "interface %s ", place->interface);
		if (place->vlan)
			at += snprintf(l->text + at, sizeof(l->text) - at, "vlan %u ", place->vlan);
		if (place->subnet) {
			struct esafe_prefix prefix;

			memcpy(prefix.addr, place->addr, sizeof(prefix.addr));
			memcpy(prefix.mask, place->mask, sizeof(prefix.mask));
			at += snprintf(l->text + at, sizeof(l->text) - at, "subnet ");
			at += prefix_text(&prefix, l->text + at, sizeof(l->text) - at);
			at += snprintf(l->text + at, sizeof(l->text) - at, " ");
		}
		snprintf(l->text + at, sizeof(l->text) - at, "-> %s", l->policy->group[place->group].name);
		emit(l);
	}
}

static void protected_lines(struct lines *l, const char *kind, struct domain **name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		name_path(l, "protected.", kind, ".", name[i]);
		snprintf(l->text, sizeof(l->text), "always open");
		emit(l);
	}
}

static size_t target_text(struct lines *l, size_t at, const struct service_target *target)
{
	char text[NAME_TEXT_MAX];

	if (target->cname && name_to_text(target->cname->wire, target->cname->len, text, sizeof(text)) > 0)
		add_text(l, &at, text);
	for (size_t i = 0; i < target->ipv4_n; i++)
		add_text(l, &at, inet_ntop(AF_INET, &target->ipv4[i], text, sizeof(text)));
	for (size_t i = 0; i < target->ipv6_n; i++)
		add_text(l, &at, inet_ntop(AF_INET6, &target->ipv6[i], text, sizeof(text)));
	return at;
}

static void service_lines(struct lines *l)
{
	for (size_t i = 0; i < l->policy->services; i++) {
		const struct service *service = &l->policy->service[i];

		snprintf(l->path, sizeof(l->path), "services.%s", service->name);
		l->text[0] = 0;
		if (service->kind == SERVICE_CANARY)
			snprintf(l->text, sizeof(l->text), "%s", service->strict.rcode ? "nxdomain" : "nodata");
		else
			target_text(l, target_text(l, 0, &service->strict), &service->moderate);
		emit(l);
		for (size_t j = 0; j < service->names_n; j++) {
			name_path(l, "services.", service->name, ".", service->names[j]);
			snprintf(l->text, sizeof(l->text), "answered here");
			emit(l);
		}
	}
}

static void network_lines(struct lines *l)
{
	char text[INET6_ADDRSTRLEN + 8];

	for (size_t i = 0; i < l->policy->networks; i++) {
		const struct policy_network *network = &l->policy->network[i];
		size_t at = 0;

		snprintf(l->path, sizeof(l->path), "networks.%s", network->name);
		snprintf(l->text, sizeof(l->text), "no address");
		for (size_t j = 0; j < network->prefixes; j++) {
			prefix_text(&network->prefix[j], text, sizeof(text));
			add_text(l, &at, text);
		}
		for (size_t j = 0; j < network->ports; j++) {
			const struct esafe_net_port *port = &network->port[j];

			snprintf(text, sizeof(text), "%s/%u-%u", port->proto == IPPROTO_TCP ? "tcp" : "udp", port->first,
				 port->last);
			if (port->first == port->last)
				*strrchr(text, '-') = 0;
			add_text(l, &at, text);
		}
		add_text(l, &at, network->category == SIZE_MAX ? "for everybody"
							       : l->policy->category[network->category].name);
		emit(l);
	}
}

static void resolver_lines(struct lines *l)
{
	for (size_t i = 0; i < l->policy->resolvers; i++) {
		struct esafe_prefix host;

		memcpy(host.addr, l->policy->resolver[i], sizeof(host.addr));
		memset(host.mask, 0xff, sizeof(host.mask));
		snprintf(l->path, sizeof(l->path), "resolvers.%02zu", i + 1);
		prefix_text(&host, l->text, sizeof(l->text));
		emit(l);
	}
}

static void top_lines(struct lines *l)
{
	const struct policy *policy = l->policy;
	char addr[INET6_ADDRSTRLEN];

	snprintf(l->path, sizeof(l->path), "unknown");
	snprintf(l->text, sizeof(l->text), "%s", policy->group[policy->unknown].name);
	emit(l);
	snprintf(l->path, sizeof(l->path), "ttl");
	snprintf(l->text, sizeof(l->text), "%u, negative %u", policy->ttl, policy->negative_ttl);
	emit(l);
	if (policy->has_page4) {
		snprintf(l->path, sizeof(l->path), "block_page.ipv4");
		snprintf(l->text, sizeof(l->text), "%s", inet_ntop(AF_INET, &policy->page4, addr, sizeof(addr)));
		emit(l);
	}
	if (policy->has_page6) {
		snprintf(l->path, sizeof(l->path), "block_page.ipv6");
		snprintf(l->text, sizeof(l->text), "%s", inet_ntop(AF_INET6, &policy->page6, addr, sizeof(addr)));
		emit(l);
	}
	for (int i = 0; i < ESAFE_PAGE_PORTS && (policy->has_page4 || policy->has_page6); i++) {
		snprintf(l->path, sizeof(l->path), "block_page.%s", i ? "https_port" : "http_port");
		snprintf(l->text, sizeof(l->text), "%u", policy->page_port[i]);
		emit(l);
	}
}

int policy_flatten(const struct policy *policy, int (*line)(void *ctx, const char *path, const char *text), void *ctx)
{
	struct lines l = { .line = line, .ctx = ctx, .policy = policy };

	top_lines(&l);
	times_lines(&l);
	spans_line(&l, "terms", policy->calendar.terms, policy->calendar.terms_n);
	spans_line(&l, "holidays", policy->calendar.holidays, policy->calendar.holidays_n);
	spans_line(&l, "inset", policy->calendar.inset, policy->calendar.inset_n);
	list_lines(&l);
	for (size_t i = 0; i < policy->groups; i++)
		group_lines(&l, &policy->group[i]);
	place_lines(&l);
	protected_lines(&l, "help", policy->help, policy->helps);
	protected_lines(&l, "update", policy->update, policy->updates);
	for (size_t i = 0; i < policy->outers; i++) {
		name_path(&l, "outer_names.", "", "", policy->outer[i]);
		snprintf(l.text, sizeof(l.text), "stands for a name that is not known");
		emit(&l);
	}
	service_lines(&l);
	network_lines(&l);
	resolver_lines(&l);
	return l.err;
}
