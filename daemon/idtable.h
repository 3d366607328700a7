/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to small numbers that stay: kernel maps refer to groups and categories by number. */
#ifndef ESAFE_IDTABLE_H
#define ESAFE_IDTABLE_H

struct idtable_item {
	char *name;
	unsigned id;
};

struct idtable {
	unsigned n;
	struct idtable_item *item;
};

/* The number of a name, or -ENOENT. */
int idtable_get(const struct idtable *table, const char *name);
/* The number of a name; a new one gets the lowest free number below limit. -ENOSPC when none is left, or -ENOMEM. */
int idtable_take(struct idtable *table, const char *name, unsigned limit);
/* Puts a name at a given number, as it was stored. -EEXIST if either is in use otherwise. */
int idtable_put(struct idtable *table, const char *name, unsigned id);
/* The name of a number, or NULL. */
const char *idtable_name(const struct idtable *table, unsigned id);
int idtable_copy(struct idtable *to, const struct idtable *from);
void idtable_free(struct idtable *table);

#endif
