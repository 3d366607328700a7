/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "idtable.h"

int idtable_get(const struct idtable *table, const char *name)
{
	for (unsigned i = 0; i < table->n; i++)
		if (!strcmp(table->item[i].name, name))
			return table->item[i].id;
	return -ENOENT;
}

const char *idtable_name(const struct idtable *table, unsigned id)
{
	for (unsigned i = 0; i < table->n; i++)
		if (table->item[i].id == id)
			return table->item[i].name;
	return NULL;
}

int idtable_put(struct idtable *table, const char *name, unsigned id)
{
	int old = idtable_get(table, name);
	struct idtable_item *item;
	char *copy;

	if (old >= 0)
		return (unsigned)old == id ? 0 : -EEXIST;
	if (idtable_name(table, id))
		return -EEXIST;
	item = realloc(table->item, (table->n + 1) * sizeof(*item));
	if (!item)
		return -ENOMEM;
	table->item = item;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	item[table->n++] = (struct idtable_item){ .name = copy, .id = id };
	return 0;
}

int idtable_take(struct idtable *table, const char *name, unsigned limit)
{
	int id = idtable_get(table, name);
	int err;

	if (id >= 0)
		return id;
	for (unsigned free_id = 0; free_id < limit; free_id++) {
		if (idtable_name(table, free_id))
			continue;
		err = idtable_put(table, name, free_id);
		return err ? err : (int)free_id;
	}
	return -ENOSPC;
}

int idtable_copy(struct idtable *to, const struct idtable *from)
{
	struct idtable copy = { 0 };
	int err = 0;

	for (unsigned i = 0; i < from->n && !err; i++)
		err = idtable_put(&copy, from->item[i].name, from->item[i].id);
	if (err) {
		idtable_free(&copy);
		return err;
	}
	*to = copy;
	return 0;
}

void idtable_free(struct idtable *table)
{
	for (unsigned i = 0; i < table->n; i++)
		free(table->item[i].name);
	free(table->item);
	*table = (struct idtable){ 0 };
}
