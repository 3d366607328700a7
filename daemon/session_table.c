/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "session_table.h"

#define BUCKETS 8192

enum { BY_MAC, BY_ADDR, BY_USER, BY_SOURCE };

struct node {
	struct node *next;
	struct session *session;
	__u32 hash;
	__u8 kind;
};

struct session_table {
	struct session **item;
	size_t n, room;
	struct node *bucket[BUCKETS];
};

/* ---- ranks ---- */

unsigned session_rank(unsigned how)
{
	static const __u8 rank[ESAFE_HOW_COUNT] = {
		[ESAFE_HOW_CLASS] = 1, [ESAFE_HOW_VOUCHER] = 2, [ESAFE_HOW_PORTAL] = 3,
		[ESAFE_HOW_LOGON] = 4, [ESAFE_HOW_USER] = 4,    [ESAFE_HOW_RADIUS] = 5,
	};

	return how < ESAFE_HOW_COUNT ? rank[how] : 0;
}

static bool same_person(const struct session *a, const struct session *b)
{
	if (*a->user_name || *b->user_name)
		return !strcasecmp(a->user_name, b->user_name);
	return !strcasecmp(a->class_name, b->class_name);
}

__u32 session_user_number(const struct session *session)
{
	return *session->user_name ? ESAFE_USER_SESSION | ((__u32)session->id & ~ESAFE_USER_SESSION) : 0;
}

const char *session_group(const struct session *session)
{
	return *session->group ? session->group : session->group_found;
}

static bool same_device(const struct session *old, const struct session *fresh)
{
	return !old->has_mac || !fresh->has_mac || !memcmp(old->mac, fresh->mac, 6);
}

enum session_relation session_relation(const struct session *old, const struct session *fresh)
{
	bool same = same_person(old, fresh) && old->how == fresh->how && !strcmp(old->source, fresh->source);

	/* A NAS that lost its memory counts from the start: the same id may mean another device. */
	if (*fresh->source_id && !strcmp(old->source_id, fresh->source_id) && !strcmp(old->source, fresh->source))
		return same && same_device(old, fresh) ? SESSION_SAME : SESSION_REPLACES;
	if (session_rank(old->how) != session_rank(fresh->how))
		return SESSION_APART;
	return same && !*fresh->source_id && !*old->source_id ? SESSION_SAME : SESSION_REPLACES;
}

/* ---- finding ---- */

static __u32 hash_bytes(__u32 hash, const void *bytes, size_t len)
{
	const __u8 *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 16777619u;
	return hash;
}

static __u32 hash_word(__u32 hash, const char *word)
{
	for (; *word; word++)
		hash = (hash ^ (*word >= 'A' && *word <= 'Z' ? *word | 0x20 : *word)) * 16777619u;
	return hash;
}

static __u32 hash_of(unsigned kind, const void *key, const void *more)
{
	__u32 hash = 2166136261u + kind * 0x9e3779b9u;

	switch (kind) {
	case BY_MAC:
		return hash_bytes(hash, key, 6);
	case BY_ADDR:
		return hash_bytes(hash, key, 16);
	case BY_USER:
		return hash_word(hash, key);
	default:
		return hash_word(hash_word(hash, key) * 31, more);
	}
}

static struct node **bucket_of(struct session_table *table, __u32 hash)
{
	return &table->bucket[(hash ^ hash >> 16) % BUCKETS];
}

static int index_add(struct session_table *table, struct session *session, unsigned kind, const void *key,
		     const void *more)
{
	struct node *node = malloc(sizeof(*node)), **bucket;

	if (!node)
		return -ENOMEM;
	*node = (struct node){ .session = session, .kind = kind, .hash = hash_of(kind, key, more) };
	bucket = bucket_of(table, node->hash);
	node->next = *bucket;
	*bucket = node;
	return 0;
}

static void index_del(struct session_table *table, const struct session *session, unsigned kind, const void *key,
		      const void *more)
{
	__u32 hash = hash_of(kind, key, more);
	struct node **at = bucket_of(table, hash);

	while (*at && ((*at)->session != session || (*at)->kind != kind || (*at)->hash != hash))
		at = &(*at)->next;
	if (*at) {
		struct node *node = *at;

		*at = node->next;
		free(node);
	}
}

static bool has_addr(const struct session *session, const __u8 addr[16], unsigned *where)
{
	for (unsigned i = 0; i < session->addrs; i++) {
		if (memcmp(session->addr[i], addr, 16))
			continue;
		*where = i;
		return true;
	}
	return false;
}

static bool fits(const struct session *session, const struct session_walk *walk)
{
	unsigned where;

	switch (walk->kind) {
	case BY_MAC:
		return session->has_mac && !memcmp(session->mac, walk->key, 6);
	case BY_ADDR:
		return has_addr(session, walk->key, &where);
	case BY_USER:
		return !strcasecmp(session->user_name, walk->key);
	default:
		return !strcmp(session->source, walk->key) && !strcmp(session->source_id, walk->more);
	}
}

static struct session *walk_on(const struct node *node, struct session_walk *walk)
{
	for (; node; node = node->next) {
		if (node->kind != walk->kind || node->hash != walk->hash || !fits(node->session, walk))
			continue;
		walk->node = node;
		return node->session;
	}
	walk->node = NULL;
	return NULL;
}

static struct session *walk_from(const struct session_table *table, unsigned kind, const void *key, const void *more,
				 struct session_walk *walk)
{
	*walk = (struct session_walk){ .kind = kind, .hash = hash_of(kind, key, more), .key = key, .more = more };
	return table ? walk_on(*bucket_of((struct session_table *)table, walk->hash), walk) : NULL;
}

struct session *session_walk_mac(const struct session_table *table, const __u8 mac[6], struct session_walk *walk)
{
	return walk_from(table, BY_MAC, mac, NULL, walk);
}

struct session *session_walk_addr(const struct session_table *table, const __u8 addr[16], struct session_walk *walk)
{
	return walk_from(table, BY_ADDR, addr, NULL, walk);
}

struct session *session_walk_user(const struct session_table *table, const char *name, struct session_walk *walk)
{
	return walk_from(table, BY_USER, name, NULL, walk);
}

struct session *session_walk_source(const struct session_table *table, const char *source, const char *source_id,
				    struct session_walk *walk)
{
	return walk_from(table, BY_SOURCE, source, source_id, walk);
}

struct session *session_walk_next(struct session_walk *walk)
{
	const struct node *node = walk->node;

	return node ? walk_on(node->next, walk) : NULL;
}

struct session *session_table_get(const struct session_table *table, __u64 id)
{
	for (size_t i = 0; i < session_table_count(table); i++)
		if (table->item[i]->id == id)
			return table->item[i];
	return NULL;
}

static void better(struct session **best, struct session *session, __s64 now)
{
	unsigned rank = session_rank(session->how);

	if (session->until <= now)
		return;
	if (!*best || rank > session_rank((*best)->how) ||
	    (rank == session_rank((*best)->how) && session->id > (*best)->id))
		*best = session;
}

struct session *session_best(const struct session_table *table, const __u8 *mac, const __u8 *addr, __s64 now)
{
	struct session *best = NULL, *session;
	struct session_walk walk;

	for (session = mac ? session_walk_mac(table, mac, &walk) : NULL; session; session = session_walk_next(&walk))
		better(&best, session, now);
	for (session = addr ? session_walk_addr(table, addr, &walk) : NULL; session; session = session_walk_next(&walk))
		better(&best, session, now);
	return best;
}

__s64 session_table_deadline(const struct session_table *table)
{
	__s64 first = 0;

	for (size_t i = 0; i < session_table_count(table); i++)
		if (!first || table->item[i]->until < first)
			first = table->item[i]->until;
	return first;
}

/* ---- keeping ---- */

void session_free(struct session *session)
{
	if (!session)
		return;
	free(session->user_name);
	free(session->class_name);
	free(session->adult);
	free(session->group);
	free(session->group_found);
	free(session->source);
	free(session->source_id);
	free(session->who);
	free(session);
}

int session_table_new(struct session_table **out)
{
	struct session_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	*out = table;
	return 0;
}

void session_table_free(struct session_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n; i++)
		session_free(table->item[i]);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (table->bucket[i]) {
			struct node *node = table->bucket[i];

			table->bucket[i] = node->next;
			free(node);
		}
	}
	free(table->item);
	free(table);
}

size_t session_table_count(const struct session_table *table)
{
	return table ? table->n : 0;
}

struct session *session_table_at(const struct session_table *table, size_t i)
{
	return table->item[i];
}

static void unlink_all(struct session_table *table, struct session *session)
{
	if (session->has_mac)
		index_del(table, session, BY_MAC, session->mac, NULL);
	for (unsigned i = 0; i < session->addrs; i++)
		index_del(table, session, BY_ADDR, session->addr[i], NULL);
	index_del(table, session, BY_USER, session->user_name, NULL);
	index_del(table, session, BY_SOURCE, session->source, session->source_id);
}

static int link_all(struct session_table *table, struct session *session)
{
	int err = index_add(table, session, BY_USER, session->user_name, NULL);

	if (!err)
		err = index_add(table, session, BY_SOURCE, session->source, session->source_id);
	if (!err && session->has_mac)
		err = index_add(table, session, BY_MAC, session->mac, NULL);
	for (unsigned i = 0; i < session->addrs && !err; i++)
		err = index_add(table, session, BY_ADDR, session->addr[i], NULL);
	if (err)
		unlink_all(table, session);
	return err;
}

int session_table_add(struct session_table *table, struct session *session)
{
	int err;

	if (table->n >= SESSIONS_MAX)
		return -ENOSPC;
	if (table->n == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		struct session **bigger = realloc(table->item, room * sizeof(struct session *));

		if (!bigger)
			return -ENOMEM;
		table->item = bigger;
		table->room = room;
	}
	err = link_all(table, session);
	if (!err)
		table->item[table->n++] = session;
	return err;
}

void session_table_remove(struct session_table *table, struct session *session)
{
	for (size_t i = 0; i < table->n; i++) {
		if (table->item[i] != session)
			continue;
		unlink_all(table, session);
		table->item[i] = table->item[--table->n];
		return;
	}
}

int session_table_bind(struct session_table *table, struct session *session, const __u8 mac[6])
{
	int err = index_add(table, session, BY_MAC, mac, NULL);

	if (err)
		return err;
	if (session->has_mac)
		index_del(table, session, BY_MAC, session->mac, NULL);
	session->has_mac = true;
	memcpy(session->mac, mac, 6);
	return 0;
}

int session_table_add_addr(struct session_table *table, struct session *session, const __u8 addr[16])
{
	unsigned where;
	int err;

	if (has_addr(session, addr, &where))
		return -EEXIST;
	if (session->addrs == SESSION_ADDRESSES)
		return -ENOSPC;
	err = index_add(table, session, BY_ADDR, addr, NULL);
	if (!err)
		memcpy(session->addr[session->addrs++], addr, 16);
	return err;
}

void session_table_drop_addr(struct session_table *table, struct session *session, const __u8 addr[16])
{
	unsigned where;

	if (!has_addr(session, addr, &where))
		return;
	index_del(table, session, BY_ADDR, addr, NULL);
	memmove(session->addr[where], session->addr[--session->addrs], 16);
}

/* ---- deadlines ---- */

static __s64 end_of_day_of(const struct session_limits *limits, __s64 at, int days)
{
	time_t t = at;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return 0;
	tm.tm_mday += days;
	tm.tm_hour = limits->end_of_day / 60;
	tm.tm_min = limits->end_of_day % 60;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

__s64 session_deadline(const struct session_limits *limits, unsigned how, __s64 now)
{
	__s64 until = now + (how < ESAFE_HOW_COUNT ? limits->span[how] : 0), end;

	if (limits->end_of_day < 0)
		return until;
	end = end_of_day_of(limits, now, 0);
	if (end <= now)
		end = end_of_day_of(limits, now, 1);
	return end < until ? end : until;
}

bool session_is_end_of_day(const struct session_limits *limits, __s64 at)
{
	return limits->end_of_day >= 0 && end_of_day_of(limits, at, 0) == at;
}
