/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names by the numbers that rows of the register have; many, filled once and then only read. */
#ifndef ESAFE_NAMEINDEX_H
#define ESAFE_NAMEINDEX_H

#include <stddef.h>
#include <linux/types.h>

struct nameindex {
	struct nameindex_item {
		__u32 id;
		char *name;
	} *item;
	size_t n;
};

int nameindex_add(struct nameindex *index, __u32 id, const char *name); /* 0 or -ENOMEM */
void nameindex_sort(struct nameindex *index);                           /* before the first nameindex_get() */
const char *nameindex_get(const struct nameindex *index, __u32 id);     /* NULL: none */
void nameindex_free(struct nameindex *index);

#endif
