/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "hex.h"
#include "signedin.h"

#define PEOPLE 256
#define LONGEST_MS (10ull * 3600 * 1000) /* then it is another day */

struct person {
	unsigned char key[32]; /* SHA-256 of the cookie: what is compared says nothing about it */
	char account[SIGNED_IN_ACCOUNT];
	uint64_t since_ms, used_ms; /* since 0: free */
};

struct signed_in {
	unsigned idle_ms;
	struct person person[PEOPLE];
};

int signed_in_new(unsigned idle_ms, struct signed_in **out)
{
	struct signed_in *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->idle_ms = idle_ms;
	*out = table;
	return 0;
}

void signed_in_free(struct signed_in *table)
{
	free(table);
}

static int is_over(const struct signed_in *table, const struct person *person, uint64_t now_ms)
{
	return !person->since_ms || now_ms - person->used_ms > table->idle_ms || now_ms - person->since_ms > LONGEST_MS;
}

int signed_in_add(struct signed_in *table, const char *account, uint64_t now_ms, char cookie[65])
{
	struct person *at = NULL;
	unsigned char bytes[32];

	for (unsigned i = 0; i < PEOPLE && !at; i++)
		if (is_over(table, &table->person[i], now_ms))
			at = &table->person[i];
	if (!at || strlen(account) >= sizeof(at->account))
		return -EAGAIN;
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	hex_text(bytes, sizeof(bytes), cookie);
	SHA256((const unsigned char *)cookie, 64, at->key);
	strcpy(at->account, account);
	at->since_ms = at->used_ms = now_ms ?: 1;
	return 0;
}

static struct person *find(struct signed_in *table, const char *cookie)
{
	unsigned char key[32];

	if (strlen(cookie) != 64)
		return NULL;
	SHA256((const unsigned char *)cookie, 64, key);
	for (unsigned i = 0; i < PEOPLE; i++)
		if (table->person[i].since_ms && !CRYPTO_memcmp(table->person[i].key, key, sizeof(key)))
			return &table->person[i];
	return NULL;
}

bool signed_in_find(struct signed_in *table, const char *cookie, uint64_t now_ms, char account[SIGNED_IN_ACCOUNT])
{
	struct person *person = find(table, cookie);

	if (!person || is_over(table, person, now_ms))
		return false;
	person->used_ms = now_ms;
	strcpy(account, person->account);
	return true;
}

void signed_in_end(struct signed_in *table, const char *cookie)
{
	struct person *person = find(table, cookie);

	if (person)
		memset(person, 0, sizeof(*person));
}
