/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What esafectl and esafed say to each other: a SOCK_STREAM unix socket, one JSON object a line.
 *
 *   ->  {"esafe":1,"verb":"log","args":{"group":"pupils","limit":100}}
 *   <-  {"row":{...}}                          any number of times
 *   <-  {"end":{"code":"ok"}}                  once; else a code below, with problems:
 *   <-  {"end":{"code":"problems","problems":[{"file":"...","line":3,"column":7,"text":"..."}],"dropped":0}}
 *
 * Where a request is about a file that is not text, its descriptor comes along (SCM_RIGHTS) with the first byte.
 *
 * A client may send its next request after the end of the one before.
 */
#ifndef ESAFE_CTL_H
#define ESAFE_CTL_H

#define ESAFE_CTL_VERSION 1
#define ESAFE_CTL_SOCKET "/run/esafe/control"
#define ESAFE_CTL_LINE_MAX (2u << 20) /* bytes of a request; holds the largest policy */

/* A verb that esafectl asks by itself: one row, {"zone":"Europe/London"}. */
#define ESAFE_CTL_CLOCK "clock"

/* How a request ended: name, word on the wire, exit code of esafectl, meaning. */
#define ESAFE_CTL_ENDS(X)                                              \
	X(OK, "ok", 0, "done")                                         \
	X(FAILED, "failed", 1, "tried, and it did not work")           \
	X(DENIED, "denied", 1, "not this user's right")                \
	X(NOT_FOUND, "not-found", 1, "no such thing")                  \
	X(BUSY, "busy", 1, "the like is already going on")             \
	X(USAGE, "usage", 2, "not a request that this daemon knows")   \
	X(PROBLEMS, "problems", 4, "something is wrong in a file")

enum ctl_end {
#define X(name, word, code, meaning) CTL_##name,
	ESAFE_CTL_ENDS(X)
#undef X
	CTL_END_COUNT
};

enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAILED = 1,
	CTL_EXIT_USAGE = 2,
	CTL_EXIT_UNREACHABLE = 3, /* no daemon, or it went away in the middle */
	CTL_EXIT_PROBLEMS = 4,
};

#endif
