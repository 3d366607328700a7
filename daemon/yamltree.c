/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "yamltree.h"

struct builder {
	yaml_parser_t parser;
	const char *file;
	struct problems *problems;
	size_t nodes;
};

static int line_of(yaml_mark_t mark)
{
	return (int)mark.line + 1;
}

static int column_of(yaml_mark_t mark)
{
	return (int)mark.column + 1;
}

static int refuse(struct builder *b, const yaml_event_t *event, const char *text)
{
	problem_add(b->problems, b->file, line_of(event->start_mark), column_of(event->start_mark), "%s", text);
	return -EINVAL;
}

static int next_event(struct builder *b, yaml_event_t *event)
{
	const yaml_parser_t *p = &b->parser;
	yaml_mark_t mark;

	if (yaml_parser_parse(&b->parser, event))
		return 0;
	/* the reader of bytes does not say where it was */
	mark = p->error == YAML_READER_ERROR ? p->mark : p->problem_mark;
	problem_add(b->problems, b->file, line_of(mark), column_of(mark), "not YAML: %s%s%s",
		    p->problem ? p->problem : "cannot be read", p->context ? ", " : "", p->context ? p->context : "");
	return -EINVAL;
}

void node_free(struct node *node)
{
	while (node) {
		struct node *next = node->next;

		node_free(node->first);
		free(node->text);
		free(node->key);
		free(node);
		node = next;
	}
}

const struct node *node_get(const struct node *map, const char *key)
{
	for (const struct node *child = map->first; child; child = child->next)
		if (child->key && !strcmp(child->key, key))
			return child;
	return NULL;
}

static int by_key(const void *a, const void *b)
{
	const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
	int order = strcmp(left->key, right->key);

	if (order)
		return order;
	return left->key_line != right->key_line ? left->key_line - right->key_line
						 : left->key_column - right->key_column;
}

/* Sorted rather than compared pair by pair: a map may have thousands of sites. */
static int check_keys(struct builder *b, const struct node *map)
{
	struct node **sorted = calloc(map->children + 1, sizeof(struct node *));
	size_t n = 0;
	int err = 0;

	if (!sorted)
		return -ENOMEM;
	for (struct node *child = map->first; child; child = child->next)
		sorted[n++] = child;
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key))
			continue;
		problem_add(b->problems, b->file, sorted[i]->key_line, sorted[i]->key_column,
			    "\"%s\" stands here twice; first in line %d", sorted[i]->key, sorted[i - 1]->key_line);
		err = -EINVAL;
	}
	free(sorted);
	return err;
}

/* A scalar goes into messages and onto terminals: what could act there is no part of a name. */
static int scalar_text(struct builder *b, const yaml_event_t *event, char **out)
{
	const unsigned char *value = event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (len > YAML_WORD)
		return refuse(b, event, "a word longer than 4096 bytes");
	for (size_t i = 0; i < len; i++) {
		bool c1 = value[i] == 0xc2 && i + 1 < len && value[i + 1] < 0xa0;

		if ((value[i] < 0x20 && value[i] != '\n') || value[i] == 0x7f || c1)
			return refuse(b, event, "a control character");
	}
	*out = strndup((const char *)value, len);
	return *out ? 0 : -ENOMEM;
}

/* Anchors would let a short text grow without bound, and nothing here has a use for tags. */
static int check_properties(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(b, event, "aliases (*name) are not taken: use `inherit`");
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor)
			return refuse(b, event, "anchors (&name) are not taken: use `inherit`");
		return event->data.scalar.tag ? refuse(b, event, "tags (!name) are not taken") : 0;
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor)
			return refuse(b, event, "anchors (&name) are not taken: use `inherit`");
		return event->data.sequence_start.tag ? refuse(b, event, "tags (!name) are not taken") : 0;
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor)
			return refuse(b, event, "anchors (&name) are not taken: use `inherit`");
		return event->data.mapping_start.tag ? refuse(b, event, "tags (!name) are not taken") : 0;
	default:
		return refuse(b, event, "a value is missing here");
	}
}

static int build(struct builder *b, const yaml_event_t *event, unsigned depth, struct node **out);

static int build_key(struct builder *b, const yaml_event_t *event, char **key)
{
	int err = check_properties(b, event);

	if (err)
		return err;
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(b, event, "a key must be a single word");
	return scalar_text(b, event, key);
}

static int build_entry(struct builder *b, yaml_event_t *event, bool map, unsigned depth, struct node **out)
{
	yaml_mark_t mark = event->start_mark;
	char *key = NULL;
	int err;

	if (map) {
		err = build_key(b, event, &key);
		yaml_event_delete(event);
		if (!err)
			err = next_event(b, event);
		if (err) {
			free(key);
			*event = (yaml_event_t){ 0 };
			return err;
		}
	}
	err = build(b, event, depth + 1, out);
	if (err) {
		free(key);
		return err;
	}
	(*out)->key = key;
	(*out)->key_line = line_of(mark);
	(*out)->key_column = column_of(mark);
	return 0;
}

static int build_children(struct builder *b, struct node *node, unsigned depth)
{
	yaml_event_type_t end = node->kind == NODE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct node **tail = &node->first;
	yaml_event_t event;
	int err;

	for (;;) {
		err = next_event(b, &event);
		if (err)
			return err;
		if (event.type == end) {
			yaml_event_delete(&event);
			return node->kind == NODE_MAP ? check_keys(b, node) : 0;
		}
		err = build_entry(b, &event, node->kind == NODE_MAP, depth, tail);
		yaml_event_delete(&event);
		if (err)
			return err;
		tail = &(*tail)->next;
		node->children++;
	}
}

static int build(struct builder *b, const yaml_event_t *event, unsigned depth, struct node **out)
{
	struct node *node;
	int err = check_properties(b, event);

	if (err)
		return err;
	if (depth > YAML_DEPTH)
		return refuse(b, event, "nested too deep");
	if (++b->nodes > YAML_NODES)
		return refuse(b, event, "too many entries in one file");
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->line = line_of(event->start_mark);
	node->column = column_of(event->start_mark);
	if (event->type == YAML_SCALAR_EVENT) {
		node->kind = NODE_SCALAR;
		node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		err = scalar_text(b, event, &node->text);
	} else {
		node->kind = event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST;
		err = build_children(b, node, depth);
	}
	if (err) {
		node_free(node);
		return err;
	}
	*out = node;
	return 0;
}

static int empty_map(struct node **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->kind = NODE_MAP;
	(*out)->line = (*out)->column = 1;
	return 0;
}

static int build_document(struct builder *b, struct node **root)
{
	yaml_event_t event;
	int err;

	for (;;) {
		bool end, again;

		err = next_event(b, &event);
		if (err)
			return err;
		end = event.type == YAML_STREAM_END_EVENT;
		again = event.type == YAML_DOCUMENT_START_EVENT && *root;
		if (again)
			err = refuse(b, &event, "a second document: one file holds one");
		else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
			 event.type != YAML_DOCUMENT_END_EVENT && !end)
			err = build(b, &event, 0, root);
		yaml_event_delete(&event);
		if (err)
			return err;
		if (end)
			return *root ? 0 : empty_map(root);
	}
}

struct node *yaml_read(const char *file, const char *text, size_t len, struct problems *problems)
{
	struct builder b = { .file = file, .problems = problems };
	struct node *root = NULL;
	int err;

	if (len > YAML_BYTES) {
		problem_add(problems, file, 0, 0, "larger than 4 MiB");
		return NULL;
	}
	if (!yaml_parser_initialize(&b.parser)) {
		problem_add(problems, file, 0, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, len);
	err = build_document(&b, &root);
	yaml_parser_delete(&b.parser);
	if (!err)
		return root;
	if (err == -ENOMEM)
		problem_add(problems, file, 0, 0, "out of memory");
	node_free(root);
	return NULL;
}
