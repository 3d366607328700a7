/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is signed in at the teacher's page: a cookie of 256 random bits, for as long as it is used. */
#ifndef ESAFE_PAGES_SIGNEDIN_H
#define ESAFE_PAGES_SIGNEDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNED_IN_ACCOUNT 128

struct signed_in;

int signed_in_new(unsigned idle_ms, struct signed_in **table);
void signed_in_free(struct signed_in *table);

/* Signs in; writes the cookie (64 hexadecimal digits and the end). -EAGAIN: too many are; -EIO: no randomness */
int signed_in_add(struct signed_in *table, const char *account, uint64_t now_ms, char cookie[65]);
/* Whose cookie it is, and marks its use. false: nobody's, or idle for too long */
bool signed_in_find(struct signed_in *table, const char *cookie, uint64_t now_ms, char account[SIGNED_IN_ACCOUNT]);
void signed_in_end(struct signed_in *table, const char *cookie);

#endif
