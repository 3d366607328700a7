/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a TLS connection once its ClientHello was sent. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <poll.h>
#include <stdint.h>
#include "net.h"

enum outcome { SERVED, RESET, ALERT, CLOSED, SILENT, OUTCOMES };
static const char *const outcome_name[OUTCOMES] = { "served", "reset", "alert", "closed", "silent" };

static inline enum outcome wait_outcome(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t first;
	ssize_t n;

	if (poll(&p, 1, wait_ms) <= 0)
		return SILENT;
	n = recv(fd, &first, 1, 0);
	if (n < 0)
		return errno == ECONNRESET ? RESET : CLOSED;
	if (!n)
		return CLOSED;
	return first == 22 ? SERVED : ALERT;
}

#endif
