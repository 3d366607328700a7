/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between listfmt.c, which cuts the bytes into lines, and the readers of one line of each format. */
#ifndef LISTLINE_H
#define LISTLINE_H

#include <string.h>

#include "listfmt.h"
#include "names.h"

#define LIST_WILD 8 /* with the flags of a name: "all below" was written, so that one label is meant */

struct list_wire { /* a name, or part of one; len 0: none */
	unsigned len;
	__u8 bytes[ESAFE_NAME_MAX];
};

struct list_zone { /* what a zone file has said so far */
	struct list_wire apex;   /* name of the zone */
	struct list_wire origin; /* as $ORIGIN says; relative names stand below it */
	char owner[LIST_LINE_MAX]; /* of the record before: a line that begins with a space goes on with it */
	size_t owner_len;
	unsigned depth; /* of parentheses */
};

struct list_reader {
	struct list_reader_options options;
	enum list_format format; /* LIST_SNIFF: nothing fed yet */
	struct list_counts counts;
	int stop;        /* what the callback returned, or -ENOMSG */
	const char *line; /* being read */
	size_t line_len;
	struct list_zone zone;
	size_t kept;     /* of a line that goes on in the next bytes fed */
	bool skipping;   /* it was too long */
	char keep[LIST_LINE_MAX];
};

struct list_word {
	const char *at;
	size_t len;
};

typedef void list_line_fn(struct list_reader *reader, const char *text, size_t len);
list_line_fn list_line_plain, list_line_hosts, list_line_adblock, list_line_dnsmasq, list_line_unbound, list_line_rpz;

/* Counts the line as rejected and keeps it as a sample if there is room. */
void list_refuse(struct list_reader *reader, enum list_reject reason);
/* A name in text: checked, counted, handed on; or refused. False if refused. */
bool list_take(struct list_reader *reader, const char *text, size_t len, unsigned flags);
/* The same for a name in wire form. */
bool list_take_wire(struct list_reader *reader, const __u8 *wire, size_t len, unsigned flags);
bool list_is_boilerplate(const __u8 *wire); /* of a name of at least one label */
/* The reason that fits a text which is no name best. */
enum list_reject list_explain(const char *text, size_t len, enum name_fault fault);

static inline bool list_is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next word of the text, which is cut off from it; length 0 at the end. */
struct list_word list_next_word(const char **text, size_t *len);
struct list_word list_trim(const char *text, size_t len);
bool list_word_is(struct list_word word, const char *text); /* whatever the case of ASCII letters */
bool list_begins(const char *text, size_t len, const char *with);
/* 0: no address; 1: one that says "nowhere" (unspecified, loopback); 2: any other. */
enum list_address { LIST_NO_ADDRESS, LIST_NOWHERE, LIST_SOMEWHERE };
enum list_address list_address(const char *text, size_t len);

#endif
