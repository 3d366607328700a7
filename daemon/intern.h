/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded memory of which bytes have which number, so that a row that was just written is not looked for in the
 * database. It may forget everything at any time: the caller then writes the bytes once more under a new number, which
 * costs room in the file and is never wrong. Pure.
 */
#ifndef ESAFE_INTERN_H
#define ESAFE_INTERN_H

#include <stddef.h>
#include <linux/types.h>

struct intern {
	struct intern_slot *slots;
	size_t mask;
	size_t used, most; /* entries */
	__u8 *bytes;       /* of the keys */
	size_t bytes_used, bytes_size;
	__u64 seed;        /* clients choose the keys: they must not choose the chains too */
};

/* Room for `most` keys (a power of two) of `bytes` in all. */
int intern_init(struct intern *intern, size_t most, size_t bytes, __u64 seed);
void intern_free(struct intern *intern);
void intern_clear(struct intern *intern);

/* The number, or 0. *hash is to be handed to intern_put(). */
__u32 intern_get(const struct intern *intern, const void *key, size_t len, __u64 *hash);
/* The key must not be there; forgets everything else when there is no room. */
void intern_put(struct intern *intern, const void *key, size_t len, __u64 hash, __u32 number);

#endif
