/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nameindex.h"

int nameindex_add(struct nameindex *index, __u32 id, const char *name)
{
	struct nameindex_item *bigger = index->item;

	if (!(index->n & (index->n - 1))) /* room doubles */
		bigger = realloc(index->item, (index->n ? index->n * 2 : 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	index->item = bigger;
	bigger[index->n].id = id;
	bigger[index->n].name = strdup(name);
	return bigger[index->n].name ? (index->n++, 0) : -ENOMEM;
}

static int by_id(const void *a, const void *b)
{
	const struct nameindex_item *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void nameindex_sort(struct nameindex *index)
{
	if (index->n)
		qsort(index->item, index->n, sizeof(*index->item), by_id);
}

const char *nameindex_get(const struct nameindex *index, __u32 id)
{
	const struct nameindex_item wanted = { .id = id };
	const struct nameindex_item *found =
		index->n ? bsearch(&wanted, index->item, index->n, sizeof(wanted), by_id) : NULL;

	return found ? found->name : NULL;
}

void nameindex_free(struct nameindex *index)
{
	for (size_t i = 0; i < index->n; i++)
		free(index->item[i].name);
	free(index->item);
	*index = (struct nameindex){ 0 };
}
