/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy as its author wrote it, checked and with inheritance resolved, but without numbers of the kernel's: those
 * are given by compile.h. Read from policy.yaml and the shipped services.yaml, protected.yaml
 * and networks.yaml.
 */
#ifndef ESAFE_POLICY_H
#define ESAFE_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "problem.h"
#include "times.h"
#include "esafe/abi.h"

#define POLICY_TIMES (ESAFE_WINDOWS - 1)
#define POLICY_LISTS 1024
#define POLICY_DOH "doh" /* the category of encrypted resolvers: port 853 leads to nothing else */
#define POLICY_ADDRESSES 6 /* of one locked service and family */

struct at { /* where it stands */
	const char *file;
	int line, column;
};

enum rule_kind {
	RULE_NONE, /* nothing said */
	RULE_ALLOW,
	RULE_BLOCK,
	RULE_SUPERVISED,
	RULE_ALLOW_AT, /* allowed at these times, blocked at others */
	RULE_BLOCK_AT, /* blocked at these times, allowed at others */
};

struct rule {
	enum rule_kind kind;
	__u64 times; /* bit n: policy->time[n] */
	struct at at;
};

struct domain {
	struct at at;
	unsigned len;
	__u8 wire[];
};

struct policy_time {
	char *name;
	struct at at;
	struct times_window window;
};

struct policy_category {
	char *name;
	char *about;
	bool floor; /* locked: no group has a say */
	struct at at;
};

struct policy_list {
	char *name;
	char *file;  /* relative ones stand in the data directory */
	int format;  /* enum list_format */
	size_t category;
	bool floor;
	struct at at;
};

struct site_rule {
	struct domain *name;
	struct rule rule;
};

enum group_answer { ANSWER_NXDOMAIN, ANSWER_NODATA, ANSWER_REFUSED, ANSWER_PAGE };
enum lock_mode { LOCK_OFF, LOCK_STRICT, LOCK_MODERATE };
enum group_setting {
	SET_INTERNET,
	SET_PORTAL,
	SET_SAFESEARCH,
	SET_YOUTUBE,
	SET_QUIC,
	SET_HTTPS_RECORDS,
	SET_LOG,
	SET_ANSWER,
	SET_TUNNELS,
	SET_UNRESOLVED,
	SET_UNNAMED,
	SETTINGS,
};

#define QUOTAS 8 /* of one group */
#define QUOTA_ALWAYS ESAFE_WINDOWS
struct quota {
	unsigned time; /* index; QUOTA_ALWAYS: from midnight to midnight */
	__u64 bytes;   /* that a device may send and get while the time is open */
	struct at at;
};

struct group {
	char *name;
	char *about;
	char *inherit;
	struct at at, inherit_at;
	size_t parent;         /* index; SIZE_MAX: none */
	int set[SETTINGS];     /* as enum group_setting says: 0 or 1, LOCK_*, ESAFE_QUIC_*, ESAFE_LOG_*, ANSWER_* ... */
	struct rule standard;  /* for names in no category, and for categories of which nothing is said */
	struct rule *category; /* by index of policy->category; never RULE_NONE after reading, but for floor ones */
	struct site_rule *site;
	size_t sites;
	struct quota quota[QUOTAS];
	size_t quotas;
	bool quota_given; /* else that of the group that it inherits from */
};

struct policy_place {
	char interface[16]; /* empty: any */
	unsigned vlan;      /* 0: any */
	__u8 addr[16], mask[16];
	bool subnet;
	size_t group;
	struct at at;
};

enum service_kind { SERVICE_SEARCH, SERVICE_VIDEO, SERVICE_CANARY };

struct service_target {
	bool given;
	int rcode; /* of a canary */
	struct domain *cname;
	struct in_addr ipv4[POLICY_ADDRESSES];
	struct in6_addr ipv6[POLICY_ADDRESSES];
	size_t ipv4_n, ipv6_n;
};

struct service {
	char *name;
	enum service_kind kind;
	struct domain **names;
	size_t names_n;
	struct service_target strict, moderate; /* a search service and a canary have only the first */
	struct at at;
};

struct policy_network { /* addresses that need no name; of any address, ports that are closed with a category */
	char *name, *about;
	struct esafe_prefix *prefix;
	size_t prefixes;
	struct esafe_net_port port[ESAFE_PORTS_PER_NET];
	size_t ports;    /* 0: any */
	size_t category; /* index; SIZE_MAX: open to every group */
	struct at at;
};

struct policy {
	char **files; /* that the places point to; the first is the policy */
	size_t files_n;
	char *dir;
	struct policy_time *time;
	size_t times;
	struct times_calendar calendar;
	struct policy_category *category;
	size_t categories;
	struct policy_list *list;
	size_t lists;
	struct group *group;
	size_t groups;
	struct policy_place *place;
	size_t places;
	struct service *service;
	size_t services;
	struct domain **help, **update;
	size_t helps, updates;
	struct domain **outer; /* public names of Encrypted ClientHello */
	size_t outers;
	struct policy_network *network;
	size_t networks;
	__u8 resolver[ESAFE_RESOLVERS][16]; /* what they resolve counts for every device */
	size_t resolvers;
	size_t unknown; /* group of devices that nothing is known of */
	struct in_addr page4;
	struct in6_addr page6;
	bool has_page4, has_page6;
	unsigned page_port[ESAFE_PAGE_PORTS];
	unsigned ttl, negative_ttl;
};

struct policy_text {
	const char *file, *text;
	size_t len;
};

/*
 * The first text is the policy; the others are shipped data, that may only hold services, networks and names that are
 * protected or public, and that give way to what the policy says of the same service or network. NULL when there are
 * problems. dir: where relative list files stand.
 */
struct policy *policy_read_all(const struct policy_text *texts, size_t n, const char *dir, struct problems *problems);
struct policy *policy_read(const char *file, const char *text, size_t len, const char *dir, struct problems *problems);
void policy_free(struct policy *policy);

size_t policy_group(const struct policy *policy, const char *name); /* SIZE_MAX: none */
size_t policy_category(const struct policy *policy, const char *name);
const char *quota_time(const struct policy *policy, const struct quota *quota); /* name; "always" */
/* RULE_ALLOW, RULE_BLOCK or RULE_SUPERVISED: what the rule says while these times are open, bit n: policy->time[n]. */
enum rule_kind rule_then(const struct rule *rule, __u64 times);
int rule_text(const struct policy *policy, const struct rule *rule, char *out, size_t size);
const char *setting_name(enum group_setting setting);
int setting_text(enum group_setting setting, int value, char *out, size_t size);

/* Everything that holds after inheritance, one line each: path "groups.pupils.categories.games", text "block". */
int policy_flatten(const struct policy *policy, int (*line)(void *ctx, const char *path, const char *text), void *ctx);

#endif
