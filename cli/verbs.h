/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every verb and every option stands in a table once: parsing, help, checks and printing all read it. */
#ifndef ESAFECTL_VERBS_H
#define ESAFECTL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "print.h"

enum value_kind {
	VALUE_FLAG,   /* no value */
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_TIME,   /* seconds since 1970 */
	VALUE_FILE,   /* a text file: arguments "file" and "text" */
	VALUE_HANDED, /* a file that is handed over open; the argument is its name */
};

enum option_id {
	OPT_HELP, OPT_VERSION, OPT_JSON, OPT_CSV, OPT_SOCKET, /* the command's own */
	OPT_ADDRESS, OPT_AT, OPT_CATEGORY, OPT_CLASS, OPT_DEVICE, OPT_DRY_RUN, OPT_FLAT, OPT_FOLLOW, OPT_ACCEPT, OPT_GROUP,
	OPT_LEAVERS, OPT_LEFT, OPT_LIMIT, OPT_NAME, OPT_NOTE, OPT_OLDEST, OPT_OWNER, OPT_POLICY, OPT_REASON, OPT_REMOVE,
	OPT_ROOM, OPT_SINCE, OPT_SOURCE,
	OPT_TYPE,
	OPT_UNKNOWN, OPT_UNTIL, OPT_USER, OPT_VERDICT, OPT_YES,
	OPT_ADULT, OPT_BY, OPT_DAYS, OPT_FOR, OPT_IP, OPT_LOGON, OPT_ONLY, OPT_PAST, OPT_SITE, OPT_SITES,
	OPT_ALWAYS, OPT_BLOCK, OPT_KEEP, OPT_OPEN, OPT_WORDS,
	OPT_COUNT, OPT_PRINT, OPT_SPONSOR,
	OPTION_COUNT
};
#define OPT(id) (1ull << OPT_##id)
#define PRINTS_CSV (1ull << 63) /* in the place of options: unless JSON is asked for */
_Static_assert(OPTION_COUNT < 63, "options are bits");
#define OPTS_ALWAYS (OPT(HELP) | OPT(VERSION) | OPT(JSON) | OPT(SOCKET))

struct option_row {
	const char *name;  /* behind -- */
	char letter;       /* behind -; 0: none */
	enum value_kind kind;
	const char *value; /* shown in help */
	const char *arg;   /* on the wire; NULL: the command's own */
	const char *about;
};
extern const struct option_row option_rows[OPTION_COUNT];

struct positional {
	const char *arg; /* on the wire */
	enum value_kind kind;
	bool needed;
};
#define POSITIONALS 2

struct verb_row {
	const char *name;
	const char *usage; /* positionals as shown in help */
	const char *about;
	unsigned long long options; /* besides OPTS_ALWAYS */
	struct positional positional[POSITIONALS];
	const struct column *columns; /* NULL: each row as a tree */
	const char *line;  /* key of a row that is one line of text, printed as it is; NULL: none */
	const char *none;  /* said when there are no rows; NULL: nothing */
	bool live;         /* each row is a new picture of the whole */
};
extern const struct verb_row verb_rows[];
extern const size_t verb_rows_count;

#endif
