/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"

struct intern_slot {
	__u64 hash;
	__u32 at; /* in bytes */
	__u32 number;
	__u32 len;
	__u32 pad;
};

int intern_init(struct intern *intern, size_t most, size_t bytes, __u64 seed)
{
	struct intern_slot *slots = calloc(most * 2, sizeof(*slots));
	__u8 *room = malloc(bytes);

	if (!slots || !room) {
		free(slots);
		free(room);
		return -ENOMEM;
	}
	*intern = (struct intern){
		.slots = slots, .mask = most * 2 - 1, .most = most, .bytes = room, .bytes_size = bytes, .seed = seed,
	};
	return 0;
}

void intern_free(struct intern *intern)
{
	free(intern->slots);
	free(intern->bytes);
	*intern = (struct intern){ 0 };
}

void intern_clear(struct intern *intern)
{
	if (intern->used)
		memset(intern->slots, 0, (intern->mask + 1) * sizeof(*intern->slots));
	intern->used = 0;
	intern->bytes_used = 0;
}

static __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ hash >> 32;
}

static __u64 intern_hash(__u64 seed, const void *key, size_t len)
{
	const __u8 *at = key;
	__u64 hash = seed ^ len;
	__u64 word;

	for (; len >= 8; at += 8, len -= 8) {
		memcpy(&word, at, 8);
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, at, len);
	return mix(mix(hash, word), seed);
}

__u32 intern_get(const struct intern *intern, const void *key, size_t len, __u64 *hash)
{
	__u64 sum = intern_hash(intern->seed, key, len);

	*hash = sum;
	for (size_t i = sum & intern->mask;; i = (i + 1) & intern->mask) {
		const struct intern_slot *slot = &intern->slots[i];

		if (!slot->number)
			return 0;
		if (slot->hash == sum && slot->len == len && !memcmp(intern->bytes + slot->at, key, len))
			return slot->number;
	}
}

void intern_put(struct intern *intern, const void *key, size_t len, __u64 hash, __u32 number)
{
	size_t i;

	if (len > intern->bytes_size || !number)
		return;
	if (intern->used == intern->most || len > intern->bytes_size - intern->bytes_used)
		intern_clear(intern);
	for (i = hash & intern->mask; intern->slots[i].number; i = (i + 1) & intern->mask)
		;
	memcpy(intern->bytes + intern->bytes_used, key, len);
	intern->slots[i] = (struct intern_slot){
		.hash = hash, .at = (__u32)intern->bytes_used, .number = number, .len = (__u32)len,
	};
	intern->bytes_used += len;
	intern->used++;
}
