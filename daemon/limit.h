/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often an address may do something: a bucket that fills with time, in a table that never grows. Pure: the time is
 * the caller's.
 */
#ifndef ESAFE_LIMIT_H
#define ESAFE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit;

/* `burst` at once, and one more every `every_ms`; `sources` are told apart, the least recent one is forgotten first. */
int limit_new(unsigned sources, unsigned burst, unsigned every_ms, const uint8_t key[16], struct limit **limit);
void limit_free(struct limit *limit);

/* Takes one. false: not now; *wait_ms (may be NULL) says in how long. */
bool limit_take(struct limit *limit, const uint8_t source[16], uint64_t now_ms, unsigned *wait_ms);
/* Is there one to be taken? For what counts only when it went wrong. */
bool limit_has(const struct limit *limit, const uint8_t source[16], uint64_t now_ms);

#endif
