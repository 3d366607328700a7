/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service manager is told; nothing happens where there is none. */
#ifndef ESAFE_NOTIFY_H
#define ESAFE_NOTIFY_H

#include "loop.h"

void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);

/* Keeps the watchdog quiet for as long as the loop turns. */
int notify_watchdog(struct loop *loop);

#endif
