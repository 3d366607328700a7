/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of each format but zone files: see listzone.c. The text has no line feed and no spaces at its end. */
#include "listline.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* ---- plain names and wildcards ---- */

static bool is_remark(const char *text, size_t len)
{
	return *text == '#' || *text == '!' || *text == ';' || (len > 1 && text[0] == '/' && text[1] == '/');
}

void list_line_plain(struct list_reader *r, const char *text, size_t len)
{
	__u8 wire[ESAFE_NAME_MAX];
	enum name_fault fault;
	struct list_word word;
	unsigned flags = 0;

	if (is_remark(text, len))
		return;
	/* Millions of lines are a name and nothing else, no escape in it: then a length byte and the root were added. */
	if (name_parse(text, len, wire, &fault) == (int)len + 2) {
		list_take_wire(r, wire, len + 2, flags);
		return;
	}
	word = list_next_word(&text, &len);
	while (len && list_is_space(*text)) {
		text++;
		len--;
	}
	if (is_remark(word.at, word.len))
		return;
	if (len && !is_remark(text, len)) {
		list_refuse(r, LIST_R_TEXT);
		return;
	}
	if (*word.at == '*' && word.len > 2 && word.at[1] == '.') {
		flags = LIST_WILD;
		word.at += 2;
		word.len -= 2;
	} else if (*word.at == '.' && word.len > 1) { /* as proxies write it */
		flags = LIST_WILD;
		word.at++;
		word.len--;
	}
	list_take(r, word.at, word.len, flags);
}

/* ---- hosts files ---- */

void list_line_hosts(struct list_reader *r, const char *text, size_t len)
{
	const char *remark = memchr(text, '#', len);
	struct list_word address, name;
	enum list_address where;
	__u8 wire[ESAFE_NAME_MAX];

	if (*text == '!' || *text == ';')
		return;
	if (remark)
		len = remark - text;
	address = list_next_word(&text, &len);
	if (!address.len)
		return;
	where = list_address(address.at, address.len);
	name = list_next_word(&text, &len);
	if (where == LIST_NO_ADDRESS || !name.len) {
		list_refuse(r, where == LIST_NO_ADDRESS ? LIST_R_SYNTAX : LIST_R_ADDRESS);
		return;
	}
	for (; name.len; name = list_next_word(&text, &len)) {
		if (where == LIST_NOWHERE)
			list_take(r, name.at, name.len, 0);
		else if (name_from_text(name.at, name.len, wire) > 1 && list_is_boilerplate(wire))
			list_refuse(r, LIST_R_BOILERPLATE);
		else
			list_refuse(r, LIST_R_MAPPING);
	}
}

/* ---- adblock rules ---- */

static bool is_cosmetic(const char *text, size_t len)
{
	static const char *const marks[] = { "##", "#@#", "#?#", "#$#", "#%#", "#@?#", "#@$#", "#@%#" };

	if (!memchr(text, '#', len))
		return false;
	for (size_t i = 0; i < N(marks); i++)
		if (memmem(text, len, marks[i], strlen(marks[i])))
			return true;
	return false;
}

/* Options that leave a rule one about the whole host: "important" ranks it, "all" means every kind of request. */
static bool options_are_harmless(const char *text, size_t len, bool except)
{
	while (len) {
		const char *comma = memchr(text, ',', len);
		size_t n = comma ? (size_t)(comma - text) : len;
		struct list_word option = { text, n };

		if (!list_word_is(option, "important") && (except || !list_word_is(option, "all")))
			return false;
		n += comma != NULL;
		text += n;
		len -= n;
	}
	return true;
}

/* Why a rule that does not begin with || is none about a host. */
static enum list_reject not_anchored(const char *text, size_t len)
{
	if (*text == '/' && len > 1 && memchr(text + 1, '/', len - 1))
		return LIST_R_PATTERN;
	if (*text == '|' || memchr(text, '/', len))
		return LIST_R_URL;
	return memchr(text, '*', len) ? LIST_R_PATTERN : LIST_R_ANCHOR;
}

/* What follows the ^ of ||name^: LIST_REJECT_COUNT if it changes nothing. */
static enum list_reject after_name(const char *text, size_t len, bool except)
{
	struct list_word rest = list_trim(text, len);

	if (!rest.len || (rest.len == 1 && *rest.at == '|'))
		return LIST_REJECT_COUNT;
	if (*rest.at == '$')
		return options_are_harmless(rest.at + 1, rest.len - 1, except) ? LIST_REJECT_COUNT : LIST_R_OPTION;
	if (rest.at != text)
		return *rest.at == '#' || *rest.at == '!' ? LIST_REJECT_COUNT : LIST_R_TEXT;
	return *rest.at == '*' ? LIST_R_PATTERN : LIST_R_URL;
}

/* Why ||name is not ended by ^, by the byte that ends it. */
static enum list_reject other_end(char byte)
{
	static const struct { char byte; enum list_reject reason; } ends[] = {
		{ '/', LIST_R_URL }, { ':', LIST_R_URL }, { '?', LIST_R_URL }, { '*', LIST_R_PATTERN },
		{ '$', LIST_R_OPTION }, { '|', LIST_R_ANCHOR }, { ' ', LIST_R_TEXT }, { '\t', LIST_R_TEXT },
	};

	for (size_t i = 0; i < N(ends); i++)
		if (ends[i].byte == byte)
			return ends[i].reason;
	return LIST_R_ANCHOR;
}

static void adblock_host(struct list_reader *r, const char *text, size_t len, unsigned flags)
{
	enum list_reject reason;
	size_t n = 0;

	if (len > 2 && text[0] == '*' && text[1] == '.') {
		flags |= LIST_BELOW | LIST_WILD;
		text += 2;
		len -= 2;
	}
	while (n < len && (!text[n] || !strchr("^/:?*$| \t", text[n])))
		n++;
	if (n == len || text[n] != '^') {
		list_refuse(r, n == len ? LIST_R_ANCHOR : other_end(text[n]));
		return;
	}
	reason = after_name(text + n + 1, len - n - 1, flags & LIST_EXCEPT);
	if (reason != LIST_REJECT_COUNT)
		list_refuse(r, reason);
	else
		list_take(r, text, n, flags);
}

void list_line_adblock(struct list_reader *r, const char *text, size_t len)
{
	struct list_word rule = list_trim(text, len);
	unsigned flags = 0;

	if (*rule.at == '!' || list_begins(rule.at, rule.len, "[adblock"))
		return;
	if (is_cosmetic(rule.at, rule.len)) {
		list_refuse(r, LIST_R_COSMETIC);
		return;
	}
	if (*rule.at == '#')
		return;
	if (list_begins(rule.at, rule.len, "@@")) {
		flags = LIST_EXCEPT;
		rule.at += 2;
		rule.len -= 2;
	}
	if (!rule.len)
		list_refuse(r, LIST_R_SYNTAX);
	else if (!list_begins(rule.at, rule.len, "||"))
		list_refuse(r, not_anchored(rule.at, rule.len));
	else
		adblock_host(r, rule.at + 2, rule.len - 2, flags);
}

/* ---- dnsmasq ---- */

/* Flags for the names before this target, or the negative of a reason. */
static int dnsmasq_target(bool address, const char *text, size_t len)
{
	if (address)
		return !len || (len == 1 && *text == '#') || list_address(text, len) == LIST_NOWHERE
			       ? 0 : -LIST_R_MAPPING;
	if (!len)
		return 0; /* never asked of anybody: the name does not exist */
	return len == 1 && *text == '#' ? LIST_EXCEPT : -LIST_R_MAPPING; /* '#': the usual servers, an exception */
}

void list_line_dnsmasq(struct list_reader *r, const char *text, size_t len)
{
	static const struct { const char *with; bool address; } rules[] = {
		{ "address=/", true }, { "server=/", false }, { "local=/", false },
	};
	struct list_word line = list_trim(text, len);
	const char *last, *slash;
	int flags;
	size_t i = 0;

	if (*line.at == '#')
		return;
	while (i < N(rules) && !list_begins(line.at, line.len, rules[i].with))
		i++;
	if (i == N(rules)) {
		list_refuse(r, memchr(line.at, '=', line.len) ? LIST_R_ACTION : LIST_R_SYNTAX);
		return;
	}
	text = line.at + strlen(rules[i].with);
	len = line.len - strlen(rules[i].with);
	line = list_next_word(&text, &len); /* a remark may follow */
	last = memrchr(line.at, '/', line.len);
	if (!last) {
		list_refuse(r, LIST_R_SYNTAX);
		return;
	}
	text = line.at;
	flags = dnsmasq_target(rules[i].address, last + 1, line.at + line.len - last - 1);
	if (flags < 0) {
		list_refuse(r, -flags);
		return;
	}
	for (; text <= last; text = slash + 1) {
		slash = memchr(text, '/', last + 1 - text);
		list_take(r, text, slash - text, flags);
	}
}

/* ---- unbound ---- */

static const struct zone_type {
	const char *name;
	int flags; /* or the negative of a reason */
} zone_types[] = {
	{ "always_null", 0 }, { "always_nxdomain", 0 }, { "always_nodata", 0 }, { "always_refuse", 0 },
	{ "always_deny", 0 }, { "refuse", 0 }, { "deny", 0 }, { "static", 0 }, { "redirect", 0 },
	{ "inform_deny", 0 }, { "inform_redirect", 0 },
	{ "transparent", LIST_EXCEPT }, { "always_transparent", LIST_EXCEPT },
	{ "typetransparent", -LIST_R_ACTION }, { "inform", -LIST_R_ACTION }, { "nodefault", -LIST_R_ACTION },
};

static struct list_word unquote(struct list_word word)
{
	if (word.len > 1 && (*word.at == '"' || *word.at == '\'') && word.at[word.len - 1] == *word.at) {
		word.at++;
		word.len -= 2;
	}
	return word;
}

static void local_zone(struct list_reader *r, const char *text, size_t len)
{
	struct list_word name = unquote(list_next_word(&text, &len));
	struct list_word type = unquote(list_next_word(&text, &len));

	for (size_t i = 0; i < N(zone_types); i++) {
		if (!list_word_is(type, zone_types[i].name))
			continue;
		if (zone_types[i].flags < 0)
			list_refuse(r, -zone_types[i].flags);
		else
			list_take(r, name.at, name.len, zone_types[i].flags);
		return;
	}
	list_refuse(r, LIST_R_SYNTAX);
}

/* "name A 0.0.0.0": data of one name, nothing below it. */
static void local_data(struct list_reader *r, const char *text, size_t len)
{
	struct list_word line = unquote(list_trim(text, len)), name, word;

	text = line.at;
	len = line.len;
	name = list_next_word(&text, &len);
	do /* TTL and class may be left out */
		word = list_next_word(&text, &len);
	while (word.len && !list_word_is(word, "a") && !list_word_is(word, "aaaa"));
	word = list_next_word(&text, &len);
	if (!word.len)
		list_refuse(r, LIST_R_ACTION);
	else if (list_address(word.at, word.len) != LIST_NOWHERE)
		list_refuse(r, LIST_R_MAPPING);
	else
		list_take(r, name.at, name.len, LIST_EXACT);
}

void list_line_unbound(struct list_reader *r, const char *text, size_t len)
{
	struct list_word line = list_trim(text, len);
	const char *remark = memchr(line.at, '#', line.len);

	if (remark)
		line = list_trim(line.at, remark - line.at);
	if (!line.len || list_word_is(line, "server:"))
		return;
	if (list_begins(line.at, line.len, "local-zone:"))
		local_zone(r, line.at + 11, line.len - 11);
	else if (list_begins(line.at, line.len, "local-data:"))
		local_data(r, line.at + 11, line.len - 11);
	else
		list_refuse(r, memchr(line.at, ':', line.len) ? LIST_R_ACTION : LIST_R_SYNTAX);
}
