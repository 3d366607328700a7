/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML text as a small tree in which everything knows its line. Taken: one document of maps, lists and plain words.
 * Refused: anchors, aliases, tags, control characters, keys that are not words or come twice, more than the limits.
 */
#ifndef ESAFE_YAMLTREE_H
#define ESAFE_YAMLTREE_H

#include <stdbool.h>
#include <stddef.h>
#include "problem.h"

#define YAML_DEPTH 12
#define YAML_NODES 200000
#define YAML_BYTES (4u << 20)
#define YAML_WORD 4096 /* bytes of one scalar */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool quoted;
	int line, column;         /* from 1 */
	char *text;               /* of a scalar */
	char *key;                /* in a map: the key of this value */
	int key_line, key_column;
	size_t children;
	struct node *first, *next;
};

/* NULL with the problems told; an empty text is an empty map. */
struct node *yaml_read(const char *file, const char *text, size_t len, struct problems *problems);
void node_free(struct node *node);
const struct node *node_get(const struct node *map, const char *key);

#endif
