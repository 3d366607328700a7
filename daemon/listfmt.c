/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listfmt.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "listline.h"

#define SNIFF_LINES 2000

static const char *const format_names[LIST_FORMAT_COUNT] = {
#define X(id, name, meaning) [LIST_##id] = name,
	LIST_FORMATS(X)
#undef X
};

static const char *const reject_names[LIST_REJECT_COUNT] = {
#define X(id, name, meaning) [LIST_R_##id] = name,
	LIST_REJECTS(X)
#undef X
};

static list_line_fn *const line_fns[LIST_FORMAT_COUNT] = {
	[LIST_PLAIN] = list_line_plain,
	[LIST_HOSTS] = list_line_hosts,
	[LIST_ADBLOCK] = list_line_adblock,
	[LIST_DNSMASQ] = list_line_dnsmasq,
	[LIST_RPZ] = list_line_rpz,
	[LIST_WILDCARD] = list_line_plain, /* a plain reader knows "*." too: mixed lists are common */
	[LIST_UNBOUND] = list_line_unbound,
};

const char *list_format_name(enum list_format format)
{
	return (unsigned)format < LIST_FORMAT_COUNT ? format_names[format] : "?";
}

const char *list_reject_name(enum list_reject reason)
{
	return (unsigned)reason < LIST_REJECT_COUNT ? reject_names[reason] : "?";
}

unsigned long list_rejected(const struct list_counts *counts)
{
	unsigned long sum = 0;

	for (int i = 0; i < LIST_REJECT_COUNT; i++)
		if (i != LIST_R_BOILERPLATE)
			sum += counts->rejects[i];
	return sum;
}

/* ---- what the readers of lines share ---- */

void list_refuse(struct list_reader *r, enum list_reject reason)
{
	struct list_counts *counts = &r->counts;
	struct list_sample *sample;
	size_t len = r->line_len < LIST_SAMPLE_TEXT - 1 ? r->line_len : LIST_SAMPLE_TEXT - 1;

	if (counts->rejects[reason]++ >= LIST_SAMPLES_PER_REASON || counts->n_samples == LIST_SAMPLES ||
	    r->options.secret)
		return;
	sample = &counts->sample[counts->n_samples++];
	sample->line = counts->lines;
	sample->reason = reason;
	for (size_t i = 0; i < len; i++)
		sample->text[i] = r->line[i] >= ' ' && r->line[i] < 0x7f ? r->line[i] : '?';
	sample->text[len] = '\0';
}

enum list_reject list_explain(const char *text, size_t len, enum name_fault fault)
{
	static const enum list_reject by_fault[] = {
		[NAME_CHARACTER] = LIST_R_CHARACTER,
		[NAME_LABEL] = LIST_R_LABEL,
		[NAME_LONG] = LIST_R_NAME_LONG,
		[NAME_IDN] = LIST_R_IDN,
	};

	if (memchr(text, '\0', len))
		return LIST_R_NUL;
	if (fault == NAME_CHARACTER || fault == NAME_LONG) {
		for (size_t i = 0; i < len; i++)
			if (list_is_space(text[i]))
				return LIST_R_TEXT;
		for (size_t i = 0; i < len; i++) {
			if (strchr("/:@?", text[i]))
				return LIST_R_URL;
			if (strchr("*^$\\|[](){}+", text[i]))
				return LIST_R_PATTERN;
		}
	}
	return by_fault[fault];
}

/* The last label of a name of at least one; its length byte. */
static const __u8 *last_label(const __u8 *wire)
{
	const __u8 *last = wire;

	for (; *wire; wire += *wire + 1)
		last = wire;
	return last;
}

/* 1.2.3.4 and the like: no top-level domain is a number (RFC 3696 section 2). */
static bool is_number(const __u8 *label)
{
	for (unsigned i = 1; i <= label[0]; i++)
		if (!isdigit(label[i]))
			return false;
	return true;
}

bool list_is_boilerplate(const __u8 *wire)
{
	static const char *const single[] = {
		"localhost", "local", "broadcasthost", "localhost4", "localhost6", "localdomain", "loopback",
		"ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
		"ip6-allhosts",
	};
	const __u8 *last = last_label(wire);

	if (last[0] >= 11 && !memcmp(last + 1, "localdomain", 11))
		return true;
	for (size_t i = 0; last == wire && i < sizeof(single) / sizeof(single[0]); i++)
		if (last[0] == strlen(single[i]) && !memcmp(last + 1, single[i], last[0]))
			return true;
	return false;
}

bool list_take_wire(struct list_reader *r, const __u8 *wire, size_t len, unsigned flags)
{
	const __u8 *last;
	int rc;

	if (len < 2) {
		list_refuse(r, LIST_R_SINGLE); /* the root is in every name */
		return false;
	}
	last = last_label(wire);
	if (list_is_boilerplate(wire)) {
		list_refuse(r, LIST_R_BOILERPLATE);
		return false;
	}
	if (is_number(last)) {
		list_refuse(r, LIST_R_ADDRESS);
		return false;
	}
	if (last == wire && !(flags & LIST_WILD)) {
		list_refuse(r, LIST_R_SINGLE);
		return false;
	}
	if ((flags & LIST_EXCEPT) && r->options.no_exceptions) {
		list_refuse(r, LIST_R_EXCEPTION);
		return false;
	}
	*(flags & LIST_EXCEPT ? &r->counts.exceptions : &r->counts.names) += 1;
	rc = r->options.fn(r->options.ctx, wire, len, flags & ~LIST_WILD, r->counts.lines);
	if (rc)
		r->stop = rc;
	return true;
}

bool list_take(struct list_reader *r, const char *text, size_t len, unsigned flags)
{
	__u8 wire[ESAFE_NAME_MAX];
	enum name_fault fault;
	const char *slash;
	int wire_len;

	wire_len = name_parse(text, len, wire, &fault);
	if (wire_len > 0 && (size_t)wire_len != len + 2 && memchr(text, '\\', len)) {
		list_refuse(r, LIST_R_PATTERN); /* a regular expression: names of hosts need no escapes */
		return false;
	}
	if (wire_len < 0) {
		slash = memchr(text, '/', len); /* of a subnet */
		list_refuse(r, list_address(text, slash ? (size_t)(slash - text) : len)
				       ? LIST_R_ADDRESS : list_explain(text, len, fault));
		return false;
	}
	return list_take_wire(r, wire, wire_len, flags);
}

struct list_word list_trim(const char *text, size_t len)
{
	while (len && list_is_space(text[len - 1]))
		len--;
	while (len && list_is_space(*text)) {
		text++;
		len--;
	}
	return (struct list_word){ text, len };
}

struct list_word list_next_word(const char **text, size_t *len)
{
	struct list_word word;

	while (*len && list_is_space(**text)) {
		++*text;
		--*len;
	}
	word.at = *text;
	while (*len && !list_is_space(**text)) {
		++*text;
		--*len;
	}
	word.len = *text - word.at;
	return word;
}

bool list_word_is(struct list_word word, const char *text)
{
	return word.len == strlen(text) && !strncasecmp(word.at, text, word.len);
}

bool list_begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !strncasecmp(text, with, n);
}

enum list_address list_address(const char *text, size_t len)
{
	static const __u8 loopback[16] = { [15] = 1 }, unspecified[16];
	char copy[INET6_ADDRSTRLEN];
	__u8 address[16];

	if (len < 2 || len >= sizeof(copy))
		return len == 1 && *text == '0' ? LIST_NOWHERE : LIST_NO_ADDRESS; /* "0 name" stands in some files */
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return LIST_NO_ADDRESS;
	if (inet_pton(AF_INET, copy, address) == 1)
		return address[0] == 127 || !memcmp(address, unspecified, 4) ? LIST_NOWHERE : LIST_SOMEWHERE;
	copy[strcspn(copy, "%")] = '\0'; /* fe80::1%lo0 */
	if (inet_pton(AF_INET6, copy, address) != 1)
		return LIST_NO_ADDRESS;
	if (!memcmp(address, unspecified, 16) || !memcmp(address, loopback, 16))
		return LIST_NOWHERE;
	return LIST_SOMEWHERE;
}

/* ---- lines ---- */

static void read_line(struct list_reader *r, const char *text, size_t len)
{
	r->counts.lines++;
	while (len && list_is_space(text[len - 1]))
		len--;
	if (!len)
		return;
	r->line = text;
	r->line_len = len;
	line_fns[r->format](r, text, len);
}

static void read_long_line(struct list_reader *r, const char *text, size_t len)
{
	r->counts.lines++;
	r->line = text;
	r->line_len = len;
	if (*text != '#' && *text != '!' && *text != ';')
		list_refuse(r, LIST_R_LINE_LONG);
}

/* Keeps the beginning of a line whose end was not fed yet. */
static void keep_rest(struct list_reader *r, const char *text, size_t len)
{
	if (r->skipping)
		return;
	if (r->kept + len > sizeof(r->keep)) {
		size_t room = sizeof(r->keep) - r->kept;

		memcpy(r->keep + r->kept, text, room);
		read_long_line(r, r->keep, sizeof(r->keep));
		r->skipping = true;
		r->kept = 0;
		return;
	}
	memcpy(r->keep + r->kept, text, len);
	r->kept += len;
}

static int read_lines(struct list_reader *r, const char *text, size_t len)
{
	while (len && !r->stop) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		if (!end) {
			keep_rest(r, text, len);
			break;
		}
		if (r->kept || r->skipping) {
			keep_rest(r, text, line);
			if (!r->skipping)
				read_line(r, r->keep, r->kept);
			r->skipping = false;
			r->kept = 0;
		} else if (line > LIST_LINE_MAX) {
			read_long_line(r, text, line);
		} else {
			read_line(r, text, line);
		}
		text = end + 1;
		len -= line + 1;
	}
	return r->stop;
}

struct list_reader *list_reader_new(const struct list_reader_options *options)
{
	struct list_reader *r = calloc(1, sizeof(*r));

	if (r)
		r->options = *options;
	return r;
}

void list_reader_free(struct list_reader *r)
{
	free(r);
}

int list_reader_feed(struct list_reader *r, const char *bytes, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (r->stop || !len)
		return r->stop;
	if (r->format == LIST_SNIFF) { /* the first bytes */
		int found = list_sniff(bytes, len);

		if (found < 0)
			return r->stop = found;
		r->format = r->options.format == LIST_SNIFF ? (enum list_format)found : r->options.format;
		if (len >= 3 && !memcmp(bytes, mark, 3)) {
			bytes += 3;
			len -= 3;
		}
	}
	return read_lines(r, bytes, len);
}

int list_reader_end(struct list_reader *r)
{
	if (r->format == LIST_SNIFF)
		r->format = r->options.format == LIST_SNIFF ? LIST_PLAIN : r->options.format;
	if (r->stop)
		return r->stop;
	if (r->kept)
		read_line(r, r->keep, r->kept);
	r->kept = 0;
	r->skipping = false;
	return r->stop;
}

const struct list_counts *list_reader_counts(const struct list_reader *r)
{
	return &r->counts;
}

enum list_format list_reader_format(const struct list_reader *r)
{
	return r->format;
}

/* ---- which format ---- */

static bool is_other_file(const char *bytes, size_t len)
{
	static const struct { size_t at, len; const char *bytes; } magic[] = {
		{ 0, 2, "\x1f\x8b" }, { 0, 4, "PK\3\4" }, { 0, 4, "\x7f" "ELF" }, { 0, 5, "%PDF-" }, { 0, 3, "BZh" },
		{ 0, 6, "\xfd" "7zXZ\0" }, { 0, 4, "\x28\xb5\x2f\xfd" }, { 0, 2, "\xff\xfe" }, { 0, 2, "\xfe\xff" },
		{ 0, 6, "7z\xbc\xaf\x27\x1c" }, { 0, 15, "SQLite format 3" }, { 257, 5, "ustar" },
	};
	static const char *const page[] = { "<!doctype", "<html", "<head", "<?xml", "<body" };
	struct list_word text;

	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if (len >= magic[i].at + magic[i].len && !memcmp(bytes + magic[i].at, magic[i].bytes, magic[i].len))
			return true;
	if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
		bytes += 3;
		len -= 3;
	}
	text = list_trim(bytes, len);
	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		if (list_begins(text.at, text.len, page[i]))
			return true;
	return false;
}

static bool contains(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what));
}

/* The format that a line looks like; LIST_SNIFF: says nothing. */
static enum list_format line_format(const char *text, size_t len)
{
	static const struct { const char *with; enum list_format format; } begin[] = {
		{ "||", LIST_ADBLOCK }, { "@@", LIST_ADBLOCK }, { "[adblock", LIST_ADBLOCK }, { "##", LIST_ADBLOCK },
		{ "address=", LIST_DNSMASQ }, { "server=", LIST_DNSMASQ }, { "local=", LIST_DNSMASQ },
		{ "local-zone:", LIST_UNBOUND }, { "local-data:", LIST_UNBOUND }, { "server:", LIST_UNBOUND },
		{ "$ttl", LIST_RPZ }, { "$origin", LIST_RPZ },
		{ "#", LIST_SNIFF }, { "!", LIST_SNIFF }, { ";", LIST_SNIFF }, { "/", LIST_SNIFF },
		{ "*.", LIST_WILDCARD },
	};
	struct list_word first, second;
	bool cosmetic = contains(text, len, "##") || contains(text, len, "#@#"), zone;

	zone = contains(text, len, " CNAME") || contains(text, len, "\tCNAME") || contains(text, len, " SOA ");
	if (zone) /* before the others: its names may have wildcards */
		return LIST_RPZ;
	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (list_begins(text, len, begin[i].with))
			return begin[i].format;
	if (cosmetic)
		return LIST_ADBLOCK;
	first = list_next_word(&text, &len);
	second = list_next_word(&text, &len);
	if (second.len && list_address(first.at, first.len))
		return *second.at == '#' ? LIST_SNIFF : LIST_HOSTS;
	return !second.len || *second.at == '#' ? LIST_PLAIN : LIST_SNIFF;
}

int list_sniff(const char *bytes, size_t len)
{
	unsigned votes[LIST_FORMAT_COUNT] = { 0 };
	int best = LIST_PLAIN;

	if (is_other_file(bytes, len))
		return -ENOMSG;
	for (int lines = 0; len && lines < SNIFF_LINES; lines++) {
		const char *end = memchr(bytes, '\n', len);
		size_t line = end ? (size_t)(end - bytes) : len;
		struct list_word text = list_trim(bytes, line < LIST_LINE_MAX ? line : LIST_LINE_MAX);

		if (text.len)
			votes[line_format(text.at, text.len)]++;
		bytes += line;
		len -= line;
		if (len) {
			bytes++;
			len--;
		}
	}
	for (int i = LIST_PLAIN; i < LIST_FORMAT_COUNT; i++)
		if (votes[i] > votes[best])
			best = i;
	return best;
}
