/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers for the formats that lists of names are published in. Pure: bytes in, names out through a callback. A line
 * that cannot be a rule about a host is counted by a named reason, never guessed at.
 *
 * A name of a plain, hosts, adblock, dnsmasq, wildcard or unbound list stands for itself and everything below it;
 * response policy zones (RPZ) tell the two apart.
 */
#ifndef LISTFMT_H
#define LISTFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "esafe/abi.h"

#define LIST_FORMATS(X)                                                                \
	X(SNIFF, "auto", "found out from the content")                                 \
	X(PLAIN, "plain", "one name a line")                                           \
	X(HOSTS, "hosts", "an address and names a line, as /etc/hosts")                \
	X(ADBLOCK, "adblock", "||name^ and @@||name^")                                 \
	X(DNSMASQ, "dnsmasq", "address=/name/, server=/name/, local=/name/")           \
	X(RPZ, "rpz", "a response policy zone")                                        \
	X(WILDCARD, "wildcard", "*.name a line")                                       \
	X(UNBOUND, "unbound", "local-zone: \"name\" type")

enum list_format {
#define X(id, name, meaning) LIST_##id,
	LIST_FORMATS(X)
#undef X
	LIST_FORMAT_COUNT
};

#define LIST_REJECTS(X)                                                                \
	X(CHARACTER, "character", "a character that no host name has")                 \
	X(LABEL, "label", "an empty label, or one of more than 63 characters") \
	X(NAME_LONG, "name-too-long", "a name of more than 253 characters")            \
	X(IDN, "idn", "an internationalised name that is not well formed")             \
	X(SINGLE, "single-label", "a name of one label only")                          \
	X(ADDRESS, "address", "an address, not a name")                                \
	X(BOILERPLATE, "boilerplate", "a name of every hosts file, such as localhost") \
	X(MAPPING, "mapping", "leads to a real address or server: not a block")        \
	X(URL, "url", "a page address: only whole hosts can be matched")               \
	X(PATTERN, "pattern", "a regular expression or a wildcard inside a name")      \
	X(COSMETIC, "cosmetic", "hides a part of a page")                              \
	X(OPTION, "option", "a rule that holds under a condition only")                \
	X(ANCHOR, "anchor", "a rule not bound to a whole host")                        \
	X(EXCEPTION, "exception", "an exception where none may be made")               \
	X(TRIGGER, "trigger", "a zone record that looks at addresses or servers")      \
	X(ACTION, "action", "a zone record or rule that neither blocks nor exempts")   \
	X(ZONE, "zone", "a zone record outside the zone, or not well formed")          \
	X(TEXT, "text", "more words than the format has")                              \
	X(NUL, "nul", "a NUL byte")                                                    \
	X(LINE_LONG, "line-too-long", "a line of more than 4096 bytes")                \
	X(SYNTAX, "syntax", "not a line of this format")

enum list_reject {
#define X(id, name, meaning) LIST_R_##id,
	LIST_REJECTS(X)
#undef X
	LIST_REJECT_COUNT
};

#define LIST_LINE_MAX 4096
#define LIST_SAMPLES 16           /* rejected lines kept */
#define LIST_SAMPLES_PER_REASON 3
#define LIST_SAMPLE_TEXT 96

enum { /* how a name is meant; neither: the name and all below it */
	LIST_EXACT = 1, /* the name itself, not those below */
	LIST_BELOW = 2, /* those below, not the name itself */
	LIST_EXCEPT = 4, /* an exception: not in this category from here down */
};

struct list_sample {
	unsigned long line;
	enum list_reject reason;
	char text[LIST_SAMPLE_TEXT]; /* printable ASCII */
};

struct list_counts {
	unsigned long lines;
	unsigned long names;      /* taken, repetitions included, exceptions not */
	unsigned long exceptions; /* taken */
	unsigned long rejects[LIST_REJECT_COUNT];
	unsigned n_samples;
	struct list_sample sample[LIST_SAMPLES];
};

/* A name taken: wire form, lower case. A value other than 0 ends the reading and is returned from the feed. */
typedef int list_name_fn(void *ctx, const __u8 *wire, unsigned len, unsigned flags, unsigned long line);

struct list_reader_options {
	enum list_format format; /* LIST_SNIFF: from the first bytes fed */
	bool secret;             /* keep no samples of rejected lines */
	bool no_exceptions;      /* exceptions are rejected */
	list_name_fn *fn;
	void *ctx;
};

struct list_reader;

struct list_reader *list_reader_new(const struct list_reader_options *options); /* NULL: no memory */
/* The next bytes of the list; where the format is to be sniffed, the first call should bring some 64 KB. 0, -ENOMSG
 * if the content is certainly no list (a web page, an archive, a program), or what the callback returned. */
int list_reader_feed(struct list_reader *reader, const char *bytes, size_t len);
int list_reader_end(struct list_reader *reader); /* the last line may lack its line feed */
const struct list_counts *list_reader_counts(const struct list_reader *reader);
enum list_format list_reader_format(const struct list_reader *reader); /* once fed, never LIST_SNIFF */
void list_reader_free(struct list_reader *reader);

/* The format that most of the first lines are in; LIST_PLAIN if nothing tells; -ENOMSG as above. */
int list_sniff(const char *bytes, size_t len);

const char *list_format_name(enum list_format format);
const char *list_reject_name(enum list_reject reason);
unsigned long list_rejected(const struct list_counts *counts); /* lines, all reasons but boilerplate */

#endif
