/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's own messages: standard error, with the priority marks of sd-daemon(3) when the journal reads it. */
#ifndef ESAFE_LOG_H
#define ESAFE_LOG_H

#include <stdbool.h>

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Logs an error with the meaning of err (positive or negative) and returns it negative: return log_errno(errno, ...) */
int log_errno(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void log_set_debug(bool on);

#endif
