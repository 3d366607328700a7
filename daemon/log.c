/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 1024

enum { PRIORITY_ERROR = 3, PRIORITY_WARNING = 4, PRIORITY_INFO = 6, PRIORITY_DEBUG = 7 };

static bool debug_on;
static bool for_journal;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_who_reads(void)
{
	for_journal = getenv("JOURNAL_STREAM") || getenv("INVOCATION_ID");
}

/* Text from files and packets may stand in a message: no control byte of it reaches a terminal or makes a new line. */
static void defuse(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void write_line(int priority, const char *text)
{
	char line[LINE_MAX_BYTES + 32];
	int len;

	pthread_once(&once, look_who_reads);
	if (for_journal)
		len = snprintf(line, sizeof(line), "<%d>%s\n", priority, text);
	else
		len = snprintf(line, sizeof(line), "%.24s: %s\n", program_invocation_short_name, text);
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	/* One write a line: threads do not mix theirs. If nobody reads it there is nobody to tell. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

static void log_list(int priority, const char *fmt, va_list args)
{
	char text[LINE_MAX_BYTES];

	vsnprintf(text, sizeof(text), fmt, args);
	defuse(text);
	write_line(priority, text);
}

#define LOG_FUNCTION(name, priority, condition)          \
	void name(const char *fmt, ...)                  \
	{                                                \
		va_list args;                            \
                                                         \
		if (!(condition))                        \
			return;                          \
		va_start(args, fmt);                     \
		log_list(priority, fmt, args);           \
		va_end(args);                            \
	}

LOG_FUNCTION(log_error, PRIORITY_ERROR, true)
LOG_FUNCTION(log_warn, PRIORITY_WARNING, true)
LOG_FUNCTION(log_info, PRIORITY_INFO, true)
LOG_FUNCTION(log_debug, PRIORITY_DEBUG, debug_on)

int log_errno(int err, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	err = err < 0 ? -err : err;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_error("%s: %s", text, strerrordesc_np(err) ?: "unknown error");
	return -err;
}

void log_set_debug(bool on)
{
	debug_on = on;
}
