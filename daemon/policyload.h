/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a policy and its lists in force: read, compile and fill in a worker thread; then, in the loop, swap the map
 * of names, swap the policy, and register the version. Whatever fails on the way changes nothing.
 */
#ifndef ESAFE_POLICYLOAD_H
#define ESAFE_POLICYLOAD_H

#include "esafed.h"
#include "problem.h"

enum load_kind {
	LOAD_POLICY, /* a text: a new version, and all its lists */
	LOAD_AGAIN,  /* the registered version as it was, and all its lists: what a start does */
	LOAD_LISTS,  /* the lists of the policy in force */
	LOAD_TIMES,  /* the policy in force compiled for the days that come */
};

struct load_result {
	int err;                          /* 0: in force */
	const struct problems *problems;
	const struct policy *before, *now; /* both alive during the call; before may be NULL */
	const struct lists_result *lists;  /* NULL: not read */
};

struct load_order {
	enum load_kind kind;
	const char *file;   /* all strings are copied */
	const char *text;   /* LOAD_POLICY */
	size_t len;
	__u32 version;      /* LOAD_AGAIN */
	const char *who;
	const char *action; /* for the record of changes; NULL: none is made */
	bool accept_shrunk;
	void (*done)(void *ctx, const struct load_result *result); /* may be NULL */
	void *ctx;
};

/* 0 if it has begun; -EBUSY when another one is going on. */
int load_start(struct esafed *esafed, const struct load_order *order);

#endif
